"""The filter line: mistakes, filters that take too long, and what is pasted."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from statustui.settings.config import Config
from statustui.settings.session_state import SessionState
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.widgets.filter_line import FilterLine
from tests.slow import slow
from tests.tui.stand_in import NOW, ROOT, Clock, deliver_a_night, make_app, settle
from tests.tui.test_app import cursor, ids, screen_lines, shown, wait_for

SLOW_NOTE = f"{'a' * 40}!"


async def paste(pilot: Pilot[None], text: str) -> None:
    """Put a whole text into the filter line, which is open."""
    pilot.app.post_message(events.Paste(text))
    await settle(pilot)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Open the filter line and put a whole text into it."""
    await settle(pilot)
    await pilot.press("slash")
    await paste(pilot, text)


async def test_a_typed_filter_that_takes_too_long_leaves_the_last_good_one() -> None:
    """An arrow is at the place; the next letter is another filter."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        source.deliver(("90", "osu.slow", f"RUN_FAILED {SLOW_NOTE}"))
        await type_text(pilot, "osu")
        assert ids(app) == ["90", "14", "15", "16"]
        await paste(pilot, " note~(a+)+$")
        await wait_for(pilot, "↑")
        lines = screen_lines(app)
        place = next(number for number, line in enumerate(lines) if "(a+)+$" in line)
        assert lines[place + 1].strip() == "↑ this takes too long"
        assert lines[place + 1].index("↑") == lines[place].index("(a+)+$")
        assert ids(app) == ["90", "14", "15", "16"]
        await pilot.press("enter")
        await settle(pilot)
        assert "this takes too long" in shown(app)
        await pilot.press("n")
        assert cursor(app) in {"90", "14", "15", "16"}
        await pilot.press("slash", *"|z")
        await settle(pilot)
        assert "↑ a regular expression with |" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "too long" not in shown(app)
        assert "listed" not in shown(app)


@pytest.mark.parametrize("key", [None, slow("t"), slow("s"), slow("!")])
async def test_a_change_that_makes_a_filter_slow_lists_all_runs(key: str | None) -> None:
    """And says so; whatever is done with the list meanwhile. It is tried again when it is kept."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "one", "RUN_FAILED aaa"), ("2", "two", "RUN_FAILED b"))
        await type_text(pilot, "note~(a+)+$")
        await pilot.press("enter")
        await settle(pilot)
        assert ids(app) == ["1"]
        source.deliver(("3", "three", f"RUN_FAILED {SLOW_NOTE}"), ("4", "four", "RUN_FAILED x"))
        if key is not None:
            await pilot.press(key)
        await settle(pilot)
        await wait_for(pilot, "↑ this takes too long: all runs are listed")
        if key != "t":
            assert sorted(ids(app)) == ["1", "2", "3", "4"]
        source.deliver(("3", "three", "COMPLETE result: PASS"))
        await settle(pilot)
        await pilot.press("slash", "enter")
        await settle(pilot)
        assert "too long" not in shown(app)
        assert "1 of 4 listed" in shown(app)


async def test_a_filter_on_ages_can_come_to_take_too_long() -> None:
    """With nothing but time that passes."""
    clock = Clock(NOW)
    app, source = make_app(clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "one", f"RUN_FAILED {SLOW_NOTE}"), ("2", "two", "RUN_FAILED b"))
        await settle(pilot)
        await type_text(pilot, "age>1000d note~(a+)+$")
        assert ids(app) == []
        clock.now += 2000 * 86400
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        screen._filter_by_age()  # noqa: SLF001 - what its timer does every ten seconds
        await settle(pilot)
        await wait_for(pilot, "takes too long: all runs are listed")
        assert sorted(ids(app)) == ["1", "2"]


async def test_a_search_that_takes_too_long_ends() -> None:
    """The filter is gone, and `n` goes on with it: it stays where it is, and says why."""
    app, source = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        source.deliver(("1", "one", "RUN_FAILED aaa"), ("2", "two", "RUN_FAILED b"))
        await type_text(pilot, "note~(a+)+$")
        await pilot.press("escape", "g")
        source.deliver(("3", "three", f"RUN_FAILED {SLOW_NOTE}"))
        await settle(pilot)
        await pilot.press("g")
        before = cursor(app)
        await pilot.press("n")
        await settle(pilot)
        await wait_for(pilot, "The search takes too long.")
        assert cursor(app) == before


async def test_a_view_that_takes_too_long_is_told() -> None:
    """The list stays as it was."""
    app, source = make_app(config=Config(views={"3": "note~(a+)+$", "4": "note~a"}))
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "one", f"RUN_FAILED {SLOW_NOTE}"), ("2", "two", "RUN_FAILED b"))
        await settle(pilot)
        await pilot.press("3")
        await settle(pilot)
        await wait_for(pilot, "↑ this takes too long")
        assert sorted(ids(app)) == ["1", "2"]
        await pilot.press("4")
        await settle(pilot)
        assert "too long" not in shown(app)
        assert ids(app) == ["1"]


async def test_lines_that_are_pasted_become_one() -> None:
    """None is lost."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await type_text(pilot, "osu\r\nlat\n")
        assert ids(app) == ["15", "16"]
        assert any(line.startswith(" osu lat   ") for line in screen_lines(app))


async def test_the_arrow_stands_below_its_place_behind_wide_characters() -> None:
    """They take two cells; one cell is the margin."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING x"))
        await type_text(pilot, "測試 note~")
        (line,) = [line for line in screen_lines(app) if "↑" in line]
        assert line == f"{' ' * 11}↑ nothing stands behind ~"


async def test_half_typed_terms_do_not_empty_the_list_and_tab_completes_them() -> None:
    """The number of matches stands beside the line, and only there."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("slash", *"state")
        await settle(pilot)
        assert len(ids(app)) > 10
        await pilot.press(*"=SCH")
        await settle(pilot)
        assert ids(app) == ["17"]
        assert screen_lines(app)[-3].split() == ["state=SCH", "1", "of", "29", "listed"]
        assert "listed" not in screen_lines(app)[-2]
        await pilot.press("tab")
        await settle(pilot)
        assert screen_lines(app)[-3].startswith(" state=SCHEDULED ")
        await pilot.press("tab")
        await settle(pilot)
        assert screen_lines(app)[-3].startswith(" state=SCHED_CANCELLED ")
        await pilot.press("shift+tab", "enter")
        await settle(pilot)
        assert ids(app) == ["17"]
        await pilot.press("slash", "end", *" x", "enter")
        await settle(pilot)
        assert ids(app) == []


@pytest.mark.slow
async def test_up_recalls_earlier_filters_also_of_earlier_sessions(tmp_path: Path) -> None:
    """Down goes back to what was typed, and then into the list."""
    app, source = make_app(session=SessionState(str(tmp_path), [ROOT]))
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("slash", *"osu", "enter", "escape", "slash", *"io", "enter", "escape")
        await settle(pilot)
    app, source = make_app(session=SessionState(str(tmp_path), [ROOT]))
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        line = app.screen.query_one(FilterLine)
        await pilot.press("slash", *"typed")
        seen = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            seen.append(line.value)
        assert seen == ["io", "osu", "osu", "io", "typed"]
        await pilot.press("up", "down", "down")
        await settle(pilot)
        assert not line.has_focus
