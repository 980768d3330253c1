"""Known failures put aside on the screen."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from statustui.core.mutes import Mute, Mutes
from statustui.monitor.batch import Batch
from statustui.settings.config import Config
from statustui.settings.session_state import SessionState
from statustui.tui.model.store import RunStore
from statustui.tui.services.muting import Muting
from tests.runs import make
from tests.tui.stand_in import NOW, ROOT, StandIn, make_app, settle
from tests.tui.test_app import ids, screen_lines, shown
from tests.waiting import DEADLINE

FULL = "RUN_ERROR no space on node"


def deliver(source: StandIn) -> None:
    """Deliver three runs that have failed alike, one otherwise, and one that runs."""
    source.deliver(
        ("1", "hpcg", f"{FULL} 17"), ("2", "hpcg", f"{FULL} 3"), ("3", "osu", FULL + " 4")
    )
    source.deliver(("4", "osu", "RUN_FAILED lost"), ("5", "osu", "RUNNING x"))


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, and wait for what they do."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await settle(pilot)


@pytest.mark.parametrize(
    ("keys", "muted"), [("mm", {"1"}), ("mn", {"1", "2"}), ("mf", {"1", "2", "3"})]
)
async def test_m_asks_for_how_many_runs_a_failure_is_muted(keys: str, muted: set[str]) -> None:
    """They stay in the list, marked and counted; `!` and `e` leave them out; `m` takes it back."""
    app, source = make_app(config=Config(sort="id"))
    async with app.run_test(size=(120, 24)) as pilot:
        deliver(source)
        await settle(pilot)
        await press(pilot, "g", *keys)
        assert {run.id for run in app.runs if run.is_muted} == muted
        assert f"m {len(muted)} muted" in screen_lines(app)[0]
        assert "▲ 3 error" in screen_lines(app)[0]
        assert [line[0] for line in screen_lines(app)[3:8]] == [
            "m" if number in muted else " " for number in "12345"
        ]
        await press(pilot, "!")
        assert set(ids(app)) == set("1234") - muted
        await press(pilot, "!", "g", "m")
        assert not any(run.is_muted for run in app.runs)
        assert "muted" not in screen_lines(app)[0]


async def test_a_group_of_failures_is_muted_as_one_and_listed_where_it_can_be_taken_back() -> None:
    """Its header is dim too; new runs that fail so are muted from the start, others are not."""
    app, source = make_app()
    async with app.run_test(size=(120, 24)) as pilot:
        deliver(source)
        await settle(pilot)
        await press(pilot, "t", "g", "m")
        assert "m 3 muted" in screen_lines(app)[0]
        assert screen_lines(app)[3].startswith("»      1")
        assert screen_lines(app)[4].startswith("»m     3")
        source.deliver(("6", "io", f"{FULL} 9"), ("1", "hpcg", "RUNNING x|RUN_FAILED y"))
        await settle(pilot)
        assert {run.id for run in app.runs if run.is_muted} == {"2", "3", "6"}
        commands = {one.title: one.callback for one in app.get_system_commands(app.screen)}
        commands["Muted failures"]()
        await pilot.pause()
        assert "3  every run: RUN_ERROR: no space on node #" in shown(app)
        await press(pilot, "j", "k", "m", "m", "escape")
        assert not any(run.is_muted for run in app.runs)


async def test_marked_runs_are_muted_together_and_runs_without_a_failure_are_left_out() -> None:
    """Without any failure there is nothing to mute."""
    app, source = make_app(config=Config(sort="id"))
    async with app.run_test(size=(120, 24), notifications=True) as pilot:
        deliver(source)
        await settle(pilot)
        await press(pilot, "G", "m")
        assert "There is no failure to mute here." in shown(app)
        await press(pilot, "space", "g", "space", "j", "space", "m", "m")
        assert {run.id for run in app.runs if run.is_muted} == {"1", "3"}


async def test_a_muted_failure_is_not_new_and_calls_nobody() -> None:
    """Neither by the bell nor by a command; from the screen of the run it can be muted too."""
    app, source = make_app()
    async with app.run_test(size=(120, 24)) as pilot:
        deliver(source)
        await settle(pilot)
        await press(pilot, "/", "i", "d", "=", "1", "enter", "enter", "m", "f")
        assert {run.id for run in app.runs if run.is_muted} == {"1", "2", "3"}
        await press(pilot, "q", "escape", "escape")
        source.deliver(("6", "io", f"{FULL} 9"), ("7", "io", "RUN_ERROR lost"), ago=-1)
        await settle(pilot)
        assert "+ 1 new" in screen_lines(app)[0]
        await press(pilot, "/", *"muted", "enter")
        assert set(ids(app)) == {"1", "2", "3", "6"}


async def test_what_is_muted_is_remembered_for_the_root(tmp_path: Path) -> None:
    """And is not new to a later session either."""
    app, source = make_app(session=SessionState(str(tmp_path), [ROOT]), clock=lambda: NOW)
    async with app.run_test(size=(120, 24)) as pilot:
        deliver(source)
        await settle(pilot)
        await press(pilot, "t", "g", "m")
        end = time.monotonic() + DEADLINE
        while not SessionState(str(tmp_path), [ROOT]).mutes:
            assert time.monotonic() < end
            await pilot.pause(0.01)
    later, source = make_app(session=SessionState(str(tmp_path), [ROOT]), clock=lambda: NOW)
    async with later.run_test(size=(120, 24)) as pilot:
        deliver(source)
        source.deliver(("6", "io", f"{FULL} 9"))
        await settle(pilot)
        assert "m 4 muted" in screen_lines(later)[0]
        assert "new" not in screen_lines(later)[0]


def test_many_runs_are_marked_in_parts() -> None:
    """Keys that are pressed meanwhile need not wait; what has changed meanwhile stays as it is."""
    store, waiting = RunStore("id"), deque[Callable[[], object]]()
    drawn: list[object] = []
    store.apply(Batch(tuple(make(f"r/{number}", "RUN_ERROR x") for number in range(1200))))
    muting = Muting(
        store,
        Mutes(),
        save=lambda added, removed: drawn.append((len(added), len(removed))),
        on_change=lambda batch: drawn.append(len(batch.changed)),
        later=waiting.append,
    )
    muting.mute([store.runs["r/3"]], "failure")
    assert (store.muted, drawn) == (500, [(1, 0), 500])
    store.apply(Batch((make("r/1100", "RUNNING x"),), ("r/1101",)))
    while waiting:
        waiting.popleft()()
    assert (store.muted, drawn) == (1198, [(1, 0), 500, 500, 198])
    assert muting.count_runs() == {Mute("r", "RUN_ERROR: x", "failure"): 1198}
