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

from statustui.core.run import Run
from statustui.core.working_dir import find_runs, root_folder
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.cache_stream import CacheStream
from statustui.monitor.cache_writer import CacheWriter
from statustui.monitor.capacity import Capacity
from statustui.monitor.directories import Directories
from statustui.monitor.findings import Finding, RunRemoved
from statustui.monitor.first_read import FirstReader
from statustui.monitor.monitor import Monitor
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.poll_loop import PollLoop
from statustui.monitor.poll_policy import Settings
from statustui.monitor.publisher import RootPublisher
from statustui.monitor.run_reader import RunReader
from statustui.monitor.shown_runs import ShownRuns
from tests.monitor.reading import record_opens
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
    monkeypatch.setattr("statustui.monitor.cache_stream._AT_ONCE", 4)
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


def shown_runs(data: bytes | None, root: Path) -> ShownRuns:
    """Return all runs of a cache, which are shown."""
    cache = CacheStream(data, str(root), root.stat().st_dev)
    shown = ShownRuns(cache)
    for snapshots in cache.snapshots():
        shown.add(snapshots)
    return shown


def test_what_was_shown_is_confirmed_without_being_built_again(
    tmp_path: Path, store: MemoryStore
) -> None:
    """The snapshot is the one that a whole read makes, but for where it comes from."""
    shown = shown_runs(next(iter(store.saved.values())), tmp_path)
    places = list(find_runs(str(tmp_path), write_nothing))
    first = FirstReader(shown=shown)
    assert [one is None for one in first.shown(places)].count(True) == 1
    assert {place.id for place in places if first.confirm(place) is None} == {"99"}
    for place in places[:30]:
        confirmed = first.confirm(place)
        assert confirmed is shown.get(place.path)
        if confirmed is not None:
            assert first.read(place) == confirmed
            assert FirstReader().read(place) == confirmed._replace(is_stored=False)
    append(tmp_path / "test_runs" / "7", "COMPLETE result: PASS")
    shutil.rmtree(tmp_path / "test_runs" / "8")
    others = [place._replace(kind="plain") for place in places]
    assert [first.confirm(place) for place in others] == [None] * 31
    assert {place.id for place in places if first.confirm(place) is None} == {"7", "8", "99"}


@pytest.mark.parametrize("threads", [1, 4])
def test_what_was_shown_is_not_opened_again_whoever_looks(
    threads: int, tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a network filesystem several threads look."""
    opened = record_opens(monkeypatch)
    shown = shown_runs(next(iter(store.saved.values())), tmp_path)
    first = FirstReader(shown=shown, is_shared=threads > 1)
    capacity = Capacity.of(0)
    reader = RunReader({}, lambda _path: False, threads, first, capacity, lambda: None)
    places = find_runs(str(tmp_path), write_nothing)
    read = list(itertools.chain.from_iterable(reader.read_new(places)))
    reader.close()
    first.close()
    assert len(read) == 31
    assert opened == ["99"]
    assert all(one is shown.get(one.run.path) for one in read if one.run.id != "99")


@pytest.mark.parametrize("has_more", [False, True])
def test_a_run_that_was_saved_without_its_name_is_confirmed_with_it(
    *, has_more: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not it has more than a status file; no status file is opened again."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    run = write_run(tmp_path / "test_runs" / "1", "COMPLETE result: FAIL")
    if has_more:
        (run / "attributes").write_text('{"name": "suite.test"}', encoding="utf-8")
    [place] = find_runs(str(tmp_path), write_nothing)
    found = FirstReader().outline(place)
    assert isinstance(found, OutlinedRun)
    writer = CacheWriter()
    writer.add(found)
    first = FirstReader(shown=shown_runs(writer.finish(), tmp_path))
    assert first.shown([place]) == [None]
    whole = FirstReader().read(place)
    monkeypatch.delattr("statustui.monitor.first_read.open_checked")
    assert whole is not None
    assert first.read(place) == whole
    assert whole.run.name == ("suite.test" if has_more else "")


def test_a_run_on_another_device_than_the_root_is_confirmed_with_that(
    tmp_path: Path, store: MemoryStore
) -> None:
    """A cache holds no devices."""
    cache = CacheStream(next(iter(store.saved.values())), str(tmp_path), 7)
    shown = ShownRuns(cache)
    for snapshots in cache.snapshots():
        shown.add(snapshots)
    confirmed = map(FirstReader(shown=shown).confirm, find_runs(str(tmp_path), write_nothing))
    devices = {one.device for one in confirmed if one is not None}
    assert devices == {tmp_path.stat().st_dev}


def test_the_path_of_a_run_that_was_saved_is_in_memory_once(
    tmp_path: Path, store: MemoryStore
) -> None:
    """What is found there later has the same one."""
    shown = shown_runs(next(iter(store.saved.values())), tmp_path)
    directories = Directories(root_folder(str(tmp_path)))
    directories.share_paths(shown.path_of)
    for path in (str(tmp_path), str(tmp_path / "test_runs")):
        change = directories.list_if_changed(path, frozenset(), trust_stat=True)
        assert change is not None
        for folder in change.new:
            directories.add(folder)
    runs_found = [(path, shown.get(path)) for path in directories.below(str(tmp_path))]
    same = [path is one.run.path for path, one in runs_found if one is not None]
    assert len(same) == len(shown)
    assert all(same)


def test_each_run_that_was_shown_is_taken_once(tmp_path: Path, store: MemoryStore) -> None:
    """What is left is told, until all of it is given up."""
    cache = CacheStream(next(iter(store.saved.values())), str(tmp_path), 0)
    shown = ShownRuns(cache)
    left: list[Run] = []
    for snapshots in cache.snapshots():
        left += shown.add(snapshots)
        assert shown.add([snapshot._replace() for snapshot in snapshots]) == []
    assert list(shown) == left
    assert len(shown) == len(left) == len(cache) == 30
    while len(left) > 3:
        taken = left.pop(len(left) // 2)
        assert shown.pop(taken.path) is taken
        assert (shown.pop(taken.path), shown.get(taken.path)) == (None, None)
        assert list(shown) == left
    assert (shown.pop("elsewhere"), len(shown)) == (None, 3)
    kept = shown.get(left[0].path)
    assert kept is not None
    assert kept.run is left[0]
    shown.clear()
    assert (len(shown), list(shown), shown.get(left[0].path)) == (0, [], None)


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
    monkeypatch.setattr("statustui.monitor.cache_stream._AT_ONCE", 10)
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
    monkeypatch.setattr("statustui.monitor.read_ahead._FEW", 4)
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
