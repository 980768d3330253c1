"""Whether something below a root is there, while the root moves."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from statustui.monitor.fs.presence import RootLostError, failure_below
from tests.monitor.scanning import Sweeping
from tests.trees import write_run


def identity(path: Path) -> tuple[int, int]:
    """Device and inode of what is at `path`."""
    state = path.stat()
    return state.st_dev, state.st_ino


def test_what_is_there_has_no_failure_and_what_is_gone_has(tmp_path: Path) -> None:
    """Also the root itself, and what is below a file."""
    (tmp_path / "a").touch()
    mine = identity(tmp_path)
    assert failure_below(str(tmp_path), mine, f"{tmp_path}/a") is None
    failures = [failure_below(str(tmp_path), mine, f"{tmp_path}/{name}") for name in ("b", "a/b")]
    assert [failure and failure.errno for failure in failures] == [errno.ENOENT, errno.ENOTDIR]


def test_a_root_that_is_lost_or_replaced_is_told_from_what_is_gone_in_it(tmp_path: Path) -> None:
    """Nothing below it is known then."""
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


def test_a_root_that_is_replaced_while_a_run_is_read_takes_no_run_with_it(tmp_path: Path) -> None:
    """The run is looked for in the new tree with the next sweep."""
    root = tmp_path / "root"
    run = write_run(root / "1", "RUNNING")
    sweeping = Sweeping(root)
    sweeping.look()
    root.rename(tmp_path / "away")
    root.mkdir()
    sweeping.check(run)
    assert sweeping.states() == {"1": "RUNNING"}
    assert sweeping.scanner.unreadable.reasons == {}
    sweeping.look()
    assert sweeping.states() == {}


def fail_below(monkeypatch: pytest.MonkeyPatch, failure: OSError | None) -> None:
    """Make every call relative to the root fail, since the superuser may read everything."""
    monkeypatch.setattr(
        "statustui.monitor.unreadable.failure_below", lambda _root, _identity, _path: failure
    )


def test_a_run_that_cannot_be_reached_keeps_its_picture_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it can be reached again."""
    run = write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    with monkeypatch.context() as patch:
        fail_below(patch, PermissionError(errno.EACCES, "Permission denied"))
        (run / "status").rename(run / "hidden")
        sweeping.check(run)
    assert sweeping.states() == {"1": "RUNNING"}
    assert [tuple(part) for part in sweeping.scanner.unreadable.parts] == [
        (str(run), "Permission denied")
    ]
    (run / "hidden").rename(run / "status")
    os.utime(run / "status")
    sweeping.check(run)
    assert sweeping.scanner.unreadable.parts == ()


def test_a_run_that_was_away_for_a_moment_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there again before anybody could ask where it had gone."""
    run = write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    with monkeypatch.context() as patch:
        fail_below(patch, None)
        (run / "status").rename(run / "hidden")
        sweeping.check(run)
    assert sweeping.states() == {"1": "RUNNING"}
    (run / "hidden").rename(run / "status")
    sweeping.look()
    assert sweeping.states() == {"1": "RUNNING"}


def test_a_directory_that_is_there_again_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not be listed a moment before."""
    write_run(tmp_path / "a" / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    with monkeypatch.context() as patch:
        fail_below(patch, None)
        (tmp_path / "a").rename(tmp_path / "b")
        sweeping.apply(sweeping.scanner.relist([str(tmp_path / "a")]))
        (tmp_path / "b").rename(tmp_path / "a")
    assert sweeping.states() == {"1": "RUNNING"}


def test_a_run_whose_directory_has_gone_is_forgotten_when_it_is_looked_at(tmp_path: Path) -> None:
    """Before the directory above it is listed again."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    run.rename(tmp_path / "away")
    sweeping.check(run)
    assert sweeping.states() == {}


def test_one_unreadable_directory_stands_for_what_is_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line is enough for it."""
    run = write_run(tmp_path / "a" / "b" / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    sweeping.scanner.unreadable.reasons[str(tmp_path / "a")] = "Permission denied"
    with monkeypatch.context() as patch:
        fail_below(patch, PermissionError(errno.EACCES, "Permission denied"))
        (run / "status").rename(run / "hidden")
        sweeping.check(run)
    assert [part.path for part in sweeping.scanner.unreadable.parts] == [str(tmp_path / "a")]
    assert sweeping.states() == {"1": "RUNNING"}
