"""The recipes of docs/format.md, run as they are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from statustui.core.states import LOG_STATES
from statustui.core.status_file import StatusFile
from tests.terminal import STATUSTUI

TEXT = (Path(__file__).parent.parent / "docs" / "format.md").read_text(encoding="utf-8")


def recipe(title: str) -> str:
    """Return the code below a heading."""
    section = TEXT.partition(f"## {title}\n")[2]
    return section.partition("```")[2].partition("\n")[2].partition("```")[0]


def listed(place: Path) -> dict[str, tuple[str, str, int]]:
    """Category, note and number of statuses of each run, by id."""
    command = [*STATUSTUI, "list", "--json", str(place)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    runs = json.loads(done.stdout)["runs"]
    return {run["id"]: (run["category"], run["note"], run["updates"]) for run in runs}


def test_bash_writes_a_run_that_passes(tmp_path: Path) -> None:
    """And a log beside it."""
    subprocess.run(["/bin/bash", "-euc", recipe("From bash")], check=True, cwd=tmp_path, timeout=60)
    assert listed(tmp_path) == {"mesh-17": ("passed", "result: PASS", 3)}
    assert (tmp_path / "runs/mesh-17/solver.log").read_text() == "1\n2\n3\n"


def test_python_writes_a_run_that_passes(tmp_path: Path) -> None:
    """With the documented interface."""
    (tmp_path / "runs/mesh-18").mkdir(parents=True)
    command = [sys.executable, "-c", recipe("From Python")]
    done = subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, timeout=60)
    assert done.stdout.decode().split() == ["['CREATED',", "'RUNNING',", "'COMPLETE']"]
    assert listed(tmp_path) == {"mesh-18": ("passed", "result: PASS", 3)}


@pytest.mark.parametrize(
    ("solver", "expected"),
    [
        ("exit 0", ("passed", "result: PASS", 2)),
        ("exit 3", ("failed", "exit status 3, result: FAIL", 2)),
        ("kill -TERM $PPID; exec sleep 30", ("failed", "Slurm ends the job", 2)),
    ],
)
def test_a_batch_script_says_how_the_job_went(
    tmp_path: Path, solver: str, expected: tuple[str, str, int]
) -> None:
    """Also when Slurm ends the job; stand-ins replace the commands of Slurm."""
    for name, line in (("srun", 'exec "$@"'), ("solver", solver)):
        script = tmp_path / name
        script.write_text(f"#!/bin/bash\n{line}\n")
        script.chmod(0o755)
    variables = {"SLURM_JOB_NAME": "mesh", "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "cn[1-4]"}
    env = os.environ | variables | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    script_text = recipe("From a Slurm batch script")
    subprocess.run(["/bin/bash", "-c", script_text], check=False, cwd=tmp_path, env=env, timeout=20)
    assert listed(tmp_path) == {"mesh-7": expected}


def test_the_page_names_the_limits_of_the_code() -> None:
    """The size of a line, and the states that are remarks."""
    assert f"at most {StatusFile.LINE_MAX} bytes" in TEXT
    assert all(f"`{state}`" in TEXT for state in LOG_STATES)
    assert re.search(r"2026-11-23T21:02:00\.935696", TEXT)
