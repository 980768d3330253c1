"""Time in states, and what is much longer than usual."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.durations import (
    DEFAULT_STALE_AFTER,
    StaleAfter,
    Typical,
    Usual,
    end_of,
    goes_on,
    limit_of,
    make_stall,
    may_stall,
    stays,
    typical_times,
    usual_intervals,
)
from statustui.core.history import StateTimeline
from statustui.core.status_file import StatusInfo, split_statuses
from tests.histories import history_of
from tests.runs import make


def history(*statuses: tuple[float, str]) -> list[StatusInfo]:
    """Statuses with these times."""
    return split_statuses("".join(f"{time} {state} x\n" for time, state in statuses).encode())


LIFE = history(
    (100, "CREATED"), (101, "RUNNING"), (105, "INFO"), (111, "RUN_USER"), (131, "RUNNING")
)


def test_a_stay_lasts_from_one_status_to_the_next() -> None:
    """Remarks leave the run where it is; the last one goes up to now, if that is asked for."""
    assert [(stay.state, stay.seconds) for stay in stays(LIFE)] == [
        ("CREATED", 1),
        ("RUNNING", 10),
        ("RUN_USER", 20),
    ]


def test_a_status_without_a_time_is_passed_over() -> None:
    """What it takes away from is added to the one before."""
    damaged = split_statuses(b"100.0 CREATED a\nyesterday RUNNING b\n103.0 COMPLETE c\n")
    assert [(stay.state, stay.seconds) for stay in stays(damaged)] == [("CREATED", 3)]


@given(st.lists(st.integers(0, 10**9).map(float)))
def test_no_span_is_negative(times: list[float]) -> None:
    """Whatever the clocks of the hosts say."""
    found = stays(history(*((time, "RUNNING") for time in times)))
    assert len(found) == max(0, len(times) - 1)
    assert all(stay.seconds >= 0 for stay in found)


def test_what_is_usual_is_the_median_of_the_longest_stays() -> None:
    """Of each run one, so that a run that reports often does not outweigh the others."""
    others = [history((0, "RUNNING"), (span, "RUN_DONE")) for span in (7, 90, 8)]
    usual = usual_intervals([*others, LIFE])
    assert usual["RUNNING"] == Usual(10, 90, 4)
    assert usual["RUN_USER"] == Usual(20, 20, 1)
    assert "RUN_DONE" not in usual


def test_much_longer_is_three_times_the_usual_but_at_least_what_is_asked_for() -> None:
    """And longer than any."""
    assert limit_of(1800, None) == 1800
    assert limit_of(1800, Usual(10, 20, 5)) == 1800
    assert limit_of(1800, Usual(1000, 1200, 5)) == 3000
    assert limit_of(1800, Usual(1000, 9000, 5)) == 9000
    patience = StaleAfter(60, {"SCHEDULED": 7200})
    assert (patience.of("RUNNING"), patience.of("SCHEDULED")) == (60, 7200)
    assert DEFAULT_STALE_AFTER.of("RUNNING") == 1800


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("RUNNING x",), True),
        (("SCHEDULED x", "INFO y"), True),
        (("OWN_STATE x",), True),
        (("RUNNING x", "COMPLETE result: PASS"), False),
        (("BUILD_FAILED x", "BUILD_CREATED y"), False),
        (("CANCELLED x",), False),
    ],
)
def test_what_can_stall(statuses: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001
    """A run that goes on and has no problem already."""
    assert may_stall(make("r/1", *statuses)) is expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("CREATED x", "RUNNING x"), 1500.0),
        (("CREATED x", "COMPLETE result: PASS"), 1001.0),
        (("BUILD_FAILED x", "BUILD_CREATED y", "INFO x"), 1002.0),
        ((), 1500.0),
    ],
)
def test_the_time_of_a_run_counts_up_to_now_as_long_as_it_goes_on(
    statuses: tuple[str, ...], expected: float
) -> None:
    """Of one that is over, or was left behind by a failure, up to its last status."""
    run = make("r/1", *statuses)
    course = history_of(
        "".join(f"{1000 + n} {status}\n" for n, status in enumerate(statuses)).encode()
    ).course
    assert end_of(run, course, 1500.0) == expected
    assert goes_on(run) is (expected == 1500.0)


def test_clocks_that_disagree_do_not_end_a_run_before_its_last_state() -> None:
    """Neither one that goes on nor one whose last status has an earlier time, or none."""
    course = StateTimeline((1000.0, 2000.0), ("CREATED", "RUNNING"))
    assert end_of(make("r/1", "RUNNING x"), course, 1500.0) == 2000.0
    assert end_of(make("r/1", "COMPLETE result: PASS"), course, 1500.0) == 2000.0
    without_time = replace(make("r/1", "COMPLETE result: PASS"), updated_at=None)
    assert end_of(without_time, course, 1500.0) == 2000.0


def test_a_series_and_a_run_without_a_time_cannot_stall() -> None:
    """A series stays in its last state when all is over."""
    assert not may_stall(make("r/1", "ALL_STARTED x", kind="series"))
    assert not may_stall(make("r/1"))


def test_a_guess_says_what_it_is_based_on() -> None:
    """In words that are fit to be shown."""
    run = make("r/1", "RUNNING x")
    told = make_stall(run, 5.0, 1800, Usual(42, 90, 12), "of this name")
    assert told.since == 5
    expected = "longer than 30m00s; 12 runs of this name took 42s in RUNNING, at most 1m30s"
    assert told.basis == expected
    alone = make_stall(run, 5.0, 1800, None, "here").basis
    assert alone == "longer than 30m00s; no run here has left RUNNING yet"


def test_what_is_typical_is_the_median_of_the_time_in_each_state() -> None:
    """In the order in which states usually come; what most runs were not in is left out."""
    builds = [
        history_of(f"{n}.0 CREATED x\n{n + 1}.0 BUILDING x\n{n + 3}.0 RUNNING x\n".encode())
        for n in (100, 200)
    ]
    reused = history_of(b"300.0 CREATED x\n302.0 RUNNING x\n309.0 COMPLETE x\n")
    queued = history_of(
        b"400.0 CREATED x\n401.0 SCHEDULED x\n402.0 BUILDING x\n407.0 RUNNING x\n408.0 COMPLETE x\n"
    )
    typical = typical_times(one.course for one in [reused, *builds, queued, history_of(b"")])
    assert list(typical.times.items()) == [("CREATED", 1.0), ("BUILDING", 2.0), ("RUNNING", 1.0)]
    assert typical.runs == 4
    assert typical_times([]) == Typical({}, 0)
