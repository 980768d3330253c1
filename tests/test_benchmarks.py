"""Each benchmark measures a tiny tree to its end, and the trees are what the others read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trees import read_runs

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def run_script(name: str, *arguments: str) -> str:
    """Run a benchmark; return what it prints."""
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("shape", ["bare", "short", "real"])
def test_a_tree_has_finished_and_active_runs(tmp_path: Path, shape: str) -> None:
    """All runs can be read: a sixth has failed, a tenth is running; `real` has names and series."""
    run_script("tree", str(tmp_path / "tree"), "120", shape)
    found = read_runs(tmp_path / "tree")
    runs = [run for run in found if not run.is_series]
    assert len(runs) == 120
    assert sum(run.category.value == "running" for run in runs) == 12
    assert sum(run.result == "FAIL" for run in runs) == 20
    assert {run.name for run in runs if run.name} == (
        {f"suite.test{number}" for number in range(40)} if shape == "real" else set()
    )
    series = [run.members for run in found if run.is_series]
    assert [len(one.paths) for one in series if one] == ([120] if shape == "real" else [])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="compares with a C program")
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("scan", "60", "60 real: second"),
        ("startup", "60 --rounds 1", "60 runs, cache: q to the end"),
        ("table", "200 --seconds 1", "q to the end"),
        ("memory", "60", "60 runs, from the cache"),
        ("idle", "60 --seconds 1", "60 runs, polling"),
        ("remote", "200 --seconds 1", "200 runs, drawn over SSH"),
        ("latency", "200 --seconds 1", "200 runs, poll, others change"),
    ],
)
def test_a_benchmark_measures_a_tiny_tree(name: str, arguments: str, expected: str) -> None:
    """It reaches its last figure."""
    assert expected in run_script(name, *arguments.split())


def test_there_is_a_page_for_every_script() -> None:
    """The page of the benchmarks names all scripts."""
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in BENCHMARKS.glob("*.py") if f"`{path.name}`" not in page] == []
