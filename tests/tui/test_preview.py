"""The preview beside the list on wide terminals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.tui.stand_in import make_app, settle


async def test_a_late_timer_of_the_run_before_opens_no_second_inspection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is stopped once it is not needed any more, however late the timers are handled."""
    timers: list[Callable[[], object]] = []

    def record(_node: object, _delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        timers.append(callback)
        return asyncio.get_running_loop().call_later(1e6, lambda: None)

    monkeypatch.setattr("statustui.tui.widgets.preview.call_after", record)
    app, source = make_app()
    async with app.run_test(size=(200, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"), ("6", "b", "RUNNING x"), ("7", "c", "RUNNING x"))
        await settle(pilot)
        for _ in range(2):
            await pilot.press("j")
            await settle(pilot)
        assert len(timers) >= 2
        for timer in timers:
            timer()
        await settle(pilot)
        assert [one.stopped for one in source.inspections] == [False]
    assert all(one.stopped for one in source.inspections)
