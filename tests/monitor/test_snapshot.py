"""Reading runs, and noticing that they have changed."""

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
    """The place of a plain run."""
    return RunDir(str(path.parent), str(path), path.name, "plain")


def states(reading: RunSnapshot) -> tuple[str, int]:
    """Current state and number of statuses."""
    return reading.run.current.state, reading.run.status_count


def test_an_unchanged_run_is_not_read_again(tmp_path: Path) -> None:
    """The very same reading comes back, also for a run that has no status file."""
    run = place(write_run(tmp_path / "a", "RUNNING"))
    first = read_snapshot(run)
    assert read_snapshot(run, first) is first
    (tmp_path / "b").mkdir()
    empty = read_snapshot(place(tmp_path / "b"))
    assert empty.run.error == "There is no status file."
    assert read_snapshot(place(tmp_path / "b"), empty) is empty


def test_an_appended_status_is_seen(tmp_path: Path) -> None:
    """In a small file and in one that is read on from where it ended."""
    path = write_run(tmp_path / "a", *["RUN_USER " + "x" * 500] * 400)
    reading = read_snapshot(place(path))
    for number in range(401, 404):
        append(path, f"RUNNING {number}")
        reading = read_snapshot(place(path), reading)
        assert states(reading) == ("RUNNING", number)
    append(path, "RUN_FAILED at last")
    assert read_snapshot(place(path), reading).run.category is Category.FAILED


def test_a_replaced_or_shortened_file_is_read_from_its_start(tmp_path: Path) -> None:
    """Nothing of the old content is left, however large either is."""
    path = write_run(tmp_path / "a", "RUN_FAILED", *["RUN_USER " + "x" * 500] * 400)
    reading = read_snapshot(place(path))
    write_run(path, "CREATED", "RUNNING")
    reading = read_snapshot(place(path), reading)
    assert states(reading) == ("RUNNING", 2)
    assert reading.run.problem is None
    (path / "status").unlink()
    reading = read_snapshot(place(path), reading)
    assert reading.run.category is Category.UNKNOWN
    write_run(path, "SCHEDULED")
    assert states(read_snapshot(place(path), reading)) == ("SCHEDULED", 1)


def test_an_unfinished_line_waits(tmp_path: Path) -> None:
    """Until its newline comes."""
    path = write_run(tmp_path / "a", "SCHEDULED")
    with (path / "status").open("a") as file:
        file.write("1795000100.5 RUNN")
    reading = read_snapshot(place(path))
    assert states(reading) == ("SCHEDULED", 1)
    with (path / "status").open("a") as file:
        file.write("ING now\n")
    assert states(read_snapshot(place(path), reading)) == ("RUNNING", 2)


@pytest.mark.parametrize("kind", ["directory", "fifo", "link", "socket"])
def test_what_is_no_regular_file_is_an_error_that_is_shown(tmp_path: Path, kind: str) -> None:
    """And never blocks."""
    path = write_run(tmp_path / "a", "RUNNING")
    reading = read_snapshot(place(path))
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
    broken = read_snapshot(place(path), reading)
    assert broken.run.category is Category.ERROR
    assert broken.run.error
    again = read_snapshot(place(path), broken)
    assert again.run == broken.run
    with pytest.raises(OSError, match=r"not a regular file|No such|Too many|address"):
        read_history(str(status))


