"""Which runs are results, of what, in which order, and what the last ones say."""

from __future__ import annotations

import pytest

from statustui.core.categories import Category
from statustui.core.past import (
    Name,
    chronological,
    fail_alike,
    name_of,
    outcome,
    past_at,
    past_before,
)
from statustui.core.recent_results import Change
from statustui.core.run import Run
from statustui.core.run_builder import make_unread_run
from tests.runs import make


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["COMPLETE The test completed with result: PASS"], Category.PASSED),
        (["COMPLETE The test completed with result: FAIL"], Category.FAILED),
        (["COMPLETE The test completed with result: ERROR"], Category.ERROR),
        (["BUILD_FAILED make: error 2", "BUILD_CREATED Builder created."], Category.FAILED),
        (["RUN_TIMEOUT too long", "RESULTS_ERROR none"], Category.FAILED),
        (["ENV_FAILED no module", "RESULTS parsing"], None),
        (["RUNNING"], None),
        (["SCHEDULED"], None),
        (["ABORTED by mia"], None),
        (["SKIPPED not here"], None),
        ([], None),
    ],
)
def test_a_result_is_a_run_that_has_ended_and_passed_or_failed(
    statuses: list[str], expected: Category | None
) -> None:
    """Runs that are under way, cancelled or skipped say nothing about their test."""
    assert outcome(make("r/test_runs/1", *statuses)) is expected


def test_a_run_that_cannot_be_read_is_no_result() -> None:
    """It counts as an error elsewhere."""
    run = make("r/test_runs/1", "RUNNING")
    unread = make_unread_run(run.place, run.metadata, "Permission denied")
    assert unread.category is Category.ERROR
    assert outcome(unread) is None


def test_runs_of_a_test_share_root_and_name() -> None:
    """Series are of no test, nor are runs whose name is not known yet."""
    run = make("r/test_runs/1", "RUNNING", name="suite.a")
    assert name_of(run) == name_of(make("r/test_runs/2", "CREATED", name="suite.a"))
    assert name_of(run) == Name(run.root, "suite.a")
    elsewhere = run._replace(metadata=run.metadata._replace(system="big"))
    assert name_of(elsewhere) == Name(run.root, "suite.a", "big")
    assert name_of(make("r/test_runs/3", "RUNNING", name="")) is None
    assert name_of(run._replace(kind="series")) is None


def test_runs_are_ordered_by_start_then_by_id() -> None:
    """An id may have been used before; a run without any time is taken for the oldest."""
    times = {"2": 50.0, "9": 100.0, "10": 100.0, "7": 200.0, "8": None}
    runs = [make(f"r/test_runs/{id_}")._replace(started=start) for id_, start in times.items()]
    assert [run.id for run in sorted(runs, key=chronological)] == ["8", "2", "9", "10", "7"]
    late = runs[-1]._replace(updated_at=150.0)
    assert [run.id for run in sorted([*runs[:4], late], key=chronological)][-2:] == ["8", "7"]


def test_failures_are_alike_by_state_and_normalised_note() -> None:
    """A run that has passed is like no other."""
    one = make("r/test_runs/1", "RUN_FAILED exit 2 on cn017")
    assert fail_alike(one, make("r/test_runs/2", "RUN_FAILED exit 3 on cn112"))
    assert not fail_alike(one, make("r/test_runs/3", "RUN_FAILED no licence"))
    assert not fail_alike(one, make("r/test_runs/4", "BUILD_FAILED exit 2 on cn017"))
    passed = make("r/test_runs/5", "COMPLETE The test completed with result: PASS")
    assert not fail_alike(passed, passed)


def results(sequence: str) -> list[Run]:
    """Results of a test, a day apart: ``P`` passed, any other letter failed in its own way."""
    return [
        make(
            f"r/test_runs/{number}",
            "COMPLETE result: PASS" if letter == "P" else f"RUN_FAILED {letter} exit {number}",
            start=number * 86_400.0,
        )
        for number, letter in enumerate(sequence)
    ]


def told(sequence: str) -> tuple[str, Change | None, str, str]:
    """What the last result of a test says: cells, change, and where it began and last passed."""
    past = past_at(results(sequence), len(sequence) - 1)
    if past is None:
        return "", None, "", ""
    cells = "".join(one.glyph for one in past.results)
    since, passed = (
        "" if one is None else one.path.rpartition("/")[2] for one in (past.since, past.passed)
    )
    return cells, past.change, since, passed


@pytest.mark.parametrize(
    ("sequence", "cells", "change", "since", "passed"),
    [
        ("PPA", "✓✓✗", Change.BROKE, "2", "1"),
        ("PAA", "✓✗✗", Change.STILL, "1", "0"),
        ("PAB", "✓✗✗", Change.BROKE, "2", "0"),
        ("PABB", "✓✗✗✗", Change.STILL, "2", "0"),
        ("PBABB", "✓✗✗✗✗", Change.STILL, "3", "0"),
        ("AAP", "✗✗✓", Change.FIXED, "", ""),
        ("APP", "✗✓✓", None, "", ""),
        ("AA", "✗✗", Change.STILL, "0", ""),
        ("A", "✗", None, "0", ""),
        ("P", "", None, "", ""),
        ("P" + "A" * 12, "✗" * 10, Change.STILL, "1", "0"),
    ],
)
def test_the_last_result_tells_what_has_changed(
    sequence: str, cells: str, change: Change | None, since: str, passed: str
) -> None:
    """Another failure of the same test is a new one."""
    assert told(sequence) == (cells, change, since, passed)


def test_an_earlier_result_has_the_results_up_to_it_and_no_more() -> None:
    """What broke then is not what is broken now."""
    assert past_at(results("PPAP"), 2) == past_before(results("PPAP"), 3)
    assert past_at(results("PPAP"), 0) == past_before(results("PPAP"), 1)
    assert past_before(results("PPAP"), 0) is None


@pytest.mark.parametrize(
    ("sequence", "is_flaky"),
    [
        ("PAP", True),
        ("APA", True),
        ("PPAPPPP", True),
        ("PAAPPA", True),
        ("PPAAAPP", False),
        ("PPAA", False),
        ("AAPP", False),
        ("PPPP", False),
        ("ABAB", False),
        ("PAP" + "P" * 9, False),
    ],
)
def test_a_test_that_goes_to_and_fro_is_flaky(sequence: str, is_flaky: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """One that broke for a while and was fixed is not, and what is long ago does not count."""
    past = past_at(results(sequence), len(sequence) - 1)
    assert (past is not None and past.is_flaky) is is_flaky
