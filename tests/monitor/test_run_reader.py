"""Long status files, which are read in steps between the checks of other runs."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from statustui.monitor.directories import Directories, DirectoryChange
from statustui.monitor.poll_policy import Settings
from statustui.monitor.snapshot import Steps, read_in_steps
from tests.monitor.scanning import ScannerDriver, put_on_filesystem
from tests.slow import slow
from tests.trees import append, write_run

MEBI = 1 << 20
LINES = b"1 A\n" * (3 * MEBI // 4)
"""Three mebibytes."""


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time on the reader's monotonic clock, as a list that tests can change."""
    moment = [1000.0]
    monkeypatch.setattr(
        "statustui.monitor.run_reader.time", SimpleNamespace(monotonic=lambda: moment[0])
    )
    return moment


def write_long(path: Path, lines: bytes = LINES) -> Path:
    """Create a run with a long status file."""
    path.mkdir(exist_ok=True)
    (path / "status").write_bytes(lines)
    return path


def rewrite_first_byte(run: Path, byte: bytes) -> None:
    """Change a status file without changing its size."""
    descriptor = os.open(run / "status", os.O_WRONLY)
    os.pwrite(descriptor, byte, 0)
    os.close(descriptor)


def count_bytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the size of each read from now on."""
    counts: list[int] = []
    pread = os.pread

    def count(descriptor: int, length: int, offset: int) -> bytes:
        data = pread(descriptor, length, offset)
        counts.append(len(data))
        return data

    monkeypatch.setattr("statustui.core.reading.os.pread", count)
    return counts


def is_open(path: Path) -> bool:
    """Return whether this process has a file open, even if it is deleted."""
    held = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
    return any(os.readlink(one).startswith(str(path)) for one in held if os.path.lexists(one))


def finish(driver: ScannerDriver) -> int:
    """Read until no long file is due now; return the number of steps."""
    turns = 0
    while driver.scanner.read_on_at <= 1000.0:
        driver.read_on(hurry=True)
        turns += 1
    return turns


def read_a_minute_ago(root: Path, now: list[float]) -> tuple[ScannerDriver, Path]:
    """Return a driver that has read a long file of a running run to its end, and the run."""
    long = write_long(root / "long", LINES + b"2 RUNNING x\n")
    driver = ScannerDriver(root)
    driver.sweep_all()
    finish(driver)
    now[0] += 60
    return driver, long


def test_other_runs_are_checked_while_a_long_file_is_read(tmp_path: Path, now: list[float]) -> None:
    """The run with the long file is reported once all of it has been read."""
    del now
    other = write_run(tmp_path / "other", "RUNNING")
    write_long(tmp_path / "long", LINES + b"2 RUNNING x\n")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    assert driver.states() == {"other": "RUNNING"}
    assert not driver.scanner.has_read_all
    assert driver.scanner.found == 2
    driver.read_on(hurry=True)
    append(other, "RUN_TIMEOUT")
    driver.check(other)
    assert driver.states() == {"other": "RUN_TIMEOUT"}
    assert finish(driver) == 3
    assert driver.states() == {"other": "RUN_TIMEOUT", "long": "RUNNING"}
    assert driver.scanner.has_read_all


def test_the_last_state_stays_until_a_rewritten_long_file_is_read_whole(
    tmp_path: Path, now: list[float]
) -> None:
    """The new state is what the file held when its reading began, or later."""
    driver, long = read_a_minute_ago(tmp_path, now)
    write_long(long, LINES + b"2 RUN_TIMEOUT x\n")
    driver.check(long)
    for _ in range(2):
        driver.read_on(hurry=True)
        assert driver.states() == {"long": "RUNNING"}
    driver.read_on(hurry=True)
    driver.read_on(hurry=True)
    assert driver.states() == {"long": "RUN_TIMEOUT"}


@pytest.mark.parametrize("filesystem", ["ext4", slow("nfs4")])
def test_a_long_file_that_changes_all_the_time_is_read_at_a_limited_rate(
    tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch, filesystem: str
) -> None:
    """At most two mebibytes per second over 20 seconds, despite all hints."""
    put_on_filesystem(monkeypatch, filesystem)
    long = write_long(tmp_path / "long")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    finish(driver)
    read = count_bytes(monkeypatch)
    for tenth in range(200):
        now[0] += 0.1
        rewrite_first_byte(long, b"%d" % (tenth % 10))
        driver.check(long)
        driver.apply(driver.scanner.reread([str(long)]))
        while driver.scanner.read_on_at <= now[0]:
            driver.read_on(hurry=False)
    assert 30 * MEBI <= sum(read) <= 20 * 2 * MEBI + 2 * len(LINES)
    driver.scanner.close()


@pytest.mark.slow
def test_many_long_files_that_change_all_the_time_share_one_limit(
    tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most eight mebibytes per second over ten seconds, and each file is read."""
    runs = [write_long(tmp_path / str(number)) for number in range(4)]
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    finish(driver)
    read = count_bytes(monkeypatch)
    told = len(driver.batches)
    for tenth in range(100):
        now[0] += 0.1
        for run in runs:
            write_long(run, LINES + b"1 S%d\n" % tenth)
        driver.check(*runs)
        while driver.scanner.read_on_at <= now[0]:
            driver.read_on(hurry=False)
            assert sum(read) <= 10 * 8 * MEBI + 2 * len(LINES)
    updated = {run.path for batch in driver.batches[told:] for run in batch.changed}
    assert updated == {str(run) for run in runs}


