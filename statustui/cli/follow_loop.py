"""The loop of `statustui list --follow`: print every change of the watched runs."""

from __future__ import annotations

import queue
import select
import sys
import time
from collections.abc import Callable

import click

from statustui.cli import output
from statustui.cli.root_progress import RootProgress
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.monitor.source import Source
from statustui.presentation.plain_text import Paper
from statustui.startup.streams import OutputError

_MAX_QUEUED_BATCHES = 100
"""Batches queued for a slow reader before the monitor itself has to wait."""
_TICK = 1.0
"""Seconds between two checks whether standard output still has a reader."""


def follow_runs(
    source: Source,
    roots: RootProgress,
    matches: Callable[[Run], bool],
    paper: Paper,
    *,
    as_json: bool,
) -> bool:
    """Print a line for every run that is found, changes or is removed, until interrupted.

    A run that no longer matches is printed once more. One that has no more than a new past, or of
    which the scheduler says the same again, is not.
    Parts of a root that cannot be read, and the reason why events are not used, are reported on
    standard error.

    Args:
        source: Where changes come from.
        roots: The watched roots.
        matches: Returns whether to print a run.
        paper: Standard output.
        as_json: Whether to print JSON objects.

    Returns:
        Whether everything could be read at the end. It returns by itself when the first scan of a
        root has been given up and the other roots have been scanned.

    Raises:
        OutputError: Standard output was closed by its reader.
        KeyboardInterrupt: It was interrupted, and everything could be read.
    """
    batches: queue.Queue[Batch] = queue.Queue(_MAX_QUEUED_BATCHES)
    source.start(batches.put)
    chosen: dict[str, Run] = {}
    has_begun = False
    try:
        while _has_reader():
            if not has_begun and not roots.unscanned and batches.empty():
                has_begun = True
                if roots.given_up:
                    return False
            try:
                batch = batches.get(timeout=_TICK)
            except queue.Empty:
                continue
            roots.update(batch.health)
            removed, updated = choose_news(batch, matches, chosen)
            lines = output.changes(removed, updated, time.time(), paper, as_json=as_json)
            click.echo("".join(f"{line}\n" for line in lines), nl=False)
    except KeyboardInterrupt:
        if roots.unread:
            return False
        raise
    finally:
        source.stop()
    raise OutputError("closed by its reader", is_unread=True)


def choose_news(
    batch: Batch, matches: Callable[[Run], bool], chosen: dict[str, Run]
) -> tuple[list[str], list[Run]]:
    """Return the part of a batch to print; `chosen` holds the runs that match, by their paths."""
    removed = [path for path in batch.removed if chosen.pop(path, None) is not None]
    updated = []
    for run in batch.changed:
        before = chosen.pop(run.path, None)
        if matches(run):
            chosen[run.path] = run
            if before is None or before != _with_old_news(run, before):
                updated.append(run)
        elif before is not None:
            updated.append(run)
    return removed, updated


def _with_old_news(run: Run, before: Run) -> Run:
    """Return a run with what is no news by itself as it was before."""
    run = run._replace(past=before.past)
    if run.job is None or before.job is None:
        return run
    old = before.job
    return run._replace(job=run.job._replace(asked=old.asked, is_old=old.is_old))


def _has_reader() -> bool:
    """Return whether standard output is still open at its other end."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return not any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
