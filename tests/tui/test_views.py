"""Views: what a key lists, which one is on, and the way back."""

from __future__ import annotations

import pytest

from statustui.core.run import Stall
from statustui.monitor.batch import Batch, RootHealth
from statustui.tui.app import StatusApp
from statustui.tui.widgets.filter_line import FilterLine
from tests.tui.stand_in import NOW, ROOT, Clock, StandIn, deliver_a_night, make_app, settle
from tests.tui.test_app import ids, screen_lines, shown


@pytest.fixture(autouse=True)
def _user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "mia")


async def test_each_digit_lists_a_view_and_names_it() -> None:
    """Without any configuration."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        run = next(run for run in app.runs if run.id == "15")
        mine = run._replace(metadata=run.metadata._replace(user="mia"), stall=Stall(NOW - 7300, ""))
        source.send(Batch((mine,)))
        await settle(pilot)
        for key, name, expected in (
            ("1", "problems", ["12", "13", "14"]),
            ("2", "running", ["15", "20"]),
            ("3", "waiting", ["17"]),
            ("4", "stalled", ["15"]),
            ("5", "new", []),
            ("6", "last hour", ["12", "13"]),
            ("7", "last day", ["12", "13", "14"]),
            ("8", "mine", ["15"]),
        ):
            await pilot.press(key)
            await settle(pilot)
            assert ids(app)[: len(expected)] == expected, key
            assert screen_lines(app)[-2].startswith(name)
            assert "of 29 listed" in shown(app)
        await pilot.press("9")
        await settle(pilot)
        assert "listed" not in shown(app)
        assert not app.screen.query_one(FilterLine).display


async def test_minus_returns_to_the_last_view_with_its_groups_and_its_order() -> None:
    """And from there back again."""
    app, source = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("minus")
        await settle(pilot)
        assert "There is no view before this one." in shown(app)
        await pilot.press("slash", *"osu", "enter", "s")
        await settle(pilot)
        # Below and to the right there is the message, for a while.
        before = screen_lines(app)[2:8], screen_lines(app)[-2][:30]
        await pilot.press("1")
        await settle(pilot)
        assert ids(app) == ["12", "13", "14"]
        await pilot.press("minus")
        await settle(pilot)
        assert ids(app) == ["15", "16", "14"]
        assert (screen_lines(app)[2:8], screen_lines(app)[-2][:30]) == before
        await pilot.press("minus")
        await settle(pilot)
        assert ids(app) == ["12", "13", "14"]
        await pilot.press("t", "minus")
        await settle(pilot)
        assert "by failure" not in shown(app)
        await pilot.press("minus")
        await settle(pilot)
        assert "problems: 3 of 29 listed, by failure" in shown(app)
        await pilot.press("minus", "escape", "minus")
        await settle(pilot)
        assert "problems: 3 of 29 listed" in shown(app)


async def test_a_second_chip_replaces_the_first_and_tab_goes_from_one_to_the_next() -> None:
    """All runs come after the last chip."""
    app, source = make_app()
    async with app.run_test(size=(100, 24)) as pilot:
        source.deliver(("1", "a.b", "RUNNING x"), ("2", "a.c", "RUN_FAILED y"))
        source.deliver(("3", "a", "SCHEDULED x"))
        await settle(pilot)
        run = next(run for run in app.runs if run.id == "1")
        source.send(Batch((run._replace(stall=Stall(NOW - 7300, "x")),)))
        await settle(pilot)
        await pilot.click("#summary", offset=(screen_lines(app)[0].index("✗ 1 failed") + 1, 0))
        await settle(pilot)
        assert ids(app) == ["2"]
        stalled = screen_lines(app)[0].index("~ 1 stalled") + 1
        await pilot.click("#summary", offset=(stalled, 0))
        await settle(pilot)
        assert ids(app) == ["1"]
        await pilot.click("#summary", offset=(stalled, 0))
        await settle(pilot)
        assert len(ids(app)) == 3
        listed = []
        for _ in range(5):
            await pilot.press("tab")
            await settle(pilot)
            listed.append(ids(app))
        assert listed[:3] == [["2"], ["1"], ["3"]]
        assert listed[-2] == ["1"]
        assert len(listed[-1]) == 3
        await pilot.press("shift+tab")
        await settle(pilot)
        assert ids(app) == ["1"]


async def test_new_problems_stay_in_their_view_when_they_have_been_seen() -> None:
    """And those that come up join them."""
    clock = Clock(NOW)
    app, source = make_app(clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUN_ERROR x"), ("2", "a", "RUNNING x"), ("3", "b", "RUNNING x"))
        await settle(pilot)
        source.deliver(("2", "a", "RUN_FAILED y"))
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        assert ids(app) == ["2"]
        clock.now += 60
        while "new" in screen_lines(app)[0]:
            await pilot.pause(0.1)
        source.deliver(("3", "b", "RUN_FAILED z"))
        await settle(pilot)
        assert sorted(ids(app)) == ["2", "3"]


async def test_a_subset_and_a_filter_add_up() -> None:
    """Also where the filter is narrowed after another subset was chosen."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        deliver_a_night(source)
        await settle(pilot)
        await pilot.press("slash", *"o", "enter", "exclamation_mark")
        await settle(pilot)
        assert ids(app) == ["12", "13", "14"]
        await pilot.press("slash", *"su", "enter")
        await settle(pilot)
        assert ids(app) == ["14"]
        await pilot.press("2")
        await settle(pilot)
        assert ids(app) == ["15", "20"]


async def test_with_several_roots_each_run_says_which_is_its_own() -> None:
    """In a column, in groups, and with its path above the keys."""
    source = StandIn()
    app = StatusApp(source, ["/scratch/a", "/scratch/b"], inspect=source.inspect, clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "x.y", "RUNNING x"))
        await settle(pilot)
        (run,) = app.runs
        other = run._replace(root="/scratch/b", path="/scratch/b/test_runs/2")
        run = run._replace(root="/scratch/a", path="/scratch/a/test_runs/1")
        health = [
            RootHealth(root, found=1, read=1, swept=True) for root in ("/scratch/a", "/scratch/b")
        ]
        source.send(Batch((run, other), (f"{ROOT}/test_runs/1",), tuple(health)))
        await settle(pilot)
        await pilot.press("slash", *"root=/scratch/?", "enter", "s", "s", "s", "g")
        await settle(pilot)
        lines = screen_lines(app)
        assert [line.split()[1:4] for line in lines[3:5]] == [["1m", "a", "1"], ["1m", "b", "2"]]
        assert lines[2].split()[:3] == ["AGE", "ROOT", "ID↓"]
        assert lines[-2].endswith("/scratch/a/test_runs/1")
        await pilot.press("j")
        await settle(pilot)
        assert screen_lines(app)[-2].endswith("/scratch/b/test_runs/2")
        await pilot.press("t", "t", "t", "t", "t", "t")
        await settle(pilot)
        assert "root /scratch/a  1 run" in shown(app)


async def test_a_path_that_is_too_long_is_cut_in_front_and_trouble_takes_its_place() -> None:
    """The end of a path tells most."""
    app, source = make_app()
    async with app.run_test(size=(60, 24)) as pilot:
        source.deliver((f"{'x' * 40}17", "a", "RUNNING x"))
        await settle(pilot)
        line = screen_lines(app)[-2]
        assert line.startswith("1 run, polling every 1 s  …")
        assert line.endswith("xxx17")
        source.deliver_health(problem="./x: No such file", as_of=NOW - 180)
        await settle(pilot)
        assert "cannot read ./x: No such file; the data is 3m old" in shown(app)
