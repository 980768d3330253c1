"""Read trees once, with a progress line, and keep what was read for the next time."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from statustui.cli.console import LateProgress, no_runs, warn
from statustui.cli.sources import logins_for
from statustui.core.text import count
from statustui.monitor.fs.deadline import ask
from statustui.monitor.once import Picture
from statustui.monitor.read_options import Details, ReadOptions
from statustui.remote.reading import Trees, read_trees
from statustui.settings.config import Config

if TYPE_CHECKING:
    from statustui.scheduler.asker import Asker

_MAX_SAVE_SECONDS = 10.0
"""Seconds that saving may take, in a home that may be slow."""


def read_options(
    config: Config,
    *,
    details: Details = Details.ALL,
    tells_pasts: bool = True,
    asker: Asker | None = None,
) -> ReadOptions:
    """Return how to read trees with a configuration; the others are those of `ReadOptions`."""
    return ReadOptions(
        details=details,
        tells_pasts=tells_pasts,
        stale_after=config.stale_after,
        grace=config.job_grace,
        patience=config.patience,
        store=config.settings.store,
        asker=asker,
    )


def read_roots(roots: Sequence[str], now: float, options: ReadOptions) -> Picture:
    """Read the runs below some roots as `open_roots` does; no more of their files is needed."""
    with closing(open_roots(roots, now, options)) as trees:
        return trees.picture


def open_roots(roots: Sequence[str], now: float, options: ReadOptions) -> Trees:
    """Read the runs below some roots, and show on standard error how many, if it takes long.

    The caller closes the result.

    Args:
        roots: The directories.
        now: The time in seconds since 1970.
        options: How to read.
    """
    progress = LateProgress()
    found = read_trees(
        roots,
        now,
        options,
        on_wait=lambda read: progress.show(f"{count(read, 'run')} read"),
        tell=warn,
        logins=logins_for(roots),
    )
    progress.clear()
    return found


def make_asker(config: Config) -> Asker | None:
    """Return what asks the scheduler; None if that is turned off."""
    if config.scheduler == "off":
        return None
    from statustui.scheduler.asker import Asker  # noqa: PLC0415 - by default nobody is asked

    return Asker()


def warn_unanswered(askers: Iterable[Asker | None]) -> None:
    """Print on standard error what the scheduler has not answered, and why."""
    problems = (asker.answers.problem for asker in askers if asker is not None)
    for problem in dict.fromkeys(filter(None, problems)):
        warn(problem)


def warn_unfollowed(found: Picture) -> None:
    """Print on standard error which roots have no runs, but links that are not followed."""
    for root, links in found.unfollowed.items():
        warn(no_runs(root, links))


def save_caches(found: Picture) -> None:
    """Save the caches of the roots; what cannot be saved in time is read again the next time."""
    sys.stdout.flush()
    with suppress(OSError):
        ask(found.save, _MAX_SAVE_SECONDS)
