"""What is measured of runs, and which differences count."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.measures import (
    Difference,
    Measures,
    changes,
    is_less_better,
    measures_of,
    usual_spread,
    values_of,
)
from statustui.core.work_times import seconds_at_work
from tests.runs import make

RUN = make("r/test_runs/1", "CREATED", "SCHEDULED", "RUNNING", "RUN_DONE", "COMPLETE done")
NUMBERS = st.floats(0.1, 1e6, allow_nan=False)


def test_time_at_work_leaves_out_the_queue_and_the_build() -> None:
    """Without a state of running it is the whole time; without times it is unknown."""
    assert seconds_at_work(RUN) == 2
    assert seconds_at_work(make("r/1", "CREATED", "BUILDING", "COMPLETE")) == 2
    assert seconds_at_work(RUN._replace(started=None, began=None)) is None
    # A clock was set back.
    assert seconds_at_work(RUN._replace(updated_at=0.0)) is None


def test_the_numbers_of_results_have_names_and_are_finite() -> None:
    """What Pavilion records of the run itself is no result."""
    results = {
        "id": 12,
        "duration": 99.0,
        "return_value": 0,
        "result": "PASS",
        "sched": {"nodes": 4},
        "gflops": 81.5,
        "ok": True,
        "bad": math.nan,
        "huge": 10**400,
        "word": "12",
        "per_file": {"n1": {"triad": 7, "deep": {"er": 1, "and": {"more": 2}}}},
    }
    assert measures_of(RUN, values_of(results)) == Measures(2.0, values_of(results))
    assert values_of(results) == {
        "gflops": 81.5,
        "per_file.n1.triad": 7.0,
        "per_file.n1.deep.er": 1.0,
    }
    assert len(values_of({f"n{number}": number for number in range(1000)})) == 200
    assert values_of({"x" * 200: 1, "x" * 201: 2, "a": {"x" * 199: 3}}) == {"x" * 200: 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON))
def test_any_results_are_read(results: dict[str, Any]) -> None:
    """They belong to another user."""
    found = values_of(json.loads(json.dumps(results)))
    assert all(map(math.isfinite, found.values()))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gflops", False),
        ("triad", False),
        ("MB_per_s", False),
        ("bwGBs", False),
        ("iops", False),
        ("per_file.n1.latency_us", True),
        ("wallTime", True),
        ("solve_seconds", True),
        ("errors", True),
        ("seconds_per_step", True),
        ("ms_per_op", True),
        ("error_rate", True),
        ("packet_drops", True),
        ("seconds_per_MB", True),
        ("min_rate", False),
        ("time_MB_per_s", False),
        ("tokens_per_second", False),
        ("steps_per_sec", False),
        ("ops_per_s", False),
        ("Gops_s", False),
        ("loops", None),
        ("nodes", None),
        ("mpi_ranks", None),
        ("n", None),
        ("°", False),
    ],
)
def test_the_name_of_a_number_tells_which_way_is_better(name: str, *, expected: bool) -> None:
    """A number that is given, not measured, is not compared."""
    assert is_less_better(name) is expected


def test_the_usual_spread_leaves_out_one_accident() -> None:
    """Of four values or more; two differ as they do."""
    assert usual_spread([]) == usual_spread([5]) == 0
    assert usual_spread([1, 4]) == usual_spread([1, 2, 4]) - 0 == 3
    assert usual_spread([100, 101, 300, 100]) == 1
    assert usual_spread([100, 150, 100, 150]) == 50


@given(st.lists(NUMBERS, min_size=4), NUMBERS)
def test_one_more_value_never_widens_the_spread_beyond_the_range(
    values: list[float], more: float
) -> None:
    """And the order of the values does not matter."""
    spread = usual_spread(values)
    assert spread <= max(values) - min(values)
    assert usual_spread(values[::-1]) == spread
    assert usual_spread([*values, more]) <= max(*values, more) - min(*values, more)


def naive(after: float, before: float, earlier: list[float], tolerance: float) -> bool:
    """Whether a difference counts, by the words of the documentation."""
    difference = abs(after - before)
    return difference > tolerance * before and difference > usual_spread(earlier)


@given(NUMBERS, NUMBERS, st.lists(NUMBERS), st.floats(0, 2))
def test_a_change_exceeds_the_tolerance_and_what_is_usual(
    after: float, before: float, earlier: list[float], tolerance: float
) -> None:
    """Earlier runs are asked for only if the tolerance is exceeded."""
    asked: list[int] = []

    def past() -> list[Measures]:
        asked.append(1)
        return [Measures(None, {"bw": value}) for value in earlier]

    found = changes(Measures(None, {"bw": after}), Measures(None, {"bw": before}), past, tolerance)
    assert bool(found) is (after != before and naive(after, before, earlier, tolerance))
    assert bool(asked) is (abs(after - before) > tolerance * before)
    assert all(change.is_slower is (after < before) for change in found)


def test_changes_are_told_with_what_was_before() -> None:
    """Spans of time in units, numbers with four digits; less than a second never counts."""
    after = Measures(90.0, {"latency": 3.0, "nodes": 8, "here": 1, "errors": 2})
    before = Measures(60.0, {"latency": 6.0, "nodes": 4, "there": 1, "errors": 0})
    assert list(map(str, changes(after, before, list, 0.2))) == [
        "1m30s, before 1m00s (+50 %)",
        "latency 3, before 6 (-50 %)",
        "errors 2, before 0",
    ]
    assert [change.is_slower for change in changes(after, before, list)] == [True, False, True]
    assert changes(Measures(0.9), Measures(0.1), list) == []
    assert (
        str(Difference("bw", 123456.0, 98765.4, is_slower=True))
        == "bw 98,765, before 123,456 (-20 %)"
    )
