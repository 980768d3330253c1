"""The groups of a list of runs, and which row of the list is in which group."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import accumulate
from operator import attrgetter

from statustui.core.categories import Category
from statustui.core.order import GROUPINGS, SERIES_GROUP, natural
from statustui.core.run import Run
from statustui.tui.model.run_order import RunOrder

_category_of = attrgetter("category")
_name_of = attrgetter("metadata.name")
_is_muted = attrgetter("is_muted")
FAILURE = "failure"
"""The grouping whose groups also count names, and know since when there are any runs."""


class Tally:
    """What is counted of the runs of a group.

    Args:
        is_failure: Whether they have failed alike, so that names and muted runs are counted too.
    """

    __slots__ = ("counts", "is_failure", "muted", "names")

    def __init__(self, *, is_failure: bool) -> None:
        self.is_failure = is_failure
        self.counts: Counter[Category] = Counter()
        """How many of them are in each category."""
        self.names: Counter[str] = Counter()
        """How many of them have each name; kept only for a failure."""
        self.muted = 0
        """How many of them are muted; kept only for a failure."""

    def copy(self) -> Tally:
        """Return a copy that counts by itself."""
        copied = Tally(is_failure=self.is_failure)
        copied.counts, copied.names = self.counts.copy(), self.names.copy()
        copied.muted = self.muted
        return copied

    def add(self, run: Run) -> None:
        """Count a run."""
        self.counts[run.category] += 1
        if self.is_failure:
            self.names[run.name] += 1
            self.muted += run.is_muted

    def discard(self, run: Run) -> None:
        """Undo `add`."""
        self.counts[run.category] -= 1
        if self.is_failure:
            self.names[run.name] -= 1
            self.muted -= run.is_muted
            if not self.names[run.name]:
                del self.names[run.name]

    def add_all(self, runs: Collection[Run]) -> None:
        """Count many runs, as `add` does one by one."""
        categories = list(map(_category_of, runs))
        for category in set(categories):
            self.counts[category] += categories.count(category)
        if self.is_failure:
            self.names.update(map(_name_of, runs))
            self.muted += sum(map(_is_muted, runs))


class Members:
    """The runs of a group in the making, and what is counted of them.

    Args:
        name: The name of the group.
        grouping: One of `GROUPINGS`.
    """

    def __init__(self, name: str, grouping: str) -> None:
        self.runs: list[Run] = []
        self.tally = Tally(is_failure=_is_failure(name, grouping))

    def extend(self, runs: Collection[Run]) -> None:
        """Add runs, in order."""
        self.runs += runs
        self.tally.add_all(runs)


class Group:
    """Listed runs that are shown together.

    Args:
        name: Its name.
        order: Its runs.
        grouping: One of `GROUPINGS`.
        tally: What is counted of the runs; None for an empty group.
    """

    __slots__ = (
        "_is_since_known",
        "_since",
        "grouping",
        "has_header",
        "is_folded",
        "name",
        "natural_name",
        "order",
        "start",
        "tally",
    )

    def __init__(
        self, name: str, order: RunOrder, grouping: str, tally: Tally | None = None
    ) -> None:
        self.order = order
        """Its runs."""
        self.name = name
        self.natural_name = natural(name)
        self.grouping = grouping
        self.has_header = grouping != "none"
        self.is_folded = False
        self.tally = tally or Tally(is_failure=_is_failure(name, grouping))
        """What is counted of its runs."""
        self._since: float | None = None
        self._is_since_known = not order
        self.start = 0
        """The row in which it begins."""

    @property
    def height(self) -> int:
        """How many rows it takes."""
        return self.has_header + (0 if self.is_folded else len(self.order))

    @property
    def is_failure(self) -> bool:
        """Whether its runs have failed alike."""
        return self.tally.is_failure

    @property
    def is_muted(self) -> bool:
        """Whether its runs have failed alike, and all of them are muted."""
        return self.is_failure and self.tally.muted == len(self.order)

    def count_run(self, run: Run) -> None:
        """Count a run that has been added."""
        self.tally.add(run)
        if self.is_failure:
            self._since = _earliest(self._since, _failed_at(run))

    def discount_run(self, run: Run) -> None:
        """Undo `count_run` for a run that has been removed."""
        self.tally.discard(run)
        if self.is_failure:
            self._is_since_known &= self._since != _failed_at(run)

    @property
    def since(self) -> float | None:
        """When the first of its runs, or of their tests, failed like this; None if unknown."""
        # All runs are compared only if many have come, or the first of them has left.
        if not self._is_since_known:
            self._is_since_known = True
            self._since = _earliest(*map(_failed_at, self.order))
        return self._since


def _is_failure(name: str, grouping: str) -> bool:
    """Return whether the runs of a group have failed alike."""
    return grouping == FAILURE and name not in {"", SERIES_GROUP}


def _failed_at(run: Run) -> float | None:
    """Return since when a run has failed; the last result of a test, since its test has."""
    since = None if run.past is None else run.past.since
    if since is not None:
        return since.time
    return None if run.problem is None else run.problem.timestamp


def _earliest(*times: float | None) -> float | None:
    return min((time for time in times if time is not None), default=None)


class Groups:
    """All groups of a list, in the order in which they are shown.

    The order is computed when it is asked for, and kept until `invalidate` is called.

    Args:
        grouping: One of `GROUPINGS`.
        toggled: Names of the groups that are not folded as the grouping has it; this changes it.
    """

    def __init__(self, grouping: str, toggled: set[str]) -> None:
        self.grouping = grouping
        self.toggled = toggled
        self._by_name: dict[str, Group] = {}
        self._order: list[Group] = []
        self._starts: list[int] = []
        self._height = 0
        self._is_laid_out = False

    def invalidate(self) -> None:
        """Recompute the order and the rows before they are next used."""
        self._is_laid_out = False

    def __contains__(self, name: str | None) -> bool:
        return name in self._by_name

    def get(self, name: str) -> Group | None:
        """Return the group called `name`, if there is one."""
        return self._by_name.get(name)

    def all(self) -> Iterable[Group]:
        """Return the groups, in no order."""
        return self._by_name.values()

    def add(self, name: str, order: RunOrder, tally: Tally | None = None) -> Group:
        """Add a group, with what is counted of its runs."""
        group = self._by_name[name] = Group(name, order, self.grouping, tally)
        self._fold(group)
        self.invalidate()
        return group

    def _fold(self, group: Group) -> None:
        group.is_folded = GROUPINGS[self.grouping].starts_folded ^ (group.name in self.toggled)

    def fold_all(self) -> None:
        """Fold and unfold all groups as `toggled` has it, which others may have changed."""
        for group in self._by_name.values():
            self._fold(group)
        self.invalidate()

    def remove(self, name: str) -> None:
        """Remove a group that has no runs any more."""
        del self._by_name[name]
        self.invalidate()

    def toggle_fold(self, group: Group) -> None:
        """Fold a group, or unfold it."""
        group.is_folded = not group.is_folded
        self.toggled ^= {group.name}
        self.invalidate()

    @property
    def height(self) -> int:
        """How many rows all groups take."""
        self._lay_out()
        return self._height

    def start_of(self, group: Group) -> int:
        """Return the row in which a group begins."""
        self._lay_out()
        return group.start

    def at(self, row: int) -> Group:
        """Return the group that a row is in."""
        self._lay_out()
        return self._order[bisect_right(self._starts, row) - 1]

    def _lay_out(self) -> None:
        """Compute in which row each group begins."""
        if self._is_laid_out:
            return
        by_size = GROUPINGS[self.grouping].has_biggest_first
        # Muted failures come after the others, then runs that belong to no group, then series.
        self._order = sorted(
            self._by_name.values(),
            key=lambda one: (
                one.name == SERIES_GROUP,
                not one.name,
                one.is_muted,
                -len(one.order) if by_size else 0,
                one.natural_name,
            ),
        )
        *starts, self._height = accumulate((one.height for one in self._order), initial=0)
        self._starts = starts
        for group, start in zip(self._order, starts, strict=True):
            group.start = start
        self._is_laid_out = True
