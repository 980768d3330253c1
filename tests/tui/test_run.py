"""The screen of one run, on injected findings and a clock that stands still."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from statustui.core.documents import Document
from statustui.tui.app import StatusApp
from statustui.tui.screens.run import RunScreen
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.widgets.document_tree import DocumentTree
from statustui.tui.widgets.key_line import KeyLine
from statustui.tui.widgets.log_tab import LogTab
from statustui.tui.widgets.log_view import LogView
from statustui.tui.widgets.pager import Pager
from statustui.tui.widgets.run_table import RunTable
from tests.slow import slow
from tests.tui.stand_in import LIFE, NOW, ROOT, deliver_a_night, make_app, settle
from tests.tui.test_app import cursor, is_shown, screen_lines, shown
from tests.waiting import DEADLINE

BUILD_LOG = b"".join(b"[%d/900] cc -c part%d.c\n" % (n, n) for n in range(900)) + (
    b"part7.c:12: \x1b[31merror:\x1b[0m unknown type\nmake: *** [all] Error 2\n"
)


async def wait_until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Wait until `condition` holds."""
    app = pilot.app
    assert isinstance(app, StatusApp)
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what} on\n{shown(app)}"
        await pilot.pause(0.01)


async def wait_for(pilot: Pilot[None], text: str) -> None:
    """Wait until `text` is on screen."""
    app = pilot.app
    assert isinstance(app, StatusApp)
    await wait_until(pilot, lambda: text in shown(app), repr(text))


async def wait_for_last_line(pilot: Pilot[None], text: str) -> None:
    """Wait until `text` is the last line of the history, or of the log, in view."""
    app = pilot.app
    assert isinstance(app, StatusApp)
    await wait_until(pilot, lambda: page(app)[-1].strip() == text, repr(text))


def page(app: StatusApp) -> list[str]:
    """The lines of the history, or of the log, in view."""
    return app.screen.query_one(f"#{_shown_tab(app)}", Pager).text_in_view.split("\n")


def _shown_tab(app: StatusApp) -> str:
    return next(name for name in ("history", "log") if app.screen.query_one(f"#{name}").region)


async def test_enter_opens_the_history_with_times_and_notes() -> None:
    """Live: what is appended appears, a run that goes is said to be gone."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("j", "enter")
        await settle(pilot)
        assert is_shown(app, RunScreen)
        assert "✗ FAILED  13  hpcg.n16" in shown(app)
        assert "why: BUILD_FAILED make: *** error 2" in shown(app)
        assert [line.split() for line in page(app)] == [
            ["2026-11-23"],
            ["23:14:43", "◇", "BUILDING", "x"],
            ["23:15:00", "+17s", "✗", "BUILD_FAILED", "make:", "***", "error", "2"],
            ["23:16:40", "+1m40s", "◇", "BUILD_CREATED", "Builder", "created."],
        ]
        await pilot.press("ctrl+p")
        assert not is_shown(app, RunScreen)
        await pilot.press("escape")
        assert is_shown(app, RunScreen)
        source.deliver(("13", "hpcg.n16", "RUN_USER first\\nsecond line"), ago=1)
        await settle(pilot)
        await settle(pilot)
        assert page(app)[-1].strip() == "second line"
        source.deliver(removed=("13",))
        await settle(pilot)
        assert "gone" in shown(app)
        await pilot.press("escape")
        assert is_shown(app, RunsScreen)
        assert source.inspections[0].stopped


async def test_a_history_that_cannot_be_read_says_so() -> None:
    """With the reason."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        source.broken = "Permission denied"
        await settle(pilot)
        await pilot.press("l")
        await settle(pilot)
        assert "history cannot be read: Permission denied" in shown(app)


