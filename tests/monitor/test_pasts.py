"""The pasts of the runs of a tree, kept up to date."""

from __future__ import annotations

import json
import random
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core import past as past_module
from statustui.core.past import (
    Name,
    chronological,
    fail_alike,
    name_of,
    outcome,
    past_at,
    past_before,
)
from statustui.core.recent_results import MAX_RESULTS, Moment
from statustui.core.run import Run, RunMetadata
from statustui.monitor import pasts as pasts_module
from statustui.monitor.once import read_once
from statustui.monitor.pasts import Pasts, keep_past, with_pasts
from statustui.monitor.poll_policy import Settings
from statustui.monitor.read_options import ReadOptions
from tests.monitor.recorder import RunRecorder, Watch
from tests.monitor.test_jobs import kill, write_job
from tests.runs import make
from tests.slow import slow
from tests.trees import append, write_run
from tests.waiting import wait_until

START, DAY = 1_795_000_000.0, 86_400.0
ENDS = (
    "COMPLETE result: PASS",
    "RUN_FAILED exit 1",
    "BUILD_FAILED make",
    "RUN_ERROR none",
    "RUNNING x",
    "ABORTED by mia",
)


def naive(runs: Iterable[Run]) -> dict[str, Run]:
    """Path -> run with its past, found by looking at everything."""
    tests: dict[Name, list[Run]] = defaultdict(list)
    found = {run.path: run._replace(past=None) for run in runs}
    for run in found.values():
        name = name_of(run)
        if name is not None and run.kind == "test":
            tests[name].append(run)
    for alike in tests.values():
        alike.sort(key=chronological)
        results = [run for run in alike if outcome(run) is not None]
        others = [run for run in alike if outcome(run) is None]
        for run in results[-MAX_RESULTS:]:
            found[run.path] = run._replace(past=past_at(results, results.index(run)))
        for run in others[-MAX_RESULTS:]:
            before = [one for one in results if chronological(one) < chronological(run)]
            found[run.path] = run._replace(past=past_before(results, len(before)))
    return found


class Tree:
    """The runs that a monitor knows, with the pasts that it has been told of."""

    def __init__(self) -> None:
        """Begin without runs."""
        self.runs: dict[str, Run] = {}
        self.pasts = Pasts()

    def set(self, run: Run) -> None:
        """Add a run, or replace what was at its path, as the monitor does."""
        before = self.runs.get(run.path)
        self.runs[run.path] = keep_past(run, before)
        if before is None and run.is_over:
            self.pasts.add_new([run.path])
        else:
            self.pasts.add(run.path, before)

    def remove(self, path: str) -> None:
        """Remove a run."""
        self.pasts.add(path, self.runs.pop(path))

    def review(self) -> list[Run]:
        """Take in the pasts that have changed, and return their runs."""
        changed = list(self.pasts.review_changed(self.runs.get))
        self.runs.update((run.path, run) for run in changed)
        return changed


def change_at_random(tree: Tree, rng: random.Random, count: int) -> None:
    """Add runs, set others going on or wrong, remove some, and use their ids again."""
    for _ in range(count):
        path = f"r/test_runs/{rng.randrange(40)}"
        if path not in tree.runs or rng.random() < 0.7:
            name, start = rng.choice(["a", "a", "b", ""]), float(rng.randrange(30))
            tree.set(make(path, rng.choice(ENDS), name=name, start=start))
        else:
            tree.remove(path)


@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 40), max_size=6))
def test_pasts_are_those_of_a_look_at_everything(rng: random.Random, sizes: list[int]) -> None:
    """Whatever is added, changes, goes or comes back as another run, and in whatever order."""
    tree = Tree()
    for size in sizes:
        change_at_random(tree, rng, size)
        told = tree.review()
        assert tree.runs == naive(tree.runs.values())
        assert len({run.path for run in told}) == len(told)
    assert not tree.review()
    listed = with_pasts([run._replace(past=None) for run in tree.runs.values()])
    assert {run.path: run for run in listed} == tree.runs


def test_nothing_is_kept_of_runs_that_are_gone() -> None:
    """Neither they nor their names."""
    tree = Tree()
    for number in range(50):
        tree.set(make(f"r/test_runs/{number}", ENDS[number % 3], name=f"n{number % 7}"))
    tree.review()
    for path in list(tree.runs):
        tree.remove(path)
    assert not tree.review()
    assert not tree.pasts._tests  # noqa: SLF001 - what it keeps is what this is about


