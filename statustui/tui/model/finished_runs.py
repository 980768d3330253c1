"""Which of the listed runs a batch finishes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.tui.model.store import RunStore


class FinishedRuns:
    """Finds the listed runs that have finished with a batch; series are left out.

    It is made before the store applies the batch. A run counts as listed if it was when it was
    under way, as it may leave the list with its end, or if it has come with its end already.

    Args:
        batch: The changes.
        store: The runs, without the batch.
        scanned: The roots whose first scan is done: only in these a run can be new.
    """

    def __init__(self, batch: Batch, store: RunStore, scanned: Collection[str]) -> None:
        self._batch = batch
        self._store = store
        self._under_way: set[str] = set()
        self._new: set[str] = set()
        for run in batch.changed:
            before = store.runs.get(run.path)
            if before is None:
                if run.root in scanned:
                    self._new.add(run.path)
            elif before.category.is_under_way and store.row_of(run.path) is not None:
                self._under_way.add(run.path)

    def find(self) -> Iterator[Run]:
        """Yield these runs, after the store has applied the batch."""
        for run in self._batch.changed:
            if run.is_series or run.is_missing or run.category.is_under_way:
                continue
            is_new = run.path in self._new and self._store.row_of(run.path) is not None
            if is_new or run.path in self._under_way:
                yield run
