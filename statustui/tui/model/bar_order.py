"""Runs in the order in which they are drawn as bars, found out in slices."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from itertools import chain, groupby
from operator import attrgetter, eq
from typing import Any, NamedTuple

from statustui.core.order import GROUPINGS, SORT_KEYS, Key
from statustui.core.run import Run
from statustui.tui.model.bars import ended_at
from statustui.tui.model.load_curve import LoadCurve
from statustui.tui.model.run_order import SLICE, Parts, RunOrder, cut, slices_of, sort_parts

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
    timed: Parts = []
    ends: list[list[float]] = []
    for first in range(0, len(runs), SLICE):
        part = sorted(runs[first : first + SLICE], key=_path_of)
        untimed.update((run.path, run) for run in part if run.started is None)
        part = [run for run in part if run.started is not None]
        known.update((run.path, run) for run in part)
        timed += cut(part)
        ends += cut([end for run in part if (end := ended_at(run)) is not None])
        yield
    by_start = yield from sort_parts(timed, _start_of, partial(sorted, key=_start_of))
    in_turn: list[Run] = []
    starts: list[float] = []
    for some in slices_of(by_start):
        in_turn += (new := list(chain.from_iterable(some)))
        starts += [run.started or 0.0 for run in new]
        yield
    ordered = yield from _by_path_where_equal(in_turn)
    first_key = _FIRST_KEYS.get(order)
    if first_key is not None:
        ordered = yield from _by_key_first(ordered, first_key)
    all_ends: list[float] = []
    for times in slices_of((yield from sort_parts(ends, float, sorted))):
        all_ends += chain.from_iterable(times)
        yield
    curve = LoadCurve.of_sorted(starts, all_ends)
    return ArrangedBars(order, known, untimed, RunOrder(ORDERS[order], ordered), curve)


def _by_path_where_equal(runs: list[Run]) -> Generator[None, None, Parts]:
    """Return runs that are in the order of their starts, those that started together by path."""
    ordered: Parts = []
    end = 0
    while end < len(runs):
        first = end
        end = min(first + SLICE, len(runs))
        while end < len(runs) and runs[end].started == runs[end - 1].started:
            end += 1
        part = runs[first:end]
        if any(map(eq, map(_start_of, part), map(_start_of, part[1:]))):
            same_start = groupby(part, _start_of)
            part = [run for _start, same in same_start for run in sorted(same, key=_path_of)]
        ordered += cut(part)
        yield
    return ordered


def _by_key_first(parts: Parts, first: Callable[[Run], Any]) -> Generator[None, None, Parts]:
    """Return runs in the order of a key, those with the same key in the order that they have.

    Many runs have the same name, and many the same node: only different ones are compared.
    """
    same: dict[Any, list[Run]] = {}
    for some in slices_of(parts):
        for run in chain.from_iterable(some):
            same.setdefault(first(run), []).append(run)
        yield
    ordered: Parts = []
    for keys in slices_of((yield from sort_parts(cut(list(same)), lambda key: key, sorted))):
        ordered += cut([run for key in chain.from_iterable(keys) for run in same[key]])
        yield
    return ordered
