"""How far each root has been scanned, for the commands that watch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from statustui.cli.console import no_runs, warn
from statustui.monitor.batch import RootHealth
from statustui.monitor.fs.deadline import NO_ANSWER
from statustui.monitor.unread import Unread


class RootProgress:
    """How far each watched root has been scanned, and which parts of it cannot be read.

    What cannot be read, and why events are not used, is printed on standard error once, and again
    if it comes back after it was gone.

    Args:
        roots: The directories.
        patience: Seconds without an answer after which the first scan of a root is given up.
    """

    def __init__(self, roots: Sequence[str], patience: float) -> None:
        self._healths = {root: RootHealth(root) for root in roots}
        self._reported: dict[str, set[str]] = {root: set() for root in roots}
        self._patience = patience

    def update(self, healths: Iterable[RootHealth]) -> None:
        """Store what has changed, and print what is new."""
        for health in healths:
            self._healths[health.root] = health
            messages = {f"{part.path}: {part.error}" for part in _unread_parts(health)}
            if health.fallback and not messages:
                messages = {f"{health.root}: {health.fallback}"}
            if health.swept and health.links and not health.found and not messages:
                messages = {no_runs(health.root, health.links)}
            reported = self._reported[health.root]
            silence = f"{health.root}: {NO_ANSWER}"
            if silence in reported - messages:
                warn(f"{health.root}: answers again")
            for message in sorted(messages - reported):
                warn(message)
            self._reported[health.root] = messages

    @property
    def unscanned(self) -> list[str]:
        """The roots whose first scan has not finished and has not been given up."""
        return [
            health.root
            for health in self._healths.values()
            if not health.swept and not self._is_given_up(health)
        ]

    @property
    def given_up(self) -> list[str]:
        """The roots whose first scan has been given up, because they do not answer."""
        return [
            health.root
            for health in self._healths.values()
            if not health.swept and self._is_given_up(health)
        ]

    @property
    def unread(self) -> list[Unread]:
        """Every part that cannot be read now."""
        return [part for health in self._healths.values() for part in _unread_parts(health)]

    def count_scans(self) -> dict[str, int]:
        """Return the number of complete scans of each root that has had one."""
        return {
            health.root: health.sweeps for health in self._healths.values() if health.sweeps > 0
        }

    def scanned_since(self, before: dict[str, int]) -> bool:
        """Return whether every root that answers has been scanned again.

        Args:
            before: An earlier result of `count_scans`.
        """
        return all(
            self._healths[root].sweeps > count or self._is_given_up(self._healths[root])
            for root, count in before.items()
        )

    def _is_given_up(self, health: RootHealth) -> bool:
        return health.silent is not None and health.silent >= self._patience


def _unread_parts(health: RootHealth) -> list[Unread]:
    parts = list(health.incomplete)
    if health.problem and not parts:
        # After an internal error, say, it is unknown what the data lack.
        parts.append(Unread(health.root, health.problem.removeprefix(f"{health.root}: ")))
    if health.silent is not None:
        parts.append(Unread(health.root, NO_ANSWER))
    return parts
