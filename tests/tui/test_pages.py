"""Pages of text: nothing of it is lost, and what is out of view costs nothing."""

from __future__ import annotations

import pytest
from textual.strip import Strip

from statustui.tui.widgets.history_view import HistoryView
from statustui.tui.widgets.log_view import LogView
from statustui.tui.widgets.pager import Pager
from tests.slow import slow
from tests.tui.stand_in import ROOT, make_app, settle
from tests.tui.test_app import screen_lines, shown
from tests.tui.test_run import page, wait_for


@pytest.mark.parametrize("size", [slow((80, 24)), slow((60, 24)), (40, 12), slow((200, 50))])
async def test_a_note_that_fills_its_lines_is_shown_and_copied_whole(size: tuple[int, int]) -> None:
    """Its last characters too, beside the state and below it."""
    note = "".join(f"{number:04}" for number in range(60))
    app, source = make_app()
    async with app.run_test(size=size) as pilot:
        source.deliver(("5", "a", f"RUN_USER {note}"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "0059")
        view = app.screen.query_one(HistoryView)
        view.action_first()
        found = ""
        for _ in range(40):
            found += view.text_in_view + "\n"
            view.action_move(view.size.height)
        lines = [line.split()[-1] for line in dict.fromkeys(found.splitlines()) if line.strip()]
        assert note in "".join(line for line in lines if line.isdigit())


async def test_the_log_that_the_header_quotes_is_opened_and_an_empty_one_says_so() -> None:
    """Although another would be likelier to tell, had it anything to tell."""
    app, source = make_app()
    source.logs = {"run": b"", "kickoff": b"all I know\n"}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x|RUN_FAILED no luck"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "all I know")
        await pilot.press("enter")
        await wait_for(pilot, "following")
        assert "all I know" in page(app)[0]
        await pilot.press("right_curly_bracket", "right_curly_bracket")
        await wait_for(pilot, "empty")


@pytest.mark.slow
async def test_from_match_to_match_it_goes_around_the_end_and_says_so() -> None:
    """In the history, in logs and in results; also where there is one match only."""
    app, source = make_app()
    source.logs = {"run": b"".join(b"line %d\n" % number for number in range(2000))}
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        source.deliver(("5", "a", "|".join(f"RUN_USER step {n}" for n in range(100))))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "step 99")
        await pilot.press("slash", *"step 57", "enter", "n")
        await wait_for(pilot, "Searched on from the top.")
        assert any("step 57" in line for line in page(app))
        await pilot.press("N")
        await wait_for(pilot, "Searched on from the end.")
        await pilot.press("escape", "enter")
        await wait_for(pilot, "line 1999")
        await pilot.press("slash", *"line 777", "enter")
        await wait_for(pilot, "▸line 777")
        await pilot.press("n")
        await wait_for(pilot, "searched on from the top")
        assert any("▸line 777" in line for line in page(app))
        assert "not found" not in shown(app)


async def test_a_search_looks_at_nothing_but_the_rows_on_the_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long the line is that they are a part of."""
    looked_at: list[int] = []
    drawn: list[int] = []
    highlight, draw = Pager._highlighted, LogView.draw_item  # noqa: SLF001 - how much work there is

    def count(self: Pager, strip: Strip) -> Strip:
        looked_at.append(strip.cell_length)
        return highlight(self, strip)

    def count_lines(self: LogView, index: int) -> list[Strip]:
        drawn.append(index)
        return draw(self, index)

    monkeypatch.setattr(Pager, "_highlighted", count)
    app, source = make_app()
    source.logs = {"run": b"x" * 60_000 + b"\n" + b"y\n" * 3}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING on a node"))
        await settle(pilot)
        await pilot.press("enter", "enter")
        await wait_for(pilot, "following")
        await pilot.press("slash", "y")
        await settle(pilot)
        monkeypatch.setattr(LogView, "draw_item", count_lines)
        looked_at.clear()
        app.screen.query_one(LogView).highlight("yy")
        assert drawn == []
        assert 0 < len(looked_at) <= 24
        await pilot.press("escape")
        looked_at.clear()
        app.screen.query_one(LogView).action_wrap()
        await settle(pilot)
        assert max(looked_at) < 100


async def test_a_run_that_is_opened_is_looked_at_and_so_is_one_that_the_list_is_behind_of() -> None:
    """So that the header and the history come to agree."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        path = f"{ROOT}/test_runs/5"
        assert source.looked_at == []
        source.lines[path].append("1795475990.0 RUN_TIMEOUT x\n")
        await pilot.press("enter")
        await wait_for(pilot, "RUN_TIMEOUT")
        assert source.looked_at == [path, path]
        source.deliver(("5", "a", "INFO y"))
        await wait_for(pilot, "FAILED")
        await settle(pilot)
        assert source.looked_at == [path, path]
        assert "INFO for 1m" in screen_lines(app)[1]
        assert "3 statuses" in shown(app)
