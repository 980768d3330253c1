"""Runs in order, against a sorted list of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.order import SORT_KEYS, sort_key
from statustui.core.run import Run
from statustui.tui.model import run_order
from statustui.tui.model.run_order import IdOrder, Parts, RunOrder, cut, sort_in_slices
from tests.runs import make

STATES = ("RUNNING", "RUN_FAILED", "COMPLETE", "SCHEDULED")
RUNS = st.builds(
    lambda number, state, second: make(
        f"r/{number}", f"{state} note", name=f"suite{number % 3}.test", start=second
    ),
    st.integers(0, 30),
    st.sampled_from(STATES),
    st.integers(1000, 1005),
)


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> Iterator[None]:
    """Let a few runs take several chunks and slices."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_order, "_CHUNK", 2)
        patch.setattr(run_order, "SLICE", 3)
        patch.setattr(run_order, "MAX_AT_ONCE", 4)
        patch.setattr(run_order, "_SAMPLE_STEP", 2)
        yield


def finish(work: Generator[None, None, Parts]) -> tuple[list[Run], int]:
    """Do a piece of work; return the runs in the parts, and how often it paused."""
    pauses = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            return list(chain.from_iterable(end.value)), pauses
        pauses += 1


@given(st.sampled_from(sorted(SORT_KEYS)), st.lists(RUNS, max_size=40), st.integers(0, 20))
def test_runs_that_come_and_go_are_in_order(sort: str, runs: list[Run], first: int) -> None:
    """With some from the beginning, each at its index, in both directions."""
    key = sort_key(sort)
    begin = {run.path: run for run in runs[:first]}
    order = RunOrder(key, cut(sorted(begin.values(), key=key)))
    for run in runs[first:]:
        # As drawn, a run replaces the one of its path, or removes it.
        before = begin.pop(run.path, None)
        assert before is None or order.discard(before)
        if before is None or before != run:
            begin[run.path] = run
            order.add(run)
        else:
            assert not order.discard(run)
            assert order.index(run) is None
    expected = sorted(begin.values(), key=key)
    assert list(order) == expected
    assert list(reversed(order)) == expected[::-1]
    assert [order.index(run) for run in expected] == list(range(len(order)))
    for start in range(len(order) + 1):
        assert order.slice(start, start + 5) == expected[start : start + 5]


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60))
def test_all_runs_by_id(steps: list[tuple[int, bool]]) -> None:
    """However they came and went since they were last asked for."""
    runs: dict[str, Run] = {}
    ids = IdOrder(runs)
    for number, asks in steps:
        path = f"r/{number}"
        if path in runs and number % 3:
            ids.discard(runs.pop(path))
        elif path in runs:
            runs[path] = make(path, "COMPLETE", start=number)
            ids.replace(runs[path])
        else:
            runs[path] = make(path, "RUNNING")
            ids.add(path)
        if asks:
            assert finish(ids.sort())[0] == sorted(runs.values(), key=sort_key("id"))
    assert finish(ids.sort())[0] == sorted(runs.values(), key=sort_key("id"))


@pytest.mark.parametrize("numbers", [range(9), range(8, -1, -1)])
def test_ids_that_come_in_order_stay_so(numbers: range) -> None:
    """Forwards, or backwards as the newest are read first."""
    runs: dict[str, Run] = {}
    ids = IdOrder(runs)
    for number in numbers:
        runs[f"r/{number}"] = make(f"r/{number}", "RUNNING")
        ids.add(f"r/{number}")
        assert finish(ids.sort())[0] == sorted(runs.values(), key=sort_key("id"))


@given(
    st.sampled_from(sorted(SORT_KEYS)),
    st.dictionaries(st.integers(0, 30), RUNS).map(lambda runs: {r.path: r for r in runs.values()}),
)
def test_sorting_in_slices_gives_the_same_order(sort: str, runs: dict[str, Run]) -> None:
    """As sorting at once by the whole key."""
    by_id = cut(sorted(runs.values(), key=sort_key("id")))
    done, pauses = finish(sort_in_slices(by_id, sort))
    assert done == sorted(runs.values(), key=sort_key(sort))
    assert (pauses > 0) is (len(runs) > 4 and sort != "id")