def test_a_name_that_comes_later_is_found(tmp_path: Path) -> None:
    """Pavilion writes the attributes after the status file."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    reading = read_snapshot(run)
    assert reading.run.name == ""
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test"}')
    append(tmp_path / "7", "RUNNING")
    assert read_snapshot(run, reading).run.name == "suite.test"


def test_a_result_is_looked_for_in_results_json(tmp_path: Path) -> None:
    """Where the final note has none."""
    path = write_run(tmp_path / "a", "COMPLETE")
    (path / "results.json").write_text('{"result": "FAIL"}')
    assert read_snapshot(place(path)).run.category is Category.FAILED


def test_a_history_is_read_whole(tmp_path: Path) -> None:
    """Oldest first."""
    path = write_run(tmp_path / "a", "CREATED", "RUNNING x", "COMPLETE")
    history = read_history(str(path / "status"))
    assert [status.state for status in history] == ["CREATED", "RUNNING", "COMPLETE"]
    assert read_runs(tmp_path)[0].status_count == 3


@pytest.mark.parametrize("fault", [errno.ESTALE, errno.EIO])
@pytest.mark.parametrize("trust_stat", [True, False])
def test_a_file_that_fails_for_once_is_read_from_its_start_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, *, trust_stat: bool
) -> None:
    """As a network filesystem does when a file has been replaced on its server."""
    path = write_run(tmp_path / "a", *["RUN_USER " + "x" * 500] * 400)
    reading = read_snapshot(place(path))
    append(path, "RUNNING")

    def fail(*_arguments: object) -> int:
        raise OSError(fault, os.strerror(fault))

    with monkeypatch.context() as patch:
        patch.setattr("statustui.monitor.snapshot.os.open", fail)
        broken = read_snapshot(place(path), reading, trust_stat=trust_stat)
        assert broken.run.category is Category.ERROR
        assert os.strerror(fault) in str(broken.run.error)
        assert read_snapshot(place(path), broken, trust_stat=trust_stat) is broken
    write_run(path, "CREATED", "SCHEDULED")
    assert states(read_snapshot(place(path), broken, trust_stat=trust_stat)) == ("SCHEDULED", 2)


def test_a_file_is_read_on_where_stat_may_be_old(tmp_path: Path) -> None:
    """The file is opened then, and a byte more is a change."""
    path = write_run(tmp_path / "a", "CREATED")
    reading = read_snapshot(place(path))
    assert read_snapshot(place(path), reading, trust_stat=False) is reading
    append(path, "RUNNING")
    assert states(read_snapshot(place(path), reading, trust_stat=False)) == ("RUNNING", 2)


def test_a_name_that_comes_after_the_last_status_is_found(tmp_path: Path) -> None:
    """The status file does not change any more."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    reading = read_snapshot(run)
    assert read_snapshot(run, reading) is reading
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test"}')
    assert read_snapshot(run, reading).run.name == "suite.test"


def test_what_is_beside_a_status_file_is_read_once(tmp_path: Path) -> None:
    """A name and a series are there to stay, whatever the run goes through."""
    run = RunDir("r", str(write_run(tmp_path / "7", "CREATED")), "7", "test")
    (tmp_path / "7" / "attributes").write_text('{"name": "suite.test", "user": "ann"}')
    (tmp_path / "7" / "series").symlink_to("../../series/12")
    reading = read_snapshot(run)
    assert reading.run.metadata == RunMetadata("suite.test", "ann", "12")
    (tmp_path / "7" / "attributes").unlink()
    (tmp_path / "7" / "series").unlink()
    append(tmp_path / "7", "RUNNING")
    again = read_snapshot(run, reading)
    assert states(again) == ("RUNNING", 2)
    assert again.run.metadata == reading.run.metadata


def test_of_a_huge_file_only_the_end_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the beginning of a line on."""
    monkeypatch.setattr("statustui.monitor.snapshot.MAX_STATUS_BYTES", 10_000)
    path = write_run(tmp_path / "a", "CREATED", *["RUN_USER " + "x" * 500] * 100, "RUNNING")
    state, updates = states(read_snapshot(place(path)))
    assert state == "RUNNING"
    assert 15 < updates < 20
    assert read_snapshot(place(path)).run.seen == {"RUN_USER", "RUNNING"}


LINE = "1795000000.000000 RUN_USER " + "x" * 472


def big(*ends: str) -> str:
    """The text of a file that is read on, with these last lines."""
    return "".join(f"{line}\n" for line in [*[LINE] * 400, *ends])


@pytest.mark.parametrize("way", ["in place", "by rename"])
def test_a_large_file_that_is_replaced_by_one_with_the_same_head_is_read_anew(
    tmp_path: Path, way: str
) -> None:
    """Larger, as large, or smaller."""
    status = tmp_path / "a" / "status"
    status.parent.mkdir()
    status.write_text(big("1795000001 RUN_ERROR old"))
    reading = read_snapshot(place(tmp_path / "a"))
    assert reading.run.category is Category.ERROR
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
        reading = read_snapshot(
            place(tmp_path / "a"), reading, from_start=reading.is_racy and way == "in place"
        )
        assert reading.run.current.state == end.split()[1]
        assert reading.run.problem is None
        assert reading.run.status_count == 401


def test_a_reading_of_a_file_that_was_just_written_to_is_racy(tmp_path: Path) -> None:
    """It is read anew when that is asked for; a file that is old is not."""
    path = write_run(tmp_path / "a", "RUNNING")
    reading = read_snapshot(place(path))
    assert reading.is_racy
    stat = os.stat(path / "status")
    (path / "status").write_text("1795000000.000000 RUN_BAD\n")
    os.utime(path / "status", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert read_snapshot(place(path), reading, from_start=True).run.current.state == "RUN_BAD"


def test_an_old_file_is_not_racy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows will have another time."""
    path = write_run(tmp_path / "a", "RUNNING")
    later = os.stat(path / "status").st_ctime + 10
    monkeypatch.setattr("statustui.monitor.snapshot.time.time", lambda: later)
    assert not read_snapshot(place(path)).is_racy


