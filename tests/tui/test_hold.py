"""No row moves between the eye and the key."""

from __future__ import annotations

import pytest

from statustui.tui.screens import runs
from tests.tui.stand_in import make_app, settle
from tests.tui.test_app import cursor, ids, screen_lines, shown


async def test_changes_wait_while_keys_are_pressed() -> None:
    """The line above the keys says so; then all of them are shown."""
    app, source = make_app(calm=1.0)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(*((str(number), "t", "RUNNING x") for number in range(1, 5)))
        await settle(pilot)
        await pilot.press("space")
        source.deliver(("9", "t", "RUN_ERROR x"), ("2", "t", "RUN_FAILED y"))
        await pilot.press("space")
        assert ids(app) == ["1", "2", "3", "4"]
        assert screen_lines(app)[-2].startswith("held  2 marked  4 runs")
        await settle(pilot)
        assert ids(app) == ["9", "2", "1", "3", "4"]
        assert cursor(app) == "3"


async def test_a_pause_lasts_until_it_is_ended() -> None:
    """Whatever comes; the marked runs are counted meanwhile."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "t", "RUNNING x"), ("2", "t", "RUNNING x"))
        await settle(pilot)
        await pilot.press("p")
        source.deliver(("9", "t", "RUN_ERROR x"))
        await pilot.press("space", "k")
        await settle(pilot)
        assert ids(app) == ["1", "2"]
        assert screen_lines(app)[-2].startswith("paused for 0s  1 marked  2 runs")
        await pilot.press("p")
        await settle(pilot)
        assert ids(app) == ["9", "1", "2"]
        assert "paused" not in shown(app)
        assert "1 marked" in shown(app)


async def test_memory_is_freed_while_no_key_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With very many runs that takes long enough to be felt."""
    waits: list[bool] = []
    app, source = make_app(calm=1.0)
    hold = app._hold  # noqa: SLF001 - the line says so a moment later
    monkeypatch.setattr(runs, "_FREEING_DELAY", 0.2)
    monkeypatch.setattr(runs, "free_closed_screens", lambda: waits.append(hold.is_on))
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "t", "RUNNING x"), ("2", "t", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("q", "j")
        while not waits:
            await pilot.pause(0.01)
    assert waits == [False]


async def test_a_pause_does_not_put_off_freeing_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may last for hours."""
    paused: list[bool] = []
    app, source = make_app()
    monkeypatch.setattr(runs, "free_closed_screens", lambda: paused.append("paused" in shown(app)))
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "t", "RUNNING x"))
        await settle(pilot)
        await pilot.press("p", "enter")
        await settle(pilot)
        await pilot.press("q")
        while not paused:
            await pilot.pause(0.01)
    assert paused == [True]
