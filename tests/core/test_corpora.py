"""Genuine working directories: what Pavilion's own reader makes of each file, and what each run is.

The table states category, problem and result of every run as its files and the description of the
tree have them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from statustui.core.run import Run
from statustui.core.status_file import StatusFile
from statustui.core.working_dir import find_runs
from statustui.monitor.snapshot import read_history, read_snapshot
from tests.trees import DATA, write_nothing

TREES = ("pavilion-2.1.1-slurm", "pavilion-develop-2024-06")

PASSED = ("passed", None, "PASS")
FAILED = ("failed", "COMPLETE", "FAIL")
LOST = ("error", "SCHED_ERROR", None)
"""Pavilion found no trace of its job, or the scheduler killed it."""
CANCELLED = ("cancelled", None, None)
RUNNING = ("running", None, None)
"""By its status file; that its job has died is not said there."""

DEVELOP = {
    **dict.fromkeys([1, 2, 6, 8, 13, 14, 16, 17, 18, 19, 20, 22, 25, 29], PASSED),
    **dict.fromkeys([32, 35, 36, 40, *range(44, 66), 246, 248, 249, 251], PASSED),
    **dict.fromkeys([15, 23, 30, 33, 39, 45, 53, 63, 247, 250], FAILED),
    # 3 waits for its job, which Pavilion has not found; 24 hit the time limit, 41 lost its node.
    **dict.fromkeys([3, 4, 24, 27, 28, 41], LOST),
    **dict.fromkeys([5, 37, 38], CANCELLED),
    **dict.fromkeys([26, 31], RUNNING),
    9: ("failed", "BUILD_FAILED", None),
    10: ("failed", "BUILD_FAILED", None),
    11: ("failed", "BUILD_TIMEOUT", None),
    12: ("error", "RESULTS_ERROR", "ERROR"),
    21: ("failed", "RUN_TIMEOUT", None),
    # Nothing is in their directories: making them has failed.
    42: ("error", "UNKNOWN", None),
    43: ("error", "UNKNOWN", None),
}
SLURM_211 = {
    1: PASSED,
    2: PASSED,
    3: PASSED,
    # Built, but Pavilion could make no job for them.
    4: ("error", "BUILD_REUSED", None),
    5: ("error", "BUILD_REUSED", None),
    6: ("error", "BUILD_REUSED", None),
    7: RUNNING,
}
TABLE = {"pavilion-develop-2024-06": DEVELOP, "pavilion-2.1.1-slurm": SLURM_211}


def runs_of(root: Path) -> dict[int, Run]:
    """Number -> run, series left out."""
    places = [place for place in find_runs(str(root), write_nothing) if place.kind == "test"]
    return {int(place.id): read_snapshot(place).run for place in places}


@pytest.mark.parametrize("tree", TREES)
def test_real_files_read_as_pavilion_reads_them(corpora: Path, tree: str) -> None:
    """States, notes and times of runs and series, by both readers of whole files."""
    oracle = json.loads((DATA / f"{tree}.oracle.json").read_text())
    assert oracle
    for directory, expected in oracle.items():
        path = corpora / tree / directory / "status"
        for statuses in (StatusFile(path).history(), read_history(str(path))):
            found = [[one.state, one.note, round(one.timestamp or 0, 6)] for one in statuses]
            assert found == expected["history"]
        current = StatusFile(path).current()
        assert [current.state, current.note, round(current.timestamp or 0, 6)] == expected[
            "current"
        ]


@pytest.mark.parametrize("tree", TREES)
def test_every_run_is_what_its_files_say(corpora: Path, tree: str) -> None:
    """Category, state of the status that explains a problem, and result."""
    runs = runs_of(corpora / tree)
    found = {
        number: (run.category.value, run.problem.state if run.problem else None, run.result)
        for number, run in runs.items()
    }
    assert found == TABLE[tree]


def test_errors_that_were_false_are_recovered_from(corpora: Path) -> None:
    """Two runs passed after Pavilion had lost their jobs, of which one is still not found."""
    runs = runs_of(corpora / "pavilion-develop-2024-06")
    recovered = {number: run.recovered.state for number, run in runs.items() if run.recovered}
    assert recovered == {2: "SCHED_ERROR", 8: "SCHED_ERROR"}
    assert "SCHED_ERROR" in runs[2].seen
    assert {number for number, run in runs.items() if not run.is_finished} == {26, 31}


def test_runs_that_were_never_started_say_so(corpora: Path) -> None:
    """In the note that the list shows."""
    old = runs_of(corpora / "pavilion-2.1.1-slurm")
    assert "no job was made for it" in old[4].headline
    assert old[4].is_finished
    new = runs_of(corpora / "pavilion-develop-2024-06")
    assert new[42].headline == "The run directory is empty: making the run has failed."
    assert new[42].is_missing
