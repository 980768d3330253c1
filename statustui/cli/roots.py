"""What a command that watches knows of its roots, and what it tells of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

import click

from statustui.core.text import clean
from statustui.monitor.batch import RootHealth, Unread
from statustui.monitor.fs.deadline import NO_ANSWER
from statustui.presentation.plain_text import Paper
from statustui.startup.streams import charset_of


def open_paper() -> Paper:
    """What is printed on: standard output, with the width of the terminal if it is one."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return Paper(width, charset_of(sys.stdout))


def tell(words: str) -> None:
    """Print a line on standard error."""
    click.echo(f"statustui: {clean(words)}", err=True)


def tell_unread(parts: Iterable[Unread]) -> None:
    """Say on standard error what could not be read, a line for each part."""
    for part in parts:
        tell(f"{part.path}: {part.error}")


def no_runs(root: str, links: int) -> str:
    """Say that nothing was found below a root where links lead elsewhere."""
    return f"{root}: no runs; {links:,} link{' is' if links == 1 else 's are'} not followed"


class Roots:
    """The watched roots: how far each has been seen, and what of it is missing.

    What is missing, and why events are not used, is told on standard error once, and once more
    when it has been right in between.

    Args:
        roots: The directories.
        patience: Seconds without an answer after which the first look at a root is given up.
    """

    def __init__(self, roots: Sequence[str], patience: float) -> None:
        """Start without having seen any."""
        self._healths = {root: RootHealth(root) for root in roots}
        self._told: dict[str, set[str]] = {root: set() for root in roots}
        self._patience = patience

    def take(self, healths: Iterable[RootHealth]) -> None:
        """Take note of what has changed, and tell it."""
        for health in healths:
            self._healths[health.root] = health
            words = {f"{part.path}: {part.error}" for part in _missing(health)}
            if health.fallback and not words:
                words = {f"{health.root}: {health.fallback}"}
            if health.swept and health.links and not health.found and not words:
                words = {no_runs(health.root, health.links)}
            told = self._told[health.root]
            silence = f"{health.root}: {NO_ANSWER}"
            if silence in told - words:
                tell(f"{health.root}: answers again")
            for line in sorted(words - told):
                tell(line)
            self._told[health.root] = words

    @property
    def unseen(self) -> list[str]:
        """The roots that have not been seen whole yet, and may still be."""
        return [
            health.root
            for health in self._healths.values()
            if not health.swept and not self._is_given_up(health)
        ]

    @property
    def given_up(self) -> list[str]:
        """The roots that have not answered to the first look."""
        return [
            health.root
            for health in self._healths.values()
            if not health.swept and self._is_given_up(health)
        ]

    @property
    def missing(self) -> list[Unread]:
        """Every part that cannot be read now."""
        return [part for health in self._healths.values() for part in _missing(health)]

    def count_looks(self) -> dict[str, int]:
        """Root that has been seen whole -> how many times that was."""
        return {
            health.root: health.sweeps for health in self._healths.values() if health.sweeps > 0
        }

    def have_been_looked_at(self, before: dict[str, int]) -> bool:
        """Whether everything has been looked at since `before`, but for what does not answer."""
        return all(
            self._healths[root].sweeps > count or self._is_given_up(self._healths[root])
            for root, count in before.items()
        )

    def _is_given_up(self, health: RootHealth) -> bool:
        return health.silent is not None and health.silent >= self._patience


def _missing(health: RootHealth) -> list[Unread]:
    parts = list(health.incomplete)
    if health.problem and not parts:
        # A mistake in the program, say: what the picture lacks is not known.
        parts.append(Unread(health.root, health.problem.removeprefix(f"{health.root}: ")))
    if health.silent is not None:
        parts.append(Unread(health.root, NO_ANSWER))
    return parts
