"""Which runs a batch finishes."""

from __future__ import annotations

import pytest

from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.tui.model.finished_runs import FinishedRuns
from statustui.tui.model.store import RunStore
from tests.runs import make

pytestmark = pytest.mark.usefixtures("arranged_at_once")

PASSED = "COMPLETE result: PASS"


def finished(store: RunStore, *runs: Run) -> list[str]:
    """The ids of the runs that a batch finishes, after it has been applied."""
    scanned = [run.root for run in runs]
    found = FinishedRuns(Batch(runs), store, scanned)
    store.apply(Batch(runs))
    return [run.id for run in found.find()]


def test_runs_that_were_under_way_and_new_ones_that_are_not_have_finished() -> None:
    """Not those that go on, nor those that had finished before."""
    store = RunStore("id")
    store.apply(Batch((make("r/1", "RUNNING x"), make("r/2", "RUNNING x"), make("r/3", PASSED))))
    updates = [
        make("r/1", "RUNNING x", "RUN_ERROR x"),
        make("r/2", "RUNNING x", "RUNNING y"),
        make("r/3", PASSED, "INFO y"),
        make("r/4", PASSED),
        make("r/5", "RUNNING x"),
    ]
    assert finished(store, *updates) == ["1", "4"]


def test_runs_that_are_not_listed_do_not_count_but_those_that_leave_the_list_do() -> None:
    """With a filter on running runs, each leaves the list when it finishes."""
    store = RunStore("id")
    store.apply(Batch((make("r/1", "RUNNING x"), make("r/2", "SCHEDULED x"))))
    store.list_subset(None, lambda run: run.current.state == "RUNNING")
    assert finished(store, make("r/1", PASSED), make("r/2", PASSED), make("r/3", PASSED)) == ["1"]


def test_what_is_found_in_the_first_scan_has_not_just_finished() -> None:
    """It had finished before."""
    store = RunStore("id")
    batch = Batch((make("r/1", PASSED),))
    found = FinishedRuns(batch, store, scanned=())
    store.apply(batch)
    assert list(found.find()) == []
