"""The loop of `statustui wait`: follow the runs until all of them have finished."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import NamedTuple

from statustui.cli.root_progress import RootProgress
from statustui.core.job import Verdict
from statustui.core.run import Run
from statustui.core.states import STATES
from statustui.monitor.batch import Batch
from statustui.monitor.snapshot import unread_part
from statustui.monitor.source import Source
from statustui.monitor.unread import Unread
from statustui.presentation.summary import count_what

_TICK = 1.0
"""Seconds between two updates of the progress, and of filters by age."""


def has_problem(run: Run) -> bool:
    """Return whether a run is in error or failed, or its job has ended before it."""
    return run.category.is_problem or run.is_dead


class Outcome(NamedTuple):
    """The result of waiting."""

    runs: tuple[Run, ...]
    """The last known state of the runs that were waited for."""
    has_timed_out: bool
    unscanned: tuple[str, ...] = ()
    """The roots whose first scan had not finished when it timed out."""
    unread_parts: tuple[Unread, ...] = ()
    """The parts of roots that could not be read at the end; they have been reported."""
    unread_files: tuple[Unread, ...] = ()
    """The status files that could not be read at the end."""

    @property
    def has_problem(self) -> bool:
        """Whether any run is in error or failed, or its job has ended before it."""
        return any(map(has_problem, self.runs))

    @property
    def is_complete(self) -> bool:
        """Whether everything could be read."""
        return not self.unread_parts and not self.unread_files


class _WaitedRuns:
    """The runs to wait for: each run that has matched once, until it is removed.

    Args:
        matches: Returns whether to wait for a run.
    """

    def __init__(self, matches: Callable[[Run], bool]) -> None:
        self.runs: dict[str, Run] = {}
        self.lost_job_at = float("-inf")
        """When a run was last seen to say that its job is lost, in seconds since 1970.

        The scheduler may know better.
        """
        self._others: dict[str, Run] = {}
        self._matches = matches

    def apply_batch(self, batch: Batch) -> None:
        for path in batch.removed:
            self.runs.pop(path, None)
            self._others.pop(path, None)
        for run in batch.changed:
            is_chosen = self.runs.pop(run.path, None) is not None and not run.is_missing
            place = self.runs if is_chosen else self._others
            place[run.path] = run
            if _may_be_lost(run):
                self.lost_job_at = time.time()

    def add_matching(self) -> None:
        """Add the other runs that match by now."""
        found = [run for run in self._others.values() if not run.is_missing and self._matches(run)]
        for run in found:
            self.runs[run.path] = self._others.pop(run.path)

    @property
    def have_all_finished(self) -> bool:
        """Whether all have finished, apart from those that cannot be read."""
        return all(run.has_ended or unread_part(run) for run in self.runs.values())

    @property
    def has_problem(self) -> bool:
        return any(map(has_problem, self.runs.values()))

    @property
    def unread_files(self) -> list[Unread]:
        """The status files that cannot be read, also of other runs: those might match."""
        runs = (*self.runs.values(), *self._others.values())
        return [part for run in runs if run.error and (part := unread_part(run))]

    @property
    def progress(self) -> str:
        counted, what = count_what(self.runs.values())
        of = f"{len(counted):,} {what}" if what == "series" else f"{len(counted):,}"
        finished = sum(run.has_ended for run in counted)
        problems = sum(run.category.is_problem for run in counted)
        return f"{finished:,} of {of} finished, {problems:,} with a problem"


def _may_be_lost(run: Run) -> bool:
    """Return whether a run says that its job is lost, and nobody has confirmed or denied it."""
    job = run.job
    is_open = job is not None and job.scheduler != "raw" and job.verdict is Verdict.NONE
    return is_open and run.stage == STATES.SCHED_ERROR


def wait_for_runs(  # noqa: PLR0913 - each is an option of the command, or a stand-in in tests
    source: Source,
    roots: RootProgress,
    matches: Callable[[Run], bool],
    *,
    timeout: float | None,
    fail_fast: bool,
    show_progress: Callable[[str], object],
    asked_at: Callable[[], float] = lambda: float("inf"),
) -> Outcome:
    """Wait until all runs that match, now or later, have finished.

    A run has finished when its state is a final one or Pavilion has marked it as complete. It is
    not waited for when its job has ended, nor is a directory without a status, as a failed start
    leaves it. Once all have finished, everything is checked once more, and waiting continues if a
    run has started again. Parts of a root that cannot be read are reported on standard error and
    not waited for.

    Args:
        source: Where changes come from.
        roots: The watched roots.
        matches: Returns whether to wait for a run.
        timeout: Seconds to wait at most; None for no limit.
        fail_fast: Whether to return at the first problem.
        show_progress: Called with a line on the progress about once a second.
        asked_at: Returns when the scheduler was asked last, in seconds since 1970.
    """
    batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
    waited = _WaitedRuns(matches)
    check = _FinalCheck(source, roots)
    end = None if timeout is None else time.monotonic() + timeout
    hurried_at = float("-inf")
    source.start(batches.put)
    try:
        while True:
            seconds = _TICK if end is None else max(0.0, min(_TICK, end - time.monotonic()))
            try:
                batch = batches.get(timeout=seconds)
            except queue.Empty:
                batch = Batch()
            waited.apply_batch(batch)
            if batch.health:
                show_progress("")
                roots.update(batch.health)
            if not batches.empty():
                continue
            waited.add_matching()
            scanning = ", still looking for runs" if roots.unscanned else ""
            show_progress(f"{waited.progress}{scanning}")
            have_all_finished = waited.have_all_finished
            if have_all_finished and waited.lost_job_at > asked_at():
                have_all_finished = False
                if hurried_at < waited.lost_job_at:
                    hurried_at = waited.lost_job_at
                    source.check_all()
            is_confirmed = not roots.unscanned and check.confirms(
                have_all_finished=have_all_finished
            )
            is_decided = is_confirmed or (fail_fast and waited.has_problem)
            is_late = end is not None and time.monotonic() >= end
            if is_decided or is_late:
                return Outcome(
                    tuple(waited.runs.values()),
                    is_late and not is_decided,
                    tuple(roots.unscanned),
                    tuple(roots.unread),
                    tuple(waited.unread_files),
                )
    finally:
        source.stop()


class _FinalCheck:
    """Confirms that all runs have finished: what is known of a finished run may be minutes old.

    Args:
        source: Where changes come from.
        roots: The watched roots.
    """

    def __init__(self, source: Source, roots: RootProgress) -> None:
        self._source = source
        self._roots = roots
        self._before: dict[str, int] | None = None

    def confirms(self, *, have_all_finished: bool) -> bool:
        """Return whether a scan that began after all had finished found the same."""
        if not have_all_finished:
            self._before = None
            return False
        if self._before is None:
            self._before = self._roots.count_scans()
            self._source.check_all()
        return self._roots.scanned_since(self._before)
