"""Links of a run to a filesystem that does not answer, which must not delay anything else."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from statustui.core.documents import Document
from statustui.core.history import History
from statustui.core.run import Run
from statustui.monitor.fs.deadline import NO_ANSWER
from statustui.monitor.fs.prober import Prober, Stuck
from statustui.monitor.once import read_once
from statustui.monitor.run.inspection import (
    Documents,
    FileInspection,
    InspectionResult,
    Logs,
    Search,
    Unreadable,
)
from statustui.monitor.run.log_text import LogPage, PageRequest, search_pattern
from statustui.monitor.run.whole_run import read_run
from statustui.monitor.stalls import last_sign_of_life
from tests.monitor.surroundings import Mirror, mirror
from tests.terminal import STATUSTUI, terminal
from tests.trees import append, write_run
from tests.waiting import DEADLINE, wait_until


class Tree:
    """A working directory; one of its runs has links to a mount that does not answer.

    Args:
        path: Where to make it.
        dead: The mount.
    """

    def __init__(self, path: Path, dead: Mirror) -> None:
        self.root = path / "wd"
        self.dead = dead
        for number in (66, 67):
            run = write_run(self.root / "test_runs" / str(number), "CREATED a", "RUNNING b")
            (run / "attributes").write_text(json.dumps({"name": f"test {number}"}))
            (run / "run.log").write_text(f"step of {number}\n")
        (dead.behind / "kickoff.log").write_text("submitted\n")
        (dead.behind / "sched.log").write_text("x\n")
        (dead.behind / "info").write_text("{}")
        self.victim, self.other = (self.root / "test_runs" / name for name in ("66", "67"))
        (self.victim / "job").symlink_to(dead.place)

    def read(self, path: Path) -> Run:
        """Read the run at a path."""
        return read_run(str(path), in_full=True).run


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """Create such a tree; the mount hangs when the test begins."""
    with mirror(tmp_path / "fuse") as dead:
        made = Tree(tmp_path, dead)
        dead.hang()
        yield made


def test_the_history_stays_live_and_the_other_logs_and_documents_are_read(tree: Tree) -> None:
    """Files that hang are reported, and read once they answer."""
    run = tree.victim
    (run / "results.json").write_text('{"result": "PASS"}')
    found: list[InspectionResult] = []
    inspection = FileInspection(tree.read(run), [], found.append)
    inspection.show_documents(wanted=True)
    wait_until(lambda: any(isinstance(one, Documents) for one in found))
    logs = next(one for one in found if isinstance(one, Logs))
    assert [log.name for log in logs.logs] == ["run", "kickoff", "sched"]
    assert logs.trace is not None
    assert logs.trace.lines == ("step of 66",)
    documents = next(one for one in found if isinstance(one, Documents)).documents
    assert documents[0] == Document("results.json", {"result": "PASS"}, None)
    assert documents[-1] == Document("job/info", None, NO_ANSWER)
    append(run, "RUN_USER still live")

    def is_live() -> bool:
        histories = [one for one in found if isinstance(one, History)]
        return histories[-1].entries[-1].status.note == "still live"

    wait_until(is_live)
    assert inspection.silent < DEADLINE
    log = f"{run}/job/kickoff.log"
    inspection.show_log(log)
    wait_until(lambda: Unreadable(log, NO_ANSWER) in found)
    inspection.show_log(f"{run}/run.log")
    wait_until(lambda: any(isinstance(one, LogPage) for one in found))
    tree.dead.go_on()
    inspection.show_log(log)
    wait_until(lambda: any(isinstance(one, LogPage) and one.path == log for one in found))
    wait_until(
        lambda: any(isinstance(one, Documents) and one.documents[-1].value == {} for one in found)
    )
    inspection.stop()


def test_a_search_and_a_page_that_hang_do_not_delay_another_log(tree: Tree) -> None:
    """Both are reported as not answering; the next request is answered."""
    run = tree.victim
    (run / "run.log").unlink()
    (run / "run.log").symlink_to(tree.dead.place / "kickoff.log")
    (run / "results.log").write_text("a result\n")
    found: list[InspectionResult] = []
    inspection = FileInspection(tree.read(run), [], found.append)
    inspection.request_page(f"{run}/run.log", PageRequest("head"))
    wait_until(lambda: Unreadable(f"{run}/run.log", NO_ANSWER) in found)
    del found[:]
    inspection.search(f"{run}/run.log", search_pattern("x"), 0, backwards=False)
    wait_until(lambda: Unreadable(f"{run}/run.log", NO_ANSWER) in found)
    inspection.search(f"{run}/results.log", search_pattern("nothing"), 0, backwards=False)
    wait_until(lambda: Search(f"{run}/results.log", None) in found)
    inspection.stop()


def _set_by_logs(is_told: threading.Event, finding: InspectionResult) -> None:
    if isinstance(finding, Logs):
        is_told.set()


def test_inspecting_a_run_repeatedly_uses_no_further_threads(tree: Tree) -> None:
    """One thread hangs for each link; it ends when the mount answers."""
    victim = tree.read(tree.victim)
    # One thread of this reading hangs already: that which has looked for the job.
    before = threading.active_count()
    stuck = Stuck()
    for _ in range(5):
        is_told = threading.Event()
        inspection = FileInspection(victim, [], partial(_set_by_logs, is_told), stuck)
        wait_until(is_told.is_set)
        inspection.stop()
    assert len(stuck) == 1
    wait_until(lambda: threading.active_count() <= before + 1)
    tree.dead.go_on()
    wait_until(lambda: not len(stuck) and threading.active_count() <= before)


def test_reading_one_run_leaves_out_only_the_log_that_hangs(tree: Tree) -> None:
    """As `history` does; the log is reported with the reason."""
    append(tree.victim, "SCHED_ERROR c")
    found = read_run(str(tree.victim))
    assert found.run.name == "test 66"
    assert found.logs is not None
    assert [(log.name, why) for log, why in found.logs.unread] == [
        ("kickoff", NO_ANSWER),
        ("sched", NO_ANSWER),
    ]
    told = subprocess.run(
        [*STATUSTUI, "history", str(tree.victim)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0
    assert "SCHED_ERROR" in told.stdout
    assert "kickoff log: not answering" in told.stdout


def test_a_log_that_hangs_leaves_the_list_complete(tree: Tree) -> None:
    """A log is not a part of the list."""
    for run in (tree.victim, tree.other):
        os.utime(run / "run.log", (1_795_000_000, 1_795_000_000))
    found = read_once([str(tree.root)], time.time())
    assert {run.name for run in found.runs} == {"test 66", "test 67"}
    assert found.incomplete == []
    assert all(run.stall is not None for run in found.runs)


def test_links_that_hang_hide_no_signs_of_life_of_other_runs(tree: Tree) -> None:
    """However often they are checked, one call hangs for each link."""
    job = tree.root / "jobs" / "x"
    job.mkdir(parents=True)
    (job / "kickoff.log").write_text("alive\n")
    (tree.other / "job").symlink_to(job)
    (tree.other / "run.log").unlink()
    prober = Prober(0.1, Stuck(3))
    for _ in range(10):
        last_sign_of_life(tree.read(tree.victim), prober)
    assert last_sign_of_life(tree.read(tree.other), prober) == (job / "kickoff.log").stat().st_mtime
    prober.close()


def test_logs_that_hang_do_not_keep_the_other_logs_of_a_plain_run_from_being_listed(
    tmp_path: Path,
) -> None:
    """Also if there are so many that the ones written last are chosen."""
    with mirror(tmp_path / "fuse") as dead:
        run = write_run(tmp_path / "tree" / "a", "RUNNING b")
        (dead.behind / "x").write_text("x")
        for number in range(120):
            (run / f"{number}.log").symlink_to(dead.place / "x")
        (run / "own.log").write_text("alive\n")
        dead.hang()
        found = read_run(str(run))
        assert found.logs is not None
        assert len(found.logs.logs) == 100
        assert found.logs.trace is not None
        assert found.logs.trace.lines == ("alive",)
        [listed] = read_once([str(tmp_path / "tree")], time.time()).runs
        assert listed.stall is None


def test_the_monitor_stays_live(tree: Tree) -> None:
    """Its list, and the screen of that run: keys, changes, and which files hang."""
    with terminal([*STATUSTUI, str(tree.root)], 100, 30) as shown:
        shown.wait_for("test 66")
        append(tree.other, "RUN_USER news of the list", time.time())
        shown.wait_for("news of the list")
        append(tree.victim, "SCHED_ERROR a problem", time.time())
        shown.wait_for("a problem")
        shown.press("e\r")
        shown.wait_for("kickoff log: not answering")
        append(tree.victim, "SCHED_ERROR more of it", time.time())
        shown.wait_for("more of it")