def test_a_newer_results_json_counts(tmp_path: Path) -> None:
    """An older one says what the status file said after it."""
    path = write_run(tmp_path / "7", "COMPLETE result: PASS")
    (path / "results.json").write_text('{"result": "FAIL"}')
    run = RunDir("r", str(path), "7", "test")
    os.utime(path / "status", (1000, 1000))
    os.utime(path / "results.json", (999, 999))
    assert read_snapshot(run).run.result == "PASS"
    os.utime(path / "results.json", (1001, 1001))
    reading = read_snapshot(run)
    assert (reading.run.result, reading.run.category) == ("FAIL", Category.FAILED)
    assert reading.run.headline == "PASS, results.json says FAIL"
    (path / "results.json").write_text('{"result": "PASS"}')
    assert read_snapshot(run, reading).run.result == "FAIL"
    assert read_snapshot(run, reading, from_start=True).run.result == "PASS"


def test_a_mark_of_the_end_that_is_older_than_the_run_going_on_is_none(tmp_path: Path) -> None:
    """As Pavilion makes one when the scheduler is slow to answer."""
    path = write_run(tmp_path / "7", "SCHEDULED", "SCHED_ERROR Could not find job 6", "RUNNING")
    (path / "attributes").write_text('{"name": "x"}')
    (path / "RUN_COMPLETE").touch()
    os.utime(path / "RUN_COMPLETE", (1000, 1000))
    os.utime(path / "status", (2000, 2000))
    run = RunDir("r", str(path), "7", "test")
    reading = read_snapshot(run)
    assert (reading.run.category, reading.run.is_finished) == (Category.RUNNING, False)
    assert is_unchanged(reading)
    os.utime(path / "RUN_COMPLETE", (3000, 3000))
    assert not is_unchanged(reading)
    assert read_snapshot(run, reading).run.is_finished


def test_an_empty_run_directory_is_at_first_about_to_be_made(tmp_path: Path) -> None:
    """Later, making it has failed; one with files in it is neither."""
    (tmp_path / "7").mkdir()
    run = RunDir("r", str(tmp_path / "7"), "7", "test")
    reading = read_snapshot(run)
    assert reading.run.category is Category.UNKNOWN
    os.utime(tmp_path / "7", (1000, 1000))
    late = read_snapshot(run, reading).run
    assert (late.category, late.is_finished, late.is_missing) == (Category.ERROR, True, True)
    assert "empty" in late.headline
    (tmp_path / "7" / "attributes").write_text('{"name": "x"}')
    os.utime(tmp_path / "7", (1000, 1000))
    assert read_snapshot(run, reading).run.category is Category.UNKNOWN
    write_run(tmp_path / "7", "RUNNING")
    assert read_snapshot(run, reading).run.category is Category.RUNNING


def test_a_built_run_that_was_never_given_to_a_scheduler_says_so(tmp_path: Path) -> None:
    """An hour after its build; Pavilion 2.1.1 leaves it like that when its kick-off has failed."""
    path = write_run(tmp_path / "7", "BUILD_CREATED", "BUILD_REUSED", start=time.time() - 100)
    (path / "config").write_text('{"name": "x"}')
    run = RunDir("r", str(path), "7", "test")
    assert read_snapshot(run).run.category is Category.BUILDING
    write_run(path, "BUILD_CREATED", "BUILD_REUSED", start=time.time() - 4000)
    reading = read_snapshot(run)
    assert (reading.run.category, reading.run.is_finished) == (Category.ERROR, True)
    assert "kick-off has failed" in reading.run.headline
    assert is_unchanged(reading)
    (path / "job_id").write_text("23")
    assert read_snapshot(run).run.category is Category.BUILDING


def test_a_line_of_megabytes_is_held_whole_by_the_history_alone(tmp_path: Path) -> None:
    """What is kept of each run is bounded."""
    path = write_run(tmp_path / "a", "RUNNING " + "x" * 2_000_000, "RUNNING " + "y" * 300_000)
    assert [len(status.note) for status in read_history(str(path / "status"))] == [
        2_000_000,
        300_000,
    ]
    assert len(read_snapshot(place(path)).run.current.note) == 4097


def test_names_are_bounded(tmp_path: Path) -> None:
    """And marked where they were cut."""
    path = write_run(tmp_path / "7", "RUNNING")
    (path / "attributes").write_text(f'{{"name": "{"n" * 500_000}", "user": "{"u" * 500_000}"}}')
    label = read_snapshot(RunDir("r", str(path), "7", "test")).run.metadata
    assert label == RunMetadata("n" * 256 + "…", "u" * 256 + "…", "")
