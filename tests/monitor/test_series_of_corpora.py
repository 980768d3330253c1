"""Every series in real working directories of Pavilion, compared with its files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from statustui.core.durations import DEFAULT_STALE_AFTER
from statustui.core.run import Run
from tests.terminal import STATUSTUI
from tests.trees import read_runs

LATER = 1_796_000_000.0
"""Some days after all of them, in seconds since 1970."""

DEVELOP = {
    # Run 1 passed; 2 and 8 got SCHED_ERROR while the controller was down, and ran to PASS.
    1: ("passed", None, True, "1/1 passed"),
    2: ("passed", None, True, "1/1 passed"),
    # The last word on run 3 is SCHED_ERROR; on 4, cancelled in the queue, too.
    3: ("error", None, True, "0/1 passed, 1 error"),
    4: ("error", None, True, "0/1 passed, 1 error"),
    # Cancelled by Pavilion; nobody has asked for the series since.
    5: ("cancelled", None, True, "0/1 passed, 1 cancelled"),
    6: ("passed", None, True, "1/1 passed"),
    # The only run was skipped before it was made.
    7: ("passed", None, True, "All 0 tests have been started."),
    8: ("passed", None, True, "1/1 passed"),
    # Builds that fail before the kick-off end the series; on a node they do not.
    9: ("error", "BUILD_ERROR", True, "0/1 passed, 1 failed; Error building tests. See the series"),
    10: ("failed", None, True, "0/1 passed, 1 failed"),
    11: ("error", "BUILD_ERROR", True, "0/1 passed, 1 failed; Error building tests. See the ser"),
    12: ("error", None, True, "0/1 passed, 1 error"),
    13: ("failed", None, True, "3/4 passed, 1 failed"),
    14: ("passed", None, True, "4/4 passed"),
    # RUN_TIMEOUT, and then an error in Pavilion that follows from it.
    15: ("failed", None, True, "0/1 passed, 1 failed"),
    16: ("passed", None, True, "1/1 passed"),
    17: ("failed", None, True, "0/1 passed, 1 failed"),
    # Killed by the time limit of the scheduler.
    18: ("failed", None, True, "0/1 passed, 1 failed"),
    # Lost its node, queued again, passed.
    19: ("passed", None, True, "1/1 passed"),
    # The same, and running for the second time.
    20: ("running", None, False, "0/1 passed, 1 running"),
    21: ("cancelled", None, True, "0/1 passed, 1 cancelled"),
    22: ("error", None, True, "0/1 passed, 1 error"),
    23: ("passed", None, True, "1/1 passed"),
    24: ("failed", None, True, "0/1 passed, 1 failed"),
    # Its process was killed; its status says that it runs.
    25: ("running", None, False, "0/1 passed, 1 running"),
    # Killed with two test sets to come.
    26: ("error", "SET_MAKE", True, "1/2 passed, 1 failed; its process seems to have died"),
    27: ("failed", None, True, "3/4 passed, 1 failed"),
    28: ("cancelled", None, True, "0/2 passed, 2 cancelled"),
    29: ("error", None, True, "0/1 passed, 1 error"),
    # No node was up: no run was made.
    30: ("error", "ERROR", True, "Error creating test 't.jobfail' in test set 't.jobfail': Err"),
    31: ("error", "ERROR", True, "Error creating test 't.quick' in test set 't.quick': Errors"),
    32: ("error", "SET_KICKOFF", True, "1/2 passed, 1 failed; its process seems to have died"),
    # 20 of its 200 runs are left.
    33: ("failed", None, True, "18/20 passed, 2 failed"),
    34: ("passed", None, True, "1/1 passed"),
    35: ("failed", None, True, "0/1 passed, 1 failed"),
    36: ("failed", None, True, "3/4 passed, 1 failed"),
}
PAVILION_2_4 = {
    # 2 FAIL, 4 RUN_TIMEOUT, 6 ERROR.
    1: ("error", None, True, "7/10 passed, 1 error, 2 failed"),
    2: ("failed", None, True, "0/1 passed, 1 failed"),
    3: ("error", "BUILD_ERROR", True, "0/1 passed, 1 failed; Error building tests. See the series"),
    4: ("error", "BUILD_ERROR", True, "0/1 passed, 1 failed; Error building tests. See the series"),
    5: ("failed", None, True, "1/2 passed, 1 failed"),
    6: ("passed", None, True, "2/2 passed"),
    7: ("cancelled", None, True, "0/1 passed, 1 cancelled"),
    8: ("error", "ERROR", True, "Error creating test 'nightly.sl_wait' in test set"),
    9: ("error", "ERROR", True, "Error creating test 'nightly.sl_ok' in test set"),
}
PAVILION_2_1_1 = {
    1: ("passed", None, True, "1/1 passed"),
    2: ("passed", None, True, "1/1 passed"),
    3: ("passed", None, True, "1/1 passed"),
    # The kick-off failed: there is no job.
    4: ("error", None, True, "0/1 passed, 1 error"),
    5: ("error", None, True, "0/1 passed, 1 error"),
    6: ("error", None, True, "0/1 passed, 1 error"),
    # Killed by the time limit of the scheduler; its status says that it runs.
    7: ("failed", None, True, "0/1 passed, 1 failed"),
}


def series_of(root: Path) -> dict[int, Run]:
    """Return number -> series."""
    runs = read_runs(root, DEFAULT_STALE_AFTER, LATER)
    return {int(run.series): run for run in runs if run.is_series}


@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        ("pavilion-develop-2024-06", DEVELOP),
        ("pavilion-2.4", PAVILION_2_4),
        ("pavilion-2.1.1-slurm", PAVILION_2_1_1),
    ],
)
def test_every_series_of_real_working_directories(
    corpora: Path, corpus: str, expected: dict[int, tuple[str, str | None, bool, str]]
) -> None:
    """Category, own problem, whether it has finished, and its note are as expected."""
    found = series_of(corpora / corpus)
    assert found.keys() == expected.keys()
    said = {
        number: (
            run.category.value,
            run.problem and run.problem.state,
            run.is_finished,
            run.headline[: len(expected[number][3])],
        )
        for number, run in found.items()
    }
    assert said == expected


def test_the_history_of_a_series_ends_with_what_its_runs_add_up_to(corpora: Path) -> None:
    """Its runs are read for that, although they are not below it."""
    series = corpora / "pavilion-develop-2024-06" / "series" / "26"
    command = [*STATUSTUI, "history", str(series)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    _statuses, _, summary = out.partition("\n\n")
    assert ": s26 dep, SET_MAKE for " in summary
    assert "its runs: 1/2 passed, 1 failed\n" in summary


@pytest.mark.slow
def test_series_are_never_counted_as_runs(corpora: Path) -> None:
    """Neither in tables nor in JSON; they come last, in reverse order too."""

    def listed(*options: str) -> str:
        command = [*STATUSTUI, "list", str(corpora / "pavilion-develop-2024-06"), *options]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert listed("--summary").startswith("69 runs: ")
    assert listed("--summary", "-F", "kind=series").startswith("36 series: ")
    for options, count in (((), 69), (("-F", "kind=series"), 36)):
        said = json.loads(listed("--summary", "--json", *options))
        assert (said["total"], sum(said["categories"].values())) == (count, count)
    for sort in ("id", "-id", "category", "-time"):
        kinds = [run["kind"] for run in json.loads(listed("--json", "-s", sort))["runs"]]
        assert kinds == ["test"] * 69 + ["series"] * 36
    first, *_ = json.loads(listed("--json", "-F", "id=s13"))["runs"]
    assert first["members"] == {
        "total": 4,
        "categories": {"failed": 1, "passed": 3},
        "gone": 0,
        "has_ended": True,
    }
