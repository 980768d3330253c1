"""Runs in the order in which they are drawn as bars, found out in slices."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import groupby
from operator import attrgetter, eq
from typing import Any, NamedTuple

from statustui.core.order import GROUPINGS, SORT_KEYS, Key
from statustui.core.run import Run
from statustui.tui.model.bars import ended_at
from statustui.tui.model.load_curve import LoadCurve
from statustui.tui.model.run_order import SLICE, RunOrder, cut

_LAST = "\U0010ffff"
"""Sorts behind any node."""

_start_of, _path_of = attrgetter("started"), attrgetter("path")
node_of = GROUPINGS["node"].of
"""Returns the nodes of the job of a run; empty if unknown."""
_FIRST_KEYS: dict[str, Callable[[Run], Any]] = {
    "name": SORT_KEYS["name"][0],
    "node": lambda run: node_of(run) or _LAST,
}
"""Name of an order -> what is compared before the start."""


def _by_start(run: Run) -> Key:
    return run.started, run.path


def _by(first: Callable[[Run], Any]) -> Callable[[Run], Key]:
    return lambda run: (first(run), run.started, run.path)


ORDERS: dict[str, Callable[[Run], Key]] = {
    "start": _by_start,
    **{name: _by(first) for name, first in _FIRST_KEYS.items()},
}
"""Name of an order -> what to compare."""


class ArrangedBars(NamedTuple):
    """Runs in the order of their bars, as they are found out in slices."""

    order: str
    """One of `ORDERS`."""
    runs: dict[str, Run]
    """Path -> run that has a bar."""
    untimed: dict[str, Run]
    """Path -> run that has none, because no time is known of it."""
    ordered: RunOrder
    curve: LoadCurve


def arrange_bars(runs: Sequence[Run], order: str) -> Generator[None, None, ArrangedBars]:
    """Arrange runs as bars.

    Args:
        runs: All runs.
        order: One of `ORDERS`.

    Yields:
        None, wherever the caller may pause.

    Returns:
        The arranged runs.
    """
    known: dict[str, Run] = {}
    untimed: dict[str, Run] = {}
    timed: list[Run] = []
    ends: list[float] = []
    for first in range(0, len(runs), SLICE):
        part = sorted(runs[first : first + SLICE], key=_path_of)
        untimed.update((run.path, run) for run in part if run.started is None)
        part = [run for run in part if run.started is not None]
        known.update((run.path, run) for run in part)
        timed += part
        ends += [end for run in part if (end := ended_at(run)) is not None]
        yield
    timed.sort(key=_start_of)
    yield
    ordered = yield from _by_path_where_equal(timed)
    first_key = _FIRST_KEYS.get(order)
    if first_key is not None:
        ordered = yield from _by_key_first(ordered, first_key)
    ends.sort()
    yield
    starts: list[float] = []
    for first in range(0, len(timed), SLICE):
        starts += [run.started or 0.0 for run in timed[first : first + SLICE]]
        yield
    curve = LoadCurve(starts, ends)
    yield
    return ArrangedBars(order, known, untimed, RunOrder(ORDERS[order], cut(ordered)), curve)


def _by_path_where_equal(runs: Sequence[Run]) -> Generator[None, None, list[Run]]:
    """Return runs that are in the order of their starts, those that started together by path."""
    ordered: list[Run] = []
    while len(ordered) < len(runs):
        first = len(ordered)
        end = min(first + SLICE, len(runs))
        while end < len(runs) and runs[end].started == runs[end - 1].started:
            end += 1
        part = runs[first:end]
        if any(map(eq, map(_start_of, part), map(_start_of, part[1:]))):
            for _start, same in groupby(part, _start_of):
                ordered += sorted(same, key=_path_of)
        else:
            ordered += part
        yield
    return ordered


def _by_key_first(
    runs: Sequence[Run], first: Callable[[Run], Any]
) -> Generator[None, None, list[Run]]:
    """Return runs in the order of a key, those with the same key in the order that they have.

    Many runs have the same name, and many the same node: only different ones are compared.
    """
    same: dict[Any, list[Run]] = {}
    for start in range(0, len(runs), SLICE):
        for run in runs[start : start + SLICE]:
            same.setdefault(first(run), []).append(run)
        yield
    return [run for key in sorted(same) for run in same[key]]
