"""Filters that take too long are given up."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from statustui.core.run import Run
from statustui.presentation.timed_query import (
    SlowQueryError,
    TimedQuery,
    TimeIsOverError,
    TimeLimit,
)
from tests.runs import make

# The tracer of coverage holds a lock that is not reentrant while a signal handler may run: a timer
# that fires at that moment would wait for ever.
pytestmark = pytest.mark.no_cover

SLOW = (
    ("(a+)+$", f"{'a' * 40}!"),
    ("(a*)*b", f"{'a' * 60}!"),
    ("(a|aa)+$", f"{'a' * 60}!"),
    ("(x+x+)+y", "x" * 60),
    (r"(a*)*\1b", "a" * 60),
    ("(?=(a+)+$)b", f"{'a' * 40}!"),
    ("a*a*a*a*b", "a" * 2000),
    ("(?:(?:a{0,99}){0,99}){0,99}$", f"{'a' * 200}!"),
    ("(.*?,){20}P", ",".join("123456789" * 5)),
    (r"(\w+\s?)+$", f"{'é' * 60}!"),
)


def spin(seconds: float) -> None:
    """Use up processor time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def compare_for_ever(timed: TimedQuery, run: Run) -> None:
    """Compare a run with a filter again and again."""
    while True:
        timed.matches(run, 0.0)


@pytest.mark.parametrize(
    ("pattern", "note"),
    [
        pytest.param(*slow, id=slow[0], marks=pytest.mark.slow if number > 1 else ())
        for number, slow in enumerate(SLOW)
    ],
)
def test_a_search_that_would_go_on_for_ever_is_ended(pattern: str, note: str) -> None:
    """By every Python, wherever the search is; the place of the pattern is told."""
    timed = TimedQuery(f'osu note~"{pattern}"', TimeLimit(2.0))
    slow = make("r/1", f"RUN_FAILED {note}", name="osu")
    for _ in range(2):
        with pytest.raises(SlowQueryError, match="takes too long") as mistake:
            timed.matches(slow, 0.0)
        assert mistake.value.position == 10
    quick = make("r/2", "RUN_FAILED short", name="osu")
    assert timed.matches(quick, 0.0) is (re.search(pattern, "short") is not None)


def test_the_place_is_told_where_it_can_be_nowhere_else() -> None:
    """Of two patterns either can be the slow one."""
    timed = TimedQuery("note~(a+)+$ | note~(a+)+$", TimeLimit(2.0))
    with pytest.raises(SlowQueryError) as mistake:
        timed.matches(make("r/1", f"RUN_FAILED {'a' * 40}!"), 0.0)
    assert mistake.value.position == 0


def test_many_runs_that_take_a_while_each_are_too_much_in_all() -> None:
    """What comes after another filter has begun has all the time again."""
    limit = TimeLimit(0.3)
    slow = make("r/1", f"RUN_FAILED {'a' * 80}")
    for _ in range(2):
        timed = TimedQuery("note~a*a*a*b", limit)
        assert not timed.matches(slow, 0.0)
        with pytest.raises(SlowQueryError):
            compare_for_ever(timed, slow)


@pytest.mark.slow
def test_time_comes_back_with_other_work() -> None:
    """What changes later can still be compared."""
    limit = TimeLimit(0.3)
    for _ in range(10):
        limit.run(spin, 0.06)
        spin(0.25)


def test_many_terms_are_ended_as_well() -> None:
    """Though each of them is quick."""
    timed = TimedQuery("|".join(["zzz"] * 2000), TimeLimit(0.2))
    run = make("r/1", f"RUN_FAILED {'a' * 2000}")
    with pytest.raises(SlowQueryError):
        compare_for_ever(timed, run)


def test_a_filter_that_takes_long_to_understand_is_given_up() -> None:
    """Python goes through every character of a set."""
    everything = "[\0-\uffff]" * 190
    with pytest.raises(SlowQueryError):
        TimedQuery(" ".join(f'note~"{everything}"' for _ in range(10)), TimeLimit(2.0))


def test_nothing_else_is_interrupted_and_the_timer_stops() -> None:
    """Whatever takes time afterwards."""
    limit = TimeLimit(0.1)
    limit.run(spin, 0.06)
    spin(0.4)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    with pytest.raises(TimeIsOverError):
        limit.run(spin, 30.0)
    spin(0.4)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_a_program_that_ends_meanwhile_ends_as_it_should() -> None:
    """No signal of the timer is left for a Python that handles none any more."""
    program = (
        "import atexit, time\n"
        "from statustui.presentation.timed_query import TimeLimit\n"
        "def spin(seconds):\n"
        "    end = time.process_time() + seconds\n"
        "    while time.process_time() < end: pass\n"
        "class Late:\n"
        "    def __del__(self, spin=spin): spin(0.3)\n"
        "late = Late()\n"
        "TimeLimit(2.0).run(spin, 0.01)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == 0


def test_another_thread_is_told_that_it_cannot_be_interrupted() -> None:
    """Rather than left alone with it."""
    said: list[str] = []

    def work() -> None:
        try:
            TimedQuery("a", TimeLimit(2.0))
        except ValueError as error:
            said.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "main thread" in said[0]
