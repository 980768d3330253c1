"""The runs on screen: order, filter, groups, counts, selection and marks. No widgets here.

A few changes are sorted in one by one. What takes long with many runs is done in slices, and the
list stays as it was meanwhile.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from operator import attrgetter

from statustui.core.campaign import Campaign
from statustui.core.categories import Category
from statustui.core.order import SERIES_GROUP, sort_key, split_sort
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.tui.model.groups import Group
from statustui.tui.model.listing import Arrangement, Listing, Row, arrange
from statustui.tui.model.run_order import MAX_AT_ONCE, IdOrder, RunOrder
from statustui.tui.model.unread_problems import UnreadProblems

PROBLEMS = frozenset(category for category in Category if category.is_problem)
_MAX_SINGLE = 100
"""New runs of one batch that are sorted in one by one."""
_SEARCH_ROWS = 1000
"""Rows that a search looks at in one step."""
_MAX_SECONDS = 0.05
"""Seconds for arranging the list at once; what takes longer is left to `continue_arranging`."""
_MAX_SECONDS_SHOWN = 0.02
"""The same once the first rows can be drawn."""

_root_of: Callable[[Run], str] = attrgetter("root")
_category_of: Callable[[Run], Category] = attrgetter("category")


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
        self.root_counts: Counter[str] = Counter()
        """How many runs and series each root has."""
        self._problems: dict[str, Run] = {}
        """Path -> run with a problem, listed or not, without series."""
        self.marked: set[str] = set()
        """Paths of the runs that the user has marked."""
        self.recently_changed: dict[str, float] = {}
        """Path of a run that has just changed -> when, in seconds since 1970."""
        self.unread_problems = UnreadProblems()
        """The runs with a new problem that the user has not seen."""
        self.campaign = Campaign()
        """What is under way, of all runs."""
        self.stalled = 0
        """How many of all runs have stalled."""
        self.muted = 0
        """How many of all runs have a problem that is muted."""
        self.selected: str | None = None
        """Path of the selected run."""
        self.selected_group: str | None = None
        """Name of the selected group, if its header is selected."""
        self._cursor_shift = 0
        name, self._is_reversed = split_sort(sort)
        self._wanted = Arrangement(name, grouping)
        self._ids = IdOrder(self.runs)
        self._unsorted: set[str] = set()
        """Paths of new runs that are not in the list yet."""
        order = RunOrder(sort_key(name))
        self._toggled: set[str] = set()
        """Names of the groups that the user has folded or unfolded."""
        self._listing = Listing(self._wanted, order, RunOrder(sort_key(name)), self._toggled)
        self._listing.is_reversed = self._is_reversed
        self._work: Generator[Listing | None, None, Listing] | None = None
        """The arranging that is under way."""
        self.has_first_rows = False
        """Whether what is being arranged is listed in part."""
        self._is_asked = False
        """Whether the user has asked for the arranging that is under way."""

    # How runs are listed.

    @property
    def sort(self) -> str:
        """The sort key that the user wants."""
        return self._wanted.sort

    @property
    def reverse(self) -> bool:
        """Whether the user wants the reverse order."""
        return self._is_reversed

    @property
    def grouping(self) -> str:
        """The grouping that the user wants, one of `GROUPINGS`."""
        return self._wanted.grouping

    @property
    def only(self) -> frozenset[Category] | None:
        """The categories that are listed; None for all."""
        return self._wanted.only

    # Rows.

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._listing)

    @property
    def listed(self) -> int:
        """How many runs are listed, those in folded groups included, without series."""
        return self._listed_counts.total()

    @property
    def listed_series(self) -> int:
        """How many series are listed, those in a folded group included."""
        group = self._listing.groups.get(SERIES_GROUP)
        return 0 if group is None else len(group.order)

    @property
    def total(self) -> int:
        """How many runs there are, listed or not, without series."""
        return self.counts.total()

    @property
    def total_series(self) -> int:
        """How many series there are, listed or not."""
        return len(self.runs) - self.total

    @property
    def problems(self) -> Collection[Run]:
        """All runs with a problem, listed or not, without series."""
        return self._problems.values()

    @property
    def under_way(self) -> int:
        """How many of the listed runs wait, build or run."""
        counts = self._listed_counts
        return sum(counts[category] for category in Category if category.is_under_way)

    @property
    def _listed_counts(self) -> Counter[Category]:
        return self.counts if self._listing.arrangement.lists_all else self._listing.counts

    @property
    def arranged(self) -> object:
        """An object that is replaced by another one when the list is arranged in another way."""
        return self._listing

    def listed_runs(self) -> Iterator[Run]:
        """Yield the listed runs, those in folded groups included, without series; in no order."""
        for group in self._listing.groups.all():
            if group.name != SERIES_GROUP:
                yield from group.order

    def row(self, index: int) -> Row:
        """Return what row `index` shows."""
        return self._listing.row(index)

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return what the rows from `start` up to but without `stop` show."""
        return self._listing.rows(start, stop)

    # Selection.

    @property
    def cursor(self) -> int:
        """The row of the selection; 0 if there is none."""
        groups = self._listing.groups
        group = None if self.selected_group is None else groups.get(self.selected_group)
        if group is not None:
            return groups.start_of(group)
        return 0 if self.selected is None else self.row_of(self.selected) or 0

    def row_of(self, path: str) -> int | None:
        """Return the row of the run at `path`, or of its folded group; None if it is not listed."""
        run = self.runs.get(path)
        return None if run is None else self._listing.row_of(run)

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
        for index, row in self._rows_from(start, step):
            if isinstance(row, Run):
                is_found = wanted(row)
            else:
                is_found = row.is_folded and any(map(wanted, row.order))
            if is_found:
                return index
        return None

    def _rows_from(self, start: int, step: int) -> Iterator[tuple[int, Row]]:
        """Yield all rows with their indexes, from the one next to `start` around to `start`."""
        count = len(self)
        parts = [(start + 1, count), (0, start + 1)] if step > 0 else [(0, start), (start, count)]
        for first, end in parts:
            blocks = range(first, end, _SEARCH_ROWS)
            for begin in blocks[::step]:
                rows = list(enumerate(self.rows(begin, min(begin + _SEARCH_ROWS, end)), begin))
                yield from rows[::step]

    def _keep_selection(self, cursor: int) -> None:
        """If the selected row is no longer listed, select what is now where the cursor was."""
        if self.selected is not None:
            is_listed = self.row_of(self.selected) is not None
        else:
            is_listed = self.selected_group is None or self.selected_group in self._listing.groups
        if not is_listed:
            self.selected = self.selected_group = None
            self.select(cursor)

    def targets(self) -> list[Run]:
        """Return the runs that an action applies to, in order.

        They are the marked runs; without any, the run or the group under the cursor.
        """
        if self.marked:
            return self._listing.in_order(self.runs[path] for path in self.marked)
        row = self.row(self.cursor) if len(self) else None
        if isinstance(row, Group):
            return self._listing.runs_of(row)
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

    # Arranging the list.

    def list_subset(
        self,
        categories: frozenset[Category] | None,
        matches: Callable[[Run], bool] | None,
        *,
        narrows: bool = False,
        is_slow: bool = False,
        is_asked: bool = True,
    ) -> None:
        """List some of the runs only.

        Args:
            categories: Their categories; None for all.
            matches: Whether to list a run; None to list all.
            narrows: Whether no run matches that is not listed now, so that these are skipped.
            is_slow: Whether `matches` takes long with very many runs, so that the first rows are
                to be drawn before the rest.
            is_asked: Whether the user asks for this, and not just the time that has passed.
        """
        wanted = self._wanted._replace(only=categories, matches=matches)
        self._arrange(wanted, narrows=narrows, is_slow=is_slow, is_asked=is_asked)

    def group_by(self, grouping: str) -> None:
        """List the runs in groups, by one of `GROUPINGS`."""
        self._toggled = set()
        self._arrange(self._wanted._replace(grouping=grouping))

    def toggle_fold(self, group: Group) -> None:
        """Hide the runs of a group, or show them again."""
        self._listing.groups.toggle_fold(group)

    def fold_current(self) -> bool:
        """Fold the group that the cursor is in, and select its header.

        Returns:
            Whether there was a group to fold.
        """
        group = self._listing.groups.at(self.cursor) if len(self) else None
        if group is None or not group.has_header or group.is_folded:
            return False
        self.toggle_fold(group)
        self.selected, self.selected_group = None, group.name
        return True

    def sort_by(self, sort: str, *, reverse: bool = False) -> None:
        """Sort the runs by one of `SORT_KEYS`."""
        self._is_reversed = reverse
        if sort != self._wanted.sort:
            self._arrange(self._wanted._replace(sort=sort))
        elif sort == self._listing.arrangement.sort:
            self._listing.is_reversed = reverse

    @property
    def is_arranging(self) -> bool:
        """Whether the list is being arranged; it stays as it was, or shows its first rows."""
        return self._work is not None

    @property
    def is_behind(self) -> bool:
        """Whether the list is not as the user has asked for yet, or shows first rows only."""
        return self.is_arranging and self._is_asked

    @property
    def has_unsorted(self) -> bool:
        """Whether there are new runs that are not in the list yet."""
        return bool(self._unsorted)

    def sort_new(self) -> None:
        """Start to list the new runs too."""
        self._arrange(self._wanted, is_asked=False)

    def continue_arranging(
        self, seconds: float | None = None, seconds_shown: float | None = None
    ) -> None:
        """Go on with arranging the list, by at least one step.

        Args:
            seconds: When to pause; None for the time that a key may take.
            seconds_shown: When to pause if the first rows can be drawn; None for the same time.
        """
        start = time.perf_counter()
        end = start + (_MAX_SECONDS if seconds is None else seconds)
        while self._work is not None:
            try:
                listing = next(self._work)
            except StopIteration as done:
                self._work, self.has_first_rows = None, False
                self._unsorted.clear()
                cursor = self.cursor
                self._replace_listing(done.value)
                self._keep_selection(cursor)
            else:
                if listing is not None:
                    self._replace_listing(listing)
                    self.has_first_rows = True
                    if seconds_shown is not None:
                        end = min(end, start + seconds_shown)
            if time.perf_counter() >= end:
                break

    def _arrange(
        self,
        wanted: Arrangement,
        *,
        narrows: bool = False,
        is_slow: bool = False,
        is_asked: bool = True,
    ) -> None:
        """Start to arrange the list, instead of the arranging that is under way.

        With very many runs, all of it is left to `continue_arranging`, so that the key that asks
        for it is answered first.
        """
        narrows = narrows and not self.is_arranging
        self._wanted = wanted
        is_sorted = wanted.sort == self._listing.arrangement.sort and not self._unsorted
        ids = None if is_sorted else self._ids
        self._work = arrange(self._listing, wanted, ids=ids, narrows=narrows, toggled=self._toggled)
        self.has_first_rows = False
        self._is_asked = is_asked
        if len(self.runs) <= MAX_AT_ONCE:
            self.continue_arranging(seconds_shown=_MAX_SECONDS_SHOWN if is_slow else None)

    def _replace_listing(self, listing: Listing) -> None:
        listing.is_reversed = self._is_reversed
        self._listing = listing

    def _finish_arranging(self) -> None:
        while self.is_arranging:
            self.continue_arranging()

    # Changes.

    def apply(
        self,
        batch: Batch,
        now: float = 0.0,
        scanned: Collection[str] = (),
        *,
        may_defer: bool = False,
    ) -> None:
        """Apply a batch of changes, after any arranging that is under way.

        Args:
            batch: The changes.
            now: When they were seen, in seconds since 1970.
            scanned: The roots whose first scan is done: changes of their runs count as recent.
            may_defer: Whether to leave it to `sort_new` to list many new runs.
        """
        self._finish_arranging()
        cursor = self.cursor
        for path in batch.removed:
            run = self.runs.get(path)
            if run is not None:
                self._unlist(run)
                del self.runs[path]
                self._ids.discard(run)
                self._unsorted.discard(path)
                self.recently_changed.pop(path, None)
                self.marked.discard(path)
                self.unread_problems.discard(path)
        most = _MAX_SINGLE if may_defer else max(_MAX_SINGLE, len(self.runs) // 8)
        defers = self.has_unsorted or len(batch.changed) > most
        first: dict[str, Run] = {}
        if defers:
            changed = (run for run in batch.changed if run.root not in scanned)
            first = {run.path: run for run in changed if run.path not in self.runs}
            self._add_first(first)
        for run in batch.changed:
            if run.path not in first:
                self._add_run(run, now if run.root in scanned else None, defers=defers)
        if self._unsorted and not may_defer:
            self.sort_new()
            self._finish_arranging()
        self._keep_selection(cursor)
        self._cursor_shift += self.cursor - cursor

    def pop_cursor_shift(self) -> int:
        """Return by how many rows batches have moved the cursor since the last call."""
        shift, self._cursor_shift = self._cursor_shift, 0
        return shift

    def _add_run(self, run: Run, changed_at: float | None, *, defers: bool) -> None:
        path = run.path
        before = self.runs.get(path)
        if before is not None:
            self._count(before, -1)
        self.runs[path] = run
        self._count(run, 1)
        if not run.category.is_problem or run.is_muted:
            self.unread_problems.discard(path)
        if before is None:
            self._ids.add(path)
        else:
            self._ids.replace(run)
        if path in self._unsorted or (before is None and defers):
            self._unsorted.add(path)
        elif before is None:
            self._listing.add(run)
        else:
            self._listing.replace(before, run)
        if changed_at is not None and (before is None or before.current != run.current):
            self.recently_changed.pop(path, None)
            self.recently_changed[path] = changed_at

    def _add_first(self, first: Mapping[str, Run]) -> None:
        """Add new runs of a first scan, by their paths, as `_add_run` does one by one."""
        for path in [path for path in self.unread_problems if path in first]:
            if not first[path].category.is_problem or first[path].is_muted:
                self.unread_problems.discard(path)
        self.runs.update(first)
        self._ids.add_all(first)
        self._unsorted.update(first)
        self.root_counts.update(map(_root_of, first.values()))
        runs = [run for run in first.values() if run.kind != "series"]
        self.campaign.add_all(runs)
        self.counts.update(map(_category_of, runs))
        self.stalled += sum(run.stall is not None for run in runs)
        problems = {run.path: run for run in runs if run.category.is_problem}
        self.muted += sum(run.is_muted for run in problems.values())
        self._problems.update(problems)

    def _unlist(self, run: Run) -> None:
        self._count(run, -1)
        if run.path not in self._unsorted:
            self._listing.discard(run)

    def _count(self, run: Run, by: int) -> None:
        self.root_counts[run.root] += by
        if run.is_series:
            return
        (self.campaign.add if by > 0 else self.campaign.discard)(run)
        self.counts[run.category] += by
        self.stalled += by * (run.stall is not None)
        if not run.category.is_problem:
            return
        self.muted += by * run.is_muted
        if by > 0:
            self._problems[run.path] = run
        else:
            del self._problems[run.path]

    def drop_recent_changes(self, before: float) -> None:
        """Drop the runs that changed before a time, in seconds since 1970, from the recent ones."""
        old = []
        for path, changed_at in self.recently_changed.items():
            if changed_at >= before:
                break
            old.append(path)
        for path in old:
            del self.recently_changed[path]
