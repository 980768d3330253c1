"""Known failures that are put aside."""

from __future__ import annotations

import pytest

from statustui.core.mutes import MAX_MUTES, Mute, Mutes, Scope, mute_of
from statustui.core.order import in_order
from statustui.core.run import Run, Stall
from tests.runs import make

FULL = make("r/1", "RUN_ERROR no space on node 17", name="hpcg")
ALIKE = make("r/2", "RUN_ERROR no space on node 3", name="hpcg")
ELSEWHERE = make("r/3", "RUN_ERROR no space on node 3", name="osu")
OTHER = make("r/1", "RUN_ERROR lost", name="hpcg")


def muted(mutes: Mutes, *runs: Run) -> list[bool]:
    """Which of these runs are muted."""
    return [mutes.mark(run).is_muted for run in runs]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("run", [True, False, False, False]),
        ("name", [True, True, False, False]),
        ("failure", [True, True, True, False]),
    ],
)
def test_a_mute_holds_for_one_run_or_its_name_or_all_that_fail_alike(
    scope: Scope, expected: list[bool]
) -> None:
    """And no longer for a run that has failed in another way."""
    mutes = Mutes([mute_of(FULL, scope)])
    assert muted(mutes, FULL, ALIKE, ELSEWHERE, OTHER) == expected
    assert mutes.of(FULL) == list(mutes)
    mutes.remove([*mutes, mute_of(OTHER, "run")])
    assert muted(mutes, FULL, ALIKE, ELSEWHERE, OTHER) == [False] * 4
    assert len(mutes) == 0


def test_a_mute_holds_below_its_root_and_not_for_series_or_runs_without_a_problem() -> None:
    """The runs of a series have the problems."""
    mutes = Mutes([mute_of(FULL, "failure")])
    assert muted(mutes, FULL._replace(root="q"), FULL._replace(kind="series")) == [False, False]
    assert muted(mutes, make("r/1", "RUNNING x")) == [False]


def test_a_run_that_is_marked_as_it_is_stays_the_same_object() -> None:
    """So that nothing is drawn or sorted again; a mark is removed when nothing mutes the run."""
    mutes = Mutes([mute_of(FULL, "run")])
    marked = mutes.mark(FULL)
    assert mutes.mark(marked) is marked
    assert Mutes().mark(FULL) is FULL
    assert Mutes().mark(marked) == FULL


def test_muted_runs_come_after_the_other_problems() -> None:
    """Also after runs that have stalled, which ask for something to be done."""
    muted_run = make("r/0", "RUN_ERROR lost")._replace(is_muted=True)
    stalled = make("r/2", "RUNNING x")._replace(stall=Stall(0.0, ""))
    runs = [make("r/1", "RUNNING x"), muted_run, stalled, make("r/3", "RUN_FAILED lost")]
    assert [run.id for run in in_order(runs, "category")] == ["3", "2", "0", "1"]


def test_the_oldest_mutes_of_a_root_go_first() -> None:
    """Those of other roots stay."""
    other = Mute("q", "RUN_ERROR", "failure")
    mutes = Mutes([other])
    mutes.add(Mute("r", f"RUN_ERROR: {number}", "failure") for number in range(MAX_MUTES + 2))
    assert list(mutes)[:2] == [other, Mute("r", "RUN_ERROR: 2", "failure")]
    assert len(mutes) == MAX_MUTES + 1
