"""Reading runs, and noticing their changes."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from statustui.core.categories import Category
from statustui.core.run import RunDir, RunMetadata
from statustui.monitor.snapshot import RunSnapshot, is_unchanged, read_history, read_snapshot
from tests.trees import append, read_runs, write_run


def place(path: Path) -> RunDir:
    """Return the location of a plain run."""
    return RunDir(str(path.parent), str(path), path.name, "plain")


def states(snapshot: RunSnapshot) -> tuple[str, int]:
    """Return the current state and the number of statuses."""
    return snapshot.run.current.state, snapshot.run.status_count


def test_an_unchanged_run_is_not_read_again(tmp_path: Path) -> None:
    """The very same snapshot is returned, also for a run without a status file."""
    run = place(write_run(tmp_path / "a", "RUNNING"))
    first = read_snapshot(run)
    assert read_snapshot(run, first) is first
    (tmp_path / "b").mkdir()
    empty = read_snapshot(place(tmp_path / "b"))
    assert empty.run.error == "There is no status file."
    assert read_snapshot(place(tmp_path / "b"), empty) is empty


def test_an_appended_status_is_seen(tmp_path: Path) -> None:
    """In a small file, and in a large one that is read from its last end."""
    path = write_run(tmp_path / "a", *["RUN_USER " + "x" * 500] * 400)
    snapshot = read_snapshot(place(path))
    for number in range(401, 404):
        append(path, f"RUNNING {number}")
        snapshot = read_snapshot(place(path), snapshot)
        assert states(snapshot) == ("RUNNING", number)
    append(path, "RUN_FAILED at last")
    assert read_snapshot(place(path), snapshot).run.category is Category.FAILED


def test_a_replaced_or_shortened_file_is_read_from_its_start(tmp_path: Path) -> None:
    """Nothing of the old content is left, whatever the sizes are."""
    path = write_run(tmp_path / "a", "RUN_FAILED", *["RUN_USER " + "x" * 500] * 400)
    snapshot = read_snapshot(place(path))
    write_run(path, "CREATED", "RUNNING")
    snapshot = read_snapshot(place(path), snapshot)
    assert states(snapshot) == ("RUNNING", 2)
    assert snapshot.run.problem is None
    (path / "status").unlink()
    snapshot = read_snapshot(place(path), snapshot)
    assert snapshot.run.category is Category.UNKNOWN
    write_run(path, "SCHEDULED")
    assert states(read_snapshot(place(path), snapshot)) == ("SCHEDULED", 1)


def test_an_unfinished_line_counts_once_it_has_a_newline(tmp_path: Path) -> None:
    """Until then the status before it is the current one."""
    path = write_run(tmp_path / "a", "SCHEDULED")
    with (path / "status").open("a") as file:
        file.write("1795000100.5 RUNN")
    snapshot = read_snapshot(place(path))
    assert states(snapshot) == ("SCHEDULED", 1)
    with (path / "status").open("a") as file:
        file.write("ING now\n")
    assert states(read_snapshot(place(path), snapshot)) == ("RUNNING", 2)


@pytest.mark.parametrize("kind", ["directory", "fifo", "link", "socket"])
def test_a_status_file_that_is_not_regular_is_an_error(tmp_path: Path, kind: str) -> None:
    """Reading it never blocks."""
    path = write_run(tmp_path / "a", "RUNNING")
    snapshot = read_snapshot(place(path))
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
    broken = read_snapshot(place(path), snapshot)
    assert broken.run.category is Category.ERROR
    assert broken.run.error
    again = read_snapshot(place(path), broken)
    assert again.run == broken.run
    with pytest.raises(OSError, match=r"not a regular file|No such|Too many|address"):
        read_history(str(status))


def test_a_name_that_comes_later_is_found(tmp_path: Path) -> None:
    """Pavilion writes the attributes after the status file."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    snapshot = read_snapshot(run)
    assert snapshot.run.name == ""
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test"}')
    append(tmp_path / "7", "RUNNING")
    assert read_snapshot(run, snapshot).run.name == "suite.test"


def test_a_result_may_come_from_results_json(tmp_path: Path) -> None:
    """If the final note does not contain it."""
    path = write_run(tmp_path / "a", "COMPLETE")
    (path / "results.json").write_text('{"result": "FAIL"}')
    assert read_snapshot(place(path)).run.category is Category.FAILED


def test_a_history_contains_every_status(tmp_path: Path) -> None:
    """Oldest first."""
    path = write_run(tmp_path / "a", "CREATED", "RUNNING x", "COMPLETE")
    history = read_history(str(path / "status"))
    assert [status.state for status in history] == ["CREATED", "RUNNING", "COMPLETE"]
    assert read_runs(tmp_path)[0].status_count == 3


