"""Long status files, which are read in pieces between the looks at other runs."""

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
from tests.monitor.scanning import Sweeping, put_on
from tests.slow import slow
from tests.trees import append, write_run

MEBI = 1 << 20
LINES = b"1 A\n" * (3 * MEBI // 4)
"""Three mebibytes."""


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time on the monotonic clock that the reader goes by."""
    moment = [1000.0]
    monkeypatch.setattr(
        "statustui.monitor.run_reader.time", SimpleNamespace(monotonic=lambda: moment[0])
    )
    return moment


def write_long(path: Path, lines: bytes = LINES) -> Path:
    """Make a run with a long status file."""
    path.mkdir(exist_ok=True)
    (path / "status").write_bytes(lines)
    return path


def rewrite_first_byte(run: Path, byte: bytes) -> None:
    """Change a status file without changing its size."""
    descriptor = os.open(run / "status", os.O_WRONLY)
    os.pwrite(descriptor, byte, 0)
    os.close(descriptor)


def count_bytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each call reads of a file from now on."""
    counts: list[int] = []
    pread = os.pread

    def count(descriptor: int, length: int, offset: int) -> bytes:
        data = pread(descriptor, length, offset)
        counts.append(len(data))
        return data

    monkeypatch.setattr("statustui.core.reading.os.pread", count)
    return counts


def is_open(path: Path) -> bool:
    """Whether this process has a file open, which may be deleted."""
    held = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
    return any(os.readlink(one).startswith(str(path)) for one in held if os.path.lexists(one))


def finish(sweeping: Sweeping) -> int:
    """Read on until there is nothing to read at this moment; how many turns that took."""
    turns = 0
    while sweeping.scanner.read_on_at <= 1000.0:
        sweeping.read_on(hurry=True)
        turns += 1
    return turns


def test_other_runs_are_looked_at_while_a_long_file_is_read(
    tmp_path: Path, now: list[float]
) -> None:
    """The run with the long file is told of once it has been read whole."""
    del now
    other = write_run(tmp_path / "other", "RUNNING")
    write_long(tmp_path / "long", LINES + b"2 RUNNING x\n")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    assert sweeping.states() == {"other": "RUNNING"}
    assert not sweeping.scanner.has_read_all
    assert sweeping.scanner.found == 2
    sweeping.read_on(hurry=True)
    append(other, "RUN_TIMEOUT")
    sweeping.check(other)
    assert sweeping.states() == {"other": "RUN_TIMEOUT"}
    assert finish(sweeping) == 3
    assert sweeping.states() == {"other": "RUN_TIMEOUT", "long": "RUNNING"}
    assert sweeping.scanner.has_read_all


def test_the_last_picture_stays_until_a_rewritten_long_file_is_read_whole(
    tmp_path: Path, now: list[float]
) -> None:
    """And what is there then is what the file held when its reading began, or later."""
    long = write_long(tmp_path / "long", LINES + b"2 RUNNING x\n")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    finish(sweeping)
    now[0] += 60
    write_long(long, LINES + b"2 RUN_TIMEOUT x\n")
    sweeping.check(long)
    for _ in range(2):
        sweeping.read_on(hurry=True)
        assert sweeping.states() == {"long": "RUNNING"}
    sweeping.read_on(hurry=True)
    sweeping.read_on(hurry=True)
    assert sweeping.states() == {"long": "RUN_TIMEOUT"}


@pytest.mark.parametrize("filesystem", ["ext4", slow("nfs4")])
def test_a_long_file_that_changes_all_the_time_gets_its_turn_and_no_more(
    tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch, filesystem: str
) -> None:
    """In 20 seconds at most two mebibytes a second are read, however often it is hinted at."""
    put_on(monkeypatch, filesystem)
    long = write_long(tmp_path / "long")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    finish(sweeping)
    read = count_bytes(monkeypatch)
    for tenth in range(200):
        now[0] += 0.1
        rewrite_first_byte(long, b"%d" % (tenth % 10))
        sweeping.check(long)
        sweeping.apply(sweeping.scanner.reread([str(long)]))
        while sweeping.scanner.read_on_at <= now[0]:
            sweeping.read_on(hurry=False)
    assert 30 * MEBI <= sum(read) <= 20 * 2 * MEBI + 2 * len(LINES)
    sweeping.scanner.close()


@pytest.mark.slow
def test_many_long_files_that_change_all_the_time_share_their_turns(
    tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In ten seconds at most eight mebibytes a second are read of all, and each is read."""
    runs = [write_long(tmp_path / str(number)) for number in range(4)]
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    finish(sweeping)
    read = count_bytes(monkeypatch)
    told = len(sweeping.batches)
    for tenth in range(100):
        now[0] += 0.1
        for run in runs:
            write_long(run, LINES + b"1 S%d\n" % tenth)
        sweeping.check(*runs)
        while sweeping.scanner.read_on_at <= now[0]:
            sweeping.read_on(hurry=False)
            assert sum(read) <= 10 * 8 * MEBI + 2 * len(LINES)
    updated = {run.path for batch in sweeping.batches[told:] for run in batch.changed}
    assert updated == {str(run) for run in runs}


def test_what_is_added_to_a_long_file_is_read_at_once(tmp_path: Path, now: list[float]) -> None:
    """It costs no more than that of a short one."""
    long = write_long(tmp_path / "long", LINES + b"2 RUNNING x\n")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    finish(sweeping)
    now[0] += 60
    append(long, "RUN_TIMEOUT")
    sweeping.check(long)
    assert sweeping.states() == {"long": "RUN_TIMEOUT"}


def test_a_long_file_that_grows_for_ever_is_read_up_to_where_it_ended(
    tmp_path: Path, now: list[float]
) -> None:
    """Its reading ends however fast it grows."""
    del now
    long = write_long(tmp_path / "long")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    turns = 0
    while "long" not in sweeping.states():
        with (long / "status").open("ab") as file:
            file.write(b"1 A\n" * MEBI)
        sweeping.read_on(hurry=True)
        turns += 1
    # It had seven mebibytes at the first turn.
    assert turns <= 8


def test_a_run_that_is_gone_is_read_no_more(tmp_path: Path, now: list[float]) -> None:
    """Its file is closed, and nothing of it is waiting."""
    del now
    long = write_long(tmp_path / "long")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    sweeping.read_on(hurry=True)
    assert is_open(long / "status")
    (long / "status").unlink()
    long.rmdir()
    sweeping.look()
    assert finish(sweeping) == 0
    assert sweeping.states() == {}
    assert not is_open(long / "status")


def test_late_readings_say_nothing_against_events(tmp_path: Path, now: list[float]) -> None:
    """The change was announced long before the file's turn came."""
    long = write_long(tmp_path / "long", LINES + b"2 RUNNING x\n")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    finish(sweeping)
    now[0] += 60
    write_long(long, LINES + b"2 RUN_TIMEOUT x\n")
    sweeping.check(long)
    while sweeping.scanner.read_on_at <= now[0]:
        sweeping.read_on(hurry=True)
    assert sweeping.states() == {"long": "RUN_TIMEOUT"}
    assert sweeping.changed == []


@pytest.mark.parametrize("holds_runs", [False, True])
def test_looks_at_directories_count_as_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, holds_runs: bool
) -> None:
    """Those without runs, and those with a finished run each, which get their turn too."""
    put_on(monkeypatch, "nfs4")
    for number in range(300):
        (tmp_path / str(number)).mkdir()
        if holds_runs:
            write_run(tmp_path / str(number) / "run", "RUN_TIMEOUT")
    sweeping = Sweeping(tmp_path, Settings(max_checks=10))
    sweeping.look()
    scanner = sweeping.scanner
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
        sweeping.apply(scanner.sweep(10 * pause, everything=False))
    assert checks["directories"] + checks["runs"] <= 10 * seconds + 3 * sweeps
    assert checks["directories"] >= 300
    assert checks["runs"] >= 300 * holds_runs
    scanner.close()


def test_an_internal_error_over_a_long_file_is_shown_and_the_others_go_on(
    tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over a short one."""
    run = write_long(tmp_path / "long")
    sweeping = Sweeping(tmp_path)
    with monkeypatch.context() as patch:

        def fail(*_place: object, **_how: object) -> Steps:
            yield 1
            raise ValueError("boom")

        patch.setattr("statustui.monitor.run_reader.read_in_steps", fail)
        sweeping.look()
        now[0] += 60
        finish(sweeping)
    runs = {one.path: one for batch in sweeping.batches for one in batch.changed}
    assert "boom" in str(runs[str(run)].error)