def test_what_is_added_to_a_long_file_is_read_at_once(tmp_path: Path, now: list[float]) -> None:
    """An addition costs no more than that to a short file."""
    driver, long = read_a_minute_ago(tmp_path, now)
    append(long, "RUN_TIMEOUT")
    driver.check(long)
    assert driver.states() == {"long": "RUN_TIMEOUT"}


def test_a_long_file_that_keeps_growing_is_read_up_to_its_first_size(
    tmp_path: Path, now: list[float]
) -> None:
    """Its reading ends however fast it grows."""
    del now
    long = write_long(tmp_path / "long")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    turns = 0
    while "long" not in driver.states():
        with (long / "status").open("ab") as file:
            file.write(b"1 A\n" * MEBI)
        driver.read_on(hurry=True)
        turns += 1
    # It had seven mebibytes at the first turn.
    assert turns <= 8


def test_a_deleted_run_is_no_longer_read(tmp_path: Path, now: list[float]) -> None:
    """Its file is closed, and nothing of it is postponed."""
    del now
    long = write_long(tmp_path / "long")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    driver.read_on(hurry=True)
    assert is_open(long / "status")
    (long / "status").unlink()
    long.rmdir()
    driver.sweep_all()
    assert finish(driver) == 0
    assert driver.states() == {}
    assert not is_open(long / "status")


def test_postponed_reads_are_no_test_of_whether_events_work(
    tmp_path: Path, now: list[float]
) -> None:
    """The event came long before the file was read."""
    driver, long = read_a_minute_ago(tmp_path, now)
    write_long(long, LINES + b"2 RUN_TIMEOUT x\n")
    driver.check(long)
    while driver.scanner.read_on_at <= now[0]:
        driver.read_on(hurry=True)
    assert driver.states() == {"long": "RUN_TIMEOUT"}
    assert driver.changed == []


@pytest.mark.parametrize("holds_runs", [False, True])
def test_directory_checks_count_towards_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, holds_runs: bool
) -> None:
    """Whether or not the directories hold finished runs; all of them get their turn."""
    put_on_filesystem(monkeypatch, "nfs4")
    for number in range(300):
        (tmp_path / str(number)).mkdir()
        if holds_runs:
            write_run(tmp_path / str(number) / "run", "RUN_TIMEOUT")
    driver = ScannerDriver(tmp_path, Settings(max_checks=10))
    driver.sweep_all()
    scanner = driver.scanner
    # What has been looked at is due by the clock of this machine, which counts from its start.
    moment = [time.monotonic()]
    monkeypatch.setattr("statustui.monitor.root_scanner.time.monotonic", lambda: moment[0])
    checks: Counter[str] = Counter()
    listing, steps = Directories.list_if_changed, read_in_steps

    def count_listing(*place: Any, **how: Any) -> DirectoryChange | None:  # noqa: ANN401 - passed on
        checks["directories"] += 1
        return listing(*place, **how)

    def count_reading(*place: Any, **how: Any) -> Steps:  # noqa: ANN401 - as above
        checks["runs"] += 1
        return steps(*place, **how)

    monkeypatch.setattr(Directories, "list_if_changed", count_listing)
    monkeypatch.setattr("statustui.monitor.run_reader.read_in_steps", count_reading)
    seconds, sweeps = 0.0, 0
    while seconds < 600:
        pause = max(2.0, scanner.always_due / (10 * 0.8))
        seconds += pause
        sweeps += 1
        moment[0] += pause
        driver.apply(scanner.sweep(10 * pause, everything=False))
    assert checks["directories"] + checks["runs"] <= 10 * seconds + 3 * sweeps
    assert checks["directories"] >= 300
    assert checks["runs"] >= 300 * holds_runs
    scanner.close()


def test_an_internal_error_in_a_long_file_is_reported_and_the_others_go_on(
    tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a short file."""
    run = write_long(tmp_path / "long")
    driver = ScannerDriver(tmp_path)
    with monkeypatch.context() as patch:

        def fail(*_place: object, **_how: object) -> Steps:
            yield 1
            raise ValueError("boom")

        patch.setattr("statustui.monitor.run_reader.read_in_steps", fail)
        driver.sweep_all()
        now[0] += 60
        finish(driver)
    runs = {one.path: one for batch in driver.batches for one in batch.changed}
    assert "boom" in str(runs[str(run)].error)
