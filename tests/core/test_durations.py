"""Time in states, and what is much longer than usual."""

from __future__ import annotations

import pytest

from statustui.core.durations import (
    DEFAULT_STALE_AFTER,
    StaleAfter,
    StateDuration,
    StateDurations,
    end_of,
    goes_on,
    limit_of,
    make_stall,
    may_stall,
)
from statustui.core.timeline import StateTimeline
from tests.histories import history_of
from tests.runs import make


def timeline(*statuses: tuple[float, str]) -> StateTimeline:
    """The timeline of a run with these statuses."""
    text = "".join(f"{time} {state} x\n" for time, state in statuses)
    return history_of(text.encode()).timeline


LIFE = timeline(
    (100, "CREATED"), (101, "RUNNING"), (105, "INFO"), (111, "RUN_USER"), (131, "RUNNING")
)


def test_the_usual_stay_is_the_median_of_the_longest_stays() -> None:
    """Each run counts once, so that a run that reports often does not outweigh the others."""
    others = [timeline((0, "RUNNING"), (span, "RUN_DONE")) for span in (7, 90, 8)]
    usual = StateDurations.learn([*others, LIFE]).by_state
    assert usual["RUNNING"] == StateDuration(total=10, stay=10, longest=90, runs=4)
    assert usual["RUN_USER"] == StateDuration(total=0, stay=20, longest=20, runs=1)
    assert "RUN_DONE" not in usual


def test_the_total_time_in_a_state_differs_from_the_stays_in_it() -> None:
    """A run that sets a state again and again is in it for longer than it stays without news."""
    reports = [(float(second), "RUN_USER") for second in range(0, 60, 10)]
    durations = StateDurations.learn([timeline(*reports, (60, "COMPLETE"))])
    assert durations.by_state["RUN_USER"] == StateDuration(total=60, stay=10, longest=10, runs=1)
    assert durations.totals == {"RUN_USER": 60}


def test_what_is_kept_of_the_states_of_others_has_limits() -> None:
    """Neither many states nor long names fill the memory."""
    many = [(float(number), f"S{number}") for number in range(1000)]
    long = [(1000.0, "L" * 5000), (1001.0, "END")]
    durations = StateDurations.learn([timeline(*many, *long)])
    assert list(durations.by_state) == [f"S{number}" for number in range(64)]
    assert StateDurations.learn([timeline(*long)]).by_state == {}


def usual(stay: float, longest: float) -> StateDuration:
    """How long five runs were in a state."""
    return StateDuration(total=stay, stay=stay, longest=longest, runs=5)


def test_much_longer_is_three_times_the_usual_but_at_least_what_is_asked_for() -> None:
    """And longer than any."""
    assert limit_of(1800, None) == 1800
    assert limit_of(1800, usual(10, 20)) == 1800
    assert limit_of(1800, usual(1000, 1200)) == 3000
    assert limit_of(1800, usual(1000, 9000)) == 9000
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
    ended = history_of(
        "".join(f"{1000 + n} {status}\n" for n, status in enumerate(statuses)).encode()
    ).timeline
    assert end_of(run, ended, 1500.0) == expected
    assert goes_on(run) is (expected == 1500.0)


def test_clocks_that_disagree_do_not_end_a_run_before_its_last_state() -> None:
    """Neither one that goes on nor one whose last status has an earlier time, or none."""
    late = StateTimeline((1000.0, 2000.0), ("CREATED", "RUNNING"))
    assert end_of(make("r/1", "RUNNING x"), late, 1500.0) == 2000.0
    assert end_of(make("r/1", "COMPLETE result: PASS"), late, 1500.0) == 2000.0
    without_time = make("r/1", "COMPLETE result: PASS")._replace(updated_at=None)
    assert end_of(without_time, late, 1500.0) == 2000.0


def test_a_series_and_a_run_without_a_time_cannot_stall() -> None:
    """A series stays in its last state when all is over."""
    assert not may_stall(make("r/1", "ALL_STARTED x", kind="series"))
    assert not may_stall(make("r/1"))


def test_a_guess_says_what_it_is_based_on() -> None:
    """In words that are fit to be shown."""
    run = make("r/1", "RUNNING x")
    peers = StateDuration(total=50, stay=42, longest=90, runs=12)
    told = make_stall(run, 5.0, stale_after=1800, usual=peers, peers="of this name")
    assert told.since == 5
    expected = (
        "longer than 30m00s; 12 runs of this name took 42s in RUNNING from one status to the next, "
        "at most 1m30s"
    )
    assert told.basis == expected
    alone = make_stall(run, 5.0, stale_after=1800, usual=None, peers="here").basis
    assert alone == "longer than 30m00s; no run here has left RUNNING yet"


def test_the_usual_total_is_the_median_over_all_runs() -> None:
    """States come in the usual order; a state that most runs were not in is left out."""
    builds = [timeline((n, "CREATED"), (n + 1, "BUILDING"), (n + 3, "RUNNING")) for n in (100, 200)]
    reused = timeline((300, "CREATED"), (302, "RUNNING"), (309, "COMPLETE"))
    queued = timeline(
        (400, "CREATED"), (401, "SCHEDULED"), (402, "BUILDING"), (407, "RUNNING"), (408, "COMPLETE")
    )
    durations = StateDurations.learn([reused, *builds, queued, StateTimeline()])
    expected = [("CREATED", 1.0), ("BUILDING", 2.0), ("RUNNING", 1.0)]
    assert list(durations.totals.items()) == expected
    assert durations.runs == 4
    assert StateDurations.learn([]) == StateDurations()
