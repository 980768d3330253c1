"""The runs on screen: order, filter, groups, counts, selection and marks. No widgets here.

Applying a batch costs in proportion to the batch: every list is kept sorted by insertion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from typing import TypeAlias

from sortedcontainers import SortedList

from statustui.core.categories import Category
from statustui.core.order import GROUPINGS, SERIES_GROUP, Key, sort_key, split_sort
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.tui.model.groups import Group, Groups
from statustui.tui.model.unread_problems import UnreadProblems

PROBLEMS = frozenset(category for category in Category if category.is_problem)
Row: TypeAlias = Run | Group
"""What a row shows: a run, or the header of a group."""


class RunStore:
    """All known runs, and the listed ones in order.

    The selection is a run or a group, not a row number: it moves with its run. While nothing is
    selected, the cursor is in the first row.

    Args:
        sort: The sort key, with ``-`` in front for the reverse order.
        grouping: One of `GROUPINGS`.
    """

    def __init__(self, sort: str = "category", grouping: str = "none") -> None:
        self.runs: dict[str, Run] = {}
        """Path -> run, listed or not."""
        self.counts: Counter[Category] = Counter()
        """How many of all runs are in each category, without series."""
        self._listed_counts: Counter[Category] = Counter()
        """The same for the listed runs; kept only while not all are listed."""
        self.marked: set[str] = set()
        """Paths of the runs that the user has marked."""
        self.recently_changed: dict[str, float] = {}
        """Path of a run that has just changed -> when, in seconds since 1970."""
        self.unread_problems = UnreadProblems()
        """The runs with a new problem that the user has not seen."""
        self.stalled = 0
        """How many of all runs have stalled."""
        self.only: frozenset[Category] | None = None
        """The categories that are listed; None for all."""
        self.sort, self.reverse = split_sort(sort)
        self.selected: str | None = None
        """Path of the selected run."""
        self.selected_group: str | None = None
        """Name of the selected group, if its header is selected."""
        self._cursor_shift = 0
        self._matches: Callable[[Run], bool] | None = None
        self._key = sort_key(self.sort)
        self._keys: dict[str, Key] = {}
        self._all: SortedList[Key] = SortedList()
        """The sort keys of all runs, in order."""
        self._series: SortedList[Key] = SortedList()
        """The sort keys of all series, in order."""
        self._home: dict[str, Group] = {}
        """Path of a listed run -> its group."""
        self._groups = Groups(grouping)
        self._rebuild(0)

    # Rows.

    def __len__(self) -> int:
        """How many rows there are."""
        return self._groups.height

    @property
    def grouping(self) -> str:
        """The grouping in use, one of `GROUPINGS`."""
        return self._groups.grouping

    @property
    def listed(self) -> int:
        """How many runs are listed, those in folded groups included, without series."""
        return sum(self._listed_counts.values()) if not self._lists_all else len(self._all)

    @property
    def listed_series(self) -> int:
        """How many series are listed, those in a folded group included."""
        group = self._groups.get(SERIES_GROUP)
        return 0 if group is None else len(group.keys)

    @property
    def total(self) -> int:
        """How many runs there are, listed or not, without series."""
        return len(self._all)

    @property
    def total_series(self) -> int:
        """How many series there are, listed or not."""
        return len(self._series)

    @property
    def problems(self) -> Iterable[Run]:
        """All runs with a problem, listed or not, without series."""
        return (run for run in self.runs.values() if run.category.is_problem and not run.is_series)

    @property
    def under_way(self) -> int:
        """How many of the listed runs wait, build or run."""
        counts = self.counts if self._lists_all else self._listed_counts
        return sum(counts[category] for category in Category if category.is_under_way)

    @property
    def _lists_all(self) -> bool:
        return self.only is None and self._matches is None

    def row(self, index: int) -> Row:
        """Return what row `index` shows."""
        group = self._groups.at(index)
        place = index - group.start - group.has_header
        if place < 0:
            return group
        key = group.keys[-1 - place if self.reverse else place]
        return self.runs[key[-1]]

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return what the rows from `start` up to but without `stop` show."""
        return [self.row(index) for index in range(max(0, start), min(stop, len(self)))]

    # Selection.

    @property
    def cursor(self) -> int:
        """The row of the selection; 0 if there is none."""
        group = None if self.selected_group is None else self._groups.get(self.selected_group)
        if group is not None:
            return self._groups.start_of(group)
        return 0 if self.selected is None else self.row_of(self.selected) or 0

    def row_of(self, path: str) -> int | None:
        """Return the row of the run at `path`, or of its folded group; None if it is not listed."""
        group = self._home.get(path)
        if group is None:
            return None
        start = self._groups.start_of(group)
        if group.is_folded:
            return start
        place = group.keys.bisect_left(self._keys[path])
        place = len(group.keys) - 1 - place if self.reverse else place
        return start + group.has_header + place

    @property
    def current(self) -> Run | None:
        """The run under the cursor."""
        row = self.row(self.cursor) if len(self) else None
        return row if isinstance(row, Run) else None

    def select(self, index: int) -> None:
        """Select what is in row `index`, or in the nearest existing row."""
        if not len(self):
            return
        row = self.row(max(0, min(index, len(self) - 1)))
        if isinstance(row, Run):
            self.selected, self.selected_group = row.path, None
        else:
            self.selected, self.selected_group = None, row.name

    def select_run(self, path: str) -> None:
        """Select the run at `path`, which is listed."""
        self.selected, self.selected_group = path, None

    def find(self, start: int, step: int, wanted: Callable[[Run], bool]) -> int | None:
        """Return the nearest wanted row in steps from `start`, wrapping around; None if none is.

        The header of a folded group stands for its runs.
        """
        count = len(self)
        for distance in range(1, count + 1):
            index = (start + step * distance) % count
            row = self.row(index)
            runs = [row] if isinstance(row, Run) else self._hidden_in(row)
            if any(map(wanted, runs)):
                return index
        return None

    def _hidden_in(self, group: Group) -> Iterable[Run]:
        """Return the runs of a folded group."""
        return (self.runs[key[-1]] for key in group.keys) if group.is_folded else ()

    def _keep_selection(self, cursor: int) -> None:
        """If the selected row is no longer listed, select what is now where the cursor was."""
        is_listed = self.selected in self._home or self.selected_group in self._groups
        if not is_listed and (self.selected is not None or self.selected_group is not None):
            self.selected = self.selected_group = None
            self.select(cursor)

    def targets(self) -> list[Run]:
        """Return the runs that an action applies to, in order.

        They are the marked runs; without any, the run or the group under the cursor.
        """
        if self.marked:
            keys = sorted((self._keys[path] for path in self.marked), reverse=self.reverse)
            return [self.runs[key[-1]] for key in keys]
        row = self.row(self.cursor) if len(self) else None
        if isinstance(row, Group):
            return [
                self.runs[key[-1]] for key in (reversed(row.keys) if self.reverse else row.keys)
            ]
        return [] if row is None else [row]

    def neighbour(self, path: str, step: int, wanted: Callable[[Run], bool]) -> Run | None:
        """Return the nearest wanted run in steps from the one at `path`; None if there is none.

        Runs in folded groups are skipped.
        """
        row = self.row_of(path)
        # If the run is gone, its place is taken by the one that came after it.
        index = self.cursor - (step > 0) if row is None else row
        while 0 <= (index := index + step) < len(self):
            one = self.row(index)
            if isinstance(one, Run) and wanted(one):
                return one
        return None

    def toggle_mark(self, path: str) -> None:
        """Mark a run, or remove its mark."""
        self.marked ^= {path}

    # What is listed, and how.

    def filter_categories(self, categories: frozenset[Category] | None) -> None:
        """List only the runs of these categories; None for all."""
        cursor = self.cursor
        self.only = categories
        self._rebuild(cursor)

    def set_filter(self, matches: Callable[[Run], bool] | None, *, narrows: bool) -> None:
        """List only the runs that match.

        Args:
            matches: Whether to list a run; None to list all.
            narrows: Whether no run matches that is not listed now, so that these are skipped.
        """
        cursor = self.cursor
        self._matches = matches
        self._rebuild(cursor, self.listed_keys() if narrows else None)

    def group_by(self, grouping: str) -> None:
        """List the runs in groups, by one of `GROUPINGS`."""
        cursor = self.cursor
        self._groups.change_grouping(grouping)
        self._rebuild(cursor)

    def toggle_fold(self, group: Group) -> None:
        """Hide the runs of a group, or show them again."""
        self._groups.toggle_fold(group)

    def fold_current(self) -> bool:
        """Fold the group that the cursor is in, and select its header.

        Returns:
            Whether there was a group to fold.
        """
        group = self._groups.at(self.cursor) if len(self) else None
        if group is None or not group.has_header or group.is_folded:
            return False
        self._groups.toggle_fold(group)
        self.selected, self.selected_group = None, group.name
        return True

    def sort_by(self, sort: str, *, reverse: bool = False) -> None:
        """Sort the runs by one of `SORT_KEYS`."""
        cursor = self.cursor
        self.reverse = reverse
        if sort != self.sort:
            self.sort = sort
            self._key = sort_key(sort)
            self._keys = {path: self._key(run) for path, run in self.runs.items()}
            for keys, are_series in ((self._all, False), (self._series, True)):
                mine = [run for run in self.runs.values() if run.is_series is are_series]
                keys.clear()
                keys.update(self._keys[run.path] for run in mine)
            self._rebuild(cursor)

    def listed_keys(self) -> Iterable[Key]:
        """Return the sort keys of the listed runs, in order within each group."""
        return [key for group in self._groups.all() for key in group.keys]

    def _is_listed(self, run: Run) -> bool:
        return (self.only is None or run.category in self.only) and (
            self._matches is None or self._matches(run)
        )

    def _rebuild(self, cursor: int, keys: Iterable[Key] | None = None) -> None:
        """Build the list again.

        Args:
            cursor: The row in which the cursor was before.
            keys: The sort keys of the runs that may be listed; None for all runs.
        """
        self._home = {}
        self._groups.clear()
        if self.grouping == "none" and self._lists_all:
            group, series = self._groups.get_or_add(""), self._groups.get_or_add(SERIES_GROUP)
            group.keys, series.keys = self._all, self._series
            self._home = dict.fromkeys(self.runs, group)
            self._home.update((key[-1], series) for key in self._series)
        else:
            self._fill_groups(chain(self._all, self._series) if keys is None else keys)
        if not self._lists_all:
            listed = (self.runs[path] for path in self._home)
            self._listed_counts = Counter(run.category for run in listed if not run.is_series)
        self._keep_selection(cursor)

    def _fill_groups(self, keys: Iterable[Key]) -> None:
        members: dict[str, list[Key]] = {}
        for key in keys:
            run = self.runs[key[-1]]
            if self._is_listed(run):
                members.setdefault(self._group_name(run), []).append(key)
        for name, mine in members.items():
            group = self._groups.get_or_add(name)
            group.keys = SortedList(mine)
            for key in mine:
                self._home[key[-1]] = group
            if group.has_header:
                group.count_runs([self.runs[key[-1]] for key in mine])

    def _group_name(self, run: Run) -> str:
        return SERIES_GROUP if run.is_series else GROUPINGS[self.grouping].of(run)

    # Changes.

    def apply(self, batch: Batch, now: float = 0.0, scanned: Collection[str] = ()) -> None:
        """Apply a batch of changes.

        Args:
            batch: The changes.
            now: When they were seen, in seconds since 1970.
            scanned: The roots whose first scan is done: changes of their runs count as recent.
        """
        cursor = self.cursor
        for path in batch.removed:
            run = self.runs.pop(path, None)
            if run is not None:
                self._unlist(run)
                self.recently_changed.pop(path, None)
                self.marked.discard(path)
                self.unread_problems.discard(path)
        for run in batch.changed:
            self._add_run(run, now if run.root in scanned else None)
        self._groups.invalidate()
        self._keep_selection(cursor)
        self._cursor_shift += self.cursor - cursor

    def pop_cursor_shift(self) -> int:
        """Return by how many rows batches have moved the cursor since the last call."""
        shift, self._cursor_shift = self._cursor_shift, 0
        return shift

    def _add_run(self, run: Run, changed_at: float | None) -> None:
        before = self.runs.get(run.path)
        if before is not None:
            self._unlist(before)
        self.runs[run.path] = run
        self._count(run, 1)
        if not run.category.is_problem:
            self.unread_problems.discard(run.path)
        key = self._keys[run.path] = self._key(run)
        everything = self._series if run.is_series else self._all
        everything.add(key)
        if self._is_listed(run):
            self._listed_counts[run.category] += not run.is_series
            group = self._home[run.path] = self._groups.get_or_add(self._group_name(run))
            if group.keys is not everything:
                group.keys.add(key)
            if group.has_header:
                group.count_run(run)
        if changed_at is not None and (before is None or before.current != run.current):
            self.recently_changed.pop(run.path, None)
            self.recently_changed[run.path] = changed_at

    def _count(self, run: Run, by: int) -> None:
        if not run.is_series:
            self.counts[run.category] += by
            self.stalled += by * (run.stall is not None)

    def _unlist(self, run: Run) -> None:
        self._count(run, -1)
        key = self._keys.pop(run.path)
        everything = self._series if run.is_series else self._all
        everything.remove(key)
        group = self._home.pop(run.path, None)
        if group is None:
            return
        self._listed_counts[run.category] -= not run.is_series
        if group.keys is not everything:
            group.keys.remove(key)
        if group.has_header:
            group.discount_run(run)
            if not group.keys:
                self._groups.remove(group.name)

    def drop_recent_changes(self, before: float) -> None:
        """Drop the runs that changed before a time, in seconds since 1970, from the recent ones."""
        old = []
        for path, changed_at in self.recently_changed.items():
            if changed_at >= before:
                break
            old.append(path)
        for path in old:
            del self.recently_changed[path]
