"""A tree that an earlier session has seen: its runs are known at once, and checked then."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.findings import RunChanged, RunRemoved
from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings
from tests.monitor.scanning import ScannerDriver
from tests.monitor.stores import MemoryStore
from tests.trees import append, write_run
from tests.waiting import wait_until


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """What a session has saved of 30 finished runs; run 99 is under way."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    for number in range(1, 31):
        run = write_run(tmp_path / "test_runs" / str(number), f"COMPLETE result: FAIL {number}")
        os.utime(run / "status", (1000 + number, 1000 + number))
    write_run(tmp_path / "test_runs" / "99", "RUNNING x")
    store = MemoryStore()
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.sweep_all()
    driver.scanner.save_cache()
    wait_until(lambda: store.saved)
    return store


def ids(driver: ScannerDriver) -> list[str]:
    """The ids of the runs that were found or have changed, in order."""
    return [finding.run.id for finding in driver.findings if isinstance(finding, RunChanged)]


def test_finished_runs_are_known_before_anything_is_read(
    tmp_path: Path, store: MemoryStore
) -> None:
    """As they were saved, the most recently written first."""
    before = time.time()
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.apply(driver.scanner.read_cache())
    assert ids(driver) == [str(number) for number in range(30, 0, -1)]
    assert driver.scanner.unchecked_count == 30
    assert len(driver.scanner) == 0
    assert driver.scanner.as_of is not None
    assert before - 60 < driver.scanner.as_of < time.time()


def test_a_sweep_reports_what_is_different_from_what_was_saved(
    tmp_path: Path, store: MemoryStore
) -> None:
    """A changed run, a run that is gone, and those that were not saved; nothing else."""
    append(tmp_path / "test_runs" / "7", "COMPLETE result: PASS")
    shutil.rmtree(tmp_path / "test_runs" / "8")
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.apply(driver.scanner.read_cache())
    driver.findings.clear()
    driver.sweep_all()
    assert set(ids(driver)) == {"7", "99"}
    removed = [finding.path for finding in driver.findings if isinstance(finding, RunRemoved)]
    assert removed == [str(tmp_path / "test_runs" / "8")]
    assert (len(driver.scanner), driver.scanner.unchecked_count) == (30, 0)
    assert driver.scanner.as_of is None
    changed = [finding.run for finding in driver.findings if isinstance(finding, RunChanged)]
    assert {run.id: run.result for run in changed} == {"7": "PASS", "99": None}


def test_a_root_that_cannot_be_read_keeps_what_was_saved(
    tmp_path: Path, store: MemoryStore
) -> None:
    """With the time of the save, until it can be read."""
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.apply(driver.scanner.read_cache())
    hidden = tmp_path.with_name("hidden")
    tmp_path.rename(hidden)
    driver.sweep_all()
    assert not any(isinstance(finding, RunRemoved) for finding in driver.findings)
    assert driver.scanner.unchecked_count == 30
    assert driver.scanner.as_of is not None
    hidden.rename(tmp_path)
    driver.sweep_all()
    assert len(driver.scanner) == 31
    assert driver.scanner.unchecked_count == 0


def test_the_root_itself_is_no_known_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its id depends on where the root leads; it is read in the first sweep."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    monkeypatch.setattr("statustui.monitor.snapshot_cache._MIN_NEW_RUNS", 1)
    write_run(tmp_path, "RUN_FAILED x")
    write_run(tmp_path / "inner", "RUN_FAILED x")
    store = MemoryStore()
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.sweep_all()
    driver.scanner.save_cache()
    wait_until(lambda: store.saved)
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.apply(driver.scanner.read_cache())
    assert ids(driver) == ["inner"]
    driver.sweep_all()
    assert sorted(ids(driver)) == sorted(["inner", tmp_path.name])


def test_a_monitor_says_how_old_its_picture_is_until_it_is_checked(
    tmp_path: Path, store: MemoryStore
) -> None:
    """The first batch has all that was saved; each run is delivered once."""
    batches: list[Batch] = []
    monitor = Monitor([str(tmp_path)], Settings("poll", store=store))
    monitor.start(batches.append)

    def health() -> RootHealth | None:
        known = [batch.health[-1] for batch in batches if batch.health]
        return known[-1] if known else None

    wait_until(lambda: (known := health()) is not None and known.swept)
    monitor.stop()
    delivered = [run.id for batch in batches for run in batch.changed]
    assert sorted(delivered, key=int) == [*map(str, range(1, 31)), "99"]
    last = health()
    assert last is not None
    assert (last.as_of, last.found, last.read) == (None, 31, 31)
