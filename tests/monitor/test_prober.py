"""Calls that may never come back."""

from __future__ import annotations

import threading

import pytest

from statustui.monitor.prober import Prober, Stuck
from tests.waiting import DEADLINE, wait_until


def test_a_call_gives_its_result_or_raises_what_it_has_raised() -> None:
    """On one thread, that ends when there is no more use for it."""
    prober = Prober(DEADLINE)
    assert [prober.call(threading.get_ident) for _ in range(2)].count(threading.get_ident()) == 0
    with pytest.raises(ZeroDivisionError):
        prober.call(lambda: 1 // 0)
    assert prober.call(lambda: 7) == 7
    prober.close()
    prober.close()
    wait_until(lambda: not any(thread.name == "prober" for thread in threading.enumerate()))


def test_a_call_that_hangs_is_given_up_and_the_next_one_answered() -> None:
    """Until too many hang; once they come back, there is room for others."""
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
