"""In which order runs are listed, and how they are grouped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from statustui.core.categories import Category
from statustui.core.failure_signature import failure_signature
from statustui.core.run import Run

Key: TypeAlias = tuple[Any, ...]
"""What runs are compared by; every key ends in the path, so that no two are the same."""

_DIGITS = re.compile("[0-9]+")


def natural(text: str) -> str:
    """A key that sorts numbers in a text by value, and without regard to case: 2 before 10."""
    if text.isdecimal() and text.isascii():
        return _sized(text)
    return _DIGITS.sub(lambda digits: _sized(digits[0]), text.casefold())


def _sized(digits: str) -> str:
    """A number with its length in front: as text it sorts by value."""
    digits = digits.lstrip("0")
    return f"{min(len(digits), 99):02}{digits}"


def _urgency(run: Run) -> float:
    """The rank of its category; what has stalled comes right behind the problems."""
    return run.category.rank if run.stall is None else Category.RUNNING.rank - 0.5


def _newest_first(run: Run) -> float:
    return float("inf") if run.updated_at is None else -run.updated_at


SORT_KEYS: dict[str, Callable[[Run], Key]] = {
    "category": lambda run: (_urgency(run), _newest_first(run)),
    "time": lambda run: (_newest_first(run),),
    "id": lambda run: (natural(run.id),),
    "name": lambda run: (natural(run.name),),
    "state": lambda run: (run.current.state, _newest_first(run)),
    "result": lambda run: (run.result or "~", _newest_first(run)),
}
"""Name of a sort key -> key function. ``category`` puts first what needs attention most, and
``time`` what changed last."""


def sort_key(name: str) -> Callable[[Run], Key]:
    """The key function for the sort key `name`.

    Raises:
        KeyError: There is no such sort key.
    """
    key = SORT_KEYS[name]
    return lambda run: (*key(run), natural(run.id), run.path)


def in_order(runs: Iterable[Run], sort: str) -> list[Run]:
    """The runs in the order that `sort` asks for; series come last, also in reverse.

    Raises:
        KeyError: There is no such sort key.
    """
    name, is_reverse = split_sort(sort)
    ordered = sorted(runs, key=sort_key(name), reverse=is_reverse)
    return sorted(ordered, key=lambda run: run.is_series)


def split_sort(sort: str) -> tuple[str, bool]:
    """The name of the sort key that `sort` asks for, and whether in reverse: ``-`` in front."""
    return sort.removeprefix("-"), sort.startswith("-")


def suite(run: Run) -> str:
    """What stands before the first dot of a run's name: Pavilion names runs ``suite.test``."""
    return run.name.partition(".")[0]


@dataclass(frozen=True)
class Grouping:
    """A way to gather runs."""

    of: Callable[[Run], str]
    """Tells the name of the group of a run; empty if it belongs to none."""
    has_biggest_first: bool = False
    """Whether the groups are in order of their sizes, and not of their names."""
    starts_folded: bool = False
    """Whether the runs of a group are out of sight until somebody unfolds it."""


SERIES_GROUP = "(series)"
"""The group that series are in, whatever the runs are grouped by; it comes last."""

GROUPINGS = {
    "none": Grouping(lambda _run: ""),
    "failure": Grouping(failure_signature, has_biggest_first=True, starts_folded=True),
    "state": Grouping(lambda run: run.current.state),
    "suite": Grouping(suite),
    "series": Grouping(lambda run: run.series),
    "user": Grouping(lambda run: run.user),
}
"""Name of a grouping -> how it gathers runs. ``failure`` puts together what has the same cause."""
