"""The listed runs as bars, on injected histories and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from rich.segment import Segment
from textual.pilot import Pilot

from statustui.core.run import Run
from statustui.monitor.run.histories import HistoriesRead, Reading, RunTimeline
from statustui.monitor.run.run_logs import Unreadable
from statustui.settings.config import Config
from statustui.tui.app import StatusApp
from statustui.tui.screens.over_time import OverTimeScreen
from statustui.tui.screens.run import RunScreen
from statustui.tui.screens.runs import RunsScreen
from tests.tui.stand_in import LIFE, NOW, ROOT, Clock, StandIn, deliver_a_night, settle
from tests.tui.test_app import cursor, is_shown, screen_lines, shown, strips
from tests.tui.test_run import wait_for, wait_until

_NOTHING = Config()


class StandInReading:
    """Reads what a `StandIn` has, without files and threads."""

    def __init__(self, source: StandIn, deliver: Callable[[HistoriesRead], object]) -> None:
        """Begin."""
        self.wanted: list[list[str]] = []
        self.stopped = False
        self._source = source
        self._deliver = deliver

    def want(self, runs: Sequence[Run]) -> None:
        """Deliver at once, unless the source is broken."""
        self.wanted.append([run.id for run in runs])
        broken = self._source.broken
        if broken is not None:
            self._deliver(HistoriesRead((), tuple(Unreadable(r.status_path, broken) for r in runs)))
            return
        found = (RunTimeline(run, self._source.history(run.path).timeline) for run in runs)
        self._deliver(HistoriesRead(tuple(found), ()))

    def stop(self) -> None:
        """Remember the call."""
        self.stopped = True


def make_timed_app(
    clock: Callable[[], float] = lambda: NOW, config: Config = _NOTHING
) -> tuple[StatusApp, StandIn, list[StandInReading]]:
    """An application, its source, and its readers of histories."""
    source = StandIn()
    readings: list[StandInReading] = []

    def read(deliver: Callable[[HistoriesRead], object]) -> Reading:
        readings.append(StandInReading(source, deliver))
        return readings[-1]

    app = StatusApp(
        source,
        [ROOT],
        inspect=source.inspect,
        read_histories=read,
        clock=clock,
        config=config,
        calm=0.0,
    )
    return app, source, readings


def bar_lines(app: StatusApp) -> list[str]:
    """The lines of the bars at 80x24: below the title, the curve and the axis."""
    return [line[1:] for line in screen_lines(app)[4:-2]]


async def test_the_listed_runs_are_bars_that_follow_the_list_and_the_clock() -> None:
    """Waiting, building, running and how each ended; from a bar to its run and back."""
    clock = Clock(NOW)
    app, source, readings = make_timed_app(clock)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a.ok", "SCHEDULED x|BUILDING x|RUNNING x|COMPLETE result: PASS"))
        source.deliver(("2", "b.bad", "SCHEDULED x|RUN_FAILED x"), ago=20)
        source.deliver(("3", "c.on", "BUILDING x|RUNNING x"), ago=10)
        source.deliver_empty_run("4")
        source.deliver_series("1", "RUN x", ["1", "2"])
        await settle(pilot)
        await pilot.press("g", "x")
        await wait_until(pilot, lambda: is_shown(app, OverTimeScreen), "the bars")
        await wait_for(pilot, "████✓")
        lines = screen_lines(app)
        assert lines[0].strip() == "over time  by start · 3 runs · 1 without a time"
        assert "running" in lines[1]
        assert "at most 1" in lines[2]
        one, bad, on = [line.rstrip() for line in bar_lines(app)[:3]]
        assert one.startswith("✓ 1 a.ok")
        assert "░░░▒" in one
        assert "▒███" in one
        assert one.endswith("│")
        assert bad.split()[1:3] == ["2", "b.bad"]
        assert "░✗" in bad
        assert on.endswith("█▸")
        assert lines[-2].strip().startswith("failed: 2 b.bad, waited 17s  x")
        assert sorted(readings[0].wanted[0]) == ["1", "2", "3"]
        # Nothing has changed: no history is read again.
        count = len(readings[0].wanted)
        clock.now += 30
        await wait_for(pilot, "░▒")
        source.deliver(("3", "c.on", "CANCELLED by mei"), ago=0)
        await wait_for(pilot, "█○")
        assert readings[0].wanted[count:] == [["3"]]
        await pilot.press("j", "enter")
        await wait_until(pilot, lambda: is_shown(app, RunScreen), "the run")
        assert " 3  c.on" in shown(app)
        source.deliver(("5", "d.new", "SCHEDULED x"), ago=0)
        await settle(pilot)
        await pilot.press("escape")
        await wait_for(pilot, "cancelled: 3 c.on")
        await wait_for(pilot, "5 d.new")
        source.deliver(removed=("1",))
        await wait_for(pilot, "by start · 3 runs")
        await pilot.press("x")
        await wait_until(pilot, lambda: is_shown(app, RunsScreen), "the list")
        assert cursor(app) == "3"
        assert readings[0].stopped


async def test_keys_move_zoom_scroll_and_order_and_say_what_is_left_out() -> None:
    """Of more runs than fit, only the histories of those in view are read."""
    app, source, readings = make_timed_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("slash", *"lammps", "enter", "G", "x")
        await wait_until(pilot, lambda: is_shown(app, OverTimeScreen), "the bars")
        await wait_for(pilot, "by start · 1-18 of 19 runs, 1 left out")
        assert "under way" in shown(app)
        assert sum(map(len, readings[0].wanted)) == 18
        selected = screen_lines(app)[-2]
        await pilot.press("g")
        await wait_for(pilot, "passed: 39 lammps.lj")
        await pilot.press("G")
        await wait_for(pilot, "passed: 21 lammps.lj")
        await pilot.press("ctrl+u", "k", "j", "pagedown")
        await wait_for(pilot, "2-19 of 19 runs")
        await zoom_and_scroll(pilot, app)
        await pilot.press("0", "s")
        await wait_for(pilot, "by name · 2-19 of 19 runs")
        await pilot.press("s")
        await wait_for(pilot, "by node")
        await pilot.press("s")
        await wait_for(pilot, "by start")
        await pilot.click("#bars", offset=(9, 5))
        await pilot.click("#bars", offset=(9, 0))
        await wait_until(pilot, lambda: screen_lines(app)[-2] != selected, "the clicked bar")
        await pilot.resize_terminal(200, 50)
        await settle(pilot)
        await wait_for(pilot, "19 runs")
        assert "left out" not in shown(app)
        assert "running" in shown(app)
        source.broken = "Permission denied"
        source.deliver(("39", "lammps.lj", "RUN_USER again"), ago=0)
        await wait_for(pilot, "1 history not read: Permission denied")
        await pilot.click("#bars", offset=(9, 7), times=2)
        await wait_until(pilot, lambda: is_shown(app, RunScreen), "the clicked run")
        await pilot.press("q")
        for size in ((20, 6), (5, 3), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await settle(pilot)
        await pilot.press("question_mark", *"earlier")
        await wait_for(pilot, "Over time")
        await pilot.press("escape", "q")
        assert is_shown(app, RunsScreen)


async def zoom_and_scroll(pilot: Pilot[None], app: StatusApp) -> None:
    """Zoom around the last bar and around the first, and scroll there and back."""
    await pilot.press("plus", "plus", "plus")
    await wait_for(pilot, "0 fits the axis")
    await wait_until(pilot, lambda: "←" in "".join(bar_lines(app)), "what is earlier")
    await pilot.press("0", "g", "plus", "plus", "plus")
    await wait_until(pilot, lambda: "→" in "".join(bar_lines(app)), "what is later")
    before = bar_lines(app)
    await pilot.press("h")
    await wait_until(pilot, lambda: bar_lines(app) != before, "earlier times")
    await pilot.press("l")
    await wait_until(pilot, lambda: bar_lines(app) == before, "the same times again")
    await pilot.press("minus", "G")


async def look_at_bars(config: Config) -> tuple[str, ...]:
    """Show bars that end in four ways; return the names of their colours."""
    app, source, _readings = make_timed_app(config=config)
    full = "##" if config.ascii else "██"
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", f"{LIFE}|COMPLETE result: PASS"))
        source.deliver(("2", "a", f"{LIFE}|COMPLETE result: FAIL"))
        source.deliver(("3", "a", f"{LIFE}|RUN_ERROR x"), ("4", "a", f"{LIFE}|CANCELLED x"))
        await settle(pilot)
        await pilot.press("x")
        await wait_for(pilot, full)
        ends = [line.rstrip()[-1] for line in bar_lines(app)[:4]]
        assert ends == list("=FEx" if config.ascii else "✓✗▲○")
        assert all(line.isascii() for line in screen_lines(app)) is bool(config.ascii)
        bars = [part for strip in strips(app)[4:8] for part in strip if full in part.text]
        return tuple(map(_colour, bars))


@pytest.mark.slow
async def test_bars_can_be_told_apart_without_colours_and_with_few() -> None:
    """Each ends in the glyph or the letter of its category; colours are those of the list."""
    usual = await look_at_bars(_NOTHING)
    assert await look_at_bars(Config(ascii=True)) == usual
    others = await look_at_bars(Config(colorblind=True))
    assert others != usual
    assert len(set(usual)) == len(set(others)) == 4


def _colour(segment: Segment) -> str:
    """The name of the colour of a segment."""
    return "" if segment.style is None or segment.style.color is None else segment.style.color.name
