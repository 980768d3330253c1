"""What is counted of the calls on a filesystem."""

from __future__ import annotations

from pathlib import Path

from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings
from statustui.monitor.usage import RootUsage, Usage
from tests.monitor.recorder import RunRecorder
from tests.monitor.scanning import ScannerDriver
from tests.trees import append, write_run
from tests.waiting import wait_until


def test_looks_opens_and_bytes_are_counted(tmp_path: Path) -> None:
    """An unchanged run costs a look; a changed one is opened and read."""
    root = tmp_path / "wd"
    one = write_run(root / "test_runs" / "1", "RUNNING x")
    write_run(root / "test_runs" / "2", "RUNNING y")
    driver = ScannerDriver(root)
    driver.sweep_all()
    first = driver.scanner.usage
    size = sum(path.stat().st_size for path in root.glob("test_runs/*/status"))
    assert (first.opens, first.size) == (2, size)
    assert first.looks >= 2
    driver.check(one)
    assert driver.scanner.usage.since(first) == Usage(1, 0, 0)
    append(one, "RUN_DONE z")
    before = driver.scanner.usage
    driver.check(one)
    assert driver.scanner.usage.since(before) == Usage(1, 1, (one / "status").stat().st_size)


def test_a_monitor_tells_it_for_each_root(tmp_path: Path) -> None:
    """Zeros before it has started to read."""
    write_run(tmp_path / "1", "RUNNING x")
    monitor = Monitor([str(tmp_path)], Settings("poll"))
    assert monitor.usage() == []
    recorder = RunRecorder()
    monitor.start(recorder.apply_batch)
    assert [root for root, _usage in monitor.usage()] == [str(tmp_path)]
    try:
        wait_until(lambda: any(health.swept for health in recorder.health.values()))
        [usage] = monitor.usage()
        assert usage == RootUsage(str(tmp_path), usage.usage)
        assert usage.usage.opens == 1
    finally:
        monitor.stop()
