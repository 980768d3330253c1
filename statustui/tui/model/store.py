"""The runs on screen: order, filter, groups, counts, selection and marks. No widgets here.

A batch of changes costs in proportion to the batch: every list is kept sorted by insertion.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from heapq import nlargest
from itertools import accumulate, chain
from typing import TypeAlias

from sortedcontainers import SortedList

from statustui.core.categories import Category
from statustui.core.order import GROUPINGS, SERIES_GROUP, Key, natural, sort_key, split_sort
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.tui.model.unread_problems import UnreadProblems

_PEERS = 20
"""Runs that one is compared with at the most."""
PROBLEMS = frozenset(category for category in Category if category.is_problem)


class Group:
    """Listed runs that are shown together."""

    __slots__ = ("counts", "has_header", "is_folded", "keys", "name", "natural_name", "start")

    def __init__(self, name: str, *, has_header: bool) -> None:
        """Start without runs."""
        self.name = name
        self.natural_name = natural(name)
        self.has_header = has_header
        self.is_folded = False
        self.counts: Counter[Category] = Counter()
        """How many of its runs are in each category; kept where there is a header to show it."""
        self.keys: SortedList[Key] = SortedList()
        """The sort keys of its runs, in order; each ends in the run's path."""
        self.start = 0
        """The row in which it begins."""

    @property
    def height(self) -> int:
        """How many rows it takes."""
        return self.has_header + (0 if self.is_folded else len(self.keys))


Row: TypeAlias = Run | Group
"""What a row shows: a run, or the header of a group."""


