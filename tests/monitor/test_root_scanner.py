"""Sweeps over one tree, each started by the test."""

from __future__ import annotations

import errno
import itertools
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from statustui.core.durations import StaleAfter
from statustui.monitor.batch import Batch
from statustui.monitor.children import Children
from statustui.monitor.events.inotify import Inotify
from statustui.monitor.events.listener import Listener
from statustui.monitor.findings import Finding, RunsChanged
from statustui.monitor.poll_loop import PollLoop
from statustui.monitor.poll_policy import Settings
from statustui.monitor.publisher import RootPublisher
from statustui.monitor.root_scanner import RootScanner
from statustui.monitor.run_reader import RunReader
from tests.monitor.scanning import ScannerDriver, move_elsewhere, put_on_filesystem
from tests.trees import append, read_runs, write_run
from tests.waiting import wait_until


def poll_loop(root: Path, settings: Settings, deliver: Callable[[Batch], object]) -> PollLoop:
    """A loop over a root, whose rounds the test runs."""
    return PollLoop(
        str(root),
        settings,
        max_watches=None,
        publisher=RootPublisher(str(root), deliver),
        stopped=threading.Event(),
        wake=threading.Event(),
    )


def test_the_runs_below_a_deleted_directory_are_removed(tmp_path: Path) -> None:
    """They are not checked any more, although they were due."""
    write_run(tmp_path / "a" / "b" / "1", "RUNNING")
    write_run(tmp_path / "2", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    assert driver.states() == {"1": "RUNNING", "2": "RUNNING"}
    shutil.rmtree(tmp_path / "a")
    driver.sweep_all()
    assert driver.states() == {"2": "RUNNING"}
    assert driver.scanner.unreadable.reasons == {}


def test_a_root_is_silent_only_while_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while it is chosen what to watch, nor while many runs that are gone are forgotten.

    It may hang whenever a watch is set.
    """
    for number in range(3):
        append(write_run(tmp_path / "a" / str(number), "RUNNING x"), "COMPLETE result: PASS")
    waited_since: list[float | None] = []

    def choose(paths: list[str], *_others: object) -> list[str]:
        waited_since.append(loop.scanner.waiting_since)
        return paths

    def forget(_path: str) -> None:
        waited_since.append(loop.scanner.waiting_since)

    asked_since: list[float | None] = []
    watch = Inotify.add

    def add(self: Inotify, path: str) -> bool:
        asked_since.append(loop.scanner.waiting_since)
        return watch(self, path)

    monkeypatch.setattr(Inotify, "add", add)
    monkeypatch.setattr("statustui.monitor.events.listener.newest", choose)
    loop = poll_loop(tmp_path, Settings("events"), lambda _batch: None)
    loop.run_round(frozenset())
    assert set(waited_since) == {None}
    assert None not in asked_since
    assert len(asked_since) == len(set(asked_since)) > 1
    waited_since.clear()
    monkeypatch.setattr(RootPublisher, "remove_run", lambda _self, path: forget(path))
    clock = SimpleNamespace(monotonic=itertools.count(1.0).__next__)
    monkeypatch.setattr("statustui.monitor.known_runs.time", clock)
    shutil.rmtree(tmp_path / "a")
    loop.check_everything()
    loop.run_round(frozenset())
    loop.close()
    gone = [since for since in waited_since if since is not None]
    assert len(gone) == len(set(gone)) == 3


def test_runs_that_go_one_after_the_other_do_not_have_the_others_told_apart_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would take minutes until tens of thousands of deleted runs are gone."""
    runs = [write_run(tmp_path / "test_runs" / str(number), "RUNNING x") for number in range(9)]
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    tables: list[int] = []
    make = Children.__init__

    def count(self: Children, paths: Sequence[str] = (), inodes: Sequence[int] = ()) -> None:
        tables.append(len(paths))
        make(self, paths, inodes)

    monkeypatch.setattr(Children, "__init__", count)
    for run in runs[:6]:
        shutil.rmtree(run)
        driver.apply(driver.scanner.check([str(run)]))
    assert tables == []
    assert sorted(driver.states()) == ["6", "7", "8"]
    write_run(runs[0], "RUN_FAILED x")
    driver.sweep_all()
    assert driver.states() == {"0": "RUN_FAILED", **dict.fromkeys(["6", "7", "8"], "RUNNING")}


def test_what_a_sweep_has_just_read_is_not_checked_in_the_same_sweep(tmp_path: Path) -> None:
    """Of a run under way, the first takes one look, as of one that has finished."""
    for number, status in enumerate(["RUNNING x", "COMPLETE result: PASS"]):
        write_run(tmp_path / "test_runs" / str(number), status)
    driver = ScannerDriver(tmp_path)
    looks = []
    for _ in range(2):
        driver.apply(driver.scanner.sweep(99, everything=False))
        looks.append(driver.scanner.usage.looks)
    folders = len(driver.scanner.watchable_directories(any_filesystem=True))
    assert looks[0] == 2 + folders
    assert looks[1] > looks[0]


def test_a_root_that_vanishes_during_a_sweep_keeps_its_runs(tmp_path: Path) -> None:
    """Those that had been checked, and the others."""
    root = tmp_path / "wd"
    runs = [write_run(root / "test_runs" / str(number), "RUNNING") for number in range(5)]
    driver = ScannerDriver(root)
    driver.sweep_all()
    for run in runs:
        append(run, "COMPLETE result: PASS")
    for finding in driver.scanner.sweep(99, everything=False):
        driver.apply([finding])
        if isinstance(finding, RunsChanged):
            root.rename(tmp_path / "elsewhere")
    assert driver.scanner.unreadable.is_root_lost
    assert sorted(driver.states().values()) == ["COMPLETE", *["RUNNING"] * 4]


def test_a_run_whose_directory_refuses_an_answer_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its status file may be there still."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    (run / "status").unlink()
    failures = {str(run): PermissionError(errno.EACCES, "Permission denied")}
    failure_at = driver.scanner.unreadable.failure_at
    monkeypatch.setattr(
        driver.scanner.unreadable,
        "failure_at",
        lambda path: failures.get(path) or failure_at(path),
    )
    driver.check(run)
    assert driver.states() == {"1": "RUNNING"}
    assert driver.scanner.unreadable.reasons == {str(run): "Permission denied"}


def test_a_sweep_ends_when_it_is_stopped(tmp_path: Path) -> None:
    """The number of runs found includes those that were not read."""
    for number in range(40):
        write_run(tmp_path / "test_runs" / str(number), "RUNNING")
    stopped = threading.Event()
    scanner = RootScanner(str(tmp_path), Settings(), stopped)
    for finding in scanner.sweep(99, everything=True):
        if isinstance(finding, RunsChanged):
            stopped.set()
    assert 0 < len(scanner) < 40
    assert scanner.found == 40


def test_on_a_network_many_threads_read_and_unchanged_runs_are_not_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check opens the file; closing the scanner ends the threads."""
    put_on_filesystem(monkeypatch, "nfs4")
    runs = [write_run(tmp_path / str(number), "RUNNING") for number in range(20)]
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    assert sum(thread.name.startswith("reader") for thread in threading.enumerate()) >= 8
    assert driver.states() == {run.name: "RUNNING" for run in runs}
    driver.sweep_all()
    assert driver.changed == []
    append(runs[7], "RUN_TIMEOUT")
    driver.sweep_all()
    assert driver.changed == [str(runs[7])]
    assert driver.states()["7"] == "RUN_TIMEOUT"
    driver.scanner.close()
    wait_until(lambda: not any("reader" in thread.name for thread in threading.enumerate()))


def test_a_root_that_vanishes_keeps_its_runs(tmp_path: Path) -> None:
    """Also if the check of a run is the first to notice."""
    run = write_run(tmp_path / "root" / "1", "RUNNING")
    driver = ScannerDriver(tmp_path / "root")
    driver.sweep_all()
    (tmp_path / "root").rename(tmp_path / "away")
    driver.check(run)
    assert driver.scanner.unreadable.reasons == {
        str(tmp_path / "root"): "No such file or directory"
    }
    assert driver.states() == {"1": "RUNNING"}
    (tmp_path / "away").rename(tmp_path / "root")
    append(run, "RUN_TIMEOUT")
    driver.sweep_all()
    assert driver.scanner.unreadable.reasons == {}
    assert driver.states() == {"1": "RUN_TIMEOUT"}


def test_a_pavilion_run_without_its_status_file_is_still_a_run(tmp_path: Path) -> None:
    """Pavilion creates the directory before the status file."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    (run / "status").unlink()
    driver.check(run)
    assert driver.states() == {"1": "UNKNOWN"}
    assert str(run) in driver.scanner


def test_a_new_filesystem_at_the_root_changes_the_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network is checked less often, and with more threads."""
    put_on_filesystem(monkeypatch, "ext4")
    write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    scanner = driver.scanner
    assert (scanner.filesystems.devices.root_mount.type, scanner.policy.threads) == ("ext4", 1)
    put_on_filesystem(monkeypatch, "nfs4")
    move_elsewhere(monkeypatch)
    driver.sweep_all()
    assert (scanner.filesystems.devices.root_mount.type, scanner.policy.threads) == ("nfs4", 8)
    assert driver.states() == {"1": "RUNNING"}
    scanner.close()


def test_batches_of_stalled_runs_are_limited_like_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A screen has to apply them all the same."""
    monkeypatch.setattr("statustui.monitor.publisher._BATCH_RUNS", 3)
    monkeypatch.setattr("statustui.monitor.publisher._BATCH_SECONDS", float("inf"))
    for number in range(8):
        write_run(tmp_path / str(number), "RUNNING")
    batches: list[Batch] = []
    loop = poll_loop(
        tmp_path, Settings(stale_after=StaleAfter(0.0), clock=lambda: 2e9), batches.append
    )
    loop.run_round(frozenset())
    loop.close()
    assert max(len(batch.changed) for batch in batches) == 3
    assert sum(run.stall is not None for batch in batches for run in batch.changed) == 8


def test_a_stalled_run_stays_stalled_when_it_is_read_again(tmp_path: Path) -> None:
    """It would leave its place in the list for a moment; a new status ends the stall."""
    run = write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path, Settings(stale_after=StaleAfter(0.0), clock=lambda: 2e9))
    driver.sweep_all()
    assert driver.batches[-1].changed[0].stall is not None
    delivered = len(driver.batches)
    (run / "status").touch()
    driver.check(run)
    assert len(driver.batches) == delivered
    append(run, "RUN_USER phase 2")
    driver.check(run)
    assert [one.stall for one in driver.batches[-1].changed] == [None]


