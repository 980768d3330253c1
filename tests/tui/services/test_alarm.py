"""A call when it matters."""

from __future__ import annotations

import pytest

from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.tui.model.store import RunStore
from statustui.tui.services.alarm import Alarm
from tests.runs import make
from tests.tui.stand_in import Clock

pytestmark = pytest.mark.usefixtures("arranged_at_once")


def batch_of(*runs: Run) -> Batch:
    """A batch of changes."""
    return Batch(runs)


def test_a_problem_is_called_for_once_and_many_together() -> None:
    """Those that come soon after wait for the next call."""
    clock = Clock(100.0)
    alarm = Alarm(is_on=True, clock=clock)
    assert alarm.pop_text() is None
    alarm.add([make("r/1", "RUN_ERROR lost\x1b[2J", name="a.b")], has_finished=False)
    assert alarm.pop_text() == "statustui: 1 a.b lost\\x1b[2J"
    assert alarm.pop_text() is None
    alarm.add([make("r/2", "RUN_ERROR x")], has_finished=False)
    alarm.add([make("r/3", "RUN_ERROR x")], has_finished=True)
    assert alarm.pop_text() is None
    clock.now += 5
    said = "statustui: 2 new problems, first 2 suite.test x; all runs have finished"
    assert alarm.pop_text() == said
    assert alarm.pop_text() is None


def test_an_alarm_that_is_off_says_nothing_also_later() -> None:
    """What happened before it was switched on is over."""
    alarm = Alarm(is_on=False, clock=Clock(100.0))
    alarm.add([make("r/1", "RUN_ERROR x")], has_finished=True)
    alarm.toggle()
    assert alarm.pop_text() is None
    alarm.add([], has_finished=True)
    assert alarm.pop_text() == "statustui: all runs have finished"


def test_the_store_counts_the_listed_runs_that_are_under_way() -> None:
    """They wait, build or run."""
    store = RunStore("id")
    store.apply(
        batch_of(make("r/1", "RUNNING x"), make("r/2", "RUN_ERROR x"), make("r/3", "SCHEDULED x"))
    )
    assert store.under_way == 2
    store.apply(batch_of(make("r/1", "RUNNING x", "RUN_TIMEOUT x"), make("r/4", "RUNNING x")))
    store.apply(batch_of(make("r/1", "RUN_TIMEOUT x", "INFO y")))
    store.list_subset(None, lambda run: run.id == "3")
    assert store.under_way == 1
    store.apply(batch_of(make("r/3", "SCHEDULED x", "COMPLETE result: PASS")))
    assert store.under_way == 0
    store.list_subset(None, None)
    assert store.under_way == 1


def test_what_is_said_of_a_run_is_short() -> None:
    """A notification is a line, whatever stands in the note."""
    alarm = Alarm(is_on=True, clock=Clock(100.0))
    alarm.add([make("r/1", "RUN_ERROR " + "a\u0301\U000e0101" * 1000)], has_finished=False)
    said = alarm.pop_text()
    assert said is not None
    assert len(said.encode()) < 300
