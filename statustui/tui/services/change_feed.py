"""Pass changes from the threads of a source to the run store."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from statustui.core.mutes import Mutes
from statustui.monitor.batch import Batch
from statustui.monitor.change_buffer import ChangeBuffer
from statustui.tui.model.finished_runs import FinishedRuns
from statustui.tui.model.root_states import RootStates
from statustui.tui.model.store import RunStore
from statustui.tui.model.unread_problems import NewProblemDetector
from statustui.tui.services.alarm import Alarm
from statustui.tui.services.event_commands import EventCommands
from statustui.tui.services.session_saver import SessionSaver

_MAX_CHANGES = 500
"""Changes that are applied at a time, so that keys are handled during a storm of changes."""
_MAX_FIRST_CHANGES = 2000
"""The same in the first scan of a root, when most of the runs are new."""
_MANY_WAITING = 2 * _MAX_FIRST_CHANGES
"""Waiting changes above which whoever brings more leaves the processor to the screen."""
_SLICE_SECONDS = 0.01
"""Seconds for which the list is arranged at a time."""
_MAX_SORT_SHARE = 0.1
"""Largest share of the time for sorting in new runs while more of them come."""


class ChangeFeed:
    """Buffers batches, applies them to the store, and finds out which problems are new.

    Args:
        store: The runs.
        roots: The health of the roots.
        alarm: Told of new problems, and when all listed runs have finished.
        commands: Told of the same, and which runs have finished.
        session: Compares each root with the last session once it is scanned.
        mutes: The failures that are put aside.
        clock: Gives the current time in seconds since 1970.
    """

    def __init__(  # noqa: PLR0913 - all but the first two by keyword
        self,
        store: RunStore,
        roots: RootStates,
        *,
        alarm: Alarm,
        commands: EventCommands,
        session: SessionSaver,
        mutes: Mutes,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._roots = roots
        self._alarm = alarm
        self._commands = commands
        self._session = session
        self._mutes = mutes
        self._clock = clock
        self._buffer = ChangeBuffer()
        self._next_sort_at = float("-inf")
        """When to sort in new runs while more of them come, on the monotonic clock."""
        self._detector = NewProblemDetector(clock())

    def start(self) -> None:
        """Count problems from now on as new."""
        self._detector = NewProblemDetector(self._clock())

    def add_batch(self, batch: Batch) -> None:
        """Buffer a batch; may be called from any thread."""
        self._buffer.add_batch(batch)

    @property
    def has_backlog(self) -> bool:
        """Whether very many changes are waiting."""
        return len(self._buffer) > _MANY_WAITING

    @property
    def has_more(self) -> bool:
        """Whether changes are waiting, or are not in the list yet."""
        return bool(self._buffer) or self._store.is_arranging or self._store.has_unsorted

    def apply_part(self) -> Batch:
        """Apply some of the waiting changes, and return them; or go on with arranging the list."""
        if self._store.is_arranging:
            self._arrange(partial(self._store.continue_arranging, _SLICE_SECONDS))
            batch = Batch()
        else:
            most = _MAX_CHANGES if self._roots.initial_scan_done else _MAX_FIRST_CHANGES
            batch = self._buffer.take(most)
            if self._mutes:
                batch = batch._replace(changed=tuple(map(self._mutes.mark, batch.changed)))
            self._apply(batch)
            self._roots.update(batch.health, has_more=True, behind=self._buffer.behind)
            self._sort_new()
        self._roots.update((), has_more=self.has_more, behind=self._buffer.behind)
        self._session.compare_roots(self._store, self._roots.scanned)
        return batch

    def _sort_new(self) -> None:
        """Sort in the new runs, but not too often while more of them come."""
        is_last = self._roots.are_swept and not self._buffer
        is_due = is_last or time.monotonic() >= self._next_sort_at
        if self._store.has_unsorted and is_due:
            self._arrange(self._store.sort_new)

    def _arrange(self, work: Callable[[], object]) -> None:
        start = time.monotonic()
        work()
        end = time.monotonic()
        self._next_sort_at = max(self._next_sort_at, end) + (end - start) / _MAX_SORT_SHARE

    def _apply(self, batch: Batch) -> None:
        store, roots = self._store, self._roots
        now, was_settled, were_under_way = self._clock(), roots.is_settled, store.under_way
        found = self._detector.detect(
            batch, store.runs, unread=store.unread_problems, scanned=roots.scanned, now=now
        )
        has_end_command = self._commands.has_end_command
        finished = FinishedRuns(batch, store, roots.scanned) if has_end_command else None
        store.apply(batch, now, roots.scanned, may_defer=True)
        new = [run for run in found.new if not run.is_muted]
        returned = [run for run in found.returned if not run.is_muted]
        store.unread_problems.add(run.path for run in (*new, *returned))
        under_way = store.under_way
        has_finished = was_settled and bool(were_under_way) and not under_way
        self._alarm.add(new, has_finished=has_finished)
        self._commands.add_problems(new)
        if finished is not None:
            self._commands.add_finished(
                finished.find(), under_way=under_way, has_finished=has_finished
            )
