"""Help that acts: what it finds, and what choosing an entry does."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from statustui.core.categories import Category
from statustui.settings.session_state import SessionState
from statustui.tui.app import StatusApp
from statustui.tui.model.help_entries import (
    Entry,
    Section,
    best,
    filter_section,
    glyph_section,
    narrow,
    state_section,
)
from statustui.tui.screens.help import HelpScreen
from statustui.tui.screens.run import RunScreen
from statustui.tui.screens.runs import RunsScreen
from tests.tui.stand_in import ROOT, deliver_a_night, make_app, settle
from tests.tui.test_app import ids, is_shown, screen_lines, shown
from tests.tui.test_run import wait_for, wait_until


def do_nothing() -> None:
    """Stand for any action."""


SECTIONS = [
    Section("List", [Entry("! x", "Problems only", name="runs.problems", action=do_nothing)]),
    Section("Glyphs", [Entry("!", "a hidden problem"), Entry("▲", "error", "the system's fault")]),
    Section("Logs", [Entry("}", "Next log", action=do_nothing)], is_found_only=True),
]


def titles(sections: list[Section]) -> list[str]:
    """Return the titles of all entries."""
    return [entry.title for section in sections for entry in section.entries]


def test_entries_are_narrowed_by_all_words_of_any_of_their_texts() -> None:
    """By key, title, detail, name and section; some are there only when searched for."""
    everything = ["Problems only", "a hidden problem", "error"]
    assert titles(narrow(SECTIONS, "")) == everything
    assert titles(narrow(SECTIONS, "PROBLEM")) == everything[:2]
    assert titles(narrow(SECTIONS, "fault system")) == ["error"]
    assert titles(narrow(SECTIONS, "runs.prob")) == ["Problems only"]
    assert titles(narrow(SECTIONS, "glyphs")) == everything[1:]
    assert titles(narrow(SECTIONS, "log")) == ["Next log"]
    assert narrow(SECTIONS, "no such thing") == []


def test_the_entry_that_is_most_likely_meant_is_the_best() -> None:
    """One that does something and has exactly this key or title, or begins with it."""
    entries = [
        Entry("", "Copy", "open it elsewhere", action=do_nothing),
        Entry("o", "to open", action=do_nothing),
        Entry("", "Open all", action=do_nothing),
        Entry("", "open"),
    ]
    sections = [Section("", entries)]
    assert best(sections, "") == 0
    assert best(sections, "open") == 2
    assert best(sections, "o") == 1
    assert best(sections, "else") == 0
    assert best([], "open") == 0


def test_every_sign_is_explained() -> None:
    """Categories, states, and the language of filters."""
    glyphs = glyph_section(lambda _category: None)
    assert {one.value for one in Category} <= {entry.title for entry in glyphs.entries}
    states = state_section("States", ["BUILD_WAIT", "", "ODD_FAILED"], lambda _state: None)
    assert [(entry.mark, entry.title) for entry in states.entries] == [
        ("◇", "BUILD_WAIT"),
        ("✗", "ODD_FAILED"),
    ]
    terms = {one.title for one in filter_section().entries}
    assert {"age<1h  age>2d", "user=", "has=", "node=", "stalled"} <= terms


def help_of(app: StatusApp) -> HelpScreen:
    """Return the help that is open."""
    assert isinstance(app.screen, HelpScreen)
    return app.screen


async def find(pilot: Pilot[None], words: str) -> None:
    """Open the help and type words."""
    app = pilot.app
    assert isinstance(app, StatusApp)
    await pilot.press("question_mark", *words)
    await wait_until(pilot, lambda: help_of(app).is_settled, "the runs to be searched")


@pytest.mark.slow
async def test_choosing_does_it_here() -> None:
    """An action, a state, a category, a run, a theme; with a key or a click."""
    app, source = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await find(pilot, "BUILD_CRE")
        await wait_for(pilot, "BUILD_CREATED: The build has been prepared.")
        await pilot.press("enter")
        await settle(pilot)
        assert 'state="BUILD_CREATED"' in shown(app)
        assert ids(app) == ["13"]
        await find(pilot, "markdown")
        await pilot.press("enter")
        await wait_until(pilot, lambda: bool(app.clipboard), "the copy")
        assert app.clipboard.splitlines()[0] == "| AGE | ID | NAME | STATE | RESULT | NOTE |"
        assert "| 13 | hpcg.n16 | `BUILD_CREATED !` |" in app.clipboard
        await pilot.press("escape")
        await find(pilot, "skipped")
        await pilot.press("enter")
        await settle(pilot)
        assert ids(app) == ["19"]
        await pilot.press("escape")
        await find(pilot, "1")
        assert "Runs" in shown(app)
        await find_again(pilot, "7")
        await pilot.press("enter")
        await wait_for(pilot, "17  io.mdtest")
        assert is_shown(app, RunScreen)
        await find(pilot, "first error")
        assert help_of(app).selected is not None
        assert "Logs (not here)" in shown(app)
        await pilot.press("enter")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        await find(pilot, "scheduled")
        await pilot.press("enter")
        await wait_until(pilot, lambda: is_shown(app, RunScreen), "the run")
        assert app.screen.query_one("#search").display
        await pilot.press("escape", "escape", "escape")
        await wait_until(pilot, lambda: is_shown(app, RunsScreen), "the list")
        await find(pilot, "theme")
        await pilot.press("enter")
        await wait_for(pilot, "nord")
        await pilot.press(*"nord", "enter")
        await wait_until(pilot, lambda: app.theme == "nord", "the theme")


async def find_again(pilot: Pilot[None], words: str) -> None:
    """Type more words."""
    app = pilot.app
    assert isinstance(app, StatusApp)
    await pilot.press(*words)
    await wait_until(pilot, lambda: help_of(app).is_settled, "the runs to be searched")


@pytest.mark.slow
async def test_it_is_moved_in_and_clicked() -> None:
    """Down one column, then down the next."""
    app, source = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("question_mark")
        first = help_of(app).selected
        await pilot.press("down", "down", "up", "pagedown", "pagedown", "pageup")
        assert help_of(app).selected != first
        await pilot.press(*"problems only")
        await wait_until(pilot, lambda: help_of(app).is_settled, "the runs to be searched")
        y, line = next(
            (y, line) for y, line in enumerate(screen_lines(app)) if "!  Problems only" in line
        )
        await pilot.click(offset=(line.index("Problems"), y))
        await wait_until(pilot, lambda: is_shown(app, RunsScreen), "the list")
        await settle(pilot)
        assert ids(app) == ["12", "13", "14"]
        await pilot.press("question_mark", *"zzz")
        await wait_for(pilot, "Nothing found.")
        await pilot.press("enter", "down", "pagedown")
        await pilot.click("#entries")
        await pilot.resize_terminal(20, 6)
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


async def test_hints_are_shown_in_the_first_sessions(tmp_path: Path) -> None:
    """As many as fit; the session is counted."""
    session = SessionState(str(tmp_path), [ROOT])
    app, source = make_app(session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await wait_for(pilot, "Enter opens a run · ? lists what can be done")
        await pilot.resize_terminal(40, 12)
        await settle(pilot)
        assert "Enter opens a run · / filters" in shown(app)
    assert (tmp_path / "hints.json").exists()
