"""The first scan of a large tree: counted at once, sorted in parts, whole at the end."""

from __future__ import annotations

from typing import Any

import pytest

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth
from statustui.tui.app import StatusApp
from statustui.tui.model import listing, store
from statustui.tui.services import change_feed, update_loop
from tests.runs import make
from tests.tui.stand_in import NOW, ROOT, StandIn, make_app, settle
from tests.tui.test_app import shown, wait_for


def many(first: int, count: int) -> tuple[Run, ...]:
    """Runs with the numbers from `first`; each hundredth has failed."""
    states = ("RUN_FAILED x", *["COMPLETE result: PASS"] * 99)
    return tuple(
        make(f"{ROOT}/{number}", states[number % 100], start=1000 + number)
        for number in range(first, first + count)
    )


async def test_many_runs_come_in_parts_and_all_are_listed_in_the_end() -> None:
    """Counts come first; the list is whole and in order once the root is."""
    source, scanned = StandIn(), list[None]()
    app = StatusApp(
        source,
        [ROOT],
        inspect=source.inspect,
        clock=lambda: NOW,
        on_scanned=lambda: scanned.append(None),
    )
    async with app.run_test(size=(80, 24)) as pilot:
        for first in range(5000, 0, -500):
            health = RootHealth(ROOT, found=5000, read=5500 - first)
            source.send(Batch(many(first - 499, 500), health=(health,)))
        while "✗ 50" not in shown(app):
            await pilot.pause(0.01)
        assert "5,000 runs found" in shown(app)
        assert scanned == []
        source.send(Batch(health=(RootHealth(ROOT, found=5000, read=5000, swept=True),)))
        await settle(pilot)
        assert scanned == [None]
        assert len(list(app.runs)) == 5000
        assert "✗ 50 failed" in shown(app)
        lines = [line for line in shown(app).splitlines() if "RUN_FAILED" in line]
        assert [line.split()[2] for line in lines[:3]] == ["5000", "4900", "4800"]
        await pilot.press("G")
        await settle(pilot)
        last = [line for line in shown(app).splitlines() if "COMPLETE" in line][-1]
        assert last.split()[2] == "1"
        source.send(Batch(many(6000, 1), health=(RootHealth(ROOT, swept=True),)))
        await settle(pilot)
        assert scanned == [None]


async def test_the_first_rows_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not together with what comes in the time after the frame before."""
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver_health(found=5000, swept=False)
        while not app.is_up_to_date:
            await pilot.pause(0.01)
        monkeypatch.setattr(update_loop, "_REFRESH_INTERVAL", 1e9)
        source.send(Batch(many(1, 100)))
        await wait_for(pilot, "RUN_FAILED")
        await settle(pilot)


async def test_a_list_that_is_being_arranged_does_not_wait_for_quiet_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Changes wait while keys are pressed; what the keys have asked for does not."""
    monkeypatch.setattr(store, "_MAX_SECONDS", 0.0)
    monkeypatch.setattr(listing, "SLICE", 10)
    source = StandIn()
    app = StatusApp(source, [ROOT], inspect=source.inspect, clock=lambda: NOW, calm=600.0)
    async with app.run_test(size=(80, 24)) as pilot:
        source.send(Batch(many(1, 300), health=(RootHealth(ROOT, swept=True),)))
        while "✗ 3 failed" not in shown(app):
            await pilot.pause(0.01)
        await pilot.press("!")
        source.send(Batch(many(1000, 1)))
        while "3 of 300" not in shown(app):
            await pilot.pause(0.01)
        assert len(list(app.runs)) == 300


async def test_what_was_asked_for_is_drawn_as_soon_as_it_is_arranged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first rows of it as well as the whole list, though other changes would wait."""
    monkeypatch.setattr(store, "_MAX_SECONDS", 0.0)
    monkeypatch.setattr(change_feed, "_SLICE_SECONDS", 0.0)
    monkeypatch.setattr(listing, "SLICE", 50)
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.send(Batch(many(1, 1000), health=(RootHealth(ROOT, swept=True),)))
        await settle(pilot)
        monkeypatch.setattr(update_loop, "_REFRESH_INTERVAL", 1e9)
        await pilot.press("slash", *"90")
        await wait_for(pilot, "20 of 1,000 listed")
        await settle(pilot)


async def test_with_very_many_runs_a_key_is_answered_before_they_are_arranged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line above the keys says so until the list is as it was asked for."""
    order: list[str] = []
    arrange = store.RunStore.continue_arranging

    def work(self: store.RunStore, *seconds: float) -> None:
        order.append(f"arranges {'arranging…' in shown(app)}")
        arrange(self, *seconds)

    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.send(Batch(many(1, 1000), health=(RootHealth(ROOT, swept=True),)))
        await settle(pilot)
        first = shown(app).splitlines()[2]
        monkeypatch.setattr(store, "MAX_AT_ONCE", 999)
        monkeypatch.setattr(store.RunStore, "continue_arranging", work)
        monkeypatch.setattr(app, "post_display_hook", lambda: order.append("draws"))
        for key in ("s", "t"):
            order.clear()
            await pilot.press(key)
            await settle(pilot)
            assert order[0] == "draws"
            assert next(one for one in order if one != "draws") == "arranges True"
            assert "arranging…" not in shown(app)
            assert shown(app).splitlines()[2] != first


async def test_a_view_of_what_is_new_is_arranged_in_slices_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No batch is applied before that is done, not even an empty one: it would have to wait."""
    applied: list[bool] = []
    apply = store.RunStore.apply

    def note(self: store.RunStore, batch: Batch, *rest: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        applied.append(self.is_arranging)
        apply(self, batch, *rest, **named)

    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        source.send(Batch(many(1, 1000), health=(RootHealth(ROOT, swept=True),)))
        await settle(pilot)
        monkeypatch.setattr(store, "MAX_AT_ONCE", 999)
        monkeypatch.setattr(change_feed, "_SLICE_SECONDS", 0.0)
        monkeypatch.setattr(listing, "SLICE", 50)
        monkeypatch.setattr(store.RunStore, "apply", note)
        await pilot.press("5")
        await settle(pilot)
        source.send(Batch(many(2000, 1)))
        await settle(pilot)
        assert "✗ 11 failed" in shown(app)
    assert applied
    assert not any(applied)
