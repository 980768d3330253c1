"""The listed runs, as they are arranged: filtered, in order and in groups."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from itertools import chain, groupby, islice
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from statustui.core.categories import Category
from statustui.core.order import GROUPINGS, SERIES_GROUP, sort_key
from statustui.core.run import Run
from statustui.tui.model.groups import Group, Groups, Members
from statustui.tui.model.run_order import (
    SLICE,
    IdOrder,
    Parts,
    RunOrder,
    cut,
    slices_of,
    sort_in_slices,
)

Row: TypeAlias = Run | Group
"""What a row shows: a run, or the header of a group."""

_kind_of = attrgetter("kind")
_FIRST_SCREEN = 200
"""Listed runs that are worth showing before all runs have been filtered."""


class Arrangement(NamedTuple):
    """How runs are listed, but for the direction."""

    sort: str
    """One of `SORT_KEYS`."""
    grouping: str
    """One of `GROUPINGS`."""
    only: frozenset[Category] | None = None
    """The categories that are listed; None for all."""
    matches: Callable[[Run], bool] | None = None
    """Whether to list a run; None to list all."""

    @property
    def lists_all(self) -> bool:
        """Whether all runs are listed."""
        return self.only is None and self.matches is None

    def lists(self, run: Run) -> bool:
        """Return whether a run is listed."""
        return (self.only is None or run.category in self.only) and (
            self.matches is None or self.matches(run)
        )

    def filter(self, runs: Iterable[Run]) -> Iterable[Run]:
        """Return those of the runs that are listed."""
        only = self.only
        if only is not None:
            runs = (run for run in runs if run.category in only)
        return runs if self.matches is None else filter(self.matches, runs)

    def group_name(self, run: Run) -> str:
        """Return the name of the group that a run is listed in."""
        return SERIES_GROUP if run.is_series else GROUPINGS[self.grouping].of(run)


class Listing:
    """The listed runs; series come last in any order.

    Args:
        arrangement: How they are arranged.
        runs: All runs in order, listed or not.
        series: All series in order, listed or not.
        toggled: Names of the groups that the user has folded or unfolded.
    """

    def __init__(
        self, arrangement: Arrangement, runs: RunOrder, series: RunOrder, toggled: set[str]
    ) -> None:
        self.arrangement = arrangement
        self.is_reversed = False
        self.counts: Counter[Category] = Counter()
        """How many of the listed runs are in each category, without series.

        Kept only if not all runs are listed."""
        self.runs = runs
        self.series = series
        self.groups = Groups(arrangement.grouping, toggled)
        self._key = sort_key(arrangement.sort)
        self.is_plain = arrangement.lists_all and arrangement.grouping == "none"
        """Whether the groups are just all runs and all series."""
        if self.is_plain:
            self.groups.add("", runs)
            self.groups.add(SERIES_GROUP, series)

    def __len__(self) -> int:
        """How many rows there are."""
        return self.groups.height

    def row(self, index: int) -> Row:
        """Return what row `index` shows."""
        (row,) = self.rows(index, index + 1)
        return row

    def rows(self, start: int, stop: int) -> list[Row]:
        """Return what the rows from `start` up to but without `stop` show."""
        start, stop = max(0, start), min(stop, len(self))
        rows: list[Row] = []
        while start < stop:
            group = self.groups.at(start)
            end = min(stop, group.start + group.height)
            if group.has_header and start == group.start:
                rows.append(group)
                start += 1
            first = group.start + group.has_header
            rows += self._slice(group.order, start - first, end - first)
            start = end
        return rows

    def _slice(self, order: RunOrder, start: int, stop: int) -> list[Run]:
        if not self.is_reversed:
            return order.slice(start, stop)
        return order.slice(len(order) - stop, len(order) - start)[::-1]

    def row_of(self, run: Run) -> int | None:
        """Return the row of a run, or of its folded group; None if it is not listed."""
        group = self.groups.get(self.arrangement.group_name(run))
        place = None if group is None else group.order.index(run)
        if group is None or place is None:
            return None
        start = self.groups.start_of(group)
        if group.is_folded:
            return start
        place = len(group.order) - 1 - place if self.is_reversed else place
        return start + group.has_header + place

    def in_order(self, runs: Iterable[Run]) -> list[Run]:
        """Return runs in the order in which they are listed."""
        return sorted(runs, key=self._key, reverse=self.is_reversed)

    def runs_of(self, group: Group) -> list[Run]:
        """Return the runs of a group in order."""
        return list(reversed(group.order) if self.is_reversed else group.order)

    # Changes.

    def add(self, run: Run) -> None:
        """Add a run that is not here yet."""
        (self.series if run.is_series else self.runs).add(run)
        self.groups.invalidate()
        if not self.arrangement.lists(run):
            return
        self.counts[run.category] += not run.is_series
        if self.is_plain:
            return
        name = self.arrangement.group_name(run)
        group = self.groups.get(name) or self.groups.add(name, RunOrder(self._key))
        group.order.add(run)
        group.count_run(run)

    def discard(self, run: Run) -> None:
        """Remove a run, as it was when it was added."""
        (self.series if run.is_series else self.runs).discard(run)
        self.groups.invalidate()
        group = self.groups.get(self.arrangement.group_name(run))
        if not self.is_plain and (group is None or not group.order.discard(run)):
            return
        self.counts[run.category] -= not run.is_series
        if group is not None and not self.is_plain:
            group.discount_run(run)
            if not group.order:
                self.groups.remove(group.name)

    def replace(self, before: Run, run: Run) -> None:
        """Put a run in the place of what it was when it was added."""
        stays = self.is_plain and before.kind == run.kind and self._key(before) == self._key(run)
        if stays and (self.series if run.is_series else self.runs).replace(run):
            self.groups.invalidate()
        else:
            self.discard(before)
            self.add(run)

    def fill(self, members: Mapping[str, Members]) -> Generator[None, None, None]:
        """Make the groups.

        Args:
            members: Name of each group -> its runs, in order. They may become more later.

        Yields:
            None, wherever the caller may pause.
        """
        for name, own in members.items():
            self.groups.add(name, RunOrder(self._key, cut(own.runs)), own.tally.copy())
            if name != SERIES_GROUP:
                self.counts += own.tally.counts
            yield
        # The user may have folded or unfolded a group meanwhile.
        self.groups.fold_all()


def sort_all(ids: IdOrder, sort: str) -> Generator[Listing | None, None, tuple[RunOrder, RunOrder]]:
    """Sort all runs, and all series.

    Args:
        ids: The order of their ids.
        sort: The name of the sort key.

    Yields:
        None, wherever the caller may pause.
    """
    by_id = yield from ids.sort()
    runs: Parts = []
    series: list[Run] = []
    for some in slices_of(by_id):
        for part in some:
            if "series" in map(_kind_of, part):
                series += [run for run in part if run.kind == "series"]
                part = [run for run in part if run.kind != "series"]  # noqa: PLW2901 - the rest
            if part:
                runs.append(part)
        yield None
    key = sort_key(sort)
    ordered_runs = yield from sort_in_slices(runs, sort)
    ordered_series = yield from sort_in_slices(cut(series), sort)
    return RunOrder(key, ordered_runs), RunOrder(key, ordered_series)


def arrange(
    before: Listing,
    arrangement: Arrangement,
    *,
    ids: IdOrder | None,
    narrows: bool,
    toggled: set[str],
) -> Generator[Listing | None, None, Listing]:
    """Arrange all runs in another way.

    Args:
        before: How they are listed now, which is not changed.
        arrangement: How to list them.
        ids: The order of the ids of all runs, to sort them again; None if they are in order.
        narrows: Whether only runs that are listed now can be listed.
        toggled: Names of the groups that the user has folded or unfolded.

    Yields:
        None wherever the caller may pause, or what can be listed so far, in full order.
    """
    runs, series = before.runs, before.series
    if ids is not None:
        runs, series = yield from sort_all(ids, arrangement.sort)
    listing = Listing(arrangement, runs, series, toggled)
    members: dict[str, Members] = {}
    if not listing.is_plain:
        among = before.groups.all() if narrows and ids is None else None
        candidates = iter(runs if among is None else _in_groups(among, are_series=False))
        found, is_shown = 0, arrangement.lists_all
        while part := list(islice(candidates, SLICE)):
            found += _add_members(members, arrangement, part)
            if is_shown or found < _FIRST_SCREEN:
                yield None
            else:
                is_shown = True
                partial = Listing(arrangement, runs, series, toggled)
                for _ in partial.fill(members):
                    pass
                yield partial
        all_series = iter(series if among is None else _in_groups(among, are_series=True))
        while part := list(islice(all_series, SLICE)):
            if listed := list(arrangement.filter(part)):
                _extend(members, arrangement, SERIES_GROUP, listed)
            yield None
    yield from listing.fill(members)
    return listing


def _in_groups(groups: Iterable[Group], *, are_series: bool) -> Iterable[Run]:
    """Return the runs of some groups: all series, or all others."""
    wanted = (group for group in groups if (group.name == SERIES_GROUP) == are_series)
    return chain.from_iterable(group.order for group in wanted)


def _add_members(members: dict[str, Members], arrangement: Arrangement, runs: Iterable[Run]) -> int:
    """Add those runs that are listed to the members of their groups; return how many they are."""
    listed = arrangement.filter(runs)
    found: defaultdict[str, list[Run]] = defaultdict(list)
    if arrangement.grouping == "none":
        found[""] += listed
    else:
        # Neighbours are often in the same group.
        for name, same in groupby(listed, GROUPINGS[arrangement.grouping].of):
            found[name] += same
    for name, own in found.items():
        _extend(members, arrangement, name, own)
    return sum(map(len, found.values()))


def _extend(
    members: dict[str, Members], arrangement: Arrangement, name: str, runs: Collection[Run]
) -> None:
    if name not in members:
        members[name] = Members(name, arrangement.grouping)
    members[name].extend(runs)
