"""What is under way, and when it will have ended, against naive recomputations."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from statustui.core.campaign import Campaign, Estimate, Outlook, Spread, last_end, time_left
from statustui.core.categories import Category
from statustui.core.past import Name
from statustui.core.run import Run, Stall
from statustui.core.work_times import (
    USUAL_PACE,
    Usual,
    WorkTimes,
    seconds_at_work,
    time_at_work,
    work_name,
)
from tests.runs import make

NOW = 1_795_000_000.0
HOUR = 3600.0
PASSED, FAILED = (f"COMPLETE The test completed with result: {word}" for word in ("PASS", "FAIL"))


def run_of(  # noqa: PLR0913 - one argument for each thing that matters here
    path: str,
    name: str,
    ago: float,
    *,
    waits: float = 10.0,
    works: float | None = None,
    end: str = PASSED,
) -> Run:
    """A run created some seconds `ago` that waits and works, and has ended if `works` is given."""
    run = make(path, "CREATED x", "RUNNING y", *([] if works is None else [end]), name=name)
    start = NOW - ago
    updated_at = start + waits + (works or 0.0)
    return run._replace(started=start, began=start + waits, updated_at=updated_at)


def waiting(path: str, name: str, ago: float) -> Run:
    """A run created some seconds `ago` that still waits."""
    run = make(path, "CREATED x", "SCHEDULED y", name=name)
    return run._replace(started=NOW - ago, updated_at=NOW - ago)


def outlook_of(runs: Sequence[Run], now: float = NOW) -> Outlook | None:
    """What a campaign of the runs looks like."""
    campaign = Campaign()
    for run in runs:
        campaign.add(run)
    assert campaign.take_in(len(runs))
    return campaign.outlook(now)


def end_of(runs: Sequence[Run]) -> Estimate | None:
    """When they will have ended."""
    outlook = outlook_of(runs)
    return None if outlook is None else outlook.end


def simulate(at_work: Sequence[int], waiting: Sequence[int]) -> int:
    """When the last run ends, second by second."""
    busy, queue, now = list(at_work), list(waiting), 0
    while True:
        for place, left in enumerate(busy):
            while left == 0 and queue:
                left = busy[place] = queue.pop(0)  # noqa: PLW2901 - the next run has this place
        if not queue and not any(busy):
            return now
        busy = [max(0, left - 1) for left in busy]
        now += 1


SECONDS = st.integers(0, 12)


@given(st.lists(SECONDS, min_size=1, max_size=5), st.lists(SECONDS, max_size=12))
@example([3, 1], [2, 2, 5])
def test_the_last_end_is_that_of_a_simulation_second_by_second(
    at_work: list[int], queue: list[int]
) -> None:
    """Each waiting run begins as soon as a place is free."""
    assert last_end(at_work, queue) == simulate(at_work, queue)


def test_thousands_of_waiting_runs_are_spread_evenly() -> None:
    """Which makes no difference, but for the last of them."""
    assert last_end([0.0] * 10, [60.0] * 50_000) == 300_000.0


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=20).map(sorted),
    st.floats(0, 2e6),
)
def test_the_time_left_is_in_order_and_shrinks_with_what_has_passed(
    usual: list[float], elapsed: float
) -> None:
    """It is never negative, and within what peers took, with a margin for few of them."""
    left = time_left(usual, elapsed)
    assert 0 <= left.low <= left.middle <= left.high
    if elapsed < usual[-1]:
        margin = 0.3 * usual[len(usual) // 2] / len(usual)
        assert left.high <= usual[-1] - elapsed + margin * 1.001
        longer = [one for one in usual if one > elapsed]
        assert left.middle == longer[len(longer) // 2] - elapsed
    else:
        assert left.low == 0


RUNS = st.builds(
    lambda number, name, ago, kind: {
        "passed": lambda: run_of(number, name, ago, works=60.0 + ago % 50),
        "failed": lambda: run_of(number, name, ago, works=30.0, end=FAILED),
        "works": lambda: run_of(number, name, ago),
        "waits": lambda: waiting(number, name, ago),
        "stalled": lambda: run_of(number, name, ago)._replace(stall=Stall(0.0, "silent")),
        "unknown": lambda: make(number, name=name),
        "cancelled": lambda: run_of(number, name, ago, works=1.0, end="CANCELLED by me"),
    }[kind](),
    st.sampled_from("123456"),
    st.sampled_from(["s.a", "s.b", "s.c"]),
    st.floats(0, 20 * HOUR),
    st.sampled_from(["passed", "failed", "works", "waits", "stalled", "unknown", "cancelled"]),
)


@given(st.lists(st.tuples(RUNS, st.booleans()), max_size=15), st.integers(0, 3))
def test_what_is_kept_run_by_run_is_what_all_runs_add_up_to(
    changes: list[tuple[Run, bool]], most: int
) -> None:
    """Whatever came, changed and went before, and however much was taken in at a time."""
    campaign, known = Campaign(), dict[str, Run]()
    for run, stays in changes:
        before = known.pop(run.path, None)
        if before is not None:
            campaign.discard(before)
        if stays:
            campaign.add(run)
            known[run.path] = run
        campaign.take_in(most)
    campaign.take_in(100)
    assert campaign.outlook(NOW) == outlook_of(list(known.values()))
    live = [run for run in known.values() if run.category.is_under_way and run.stall is None]
    assert campaign.under_way == len(live)


@given(st.lists(RUNS, max_size=8))
def test_usual_times_are_those_of_the_runs_of_the_name_that_passed_or_failed(
    runs: list[Run],
) -> None:
    """Without any, those of all runs."""
    times = WorkTimes()
    for run in (ended := [run for run in runs if run.category.is_final and run.result]):
        times.add(run)
    for name in {work_name(run) for run in runs}:
        own = tuple(sorted(time_at_work(run) or 0.0 for run in ended if work_name(run) == name))
        everybody = tuple(sorted(time_at_work(run) or 0.0 for run in ended))
        assert times.usual(name)[:2] == ((own, True) if own else (everybody, False))


def test_a_clock_that_was_set_back_tells_no_time() -> None:
    """Zero would be a time: of a run that has become faster than any other."""
    back = run_of("1", "s.a", HOUR, works=-30.0)
    assert time_at_work(back) is None
    assert seconds_at_work(back._replace(began=None, started=None)) is None
    times = WorkTimes()
    times.add(back)
    assert times.usual(work_name(back)) == Usual()


def test_only_the_newest_runs_of_a_name_are_compared_with() -> None:
    """Of its system; and a run that goes is forgotten."""
    times, runs = WorkTimes(), [run_of(f"{n}", "s.a", HOUR * n, works=float(n)) for n in range(50)]
    for run in runs:
        times.add(run)
    name = Name("r", "s.a")
    assert times.usual(name).seconds == tuple(map(float, range(20)))
    far = run_of("far", "s.a", 0.0, works=99.0)
    far = far._replace(metadata=far.metadata._replace(system="ats2"))
    times.add(far)
    assert times.usual(name).seconds == tuple(map(float, range(20)))
    assert times.usual(work_name(far))[:2] == ((99.0,), True)
    for run in (*runs, far):
        times.discard(run)
    assert times.usual(name) == Usual()


def test_the_end_follows_from_what_is_usual_and_how_many_run_at_a_time() -> None:
    """Two of an hour at a time, eight to come: half an hour, and four hours more."""
    past = [run_of(f"p{n}", "s.a", 50 * HOUR, works=HOUR) for n in range(20)]
    works = [run_of(f"w{n}", "s.a", HOUR / 2 + 10) for n in range(2)]
    queue = [waiting(f"q{n}", "s.a", 60.0) for n in range(8)]
    end = end_of([*past, *works, *queue])
    assert end is not None
    assert end.seconds.middle == 4.5 * HOUR
    assert not end.is_rough
    assert 4.3 * HOUR < end.seconds.low < end.seconds.high < 4.7 * HOUR


def test_time_in_a_queue_says_nothing_of_the_time_at_work() -> None:
    """A run that waited for five hours worked for a minute."""
    past = [run_of(f"p{n}", "s.a", 50 * HOUR, waits=5 * HOUR, works=60.0) for n in range(20)]
    end = end_of(
        [*past, run_of("w", "s.a", 10.0), *(waiting(f"{n}", "s.a", 9.0) for n in range(9))]
    )
    assert end is not None
    assert end.seconds.middle == 10 * 60.0


def test_nothing_is_estimated_where_nothing_can_be_said() -> None:
    """Nothing runs, or nothing has ended; times of other tests make it rough."""
    past = run_of("p", "s.a", 9 * HOUR, works=HOUR)
    assert end_of([past, waiting("q", "s.a", 60.0)]) is None
    assert end_of([run_of("w", "s.a", 60.0)]) is None
    rough = end_of([past, run_of("w", "s.b", 10.0)])
    assert rough == Estimate(Spread(0.7 * HOUR, HOUR, 1.3 * HOUR), is_rough=True)


def slow_night(factor: float, done: int, names: int = 12) -> list[Run]:
    """Many tests: five usual nights, and one in which all take longer, some of them already done.

    Of the others three run for a minute now, and the rest waits.
    """
    runs = []
    for number in range(names):
        name, usual = f"s.{number:02}", 600.0 + 60 * number
        for night in range(1, 6):
            works = usual * (1 + 0.02 * ((number + night) % 5 - 2))
            runs.append(run_of(f"{number}.{night}", name, 24 * HOUR * night, works=works))
        if number < done:
            runs.append(run_of(f"{number}.d", name, 2 * HOUR, works=usual * factor))
        elif number < done + 3:
            runs.append(run_of(f"{number}.w", name, 70.0))
        else:
            runs.append(waiting(f"{number}.q", name, 2 * HOUR - number))
    return runs


@pytest.mark.parametrize("factor", [1.0, 1.5, 3.0, 0.5])
def test_what_is_slower_tonight_is_expected_to_stay_so(factor: float) -> None:
    """Against a simulation second by second of what is left, in which all take as much longer."""
    runs = slow_night(factor, done=6, names=20)
    usual = [round((600 + 60 * number) * factor) for number in range(20)]
    expected = simulate([seconds - 60 for seconds in usual[6:9]], usual[9:][::-1])
    end = end_of(runs)
    assert end is not None
    assert end.pace == factor
    assert abs(end.seconds.middle - expected) < 0.04 * expected
    assert end.seconds.low < expected < end.seconds.high


def test_a_pace_takes_enough_names_that_agree() -> None:
    """Few say nothing of the others, and neither do many of which some are slow and some fast."""
    few = end_of(slow_night(3.0, done=4))
    assert few is not None
    assert few.pace == 1.0
    noise = [
        run_of(f"{n}", f"s.{n:02}", 2 * HOUR, works=(600.0 + 60 * n) * (2.0 if n % 2 else 0.5))
        for n in range(6)
    ]
    mixed = end_of([*slow_night(1.0, done=0), *noise])
    assert mixed is not None
    assert mixed.pace == 1.0
    failed = [run._replace(category=Category.FAILED) for run in noise]
    assert end_of([*slow_night(1.0, done=0), *failed]) is not None
    # What disagrees widens the range.
    sure, unsure = end_of(slow_night(2.0, done=6)), end_of([*slow_night(2.0, done=5), *noise[5:]])
    assert sure is not None
    assert unsure is not None
    wide, narrow = (end.seconds.high - end.seconds.low for end in (unsure, sure))
    assert wide > narrow


@given(st.lists(st.floats(1.2, 9), min_size=5, max_size=30))
def test_the_pace_is_between_those_of_the_names(factors: list[float]) -> None:
    """Its bounds are among what the names show; a night before the last break counts as usual."""
    times = WorkTimes()
    for number, factor in enumerate(factors):
        times.add(run_of(f"{number}.b", f"s.{number}", 24 * HOUR, works=100.0))
        times.add(run_of(f"{number}.n", f"s.{number}", HOUR, works=100.0 * factor))
    pace = times.pace(NOW - 2 * HOUR)
    assert min(factors) * 0.999 <= pace.low <= pace.middle <= pace.high <= max(factors) * 1.001
    assert times.pace(NOW - 48 * HOUR) == times.pace(NOW) == USUAL_PACE


def test_overdue_runs_are_left_out_of_the_end() -> None:
    """Nobody can say when they will have ended, and no place becomes free by them."""
    past = [run_of(f"p{n}", "s.a", 90 * HOUR, works=HOUR) for n in range(20)]
    late = run_of("l", "s.a", 4 * HOUR)
    assert end_of([*past, late]) is None
    works = run_of("w", "s.a", HOUR / 2 + 10)
    end = end_of([*past, late, works, waiting("q", "s.a", 60.0)])
    assert end is not None
    assert (end.seconds.middle, end.overdue) == (1.5 * HOUR, 1)
    a_little_late = end_of([*past, run_of("w", "s.a", 1.5 * HOUR + 10)])
    assert a_little_late is not None
    assert (a_little_late.seconds.middle, a_little_late.overdue) == (HOUR / 2, 0)


def test_nothing_is_told_when_nothing_is_under_way() -> None:
    """A stalled run is not."""
    stalled = run_of("1", "s.a", 60.0)._replace(stall=Stall(0.0, "silent"))
    assert outlook_of([run_of("2", "s.a", HOUR, works=60.0), stalled]) is None


def test_a_run_without_a_time_counts_for_no_hour() -> None:
    """It may still be under way."""
    timeless = run_of("2", "s.a", HOUR, works=60.0, end=FAILED)._replace(updated_at=None)
    outlook = outlook_of([timeless, run_of("w", "s.a", 60.0)])
    assert outlook is not None
    assert not any(outlook.failures)


def test_ends_and_failures_are_told_per_hour() -> None:
    """Of the last hour; failures as a curve since the first of the runs under way was made."""
    now = 600.0 * round(NOW / 600) + 300
    away = now - NOW
    runs = [
        run_of(f"{n}", "s.a", 600.0 * n - away, waits=0.0, works=1.0, end=end)
        for n, end in (
            (1, FAILED),
            (2, PASSED),
            (3, PASSED),
            (3, FAILED),
            (5, FAILED),
            (80, FAILED),
        )
    ]
    runs = [run._replace(path=f"{n}") for n, run in enumerate(runs)]
    outlook = outlook_of([*runs, run_of("w", "s.a", 1850.0 - away)], now)
    assert outlook is not None
    assert outlook.failures == (1, 0, 1, 0)
    assert outlook.ended_per_hour == 5 * HOUR / 3300
    assert outlook.failed_per_hour == 3 * HOUR / 3300
    early = outlook_of([run_of("w", "s.a", 60.0 - away)], now)
    assert early is not None
    assert early.ended_per_hour is None
    old = outlook_of([*runs, run_of("w", "s.a", 15 * HOUR - away)], now)
    assert old is not None
    assert len(old.failures) == 12


def test_runs_that_are_added_at_once_count_as_if_they_came_one_by_one() -> None:
    """Those that have ended, those that go on, and those that do neither."""
    runs = [
        run_of("1", "a", 3 * HOUR, works=HOUR),
        run_of("2", "a", 2 * HOUR, works=HOUR, end=FAILED),
        run_of("3", "a", 600.0),
        waiting("4", "a", 60.0),
        run_of("5", "a", HOUR)._replace(stall=Stall(NOW - HOUR, "no sign of life")),
    ]
    single, whole = Campaign(), Campaign()
    for run in runs:
        single.add(run)
    whole.add_all(runs)
    for campaign in (single, whole):
        assert (campaign.changes, campaign.under_way) == (5, 2)
        assert campaign.take_in(9)
    assert whole.outlook(NOW) == single.outlook(NOW) is not None
