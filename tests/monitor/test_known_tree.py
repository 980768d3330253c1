"""A tree that an earlier session has seen: its runs are known at once, and checked then."""

from __future__ import annotations

import itertools
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.core.run import RunMetadata
from statustui.core.working_dir import find_runs, root_folder
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.cache_writer import CacheWriter
from statustui.monitor.directories import Directories
from statustui.monitor.findings import Finding, RunRemoved
from statustui.monitor.first_read import FirstReader
from statustui.monitor.monitor import Monitor
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.poll_loop import PollLoop
from statustui.monitor.poll_policy import Settings
from statustui.monitor.publisher import RootPublisher
from statustui.monitor.shown_runs import ShownRuns
from statustui.monitor.snapshot_cache import SnapshotCache
from tests.monitor.scanning import ScannerDriver, changed_runs
from tests.monitor.stores import MemoryStore
from tests.trees import append, write_nothing, write_run
from tests.waiting import wait_until


def save(root: Path) -> MemoryStore:
    """Return what a session saves of a tree."""
    store = MemoryStore()
    driver = ScannerDriver(root, Settings(store=store))
    driver.sweep_all()
    driver.scanner.save_cache()
    wait_until(lambda: store.saved)
    return store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """What a session has saved of 30 finished runs; run 99 is under way."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    for number in range(1, 31):
        run = write_run(tmp_path / "test_runs" / str(number), f"COMPLETE result: FAIL {number}")
        os.utime(run / "status", (1000 + number, 1000 + number))
    write_run(tmp_path / "test_runs" / "99", "RUNNING x")
    return save(tmp_path)


def ids(driver: ScannerDriver) -> list[str]:
    """The ids of the runs that were found or have changed, in order."""
    return [run.id for run in changed_runs(driver.findings)]


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


def test_failures_are_known_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are what is looked for; among them, the last one first. The number is known at once."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    monkeypatch.setattr("statustui.monitor.snapshot_cache._AT_ONCE", 4)
    for number in range(30):
        result = "PASS" if number % 3 else "FAIL"
        run = write_run(tmp_path / "test_runs" / str(number), f"COMPLETE result: {result}")
        os.utime(run / "status", (1000 + number, 1000 + number))
    store = save(tmp_path)
    driver = ScannerDriver(tmp_path, Settings(store=store))
    findings = driver.scanner.read_cache()
    driver.apply(itertools.islice(findings, 1))
    assert ids(driver) == ["27", "24", "21", "18"]
    scanner = driver.scanner
    assert (scanner.found, scanner.read_count, scanner.as_of) == (30, 4, None)
    driver.apply(findings)
    assert ids(driver)[9:12] == ["0", "29", "28"]
    assert scanner.read_count == 0
    assert scanner.as_of is not None


def test_what_was_shown_is_confirmed_without_being_built_again(
    tmp_path: Path, store: MemoryStore
) -> None:
    """The snapshot is the one that a whole read makes."""
    cache = SnapshotCache(next(iter(store.saved.values())), str(tmp_path))
    shown = {run.path: run for runs in cache.runs() for run in runs.values()}
    places = list(find_runs(str(tmp_path), write_nothing))
    first = FirstReader(cache=cache, shown=shown.get)
    assert {place.id for place in places if first.confirm(place) is None} == {"99"}
    for place in places[:30]:
        confirmed = first.confirm(place)
        assert confirmed is None or confirmed == first.read(place)
    append(tmp_path / "test_runs" / "7", "COMPLETE result: PASS")
    shutil.rmtree(tmp_path / "test_runs" / "8")
    nameless = shown[str(tmp_path / "test_runs" / "9")]
    shown[nameless.path] = nameless._replace(metadata=RunMetadata())
    lost = {place.id for place in places if first.confirm(place) is None}
    assert lost == {"7", "8", "9", "99"}


@pytest.mark.parametrize("user", ["mia", ""])
def test_once_all_runs_are_shown_the_cache_knows_no_more_than_whether_they_are_the_same(
    user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless one of them could not be shown, as its user was not saved."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    for number in range(30):
        write_run(tmp_path / "test_runs" / str(number), "COMPLETE result: FAIL")
    places = list(find_runs(str(tmp_path), write_nothing))
    writer = CacheWriter()
    for place in places:
        found = FirstReader().outline(place)
        assert isinstance(found, OutlinedRun)
        writer.add(found._replace(metadata=RunMetadata("a", user)))
    cache = SnapshotCache(writer.finish(), str(tmp_path))
    shown = ShownRuns(cache)
    for runs in cache.runs():
        shown.add(runs)
    cache.forget_outlines()
    states = [(place, os.lstat(place.status_path)) for place in places]
    others = [os.lstat(place.path) for place in places]
    # What is known of the others remains as it is while they become fewer.
    for number in (*range(0, 30, 2), *range(1, 30, 2)):
        left = [(place, state) for place, state in states if place.path in {r.path for r in shown}]
        assert len(left) == len(shown)
        assert all(cache.holds(*one) for one in left)
        assert not any(map(cache.holds, places, others))
        assert all((cache.get(*one) is None) == bool(user) for one in left)
        paths = [place.path for place, _state in left]
        assert [run and run.path for run in map(shown.get, paths)] == paths
        taken = shown.pop(places[number].path)
        assert taken is not None
        assert taken.path == places[number].path


def test_the_path_of_a_run_that_was_saved_is_in_memory_once(
    tmp_path: Path, store: MemoryStore
) -> None:
    """What is found there later has the same one."""
    cache = SnapshotCache(next(iter(store.saved.values())), str(tmp_path))
    shown = ShownRuns(cache)
    for runs in cache.runs():
        shown.add(runs)
    directories = Directories(root_folder(str(tmp_path)))
    directories.share_paths(shown.path_of)
    for path in (str(tmp_path), str(tmp_path / "test_runs")):
        change = directories.list_if_changed(path, frozenset(), trust_stat=True)
        assert change is not None
        for folder in change.new:
            directories.add(folder)
    runs_found = [(path, shown.get(path)) for path in directories.below(str(tmp_path))]
    same = [path is run.path for path, run in runs_found if run is not None]
    assert len(same) == len(shown)
    assert all(same)


def test_each_run_that_was_shown_is_taken_once(tmp_path: Path, store: MemoryStore) -> None:
    """What is left is told, until all of it is given up."""
    cache = SnapshotCache(next(iter(store.saved.values())), str(tmp_path))
    shown = ShownRuns(cache)
    for runs in cache.runs():
        shown.add(runs)
        shown.add(runs)
    first, second, *_others = left = list(shown)
    assert len(shown) == len(left) == len(cache)
    assert shown.pop(first.path) is first
    assert (shown.pop(first.path), shown.get(first.path), shown.pop("elsewhere")) == (None,) * 3
    assert cache.row_of(first.path) is None
    assert shown.get(second.path) is second
    assert len(shown) == len(left) - 1 == len(list(shown))
    shown.clear()
    assert (len(shown), list(shown), shown.get(second.path)) == (0, [], None)


def test_a_file_that_an_equal_one_has_replaced_changes_nothing(
    tmp_path: Path, store: MemoryStore
) -> None:
    """What was shown of the run goes on being its picture."""
    status = tmp_path / "test_runs" / "7" / "status"
    state = os.stat(status)
    copy = status.with_name("copy")
    copy.write_bytes(status.read_bytes())
    os.utime(copy, ns=(state.st_atime_ns, state.st_mtime_ns))
    copy.replace(status)
    driver = ScannerDriver(tmp_path, Settings(store=store))
    driver.apply(driver.scanner.read_cache())
    assert ids(driver).count("7") == 1
    driver.sweep_all()
    assert ids(driver).count("7") == 1


def test_reading_what_was_saved_ends_when_it_is_stopped(
    tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next block; a part of it has no age."""
    monkeypatch.setattr("statustui.monitor.snapshot_cache._AT_ONCE", 10)
    driver = ScannerDriver(tmp_path, Settings(store=store))
    findings = driver.scanner.read_cache()
    driver.apply([next(findings)])
    driver.stopped.set()
    driver.apply(findings)
    assert len(ids(driver)) == 10
    assert driver.scanner.as_of is None


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
    changed = changed_runs(driver.findings)
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
    monkeypatch.setattr("statustui.monitor.cache_writer._MIN_NEW_RUNS", 1)
    write_run(tmp_path, "RUN_FAILED x")
    write_run(tmp_path / "inner", "RUN_FAILED x")
    store = save(tmp_path)
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


