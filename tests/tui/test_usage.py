"""The panel that says what has been asked of each filesystem."""

from __future__ import annotations

import time

from statustui.monitor.usage import Usage
from statustui.scheduler.answers import Call
from statustui.tui.screens.usage import UsageScreen
from tests.tui.stand_in import NOW, Clock, deliver_a_night, make_app, settle
from tests.tui.test_app import choose, screen_lines, shown
from tests.tui.test_run import wait_for, wait_until


async def test_it_shows_what_was_asked_so_far_and_a_second() -> None:
    """In the help by its name; the rates are those since the last update."""
    app, source = make_app()
    source.used = Usage(1200, 30, 45_000)
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        source.deliver_health(filesystem="nfs4")
        await settle(pilot)
        await choose(pilot, "what it costs")
        await wait_for(pilot, "so far")
        assert "./working_dir  (nfs4)" in shown(app)
        screen = app.screen
        assert isinstance(screen, UsageScreen)
        clock = Clock(100.0)
        screen._clock = clock  # noqa: SLF001 - time passes when the test says so
        screen.update_table()
        clock.now = 102.0
        source.used = Usage(1600, 32, 46_000)
        screen.update_table()
        await pilot.pause()
        rows = {
            line.split()[1]: line.split()[1:-1] for line in screen_lines(app) if "│" in line[:3]
        }
        assert rows["a"][-4:] == ["200", "1", "500", "B"]
        assert rows["so"][-4:] == ["1,600", "32", "46", "kB"]
        assert "SCHEDULER  not asked" in shown(app)
        source.called = (
            Call(NOW - 60, "squeue -h -t all -u mia", 0.24, "answered"),
            Call(NOW, "squeue -h -t all -u mia", 10.0, "no answer in 10 s"),
        )
        screen.update_table()
        await pilot.pause()
        lines = [line for line in screen_lines(app) if "squeue" in line]
        at = time.strftime("%H:%M:%S", time.localtime(NOW))
        assert f"{at}   10.0 s  no answer in 10 s: squeue -h -t all -u mia" in lines[0]
        assert "0.2 s  answered: squeue" in lines[1]
        await pilot.press("q")
        await wait_until(pilot, lambda: app.screen is not screen, "the list")