async def test_a_filesystem_that_does_not_answer_is_told() -> None:
    """With for how long; the keys go on working."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "RUNNING for")
        source.inspections[0].silent = 125.0
        await wait_for(pilot, "not answering for 2m")
        source.inspections[0].silent = 0.0
        await pilot.press("T", "tab")
        end = time.monotonic() + DEADLINE
        while "not answering" in shown(app):
            assert time.monotonic() < end
            await pilot.pause(0.01)


async def test_times_are_local_utc_or_how_long_ago() -> None:
    """T changes it, and it stays so for the next run."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "CREATED x|RUNNING x"), ago=7300)
        source.deliver(("6", "a", "CREATED y"), ago=7300)
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "21:18:20")
        assert "local time" in shown(app)
        await pilot.press("T")
        await wait_for(pilot, "UTC")
        assert page(app)[0].strip() == "2026-11-23"
        await pilot.press("T")
        await wait_for(pilot, "2h ago")
        assert len(page(app)) == 2
        await pilot.press("right_square_bracket")
        await wait_for(pilot, " 6  a")
        assert "how long ago" in shown(app)


async def test_repeats_are_folded_and_damaged_lines_have_their_number() -> None:
    """The count, for how long it went on, and when it was last."""
    app, source = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        source.deliver(("5", "a", "|".join(["CREATED x", *["BUILD_DEFERRED waits"] * 12])))
        source.lines[f"{ROOT}/test_runs/5"].append("half a line \x1b[2J\n")
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "BUILD_DEFERRED")
        text = shown(app)
        assert sum("BUILD_DEFERRED  waits" in line for line in screen_lines(app)) == 1
        assert "(set 12 times in 3m07s, the last time 23:19:00)" in text
        assert "line 14" in text
        assert "half a line \\x1b[2J" in text


async def test_a_long_note_is_wrapped_and_never_cut() -> None:
    """Without wrapping it goes off the screen, and the arrows bring it back."""
    app, source = make_app()
    words = " ".join(f"word{number}" for number in range(60))
    async with app.run_test(size=(80, 40)) as pilot:
        source.deliver(("5", "a", f"RUNNING {words}"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "word59")
        lines = page(app)
        assert " ".join(" ".join(line[37:] for line in lines[1:]).split()) == words
        await pilot.press("w")
        await settle(pilot)
        assert len(page(app)) == 2
        assert "word59" not in shown(app)
        await pilot.press(*["right"] * 21)
        assert "word59" in shown(app)
        await pilot.press("w")
        await settle(pilot)
        assert page(app) == lines


async def test_the_newest_status_is_in_view_until_somebody_looks_up() -> None:
    """And again once the end is reached, or f is pressed."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "|".join(f"RUN_USER step {n}" for n in range(200))))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "step 199")
        await pilot.press("pageup")
        assert "step 199" not in shown(app)
        before = page(app)
        source.deliver(("5", "a", "RUN_USER step 200"))
        await settle(pilot)
        assert page(app) == before
        assert "following" not in shown(app)
        await pilot.press("f")
        await wait_for(pilot, "following")
        assert "step 200" in page(app)[-1]
        source.deliver(("5", "a", "RUN_USER step 201"))
        await wait_for(pilot, "step 201")
        await pilot.press("g")
        assert "step 0" in page(app)[1]
        await pilot.press("G")
        await wait_for(pilot, "step 201")


async def test_searching_the_history() -> None:
    """With every letter, backwards from the end; n and N go on."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "|".join(f"RUN_USER step {n}" for n in range(200))))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "step 199")
        await pilot.press("slash", *"step 57")
        await wait_for(pilot, "RUN_USER        step 57")
        await pilot.press("backspace", "enter")
        assert "RUN_USER        step 59" in shown(app)
        assert not any(line.endswith("step 5") for line in page(app))
        # 59, 58 … 50, and 5.
        await pilot.press(*"N" * 10)
        assert any(line.endswith("step 5") for line in page(app))
        await pilot.press("n")
        await wait_for(pilot, "RUN_USER        step 50")
        await pilot.press("slash", *"x", "enter")
        assert app.screen.query_one("#search").has_class("-not-found")
        await pilot.press("escape")
        assert is_shown(app, RunScreen)
        await pilot.press("escape")
        assert is_shown(app, RunsScreen)


async def test_a_failure_is_explained_with_the_end_of_the_log_that_belongs_to_it() -> None:
    """A build that failed by the log of the build, though another state hides it."""
    app, source = make_app()
    source.logs = {"run": b"never got here\n", "build": BUILD_LOG}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "BUILDING x|BUILD_FAILED no\\nluck|BUILD_CREATED again"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "why: BUILD_FAILED no")
        await wait_for(pilot, "part7.c:12: error: unknown type")
        lines = screen_lines(app)
        at = next(number for number, line in enumerate(lines) if "why:" in line)
        assert lines[at + 1].strip() == "luck"
        assert lines[at + 2].strip(" ─") == "build log, 1m old"
        assert lines[at + 6].strip() == "make: *** [all] Error 2"
        assert "never got here" not in shown(app)


