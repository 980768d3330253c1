"""What a user can have otherwise, and what is new to the user."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from statustui.core.run import Stall
from statustui.monitor.batch import Batch
from statustui.settings.config import Config, parse_config
from statustui.settings.session_state import SessionState
from statustui.tui.app import StatusApp
from statustui.tui.terminal.ascii import AsciiFilter, to_ascii
from statustui.tui.terminal.background import BackgroundDetected
from statustui.tui.widgets.filter_line import FilterLine
from statustui.tui.widgets.run_table import RunTable
from tests.slow import slow
from tests.tui.stand_in import NOW, ROOT, Clock, deliver_a_night, make_app, settle
from tests.tui.test_app import cursor, ids, line_of, screen_lines, shown, strips


def flag_of(app: StatusApp, number: str) -> str:
    """What stands in front of a run."""
    return line_of(app, number)[0]


async def test_a_problem_is_new_until_a_key_is_pressed_with_it_in_view() -> None:
    """It stays so for a moment, so that somebody who comes back sees which it is."""
    clock = Clock(NOW)
    app, source = make_app(clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUN_ERROR x"), ("2", "a", "RUNNING x"), ("3", "b", "RUNNING x"))
        await settle(pilot)
        assert "new" not in screen_lines(app)[0]
        source.deliver(("2", "a", "RUN_FAILED y"))
        await settle(pilot)
        clock.now += 3600
        await pilot.pause(1.1)
        assert "+ 1 new" in screen_lines(app)[0]
        assert flag_of(app, "2") == "+"
        await pilot.press("u")
        assert cursor(app) == "2"
        assert flag_of(app, "2") == "+"
        clock.now += 6
        while "new" in screen_lines(app)[0]:
            await pilot.pause(0.1)
        assert flag_of(app, "2") == " "


async def test_a_problem_out_of_view_stays_new_and_one_that_passes_is_none() -> None:
    """Whatever keys are pressed; the palette counts all as seen."""
    clock = Clock(NOW)
    app, source = make_app(clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(*((str(number), "t", "RUN_ERROR x") for number in range(100, 160)))
        source.deliver(("7", "t", "RUNNING x"), ("8", "t", "RUNNING x"))
        await settle(pilot)
        await pilot.press("s", "s", "G")
        source.deliver(("7", "t", "RUN_ERROR x"), ("8", "t", "RUN_ERROR x"))
        await settle(pilot)
        clock.now += 60
        await pilot.press("k")
        await pilot.pause(1.1)
        assert "+ 2 new" in screen_lines(app)[0]
        source.deliver(("7", "t", "COMPLETE result: PASS"))
        source.deliver(removed=("8",))
        await settle(pilot)
        assert "new" not in screen_lines(app)[0]
        source.deliver(("7", "t", "RUN_ERROR x"))
        await settle(pilot)
        assert "+ 1 new" in screen_lines(app)[0]
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        commands["Mark all problems as seen"].callback()
        await pilot.pause()
        assert "new" not in screen_lines(app)[0]


async def test_what_came_since_the_last_session_is_new(tmp_path: Path) -> None:
    """On the same root; what was seen then is not."""
    for expected in ("", "+ 1 new"):
        app, source = make_app(session=SessionState(str(tmp_path), [ROOT]))
        async with app.run_test(size=(80, 24)) as pilot:
            source.deliver(("1", "a", "RUN_ERROR x"), ("2", "a", "RUNNING x"))
            if expected:
                source.deliver(("2", "a", "RUN_FAILED y"))
            await settle(pilot)
            line = screen_lines(app)[0]
            assert (expected in line) if expected else ("new" not in line)
    assert SessionState(str(tmp_path), [ROOT]).settings == {}


async def test_the_arrangement_is_remembered(tmp_path: Path) -> None:
    """Order, grouping and theme."""
    app, source = make_app(session=SessionState(str(tmp_path), [ROOT]))
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("s", "S", "t", "t")
        app.theme = "ansi-light"
        await pilot.pause()
    config = SessionState(str(tmp_path), [ROOT]).recall(Config())
    assert (config.sort, config.group, config.theme) == ("-time", "state", "ansi-light")
    again, source = make_app(config=config)
    async with again.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        assert "by state" in shown(again)
        assert "AGE↑" in shown(again)
        assert again.theme == "ansi-light"


@pytest.mark.parametrize("theme", [None, slow("ansi-dark")])
async def test_the_theme_follows_the_background_unless_one_is_chosen(theme: str | None) -> None:
    """What follows the terminal is no choice to remember."""
    app, source = make_app(config=Config(theme=theme))
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        app.post_message(BackgroundDetected(is_light=True))
        await settle(pilot)
        assert app.theme == (theme or "ansi-light")
        assert app._arrangement["theme"] == theme  # noqa: SLF001 - what is remembered
        app.theme = "nord"
        app.post_message(BackgroundDetected(is_light=True))
        await settle(pilot)
        assert app.theme == "nord"


async def test_only_glyph_and_state_carry_colour_and_secondary_text_is_dim() -> None:
    """The prefix of a note too, so that the cause stands out."""
    app, source = make_app()
    async with app.run_test(size=(100, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        table = app.screen.query_one(RunTable)
        coloured, dim = [], []
        for segment in table.render_line(2):
            if segment.style and segment.style.color and segment.style.color.name != "default":
                coloured.append(segment.text.strip())
            if segment.style and segment.style.dim:
                dim.append(segment.text.strip())
        assert coloured == ["✗", "BUILD_CREATED !"]
        assert dim == ["3m", "BUILD_FAILED:"]


async def test_the_bar_shows_its_parts_without_colours() -> None:
    """Each part begins with the glyph of its category."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        bar = screen_lines(app)[1].strip()
        assert [sign for sign in bar if sign != "━"] == [*"▲✗▸◇·?○-✓"]


