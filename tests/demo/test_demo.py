"""The simulated cluster."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from statustui.core.categories import Category
from statustui.core.run import Run
from statustui.core.states import KNOWN_STATES
from statustui.core.status_file import StatusFile
from statustui.demo.cluster import Cluster
from statustui.demo.lives import plan_series
from tests.terminal import STATUSTUI
from tests.trees import read_runs
from tests.waiting import DEADLINE

NOW = 1_795_476_000.0


def runs_of(path: Path) -> list[Run]:
    """The runs of the cluster at `path`."""
    return read_runs(path)


def test_once_writes_a_tree_and_leaves_it(tmp_path: Path) -> None:
    """With as many runs as asked for, in a directory that is named."""
    done = subprocess.run(
        [*STATUSTUI, "demo", str(tmp_path / "d"), "--once", "--runs", "50"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == f"{tmp_path / 'd'}\n"
    assert sum(run.kind == "test" for run in runs_of(tmp_path / "d")) == 50


@pytest.mark.slow
def test_the_same_seed_gives_the_same_tree(tmp_path: Path) -> None:
    """Byte for byte; another seed gives another tree."""
    trees = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        Cluster(str(tmp_path / name), 80, seed).fill(NOW)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        trees.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert trees[0] == trees[1] != trees[2]


@pytest.mark.slow
def test_lives_are_believable_and_of_every_kind(tmp_path: Path) -> None:
    """Every category, hidden failures, only known states, and no status in the future."""
    Cluster(str(tmp_path), 600, 1).fill(NOW)
    runs = runs_of(tmp_path)
    assert {run.category for run in runs} >= set(Category) - {Category.UNKNOWN}
    assert sum(run.hides_problem for run in runs) > 10
    problems = Counter(run.problem.state for run in runs if run.problem is not None)
    assert {"BUILD_FAILED", "BUILD_TIMEOUT", "ENV_FAILED", "RUN_TIMEOUT", "RUN_ERROR"} <= set(
        problems
    )
    for run in runs:
        history = StatusFile(Path(run.path) / "status").history()
        assert {status.state for status in history} <= KNOWN_STATES
        times = [status.timestamp for status in history]
        assert times == sorted(times, key=lambda time: time or 0)
        assert run.updated_at is not None
        assert run.updated_at <= NOW
        assert run.name


def test_a_living_cluster_goes_on_and_keeps_its_size(tmp_path: Path) -> None:
    """New series appear, states change, the oldest runs are deleted."""
    cluster = Cluster(str(tmp_path), 40, 1)
    cluster.fill(NOW)
    before = {run.path: run.current for run in runs_of(tmp_path) if run.kind == "test"}
    deadline = time.monotonic() + DEADLINE

    def is_renewed() -> bool:
        # On a busy machine any one run may have come and gone between two looks.
        ids = [int(path.name) for path in (tmp_path / "test_runs").glob("[0-9]*")]
        return max(ids) >= 60 and min(ids) > 1

    cluster.work(3000, lambda _seconds: is_renewed() or time.monotonic() > deadline)
    after = {run.path: run.current for run in runs_of(tmp_path) if run.kind == "test"}
    assert len(before) == 40
    # On a busy machine much happens in one step.
    assert 20 <= len(after) <= 60
    assert after.keys() - before.keys()
    assert before.keys() - after.keys()


def test_a_plan_never_ends() -> None:
    """Series after series, ids without gaps."""
    series = list(itertools.islice(plan_series(1), 20))
    ids = [int(run.directory.rpartition("/")[2]) for one in series for run in one.runs]
    assert ids == list(range(1, len(ids) + 1))
