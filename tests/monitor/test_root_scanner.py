"""Sweeps over one tree, each when the test says so."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from statustui.core.durations import StaleAfter
from statustui.monitor.batch import Batch
from statustui.monitor.findings import RunChanged
from statustui.monitor.poll_loop import PollLoop
from statustui.monitor.poll_policy import Settings
from statustui.monitor.publisher import RootPublisher
from statustui.monitor.root_scanner import RootScanner
from tests.monitor.scanning import Sweeping, move_elsewhere, put_on
from tests.trees import append, read_runs, write_run
from tests.waiting import wait_until


def test_what_was_in_a_directory_that_is_gone_is_gone_too(tmp_path: Path) -> None:
    """And not looked into, though it had been due."""
    write_run(tmp_path / "a" / "b" / "1", "RUNNING")
    write_run(tmp_path / "2", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    assert sweeping.states() == {"1": "RUNNING", "2": "RUNNING"}
    shutil.rmtree(tmp_path / "a")
    sweeping.look()
    assert sweeping.states() == {"2": "RUNNING"}
    assert sweeping.scanner.unreadable.reasons == {}


def test_a_sweep_ends_as_soon_as_there_is_no_need_to_go_on(tmp_path: Path) -> None:
    """What has been found is not taken for all there is."""
    for number in range(5):
        write_run(tmp_path / "test_runs" / str(number), "RUNNING")
    stopped = threading.Event()
    scanner = RootScanner(str(tmp_path), Settings(), stopped)
    for finding in scanner.sweep(9, everything=True):
        if isinstance(finding, RunChanged):
            stopped.set()
    assert len(scanner) == 1
    assert scanner.found == 5


def test_on_a_network_many_threads_read_and_what_is_unchanged_is_no_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is opened for that; the threads end when the sweeper does."""
    put_on(monkeypatch, "nfs4")
    runs = [write_run(tmp_path / str(number), "RUNNING") for number in range(20)]
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    assert sum(thread.name.startswith("reader") for thread in threading.enumerate()) >= 8
    assert sweeping.states() == {run.name: "RUNNING" for run in runs}
    sweeping.look()
    assert sweeping.changed == []
    append(runs[7], "RUN_TIMEOUT")
    sweeping.look()
    assert sweeping.changed == [str(runs[7])]
    assert sweeping.states()["7"] == "RUN_TIMEOUT"
    sweeping.scanner.close()
    wait_until(lambda: not any("reader" in thread.name for thread in threading.enumerate()))


def test_a_root_that_is_taken_away_takes_no_run_with_it(tmp_path: Path) -> None:
    """Also when it is a run that shows it first."""
    run = write_run(tmp_path / "root" / "1", "RUNNING")
    sweeping = Sweeping(tmp_path / "root")
    sweeping.look()
    (tmp_path / "root").rename(tmp_path / "away")
    sweeping.check(run)
    assert sweeping.scanner.unreadable.reasons == {
        str(tmp_path / "root"): "No such file or directory"
    }
    assert sweeping.states() == {"1": "RUNNING"}
    (tmp_path / "away").rename(tmp_path / "root")
    append(run, "RUN_TIMEOUT")
    sweeping.look()
    assert sweeping.scanner.unreadable.reasons == {}
    assert sweeping.states() == {"1": "RUN_TIMEOUT"}


def test_a_run_of_pavilion_stays_one_without_its_status_file(tmp_path: Path) -> None:
    """Its directory is there before its status file is."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    (run / "status").unlink()
    sweeping.check(run)
    assert sweeping.states() == {"1": "UNKNOWN"}
    assert str(run) in sweeping.scanner


def test_a_root_on_which_something_else_is_mounted_is_watched_at_its_pace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a network more slowly, and with more threads."""
    put_on(monkeypatch, "ext4")
    write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    scanner = sweeping.scanner
    assert (scanner.filesystems.devices.root_mount.type, scanner.policy.threads) == ("ext4", 1)
    put_on(monkeypatch, "nfs4")
    move_elsewhere(monkeypatch)
    sweeping.look()
    assert (scanner.filesystems.devices.root_mount.type, scanner.policy.threads) == ("nfs4", 8)
    assert sweeping.states() == {"1": "RUNNING"}
    scanner.close()


def test_no_more_stalled_runs_are_handed_out_at_once_than_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A screen has to take them in alike."""
    monkeypatch.setattr("statustui.monitor.publisher._BATCH_RUNS", 3)
    monkeypatch.setattr("statustui.monitor.publisher._BATCH_SECONDS", float("inf"))
    for number in range(8):
        write_run(tmp_path / str(number), "RUNNING")
    batches: list[Batch] = []
    loop = PollLoop(
        str(tmp_path),
        Settings(stale_after=StaleAfter(0.0), clock=lambda: 2e9),
        max_watches=None,
        publisher=RootPublisher(str(tmp_path), batches.append),
        stopped=threading.Event(),
        wake=threading.Event(),
    )
    loop.run_round(frozenset())
    loop.close()
    assert max(len(batch.changed) for batch in batches) == 3
    assert sum(run.stall is not None for batch in batches for run in batch.changed) == 8


def test_a_run_that_is_due_twice_and_gone_does_not_come_back(tmp_path: Path) -> None:
    """The second look at it finds nothing new."""
    run = write_run(tmp_path / "test_runs" / "1", "COMPLETE")
    write_run(tmp_path / "test_runs" / "2", "COMPLETE")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    shutil.rmtree(run)
    sweeping.check(run, run)
    assert sweeping.states() == {"2": "COMPLETE"}
    assert str(run) not in sweeping.scanner


def test_a_tree_on_a_network_is_read_once_by_many_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They end with it."""
    put_on(monkeypatch, "nfs4")
    for number in range(20):
        write_run(tmp_path / str(number), "RUNNING")
    assert {run.id for run in read_runs(tmp_path)} == set(map(str, range(20)))
    wait_until(lambda: not any("reader" in thread.name for thread in threading.enumerate()))
