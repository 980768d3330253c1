"""The preview beside the list on wide terminals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from statustui.tui.screens.runs import RunsScreen
from tests.tui.stand_in import make_app, settle


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What the timers of the preview would call, in place of the timers."""
    callbacks: list[Callable[[], object]] = []

    def record(_node: object, _delay: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        callbacks.append(callback)
        return asyncio.get_running_loop().call_later(1e6, lambda: None)

    monkeypatch.setattr("statustui.tui.widgets.preview.call_after", record)
    return callbacks


async def test_a_late_timer_of_the_run_before_opens_no_second_inspection(
    timers: list[Callable[[], object]],
) -> None:
    """Each is stopped once it is not needed any more, however late the timers are handled."""
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


async def test_the_program_ends_while_the_preview_is_about_to_open(
    timers: list[Callable[[], object]],
) -> None:
    """What the end overtakes is no internal error."""
    app, source = make_app()
    async with app.run_test(size=(200, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        app.exit()
        for timer in timers:
            timer()
    assert timers
    assert app.last_words == []


async def test_the_program_ends_while_the_terminal_becomes_wide_enough_for_the_preview(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As above."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        app.exit()
        monkeypatch.setattr("statustui.tui.screens.runs._WIDE", 80)
        screen.on_resize()
    assert app.last_words == []
