"""Comparing the files of two runs, on real files."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.core.run import Run
from statustui.core.run_comparison import ValueRow
from statustui.core.working_dir import root_folder, run_dir
from statustui.monitor.fs.prober import CallTarget, Stuck
from statustui.monitor.run.comparison import ComparisonRead, FileComparison
from statustui.monitor.run.run_logs import Unreadable
from statustui.monitor.snapshot import read_snapshot
from tests.trees import append, write_run
from tests.waiting import wait_until


def write_pavilion_run(path: Path, gflops: float, module: str, log: str) -> Run:
    """Write a run of Pavilion with the files that are compared."""
    write_run(path, "SCHEDULED in the queue", "RUNNING x", "COMPLETE result: PASS")
    number = int(path.name)
    results = {"id": number, "sys_name": "vm", "result": "PASS", "gflops": gflops}
    (path / "results.json").write_text(json.dumps(results))
    (path / "attributes").write_text(json.dumps({"id": number, "name": "hpcg.n4"}))
    (path / "config").write_text(f"run:\n  modules: [openmpi/4, {module}]\nhost: vm\n")
    (path / "run.log").write_text(log)
    return read_snapshot(run_dir(str(path.parent.parent), root_folder(str(path)))).run


class Recorder:
    """Keeps what has been delivered."""

    def __init__(self) -> None:
        """Start without anything."""
        self.found: list[ComparisonRead] = []

    @property
    def last(self) -> ComparisonRead:
        """What was delivered last."""
        return self.found[-1]


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Run, Run]:
    """Two runs of a name."""
    folder = tmp_path / "test_runs"
    return (
        write_pavilion_run(folder / "12", 40.0, "gcc/13", "host cn7\nstep 1\nnan in step 2\n"),
        write_pavilion_run(folder / "9", 80.0, "gcc/12", "host cn9\nstep 1\nstep 2\nwell\n"),
    )


@pytest.fixture
def recorder(runs: tuple[Run, Run]) -> Iterator[Recorder]:
    """Compare the runs until the end of the test."""
    recorder = Recorder()
    comparison = FileComparison(*runs, recorder.found.append)
    wait_until(lambda: recorder.found, "the comparison")
    comparison.check()
    yield recorder
    comparison.stop()


def test_times_results_attributes_and_logs_are_compared_and_followed(
    runs: tuple[Run, Run], recorder: Recorder
) -> None:
    """Only what differs; ids are left out. What changes later is delivered again."""
    compared, unread = recorder.last
    assert unread == ()
    assert compared.timeline_here.states == ("SCHEDULED", "RUNNING", "COMPLETE")
    assert compared.results.rows == (ValueRow("gflops", "40.0", "80.0", -0.5),)
    assert compared.attributes.rows == (ValueRow("run.modules", "gcc/13", "gcc/12"),)
    [log] = compared.logs
    assert (log.title, log.missing, log.is_cut) == ("run log", "", False)
    [parting] = log.partings
    assert (parting.line_here, parting.line_there) == (3, 4)
    assert (parting.here, parting.there) == (("nan in step 2",), ("well",))
    here = Path(runs[0].path)
    append(here, "RUN_USER again")
    wait_until(lambda: "RUN_USER" in recorder.last.comparison.timeline_here.states, "the status")
    (here / "run.log").unlink()
    (here / "results.json").write_text("{")
    wait_until(lambda: recorder.last.unread, "the broken file")
    compared, unread = recorder.last
    assert [path for path, _reason in unread] == [f"{here}/results.json"]
    assert compared.results.rows[-1].here is None
    assert compared.logs[0].missing == "here"


def test_files_that_cannot_be_read_or_are_too_long_are_told(tmp_path: Path) -> None:
    """The rest is compared all the same; a log may be compared in part."""
    log = "step 1\n" * 400_000
    one = write_pavilion_run(tmp_path / "test_runs" / "1", 1.0, "gcc/12", log)
    other = write_pavilion_run(tmp_path / "test_runs" / "2", 1.0, "gcc/12", log + "end\n")
    os.unlink(f"{one.path}/config")
    os.unlink(other.status_path)
    os.mkdir(other.status_path)
    recorder = Recorder()
    comparison = FileComparison(one, other, recorder.found.append)
    wait_until(lambda: recorder.found, "the comparison")
    comparison.stop()
    compared, unread = recorder.last
    assert unread == (Unreadable(other.status_path, "not a regular file but a directory"),)
    assert compared.timeline_there.states == ()
    assert compared.results.rows == ()
    assert [row.here for row in compared.attributes.rows] == [None, None]
    assert compared.logs[0].is_cut
    assert compared.logs[0].partings == ()


def test_a_filesystem_that_does_not_answer_is_told_at_once_where_that_is_known(
    runs: tuple[Run, Run],
) -> None:
    """A call that hangs for another screen hangs here too."""

    class Hung(Stuck):
        def refuses(self, target: object) -> bool:
            assert target is not None
            return True

    recorder = Recorder()
    comparison = FileComparison(*runs, recorder.found.append, Hung())
    wait_until(lambda: recorder.found, "the comparison")
    comparison.stop()
    assert {reason for _path, reason in recorder.last.unread} == {"not answering"}
    assert recorder.last.comparison.logs == ()


def test_an_error_is_told_and_after_the_end_nothing_is(runs: tuple[Run, Run]) -> None:
    """The next check is made all the same."""
    found: list[ComparisonRead] = []
    comparisons: list[FileComparison] = []

    def take(read: ComparisonRead) -> None:
        found.append(read)
        if len(found) == 1:
            raise RuntimeError("no room")
        comparisons[0].stop()
        append(Path(runs[0].path), "RUN_USER again")
        comparisons[0].check()

    comparisons.append(FileComparison(*runs, take))
    wait_until(lambda: len(found) == 2, "the error")
    assert [reason for _path, reason in found[1].unread] == [
        "internal error: RuntimeError('no room')"
    ]
    assert found[1].comparison.logs == ()
    wait_until(lambda: "comparison" not in thread_names(), "the end")
    assert len(found) == 2


def test_what_has_not_changed_is_not_delivered_again(runs: tuple[Run, Run]) -> None:
    """It is looked at all the same."""
    found: list[ComparisonRead] = []
    calls: list[CallTarget] = []

    class Counting(Stuck):
        def refuses(self, target: CallTarget) -> bool:
            calls.append(target)
            return super().refuses(target)

    comparison = FileComparison(*runs, found.append, Counting())
    wait_until(lambda: found, "the comparison")
    first = len(calls)
    comparison.check()
    wait_until(lambda: len(calls) >= 2 * first, "the second look")
    comparison.stop()
    wait_until(lambda: "comparison" not in thread_names(), "the end")
    assert len(found) == 1


def test_nothing_is_delivered_after_the_end(runs: tuple[Run, Run]) -> None:
    """Even if it comes while the files are read."""
    found: list[ComparisonRead] = []
    comparisons: list[FileComparison] = []

    class Ending(Stuck):
        def refuses(self, target: CallTarget) -> bool:
            wait_until(lambda: comparisons)
            comparisons[0].stop()
            return super().refuses(target)

    comparisons.append(FileComparison(*runs, found.append, Ending()))
    wait_until(lambda: "comparison" not in thread_names(), "the end")
    assert found == []


def thread_names() -> set[str]:
    """The names of all threads."""
    return {thread.name for thread in threading.enumerate()}
