"""What keys do and what is seen, on injected batches and a clock that stands still."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.screen import Screen
from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp
from textual.strip import Strip

from statustui.core.categories import Category
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.monitor import Monitor
from statustui.tui.app import StatusApp
from statustui.tui.screens.help import HelpScreen
from statustui.tui.screens.run import RunScreen
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.widgets.health import explain
from statustui.tui.widgets.run_table import RunTable
from statustui.tui.widgets.summary import shares
from tests.runs import make
from tests.trees import append, write_run
from tests.tui.stand_in import NOW, ROOT, StandIn, deliver_a_night, make_app, settle
from tests.waiting import DEADLINE


def strips(app: StatusApp) -> list[Strip]:
    """What is on screen, line by line."""
    screen: Screen[object] = app.screen
    return screen._compositor.render_strips()  # noqa: SLF001 - there is no public way


def screen_lines(app: StatusApp) -> list[str]:
    """The text on screen, line by line."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips(app)]


def shown(app: StatusApp) -> str:
    """The text on screen."""
    return "\n".join(screen_lines(app))


def is_shown(app: StatusApp, kind: type[Screen[None]]) -> bool:
    """Whether the screen on top is of this kind."""
    return isinstance(app.screen, kind)


def table_text(app: StatusApp) -> list[str]:
    """The lines of the table without the scroll bar."""
    return [line[:79].rstrip() for line in screen_lines(app)[3:-2]]


def ids(app: StatusApp) -> list[str]:
    """The ids in the table, from top to bottom."""
    lines = screen_lines(app)
    return [
        line.split()[2]
        for line in lines[3:-2]
        if line[1:2] in {category.glyph for category in Category}
    ]


def line_of(app: StatusApp, number: str) -> str:
    """The line of a run in the table."""
    return next(line for line in screen_lines(app)[3:] if line.split()[2:3] == [number])


def cursor(app: StatusApp) -> str:
    """The id of the run under the cursor, as it is drawn."""
    table = app.screen.query_one(RunTable)
    reversed_lines = [
        table.render_line(y)
        for y in range(1, table.size.height)
        if any(segment.style and segment.style.reverse for segment in table.render_line(y))
    ]
    assert len(reversed_lines) == 1
    return reversed_lines[0].text.split()[2]


async def test_the_last_line_names_the_keys() -> None:
    """From the first picture on, without a key having been pressed."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        for keys in ("⏎ Open", "/ Filter", "q Quit", "? Help"):
            assert keys in screen_lines(app)[-1]


async def test_the_first_screen_shows_what_needs_attention_first() -> None:
    """Problems on top, counted in the first line, with the reason beside them."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        lines = screen_lines(app)
        assert lines[0].split()[:6] == ["▲", "1", "error", "✗", "2", "failed"]
        assert ids(app)[:3] == ["12", "13", "14"]
        assert "no space left" in line_of(app, "12")
        assert "BUILD_CREATED !" in line_of(app, "13")
        assert "BUILD_FAILED: make" in line_of(app, "13")
        assert line_of(app, "15").split()[1:5] == ["1m", "15", "osu.latency", "RUNNING"]
        assert "29 runs, polling every 1 s" in lines[-2]


async def test_a_run_that_appears_changes_or_vanishes_is_seen_without_a_key() -> None:
    """And the selection stays on its run."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"), ("6", "b", "RUNNING y"), ("7", "c", "RUNNING z"))
        await settle(pilot)
        await pilot.press("j")
        assert cursor(app) == "6"
        source.deliver(("7", "c", "RUN_FAILED now"), ("8", "d", "RUN_ERROR new"))
        await settle(pilot)
        assert ids(app) == ["8", "7", "5", "6"]
        assert cursor(app) == "6"
        source.deliver(removed=("5", "8"))
        await settle(pilot)
        assert ids(app) == ["7", "6"]
        assert cursor(app) == "6"
        source.deliver(removed=("6",))
        await settle(pilot)
        assert cursor(app) == "7"


async def test_what_comes_up_above_does_not_move_what_is_looked_at() -> None:
    """In the middle of a long list the cursor stays in its line of the screen."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(*((str(number), "t", "RUNNING x") for number in range(100, 200)))
        await settle(pilot)
        await pilot.press("G", "k", "k")
        before = table_text(app)
        selected = cursor(app)
        source.deliver(*((str(number), "t", "RUN_ERROR x") for number in range(10, 20)))
        await settle(pilot)
        assert cursor(app) == selected
        assert table_text(app) == before


