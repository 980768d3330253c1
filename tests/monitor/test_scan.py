"""Reading runs, and noticing that they have changed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from statustui.core.run import Label, RunDir
from statustui.core.states import Category
from statustui.monitor.scan import Reading, read, read_history
from tests.trees import append, read_runs, write_run


def place(path: Path) -> RunDir:
    """The place of a plain run."""
    return RunDir(str(path.parent), str(path), path.name, "plain")


def states(reading: Reading) -> tuple[str, int]:
    """Current state and number of statuses."""
    return reading.run.current.state, reading.run.updates


def test_an_unchanged_run_is_not_read_again(tmp_path: Path) -> None:
    """The very same reading comes back, also for a run that has no status file."""
    run = place(write_run(tmp_path / "a", "RUNNING"))
    first = read(run)
    assert read(run, first) is first
    (tmp_path / "b").mkdir()
    empty = read(place(tmp_path / "b"))
    assert empty.run.error == "There is no status file."
    assert read(place(tmp_path / "b"), empty) is empty


def test_an_appended_status_is_seen(tmp_path: Path) -> None:
    """In a small file and in one that is read on from where it ended."""
    path = write_run(tmp_path / "a", *["RUN_USER " + "x" * 500] * 400)
    reading = read(place(path))
    for number in range(401, 404):
        append(path, f"RUNNING {number}")
        reading = read(place(path), reading)
        assert states(reading) == ("RUNNING", number)
    append(path, "RUN_FAILED at last")
    assert read(place(path), reading).run.category is Category.FAILED


def test_a_replaced_or_shortened_file_is_read_from_its_start(tmp_path: Path) -> None:
    """Nothing of the old content is left, however large either is."""
    path = write_run(tmp_path / "a", "RUN_FAILED", *["RUN_USER " + "x" * 500] * 400)
    reading = read(place(path))
    write_run(path, "CREATED", "RUNNING")
    reading = read(place(path), reading)
    assert states(reading) == ("RUNNING", 2)
    assert reading.run.problem is None
    (path / "status").unlink()
    reading = read(place(path), reading)
    assert reading.run.category is Category.UNKNOWN
    write_run(path, "SCHEDULED")
    assert states(read(place(path), reading)) == ("SCHEDULED", 1)


def test_an_unfinished_line_waits(tmp_path: Path) -> None:
    """Until its newline comes."""
    path = write_run(tmp_path / "a", "SCHEDULED")
    with (path / "status").open("a") as file:
        file.write("1795000100.5 RUNN")
    reading = read(place(path))
    assert states(reading) == ("SCHEDULED", 1)
    with (path / "status").open("a") as file:
        file.write("ING now\n")
    assert states(read(place(path), reading)) == ("RUNNING", 2)


@pytest.mark.parametrize("kind", ["directory", "fifo", "link", "socket"])
def test_what_is_no_regular_file_is_an_error_that_is_shown(tmp_path: Path, kind: str) -> None:
    """And never blocks."""
    path = write_run(tmp_path / "a", "RUNNING")
    reading = read(place(path))
    status = path / "status"
    status.unlink()
    if kind == "directory":
        status.mkdir()
    elif kind == "fifo":
        os.mkfifo(status)
    elif kind == "link":
        status.symlink_to("elsewhere")
    else:
        os.mknod(status, 0o140644)
    broken = read(place(path), reading)
    assert broken.run.category is Category.ERROR
    assert broken.run.error
    again = read(place(path), broken)
    assert again.run == broken.run
    with pytest.raises(OSError, match=r"not a regular file|No such|Too many|address"):
        read_history(str(status))


def test_a_name_that_comes_later_is_found(tmp_path: Path) -> None:
    """Pavilion writes the attributes after the status file."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    reading = read(run)
    assert reading.run.name == ""
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test"}')
    append(tmp_path / "7", "RUNNING")
    assert read(run, reading).run.name == "suite.test"


def test_a_result_is_looked_for_in_results_json(tmp_path: Path) -> None:
    """Where the final note has none."""
    path = write_run(tmp_path / "a", "COMPLETE")
    (path / "results.json").write_text('{"result": "FAIL"}')
    assert read(place(path)).run.category is Category.FAILED


def test_a_history_is_read_whole(tmp_path: Path) -> None:
    """Oldest first."""
    path = write_run(tmp_path / "a", "CREATED", "RUNNING x", "COMPLETE")
    history = read_history(str(path / "status"))
    assert [status.state for status in history] == ["CREATED", "RUNNING", "COMPLETE"]
    assert read_runs(tmp_path)[0].updates == 3


@pytest.mark.parametrize("fault", [errno.ESTALE, errno.EIO])
@pytest.mark.parametrize("trust_stat", [True, False])
def test_a_file_that_fails_for_once_is_read_from_its_start_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, *, trust_stat: bool
) -> None:
    """As a network filesystem does when a file has been replaced on its server."""
    path = write_run(tmp_path / "a", *["RUN_USER " + "x" * 500] * 400)
    reading = read(place(path))
    append(path, "RUNNING")

    def fail(*_arguments: object) -> int:
        raise OSError(fault, os.strerror(fault))

    with monkeypatch.context() as patch:
        patch.setattr("statustui.monitor.scan.os.open", fail)
        broken = read(place(path), reading, trust_stat=trust_stat)
        assert broken.run.category is Category.ERROR
        assert os.strerror(fault) in str(broken.run.error)
        assert read(place(path), broken, trust_stat=trust_stat) is broken
    write_run(path, "CREATED", "SCHEDULED")
    assert states(read(place(path), broken, trust_stat=trust_stat)) == ("SCHEDULED", 2)


def test_a_file_is_read_on_where_stat_may_be_old(tmp_path: Path) -> None:
    """The file is opened then, and a byte more is a change."""
    path = write_run(tmp_path / "a", "CREATED")
    reading = read(place(path))
    assert read(place(path), reading, trust_stat=False) is reading
    append(path, "RUNNING")
    assert states(read(place(path), reading, trust_stat=False)) == ("RUNNING", 2)


def test_a_name_that_comes_after_the_last_status_is_found(tmp_path: Path) -> None:
    """The status file does not change any more."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    reading = read(run)
    assert read(run, reading) is reading
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test"}')
    assert read(run, reading).run.name == "suite.test"


def test_what_is_beside_a_status_file_is_read_once(tmp_path: Path) -> None:
    """A name and a series are there to stay, whatever the run goes through."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test", "user": "ann"}')
    (tmp_path / "7" / "series").symlink_to("../../series/12")
    reading = read(run)
    assert reading.run.label == Label("suite.test", "ann", "12")
    (tmp_path / "7" / "attributes").unlink()
    (tmp_path / "7" / "series").unlink()
    append(tmp_path / "7", "RUNNING")
    again = read(run, reading)
    assert states(again) == ("RUNNING", 2)
    assert again.run.label == reading.run.label


def test_of_a_huge_file_only_the_end_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the beginning of a line on."""
    monkeypatch.setattr("statustui.monitor.scan.MOST_BYTES", 10_000)
    path = write_run(tmp_path / "a", "CREATED", *["RUN_USER " + "x" * 500] * 100, "RUNNING")
    state, updates = states(read(place(path)))
    assert state == "RUNNING"
    assert 15 < updates < 20
    assert read(place(path)).run.seen == {"RUN_USER", "RUNNING"}