@pytest.mark.parametrize("tests", [40, slow(2000)])
def test_the_work_is_in_proportion_to_what_has_changed(
    tests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many tests there are, with 50 runs each: an end costs a few looks at its own."""
    tree = Tree()
    passed = make("r/test_runs/0", ENDS[0])
    count = 50 * tests
    for number in range(count):
        started = 1000.0 * number
        tree.set(
            passed._replace(
                path=f"r/test_runs/{number}",
                metadata=RunMetadata(f"test{number % tests}"),
                started=started,
            )
        )
    assert len(tree.review()) == tests * MAX_RESULTS
    looks = 0

    def chronological_counted(run: Run) -> tuple[float, str, str]:
        nonlocal looks
        looks += 1
        return chronological(run)

    monkeypatch.setattr(pasts_module, "chronological", chronological_counted)
    # The newest run of a test, the oldest of another, and one in the middle of a third.
    for number, start in ((count, 2e8), (count + 1, 0.5), (count + 2, 500.0 * count)):
        failed = make(f"r/test_runs/{number}", ENDS[1], name=f"test{number % tests}", start=start)
        tree.set(failed)
    tree.remove(f"r/test_runs/{count - 1}")
    told = tree.review()
    assert len(told) <= 4 * (MAX_RESULTS + 2)
    assert looks <= 4 * (MAX_RESULTS + 2 * 8)
    assert tree.runs[f"r/test_runs/{count}"].past is not None


def write_result(root: Path, number: int, status: str, night: float, name: str = "a") -> Path:
    """Write a run of a test that began in a night."""
    run = write_run(root / "test_runs" / str(number), "RUNNING x", start=START + DAY * night)
    (run / "attributes").write_text(json.dumps({"name": name, "sys_name": "big"}))
    if status:
        append(run, status, START + DAY * night + 60)
    return run


def told(watched: RunRecorder) -> dict[str, str]:
    """Name of each run directory -> the glyphs of its past, and what changed."""
    found = {}
    for path, run in watched.runs.copy().items():
        if run.past is not None:
            change = "" if run.past.change is None else f" {run.past.change.value}"
            glyphs = "".join(category.glyph for category in run.past.results)
            found[path.rpartition("/")[2]] = glyphs + change
    return found


def test_a_monitor_keeps_the_pasts_current(tmp_path: Path, watch: Watch) -> None:
    """Whether a run ends, ends late, goes, or another system has one of that name."""
    for night, status in enumerate((ENDS[0], ENDS[0], ENDS[1])):
        write_result(tmp_path, night + 1, status, night)
    late = write_result(tmp_path, 4, "", 0.5)
    other = write_result(tmp_path, 5, ENDS[0], 4)
    (other / "attributes").write_text('{"name": "a", "sys_name": "small"}')
    watched = watch(tmp_path)
    expected = {"1": "✓", "2": "✓✓", "3": "✓✓✗ broke", "4": "✓"}
    wait_until(lambda: told(watched) == expected, str(told(watched)))
    append(late, ENDS[2], START + DAY)
    expected = {"1": "✓", "2": "✓✗✓", "3": "✓✗✓✗ broke", "4": "✓✗"}
    wait_until(lambda: told(watched) == expected)
    write_result(tmp_path, 6, ENDS[1], 5)
    expected |= {"3": "✓✗✓✗", "6": "✓✗✓✗✗ still"}
    wait_until(lambda: told(watched) == expected)
    since = watched.runs[f"{tmp_path}/test_runs/6"].past
    assert since is not None
    assert since.since == Moment(f"{tmp_path}/test_runs/3", START + 2 * DAY + 60)
    shutil.rmtree(tmp_path / "test_runs" / "3")
    shutil.rmtree(late)
    wait_until(lambda: told(watched) == {"1": "✓", "2": "✓✓", "6": "✓✓✗ broke"})
    assert watched.runs.copy() == naive(watched.runs.values())


def test_a_run_whose_job_has_ended_is_a_result(tmp_path: Path, watch: Watch) -> None:
    """In the monitor and in a list; its own files say that it runs."""
    write_result(tmp_path, 1, ENDS[0], 0)
    dead = write_result(tmp_path, 2, "", 1)
    kill(write_job(tmp_path, dead), START + DAY + 60)
    watched = watch(tmp_path, settings=Settings(watch="poll", interval=0.1, job_grace=0.0))
    wait_until(lambda: told(watched) == {"1": "✓", "2": "✓✗ broke"}, str(told(watched)))
    [path] = [path for path in watched.runs if path.endswith("2")]
    listed = read_once([str(tmp_path)], START + 3 * DAY, ReadOptions(tells_pasts=True))
    assert watched.runs[path].past == next(run.past for run in listed.runs if run.path == path)
    append(dead, ENDS[0], START + 2 * DAY)
    wait_until(lambda: told(watched) == {"1": "✓", "2": "✓✓"})


def test_a_long_row_of_failures_is_not_looked_through_for_each_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Since when the test fails is known of the result before."""
    tree = Tree()
    for number in range(1000):
        tree.set(make(f"r/test_runs/{number}", ENDS[min(number, 1)], start=float(number)))
    tree.review()
    looks = 0

    def fail_alike_counted(one: Run, other: Run) -> bool:
        nonlocal looks
        looks += 1
        return fail_alike(one, other)

    monkeypatch.setattr(past_module, "fail_alike", fail_alike_counted)
    for number in range(1000, 1010):
        tree.set(make(f"r/test_runs/{number}", ENDS[1], start=float(number)))
        tree.review()
    assert looks == 10
    assert tree.runs == naive(tree.runs.values())


def test_pasts_are_told_only_to_those_who_ask(tmp_path: Path, watch: Watch) -> None:
    """`wait` and a count need none."""
    for night in range(3):
        write_result(tmp_path, night, ENDS[night], night)
    last = write_result(tmp_path, 3, "", 3)
    watched = watch(tmp_path, settings=Settings(watch="poll", interval=0.1, tells_pasts=False))
    wait_until(lambda: any(health.swept for health in watched.health.values()))
    # Pasts would come with the round that finds the first change, or before the next one.
    append(last, "RUN_USER on")
    wait_until(lambda: watched.states()["3"] == "RUN_USER")
    append(last, ENDS[1])
    wait_until(lambda: watched.states()["3"] == "RUN_FAILED")
    assert not told(watched)
    root = str(tmp_path)
    assert not any(run.past for run in read_once([root], 0.0).runs)
    picture = read_once([root], 0.0, ReadOptions(tells_pasts=True))
    assert {run.path: run for run in picture.runs} == naive(watched.runs.values())