@pytest.mark.parametrize(
    ("status", "what", "failing"),
    [
        ("RUNNING x", "fs.tree_policy.TreePolicy.add_device", 3),
        ("COMPLETE result: PASS", "fs.tree_policy.TreePolicy.add_device", 1),
        ("COMPLETE result: PASS", "stalls.Stalls.add_finished", 1),
    ],
)
def test_runs_that_an_internal_error_has_kept_from_being_published_are_published_later(
    status: str, what: str, failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then the root says so; whether they are taken one by one or all at once."""
    monkeypatch.setattr("statustui.monitor.snapshot._RACY_AGE", -1e9)
    read = RunReader.read
    monkeypatch.setattr(
        RunReader, "read_new", lambda reader, places: iter([list(read(reader, places))])
    )
    for number in range(1, 7):
        write_run(tmp_path / "test_runs" / str(number), status)
    calls: list[int] = []

    def fail_once(*_arguments: object) -> bool:
        calls.append(1)
        if len(calls) == failing:
            raise RuntimeError("can't start new thread")
        return False

    monkeypatch.setattr(f"statustui.monitor.{what}", fail_once)
    batches: list[Batch] = []
    loop = poll_loop(tmp_path, Settings("poll", interval=0.1), batches.append)
    loop.run_round(frozenset())
    assert batches[-1].health[0].problem is not None

    def is_mended() -> bool:
        loop.run_round(frozenset())
        return batches[-1].health[0].problem is None

    wait_until(is_mended)
    loop.close()
    assert {run.id for batch in batches for run in batch.changed} == set("123456")


def test_the_first_picture_waits_for_long_files_but_for_no_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watches on very many runs take longer to set than long files take to read."""
    for number in range(1, 4):
        run = write_run(tmp_path / "test_runs" / str(number), "RUNNING x")
        (run / "status").write_bytes(b"1795000000.5 RUNNING x\n" * 20_000)
    happened: list[str] = []
    choose = Listener.update_watches

    def spy(listener: Listener) -> None:
        happened.append("watches")
        choose(listener)

    monkeypatch.setattr(Listener, "update_watches", spy)
    loop = poll_loop(
        tmp_path,
        Settings("events"),
        lambda batch: happened.append("whole" if batch.health[0].swept else "part"),
    )

    def is_watching() -> bool:
        loop.run_round(frozenset())
        return "watches" in happened

    wait_until(is_watching)
    loop.close()
    before = happened[: happened.index("watches")]
    assert set(before) == {"part", "whole"}
    assert before.count("whole") == 1


def test_long_files_are_not_asked_for_again_and_again_while_the_root_is_lost(
    tmp_path: Path,
) -> None:
    """The rounds pause as usual, and the files are read once it is back."""
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    for number in range(4):
        run = write_run(root / "test_runs" / str(number), "RUNNING x")
        (run / "status").write_bytes(b"1795000000.5 RUNNING x\n" * 20_000)
    batches: list[Batch] = []
    loop = poll_loop(root, Settings("poll", interval=0.1), batches.append)
    loop.run_round(frozenset())
    assert loop.pause == 0
    root.rename(elsewhere)
    loop.check_everything()
    loop.run_round(frozenset())
    assert batches[-1].health[0].unreachable
    assert loop.pause > 0
    elsewhere.rename(root)

    def is_whole() -> bool:
        loop.run_round(frozenset())
        return batches[-1].health[0].swept

    wait_until(is_whole)
    loop.close()
    assert {run.id for batch in batches for run in batch.changed} == set("0123")


def test_a_long_round_is_no_suspension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With very many runs each would lead to a check of everything; a long pause does."""
    write_run(tmp_path / "1", "COMPLETE")
    now = [1e9]
    clock = SimpleNamespace(time=lambda: now[0], monotonic=time.monotonic)
    monkeypatch.setattr("statustui.monitor.poll_loop.time", clock)
    sweeps: list[int] = []

    def deliver_slowly(batch: Batch) -> None:
        sweeps.append(batch.health[0].sweeps)
        now[0] += 1e4

    loop = poll_loop(tmp_path, Settings("poll", interval=3600.0), deliver_slowly)
    for _ in range(3):
        loop.run_round(frozenset())
    assert sweeps[-1] == 1
    now[0] += 1e4
    loop.run_round(frozenset())
    assert sweeps[-1] == 2
    loop.close()


def test_a_cache_that_takes_long_to_read_is_no_suspension(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first sweep has just read is not checked once more."""
    write_run(tmp_path / "1", "COMPLETE")
    now = [1e9]
    clock = SimpleNamespace(time=lambda: now[0], monotonic=time.monotonic)
    monkeypatch.setattr("statustui.monitor.poll_loop.time", clock)
    loop = poll_loop(tmp_path, Settings("poll", interval=3600.0), lambda _batch: None)

    def read_slowly() -> Iterator[Finding]:
        now[0] += 1e4
        return iter(())

    monkeypatch.setattr(loop.scanner, "read_cache", read_slowly)
    checked: list[list[str]] = []
    check = loop.scanner.check

    def spy(paths: Collection[str]) -> Iterator[Finding]:
        checked.append(list(paths))
        return check(paths)

    monkeypatch.setattr(loop.scanner, "check", spy)
    loop.run_round(frozenset())
    assert len(loop.scanner) == 1
    assert not any(checked)
    loop.close()


def test_a_removed_run_that_is_due_twice_does_not_come_back(tmp_path: Path) -> None:
    """The second check of the run is a no-op."""
    run = write_run(tmp_path / "test_runs" / "1", "COMPLETE")
    write_run(tmp_path / "test_runs" / "2", "COMPLETE")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    shutil.rmtree(run)
    driver.check(run, run)
    assert driver.states() == {"2": "COMPLETE"}
    assert str(run) not in driver.scanner


def test_a_tree_on_a_network_is_read_once_by_many_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threads end when the tree has been read."""
    put_on_filesystem(monkeypatch, "nfs4")
    for number in range(20):
        write_run(tmp_path / str(number), "RUNNING")
    assert {run.id for run in read_runs(tmp_path)} == set(map(str, range(20)))
    wait_until(lambda: not any("reader" in thread.name for thread in threading.enumerate()))
