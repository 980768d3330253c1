from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from statustui.scheduler.pace import LEAST_GAP, MAX_EVERY, SLOW, Pace


def test_the_first_round_is_due() -> None:
    """The first round is due at once."""
    pace = Pace()
    assert pace.due_at == float("-inf")
    pace.begin(100)
    pace.end(100.1, is_useful=True)
    assert pace.due_at == 160


def test_the_interval_is_doubled_while() -> None:
    """The interval is doubled while there are no useful answers."""
    pace = Pace()
    gaps = []
    now = 0.0
    for _ in range(6):
        pace.begin(now)
        pace.end(now + 1, is_useful=False)
        gaps.append(pace.due_at - now)
        now = pace.due_at
    assert gaps == [120, 240, 480, 900, 900, 900]
    pace.begin(now)
    pace.end(now + 1, is_useful=True)
    assert pace.due_at == now + 60


def test_a_slow_answer_doubles_the_interval() -> None:
    """A slow answer doubles the interval."""
    pace = Pace()
    pace.begin(0)
    pace.end(SLOW, is_useful=True)
    assert pace.due_at == 120


def test_new_jobs_bring_the_usual() -> None:
    """New jobs bring the usual interval back."""
    pace = Pace()
    pace.begin(0)
    pace.end(10, is_useful=False)
    pace.reset()
    assert pace.due_at == 60


def test_the_user_gets_a_round() -> None:
    """The user gets a round at once but not too often."""
    pace = Pace()
    pace.begin(100)
    pace.end(101, is_useful=True)
    pace.hurry(102)
    assert pace.due_at == 100 + LEAST_GAP
    pace.hurry(150)
    assert pace.due_at == 100 + LEAST_GAP


def test_an_interval_longer_than_the_longest() -> None:
    """An interval longer than the longest is kept."""
    pace = Pace(3600)
    pace.begin(0)
    pace.end(1, is_useful=False)
    assert pace.due_at == 3600


@given(
    every=st.floats(1, 2000),
    steps=st.lists(
        st.tuples(st.floats(0, 500), st.floats(0, 30), st.booleans(), st.booleans()), max_size=30
    ),
)
def test_no_two_rounds_are_closer(
    every: float, steps: list[tuple[float, float, bool, bool]]
) -> None:
    """No two rounds are closer than allowed."""
    pace, now, began = Pace(every), 0.0, float("-inf")
    for wait, took, is_useful, hurries in steps:
        now += wait
        if hurries:
            pace.hurry(now)
        if now < pace.due_at:
            continue
        least = LEAST_GAP if hurries else min(every, LEAST_GAP)
        assert now - began >= min(least, every)
        began = now
        pace.begin(now)
        now += took
        pace.end(now, is_useful=is_useful)
        assert pace.due_at <= began + max(every, MAX_EVERY)
