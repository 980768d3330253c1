"""Calls that may never return."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from statustui.monitor.fs.prober import CallTarget, Prober, Stuck
from tests.waiting import DEADLINE, wait_until


def test_a_call_returns_the_result_or_raises_the_exception_of_its_work() -> None:
    """On one thread, which ends when the prober is closed."""
    before = set(threading.enumerate())
    prober = Prober(DEADLINE)
    assert [prober.call(threading.get_ident) for _ in range(2)].count(threading.get_ident()) == 0
    with pytest.raises(ZeroDivisionError):
        prober.call(lambda: 1 // 0)
    assert prober.call(lambda: 7) == 7
    prober.close()
    prober.close()
    wait_until(lambda: before.issuperset(threading.enumerate()))


def test_a_call_that_hangs_is_given_up_and_the_next_one_answered() -> None:
    """Until too many hang; when they return, there is room for others."""
    goes_on = threading.Event()
    prober = Prober(0.05, Stuck(2))
    for _ in range(2):
        with pytest.raises(TimeoutError):
            prober.call(goes_on.wait)
    with pytest.raises(TimeoutError):
        prober.call(lambda: 7)
    goes_on.set()

    def answers() -> bool:
        try:
            return prober.call(lambda: 7) == 7
        except TimeoutError:
            return False

    wait_until(answers)
    prober.close()


def test_while_a_call_hangs_another_one_on_its_place_is_refused() -> None:
    """Without a thread; calls on other places are answered, and probers can share this."""
    goes_on = threading.Event()
    stuck = Stuck()
    one, other = Prober(0.05, stuck), Prober(DEADLINE, stuck)
    with pytest.raises(TimeoutError):
        one.call(goes_on.wait, CallTarget("a link"))
    before = threading.active_count()
    with pytest.raises(TimeoutError):
        other.call(goes_on.wait, CallTarget("a link"))
    assert threading.active_count() == before
    assert other.call(lambda: 7, CallTarget("another link")) == 7
    goes_on.set()
    wait_until(lambda: not len(stuck))
    assert other.call(lambda: 8, CallTarget("a link")) == 8
    one.close()
    other.close()


def test_a_call_that_reports_answers_may_take_long() -> None:
    """After it has been given up, the next report ends it."""
    prober = Prober(0.3)
    hangs, ended = threading.Event(), threading.Event()

    def work() -> int:
        for _ in range(20):
            ended.wait(0.05)
            prober.mark_answered()
        return 7

    assert prober.call(work) == 7

    def hang() -> None:
        hangs.wait(DEADLINE)
        try:
            prober.mark_answered()
        except TimeoutError:
            ended.set()
            raise

    with pytest.raises(TimeoutError):
        prober.call(hang)
    hangs.set()
    assert ended.wait(DEADLINE)
    prober.close()


def test_the_links_of_one_user_do_not_use_up_the_calls_of_others() -> None:
    """However many of them hang."""
    goes_on = threading.Event()
    prober = Prober(0.05, Stuck(64, max_calls_of_user=3))
    for number in range(10):
        with pytest.raises(TimeoutError):
            prober.call(goes_on.wait, CallTarget(f"his {number}", 1))
    assert prober.call(lambda: 7, CallTarget("another one's", 2)) == 7
    goes_on.set()
    prober.close()


@pytest.mark.parametrize("has_hung", [False, True])
def test_of_many_calls_each_has_its_own_result(*, has_hung: bool) -> None:
    """In their order, with errors in their places; also while another call hangs."""
    stuck = Stuck()
    if has_hung:
        stuck.add(CallTarget("elsewhere"))
    prober = Prober(DEADLINE, stuck)

    def fail() -> int:
        raise FileNotFoundError

    calls = [(lambda: 1, CallTarget("a")), (fail, CallTarget("b")), (lambda: 3, CallTarget("a"))]
    first, error, last = prober.call_each(calls)
    assert (first, last) == (1, 3)
    assert isinstance(error, FileNotFoundError)
    assert list(prober.call_each([])) == []
    with pytest.raises(ZeroDivisionError):
        list(prober.call_each([(lambda: 1 // 0, CallTarget("a"))]))
    prober.close()


def test_of_many_calls_only_the_one_that_hangs_is_given_up() -> None:
    """On its own place and account; those after it are made once, without it."""
    goes_on = threading.Event()
    stuck = Stuck()
    prober = Prober(1.0, stuck)
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        if number == 2:
            goes_on.wait(DEADLINE)
        return number

    calls = [(partial(make, number), CallTarget(f"place {number}")) for number in range(5)]
    results = list(prober.call_each(calls))
    assert isinstance(results.pop(2), TimeoutError)
    assert results == [0, 1, 3, 4]
    assert made == [0, 1, 2, 3, 4]
    assert stuck.refuses(CallTarget("place 2"))
    assert not stuck.refuses(CallTarget("place 0"))
    goes_on.set()
    wait_until(lambda: not len(stuck))
    assert made == [0, 1, 2, 3, 4]
    prober.close()


def test_many_calls_that_take_long_are_not_handed_over_at_once() -> None:
    """So that whoever asks can tell that there are answers."""
    prober = Prober(2.0)
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        threading.Event().wait(1.1)
        return number

    results = prober.call_each([(partial(make, number), CallTarget()) for number in range(3)])
    assert next(results) == 0
    assert made == [0, 1]
    assert list(results) == [1, 2]
    prober.close()
