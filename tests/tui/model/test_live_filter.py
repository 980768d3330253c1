"""Filters that stay applied."""

from __future__ import annotations

import pytest

from statustui.presentation.timed_query import TimedQuery, TimeLimit
from statustui.tui.model.live_filter import LiveFilter
from tests.runs import make

NOW = 90_000.0
RUNS = [
    make(f"r/test_runs/{number}", *statuses, start=start)
    for number, (statuses, start) in enumerate(
        (statuses, start)
        for statuses in (["RUNNING now"], ["RUN_FAILED x", "COMPLETE result: FAIL"], ["CREATED"])
        for start in (1000.0, 80_000.0, 89_990.0)
    )
]


@pytest.mark.parametrize(
    "text",
    [
        *("age<1h", "!age>1d", "age>1d | running", "since<1h", "(age<2h | x) complete"),
        *("running", "hidden", "problem !hidden", "x complete", '"RUN"', "state=RUNNING"),
        *("note=*x", "id~[13]$", "a b c d e f g h i j k", 'result=""'),
    ],
)
def test_the_quick_test_lists_the_same_runs(text: str) -> None:
    """Also of a filter that depends on the time, or that needs a time limit."""
    limit = TimeLimit(2.0)
    live = LiveFilter(TimedQuery(text, limit), lambda: NOW, lambda _slow: None)
    try:
        assert list(map(live.test, RUNS)) == list(map(live.lists, RUNS))
    finally:
        limit.stop()
    assert live.error is None
