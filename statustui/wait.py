"""Waiting until runs have ended."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import click

from statustui.core.run import Run
from statustui.follow import tell_trouble
from statustui.monitor.batch import Batch
from statustui.monitor.source import Source
from statustui.report import count_what

_TICK = 1.0
"""Seconds between two times that the progress is told, and that ages are compared."""


class Outcome(NamedTuple):
    """How the waiting has ended."""

    runs: tuple[Run, ...]
    """The runs that were waited for, as they were last."""
    has_timed_out: bool

    @property
    def has_problem(self) -> bool:
        """Whether any of them is in error or failed."""
        return any(run.category.is_problem for run in self.runs)


class _Chosen:
    """The runs that are waited for: each that has matched once, until it is gone.

    Args:
        roots: The watched directories.
        matches: Tells which runs are to be waited for.
    """

    def __init__(self, roots: Sequence[str], matches: Callable[[Run], bool]) -> None:
        self.runs: dict[str, Run] = {}
        self._others: dict[str, Run] = {}
        self._unseen = set(roots)
        self._matches = matches

    def take(self, batch: Batch) -> None:
        for path in batch.removed:
            self.runs.pop(path, None)
            self._others.pop(path, None)
        for run in batch.updated:
            is_chosen = self.runs.pop(run.path, None) is not None and not run.is_missing
            place = self.runs if is_chosen else self._others
            place[run.path] = run
        self._unseen -= {health.root for health in batch.health if health.swept}

    def choose(self) -> None:
        """Look which of the other runs match now."""
        found = [run for run in self._others.values() if not run.is_missing and self._matches(run)]
        for run in found:
            self.runs[run.path] = self._others.pop(run.path)

    @property
    def has_all_ended(self) -> bool:
        return not self._unseen and all(run.is_over for run in self.runs.values())

    @property
    def has_problem(self) -> bool:
        return any(run.category.is_problem for run in self.runs.values())

    @property
    def progress(self) -> str:
        counted, what = count_what(self.runs.values())
        of = f"{len(counted):,} {what}" if what == "series" else f"{len(counted):,}"
        ended = sum(run.is_over for run in counted)
        problems = sum(run.category.is_problem for run in counted)
        looking = ", still looking for runs" if self._unseen else ""
        return f"{ended:,} of {of} ended, {problems:,} with a problem{looking}"


def wait_for_runs(  # noqa: PLR0913 - what to wait for, for how long, and what to tell
    source: Source,
    roots: Sequence[str],
    matches: Callable[[Run], bool],
    *,
    timeout: float | None,
    fails_fast: bool,
    tell: Callable[[str], object],
) -> Outcome:
    """Wait until all runs that match, now or later, have ended.

    A run has ended when its state is a final one or Pavilion has marked it as complete. A directory
    without a status, as a start that has failed leaves it, is no run yet. What keeps a root from
    being read is told on standard error.

    Args:
        source: Where changes come from.
        roots: The watched directories.
        matches: Tells which runs are to be waited for.
        timeout: For how many seconds to wait at the most; None for ever.
        fails_fast: Whether to end at the first problem.
        tell: Takes a line on the progress, now and then.
    """
    batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
    chosen = _Chosen(roots, matches)
    troubles: dict[str, str] = {}
    end = None if timeout is None else time.monotonic() + timeout
    source.start(batches.put)
    try:
        while True:
            patience = _TICK if end is None else max(0.0, min(_TICK, end - time.monotonic()))
            try:
                batch = batches.get(timeout=patience)
            except queue.Empty:
                batch = Batch()
            chosen.take(batch)
            for health in batch.health:
                tell_trouble(health, troubles)
            if not batches.empty():
                continue
            chosen.choose()
            tell(chosen.progress)
            has_ended = chosen.has_all_ended or (fails_fast and chosen.has_problem)
            is_late = end is not None and time.monotonic() >= end
            if has_ended or is_late:
                return Outcome(tuple(chosen.runs.values()), is_late and not has_ended)
    finally:
        source.stop()


def tell_progress(line: str) -> None:
    """Write a line on standard error over the one before, if that is a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{line}\x1b[K", err=True, nl=False)
