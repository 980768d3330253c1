"""Which runs are results, of what, and in which order."""

from __future__ import annotations

import pytest

from statustui.core.categories import Category
from statustui.core.past import Name, chronological, fail_alike, name_of, outcome
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
