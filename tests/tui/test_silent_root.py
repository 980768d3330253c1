"""A root that has not answered since the start holds nothing back for the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from statustui.monitor.batch import Batch, RootHealth
from statustui.settings.config import Config
from statustui.settings.session_state import SessionState
from statustui.tui.app import StatusApp
from tests.tui.stand_in import NOW, ROOT, StandIn, settle
from tests.tui.test_app import line_of, shown

DEAD = "./dead_mount"
SILENT = RootHealth(DEAD, silent=61.0)


def make_app(
    source: StandIn, session: SessionState | None = None, *, bell: bool = False
) -> StatusApp:
    """An application with a root that answers and one that does not."""
    return StatusApp(
        source,
        [ROOT, DEAD],
        inspect=source.inspect,
        clock=lambda: NOW,
        config=Config(bell=bell, columns=("age", "id", "name", "state", "note")),
        session=session,
    )


async def test_changes_are_flagged_below_the_root_that_answers() -> None:
    """As soon as its own first scan is done."""
    source = StandIn()
    app = make_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING x"), ("2", "a", "RUNNING x"))
        await settle(pilot)
        assert "•" not in line_of(app, "1")
        source.deliver(("1", "a", "RUNNING y"))
        await settle(pilot)
        assert "•" in line_of(app, "1")
        assert "•" not in line_of(app, "2")
        assert not app.initial_scan_done
        source.send(Batch(health=(SILENT,)))
        await settle(pilot)
        assert "not answering for 1m" in shown(app)


async def test_problems_since_the_last_session_are_new_below_the_root_that_answers(
    tmp_path: Path,
) -> None:
    """What was saved of the other root stays as it was."""
    source = StandIn()
    first = make_app(source, SessionState(str(tmp_path), [ROOT, DEAD]))
    async with first.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUN_ERROR lost"))
        await settle(pilot)
    assert len(list((tmp_path / "seen").iterdir())) == 1
    again = StandIn()
    second = make_app(again, SessionState(str(tmp_path), [ROOT, DEAD]))
    async with second.run_test(size=(80, 24)) as pilot:
        again.deliver(("1", "a", "RUN_ERROR lost"), ("2", "a", "RUN_ERROR lost"))
        await settle(pilot)
        assert "+ 1 new" in shown(second)


@pytest.mark.parametrize("is_silent", [True, False])
async def test_the_bell_rings_when_all_runs_of_the_roots_that_answer_have_finished(
    monkeypatch: pytest.MonkeyPatch, *, is_silent: bool
) -> None:
    """Not while the first scan of another one is still under way."""
    written: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda _self, data: written.append(data))
    source = StandIn()
    app = make_app(source, bell=True)
    async with app.run_test(size=(80, 24)) as pilot:
        source.deliver(("1", "a", "RUNNING x"))
        source.send(Batch(health=(SILENT if is_silent else RootHealth(DEAD),)))
        await settle(pilot)
        source.deliver(("1", "a", "COMPLETE The test completed with result: PASS"))
        await settle(pilot)
    assert ("all runs have finished" in "".join(written)) is is_silent
