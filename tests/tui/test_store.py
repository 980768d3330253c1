"""The store against a naive model of it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.query import SORT_KEYS, sort_key
from statustui.core.run import Run
from statustui.core.states import Category
from statustui.monitor.batch import Batch
from statustui.tui.store import PROBLEMS, RunStore
from tests.runs import make


def a_run(number: int, state: str = "RUNNING", second: int = 1000) -> Run:
    """Run `number`, in `state` since `second`."""
    return make(f"r/{number}", f"{state} note", name=f"suite.t{number % 3}", start=second)


RUNS = st.builds(
    a_run,
    st.integers(0, 30),
    st.sampled_from(["RUNNING", "RUN_FAILED", "RUN_ERROR", "COMPLETE", "SCHEDULED"]),
    st.integers(1000, 1005),
)
BATCHES = st.lists(
    st.builds(
        lambda updated, removed: Batch(tuple(updated), tuple(f"r/{n}" for n in removed)),
        st.lists(RUNS, max_size=12),
        st.sets(st.integers(0, 30), max_size=4),
    ),
    max_size=8,
)
ORDERS = st.tuples(st.sampled_from(sorted(SORT_KEYS)), st.booleans())


@given(BATCHES, st.sampled_from([None, PROBLEMS, frozenset({Category.RUNNING})]), ORDERS, RUNS)
def test_the_store_lists_what_sorting_everything_would(
    batches: list[Batch],
    only: frozenset[Category] | None,
    order: tuple[str, bool],
    chosen: Run,
) -> None:
    """Same rows, same counts, and the selected run stays selected as long as it is listed."""
    store = RunStore()
    store.show_only(only)
    store.sort_by(order[0], reverse=order[1])
    model: dict[str, Run] = {}
    store.apply(Batch((chosen,)))
    model[chosen.path] = chosen
    store.select(0)
    for batch in batches:
        before = store.selected
        store.apply(batch)
        for path in batch.removed:
            model.pop(path, None)
        model |= {run.path: run for run in batch.updated}
        listed = [run for run in model.values() if only is None or run.category in only]
        listed.sort(key=sort_key(order[0]), reverse=order[1])
        assert store.rows(0, 100) == listed
        assert +store.counts == Counter(run.category for run in model.values())
        if before in {run.path for run in listed}:
            assert store.selected == before
        if listed and store.selected is not None:
            assert listed[store.cursor].path == store.selected
        assert store.current == (listed[store.cursor] if listed else None)


def test_many_changes_at_once_sort_in_as_few_do() -> None:
    """The way of sorting in changes with the number of changes, the order does not."""
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(500))))
    store.apply(Batch(tuple(a_run(number, "COMPLETE") for number in range(0, 500, 2))))
    assert [run.id for run in store.rows(0, 500)] == [str(number) for number in range(500)]
    assert store.counts == {Category.RUNNING: 250, Category.PASSED: 250}


def test_the_cursor_stays_near_when_the_selected_run_goes() -> None:
    """Not at the top, and not outside of the list."""
    store = RunStore("id")
    store.apply(Batch(tuple(a_run(number) for number in range(5))))
    store.select(3)
    store.apply(Batch(removed=("r/3",)))
    assert store.selected == "r/4"
    store.apply(Batch(removed=("r/4",)))
    assert store.selected == "r/2"
    store.apply(Batch(removed=("r/0", "r/1", "r/2")))
    assert len(store) == 0
    assert store.current is None


def test_selecting_beyond_the_ends_selects_the_ends() -> None:
    """So that keys need not know where the list ends."""
    store = RunStore("id")
    store.select(3)
    assert store.selected is None
    store.apply(Batch(tuple(a_run(number) for number in range(3))))
    store.select(99)
    assert store.cursor == 2
    store.select(-1)
    assert store.cursor == 0


@pytest.mark.parametrize(("start", "step", "row"), [(0, 1, 1), (1, 1, 3), (3, 1, 1), (1, -1, 3)])
def test_finding_goes_around_the_end(start: int, step: int, row: int) -> None:
    """In both directions."""
    store = RunStore("id")
    states = ["RUNNING", "RUN_FAILED", "RUNNING", "RUN_FAILED"]
    store.apply(Batch(tuple(a_run(number, state) for number, state in enumerate(states))))
    assert store.find(start, step, lambda run: run.category.is_problem) == row
    assert store.find(start, step, lambda run: run.id == "no") is None