@pytest.mark.parametrize("fault", [errno.ESTALE, errno.EIO])
@pytest.mark.parametrize("trust_stat", [True, False])
def test_after_an_error_a_file_is_read_from_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, *, trust_stat: bool
) -> None:
    """A network filesystem fails like that when a file is replaced on its server."""
    path = write_run(tmp_path / "a", *["RUN_USER " + "x" * 500] * 400)
    snapshot = read_snapshot(place(path))
    append(path, "RUNNING")

    def fail(*_arguments: object, **_options: object) -> int:
        raise OSError(fault, os.strerror(fault))

    with monkeypatch.context() as patch:
        patch.setattr("statustui.monitor.snapshot.os.open", fail)
        broken = read_snapshot(place(path), snapshot, trust_stat=trust_stat)
        assert broken.run.category is Category.ERROR
        assert os.strerror(fault) in str(broken.run.error)
        assert read_snapshot(place(path), broken, trust_stat=trust_stat) is broken
    write_run(path, "CREATED", "SCHEDULED")
    assert states(read_snapshot(place(path), broken, trust_stat=trust_stat)) == ("SCHEDULED", 2)


def test_additions_are_seen_where_stat_may_be_old(tmp_path: Path) -> None:
    """The file is opened, and one more byte is a change."""
    path = write_run(tmp_path / "a", "CREATED")
    snapshot = read_snapshot(place(path))
    assert read_snapshot(place(path), snapshot, trust_stat=False) is snapshot
    append(path, "RUNNING")
    assert states(read_snapshot(place(path), snapshot, trust_stat=False)) == ("RUNNING", 2)


def test_a_name_that_comes_after_the_last_status_is_found(tmp_path: Path) -> None:
    """The status file does not change any more."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    snapshot = read_snapshot(run)
    assert read_snapshot(run, snapshot) is snapshot
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test"}')
    assert read_snapshot(run, snapshot).run.name == "suite.test"


def test_metadata_is_read_once(tmp_path: Path) -> None:
    """The name and the series of a run are final."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test", "user": "ann"}')
    (tmp_path / "7" / "series").symlink_to("../../series/12")
    snapshot = read_snapshot(run)
    assert snapshot.run.metadata == RunMetadata("suite.test", "ann", "12")
    (tmp_path / "7" / "attributes").unlink()
    (tmp_path / "7" / "series").unlink()
    append(tmp_path / "7", "RUNNING")
    again = read_snapshot(run, snapshot)
    assert states(again) == ("RUNNING", 2)
    assert again.run.metadata == snapshot.run.metadata


def test_only_the_end_of_a_huge_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the start of a line."""
    monkeypatch.setattr("statustui.monitor.snapshot.MAX_STATUS_BYTES", 10_000)
    path = write_run(tmp_path / "a", "CREATED", *["RUN_USER " + "x" * 500] * 100, "RUNNING")
    state, updates = states(read_snapshot(place(path)))
    assert state == "RUNNING"
    assert 15 < updates < 20
    assert read_snapshot(place(path)).run.seen == {"RUN_USER", "RUNNING"}


LINE = "1795000000.000000 RUN_USER " + "x" * 472


def big(*ends: str) -> str:
    """Return the text of a file large enough to have a bookmark, with these last lines."""
    return "".join(f"{line}\n" for line in [*[LINE] * 400, *ends])


@pytest.mark.parametrize("way", ["in place", "by rename"])
def test_a_large_file_replaced_by_one_with_the_same_head_is_read_from_its_start(
    tmp_path: Path, way: str
) -> None:
    """Whether the new one is larger, as large, or smaller."""
    status = tmp_path / "a" / "status"
    status.parent.mkdir()
    status.write_text(big("1795000001 RUN_ERROR old"))
    snapshot = read_snapshot(place(tmp_path / "a"))
    assert snapshot.run.category is Category.ERROR
    for end in (
        "1795000001 SCHEDULED",
        "1795000002 RUNNING on some more nodes",
        "1795000003 RUNNING",
    ):
        text = big(end)
        if way == "by rename":
            (tmp_path / "new").write_text(text)
            (tmp_path / "new").replace(status)
        else:
            status.write_text(text)
        snapshot = read_snapshot(
            place(tmp_path / "a"), snapshot, from_start=snapshot.is_racy and way == "in place"
        )
        assert snapshot.run.current.state == end.split()[1]
        assert snapshot.run.problem is None
        assert snapshot.run.status_count == 401


def test_a_snapshot_of_a_file_that_was_just_written_is_racy(tmp_path: Path) -> None:
    """It can be read `from_start` although its signature is the same."""
    path = write_run(tmp_path / "a", "RUNNING")
    snapshot = read_snapshot(place(path))
    assert snapshot.is_racy
    stat = os.stat(path / "status")
    (path / "status").write_text("1795000000.000000 RUN_BAD\n")
    os.utime(path / "status", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert read_snapshot(place(path), snapshot, from_start=True).run.current.state == "RUN_BAD"


def test_an_old_file_is_not_racy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later change will have another time."""
    path = write_run(tmp_path / "a", "RUNNING")
    later = os.stat(path / "status").st_ctime + 10
    monkeypatch.setattr("statustui.monitor.snapshot.time.time", lambda: later)
    assert not read_snapshot(place(path)).is_racy


