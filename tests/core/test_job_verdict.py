from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.categories import Category
from statustui.core.durations import goes_on
from statustui.core.job import ENDS, GONE, Job, JobStatus, Verdict
from statustui.core.job_verdict import (
    CLOCK_SKEW,
    Evidence,
    RunTimes,
    judge_by_job,
    may_be_judged,
)
from statustui.core.run import Run, Stall
from tests.runs import make

START = datetime(2026, 11, 25, 13, 0, tzinfo=timezone.utc).timestamp()
END = START + 1680
JOB = Job("22", "slurm")
LOST = "SCHED_ERROR Could not find job 22"


def running(*more: str) -> Run:
    """A run that runs by its file, with the signs of a stall."""
    return make("r/1", "SCHEDULED x", "RUNNING x", *more, start=START)._replace(
        stall=Stall(START, "long")
    )


def ended(
    state: str = "TIMEOUT",
    end: float | None = END,
    asked: float | None = None,
    seen: float | None = None,
) -> Evidence:
    """Evidence of an end."""
    return Evidence(JobStatus(state, end=end), asked, seen)


def judge(run: Run, evidence: Evidence | None, now: float, changed_at: float | None = None) -> Run:
    """The run with what its job makes of it, after a grace of a minute."""
    return judge_by_job(run, JOB, evidence, RunTimes(now, changed_at), 60)


@pytest.mark.parametrize("state", ENDS)
def test_a_run_whose_job_has_ended(state: str) -> None:
    """A run whose job has ended is a problem by its cause."""
    run = judge(running(), ended(state), END + 60)
    assert run.is_dead
    assert run.category is ENDS[state]
    assert run.stall is None


def test_a_dead_run_says_so() -> None:
    """A dead run says so and why."""
    run = judge(running(), ended(), END + 60)
    assert run.problem is not None
    assert (run.problem.state, run.problem.note) == ("RUNNING", "job 22 ended: TIMEOUT 13:28")
    assert run.problem.timestamp == END
    assert run.headline == "RUNNING, but job 22 ended: TIMEOUT 13:28"
    assert not run.hides_problem
    assert not run.is_finished


def test_a_run_that_had_not_begun() -> None:
    """A run that had not begun is dead too."""
    run = make("r/1", "SCHEDULED x", start=START)
    assert judge(run, ended("CANCELLED"), END + 60).category is Category.CANCELLED


def test_late_statuses_are_waited_for() -> None:
    """Late statuses are waited for."""
    run = judge(running(), ended(), END + 59)
    assert not run.is_dead
    assert run.category is Category.RUNNING
    assert run.job == JOB._replace(status=ended().status)
    assert not judge(running(), ended(seen=END + 30), END + 80).is_dead
    assert judge(running(), ended(seen=END + 30), END + 90).is_dead


def test_an_end_long_past_is_not_waited() -> None:
    """An end long past is not waited for."""
    now = END + 60 + CLOCK_SKEW
    assert judge(running(), ended(seen=now), now).is_dead


def test_an_end_without_a_time() -> None:
    """An end without a time counts from when it was seen."""
    process = ended(GONE, None, seen=END)
    assert not judge(running(), process, END + 59).is_dead
    run = judge(running(), process, END + 60)
    assert run.is_dead
    assert run.problem is not None
    assert run.problem.timestamp == END
    assert judge(running(), ended(GONE, None), END).is_dead


def test_the_run_is_no_longer() -> None:
    """The run is no longer dead once its file moves on."""
    now = END + 1000
    assert judge(running(), ended(seen=END), now, END + 60).is_dead
    assert not judge(running(), ended(seen=END), now, END + 61).is_dead
    later = make("r/1", "RUNNING x", start=END + 61)
    assert not judge(later, ended(), now).is_dead
    assert judge(make("r/1", "RUNNING x", start=END + 60), ended(), now).is_dead


def test_the_clock_of_the_scheduler() -> None:
    """The clock of the scheduler may differ by minutes."""
    late = make("r/1", "RUNNING x", start=END + 300)
    assert judge(late, ended(asked=END + 1000), END + 1000).is_dead
    later = make("r/1", "RUNNING x", start=END + 61 + CLOCK_SKEW)
    assert not judge(later, ended(asked=END + 2000), END + 2000).is_dead