async def test_what_cannot_be_remembered_is_said_once(tmp_path: Path) -> None:
    """The monitor goes on."""
    blocked = tmp_path / "file"
    blocked.touch()
    app, source = make_app(session=SessionState(str(blocked / "state"), [ROOT]))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        app._save_session()  # noqa: SLF001 - what a minute does
        while "the session cannot be saved: " not in " ".join(shown(app).split()):
            await pilot.pause(0.05)
        assert ids(app)


async def test_views_keys_and_columns_come_from_the_configuration() -> None:
    """And what is wrong with them is told at the start."""
    text = """
        columns = ["id", "user", "state", "note"]
        theme = "nice"
        [views]
        2 = "category=error"
        [keys]
        "runs.sort" = "o"
        "runs.nothing" = "x"
    """
    app, source = make_app(config=parse_config(text.encode(), "c.toml"))
    async with app.run_test(size=(100, 130), notifications=True) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        assert screen_lines(app)[2].split() == ["↓", "ID", "USER", "STATE", "NOTE"]
        assert "c.toml line 3: theme: there is no nice" in " ".join(shown(app).split())
        assert "c.toml line 8: keys.runs.nothing" in shown(app)
        await pilot.press("2")
        await settle(pilot)
        assert app.screen.query_one(FilterLine).count.content == "1 of 29 listed"
        assert screen_lines(app)[-2].startswith("category=error  29 runs")
        await pilot.press("9")
        await settle(pilot)
        assert "listed" not in shown(app)
        await pilot.press("escape", "o")
        await settle(pilot)
        assert app._arrangement["sort"] == "time"  # noqa: SLF001 - what is remembered
        await pilot.press("s")
        await settle(pilot)
        assert app._arrangement["sort"] == "time"  # noqa: SLF001 - as above
        await pilot.press("question_mark")
        await pilot.pause()
        assert "category=error" in shown(app)
        await pilot.press("tab")
        assert any(" o  " in line and "runs.sort" in line for line in screen_lines(app))


