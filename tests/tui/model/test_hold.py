"""For how long changes wait while keys are pressed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from statustui.tui.model import hold as module
from statustui.tui.model.hold import Hold


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that a test sets."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


async def test_changes_that_have_waited_ten_seconds_are_all_applied_before_any_waits_again(
    clock: SimpleNamespace,
) -> None:
    """However many there are, and however many keys are pressed."""
    waiting = [True]
    hold = Hold(lambda: None, lambda: bool(waiting), 1.5)

    def press_for(seconds: float) -> list[bool]:
        """Press a key twice a second; whether changes wait after each."""
        found = []
        for _ in range(int(seconds * 2)):
            hold.extend()
            found.append(hold.is_on)
            clock.now += 0.5
        return found

    assert press_for(10.0) == [True] * 20
    assert press_for(30.0) == [False] * 60
    waiting.clear()
    assert press_for(1.0) == [True, True]
    waiting.append(True)
    assert press_for(1.0) == [True, True]
    clock.now += 5.0
    assert press_for(2.0) == [True] * 4


async def test_after_a_calm_moment_changes_wait_again(clock: SimpleNamespace) -> None:
    """Also if they had to wait for as long as they may before it."""
    hold = Hold(lambda: None, lambda: True, 1.5)
    for _ in range(30):
        hold.extend()
        clock.now += 0.5
    assert not hold.is_on
    clock.now += 1.5
    hold.extend()
    assert hold.is_on
