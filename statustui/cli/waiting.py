"""Waiting until runs have ended."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import click

from statustui.cli.output import count_what
from statustui.cli.roots import Roots
from statustui.core.run import Run
from statustui.monitor.batch import Batch, Unread
from statustui.monitor.snapshot import unread_part
from statustui.monitor.source import Source

_TICK = 1.0
"""Seconds between two times that the progress is told, and that ages are compared."""


class Outcome(NamedTuple):
    """How the waiting has ended."""

    runs: tuple[Run, ...]
    """The runs that were waited for, as they were last."""
    has_timed_out: bool
    unseen: tuple[str, ...] = ()
    """The roots that had not been seen whole when the time was over."""
    missing: tuple[Unread, ...] = ()
    """What of the roots could not be read at the end, which has been told."""
    unread: tuple[Unread, ...] = ()
    """The status files that could not be read at the end."""

    @property
    def has_problem(self) -> bool:
        """Whether any of them is in error or failed."""
        return any(run.category.is_problem for run in self.runs)

    @property
    def is_whole(self) -> bool:
        """Whether all there is could be read."""
        return not self.missing and not self.unread


class _Chosen:
    """The runs that are waited for: each that has matched once, until it is gone.

    Args:
        matches: Tells which runs are to be waited for.
    """

    def __init__(self, matches: Callable[[Run], bool]) -> None:
        self.runs: dict[str, Run] = {}
        self._others: dict[str, Run] = {}
        self._matches = matches

    def take(self, batch: Batch) -> None:
        for path in batch.removed:
            self.runs.pop(path, None)
            self._others.pop(path, None)
        for run in batch.changed:
            is_chosen = self.runs.pop(run.path, None) is not None and not run.is_missing
            place = self.runs if is_chosen else self._others
            place[run.path] = run

    def choose(self) -> None:
        """Look which of the other runs match now."""
        found = [run for run in self._others.values() if not run.is_missing and self._matches(run)]
        for run in found:
            self.runs[run.path] = self._others.pop(run.path)

    @property
    def has_all_ended(self) -> bool:
        """Whether none of them goes on, as far as can be seen."""
        return all(run.is_finished or unread_part(run) for run in self.runs.values())

    @property
    def has_problem(self) -> bool:
        return any(run.category.is_problem for run in self.runs.values())

    @property
    def unread(self) -> list[Unread]:
        """The status files that cannot be read, of other runs too: nobody knows what they match."""
        runs = (*self.runs.values(), *self._others.values())
        return [part for run in runs if run.error and (part := unread_part(run))]

    @property
    def progress(self) -> str:
        counted, what = count_what(self.runs.values())
        of = f"{len(counted):,} {what}" if what == "series" else f"{len(counted):,}"
        ended = sum(run.is_finished for run in counted)
        problems = sum(run.category.is_problem for run in counted)
        return f"{ended:,} of {of} ended, {problems:,} with a problem"


def wait_for_runs(  # noqa: PLR0913 - what to wait for, for how long, and what to tell
    source: Source,
    roots: Roots,
    matches: Callable[[Run], bool],
    *,
    timeout: float | None,
    fails_fast: bool,
    tell: Callable[[str], object],
) -> Outcome:
    """Wait until all runs that match, now or later, have ended.

    A run has ended when its state is a final one or Pavilion has marked it as complete. A directory
    without a status, as a start that has failed leaves it, is no run yet. Once all have ended,
    everything is looked at once more, and the waiting goes on if that shows a run that has begun
    again. What keeps a part of a root from being read is told on standard error, and not waited
    for.

    Args:
        source: Where changes come from.
        roots: The watched roots.
        matches: Tells which runs are to be waited for.
        timeout: For how many seconds to wait at the most; None for ever.
        fails_fast: Whether to end at the first problem.
        tell: Takes a line on the progress, now and then.
    """
    batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
    chosen = _Chosen(matches)
    check = _Check(source, roots)
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
            if batch.health:
                tell("")
                roots.take(batch.health)
            if not batches.empty():
                continue
            chosen.choose()
            tell(f"{chosen.progress}{', still looking for runs' if roots.unseen else ''}")
            is_done = not roots.unseen and check.confirms(has_all_ended=chosen.has_all_ended)
            has_ended = is_done or (fails_fast and chosen.has_problem)
            is_late = end is not None and time.monotonic() >= end
            if has_ended or is_late:
                return Outcome(
                    tuple(chosen.runs.values()),
                    is_late and not has_ended,
                    tuple(roots.unseen),
                    tuple(roots.missing),
                    tuple(chosen.unread),
                )
    finally:
        source.stop()


class _Check:
    """Makes sure that all have ended: the picture of a run that has may be some minutes old.

    Args:
        source: Where changes come from.
        roots: The watched roots.
    """

    def __init__(self, source: Source, roots: Roots) -> None:
        self._source = source
        self._roots = roots
        self._before: dict[str, int] | None = None

    def confirms(self, *, has_all_ended: bool) -> bool:
        """Whether a look at everything that has begun since all had ended says so too."""
        if not has_all_ended:
            self._before = None
            return False
        if self._before is None:
            self._before = self._roots.count_looks()
            self._source.look_now()
        return self._roots.have_been_looked_at(self._before)


def tell_progress(line: str) -> None:
    """Write a line on standard error over the one before, if that is a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{line}\x1b[K", err=True, nl=False)
