"""Read trees once, with a progress line, and keep what was read for the next time."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from statustui.cli.console import LateProgress, no_runs, warn
from statustui.monitor.fs.deadline import ask
from statustui.monitor.once import Details, Picture, read_once
from statustui.settings.config import Config

if TYPE_CHECKING:
    from statustui.scheduler.asker import Asker

_MAX_SAVE_SECONDS = 10.0
"""Seconds that saving may take, in a home that may be slow."""


def read_roots(
    roots: Sequence[str],
    config: Config,
    now: float,
    *,
    details: Details = Details.ALL,
    asker: Asker | None = None,
) -> Picture:
    """Read the runs below some roots, and show on standard error how many, if it takes long.

    Args:
        roots: The directories.
        config: How to read.
        now: The time in seconds since 1970.
        details: How much to read of each run.
        asker: Asked once about the jobs of all runs under way; None to go by their files.
    """
    progress = LateProgress()
    found = read_once(
        roots,
        config.stale_after,
        now,
        config.patience,
        details=details,
        store=config.settings.store,
        grace=config.job_grace,
        asker=asker,
        on_wait=lambda read: progress.show(f"{read:,} run{'' if read == 1 else 's'} read"),
    )
    progress.clear()
    return found


def warn_unfollowed(found: Picture) -> None:
    """Print on standard error which roots have no runs, but links that are not followed."""
    for root, links in found.unfollowed.items():
        warn(no_runs(root, links))


def save_caches(found: Picture) -> None:
    """Save the caches of the roots; what cannot be saved in time is read again the next time."""
    sys.stdout.flush()
    with contextlib.suppress(OSError):
        ask(found.save, _MAX_SAVE_SECONDS)