async def test_a_log_opens_at_its_end_and_leads_to_its_first_error() -> None:
    """Enter opens the log that tells most; what is out of view is read when it is looked at."""
    app, source = make_app()
    source.logs = {"run": b"hello\n", "build": BUILD_LOG * 6}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "BUILDING x|BUILD_FAILED no luck"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "why: BUILD_FAILED")
        await pilot.press("enter")
        # The header quotes the same lines.
        await wait_for_last_line(pilot, "make: *** [all] Error 2")
        assert "[899/900] cc -c part899.c" in "".join(page(app))
        assert "following" in shown(app)
        await pilot.press("!")
        await wait_for(pilot, "part7.c:12: error: unknown type")
        assert "17%" in shown(app)
        await pilot.press("g")
        await wait_for(pilot, "[0/900] cc -c part0.c")
        for _ in range(60):
            if page(app)[-1].strip() == "make: *** [all] Error 2":
                break
            app.screen.query_one(LogView).action_page(5.0)
            await pilot.pause()
        assert page(app)[-1].strip() == "make: *** [all] Error 2"
        await pilot.press("G")
        await wait_for(pilot, "following")
        await pilot.press("slash", *"[12/", "enter")
        await wait_for(pilot, "[12/900] cc -c part12.c")
        # All logs together come after the last one.
        await pilot.press("right_curly_bracket", "right_curly_bracket")
        await wait_for(pilot, "hello")
        await pilot.press("slash", *"nothing like it", "enter")
        await wait_for(pilot, "not found")
        await pilot.press("escape", "escape")
        await wait_for(pilot, "why: BUILD_FAILED")
        assert is_shown(app, RunScreen)


async def test_a_log_that_grows_is_followed() -> None:
    """A line that is not finished yet is shown, and shown anew."""
    app, source = make_app()
    source.logs = {"run": b"step 1\nste"}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter", "enter")
        await wait_for_last_line(pilot, "ste")
        assert [line.strip() for line in page(app)] == ["step 1", "ste"]
        source.logs = {"run": b"step 1\nstep 2\n10%\r20%\r90%"}
        source.deliver(("5", "a", "INFO x"))
        await wait_for(pilot, "90%")
        assert [line.strip() for line in page(app)] == ["step 1", "step 2", "90%"]
        source.logs = {"run": b"anew\n"}
        source.deliver(("5", "a", "INFO x"))
        await wait_for(pilot, "anew")
        assert [line.strip() for line in page(app)] == ["anew"]


RESULTS = {"result": "FAIL", "gflops": 12.5, "nodes": {"cn0117": {"temp": 90}}, "note": "[/x]\x1b"}


async def test_results_are_a_tree_to_fold_search_and_copy() -> None:
    """Text from the files is neither markup nor a control sequence."""
    app, source = make_app()
    source.documents = (
        Document("results.json", RESULTS, None),
        Document("attributes", None, "nested too deeply"),
    )
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "COMPLETE result: FAIL"))
        await settle(pilot)
        await pilot.press("enter", "shift+tab")
        await wait_for(pilot, "results.json")
        text = shown(app)
        for line in ("result  FAIL", "gflops  12.5", "nodes  {1}", "note  [/x]\\x1b"):
            assert line in text
        assert "attributes  nested too deeply" in text
        assert "cn0117" not in text
        await pilot.press("slash", *"temp", "enter")
        await wait_for(pilot, "temp  90")
        tree = app.screen.query_one(DocumentTree)
        assert tree.chosen is not None
        assert tree.chosen.path == ("results.json", "nodes", "cn0117", "temp")
        await pilot.press("y")
        assert app.clipboard == "90"
        await pilot.press("Y")
        assert app.clipboard == "results.json.nodes.cn0117.temp = 90"
        await pilot.press("k", "y")
        assert json.loads(app.clipboard) == {"temp": 90}
        await pilot.press("l")
        await settle(pilot)
        assert "temp  90" not in shown(app)


