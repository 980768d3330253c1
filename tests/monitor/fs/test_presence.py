"""Whether a path below a root exists while the root is renamed or replaced."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from statustui.monitor.fs.presence import RootLostError, failure_below
from tests.monitor.scanning import ScannerDriver
from tests.trees import write_run


def identity(path: Path) -> tuple[int, int]:
    """Return the device and inode of `path`."""
    state = path.stat()
    return state.st_dev, state.st_ino


def test_only_a_path_that_does_not_exist_has_a_failure(tmp_path: Path) -> None:
    """Also the root itself, and a path below a file."""
    (tmp_path / "a").touch()
    mine = identity(tmp_path)
    assert failure_below(str(tmp_path), mine, f"{tmp_path}/a") is None
    failures = [failure_below(str(tmp_path), mine, f"{tmp_path}/{name}") for name in ("b", "a/b")]
    assert [failure and failure.errno for failure in failures] == [errno.ENOENT, errno.ENOTDIR]


def test_a_lost_or_replaced_root_differs_from_a_missing_path(tmp_path: Path) -> None:
    """Nothing is known of the paths below it then."""
    root = tmp_path / "root"
    root.mkdir()
    mine = identity(root)
    root.rename(tmp_path / "away")
    with pytest.raises(RootLostError) as lost:
        failure_below(str(root), mine, f"{root}/a")
    root.mkdir()
    with pytest.raises(RootLostError) as replaced:
        failure_below(str(root), mine, f"{root}/a")
    assert [lost.value.errno, replaced.value.errno] == [errno.ENOENT, errno.ESTALE]


def test_replacing_the_root_while_a_run_is_read_removes_no_run(tmp_path: Path) -> None:
    """The next sweep looks for the run in the new tree."""
    root = tmp_path / "root"
    run = write_run(root / "1", "RUNNING")
    driver = ScannerDriver(root)
    driver.sweep_all()
    root.rename(tmp_path / "away")
    root.mkdir()
    driver.check(run)
    assert driver.states() == {"1": "RUNNING"}
    assert driver.scanner.unreadable.reasons == {}
    driver.sweep_all()
    assert driver.states() == {}


def fail_below(monkeypatch: pytest.MonkeyPatch, failure: OSError | None) -> None:
    """Make every call relative to the root fail, since the superuser may read everything."""
    monkeypatch.setattr(
        "statustui.monitor.unreadable.failure_below", lambda _root, _identity, _path: failure
    )


def test_an_unreachable_run_keeps_its_state_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it can be reached again."""
    run = write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    with monkeypatch.context() as patch:
        fail_below(patch, PermissionError(errno.EACCES, "Permission denied"))
        (run / "status").rename(run / "hidden")
        driver.check(run)
    assert driver.states() == {"1": "RUNNING"}
    assert [tuple(part) for part in driver.scanner.unreadable.parts] == [
        (str(run), "Permission denied")
    ]
    (run / "hidden").rename(run / "status")
    os.utime(run / "status")
    driver.check(run)
    assert driver.scanner.unreadable.parts == ()


def test_a_run_that_was_missing_for_a_moment_is_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It existed again when its absence was checked."""
    run = write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    with monkeypatch.context() as patch:
        fail_below(patch, None)
        (run / "status").rename(run / "hidden")
        driver.check(run)
    assert driver.states() == {"1": "RUNNING"}
    (run / "hidden").rename(run / "status")
    driver.sweep_all()
    assert driver.states() == {"1": "RUNNING"}


def test_a_directory_that_exists_again_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing it had failed a moment before."""
    write_run(tmp_path / "a" / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    with monkeypatch.context() as patch:
        fail_below(patch, None)
        (tmp_path / "a").rename(tmp_path / "b")
        driver.apply(driver.scanner.relist([str(tmp_path / "a")]))
        (tmp_path / "b").rename(tmp_path / "a")
    assert driver.states() == {"1": "RUNNING"}


def test_a_check_removes_a_run_whose_directory_is_gone(tmp_path: Path) -> None:
    """Before the directory above it is listed again."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    run.rename(tmp_path / "away")
    driver.check(run)
    assert driver.states() == {}


def test_one_unreadable_directory_stands_for_what_is_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs below it are not listed as unreadable too."""
    run = write_run(tmp_path / "a" / "b" / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    driver.scanner.unreadable.reasons[str(tmp_path / "a")] = "Permission denied"
    with monkeypatch.context() as patch:
        fail_below(patch, PermissionError(errno.EACCES, "Permission denied"))
        (run / "status").rename(run / "hidden")
        driver.check(run)
    assert [part.path for part in driver.scanner.unreadable.parts] == [str(tmp_path / "a")]
    assert driver.states() == {"1": "RUNNING"}
