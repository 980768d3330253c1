"""Little room, other colours, and what is pasted and copied."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable

import pytest
from rich.color import Color
from textual.color import Color as Colour
from textual.events import Paste

from statustui.core.categories import Category
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.filter_line import FilterLine
from statustui.tui.widgets.run_table import RunTable
from tests.slow import slow
from tests.tui.stand_in import NOW, Clock, deliver_a_night, make_app, settle
from tests.tui.test_app import screen_lines, shown


@pytest.mark.parametrize("columns", [20, slow(30), slow(40), slow(60), slow(80), 200])
async def test_the_ways_out_leave_the_key_line_last_and_no_key_is_cut(columns: int) -> None:
    """Also while the terminal changes its size."""
    app, source = make_app()
    async with app.run_test(size=(100, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.resize_terminal(columns, 12)
        await settle(pilot)
        line = screen_lines(app)[-1].strip()
        assert "q Quit  ? Help" in line
        names = ["⏎ Open", "e Next problem", "/ Filter", "! Problems only", "s Sort", "1-9 View"]
        names.append("x Over time")
        rest = line.removesuffix("q Quit  ? Help")
        for name in names:
            rest = rest.replace(f"{name}  ", "")
        assert rest.strip() == ""
        await pilot.press("enter")
        await settle(pilot)
        assert "q List  ? Help" in screen_lines(app)[-1]


async def test_a_glyph_and_its_number_stay_together() -> None:
    """Where a line is too short for all of them they go on in the next one."""
    app, source = make_app()
    async with app.run_test(size=(40, 12)) as pilot:
        for number in range(1200):
            source.deliver((str(number), "a", "COMPLETE result: PASS"), ago=1e4)
        deliver_a_night(source)
        await settle(pilot)
        text = screen_lines(app)[:2]
        chips = [chip for line in text for chip in line.strip().split("  ")]
        assert all(len(chip.split()) >= 2 for chip in chips)
        assert {"▸ 2", "◇ 1", "· 1"} <= set(chips)


async def test_the_bar_beside_the_list_stays_when_nothing_is_left_to_scroll() -> None:
    """The rows of a list that becomes short, or long again, are then not sent a second time."""
    app, source = make_app()
    async with app.run_test(size=(80, 12)) as pilot:
        table = app.screen.query_one(RunTable)
        for number in range(100):
            source.deliver((str(number), "a", "COMPLETE result: PASS"), ago=1e4)
        source.deliver(("bad", "a", "RUN_FAILED x"), ago=1e4)
        await settle(pilot)
        region = table.content_region
        for count in (1, 101):
            await pilot.press("exclamation_mark")
            await settle(pilot)
            assert table.virtual_size.height == 1 + count
            assert (table.show_vertical_scrollbar, table.content_region) == (True, region)


def _hue(colour: Color | None) -> float:
    assert colour is not None
    red, green, blue = colour.get_truecolor()
    return 360 * colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)[0]


def _luminance(colour: Iterable[int]) -> float:
    """The relative luminance of the Web Content Accessibility Guidelines, with its offset."""
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour)
    ]
    return 0.05 + 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.slow
async def test_categories_can_be_told_apart_and_read_in_every_theme() -> None:
    """Cancelled, failed and error are three hues: a part of the circle, or of the terminal's own.

    Where the theme has a background of its own, all categories have enough contrast to that.
    """
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        table = app.screen_stack[0].query_one(RunTable)
        for theme in app.available_themes:
            app.theme = theme
            await pilot.pause()
            colours = {
                category: table.get_component_rich_style(style, partial=True).color
                for category, style in STYLES.items()
            }
            hues = [
                _hue(colours[category])
                for category in (Category.CANCELLED, Category.FAILED, Category.ERROR)
            ]
            for number, hue in enumerate(hues):
                distance = abs(hue - hues[number - 1])
                assert min(distance, 360 - distance) > 20, theme
            background = app.get_css_variables()["background"]
            if not background.startswith("ansi"):
                behind = _luminance(Colour.parse(background).rgb)
                for colour in filter(None, colours.values()):
                    text = _luminance(colour.get_truecolor(app.ansi_theme))
                    assert max(text, behind) / min(text, behind) > 2.5, (theme, colour)


async def test_all_lines_that_are_pasted_into_a_filter_count() -> None:
    """Joined to one, as no line break can be typed there."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("slash")
        app.post_message(Paste("osu\n  state=RUNNING \r\n\n"))
        await settle(pilot)
        await pilot.pause()
        assert app.screen.query_one(FilterLine).value == "osu state=RUNNING"
        await settle(pilot)
        assert "1 of 29 listed" in shown(app)


async def test_what_is_copied_is_in_the_order_of_the_list_also_in_reverse() -> None:
    """Marked runs and the runs of a group."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("space", "space", "space", "S", "y")
        assert app.clipboard == "14 13 12"


async def test_the_age_of_an_old_picture_ticks() -> None:
    """Although nothing is delivered any more."""
    clock = Clock(NOW)
    app, source = make_app(clock=clock)
    async with app.run_test(size=(100, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING x"))
        source.deliver_health(problem="./working_dir: gone", as_of=NOW - 60, unreachable=True)
        await settle(pilot)
        assert "the data is 1m old" in screen_lines(app)[-2]
        clock.now += 300
        await pilot.pause(1.5)
        assert "the data is 6m old" in screen_lines(app)[-2]
        assert "RUNNING" in shown(app)