def test_the_age_of_what_was_saved_is_told_before_the_filesystem_is_asked(
    tmp_path: Path, store: MemoryStore
) -> None:
    """It may hang from then on."""
    batches: list[Batch] = []
    loop = PollLoop(
        str(tmp_path),
        Settings("poll", store=store),
        max_watches=None,
        publisher=RootPublisher(str(tmp_path), batches.append),
        stopped=threading.Event(),
        wake=threading.Event(),
    )
    told: list[RootHealth] = []

    def hang(_room: float, *, everything: bool) -> Iterator[Finding]:
        assert not everything
        told.append(batches[-1].health[0])
        return iter(())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.scanner, "sweep", hang)
        loop.run_round(frozenset())
    loop.close()
    [health] = told
    assert health.as_of is not None
    assert (health.found, health.read) == (30, 0)
    assert sum(len(batch.changed) for batch in batches) == 30


@pytest.mark.parametrize("is_too_fast", [True, False])
def test_a_receiver_that_asks_for_time_is_left_some(
    tmp_path: Path, store: MemoryStore, *, is_too_fast: bool
) -> None:
    """It has the processor for a moment after each batch."""
    waits: list[float | None] = []

    class Stopped(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout)
            return False

    loop = PollLoop(
        str(tmp_path),
        Settings("poll", store=store),
        max_watches=None,
        publisher=RootPublisher(str(tmp_path), lambda _batch: is_too_fast),
        stopped=Stopped(),
        wake=threading.Event(),
    )
    loop.run_round(frozenset())
    loop.close()
    assert bool(waits) is is_too_fast


def test_the_number_of_runs_stays_while_they_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are checked and those that are not count, whatever directory they are in."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    monkeypatch.setattr("statustui.monitor.run_reader._BLOCK", 4)
    monkeypatch.setattr("statustui.monitor.publisher._BATCH_RUNS", 0)
    for number in range(60):
        write_run(tmp_path / f"wd{number % 3}" / "test_runs" / str(number), "COMPLETE result: PASS")
    store = save(tmp_path)
    # What is new in between has the publisher tell how far it is.
    for number in range(3):
        write_run(tmp_path / f"wd{number}" / "test_runs" / f"9{number}", "RUNNING x")
    batches: list[Batch] = []
    monitor = Monitor([str(tmp_path)], Settings("poll", store=store))
    monitor.start(batches.append)
    wait_until(lambda: batches and batches[-1].health and batches[-1].health[0].swept)
    monitor.stop()
    checking = [one for batch in batches for one in batch.health if one.as_of and not one.swept]
    assert len({one.read for one in checking}) > 2
    assert {one.found for one in checking} <= {60, 61, 62, 63}