async def test_keys_move_the_cursor() -> None:
    """As in every terminal program."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(*((str(number), "t", "RUNNING x") for number in range(100)))
        await settle(pilot)
        for keys, expected in (
            ("j", "1"),
            ("down", "2"),
            ("k", "1"),
            ("up", "0"),
            ("up", "0"),
            ("pagedown", "19"),
            ("pagedown", "38"),
            ("pageup", "19"),
            ("ctrl+d", "29"),
            ("ctrl+u", "19"),
            ("G", "99"),
            ("j", "99"),
            ("g", "0"),
            ("end", "99"),
            ("home", "0"),
        ):
            await pilot.press(keys)
            assert cursor(app) == expected, keys


async def test_every_category_is_counted_in_eighty_columns() -> None:
    """Where there is no room for every word, the problems keep theirs."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        chips = screen_lines(app)[0]
        assert chips.split("  ")[:2] == [" ▲ 1 error", "✗ 2 failed"]
        assert "✓ 19 passed" in chips
        assert "○ 1  - 1" in chips
        await pilot.resize_terminal(160, 24)
        await settle(pilot)
        assert "○ 1 cancelled  - 1 skipped" in screen_lines(app)[0]


async def test_problems_only_and_back() -> None:
    """`!` lists the problems, again or Esc lists all; a click on a chip lists its category."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("exclamation_mark")
        assert ids(app) == ["12", "13", "14"]
        await pilot.press("exclamation_mark")
        assert len(ids(app)) > 10
        await pilot.press("exclamation_mark", "escape")
        assert len(ids(app)) > 10
        await pilot.click("#summary", offset=(13, 0))
        assert ids(app) == ["13", "14"]
        await pilot.click("#summary", offset=(13, 0))
        assert len(ids(app)) > 10


async def test_going_from_problem_to_problem() -> None:
    """`e` and `E`, in any order of the list."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("s", "s", "g")
        assert ids(app)[:2] == ["12", "13"]
        await pilot.press("G", "e")
        assert cursor(app) == "12"
        await pilot.press("e", "e")
        assert cursor(app) == "14"
        await pilot.press("E")
        assert cursor(app) == "13"


async def test_sorting() -> None:
    """`s` takes the next key, `S` turns the order round, and the header says which it is."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"), ago=10)
        source.deliver(("6", "b", "RUN_ERROR y"), ago=20)
        await settle(pilot)
        await pilot.press("s")
        assert ids(app) == ["5", "6"]
        assert "AGE↓" in screen_lines(app)[2]
        await pilot.press("S")
        assert ids(app) == ["6", "5"]
        assert "AGE↑" in screen_lines(app)[2]


async def test_q_goes_back_and_quits_at_the_top() -> None:
    """Ctrl-q quits from anywhere; the source is stopped."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter", "q")
        assert is_shown(app, RunsScreen)
        assert not source.stopped
        await pilot.press("q")
    stopped = [source.stopped]
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter", "ctrl+q")
    assert [*stopped, source.stopped] == [True, True]


async def test_help_lists_what_can_be_done_here() -> None:
    """And what glyphs mean; it is taken from the widgets themselves."""
    app, source = make_app()
    async with app.run_test(size=(100, 130)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        text = shown(app)
        words = ("Problems only", "Next problem", "Half a page up", "▲  error", "✗  failed")
        for word in (*words, "age<1h", "Another run holds the lock of this build."):
            assert word in text
        # One entry with both keys.
        assert [line.split()[1:4] for line in text.split("\n") if " Down " in line] == [
            ["↓", "j", "Down"]
        ]
        assert "runs.problems" not in text
        await pilot.press("tab")
        assert "runs.problems" in shown(app)
        await pilot.press("question_mark")
        assert is_shown(app, RunsScreen)


async def test_r_looks_again() -> None:
    """Without waiting for the next sweep."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("r")
    assert source.looks == 1


async def test_a_root_that_cannot_be_read_is_told() -> None:
    """The runs that were known stay."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"), problem="Stale file handle")
        await settle(pilot)
        assert "cannot read Stale file handle" in shown(app)
        assert ids(app) == ["5"]


