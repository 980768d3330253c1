"""Series: what their own statuses and their runs add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.durations import StaleAfter
from statustui.core.run import Run, RunDir
from statustui.core.run_builder import make_unread_run
from statustui.core.series import SeriesFiles, is_member, judge
from tests.runs import make

PATIENCE = StaleAfter(100.0)
PASS, FAIL = "COMPLETE result: PASS", "COMPLETE result: FAIL"
ALL = SeriesFiles(has_all_started=True)


def a_series(*statuses: str) -> Run:
    """A series as its status file has it; without statuses there is no such file."""
    if statuses:
        return make("r/series/7", *statuses, kind="series", series="7")
    place = RunDir("r", "r/series/7", "s7", "series")
    return make_unread_run(place, make("r/series/7").metadata, "none", missing=True)


def judged(own: Run, *runs: Run | None, files: SeriesFiles = ALL, now: float = 1000.0) -> Run:
    """The series with these runs."""
    paths = tuple(f"r/test_runs/{number}" for number in range(len(runs)))
    return judge(own, files._replace(members=paths), runs, now=now, stale_after=PATIENCE).run


def verdict(run: Run) -> tuple[str, bool, str]:
    """Category, whether it has ended, and what it says."""
    return run.category.value, run.is_finished, run.headline


RUNS = [
    make("r/test_runs/1", status)
    for status in (PASS, FAIL, "RUN_ERROR x", "RUNNING x", "BUILDING x", "SCHEDULED x")
] + [make("r/test_runs/1", "CANCELLED x"), make("r/test_runs/1", "SKIPPED x")]
OWN = [
    ["ALL_STARTED x"],
    ["SET_MAKE x"],
    ["ALL_STARTED x", "COMPLETE y"],
    ["ALL_STARTED x", "CANCELED y"],
    ["SET_MAKE x", "ERROR y"],
    [],
]


@given(
    st.sampled_from(OWN),
    st.lists(st.none() | st.sampled_from(RUNS), max_size=12),
    st.builds(SeriesFiles, st.just(()), st.booleans(), st.booleans(), st.booleans()),
    st.sampled_from([1001.0, 5000.0]),
)
def test_a_series_is_what_looking_at_everything_says(
    statuses: list[str], runs: Sequence[Run | None], files: SeriesFiles, now: float
) -> None:
    """Against the rules, spelled out one after the other."""
    run = judged(a_series(*statuses), *runs, files=files, now=now)
    members = run.members
    assert members is not None
    there = [one for one in runs if one is not None]
    assert members.total == len(runs)
    assert members.gone == runs.count(None)
    assert Counter(dict(members.counts)) == Counter(one.category for one in there)
    last = statuses[-1].split()[0] if statuses else ""
    going_on = {Category.RUNNING, Category.BUILDING, Category.WAITING}
    under_way = [one.category for one in there if one.category in going_on]
    is_final = last in {"COMPLETE", "CANCELED", "ERROR"}
    is_done = is_final or files.has_completed
    more = not (is_done or files.has_all_started or last == "ALL_STARTED")
    if not statuses and (files.is_flat or not runs):
        more = False
    signs = [one.updated_at for one in there] + ([1000.0 + len(statuses) - 1] if statuses else [])
    is_dead = more and not under_way and bool(signs) and now > 4000
    assert run.is_finished is (is_done or is_dead or not (more or under_way))
    ranks = [category for category in Category if category in {one.category for one in there}]
    if last == "ERROR" or is_dead:
        expected = Category.ERROR
    elif under_way:
        expected = next(category for category in Category if category in under_way)
    elif more:
        expected = Category.WAITING if statuses else Category.UNKNOWN
    elif last == "CANCELED" and (not ranks or ranks[0] in {Category.SKIPPED, Category.PASSED}):
        expected = Category.CANCELLED
    else:
        expected = ranks[0] if ranks else Category.PASSED
    assert run.category is expected
    assert (run.problem is not None) is (last == "ERROR" or is_dead)


@pytest.mark.parametrize(
    ("statuses", "runs", "expected"),
    [
        (["ALL_STARTED x"], [0, 0, 1], ("failed", True, "2/3 passed, 1 failed")),
        (["COMPLETE x"], [1, 1], ("failed", True, "0/2 passed, 2 failed")),
        (["ALL_STARTED x"], [0, 1, 3, 5], ("running", False, "1/4 passed, 1 failed, 1 running, ")),
        (["ALL_STARTED x"], [0, None], ("passed", True, "1/2 passed, 1 gone")),
        (["ALL_STARTED x"], [None], ("passed", True, "0/1 passed, 1 gone")),
        (["ALL_STARTED All 0 tests"], [], ("passed", True, "All 0 tests")),
        (["ERROR no nodes"], [], ("error", True, "no nodes")),
        (["ERROR no nodes"], [0, 3], ("error", True, "1/2 passed, 1 running; no nodes")),
        (["KICKOFF_ERROR sbatch"], [5], ("error", True, "0/1 passed, 1 waiting; sbatch")),
        (["ERROR y", "COMPLETE z"], [0], ("error", True, "1/1 passed; ERROR: y")),
        (["CANCELED by mia"], [0, 6], ("cancelled", True, "1/2 passed, 1 cancelled")),
        ([], [0, 0], ("passed", True, "2/2 passed")),
        ([], [], ("passed", True, "no runs")),
    ],
)
def test_its_note_says_how_its_runs_are(
    statuses: list[str], runs: list[int | None], expected: tuple[str, bool, str]
) -> None:
    """And what is wrong with itself."""
    files = ALL if statuses else SeriesFiles(is_flat=bool(runs))
    run = judged(a_series(*statuses), *(None if n is None else RUNS[n] for n in runs), files=files)
    category, is_over, note = expected
    assert verdict(run)[:2] == (category, is_over)
    assert run.headline.startswith(note)


def test_a_series_whose_process_has_died_has_a_problem() -> None:
    """When nothing has happened for too long although more was to come; not while a run goes on."""
    own, links = a_series("SET_MAKE made 1"), SeriesFiles(members=("r/test_runs/1",))
    done = make("r/test_runs/1", PASS, start=1050.0)
    alive, dies_at = judge(own, links, [done], now=1149.0, stale_after=PATIENCE)
    assert verdict(alive) == ("waiting", False, "1/1 passed")
    assert dies_at == 1150.0
    dead, dies_at = judge(own, links, [done], now=1150.0, stale_after=PATIENCE)
    assert verdict(dead) == ("error", True, "1/1 passed; its process seems to have died")
    assert dead.problem is not None
    assert (dead.problem.state, dead.hides_problem, dies_at) == ("SET_MAKE", False, None)
    going_on = make("r/test_runs/1", "RUNNING x")
    assert judge(own, links, [going_on], now=9999.0, stale_after=PATIENCE).dies_at is None
    patient = StaleAfter(100.0, {"SET_MAKE": 5000.0})
    assert not judge(own, links, [done], now=2000.0, stale_after=patient).run.is_finished


def test_a_file_of_pavilion_ends_it_whatever_its_state() -> None:
    """`SERIES_COMPLETE`; it counts as little as the state of how the runs went."""
    files = SeriesFiles(has_completed=True)
    assert verdict(judged(a_series("SET_BUILD x"), RUNS[1], files=files))[:2] == ("failed", True)


def test_a_run_that_has_taken_over_an_id_belongs_to_another_series() -> None:
    """Pavilion uses ids again; in 2.1.1 runs do not say which series they belong to."""
    own = a_series("ALL_STARTED x")
    assert is_member(make("r/test_runs/1", series="7"), own)
    assert is_member(make("r/test_runs/1", series="0000007"), own)
    assert is_member(make("r/test_runs/1"), own)
    assert not is_member(make("r/test_runs/1", series="8"), own)


def test_a_run_without_a_status_does_not_keep_a_series_from_ending() -> None:
    """A start that has failed leaves an empty directory."""
    empty = make_unread_run(
        RunDir("r", "r/test_runs/1", "1", "test"), RUNS[0].metadata, "", missing=True
    )
    run = judged(a_series("ALL_STARTED x"), RUNS[0], empty)
    assert verdict(run) == ("unknown", True, "1/2 passed, 1 unknown")


def test_a_series_that_cannot_be_read_says_so() -> None:
    """Its runs are counted all the same."""
    own = make_unread_run(
        RunDir("r", "r/series/7", "s7", "series"), RUNS[0].metadata, "no permission"
    )
    run = judged(own, RUNS[0])
    assert (run.category, run.error) == (Category.ERROR, "no permission")
    assert "1/1 passed" in run.headline
