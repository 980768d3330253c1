"""What a run's statuses add up to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.run import Label, Run, RunDir, Tally, make_run, make_unread_run
from statustui.core.states import KNOWN_STATES, Category
from statustui.core.status_file import split_statuses

PLACE = RunDir("root", "root/test_runs/7", "7", "test")


def run_of(*statuses: str, torn: bytes = b"", result: str | None = None) -> Run:
    """A run with these statuses, each given as ``STATE note``, a second apart."""
    block = "".join(f"{1000 + n} {status}\n" for n, status in enumerate(statuses)).encode()
    return make_run(PLACE, Label("suite.test"), Tally().add(block, len(block)), torn, result)


def summary(run: Run) -> tuple[Category, str | None]:
    """Category and the state that explains it."""
    return run.category, None if run.problem is None else run.problem.state


@pytest.mark.parametrize(
    ("statuses", "category", "problem"),
    [
        (["RUNNING"], Category.RUNNING, None),
        (["RUNNING", "RUN_ERROR no disk"], Category.ERROR, "RUN_ERROR"),
        (["RUNNING", "COMPLETE with result: PASS"], Category.PASSED, None),
        (["RUNNING", "COMPLETE"], Category.PASSED, None),
        (["RUNNING", "COMPLETE with result: FAIL"], Category.FAILED, "COMPLETE"),
        (["BUILD_FAILED", "BUILD_CREATED"], Category.FAILED, "BUILD_FAILED"),
        (["BUILD_TIMEOUT", "ABORTED", "BUILD_CREATED"], Category.FAILED, "BUILD_TIMEOUT"),
        (["ENV_FAILED", "RESULTS", "COMPLETE result: FAIL"], Category.FAILED, "ENV_FAILED"),
        (["ENV_FAILED", "RESULTS", "RESULTS_ERROR"], Category.ERROR, "ENV_FAILED"),
        (["RUN_TIMEOUT", "RESULTS_ERROR"], Category.ERROR, "RUN_TIMEOUT"),
        (["RESULTS_ERROR", "COMPLETE result: ERROR"], Category.ERROR, "RESULTS_ERROR"),
        (["SCHED_ERROR", "RUNNING", "RUN_TIMEOUT"], Category.FAILED, "RUN_TIMEOUT"),
        (["SCHED_ERROR", "RUNNING"], Category.ERROR, "SCHED_ERROR"),
        (["SCHED_ERROR", "RUNNING", "COMPLETE result: PASS"], Category.PASSED, None),
        (["SCHED_ERROR", "COMPLETE result: PASS", "INFO x"], Category.PASSED, None),
        (["INVALID (X) y", "RUNNING"], Category.RUNNING, None),
        (["RUNNING", "INVALID (X) y"], Category.ERROR, "INVALID"),
        (["RUNNING", "INFO halfway", "WARNING hot"], Category.RUNNING, None),
        (["INFO first"], Category.UNKNOWN, None),
        (["RUN_FAILED", "CANCELLED"], Category.FAILED, "RUN_FAILED"),
        (["CANCELLED"], Category.CANCELLED, None),
        (["MELTDOWN_FAILED x", "COOLING"], Category.FAILED, "MELTDOWN_FAILED"),
        (["COMPLETE result: FAIL", "BUILD_CREATED"], Category.FAILED, "COMPLETE"),
        (["BUILD_FAILED", "COMPLETE done"], Category.FAILED, "BUILD_FAILED"),
    ],
)
def test_a_run_is_what_its_history_says(
    statuses: Sequence[str], category: Category, problem: str | None
) -> None:
    """A verdict counts, then the current state, then a failure that it hides."""
    assert summary(run_of(*statuses)) == (category, problem)


def test_the_current_status_is_the_last_line_whatever_it_says() -> None:
    """Also when it is a remark or hides a failure."""
    run = run_of("BUILD_FAILED make: error 2", "BUILD_CREATED Builder created.", "INFO looked at")
    assert run.current.state == "INFO"
    assert (run.started, run.updated, run.updates) == (1000, 1002, 3)
    assert run.hides_problem
    assert run.headline == "BUILD_FAILED: make: error 2"


def test_a_current_problem_is_not_hidden() -> None:
    """Its own note is what there is to say."""
    run = run_of("RUN_TIMEOUT slow", "RESULTS_ERROR nothing to read")
    assert not run.hides_problem
    assert run.headline == "nothing to read"
    assert not run_of("COMPLETE result: FAIL").hides_problem


def test_results_json_counts_where_the_status_file_says_nothing() -> None:
    """The final note comes first, and before the end there is no result."""
    assert summary(run_of("COMPLETE", result="FAIL")) == (Category.FAILED, "COMPLETE")
    assert run_of("COMPLETE result: PASS", result="FAIL").result == "PASS"
    assert run_of("RUNNING", result="FAIL").result is None


def test_an_unfinished_line_counts_when_its_state_is_whole() -> None:
    """It is not taken in for good."""
    assert run_of("RUNNING a", torn=b"1005 COMPLETE done with resu").category is Category.PASSED
    assert run_of("RUNNING a", torn=b"1005 COMPLET").current.state == "RUNNING"


def test_a_run_without_statuses_is_unknown() -> None:
    """An empty file is the beginning of a run, not an error."""
    run = run_of()
    assert (run.current.state, run.category, run.updates) == ("UNKNOWN", Category.UNKNOWN, 0)
    assert run.error is None
    assert run.is_missing


def test_a_run_that_cannot_be_read_is_an_error_unless_its_file_is_missing() -> None:
    """And says why."""
    unread = make_unread_run(PLACE, Label("x"), "no permission")
    assert (unread.category, unread.error) == (Category.ERROR, "no permission")
    assert unread.problem is unread.current
    missing = make_unread_run(PLACE, Label("x"), "no file", missing=True)
    assert (missing.category, missing.problem) == (Category.UNKNOWN, None)
    assert [run.is_missing for run in (missing, unread, run_of("RUNNING"))] == [True, False, False]


LINES = st.lists(
    st.builds(
        "{} {} {}".format,
        st.integers(0, 2_000_000_000),
        st.sampled_from(sorted(KNOWN_STATES)),
        st.sampled_from(["", "note", "with result: PASS", "with result: FAIL"]),
    ).map(str.encode)
    | st.binary(max_size=30).map(lambda line: line.replace(b"\n", b""))
)


@given(LINES, st.data())
def test_taking_lines_in_by_pieces_gives_what_taking_them_in_at_once_does(
    lines: list[bytes], data: st.DataObject
) -> None:
    """However a writer's appends and the reader's looks are interleaved."""
    cut = data.draw(st.integers(0, len(lines)))
    first = b"".join(line + b"\n" for line in lines[:cut])
    second = b"".join(line + b"\n" for line in lines[cut:])
    end = len(first) + len(second)
    by_pieces = Tally().add(first, len(first)).add(second, end)
    assert by_pieces == Tally().add(first + second, end)


def test_a_blank_last_line_hides_nothing() -> None:
    """The statuses before it count."""
    block = b"1 CREATED a\n2 ABORTED b\n \n"
    tally = Tally().add(block, len(block))
    assert tally.updates == 2
    assert tally.current is not None
    assert tally.current.state == "ABORTED"


@given(LINES)
def test_the_tally_agrees_with_the_history(lines: list[bytes]) -> None:
    """Reading cheaply finds as many statuses, and the same last one, as reading in full."""
    block = b"".join(line + b"\n" for line in lines)
    tally, history = Tally().add(block, len(block)), split_statuses(block)
    assert tally.updates == len(history)
    assert tally.current == (history[-1] if history else None)
    run = make_run(PLACE, Label(), tally)
    assert (run.problem is not None) == run.category.is_problem


def test_a_remark_does_not_bring_a_run_back_that_is_over() -> None:
    """It is as final as before, passed or failed."""
    for life in ("COMPLETE result: PASS", "RUN_TIMEOUT late", "CANCELLED by mia"):
        assert run_of(life, "INFO cleaned up").is_over
    assert not run_of("RUNNING x", "WARNING hot").is_over
