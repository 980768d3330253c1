"""What the sections of a run's screen say, on injected findings and a clock that stands still."""

from __future__ import annotations

from io import FileIO
from pathlib import Path

import pytest

from tests.tui.stand_in import ROOT, make_app, settle
from tests.tui.test_app import screen_lines, shown
from tests.tui.test_run import wait_for


async def test_a_state_is_explained_beside_it_and_on_a_click_in_the_history() -> None:
    """The current state in the header; of an unknown one the ending tells."""
    app, source = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        source.deliver(("5", "a", "QUENCH_FAILED [b]hot|BUILD_WAIT for 4"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "BUILD_WAIT for 1m  Another run holds the lock of this build.")
        history = app.screen.query_one("#history").region
        lines = screen_lines(app)[history.y :]
        line = next(number for number, text in enumerate(lines) if "QUENCH_FAILED" in text)
        await pilot.click("#history", offset=(20, line))
        await wait_for(pilot, "QUENCH_FAILED: Not a known state")
        await pilot.click("#history", offset=(20, history.height - 1))
        await pilot.resize_terminal(30, 24)
        await settle(pilot)
        assert "Another run holds" not in shown(app)


async def test_sections_have_titles_and_waste_no_line() -> None:
    """Neither on blank lines of a note nor on lines in which a compiler only points."""
    app, source = make_app()
    log = b"a.c:3: error: no x\n      |    ^~~~\nmake: *** [all] Error 2\n"
    source.logs = {"build": log}
    async with app.run_test(size=(80, 24)) as pilot:
        passed = "BUILDING x|COMPLETE The test completed with result: PASS"
        source.deliver(("3", "a", passed), ("4", "a", passed), ago=7300)
        source.deliver(("6", "b", passed), ago=7300)
        source.deliver(
            ("5", "a", "BUILDING x|BUILD_FAILED no\\n   ^~\\n\\nluck|BUILD_CREATED again")
        )
        source.deliver(("7", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "Error 2")
        lines = [line.strip(" ─") for line in screen_lines(app)]
        assert lines[0].split() == ["✗", "FAILED", "5", "a", f"{ROOT}/test_runs/5"]
        assert lines[2:7] == [
            "why: BUILD_FAILED no",
            "luck",
            "build log, 1m old",
            "a.c:3: error: no x",
            "make: *** [all] Error 2",
        ]
        assert lines[7].startswith("time  ◇ BUILDING 17s (17s)  ✗ BUILD_FAILED 17s")
        assert lines[10] == "past: failing since 1m ago (5), last passed 2h ago (4)  ✓ 3  ✓ 4  ✗ 5"
        await pilot.resize_terminal(40, 12)
        await settle(pilot)
        text = shown(app)
        assert f"\n {ROOT}/test_runs/5" in text
        assert "past" not in text
        await pilot.press("tab")
        await settle(pilot)
        assert "─ time" not in shown(app)


async def test_a_state_without_room_for_its_name_has_its_glyph_in_the_bar() -> None:
    """A part of a name would have to be guessed; waiting is drawn quietly."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        life = "SCHEDULED x|BUILDING x|" + "|".join(["RUNNING a", "RUNNING b"] * 10)
        source.deliver(("5", "a", life + "|RUN_TIMEOUT late"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "this run")
        [bar] = [line for line in screen_lines(app) if "this run" in line]
        assert bar.split()[2:] == ["│·░│◇│RUNNING", "6m14s"]
        assert "· SCHEDULED 17s  ◇ BUILDING 17s  ▸ RUNNING 5m40s" in shown(app)


async def test_a_search_says_which_of_how_many_matches_is_shown() -> None:
    """In the history, and in a log once they are counted."""
    app, source = make_app()
    source.logs = {"run": b"step a\nother\n" * 40, "kickoff": b"step b\n"}
    async with app.run_test(size=(100, 24)) as pilot:
        source.deliver(("5", "a", "|".join(f"RUN_USER step {n}" for n in range(30))))
        await settle(pilot)
        await pilot.press("enter", "slash", *"step 1", "enter")
        await wait_for(pilot, "11 of 11  30 statuses")
        await pilot.press("N")
        await wait_for(pilot, "10 of 11")
        await pilot.press("escape", "enter", "slash", *"step", "enter")
        await wait_for(pilot, "40 of 40")
        await pilot.press("N", "N")
        await wait_for(pilot, "38 of 40")
        await pilot.press("slash", *"zz", "enter")
        await wait_for(pilot, "not found")
        assert " of 40" not in shown(app)
        await pilot.press("escape", "left_curly_bracket")
        await wait_for(pilot, "step b")
        assert "all by time" in shown(app)


async def test_a_log_that_cannot_be_handed_over_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither can one without a terminal, or with quotes that do not match."""
    app, source = make_app()
    source.logs = {"run": b"step\n"}
    log = tmp_path / "run.log"
    log.write_bytes(b"step\n")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "v Pager")
        await pilot.press("v")
        await wait_for(pilot, "Permission denied")
        monkeypatch.setenv("PAGER", "'less")
        source.lent = lent = FileIO(str(log))
        await pilot.press("v")
        await wait_for(pilot, "No closing quotation")
        assert lent.closed
        monkeypatch.setenv("EDITOR", "vi")
        source.lent = lent = FileIO(str(log))
        await pilot.press("V")
        await wait_for(pilot, "cannot have this terminal")
        assert lent.closed
