"""A run against its last pass, on injected differences and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable

from textual.pilot import Pilot

from statustui.core.log_partings import find_partings
from statustui.core.run import Run
from statustui.core.run_comparison import LogComparison, RunComparison, Values, compare_values
from statustui.monitor.run.comparison import Comparing, ComparisonRead
from statustui.monitor.run.run_logs import Unreadable
from statustui.tui.app import StatusApp
from statustui.tui.model.peers import LAST_PASS, NEXT_PASS, RUN_BEFORE, find_references
from statustui.tui.screens.comparison import ComparisonScreen
from statustui.tui.screens.run import RunScreen
from statustui.tui.screens.runs import RunsScreen
from tests.runs import make
from tests.tui.stand_in import NOW, ROOT, StandIn, settle
from tests.tui.test_app import is_shown, shown
from tests.tui.test_run import wait_for, wait_until

PASS, FAIL = "COMPLETE result: PASS", "COMPLETE result: FAIL"
HERE: Values = {"gflops": 40, "modules": ["gcc/13", "mpi"], "note": "[b]" + "very long " * 9}
THERE: Values = {"gflops": 80, "modules": ["gcc/12", "mpi"], "note": "short"}


class StandInComparing:
    """Compares what a `StandIn` has, without files and threads."""

    def __init__(
        self, source: StandIn, run: Run, other: Run, deliver: Callable[[ComparisonRead], object]
    ) -> None:
        """Compare at once."""
        self.paths = run.path, other.path
        self.stopped = False
        self._source = source
        self._deliver = deliver
        self.check()

    def check(self) -> None:
        """Compare again."""
        here, there = (self._source.history(path).timeline for path in self.paths)
        values = compare_values(HERE, THERE)
        logs = (
            LogComparison("run log", find_partings(["ranks 4", "nan"], ["ranks 8", "\\[done"])),
            LogComparison("build log", ()),
            LogComparison("kickoff log", (), "here"),
        )
        unread = (Unreadable(f"{self.paths[1]}/attributes", "Permission denied"),)
        comparison = RunComparison(here, there, values, compare_values({}, {}), logs)
        self._deliver(ComparisonRead(comparison, unread))

    def stop(self) -> None:
        """Remember the call."""
        self.stopped = True


def make_comparing_app() -> tuple[StatusApp, StandIn, list[StandInComparing]]:
    """An application, its source, and what it compares."""
    source = StandIn()
    begun: list[StandInComparing] = []

    def compare(run: Run, other: Run, deliver: Callable[[ComparisonRead], object]) -> Comparing:
        begun.append(StandInComparing(source, run, other, deliver))
        return begun[-1]

    app = StatusApp(
        source, [ROOT], inspect=source.inspect, compare=compare, clock=lambda: NOW, calm=0.0
    )
    return app, source, begun


def test_the_last_pass_before_a_run_comes_first() -> None:
    """Then the run before it and the first pass after it; of the same name, root and kind only."""
    runs = [
        make("r/1", "RUNNING x", PASS, start=100),
        make("r/2", "RUNNING x", PASS, start=200),
        make("r/3", "RUNNING x", FAIL, start=300),
        make("r/4", "RUNNING x", FAIL, start=400),
        make("r/5", "RUNNING x", start=350),
        make("r/6", "RUNNING x", PASS, start=600),
        make("r/7", "RUNNING x", PASS, start=500),
        make("r/8", "RUNNING x", PASS, name="other", start=390),
        make("x/9", "RUNNING x", PASS, start=390)._replace(root="x"),
    ]
    found = find_references(runs, runs[3])
    assert [(one.title, one.run.id) for one in found] == [
        (LAST_PASS, "2"),
        (RUN_BEFORE, "3"),
        (NEXT_PASS, "7"),
    ]
    assert [(one.title, one.run.id) for one in find_references(runs, runs[2])] == [
        (LAST_PASS, "2"),
        (NEXT_PASS, "7"),
    ]
    assert [one.title for one in find_references(runs, runs[0])] == [NEXT_PASS]
    assert find_references(runs, runs[7]) == []
    assert find_references([make("a", PASS, kind="plain")], make("b", FAIL, kind="plain")) == []
    untimed = make("r/10", "RUNNING x")._replace(started=None)
    assert [one.run.id for one in find_references(runs[:2], untimed)] == ["2"]


async def open_comparison(pilot: Pilot[None], source: StandIn) -> None:
    """Deliver two runs of a name, and compare the failed one."""
    source.deliver(("7", "a", f"SCHEDULED x|RUNNING x|{PASS}"), ago=7300)
    source.deliver(("9", "a", f"BUILDING x|BUILDING y|RUNNING x|{FAIL}"), ago=60)
    await settle(pilot)
    await pilot.press("enter")
    await wait_until(pilot, lambda: is_shown(pilot.app, RunScreen), "the run")  # type: ignore[arg-type]
    await pilot.press("=")
    await wait_for(pilot, "could not be read")


async def test_a_run_is_compared_with_its_last_pass() -> None:
    """Side by side, or one below the other; it follows the run, and text is no markup."""
    app, source, begun = make_comparing_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_comparison(pilot, source)
        lines = [" ".join(line.split()) for line in shown(app).split("\n")]
        assert lines[0] == "this run ✗ FAILED 9 a COMPLETE 1m ago"
        assert lines[1] == "last pass ✓ PASSED 7 a COMPLETE 2h ago"
        assert "9 this run 7 last pass" in lines
        assert "◇ BUILDING 34s -" in lines
        assert "▸ RUNNING 17s 17s +0%" in lines
        assert "in all 51s 34s +50%" in lines
        assert "gflops 40 80 -50%" in lines
        assert "modules gcc/13 gcc/12" in lines
        assert any(line.startswith("note [b]very long very long") for line in lines)
        assert "2 nan 2 \\[done" in lines
        assert any("kickoff log only of 7 last pass" in line for line in lines)
        assert any("build log alike, but for times" in line for line in lines)
        assert f"{ROOT}/test_runs/7/attributes: Permission denied" in shown(app)
        source.deliver(("9", "a", "RUN_USER more|COMPLETE result: FAIL"), ago=0)
        await wait_for(pilot, "RUN_USER")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        await pilot.press("ctrl+d", "j")
        lines = [" ".join(line.split()) for line in shown(app).split("\n")]
        assert "modules gcc/13 gcc/12" in lines
        assert lines[lines.index("note") + 2] == "very long very long very long"
        assert lines[lines.index("note") + 3] == "7 last pass short"
        await pilot.press("G", "pageup", "g", "k")
        await pilot.press("enter")
        await wait_until(pilot, lambda: is_shown(app, RunScreen), "the other run")
        assert f"{ROOT}/test_runs/7" in shown(app)
        await pilot.press("q", "=")
        assert is_shown(app, RunScreen)
        assert [one.stopped for one in begun] == [True]


async def test_where_it_never_passed_that_is_said_and_others_are_offered() -> None:
    """Also from the list; a pass that comes is taken in, and one that goes is given up."""
    app, source, begun = make_comparing_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("8", "a", f"RUNNING x|{FAIL}"), ago=300)
        source.deliver(("5", "lone", "RUNNING x"), ago=1)
        await settle(pilot)
        await pilot.press("=")
        await wait_for(pilot, "There is no other finished run of a to compare with.")
        assert not begun
        await pilot.press("tab", "enter")
        source.deliver(("7", "a", f"RUNNING x|{FAIL}"), ago=7300)
        await wait_for(pilot, "No run of a before this one has passed; this is the run before it.")
        await wait_for(pilot, "could not be read")
        source.deliver(("9", "a", f"RUNNING x|{PASS}"), ago=1)
        await wait_for(pilot, "run before 7   next pass 9")
        await pilot.press("tab")
        await wait_for(pilot, "this is the first pass after it")
        await pilot.click("#others", offset=(3, 0))
        await wait_for(pilot, "this is the run before it")
        source.deliver(("6", "a", f"RUNNING x|{PASS}"), ago=9300)
        await wait_for(pilot, "last pass 6")
        assert "7 run before" in shown(app)
        source.deliver(removed=("7",))
        await wait_for(pilot, "6 last pass")
        source.deliver(removed=("8",))
        await wait_for(pilot, "This run is gone.")
        for size in ((20, 6), (5, 3), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.press("question_mark", *"compare")
        await wait_for(pilot, "Compare with last pass")
        await pilot.press("escape", "escape")
        assert is_shown(app, RunsScreen)
        assert not is_shown(app, ComparisonScreen)
        assert all(one.stopped for one in begun)