async def test_a_long_value_is_looked_along() -> None:
    """Its end can be read as well as its beginning."""
    app, source = make_app()
    value = "x" * 90 + " the end"
    source.documents = (Document("results.json", {"note": value}, None),)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "COMPLETE result: FAIL"))
        await settle(pilot)
        await pilot.press("enter", "shift+tab")
        await wait_for(pilot, "note  xxx")
        assert "the end" not in shown(app)
        await pilot.press(*["right"] * 35)
        await wait_for(pilot, "the end")
        await pilot.press(*["left"] * 35)
        await wait_for(pilot, "note  xxx")


async def test_a_note_of_far_too_many_lines_is_cut() -> None:
    """No status that keeps to the format has so many; what is left out is told."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x" + r"\ny" * 50_000))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "(47,974 more lines)")


async def test_going_from_run_to_run_without_going_back() -> None:
    """In the order of the list, or from problem to problem; the list then is where we were."""
    app, source = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("enter", "right_square_bracket")
        await wait_for(pilot, "FAILED  13")
        assert source.inspections[0].stopped
        await pilot.press("right_square_bracket", "right_square_bracket")
        await wait_for(pilot, "RUNNING  15")
        await pilot.press("E")
        await wait_for(pilot, "FAILED  14")
        await pilot.press("e")
        await wait_for(pilot, "no problem further down")
        await pilot.press("left_square_bracket")
        await wait_for(pilot, "FAILED  13")
        await pilot.press("tab", "q")
        assert is_shown(app, RunsScreen)
        await settle(pilot)
        assert cursor(app) == "13"


async def test_the_timeline_compares_with_what_is_usual() -> None:
    """Both bars to the same scale, names in them where there is room, times above in order."""
    app, source = make_app(clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        for number in (1, 2, 3):
            life = "CREATED a|RUNNING b|COMPLETE The test completed with result: PASS"
            source.deliver((str(number), "hpcg.n4", life), ago=3000)
        source.deliver(("5", "hpcg.n4", "CREATED a|RUNNING b"), ago=51)
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "median of 3 runs")
        this, usual, legend = (
            next(line for line in screen_lines(app) if line.strip().startswith(start))
            for start in ("this run", "usually  │", "─ time")
        )
        assert this.replace("░", " ").split() == ["this", "run", "│CREATED", "│RUNNING", "1m"]
        assert "│CREATED" in usual
        assert usual.index("│RUNNING") == this.index("│RUNNING")
        assert usual.split()[-1] == "34s"
        assert "· CREATED 17s (17s)  ▸ RUNNING 50s (17s)" in legend


async def test_a_series_opens_its_history_and_its_runs() -> None:
    """Live, and from there each of them; going back leads to the series again."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver_series("7", "SET_MAKE Making 2 runs|ALL_STARTED All 2 runs started")
        source.deliver(("1", "a.b", "RUNNING x"), ("2", "a.c", "RUN_ERROR y"), series="7")
        source.deliver(("3", "a.d", "RUNNING z"))
        await settle(pilot)
        await pilot.press("slash", *"kind=series", "enter")
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "Making 2 runs")
        await pilot.press("enter")
        await wait_for(pilot, "RUN_ERROR")
        assert "a.d" not in shown(app)
        source.deliver(("1", "a.b", "RUN_TIMEOUT late"), series="7")
        await wait_for(pilot, "RUN_TIMEOUT")
        await pilot.press("j", "enter")
        await wait_for(pilot, "why: RUN_ERROR")
        await pilot.press("left_square_bracket")
        await wait_for(pilot, "why: RUN_TIMEOUT")
        await pilot.press("q")
        await wait_for(pilot, "a.c")
        await pilot.press("q")
        assert is_shown(app, RunsScreen)