async def test_a_command_takes_no_key_from_an_action_but_one_that_the_action_has_given_up() -> None:
    """What is on keys is in the palette too, as is a command that has not got its key."""
    text = """
        [keys]
        "runs.sort" = "o"
        "over-time.order" = "o"
        [commands]
        s = {run = "true", label = "mine"}
        "!" = {run = "true", label = "not so", background = true}
    """
    app, source = make_app(config=parse_config(text.encode(), "c.toml"))
    async with app.run_test(size=(100, 50), notifications=True) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        assert "only; give that another one in [keys]" in " ".join(shown(app).split())
        known = {command.title: command for command in app.get_system_commands(app.screen)}
        assert known["mine"].help == "key s"
        assert "s" in app.screen.active_bindings
        known["not so"].callback()
        while "not so: done" not in shown(app):
            await pilot.pause(0.05)


async def test_a_state_can_have_a_colour_of_its_own() -> None:
    """But a failure that it hides keeps the colour of failures."""
    app, source = make_app(config=Config(colours={"RUNNING": "blue", "BUILD_CREATED": "blue"}))
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        blue = {
            segment.text.split()[-1]
            for strip in strips(app)[3:-2]
            for segment in strip
            if segment.style and segment.style.color and segment.style.color.name == "blue"
        }
        assert "RUNNING" in blue
        assert not {word for word in blue if "BUILD_CREATED" in word}


@pytest.mark.slow
async def test_with_ascii_nothing_else_reaches_the_terminal() -> None:
    """On any screen, whatever stands in a note; every line keeps its width."""
    app, source = make_app(config=Config(ascii=True))
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        source.deliver(("41", "x", "RUNNING zwölf 漢字"))
        await settle(pilot)
        for keys in ((), ("t",), ("question_mark",), ("escape", "t", "G", "enter"), ("colon",)):
            await pilot.press(*keys)
            await settle(pilot)
            lines = screen_lines(app)
            assert "".join(lines).isascii()
            assert any(line.strip() for line in lines)
        await pilot.press("escape", "escape", "t", "t", "t", "t", "g")
        await settle(pilot)
        assert "zwolf ????" in shown(app)
        assert screen_lines(app)[0].split()[:3] == ["E", "1", "error"]
        assert "Enter Open" in screen_lines(app)[-1]


@given(st.text())
def test_a_text_in_ascii_is_as_wide_as_before(text: str) -> None:
    """Also of characters that take two cells, or none."""
    assert to_ascii(text).isascii()
    assert cell_len(to_ascii(text)) == sum(map(cell_len, text)) or not text.isprintable()


def test_control_segments_are_left_alone() -> None:
    """They are no text."""
    control = Segment("\x1b[3m…", None, [])
    assert AsciiFilter().apply([control, Segment("…")], Color(0, 0, 0)) == [control, Segment(".")]


@pytest.mark.parametrize("colorblind", [False, True])
async def test_colours_without_red_and_green(colorblind: bool) -> None:  # noqa: FBT001
    """Errors, failures and passes differ from each other in other ways."""
    app, source = make_app(config=Config(colorblind=colorblind))
    async with app.run_test(size=(80, 40)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        colours = {
            segment.style.color.name
            for strip in strips(app)
            for segment in strip
            if segment.style and segment.style.color
        }
        assert ("color(1)" in colours and "color(2)" in colours) is not colorblind
        assert len(colours) > 4


async def test_what_has_stalled_is_counted_and_a_click_lists_it() -> None:
    """As the filter would."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a.b", "RUNNING x"), ("2", "a.c", "RUNNING y"))
        await settle(pilot)
        run = next(run for run in app.runs if run.id == "2")
        source.send(Batch((run._replace(stall=Stall(NOW - 7300, "x")),)))
        await settle(pilot)
        place = screen_lines(app)[0].index("~ 1 stalled")
        await pilot.click("#summary", offset=(place + 2, 0))
        await settle(pilot)
        assert ids(app) == ["2"]
        source.deliver(("2", "a.c", "RUN_ERROR x"))
        await settle(pilot)
        place = screen_lines(app)[0].index("+ 1 new")
        await pilot.press("escape")
        await settle(pilot)
        await pilot.click("#summary", offset=(place + 2, 0))
        assert cursor(app) == "2"