class RunStore:
    """Every run that is known, and those of them that are listed, in order.

    The selection is a run or a group, not a row: it moves with its run. As long as nothing is
    selected the cursor is in the first row.
    """

    def __init__(self, sort: str = "category", grouping: str = "none") -> None:
        """Start without runs; `sort` with ``-`` in front is in reverse."""
        self.runs: dict[str, Run] = {}
        """Path -> run, listed or not."""
        self.counts: Counter[Category] = Counter()
        """How many of all runs are in each category; series are no runs."""
        self._listed_counts: Counter[Category] = Counter()
        """The same of the listed ones, as long as not all are."""
        self.marked: set[str] = set()
        """Paths of the runs that the user has marked."""
        self.fresh: dict[str, float] = {}
        """Path of a run that has changed lately -> when, in seconds since 1970."""
        self.unseen = UnreadProblems()
        """The runs with a problem that is news to the user."""
        self.stalled = 0
        """How many of all runs have stalled."""
        self.only: frozenset[Category] | None = None
        """The categories that are listed; None for all."""
        self.grouping = grouping
        self.sort, self.reverse = split_sort(sort)
        self.selected: str | None = None
        """Path of the selected run."""
        self.selected_group: str | None = None
        """Name of the selected group, if its header is selected."""
        self._matches: Callable[[Run], bool] | None = None
        self._key = sort_key(self.sort)
        self._keys: dict[str, Key] = {}
        self._all: SortedList[Key] = SortedList()
        """The sort keys of all runs, in order."""
        self._series: SortedList[Key] = SortedList()
        """The sort keys of all series, in order."""
        self._home: dict[str, Group] = {}
        self._toggled: set[str] = set()
        self._groups: dict[str, Group] = {}
        self._order: list[Group] = []
        self._starts: list[int] = []
        self._length = 0
        self._is_laid_out = False
        self._rebuild(0)

    # Rows.

    def __len__(self) -> int:
        """How many rows there are."""
        self._lay_out()
        return self._length

    @property
    def listed(self) -> int:
        """How many runs are listed, those in folded groups included; series are no runs."""
        return sum(self._listed_counts.values()) if not self._lists_all else len(self._all)

    @property
    def listed_series(self) -> int:
        """How many series are listed, those in a folded group included."""
        group = self._groups.get(SERIES_GROUP)
        return 0 if group is None else len(group.keys)

    @property
    def total(self) -> int:
        """How many runs there are, listed or not; series are no runs."""
        return len(self._all)

    @property
    def total_series(self) -> int:
        """How many series there are, listed or not."""
        return len(self._series)

    @property
    def problems(self) -> Iterable[Run]:
        """All runs with a problem, listed or not; series are no runs."""
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
        """What row `index` shows."""
        self._lay_out()
        group = self._order[bisect_right(self._starts, index) - 1]
        place = index - group.start - group.has_header
        if place < 0:
            return group
        key = group.keys[-1 - place if self.reverse else place]
        return self.runs[key[-1]]

    def rows(self, start: int, stop: int) -> list[Row]:
        """What the rows from `start` up to but without `stop` show."""
        return [self.row(index) for index in range(max(0, start), min(stop, len(self)))]

    def _lay_out(self) -> None:
        """Find out in which row each group begins."""
        if self._is_laid_out:
            return
        by_size = GROUPINGS[self.grouping].has_biggest_first
        # The runs that belong to no group come last, and series behind them.
        self._order = sorted(
            self._groups.values(),
            key=lambda one: (
                one.name == SERIES_GROUP,
                not one.name,
                -len(one.keys) if by_size else 0,
                one.natural_name,
            ),
        )
        *starts, self._length = accumulate((one.height for one in self._order), initial=0)
        self._starts = starts
        for group, start in zip(self._order, starts, strict=True):
            group.start = start
        self._is_laid_out = True

    # Selection.

    @property
    def cursor(self) -> int:
        """The row of the selection; 0 if there is none."""
        self._lay_out()
        if self.selected_group is not None and self.selected_group in self._groups:
            return self._groups[self.selected_group].start
        return 0 if self.selected is None else self.row_of(self.selected) or 0

    def row_of(self, path: str) -> int | None:
        """The row of the run at `path`, or of the folded group that it is in; None if unlisted."""
        self._lay_out()
        group = self._home.get(path)
        if group is None:
            return None
        if group.is_folded:
            return group.start
        place = group.keys.bisect_left(self._keys[path])
        place = len(group.keys) - 1 - place if self.reverse else place
        return group.start + group.has_header + place

    @property
    def current(self) -> Run | None:
        """The run under the cursor."""
        row = self.row(self.cursor) if len(self) else None
        return row if isinstance(row, Run) else None

    def select(self, index: int) -> None:
        """Select what is in row `index`, or in the nearest row there is."""
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
        """The nearest row from `start` on, going by `step` and around the end, that is `wanted`.

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
        """The runs of a folded group."""
        return (self.runs[key[-1]] for key in group.keys) if group.is_folded else ()

    def _keep_selection(self, cursor: int) -> None:
        """Select what is now where the cursor was, if what was selected is not listed any more."""
        is_listed = self.selected in self._home or self.selected_group in self._groups
        if not is_listed and (self.selected is not None or self.selected_group is not None):
            self.selected = self.selected_group = None
            self.select(cursor)

    def chosen(self) -> list[Run]:
        """What an action is about, in order: the marked runs, or else what is under the cursor."""
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
        """The nearest listed run from the one at `path` on, going by `step`, that is `wanted`.

        Runs in folded groups are passed over. If there is none, it is None.
        """
        row = self.row_of(path)
        # Where it was, the one that came behind it is now.
        index = self.cursor - (step > 0) if row is None else row
        while 0 <= (index := index + step) < len(self):
            one = self.row(index)
            if isinstance(one, Run) and wanted(one):
                return one
        return None

    def peers(self, run: Run) -> list[str]:
        """Paths of the runs of the same name that are over, those that changed last."""
        if run.kind != "test" or not run.name:
            return []
        alike = (
            other
            for other in self.runs.values()
            if other.metadata.name == run.metadata.name
            and other.kind == run.kind
            and other.path != run.path
            and other.root == run.root
            and other.is_finished
        )
        newest = nlargest(_PEERS, alike, key=lambda other: other.updated_at or 0.0)
        return [other.path for other in newest]

    def toggle_mark(self, path: str) -> None:
        """Mark a run, or take its mark away."""
        self.marked ^= {path}

    # What is listed, and how.

    def show_only(self, categories: frozenset[Category] | None) -> None:
        """List the runs of these categories; None for all."""
        cursor = self.cursor
        self.only = categories
        self._rebuild(cursor)

    def show_matching(self, matches: Callable[[Run], bool] | None, *, narrows: bool) -> None:
        """List the runs that match; None for all.

        Args:
            matches: Tells whether a run is to be listed.
            narrows: Whether what is not listed now does not match either.
        """
        cursor = self.cursor
        self._matches = matches
        self._rebuild(cursor, self.listed_keys() if narrows else None)

    def group_by(self, grouping: str) -> None:
        """List the runs in groups."""
        cursor = self.cursor
        self.grouping = grouping
        self._toggled = set()
        self._rebuild(cursor)

    def toggle_fold(self, group: Group) -> None:
        """Hide the runs of a group, or show them again."""
        group.is_folded = not group.is_folded
        self._toggled ^= {group.name}
        self._is_laid_out = False

    def sort_by(self, sort: str, *, reverse: bool = False) -> None:
        """Put the runs in another order."""
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
        """The sort keys of the listed runs, in order within each group."""
        return [key for group in self._groups.values() for key in group.keys]

    def _shows(self, run: Run) -> bool:
        return (self.only is None or run.category in self.only) and (
            self._matches is None or self._matches(run)
        )

    def _rebuild(self, cursor: int, keys: Iterable[Key] | None = None) -> None:
        """List anew whatever of these runs, or of all, is to be listed.

        Args:
            cursor: The row in which the cursor was before.
            keys: The sort keys of the runs that may be listed, None for all.
        """
        self._is_laid_out = False
        self._home = {}
        self._groups = {}
        if self.grouping == "none" and self._lists_all:
            group, series = self._group(""), self._group(SERIES_GROUP)
            group.keys, series.keys = self._all, self._series
            self._home = dict.fromkeys(self.runs, group)
            self._home.update((key[-1], series) for key in self._series)
        else:
            self._share_out(chain(self._all, self._series) if keys is None else keys)
        if not self._lists_all:
            listed = (self.runs[path] for path in self._home)
            self._listed_counts = Counter(run.category for run in listed if not run.is_series)
        self._keep_selection(cursor)

    def _share_out(self, keys: Iterable[Key]) -> None:
        members: dict[str, list[Key]] = {}
        for key in keys:
            run = self.runs[key[-1]]
            if self._shows(run):
                members.setdefault(self._group_of(run), []).append(key)
        for name, mine in members.items():
            group = self._group(name)
            group.keys = SortedList(mine)
            for key in mine:
                self._home[key[-1]] = group
            if group.has_header:
                group.counts.update(self.runs[key[-1]].category for key in mine)

    def _group_of(self, run: Run) -> str:
        return SERIES_GROUP if run.is_series else GROUPINGS[self.grouping].of(run)

    def _group(self, name: str) -> Group:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name, has_header=self.grouping != "none")
            group.is_folded = GROUPINGS[self.grouping].starts_folded ^ (name in self._toggled)
        return group

    # Changes.

    def apply(self, batch: Batch, now: float | None = None) -> list[Run]:
        """Take in a batch of changes, seen `now`; None if they are no news to anybody.

        Returns:
            The runs that have got a problem with it, if that is news.
        """
        cursor = self.cursor
        struck = [run for run in batch.changed if now is not None and self._is_struck(run)]
        for path in batch.removed:
            run = self.runs.pop(path, None)
            if run is not None:
                self._take_out(run)
                self.fresh.pop(path, None)
                self.marked.discard(path)
                self.unseen.discard(path)
        for run in batch.changed:
            self._put(run, now)
        self._is_laid_out = False
        self._keep_selection(cursor)
        return struck

    def _is_struck(self, run: Run) -> bool:
        before = self.runs.get(run.path)
        is_problem = run.category.is_problem and not run.is_series
        return is_problem and (before is None or not before.category.is_problem)

    def _put(self, run: Run, now: float | None) -> None:
        before = self.runs.get(run.path)
        if before is not None:
            self._take_out(before)
        self.runs[run.path] = run
        self._count(run, 1)
        if not run.category.is_problem:
            self.unseen.discard(run.path)
        key = self._keys[run.path] = self._key(run)
        everything = self._series if run.is_series else self._all
        everything.add(key)
        if self._shows(run):
            self._listed_counts[run.category] += not run.is_series
            group = self._home[run.path] = self._group(self._group_of(run))
            if group.keys is not everything:
                group.keys.add(key)
            if group.has_header:
                group.counts[run.category] += 1
        if now is not None and (before is None or before.current != run.current):
            self.fresh.pop(run.path, None)
            self.fresh[run.path] = now

    def _count(self, run: Run, by: int) -> None:
        if not run.is_series:
            self.counts[run.category] += by
            self.stalled += by * (run.stall is not None)

    def _take_out(self, run: Run) -> None:
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
            group.counts[run.category] -= 1
            if not group.keys:
                del self._groups[group.name]

    def forget_freshness(self, before: float) -> list[str]:
        """Forget which runs have changed before a time, in seconds since 1970.

        Returns:
            Their paths.
        """
        stale = []
        for path, since in self.fresh.items():
            if since >= before:
                break
            stale.append(path)
        for path in stale:
            del self.fresh[path]
        return stale