async def test_the_runs_of_a_series_stay_where_they_are_when_others_change() -> None:
    """Those that the series links to, also where they do not name it; more of them are added."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        ids = [str(number) for number in range(100, 200)]
        source.deliver(*((one, f"a.t{one}", "RUNNING x") for one in ids), ("9", "b", "RUNNING x"))
        source.deliver(("8", "not.mine", "RUNNING x"), series="6")
        source.deliver_series("7", "RUN x", [*ids, "8"])
        await settle(pilot)
        await pilot.press("slash", *"kind=series", "enter", "enter", "enter")
        await wait_for(pilot, "a.t100")
        await pilot.press(*["pagedown"] * 3)
        screen = app.screen
        assert isinstance(screen, RunScreen)
        assert len(screen.members) == 100
        table = screen.query_one(RunTable)
        top, cursor = table.scroll_offset.y, screen.members.cursor
        assert top > 20
        source.deliver(("150", "a.t150", "RUN_ERROR late"), ("9", "b", "RUN_ERROR x"))
        source.deliver(("101", "a.t101", "RUN_ERROR late"), removed=("9",))
        await settle(pilot)
        assert (table.scroll_offset.y, screen.members.cursor) == (top, cursor)
        source.deliver(("200", "a.t200", "RUNNING x"))
        source.deliver_series("7", "RUN y", [*ids, "200"])
        await settle(pilot)
        assert len(screen.members) == 101
        assert (table.scroll_offset.y, screen.members.cursor) == (top, cursor)


@pytest.mark.slow
@pytest.mark.parametrize(
    "size", [slow((200, 60)), slow((80, 24)), (40, 12), slow((20, 6)), slow((5, 3)), (1, 1)]
)
async def test_any_size_does_for_every_tab(size: tuple[int, int]) -> None:
    """Nothing crashes; the keys go on working."""
    app, source = make_app()
    source.logs = {"run": BUILD_LOG}
    source.documents = (Document("results.json", RESULTS, None),)
    async with app.run_test(size=size) as pilot:
        deliver_a_night(source)
        await settle_small(pilot)
        await pilot.press("enter")
        for _ in range(3):
            await pilot.press("tab", "j", "pageup", "G", "w", "g")
            await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await wait_for(pilot, "History")
        await pilot.press("q")
        assert is_shown(app, RunsScreen)


async def settle_small(pilot: Pilot[None]) -> None:
    """Wait until what has been delivered is shown, on a screen that may have no room for it."""
    app = pilot.app
    assert isinstance(app, StatusApp)
    end = time.monotonic() + DEADLINE
    while not app.is_up_to_date:
        assert time.monotonic() < end
        await pilot.pause(0.01)


async def test_an_unchanged_history_repaints_nothing() -> None:
    """Ticks of the clock leave it alone."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", f"{LIFE}|COMPLETE The test completed with result: PASS"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "result: PASS")
        history = app.screen.query_one("#history", Pager)
        repainted: list[object] = []
        history.refresh = lambda *regions, **_: repainted.append(regions)  # type: ignore[assignment,method-assign]
        source.inspections[0].check(next(iter(app.runs)))
        await settle(pilot)
        assert repainted == []


LONG_LOG = b"".join(b"%d %s\n" % (n, b"x" * 480) for n in range(2000))


async def test_what_is_found_is_in_view_though_lines_are_wrapped() -> None:
    """With some rows above it."""
    app, source = make_app()
    source.logs = {"run": LONG_LOG + b"error: here\n" + LONG_LOG}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUN_TIMEOUT x"))
        await settle(pilot)
        await pilot.press("enter", "enter", "!")
        await wait_for(pilot, "▸error: here")
        await pilot.press("g")
        await wait_for(pilot, " 0 xxx")
        assert "▸" not in page(app)[0]
        await pilot.press("slash", *"999 x", "enter")
        await wait_for(pilot, "▸999 x")
        await pilot.press("G")
        await wait_for(pilot, "following")
        await pilot.press("N")
        await wait_for(pilot, "▸1999 x")


