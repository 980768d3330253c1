"""Runs are reached relative to the directory around them."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from statustui.monitor.fs.near import Near
from tests.monitor.scanning import ScannerDriver
from tests.trees import append, write_run


def reach(near: Near, path: Path) -> tuple[str, int | None]:
    """Reach a run of Pavilion."""
    return near.reach(str(path), "test")


def test_runs_beside_each_other_share_a_directory(tmp_path: Path) -> None:
    """It is opened once, and the next one in its place."""
    first, second, other = (tmp_path / name for name in ("a/1", "a/2", "b/1"))
    for path in (first, second, other):
        path.mkdir(parents=True)
    with closing(Near()) as near:
        name, around = reach(near, first)
        assert reach(near, second) == ("2", around)
        assert around is not None
        assert os.path.samestat(os.stat(name, dir_fd=around), first.stat())
        name, around = reach(near, other)
        assert os.path.samestat(os.stat(name, dir_fd=around), other.stat())
    assert around is not None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(around)


def test_what_cannot_be_opened_is_reached_by_its_path(tmp_path: Path) -> None:
    """So are runs of a plain tree, each of which may be in another directory."""
    with closing(Near()) as near:
        missing = tmp_path / "missing" / "1"
        assert reach(near, missing) == (str(missing), None)
        assert near.reach(str(tmp_path / "1"), "plain") == (str(tmp_path / "1"), None)


def test_of_many_runs_beside_each_other_the_changed_ones_are_found(tmp_path: Path) -> None:
    """Also if the directory around them has been replaced by another one."""
    runs = [write_run(tmp_path / "test_runs" / str(number), "RUNNING") for number in range(40)]
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    append(runs[7], "COMPLETE")
    driver.check(*runs)
    assert driver.changed == [str(runs[7])]
    (tmp_path / "test_runs").rename(tmp_path / "before")
    write_run(tmp_path / "test_runs" / "8", "RUNNING", "RUN_FAILED x")
    driver.check(*runs)
    assert driver.states()["8"] == "RUN_FAILED"
