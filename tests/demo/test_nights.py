"""The simulated campaign of several nights."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from statustui.core.categories import Category
from statustui.core.failure_signature import failure_signature
from statustui.core.run import Run
from statustui.demo.fates import plan_fates
from statustui.demo.nights import Nights
from tests.terminal import STATUSTUI
from tests.trees import read_runs

NOW = 1_795_476_000.0
NIGHTS = 5
DAY = 86_400.0


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of a campaign whose last night has ended."""
    path = tmp_path_factory.mktemp("campaign")
    Nights(str(path), NIGHTS, 40, 1).fill(NOW)
    return path


def past_of_names(path: Path) -> dict[str, list[Run]]:
    """The runs of each name, oldest first."""
    past: dict[str, list[Run]] = defaultdict(list)
    for run in sorted(read_runs(path), key=lambda run: run.started or 0.0):
        if run.kind == "test":
            past[run.name].append(run)
    return past


def results_of(run: Run) -> dict[str, float]:
    """The numbers in the results of a run."""
    record = json.loads((Path(run.path) / "results.json").read_text())
    return {name: value for name, value in record.items() if isinstance(value, float)}


def test_nights_begin_24_hours_apart_and_end_now(campaign: Path) -> None:
    """Each night is one series; the last status is set now."""
    runs = read_runs(campaign)
    begins = sorted(run.started or 0.0 for run in runs if run.kind == "series")
    for earlier, later in itertools.pairwise(begins):
        assert later - earlier == pytest.approx(DAY)
    assert len(begins) == NIGHTS
    assert max(run.updated_at or 0.0 for run in runs) == pytest.approx(NOW, abs=0.01)
    assert all(run.category.is_final for run in runs)


def test_tests_break_stay_broken_are_fixed_flap_and_come_and_go(campaign: Path) -> None:
    """Each kind of past is there, told by the results alone."""
    pasts = past_of_names(campaign)
    last_begin = NOW - DAY / 2
    whole = {name: past for name, past in pasts.items() if len(past) == NIGHTS}
    broken = {name: [run.category.is_problem for run in past] for name, past in whole.items()}
    assert any(past[-2:] == [False, True] for past in broken.values())
    assert any(past[-2:] == [True, False] for past in broken.values())
    assert any(sum(a != b for a, b in itertools.pairwise(p)) > 2 for p in broken.values())
    still = [past for name, past in whole.items() if broken[name][-2:] == [True, True]]
    alike = [len(set(map(failure_signature, past[-2:]))) == 1 for past in still]
    assert {True, False} == set(alike), "the same failure, and another one"
    ends = {name: (past[0].started or 0.0, past[-1].started or 0.0) for name, past in pasts.items()}
    assert sum(first > last_begin for first, _last in ends.values()) == 1, "added"
    assert sum(last < last_begin for _first, last in ends.values()) == 1, "dropped"


def test_some_become_slower_or_measure_less_and_most_differ_little(campaign: Path) -> None:
    """By the durations and the figures in the results of the last two nights."""
    changes = []
    for past in past_of_names(campaign).values():
        if len(past) > 1 and all(run.category is Category.PASSED for run in past[-2:]):
            before, after = results_of(past[-2]), results_of(past[-1])
            changes.append({name: after[name] / before[name] for name in before})
    slower = [change for change in changes if change["duration"] > 1.4]
    faster = [change for change in changes if change["duration"] < 0.75]
    less = [change for change in changes if min(change.values()) < 0.8 and change not in faster]
    assert len(slower) == 2
    assert len(faster) == 1
    assert len(less) == 1
    steady = [change for change in changes if change not in [*slower, *faster, *less]]
    assert all(0.8 < value < 1.2 for change in steady for value in change.values())


def test_a_failed_result_differs_from_the_last_pass_in_one_line_of_the_log(campaign: Path) -> None:
    """But for host, modules, times and figures, which differ each night."""

    def words(run: Run) -> list[str]:
        lines = (Path(run.path) / "run.log").read_text().splitlines()
        return [line.split("] ", 1)[1].split(" ")[0] for line in lines]

    def verdicts(run: Run) -> list[str]:
        lines = (Path(run.path) / "run.log").read_text().splitlines()
        return [line.split("] ", 1)[1] for line in lines if "residual" in line]

    pair = next(
        (past[-2], past[-1])
        for past in past_of_names(campaign).values()
        if past[-1].result == "FAIL"
        and past[-1].problem == past[-1].current
        and past[-2].category is Category.PASSED
    )
    assert words(pair[0]) == words(pair[1])
    assert verdicts(pair[0]) != verdicts(pair[1])


def test_the_same_seed_gives_the_same_nights(tmp_path: Path) -> None:
    """Byte for byte; another seed gives others."""
    trees = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        Nights(str(tmp_path / name), 2, 6, seed).fill(NOW)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        trees.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert trees[0] == trees[1] != trees[2]


def test_the_last_night_can_be_under_way_and_goes_on(tmp_path: Path) -> None:
    """Some of its runs have ended, others run or wait; in the end all have ended."""
    nights = Nights(str(tmp_path), 2, 20, 1, done=0.2)
    nights.fill(NOW)
    last = [run for run in read_runs(tmp_path) if (run.started or 0.0) > NOW - DAY / 2]
    categories = {run.category for run in last}
    assert {Category.PASSED, Category.RUNNING, Category.WAITING} <= categories
    assert all(run.updated_at is not None and run.updated_at <= NOW for run in last)
    turns = iter([False, True])
    nights.work(1e9, lambda _seconds: next(turns))
    assert all(run.category.is_final for run in read_runs(tmp_path))


@pytest.mark.parametrize(("tests", "nights"), [(1, 1), (3, 2), (12, 1), (100, 3)])
def test_any_number_of_tests_and_nights_can_be_planned(tests: int, nights: int) -> None:
    """Each test has a fate in each night."""
    fates = plan_fates(random.Random(1), tests, nights)  # noqa: S311 - not for cryptography
    assert [len(fate) for fate in fates] == [nights] * tests


def test_the_command_writes_nights_once(tmp_path: Path) -> None:
    """In a directory that is named; `--runs` is the number of tests in a night."""
    done = subprocess.run(
        [*STATUSTUI, "demo", str(tmp_path / "d"), "--once", "--nights", "2", "--runs", "14"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == f"{tmp_path / 'd'}\n"
    assert {len(past) for past in past_of_names(tmp_path / "d").values()} == {1, 2}
