"""The runs on screen: order, filter, counts and selection. No widgets here."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable

from statustui.core.query import Key, sort_key
from statustui.core.run import Run
from statustui.core.states import Category
from statustui.monitor.batch import Batch

PROBLEMS = frozenset(category for category in Category if category.is_problem)

_BULK = 64
"""Changes from which on sorting them in together is cheaper than one by one."""


class RunStore:
    """Every run that is known, and those of them that are listed, in order.

    The selection is a run, not a row: it moves with its run. As long as nothing is selected the
    cursor is in the first row.
    """

    def __init__(self, sort: str = "category") -> None:
        """Start without runs."""
        self.runs: dict[str, Run] = {}
        """Path -> run, listed or not."""
        self.counts: Counter[Category] = Counter()
        """How many of all runs are in each category."""
        self.only: frozenset[Category] | None = None
        """The categories that are listed; None for all."""
        self.sort = sort
        self.reverse = False
        self.selected: str | None = None
        self._key: Callable[[Run], Key] = sort_key(sort)
        self._keys: list[Key] = []

    def __len__(self) -> int:
        """How many runs are listed."""
        return len(self._keys)

    def row(self, index: int) -> Run:
        """The run in row `index`."""
        key = self._keys[-1 - index if self.reverse else index]
        return self.runs[key[-1]]

    def rows(self, start: int, stop: int) -> list[Run]:
        """The runs in the rows from `start` up to but without `stop`."""
        return [self.row(index) for index in range(max(0, start), min(stop, len(self)))]

    @property
    def cursor(self) -> int:
        """The row of the selected run; 0 if none is selected."""
        run = self.runs.get(self.selected) if self.selected is not None else None
        return 0 if run is None else min(self._index(self._key(run)), max(0, len(self) - 1))

    @property
    def current(self) -> Run | None:
        """The run under the cursor."""
        return self.row(self.cursor) if len(self) else None

    def select(self, index: int) -> None:
        """Select the run in row `index`, or the nearest row there is."""
        if len(self):
            self.selected = self.row(max(0, min(index, len(self) - 1))).path

    def find(self, start: int, step: int, wanted: Callable[[Run], bool]) -> int | None:
        """The nearest row from `start` on, going by `step` and around the end, that is `wanted`."""
        count = len(self)
        rows = ((start + step * distance) % count for distance in range(1, count + 1))
        return next((row for row in rows if wanted(self.row(row))), None)

    def apply(self, batch: Batch) -> None:
        """Take in a batch of changes."""
        cursor = self.cursor
        for path in batch.removed:
            run = self.runs.pop(path, None)
            if run is not None:
                self._drop(run)
        self._update(batch.updated)
        self._keep_selection(cursor)

    def show_only(self, categories: frozenset[Category] | None) -> None:
        """List the runs of these categories; None for all."""
        cursor = self.cursor
        self.only = categories
        self._rebuild(cursor)

    def sort_by(self, sort: str, *, reverse: bool = False) -> None:
        """Put the runs in another order."""
        cursor = self.cursor
        self.sort, self.reverse = sort, reverse
        self._key = sort_key(sort)
        self._rebuild(cursor)

    def _rebuild(self, cursor: int) -> None:
        self._keys = sorted(self._key(run) for run in self.runs.values() if self._shows(run))
        self._keep_selection(cursor)

    def _keep_selection(self, cursor: int) -> None:
        """Select what is now where the cursor was, if the selected run is not listed any more."""
        if self.selected is not None and not self._is_listed(self.selected):
            self.selected = None
            self.select(cursor)

    def _shows(self, run: Run) -> bool:
        return self.only is None or run.category in self.only

    def _is_listed(self, path: str) -> bool:
        run = self.runs.get(path)
        return run is not None and self._shows(run)

    def _index(self, key: Key) -> int:
        index = bisect_left(self._keys, key)
        return len(self._keys) - 1 - index if self.reverse else index

    def _drop(self, run: Run) -> None:
        self.counts[run.category] -= 1
        if self._shows(run):
            del self._keys[bisect_left(self._keys, self._key(run))]

    def _update(self, runs: Iterable[Run]) -> None:
        keys: list[Key] = []
        stale: set[Key] = set()
        latest = {run.path: run for run in runs}
        for path, run in latest.items():
            before = self.runs.get(path)
            self.runs[path] = run
            self.counts[run.category] += 1
            if before is not None:
                self.counts[before.category] -= 1
                if self._shows(before):
                    stale.add(self._key(before))
            if self._shows(run):
                keys.append(self._key(run))
        if len(keys) + len(stale) > _BULK:
            self._keys = [key for key in self._keys if key not in stale] if stale else self._keys
            self._keys += keys
            self._keys.sort()
            return
        for key in stale:
            del self._keys[bisect_left(self._keys, key)]
        for key in keys:
            insort(self._keys, key)
