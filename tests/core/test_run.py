"""What a run's statuses add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.durations import may_stall
from statustui.core.job import Job, Verdict
from statustui.core.job_verdict import may_be_judged
from statustui.core.recent_results import Past
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_builder import make_run, make_unread_run
from statustui.core.states import KNOWN_STATES
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import split_statuses
from statustui.core.status_summary import StatusSummary

PLACE = RunDir("root", "root/test_runs/7", "7", "test")


def run_of(*statuses: str, torn: bytes = b"", result: str | None = None) -> Run:
    """A run with these statuses, each given as ``STATE note``, a second apart."""
    block = "".join(f"{1000 + n} {status}\n" for n, status in enumerate(statuses)).encode()
    return make_run(
        PLACE,
        RunMetadata("suite.test"),
        StatusSummary().add(block, len(block)),
        torn=torn,
        result=result,
    )


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
        (["ENV_FAILED", "RESULTS", "RESULTS_ERROR"], Category.FAILED, "ENV_FAILED"),
        (["RUN_TIMEOUT", "RESULTS_ERROR"], Category.FAILED, "RUN_TIMEOUT"),
        (["RESULTS_ERROR", "COMPLETE result: ERROR"], Category.ERROR, "RESULTS_ERROR"),
        (["SCHED_ERROR", "RUNNING", "RUN_TIMEOUT"], Category.FAILED, "RUN_TIMEOUT"),
        (["SCHED_ERROR", "RUNNING"], Category.RUNNING, None),
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
    assert (run.started, run.updated_at, run.status_count) == (1000, 1002, 3)
    assert run.hides_problem
    assert run.headline == "BUILD_FAILED: make: error 2"


def test_one_status_explains_a_run() -> None:
    """Category, note and problem are of the first failure, also where another one follows."""
    run = run_of("RUN_TIMEOUT slow", "RESULTS_ERROR nothing to read")
    assert run.hides_problem
    assert run.headline == "RUN_TIMEOUT: slow"
    assert summary(run) == (Category.FAILED, "RUN_TIMEOUT")
    assert not run_of("COMPLETE result: FAIL").hides_problem
    assert not run_of("RUNNING", "RUN_ERROR x").hides_problem


@pytest.mark.parametrize(
    ("statuses", "category", "problem", "recovered"),
    [
        (["SCHED_ERROR lost", "FINALIZED"], Category.WAITING, None, "SCHED_ERROR"),
        (["SCHED_ERROR lost", "RUNNING", "COMPLETE"], Category.PASSED, None, "SCHED_ERROR"),
        (["SCHED_ERROR", "RUNNING", "COMPLETE result: PASS"], Category.PASSED, None, "SCHED_ERROR"),
        (["SCHED_ERROR", "RUNNING", "CANCELLED"], Category.CANCELLED, None, "SCHED_ERROR"),
        (["SCHED_ERROR", "RUNNING", "RUN_ERROR"], Category.ERROR, "RUN_ERROR", "SCHED_ERROR"),
        (["SCHED_ERROR", "RUN", "BUILD_ERROR", "RUN"], Category.RUNNING, None, "BUILD_ERROR"),
        (["BUILD_FAILED", "BUILDING"], Category.BUILDING, None, "BUILD_FAILED"),
        (["BUILD_FAILED", "BUILD_CREATED"], Category.FAILED, "BUILD_FAILED", None),
        (["BUILD_FAILED", "INFO x", "RESULTS"], Category.FAILED, "BUILD_FAILED", None),
        (["COMPLETE result: FAIL", "RUNNING"], Category.RUNNING, None, "COMPLETE"),
        (["RUN_ERROR", "COMPLETE result: PASS"], Category.PASSED, None, None),
    ],
)
def test_an_error_is_recovered_from_once_the_run_is_back_at_work(
    statuses: Sequence[str], category: Category, problem: str | None, recovered: str | None
) -> None:
    """It is still one of the states that the run has been in."""
    run = run_of(*statuses)
    assert summary(run) == (category, problem)
    assert (run.recovered.state if run.recovered else None) == recovered
    assert statuses[0].split()[0] in run.seen


def test_a_failed_build_that_was_looked_at_is_over() -> None:
    """Only a build that goes on is under way."""
    assert run_of("BUILD_FAILED", "BUILD_CREATED").is_finished
    assert not run_of("BUILD_CREATED").is_finished
    assert not run_of("BUILD_FAILED", "BUILDING").is_finished
    assert not run_of("SCHED_ERROR", "RUNNING").is_finished


def test_the_last_of_several_results_counts() -> None:
    """As Pavilion ends a note."""
    run = run_of("COMPLETE earlier result: FAIL, after repeat result: PASS")
    assert (run.result, run.category, run.problem) == ("PASS", Category.PASSED, None)
    run = run_of("COMPLETE first result: PASS, then result: ERROR")
    assert (run.result, run.category) == ("ERROR", Category.ERROR)


@pytest.mark.parametrize(
    ("told", "filed", "category"),
    [("PASS", "FAIL", Category.FAILED), ("FAIL", "PASS", Category.PASSED)],
)
def test_a_newer_results_json_counts_and_is_told(told: str, filed: str, category: Category) -> None:
    """Beside what the status file says."""
    block = f"1 RUNNING\n2 COMPLETE result: {told}\n".encode()
    tally = StatusSummary().add(block, len(block))
    run = make_run(PLACE, RunMetadata("x"), tally, result=filed, overrides=True)
    assert (run.result, run.results_file, run.category) == (filed, filed, category)
    assert run.headline == f"{told}, results.json says {filed}"
    assert (run.problem is None) == (filed == "PASS")
    same = make_run(PLACE, RunMetadata("x"), tally, result=told, overrides=True)
    assert (same.result, same.results_file) == (told, None)


def test_what_is_kept_of_a_run_is_bounded_and_marked_where_it_was_cut() -> None:
    """Notes, names of states, and how many of them."""
    run = run_of("RUN_ERROR " + "x" * 50_000)
    assert run.problem is not None
    assert run.problem.note == "x" * 4096 + "…"
    assert run_of("S" * 50_000 + " x").current.state == "S" * 256 + "…"
    run = run_of(*[f"S{n} x" for n in range(1000)], "RUNNING")
    assert len(run.seen) == 65
    assert {"S0", "…", "RUNNING"} <= run.seen
    long = run_of("COMPLETE result: PASS " + "é" * 50_000 + " result: FAIL")
    assert (long.result, long.category) == ("FAIL", Category.FAILED)
    assert run_of("RUNNING " + "x" * 4000).current.note == "x" * 4000


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
    assert (run.current.state, run.category, run.status_count) == ("UNKNOWN", Category.UNKNOWN, 0)
    assert run.error is None
    assert run.is_missing


def test_a_run_that_cannot_be_read_is_an_error_unless_its_file_is_missing() -> None:
    """And says why."""
    unread = make_unread_run(PLACE, RunMetadata("x"), "no permission")
    assert (unread.category, unread.error) == (Category.ERROR, "no permission")
    assert unread.problem is unread.current
    missing = make_unread_run(PLACE, RunMetadata("x"), "no file", missing=True)
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
    by_pieces = StatusSummary().add(first, len(first)).add(second, end)
    assert by_pieces == StatusSummary().add(first + second, end)


def test_a_blank_last_line_hides_nothing() -> None:
    """The statuses before it count."""
    block = b"1 CREATED a\n2 ABORTED b\n \n"
    tally = StatusSummary().add(block, len(block))
    assert tally.status_count == 2
    assert tally.current is not None
    assert tally.current.state == "ABORTED"


@given(LINES)
def test_the_tally_agrees_with_the_history(lines: list[bytes]) -> None:
    """Reading cheaply finds as many statuses, and the same last one, as reading in full."""
    block = b"".join(line + b"\n" for line in lines)
    tally, history = StatusSummary().add(block, len(block)), split_statuses(block)
    assert tally.status_count == len(history)
    assert tally.current == (history[-1] if history else None)
    run = make_run(PLACE, RunMetadata(), tally)
    assert (run.problem is not None) == run.category.is_problem


def test_a_remark_does_not_bring_a_run_back_that_is_over() -> None:
    """It is as final as before, passed or failed."""
    for life in ("COMPLETE result: PASS", "RUN_TIMEOUT late", "CANCELLED by mia"):
        assert run_of(life, "INFO cleaned up").is_finished
    assert not run_of("RUNNING x", "WARNING hot").is_finished


def test_the_states_of_a_run_stay_bounded_however_many_come_later() -> None:
    """Those that are known are kept all the same."""
    tally = StatusSummary()
    for start in (0, 100, 200):
        lines = "".join(f"1000 ODD{number} x\n" for number in range(start, start + 100))
        tally = tally.add(f"{lines}1001 RUNNING x\n".encode(), 0)
    tally = tally.add(b"1002 COMPLETE x\n1002 ODD_ONE x\n", 0)
    assert len(tally.seen) == 66
    assert {b"RUNNING", b"COMPLETE"} <= tally.seen


@given(
    st.lists(st.sampled_from(sorted(KNOWN_STATES)), max_size=5),
    st.sampled_from(
        [
            {},
            *({"job": Job("7", "slurm", verdict=verdict)} for verdict in Verdict),
            {"results_file": "PASS"},
            {"has_run_complete": True},
            {"is_abandoned": True},
            {"recovered": StatusInfo.read("RUN_ERROR", "before", 1.0)},
            {"past": Past(())},
            {"error": "unreadable"},
            {"own_id": "s7"},
        ]
    ),
)
@example(["RUN_FAILED a", "COMPLETE b"], {})
@example(["COMPLETE"], {"job": Job("7", "slurm", verdict=Verdict.DOUBTFUL)})
def test_a_word_is_searched_for_in_what_is_shown_of_a_run(
    states: Sequence[str], others: dict[str, Any]
) -> None:
    """Whatever else is known of it, which does not change whether it has finished either."""
    run = run_of(*states)._replace(**others)
    assert run.words("|") == f"{run.id}|{run.name}|{run.current.state}|{run.headline}"
    assert run.is_finished == run._replace(own_id="another").is_finished


@given(
    st.lists(st.sampled_from([*KNOWN_STATES, "COMPLETE result: FAIL", "COMPLETE x"]), min_size=1)
)
@example(["BUILD_FAILED", "BUILD_CREATED"])
@example(["RUN_ERROR", "RUNNING"])
@example(["COMPLETE result: PASS", "SCHED_ERROR lost"])
def test_a_run_is_over_if_nothing_but_its_status_file_counts_any_more(statuses: list[str]) -> None:
    """It has finished, cannot stall, and its job cannot make anything of it; no series is."""
    run = run_of(*statuses)
    is_settled = not (may_stall(run) or may_be_judged(run))
    assert run.is_over == (run.is_finished and is_settled)
    assert not run._replace(kind="series").is_over
    assert not run._replace(error="cannot be read").is_over
    assert not run._replace(job=Job("1", "slurm")).is_over