@pytest.mark.slow
async def test_the_end_of_what_is_at_hand_is_not_the_end_of_the_log() -> None:
    """Who is faster than the pages does not follow; what could not be read is asked for anew."""
    app, source = make_app()
    source.logs = {"run": LONG_LOG}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter", "enter", "g")
        await wait_for(pilot, " 0 xxx")
        view = app.screen.query_one(LogView)
        source.holds = True
        for _ in range(300):
            view.action_page(5.0)
        await pilot.pause()
        assert "following" not in shown(app)
        last = page(app)
        source.holds = False
        source.inspections[-1].release()
        await pilot.pause()
        assert page(app) == last
        source.unreadable = {f"{ROOT}/test_runs/5/run.log"}
        for _ in range(10):
            view.action_page(20.0)
            await pilot.pause()
        await wait_for(pilot, "cannot be read: Stale file handle")
        source.unreadable = set()
        for _ in range(300):
            view.action_page(20.0)
            await pilot.pause()
        assert page(app)[-1].endswith("xxx")
        assert "following" in shown(app)


async def test_a_run_without_logs_says_so_and_survives_a_click() -> None:
    """And keys that come for the run before."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"), ("6", "a", "RUNNING y"))
        await settle(pilot)
        await pilot.press("enter", "enter")
        await wait_for(pilot, "no logs")
        await pilot.click("#log-names", offset=(2, 0))
        await pilot.press("right_curly_bracket", "left_curly_bracket", "!")
        source.logs = {"run": b"one\n", "build": b"two\n"}
        source.deliver(("5", "a", "INFO x"))
        await wait_for(pilot, " one")
        app.screen.query_one("#logs", LogTab).action_turn(1)
        await pilot.press("right_square_bracket")
        await wait_for(pilot, " 6  a")
        assert is_shown(app, RunScreen)


async def test_the_log_that_tells_most_is_shown_until_somebody_picks_one() -> None:
    """A run that fails later has another one to tell."""
    app, source = make_app()
    source.logs = {"run": b"broken mesh\n", "kickoff": b"Submitted\n"}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "SCHEDULED x"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "Submitted")
        source.deliver(("5", "a", "RUN_TIMEOUT y"))
        await wait_for(pilot, "broken mesh")
        await pilot.press("enter")
        await wait_for(pilot, " broken mesh")
        await pilot.press("right_curly_bracket")
        await wait_for(pilot, " Submitted")
        source.deliver(("5", "a", "RUN_ERROR z"))
        await settle(pilot)
        assert page(app)[0].strip() == "Submitted"


async def test_a_search_ends_with_its_tab() -> None:
    """Nothing stays marked that is searched for no longer."""
    app, source = make_app()
    source.logs = {"run": b"x marks\n"}
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("5", "a", "RUNNING x"))
        await settle(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "History")
        await pilot.press("slash", "x", "enter")
        history = app.screen.query_one("#history", Pager)
        await wait_until(pilot, lambda: history.word == "x", "the search to begin")
        await pilot.press("tab")
        await wait_for(pilot, "x marks")
        await wait_until(pilot, lambda: history.word == "", "the search to end")
        assert not app.screen.query_one("#search").display


async def test_the_next_run_is_found_though_this_one_has_left_the_list() -> None:
    """It does not match the filter any more."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        for number in ("1", "2", "3"):
            source.deliver((number, "a", f"RUNNING {number}"))
        await settle(pilot)
        await pilot.press("s", "s", "slash", *"state=RUNNING", "enter", "j", "enter")
        await wait_for(pilot, "RUNNING  2")
        source.deliver(("2", "a", "RUN_TIMEOUT x"))
        await wait_for(pilot, "FAILED  2")
        await pilot.press("right_square_bracket")
        await wait_for(pilot, "RUNNING  3")
        await pilot.press("left_square_bracket")
        await wait_for(pilot, "RUNNING  1")


@pytest.mark.slow
async def test_runs_that_were_opened_leave_nothing_behind() -> None:
    """Neither their screens nor what was on them, however often that is done."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        for _ in range(6):
            await pilot.press("enter", "tab", "tab", "q")
            await settle(pilot)
        source.inspections.clear()
        gc.collect()
        objects = gc.get_objects()
        assert sum(isinstance(one, RunScreen) for one in objects) <= 1
        assert sum(isinstance(one, KeyLine) for one in objects) <= 3
