"""Pass changes from the threads of a source to the run store."""

from __future__ import annotations

from collections.abc import Callable

from statustui.monitor.batch import Batch
from statustui.monitor.change_buffer import ChangeBuffer
from statustui.tui.model.root_states import RootStates
from statustui.tui.model.store import RunStore
from statustui.tui.model.unread_problems import NewProblemDetector
from statustui.tui.services.alarm import Alarm, ProblemCommand
from statustui.tui.services.session_saver import SessionSaver

_MAX_CHANGES = 500
"""Changes that are applied at a time, so that keys are handled during a storm of changes."""


class ChangeFeed:
    """Buffers batches, applies them to the store, and finds out which problems are new.

    Args:
        store: The runs.
        roots: The health of the roots.
        alarm: Told of new problems, and when all listed runs have finished.
        session: Compares each root with the last session once it is scanned.
        clock: Gives the current time in seconds since 1970.
    """

    def __init__(
        self,
        store: RunStore,
        roots: RootStates,
        *,
        alarm: Alarm,
        session: SessionSaver,
        clock: Callable[[], float],
    ) -> None:
        self.command: ProblemCommand | None = None
        """The user's command for runs with a new problem."""
        self._store = store
        self._roots = roots
        self._alarm = alarm
        self._session = session
        self._clock = clock
        self._buffer = ChangeBuffer()
        self._detector = NewProblemDetector(clock())

    def start(self) -> None:
        """Count problems from now on as new."""
        self._detector = NewProblemDetector(self._clock())

    def add_batch(self, batch: Batch) -> None:
        """Buffer a batch; may be called from any thread."""
        self._buffer.add_batch(batch)

    @property
    def has_more(self) -> bool:
        """Whether changes are waiting."""
        return bool(self._buffer)

    def apply_part(self) -> Batch:
        """Apply some of the waiting changes, and return them."""
        batch, store, roots = self._buffer.take(_MAX_CHANGES), self._store, self._roots
        now, was_settled, were_under_way = self._clock(), roots.is_settled, store.under_way
        found = self._detector.detect(
            batch, store.runs, unread=store.unread_problems, scanned=roots.scanned, now=now
        )
        store.apply(batch, now, roots.scanned)
        store.unread_problems.add(run.path for run in (*found.new, *found.returned))
        has_finished = was_settled and bool(were_under_way) and not store.under_way
        self._alarm.add(found.new, has_finished=has_finished)
        if self.command is not None:
            self.command.queue_runs(found.new)
        roots.update(batch.health, has_more=self.has_more)
        self._session.compare_roots(store, roots.scanned)
        return batch
