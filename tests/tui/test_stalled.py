"""Stalled runs on screen."""

from __future__ import annotations

from statustui.core.run import Stall
from statustui.monitor.batch import Batch
from tests.tui.stand_in import NOW, ROOT, make_app, settle
from tests.tui.test_app import ids, line_of, shown


async def test_a_stalled_run_is_marked_with_for_how_long_until_it_moves() -> None:
    """It comes right behind the problems, and its own screen says what the guess is based on."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a.b", "RUNNING x"), ("2", "a.c", "RUN_ERROR y"))
        source.deliver(("3", "a.b", "RUNNING z"), ago=30_000)
        await settle(pilot)
        assert ids(app) == ["2", "1", "3"]
        run = next(run for run in app.runs if run.id == "3")
        stalled = run._replace(stall=Stall(NOW - 7300, "12 runs took less"))
        source.send(Batch((stalled,)))
        await settle(pilot)
        assert ids(app) == ["2", "3", "1"]
        assert "RUNNING ~2h01" in line_of(app, "3")
        source.deliver(("4", "a.b", f"{'S' * 30} z"), ago=30_000)
        await settle(pilot)
        run = next(run for run in app.runs if run.id == "4")
        source.send(Batch((run._replace(stall=Stall(NOW - 7300, "x")),)))
        await settle(pilot)
        assert f" {'S' * 17}… ~2h01 " in line_of(app, "4")
        source.send(Batch(removed=(run.path,)))
        await settle(pilot)
        await pilot.press("slash", *"stalled", "enter")
        await settle(pilot)
        assert ids(app) == ["3"]
        await pilot.press("enter")
        await settle(pilot)
        assert "stalled: no sign of life for 2h, 12 runs took less" in shown(app)
        await pilot.press("escape", "escape")
        source.deliver(("3", "a.b", "RUN_USER on"))
        await settle(pilot)
        assert "~" not in line_of(app, "3")
        assert f"{ROOT}/test_runs/3" in {run.path for run in app.runs}
