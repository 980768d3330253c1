"""When a run was in which state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.status_lines import split_statuses
from statustui.core.timeline import StateTimeline, timeline_of
from tests.histories import history_of


def lines(*statuses: tuple[float, str]) -> bytes:
    """Lines of a status file with these times, states and notes."""
    return "".join(f"{time} {status}\n" for time, status in statuses).encode()


def stays(text: bytes) -> dict[str, float]:
    """The longest stay in each state."""
    return dict(timeline_of(split_statuses(text)).stays)


def test_the_timeline_gives_the_state_at_any_time_and_the_time_in_each() -> None:
    """Remarks and statuses without a time change nothing; repeated visits to a state add up."""
    text = lines((10, "CREATED a"), (11, "RUNNING b"), (15, "INFO c"), (21, "BUILDING d"))
    timeline = history_of(text + b"soon COMPLETE e\n" + lines((31, "RUNNING f"))).timeline
    assert [timeline.state_at(time) for time in (9, 10, 10.9, 11, 20, 21, 31, 99)] == [
        "",
        "CREATED",
        "CREATED",
        "RUNNING",
        "RUNNING",
        "BUILDING",
        "RUNNING",
        "RUNNING",
    ]
    assert timeline.totals_until(41) == {"CREATED": 1, "RUNNING": 20, "BUILDING": 10}
    assert StateTimeline().state_at(5) == ""
    assert StateTimeline().totals_until(5) == {}


@given(st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from(["RUNNING", "BUILDING"]))))
def test_no_time_is_negative_and_nothing_is_lost(changes: list[tuple[int, str]]) -> None:
    """This holds for any times, however the clocks of the hosts disagree."""
    text = lines(*((float(time), f"{state} x") for time, state in changes))
    found = history_of(text)
    assert found.status_count == len(changes) == sum(one.times for one in found.entries)
    end = max((time for time, _state in changes), default=0)
    totals = found.timeline.totals_until(end)
    assert all(span >= 0 for span in totals.values())
    assert all(span >= 0 for span in found.timeline.stays.values())
    if changes:
        assert sum(totals.values()) == pytest.approx(end - changes[0][0])


def test_a_stay_lasts_from_one_status_to_the_next() -> None:
    """Remarks do not end a stay, a status with the same state does; the last one begins none."""
    life = lines(
        (100, "CREATED x"),
        (101, "RUNNING x"),
        (105, "INFO x"),
        (111, "RUNNING x"),
        (114, "RUN_USER x"),
        (134, "RUNNING x"),
    )
    assert stays(life) == {"CREATED": 1, "RUNNING": 10, "RUN_USER": 20}


def test_a_status_without_a_time_does_not_end_a_stay() -> None:
    """Its time counts for the state before it."""
    assert stays(b"100.0 CREATED a\nyesterday RUNNING b\n103.0 COMPLETE c\n") == {"CREATED": 3}


def test_a_history_and_a_list_of_statuses_have_the_same_timeline() -> None:
    """A torn last line counts in both if it is whole enough."""
    text = lines((1, "CREATED x"), (2, "RUNNING x"), (3, "RUNNING y"), (9, "RUN_DONE z"))
    assert history_of(text).timeline == timeline_of(split_statuses(text))
