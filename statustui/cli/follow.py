"""Printing every change of the watched runs as it is seen."""

from __future__ import annotations

import queue
import select
import sys
import time
from collections.abc import Callable

import click

from statustui.cli import output
from statustui.cli.roots import Roots
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.monitor.source import Source
from statustui.presentation.plain_text import Paper
from statustui.startup.streams import OutputError

_WAITING = 100
"""Batches that wait for a slow reader, until the monitor itself waits."""
_TICK = 1.0
"""Seconds between two looks at whether anybody reads what is printed."""


def follow_runs(
    source: Source, roots: Roots, matches: Callable[[Run], bool], paper: Paper, *, as_json: bool
) -> bool:
    """Print a line for every run that is found, changes or vanishes, until interrupted.

    A run that matched and does so no longer is printed once more. What keeps a part of a root from
    being read, or a root from being watched as it was meant to, is told on standard error.

    Args:
        source: Where changes come from.
        roots: The watched roots.
        matches: Tells which runs are of interest.
        paper: What is printed on.
        as_json: Whether a line is a JSON object.

    Returns:
        Whether the picture was whole at the end. It ends by itself when a root has not answered to
        the first look, and the others have been looked at.

    Raises:
        OutputError: Nobody reads standard output any more.
        KeyboardInterrupt: It was interrupted, and the picture was whole.
    """
    batches: queue.Queue[Batch] = queue.Queue(_WAITING)
    source.start(batches.put)
    chosen: set[str] = set()
    has_begun = False
    try:
        while _has_reader():
            if not has_begun and not roots.unseen and batches.empty():
                has_begun = True
                if roots.given_up:
                    return False
            try:
                batch = batches.get(timeout=_TICK)
            except queue.Empty:
                continue
            roots.take(batch.health)
            removed, updated = _choose(batch, matches, chosen)
            lines = output.changes(removed, updated, time.time(), paper, as_json=as_json)
            click.echo("".join(f"{line}\n" for line in lines), nl=False)
    except KeyboardInterrupt:
        if roots.missing:
            return False
        raise
    finally:
        source.stop()
    raise OutputError("nobody reads it", is_unread=True)


def _choose(
    batch: Batch, matches: Callable[[Run], bool], chosen: set[str]
) -> tuple[list[str], list[Run]]:
    """What of a batch is of interest; `chosen` are the paths of the runs that match."""
    removed = [path for path in batch.removed if path in chosen]
    chosen.difference_update(removed)
    updated = []
    for run in batch.changed:
        was_chosen = run.path in chosen
        if matches(run):
            chosen.add(run.path)
        elif was_chosen:
            chosen.remove(run.path)
        else:
            continue
        updated.append(run)
    return removed, updated


def _has_reader() -> bool:
    """Whether standard output still leads somewhere."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return not any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