async def test_text_from_the_tree_is_neither_markup_nor_control_sequence() -> None:
    """It is shown as it stands, with visible escapes."""
    hostile = "[/x] [@click=app.quit]q[/] \x1b[2J \x9b1m \u202eevil"
    app, source = make_app()
    async with app.run_test(size=(160, 24)) as pilot:
        source.deliver(("5", hostile, f"RUN_FAILED {hostile}"), problem=hostile)
        await settle(pilot)
        for _screen in range(2):
            text = shown(app)
            assert "[/x] [@click=app.quit]q[/]" in text
            assert not set(text) & {"\x1b", "\x9b", "\u202e"}
            await pilot.press("enter")
            await settle(pilot)


@pytest.mark.slow
async def test_nothing_breaks_at_any_size() -> None:
    """From a postage stamp to a wall, and back."""
    app, source = make_app()
    async with app.run_test(size=(200, 50)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("G")
        for size in ((80, 24), (40, 12), (20, 5), (10, 3), (5, 2), (1, 1), (200, 50)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
        assert cursor(app) == ids(app)[-1]
        await pilot.press("enter")
        await settle(pilot)
        for size in ((40, 12), (20, 5), (1, 1), (200, 50)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
        assert "RUNNING" in shown(app) or "UNKNOWN" in shown(app)


async def test_the_scroll_bar_scrolls_and_the_cursor_stays_in_view() -> None:
    """Dragged, and clicked above and below its grip; what arrives then changes nothing of it."""
    app, source = make_app()
    async with app.run_test(size=(80, 14)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        table = app.screen.query_one(RunTable)
        top = ids(app)
        table.post_message(ScrollDown())
        await settle(pilot)
        assert not set(ids(app)) & set(top)
        source.deliver(("15", "osu.latency", "INFO from elsewhere"))
        await settle(pilot)
        assert cursor(app) == ids(app)[0]
        table.post_message(ScrollTo(y=3.2))
        await settle(pilot)
        assert ids(app)[0] == top[3]
        assert cursor(app) == "19"
        table.post_message(ScrollUp())
        await settle(pilot)
        assert ids(app) == top


async def test_a_click_selects_and_a_second_one_opens() -> None:
    """The wheel is the terminal's business."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"), ("6", "b", "RUNNING y"))
        await settle(pilot)
        await pilot.click("#runs", offset=(5, 2))
        assert cursor(app) == "6"
        await pilot.click("#runs", offset=(5, 2), times=2)
        assert is_shown(app, RunScreen)


async def test_ages_tick() -> None:
    """By the clock that is given."""
    seconds = [NOW]
    app, source = make_app(clock=lambda: seconds[0])
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"), ago=5)
        await settle(pilot)
        assert line_of(app, "5").split()[1] == "5s"
        seconds[0] += 70
        app.screen.query_one(RunTable).refresh_rows()
        await settle(pilot)
        assert line_of(app, "5").split()[1] == "1m"


async def test_an_unchanged_table_repaints_nothing() -> None:
    """A changed run repaints its line, and an age no more than the left edge."""
    seconds = [NOW]
    app, source = make_app(clock=lambda: seconds[0])
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(*((str(number), "t", "RUNNING x") for number in range(40)))
        await settle(pilot)
        table = app.screen.query_one(RunTable)
        painted: list[tuple[int, int]] = []
        table._repaint = lambda *line: painted.append(line)  # type: ignore[method-assign]  # noqa: SLF001
        table.refresh_rows()
        assert painted == []
        source.deliver(("39", "t", "RUNNING out of view"))
        await settle(pilot)
        assert painted == []
        source.deliver(("3", "t", "RUNNING in view"))
        await settle(pilot)
        assert painted == [(4, 79)]
        painted.clear()
        seconds[0] += 60
        table.refresh_rows()
        assert painted == [(line, 8) for line in range(1, 20)]


async def test_the_monitor_drives_the_app(tmp_path: Path) -> None:
    """With the real source, a real file and no key pressed."""
    root = str(tmp_path)
    path = write_run(tmp_path / "1", "RUNNING x")
    app = StatusApp(Monitor([root]), [root])
    async with app.run_test(size=(80, 24)) as pilot:
        for state in ("RUNNING", "RUN_FAILED"):
            for _look in range(int(DEADLINE * 50)):
                await pilot.pause(0.02)
                if f" {state} " in shown(app):
                    break
            assert f" {state} " in shown(app)
            append(path, "RUN_FAILED x")


async def test_the_health_says_how_the_picture_comes_about_and_how_old_it_is() -> None:
    """In the line above the keys, and in full in the help."""
    app, source = make_app()
    async with app.run_test(size=(100, 160)) as pilot:
        source.deliver(("1", "a", "RUNNING x"))
        source.deliver_health(mode="events", interval=5.0, filesystem="xfs")
        await settle(pilot)
        assert "1 run, events, in ./working_dir" in shown(app)
        source.deliver_health(mode="events", interval=5.0, rest=45.0)
        await settle(pilot)
        assert "1 run, events, finished runs every 45 s, in ./working_dir" in shown(app)
        source.deliver_health(mode="events", found=0, links=2)
        await settle(pilot)
        assert "no runs (2 links are not followed), events" in shown(app)
        source.deliver_health(interval=20.0, fallback="no events: none to be had")
        await settle(pilot)
        assert "1 run, polling every 20 s (no events: none to be had)" in shown(app)
        source.deliver_health(interval=1.0, quiet=5.0)
        await settle(pilot)
        assert "1 run, polling every 1 to 5 s, in ./working_dir" in shown(app)
        explained = dict(explain(RootHealth("r", quiet=5.0), 0.0))
        assert "a new status for a minute every 5 s" in explained["watched by"]
        source.deliver_health(silent=12.7, as_of=NOW - 12)
        await settle(pilot)
        assert screen_lines(app)[-2].startswith("not answering for 12s: 1 run")
        source.deliver_health(problem="./x: No such file", as_of=NOW - 180, filesystem="nfs4")
        await settle(pilot)
        assert "cannot read ./x: No such file; the data is 3m old: 1 run" in shown(app)
        await pilot.press("question_mark", *"watching")
        await settle(pilot)
        text = " ".join(shown(app).split())
        assert "root ./working_dir" in text
        assert "filesystem nfs4" in text
        assert "watched by polling; runs that are due are checked every 1 s" in text
        assert "trouble cannot read ./x: No such" in text


async def test_a_filter_narrows_the_list_with_every_letter() -> None:
    """Enter keeps it, Esc takes it away; `n` and `N` go on to what it found."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        everything = ids(app)
        await pilot.press("slash", *"osu")
        await settle(pilot)
        assert ids(app) == ["14", "15", "16"]
        assert "3 of 29 listed" in shown(app)
        await pilot.press(*" lat")
        await settle(pilot)
        assert ids(app) == ["15", "16"]
        await pilot.press("backspace", "backspace", "backspace", "backspace", "enter", "j")
        await settle(pilot)
        assert ids(app) == ["14", "15", "16"]
        assert cursor(app) == "16"
        source.deliver(("77", "osu.new", "RUN_ERROR x"), ("78", "other", "RUN_ERROR x"))
        await settle(pilot)
        assert ids(app) == ["77", "14", "15", "16"]
        await pilot.press("escape", "g")
        await settle(pilot)
        assert set(everything[:9]) <= set(ids(app))
        assert "listed" not in shown(app)
        await pilot.press("n", "n")
        first = cursor(app)
        assert first in {"14", "15", "16", "77"}
        await pilot.press("n", "N")
        assert cursor(app) == first


async def test_a_mistake_in_a_filter_is_shown_at_its_place() -> None:
    """And the last good filter stays; a filter on ages goes with the time."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("slash", *"state=RUN*")
        await settle(pilot)
        assert ids(app) == ["12", "15", "20"]
        await pilot.press(*" (osu")
        await settle(pilot)
        lines = screen_lines(app)
        place = next(number for number, line in enumerate(lines) if "(osu" in line)
        assert lines[place + 1].strip() == "↑ this parenthesis is not closed"
        assert lines[place + 1].index("↑") == lines[place].index("(osu")
        assert "3 of 29 listed" in shown(app)
        await pilot.press(*"|io)")
        await settle(pilot)
        assert ids(app) == ["15"]
        assert "↑" not in shown(app)


async def test_a_mistake_far_to_the_right_is_told_in_front_of_its_place() -> None:
    """Where there is no room behind it."""
    app, source = make_app()
    async with app.run_test(size=(60, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("slash", *"state=RUNNING|state=SCHEDULED|result=PASS|")
        await settle(pilot)
        (line,) = [line for line in screen_lines(app) if "↑" in line]
        assert line == "something to look for is missing ↑".rjust(44)


async def test_one_key_gathers_failures_by_their_cause() -> None:
    """The biggest first, a line each, whatever its notes differ in; Enter shows its runs."""
    app, source = make_app()
    async with app.run_test(size=(60, 24)) as pilot:
        source.deliver(("1", "a.x", "RUN_ERROR lost cn0117"), ("2", "b.x", "RUNNING x"))
        for number in range(3, 12):
            path = f"/scratch/{number}"
            source.deliver((str(number), "c", f"RUN_FAILED no space left on {path} for {path}"))
        await settle(pilot)
        await pilot.press("t", "g")
        await settle(pilot)
        assert table_text(app)[:3] == [
            "»      9 ✗ RUN_FAILED      no space left on <path> f…    1m",
            "»      1 ▲ RUN_ERROR       lost cn#                      1m",
            "» 1 run without a problem  ▸1",
        ]
        assert screen_lines(app)[2].split() == ["RUNS", "FAILURE", "SINCE"]
        assert "by failure" in shown(app)
        await pilot.press("enter")
        await settle(pilot)
        assert len(ids(app)) == 9
        assert "NOTE" in screen_lines(app)[2]
        await pilot.press("j", "j", "h")
        await settle(pilot)
        assert ids(app) == []
        assert table_text(app)[0].startswith("»      9")
        await pilot.press("k", "enter", "enter")
        await pilot.resize_terminal(100, 24)
        await settle(pilot)
        line = screen_lines(app)[3]
        assert line[:30] == "»      9 ████████ ✗ RUN_FAILED"
        assert line[:99].split()[-2:] == ["1m", "1"]
        source.deliver(("20", "d", "RUN_FAILED no space left on /a for /b"), ago=7300)
        source.deliver(("2", "b.x", "RUN_ERROR lost cn0118"), removed=("3",))
        await settle(pilot)
        assert screen_lines(app)[3][:99].split()[-2:] == ["2h", "2"]
        assert "»      2 █▊       ▲ RUN_ERROR" in screen_lines(app)[4]
        source.deliver(removed=("20",))
        await settle(pilot)
        assert screen_lines(app)[3][:99].split()[-2:] == ["1m", "1"]


async def test_copying_takes_the_marked_runs_or_the_one_under_the_cursor() -> None:
    """Their ids or a table by a key, their paths from the palette; a message says what it was."""
    app, source = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("y")
        assert app.clipboard == "12"
        await wait_for(pilot, "Copied: ids of 12")
        await pilot.press("space", "space", "space", "y")
        await settle(pilot)
        assert app.clipboard == "12 13 14"
        await pilot.press("Y", "t")
        await settle(pilot)
        assert app.clipboard.splitlines()[0].split("\t")[:2] == ["ID", "NAME"]
        row = app.clipboard.splitlines()[2].split("\t")
        assert row[:3] == ["13", "hpcg.n16", "BUILD_CREATED"]
        assert row[5] == "BUILD_FAILED: make: *** error 2"
        paths = "\n".join(f"{ROOT}/test_runs/{number}" for number in (12, 13, 14))
        await pilot.press("Y", "p")
        await settle(pilot)
        assert app.clipboard == paths
        await pilot.press("y", "Y", "escape")
        assert app.clipboard == "12 13 14"
        await choose(pilot, "paths")
        assert app.clipboard == paths
        await choose(pilot, "all marks")
        await pilot.press("t", "g", "y")
        assert app.clipboard == "13"


async def test_more_than_a_terminal_takes_is_not_copied() -> None:
    """The message says so, and what was copied before stays."""
    app, source = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        source.deliver(("1", "a", "RUNNING x"))
        source.deliver(*((str(number), "b" * 400, "RUN_ERROR x") for number in range(2, 190)))
        await settle(pilot)
        await pilot.press("y", "t", "g", "Y", "t")
        await wait_for(pilot, "Not copied: 8")
        assert app.clipboard == "2"


async def wait_for(pilot: Pilot[None], text: str) -> None:
    """Wait until a message is on screen."""
    assert isinstance(pilot.app, StatusApp)
    end = time.monotonic() + DEADLINE
    while text not in shown(pilot.app):
        assert time.monotonic() < end, shown(pilot.app)
        await pilot.pause(0.02)


async def choose(pilot: Pilot[None], words: str) -> None:
    """Choose from the palette what it finds first."""
    await pilot.press("colon")
    await pilot.press(*words)
    palette = pilot.app.screen
    assert isinstance(palette, HelpScreen)
    end = time.monotonic() + DEADLINE
    while not palette.is_settled or palette.selected is None:
        assert time.monotonic() < end
        await pilot.pause(0.02)
    await pilot.press("enter")
    while pilot.app.screen is palette:
        assert time.monotonic() < end
        await pilot.pause(0.02)
    await pilot.pause()


@pytest.mark.slow
async def test_the_palette_finds_runs_and_all_that_keys_do() -> None:
    """A run by its id is opened, whatever signs there are in its name; an action is done."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        source.deliver(("99", "[/bold] $x [@click=app.quit]evil[/]", "RUNNING x"))
        await settle(pilot)
        await choose(pilot, "[/bold]")
        assert is_shown(app, RunScreen)
        assert "99" in screen_lines(app)[0]
        await pilot.press("q")
        await choose(pilot, "problems")
        await settle(pilot)
        assert ids(app) == ["12", "13", "14"]


async def test_runs_in_groups() -> None:
    """`t` takes the next grouping; Enter on a header folds its runs."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a.x", "RUNNING x"), ("2", "b.x", "RUN_ERROR x"))
        source.deliver(("3", "a.y", "RUN_FAILED x"))
        await settle(pilot)
        await pilot.press("t", "t", "t", "g")
        await settle(pilot)
        lines = screen_lines(app)
        assert lines[3].startswith("▾ suite a  2 runs  ✗1 ▸1")
        assert [line.split()[2] for line in lines[4:6]] == ["3", "1"]
        assert lines[6].startswith("▾ suite b  1 run  ▲1")
        await pilot.press("enter")
        await settle(pilot)
        assert screen_lines(app)[3].startswith("» suite a  2 runs")
        assert screen_lines(app)[4].startswith("▾ suite b  1 run")
        source.deliver(("1", "a.x", "RUN_ERROR x"))
        await settle(pilot)
        assert screen_lines(app)[3].startswith("» suite a  2 runs  ▲1 ✗1")
        await pilot.press("j", "j", "t")
        await settle(pilot)
        assert cursor(app) == "2"


async def test_marks_and_flags_of_what_has_just_changed() -> None:
    """Space marks and goes on; the flag of a change leaves after some seconds."""
    seconds = [NOW]
    app, source = make_app(clock=lambda: seconds[0])
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING x"), ("2", "b", "RUNNING x"))
        await settle(pilot)
        await pilot.press("space", "space")
        assert [line[:2] for line in screen_lines(app)[3:5]] == ["*▸", "*▸"]
        await pilot.press("k", "space")
        source.deliver(("2", "b", "RUNNING more"))
        await settle(pilot)
        assert line_of(app, "2").startswith("•▸") or line_of(app, "2").startswith("*▸")
        source.deliver(("3", "c", "RUNNING new"))
        await settle(pilot)
        assert line_of(app, "3").startswith("•▸")
        seconds[0] += 10
        app.screen.query_one(RunTable).update_ages()
        await settle(pilot)
        assert line_of(app, "3").startswith(" ▸")


async def test_rows_do_not_slide_away_under_a_moving_cursor() -> None:
    """At the top of the list too, for as long as somebody moves."""
    seconds = [NOW]
    app, source = make_app(clock=lambda: seconds[0])
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(*((str(number), "t", "RUNNING x") for number in range(100, 200)))
        await settle(pilot)
        await pilot.press("j", "j")
        await settle(pilot)
        before, selected = table_text(app), cursor(app)
        source.deliver(*((str(number), "t", "RUN_ERROR x") for number in range(10, 13)))
        await settle(pilot)
        assert (table_text(app), cursor(app)) == (before, selected)
        seconds[0] += 10
        await pilot.press("g")
        seconds[0] += 10
        source.deliver(("9", "t", "RUN_ERROR x"), ago=1)
        await settle(pilot)
        assert ids(app)[0] == "9"


@pytest.mark.slow
async def test_any_size_down_to_nothing_and_back() -> None:
    """Nothing crashes, and what comes back is as it was."""
    app, source = make_app()
    async with app.run_test(size=(200, 50)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        # The preview comes a moment after the list.
        await wait_for(pilot, "CREATED 17s")
        before = screen_lines(app)
        for size in ((120, 30), (80, 24), (40, 12), (20, 5), (8, 3), (2, 1), (200, 50)):
            await pilot.resize_terminal(*size)
            await pilot.press("j", "k")
            await settle(pilot)
        await wait_for(pilot, "CREATED 17s")
        assert screen_lines(app) == before


async def test_wide_and_combining_characters_keep_columns_straight() -> None:
    """Each takes the cells that a terminal gives it."""
    app, source = make_app()
    async with app.run_test(size=(100, 24)) as pilot:
        source.deliver(
            ("1", "漢字のテスト", "RUNNING x"), ("2", "ge\u0301ne\u0301re\u0301", "RUNNING x")
        )
        source.deliver(("3", "plain", "RUNNING x"))
        await settle(pilot)
        starts = {cell_len(line_of(app, number).partition("RUNNING")[0]) for number in "123"}
        assert len(starts) == 1


async def test_the_first_reading_shows_how_far_it_has_come() -> None:
    """As a bar that leaves when all is read."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver_health(swept=False, found=400, read=100)
        await settle(pilot)
        assert "███░░░░░░░░░ 400 runs found, 100 read" in shown(app)
        source.deliver_health(swept=False, found=400, read=152, as_of=NOW - 60)
        await settle(pilot)
        at = time.strftime("%H:%M", time.localtime(NOW - 60))
        assert f"████░░░░░░░░ 400 runs as of {at}, 38 % checked" in shown(app)
        source.deliver_health(swept=False, found=400, read=152, as_of=NOW - 3 * 86400)
        await settle(pilot)
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(NOW - 3 * 86400))
        assert f"as of {at}, 38 % checked" in shown(app)
        source.deliver_health(swept=True, found=400, read=400)
        await settle(pilot)
        assert "░" not in shown(app)


async def test_roots_without_trouble_are_summed_up() -> None:
    """As far as all of them have come, and as slow as the slowest; trouble is named for each."""
    roots = [f"wd{number}" for number in range(4)]
    source = StandIn()
    app = StatusApp(source, roots, clock=lambda: NOW)

    async def show(*healths: RootHealth) -> str:
        source.send(Batch(health=healths))
        await settle(pilot)
        return screen_lines(app)[-2].strip()

    async with app.run_test(size=(160, 24)) as pilot:
        await settle(pilot)
        assert screen_lines(app)[-2].strip() == "looking for runs in 4 roots"
        found = [RootHealth(root, found=100, read=40) for root in roots]
        assert await show(*found[:2]) == (
            "████░░░░░░░░ 200 runs found, 80 read, in 2 roots  looking for runs in 2 roots"
        )
        at = time.strftime("%H:%M", time.localtime(NOW - 60))
        cached = [
            health._replace(as_of=NOW - ago)
            for health, ago in zip(found, (30, 60, 9, 9), strict=True)
        ]
        assert await show(*cached) == f"████░░░░░░░░ 400 runs as of {at}, 40 % checked, in 4 roots"
        assert await show(found[3]) == "████░░░░░░░░ 400 runs found, 160 read, in 4 roots"
        swept = [one._replace(read=100, swept=True, mode="events") for one in found]
        assert await show(*swept) == "400 runs, events, in 4 roots"
        assert await show(swept[0]._replace(rest=45.0), swept[1]._replace(rest=60.0)) == (
            "400 runs, events, finished runs every 60 s, in 4 roots"
        )
        polled = [one._replace(mode="polling", interval=5.0) for one in swept]
        assert await show(*polled[:3], polled[3]._replace(interval=9.0, quiet=20.0)) == (
            "400 runs, polling every 9 to 20 s, in 4 roots"
        )
        assert await show(polled[0]._replace(quiet=20.0), polled[3]._replace(interval=30.0)) == (
            "400 runs, polling every 30 s, in 4 roots"
        )
        assert await show(*swept[:2], polled[2], polled[3]._replace(fallback="no events: nfs")) == (
            "200 runs, events, in 2 roots  100 runs, polling every 5 s, in wd2"
            "  100 runs, polling every 5 s (no events: nfs), in wd3"
        )
        assert await show(*swept[:3], swept[3]._replace(found=0, read=0, links=2)) == (
            "300 runs, events, in 3 roots  no runs (2 links are not followed), events, in wd3"
        )
        lost = swept[3]._replace(silent=7.0)
        assert (await show(*swept[:3], lost)).startswith(
            "not answering for 7s: 100 runs, events, in wd3  300 runs, events, in 3 roots"
        )


async def test_a_storm_of_changes_leaves_room_for_keys() -> None:
    """They are taken in bit by bit, and the last picture of each run wins."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        for turn in range(20):
            source.deliver(*((str(number), "t", f"RUNNING {turn}") for number in range(300)))
        assert not app.is_up_to_date
        await pilot.press("j")
        await settle(pilot)
        assert cursor(app) == "1"
        assert line_of(app, "5").endswith(" 19")


@pytest.mark.parametrize(
    ("counts", "width", "cells"),
    [
        ({}, 10, []),
        ({Category.PASSED: 5}, 10, [10]),
        ({Category.ERROR: 1, Category.PASSED: 99999}, 10, [1, 9]),
        ({Category.ERROR: 1, Category.FAILED: 1, Category.PASSED: 2}, 40, [10, 10, 20]),
        ({Category.ERROR: 1, Category.FAILED: 1}, 1, []),
    ],
)
def test_the_bar_shares_out_its_cells(
    counts: dict[Category, int], width: int, cells: list[int]
) -> None:
    """All of them, and at least one to every category that there is."""
    shared = [size for _category, size in shares(Counter(counts), width)]
    assert shared == cells or (sum(shared) == width and all(shared) and width == 40)


async def test_a_line_that_is_painted_late_shows_what_was_meant() -> None:
    """The store may have gone on, and back, between the wish to paint a line and the painting."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING first"))
        await settle(pilot)
        table = app.screen.query_one(RunTable)
        store = table._store  # noqa: SLF001 - it goes on without the screen being told
        (path,) = store.runs
        second, third = make(path, "RUNNING second"), make(path, "RUNNING third")
        store.apply(Batch((second,)))
        table.refresh_rows()
        store.apply(Batch((third,)))
        await pilot.pause(0.1)
        store.apply(Batch((second,)))
        table.refresh_rows()
        await pilot.pause(0.1)
        assert "second" in shown(app)
