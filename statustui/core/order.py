"""Sort keys and groupings of runs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from statustui.core.categories import Category
from statustui.core.failure_signature import failure_signature
from statustui.core.recent_results import Change
from statustui.core.run import Run

Key: TypeAlias = tuple[Any, ...]
"""A sort key; each ends in the path, so that no two are equal."""

_ENDED = 1e12
"""Larger than any time in seconds since 1970."""
_LAST = "\U0010ffff"
"""Sorts behind any name."""
_id_of: Callable[[Run], str] = attrgetter("id")
_path_of: Callable[[Run], str] = attrgetter("path")
_DIGITS = re.compile("[0-9]+")
_MAX_DIGITS = 18
"""Digits of a number that is compared as such."""
_BLOCK = 4000
"""Runs whose ids are looked at together."""
_SIZES = [f"{size:02}" for size in range(100)]


def natural(text: str) -> str:
    """Return a key that sorts numbers in a text by value (2 before 10) and ignores case."""
    if text.isdecimal() and text.isascii():
        return _sized(text)
    return _DIGITS.sub(lambda digits: _sized(digits[0]), text.casefold())


def _sized(digits: str) -> str:
    """Return a number with its length in front, so that it sorts by value as text."""
    digits = digits.lstrip("0")
    return _SIZES[min(len(digits), 99)] + digits


def _urgency(run: Run) -> float:
    """Return the rank of the category; after the problems come stalled runs and muted ones."""
    if run.is_muted:
        return Category.RUNNING.rank - 0.25
    return run.category.rank if run.stall is None else Category.RUNNING.rank - 0.5


def _newest_first(run: Run) -> float:
    return float("inf") if run.updated_at is None else -run.updated_at


def _longest_first(run: Run) -> float:
    """Return the start of a run that is under way, or a larger number that is less for more time.

    One number is compared several times as fast as a tuple.
    """
    if run.started is None:
        return float("inf")
    if run.category.is_under_way:
        return run.started
    return _ENDED - ((run.updated_at or run.started) - run.started)


def _job_start(run: Run) -> float:
    """Return when the job of a run is expected to start, or has started."""
    status = None if run.job is None else run.job.status
    start = None if status is None else status.start_estimate
    return float("inf") if start is None else start


def _job_nodes(run: Run) -> str:
    return "" if run.job is None or run.job.status is None else run.job.status.nodes


_CHANGE_RANKS = {Change.BROKE: 0, Change.STILL: 1, Change.FIXED: 3}
_NO_PAST = 6


def _past_rank(run: Run) -> int:
    """Return the rank of what the past of a run says: failures first, the last result of each."""
    past = run.past
    if past is None or not past.is_last:
        return _NO_PAST - (past is not None)
    if past.change is not None:
        return _CHANGE_RANKS[past.change]
    # The first result of a test has failed, or it has passed as the one before.
    return 1 if past.since is not None else 4 - 2 * past.is_flaky


def _last_broken_first(run: Run) -> float:
    since = None if run.past is None else run.past.since
    return _newest_first(run) if since is None or since.time is None else -since.time


class _Shared:
    """Something that many runs have in common, such as their user.

    Args:
        of: Returns it, of one run.
        key: Returns what to compare of it.
    """

    def __init__(
        self, of: Callable[[Run], Any], key: Callable[[Any], Any] = lambda own: own
    ) -> None:
        self.of = of
        self.key = lru_cache(4096)(key)

    def __call__(self, run: Run) -> Any:  # noqa: ANN401 - whatever can be compared
        """Return what to compare of a run."""
        return self.key(self.of(run))


def _natural_or_last(text: str) -> str:
    return natural(text or _LAST)


SORT_KEYS: dict[str, tuple[Callable[[Run], Any], ...]] = {
    "category": (_Shared(_urgency), _newest_first),
    "time": (_newest_first,),
    "id": (),
    "name": (_Shared(attrgetter("metadata.name"), natural),),
    "state": (_Shared(attrgetter("current.state")), _newest_first),
    "result": (_Shared(attrgetter("result"), lambda result: result or "~"), _newest_first),
    "started": (lambda run: float("inf") if run.started is None else -run.started,),
    "took": (_longest_first,),
    "user": (_Shared(attrgetter("metadata.user"), _natural_or_last), _newest_first),
    "series": (_Shared(attrgetter("metadata.series"), _natural_or_last), _newest_first),
    "root": (_Shared(attrgetter("root"), natural), _newest_first),
    "past": (_Shared(_past_rank), _last_broken_first),
    "job": (
        _Shared(lambda run: run.job is None),
        _job_start,
        _Shared(attrgetter("job_id"), natural),
    ),
}
"""Name of a sort key -> what to compare, the most important first; then ids are compared.