def test_a_results_json_newer_than_the_status_file_counts(tmp_path: Path) -> None:
    """An older one does not."""
    path = write_run(tmp_path / "7", "COMPLETE result: PASS")
    (path / "results.json").write_text('{"result": "FAIL"}')
    run = RunDir("r", str(path), "7", "test")
    os.utime(path / "status", (1000, 1000))
    os.utime(path / "results.json", (999, 999))
    assert read_snapshot(run).run.result == "PASS"
    os.utime(path / "results.json", (1001, 1001))
    snapshot = read_snapshot(run)
    assert (snapshot.run.result, snapshot.run.category) == ("FAIL", Category.FAILED)
    assert snapshot.run.headline == "PASS, results.json says FAIL"
    (path / "results.json").write_text('{"result": "PASS"}')
    assert read_snapshot(run, snapshot).run.result == "FAIL"
    assert read_snapshot(run, snapshot, from_start=True).run.result == "PASS"


def test_a_run_complete_file_older_than_the_last_status_does_not_count(tmp_path: Path) -> None:
    """Pavilion creates it too when the scheduler is slow to answer."""
    path = write_run(tmp_path / "7", "SCHEDULED", "SCHED_ERROR Could not find job 6", "RUNNING")
    (path / "attributes").write_text('{"name": "x"}')
    (path / "RUN_COMPLETE").touch()
    os.utime(path / "RUN_COMPLETE", (1000, 1000))
    os.utime(path / "status", (2000, 2000))
    run = RunDir("r", str(path), "7", "test")
    snapshot = read_snapshot(run)
    assert (snapshot.run.category, snapshot.run.is_finished) == (Category.RUNNING, False)
    assert is_unchanged(snapshot)
    os.utime(path / "RUN_COMPLETE", (3000, 3000))
    assert not is_unchanged(snapshot)
    assert read_snapshot(run, snapshot).run.is_finished


def test_a_name_is_awaited_for_a_minute_only(tmp_path: Path) -> None:
    """Runs that never get one cost a single look at their status files from then on."""
    path = write_run(tmp_path / "7", "COMPLETE The test completed with result: PASS")
    run = RunDir("r", str(path), "7", "test")
    assert not is_unchanged(read_snapshot(run))
    os.utime(path / "status", (1000, 1000))
    assert is_unchanged(read_snapshot(run))


def test_an_empty_run_directory_is_an_error_after_a_while(tmp_path: Path) -> None:
    """At first the run is about to be created; a directory with files is no error."""
    (tmp_path / "7").mkdir()
    run = RunDir("r", str(tmp_path / "7"), "7", "test")
    snapshot = read_snapshot(run)
    assert snapshot.run.category is Category.UNKNOWN
    os.utime(tmp_path / "7", (1000, 1000))
    late = read_snapshot(run, snapshot).run
    assert (late.category, late.is_finished, late.is_missing) == (Category.ERROR, True, True)
    assert "empty" in late.headline
    (tmp_path / "7" / "attributes").write_text('{"name": "x"}')
    os.utime(tmp_path / "7", (1000, 1000))
    assert read_snapshot(run, snapshot).run.category is Category.UNKNOWN
    write_run(tmp_path / "7", "RUNNING")
    assert read_snapshot(run, snapshot).run.category is Category.RUNNING


def test_a_built_run_without_a_job_is_an_error_after_an_hour(tmp_path: Path) -> None:
    """Pavilion 2.1.1 leaves a run like that when its kick-off has failed."""
    path = write_run(tmp_path / "7", "BUILD_CREATED", "BUILD_REUSED", start=time.time() - 100)
    (path / "config").write_text('{"name": "x"}')
    run = RunDir("r", str(path), "7", "test")
    assert read_snapshot(run).run.category is Category.BUILDING
    write_run(path, "BUILD_CREATED", "BUILD_REUSED", start=time.time() - 4000)
    snapshot = read_snapshot(run)
    assert (snapshot.run.category, snapshot.run.is_finished) == (Category.ERROR, True)
    assert "kick-off has failed" in snapshot.run.headline
    assert is_unchanged(snapshot)
    (path / "job_id").write_text("23")
    assert read_snapshot(run).run.category is Category.BUILDING


def test_only_the_history_holds_a_line_of_megabytes_whole(tmp_path: Path) -> None:
    """What is kept of each run is bounded."""
    path = write_run(tmp_path / "a", "RUNNING " + "x" * 2_000_000, "RUNNING " + "y" * 300_000)
    assert [len(status.note) for status in read_history(str(path / "status"))] == [
        2_000_000,
        300_000,
    ]
    assert len(read_snapshot(place(path)).run.current.note) == 4097


def test_names_are_bounded(tmp_path: Path) -> None:
    """A name that was cut ends with an ellipsis."""
    path = write_run(tmp_path / "7", "RUNNING")
    (path / "attributes").write_text(f'{{"name": "{"n" * 500_000}", "user": "{"u" * 500_000}"}}')
    label = read_snapshot(RunDir("r", str(path), "7", "test")).run.metadata
    assert label == RunMetadata("n" * 256 + "…", "u" * 256 + "…", "")