def test_nothing_follows_without_evidence() -> None:
    """Nothing follows without evidence."""
    assert judge(running(), None, END) == running()._replace(job=JOB)
    run = judge(running(), Evidence(JobStatus("REVOKED"), END), END)
    assert run.category is Category.RUNNING
    assert run.stall is not None


def test_a_run_whose_job_waits() -> None:
    """A run whose job waits is not stalled."""
    run = make("r/1", "SCHEDULED x", start=START)._replace(stall=Stall(START, "long"))
    judged = judge(run, Evidence(JobStatus("PENDING", "Resources"), END), END)
    assert judged.stall is None
    assert judged.category is Category.WAITING
    assert judged.job is not None
    assert judged.job.verdict is Verdict.NONE
    assert judged.job_reason == "Resources"


def test_a_run_whose_job_was_requeued() -> None:
    """A run whose job was requeued waits again."""
    waiting = Evidence(JobStatus("PENDING", "BeginTime"), END)
    run = judge(running(), waiting, END, END - 1)
    assert run.category is Category.WAITING
    assert run.job is not None
    assert run.job.verdict is Verdict.REQUEUED
    assert not goes_on(run)
    assert goes_on(running())


def test_an_answer_from_before_the_last() -> None:
    """An answer from before the last change does not contradict it."""
    waiting = Evidence(JobStatus("PENDING", "Priority"), END)
    run = judge(running(), waiting, END + 10, END + 5)
    assert run.category is Category.RUNNING


def test_a_run_whose_job_runs() -> None:
    """A run whose job runs stays as it is."""
    run = judge(running(), Evidence(JobStatus("RUNNING"), END), END)
    assert run == running()._replace(job=run.job)


@pytest.mark.parametrize(
    ("state", "category"), [("PENDING", Category.WAITING), ("RUNNING", Category.RUNNING)]
)
def test_a_lost_job_that_is_there(state: str, category: Category) -> None:
    """A lost job that is there is doubtful."""
    run = running(LOST)._replace(has_run_complete=True)
    assert run.is_finished
    judged = judge(run, Evidence(JobStatus(state), END), END)
    assert judged.is_doubtful
    assert not judged.is_finished
    assert judged.headline == "SCHED_ERROR is doubtful: Could not find job 22"
    assert (judged.category, judged.problem) == (category, None)


def test_a_lost_job_counts_as() -> None:
    """A lost job counts as what its traces say."""
    run = judge(running(LOST), ended("TIMEOUT", START - 600), END)
    assert run.category is Category.FAILED
    assert run.headline == "SCHED_ERROR, but job 22 ended: TIMEOUT 12:50"
    assert run.is_finished


def test_which_runs_can_be_judged() -> None:
    """Which runs can be judged."""
    assert may_be_judged(running())
    assert may_be_judged(running(LOST))
    assert may_be_judged(make("r/1", "BUILDING x"))
    assert not may_be_judged(make("r/1", "COMPLETE result: PASS"))
    assert not may_be_judged(make("r/1", "RUN_TIMEOUT x"))
    assert not may_be_judged(make("r/1", "RUN x", kind="series"))


TIMES = st.none() | st.floats(START, END)


@given(
    evidence=st.builds(
        Evidence,
        st.builds(JobStatus, st.sampled_from([*ENDS, "PENDING", "RUNNING", "UNKNOWN"]), end=TIMES),
        TIMES,
        TIMES,
    ),
    changed_at=TIMES,
    now=st.floats(START, END + 3000),
)
def test_a_verdict_of_death_needs_an_end(
    evidence: Evidence, changed_at: float | None, now: float
) -> None:
    """Whatever the times are, and the statuses of the run stay as they are."""
    for run in (running(), running(LOST)):
        judged = judge(run, evidence, now, changed_at)
        assert not judged.is_dead or evidence.status.state in ENDS
        assert judged.current == run.current
        assert judged.job is not None


def test_a_job_that_began_before_its_run_was_made() -> None:
    """It is another job with the same id, and says nothing of the run."""
    run = running()
    for state in ("RUNNING", "COMPLETED"):
        status = JobStatus(state, start_estimate=START - 601, end=END)
        assert judge(run, Evidence(status, END + 900), END + 9000) == run._replace(job=JOB)
        later = Evidence(status._replace(start_estimate=START - 599), END + 900)
        assert judge(run, later, END + 9000).job != JOB
    waiting = JobStatus("PENDING", start_estimate=START - 9000)
    assert judge(run, Evidence(waiting, END), END).category is Category.WAITING