``category`` sorts the most urgent first, ``time`` the most recently changed, ``started`` the
newest, and ``took`` the longest, those that go on before the others, ``past`` what broke, what
still fails, the last that broke first, what is flaky, and what was fixed,
``job`` that whose job is expected to start, or has started, first."""


def sort_key(name: str) -> Callable[[Run], Key]:
    """Return the key function for the sort key `name`.

    Raises:
        KeyError: There is no such sort key.
    """
    parts = SORT_KEYS[name]
    if not parts:
        return lambda run: (natural(run.id), run.path)
    return lambda run: (*[part(run) for part in parts], natural(run.id), run.path)


def sort_by_id(runs: Sequence[Run]) -> list[Run]:
    """Return runs sorted by their ids, and those with the same id by their paths."""
    # Comparing numbers is several times as fast as making and comparing texts that sort alike.
    numbers = _numbers_of(runs)
    if numbers is None:
        return sorted(runs, key=sort_key("id"))
    if len(set(numbers)) < len(numbers):
        runs = sorted(runs, key=_path_of)
        numbers = list(map(int, map(_id_of, runs)))
    take = iter(numbers).__next__
    # The key of each is asked for once, in their order.
    return sorted(runs, key=lambda _run: take())


def _numbers_of(runs: Sequence[Run]) -> list[int] | None:
    """Return the ids of runs as numbers; None if any is no number, or a very long one."""
    numbers: list[int] = []
    # Of very many, the texts are not in memory all at once.
    for start in range(0, len(runs), _BLOCK):
        ids = list(map(_id_of, runs[start : start + _BLOCK]))
        digits = "".join(ids)
        are_numbers = digits.isascii() and digits.isdecimal() and all(ids)
        if not are_numbers or max(map(len, ids)) > _MAX_DIGITS:
            return None
        numbers += map(int, ids)
    return numbers


def sort_by_id_and(name: str, runs: Sequence[Run]) -> list[Run]:
    """Return runs that are in the order of their ids sorted by the sort key `name`.

    Raises:
        KeyError: There is no such sort key.
    """
    return _sort(runs, SORT_KEYS[name])


def _sort(runs: Sequence[Run], parts: Sequence[Callable[[Run], Any]]) -> list[Run]:
    """Return runs sorted by the parts of a sort key; those that are equal stay as they are."""
    if not parts:
        return list(runs)
    first, *others = parts
    # Comparing one number or text at a time is several times as fast as comparing tuples, and
    # dealing out runs by what they share several times as fast as comparing it.
    if not isinstance(first, _Shared):
        return sorted(_sort(runs, others), key=first)
    of = first.of
    alike = defaultdict(list)
    for run in runs:
        alike[of(run)].append(run)
    ordered: list[Run] = []
    for _key, group in groupby(sorted(alike, key=first.key), first.key):
        some, *more = (alike[one] for one in group)
        if more:
            some = sort_by_id(list(chain(some, *more)))
        ordered += _sort(some, others)
    return ordered


def in_order(runs: Iterable[Run], sort: str) -> list[Run]:
    """Return the runs sorted by `sort`, as `split_sort` reads it; series come last in any order.

    Raises:
        KeyError: There is no such sort key.
    """
    name, is_reverse = split_sort(sort)
    ordered = sorted(runs, key=sort_key(name), reverse=is_reverse)
    return sorted(ordered, key=lambda run: run.is_series)


def split_sort(sort: str) -> tuple[str, bool]:
    """Return the name of the sort key, and whether to reverse: `sort` then begins with ``-``."""
    return sort.removeprefix("-"), sort.startswith("-")


def suite(run: Run) -> str:
    """Return the part of a run's name before the first dot: Pavilion names runs ``suite.test``."""
    return _suite_in(run.metadata.name)


@lru_cache(4096)
def _suite_in(name: str) -> str:
    return name.partition(".")[0]


class Grouping(NamedTuple):
    """A way to group runs."""

    of: Callable[[Run], str]
    """Returns the name of the group of a run; empty if it belongs to none."""
    has_biggest_first: bool = False
    """Whether groups are sorted by size instead of name."""
    starts_folded: bool = False
    """Whether the runs of a group are hidden until the user unfolds it."""


SERIES_GROUP = "(series)"
"""The group of all series in every grouping; it comes last."""

GROUPINGS = {
    "none": Grouping(lambda _run: ""),
    "failure": Grouping(failure_signature, has_biggest_first=True, starts_folded=True),
    "state": Grouping(attrgetter("current.state")),
    "suite": Grouping(suite),
    "series": Grouping(attrgetter("metadata.series")),
    "user": Grouping(attrgetter("metadata.user")),
    "root": Grouping(attrgetter("root")),
    "job": Grouping(attrgetter("job_id")),
    "node": Grouping(_job_nodes),
}
"""Name -> grouping. ``failure`` groups runs with the same `failure_signature`."""
