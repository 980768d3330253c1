"""Printing every change of the watched runs as it is seen."""

from __future__ import annotations

import queue
import select
import sys
import time
from collections.abc import Callable

import click

from statustui import report
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.source import Source

_WAITING = 100
"""Batches that wait for a slow reader, until the monitor itself waits."""
_PATIENCE = 1.0
"""Seconds between two looks at whether anybody reads what is printed."""


def follow_runs(source: Source, matches: Callable[[Run], bool], *, as_json: bool) -> None:
    """Print a line for every run that is found, changes or vanishes, until interrupted.

    A run that matched and does so no longer is printed once more.
    What keeps a root from being read, or from being watched as it was meant to, is told on
    standard error. Ends when nobody reads standard output any more.

    Args:
        source: Where changes come from.
        matches: Tells which runs are of interest.
        as_json: Whether a line is a JSON object.

    Raises:
        BrokenPipeError: Nobody reads standard output any more.
    """
    batches: queue.Queue[Batch] = queue.Queue(_WAITING)
    source.start(batches.put)
    told: dict[str, str] = {}
    chosen: set[str] = set()
    try:
        while _has_reader():
            try:
                batch = batches.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            for health in batch.health:
                tell_trouble(health, told)
            removed, updated = _choose(batch, matches, chosen)
            lines = report.changes(removed, updated, time.time(), as_json=as_json)
            click.echo("".join(f"{line}\n" for line in lines), nl=False)
    finally:
        source.stop()
    raise BrokenPipeError


def _choose(
    batch: Batch, matches: Callable[[Run], bool], chosen: set[str]
) -> tuple[list[str], list[Run]]:
    """What of a batch is of interest; `chosen` are the paths of the runs that match."""
    removed = [path for path in batch.removed if path in chosen]
    chosen.difference_update(removed)
    updated = []
    for run in batch.updated:
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


def tell_trouble(health: RootHealth, told: dict[str, str]) -> None:
    """Tell what is wrong with a root on standard error, once; `told` is what has been, by root."""
    trouble = health.problem or health.fallback or ""
    if health.silent is not None:
        trouble = f"{health.root}: not answering"
    elif health.fallback and not health.problem:
        trouble = f"{health.root}: {health.fallback}"
    if trouble and told.get(health.root) != trouble:
        click.echo(f"statustui: {clean(trouble)}", err=True)
    told[health.root] = trouble
