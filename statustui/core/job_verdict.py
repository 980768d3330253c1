"""What the job of a run makes of the run: dead, doubtful, or waiting again."""

from __future__ import annotations

from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.job import ENDS, Job, JobPhase, JobStatus, Verdict, describe_end
from statustui.core.run import Run
from statustui.core.states import STATES
from statustui.core.status_info import StatusInfo

CLOCK_SKEW = 600.0
"""Seconds by which the clocks of a compute node, a file server and this host may differ."""
DEFAULT_GRACE = 60.0
"""Seconds after the end of its job in which a status may still be written."""


class Evidence(NamedTuple):
    """What is known of a job, and since when. Times: seconds since 1970, by this host's clock."""

    status: JobStatus
    asked: float | None = None
    """When the scheduler said so last; None if a trace says so."""
    seen: float | None = None
    """When that became known; None if nothing has been watched, as in a single look."""
    is_old: bool = False
    """Whether the scheduler should have been heard again since."""


class RunTimes(NamedTuple):
    """When something about a run was seen, in seconds since 1970, by this host's clock."""

    now: float
    changed_at: float | None = None
    """When its status file was seen to change last; None if it was not."""


def is_open(category: Category, stage: str) -> bool:
    """Return whether a status file leaves it to a job what becomes of its run.

    The run is under way, or the scheduler is said to have lost its job.

    Args:
        category: The category by the file.
        stage: The last state in it that is not a remark.
    """
    return category.is_under_way or stage == STATES.SCHED_ERROR


def may_be_judged(run: Run) -> bool:
    """Return whether the job of a run can make anything of it."""
    return run.kind != "series" and is_open(run.category, run.stage) and not run.is_missing


def judge_by_job(
    run: Run, job: Job, evidence: Evidence | None, times: RunTimes, grace: float = DEFAULT_GRACE
) -> Run:
    """Return the run with its job, and with what that makes of it.

    Only what is known counts: without evidence, or with a state of unknown meaning, the run stays
    as its files have it. Wherever it can, this compares times of one clock: the order in which this
    host saw things, or the differences between times that one compute node wrote.

    Args:
        run: The run as its files have it; `may_be_judged` holds.
        job: Its job, without a status.
        evidence: What is known of the job.
        times: What was seen when of the run.
        grace: Seconds after the end of its job in which a status may still be written.
    """
    if evidence is None or _is_older(evidence.status, run):
        return run._replace(job=job)
    job = job._replace(status=evidence.status, asked=evidence.asked, is_old=evidence.is_old)
    phase = evidence.status.phase
    if phase is JobPhase.ENDED:
        if _has_moved_on(run, evidence, times, grace) or not _is_over(evidence, times.now, grace):
            return run._replace(job=job)
        return _dead(run, job._replace(verdict=Verdict.DEAD), evidence)
    is_fresh = times.changed_at is None or (evidence.asked or 0.0) >= times.changed_at
    if phase is JobPhase.UNKNOWN or not is_fresh:
        return run._replace(job=job)
    return _alive(run, job, is_waiting=phase is JobPhase.WAITING)


def _is_older(status: JobStatus, run: Run) -> bool:
    """Return whether a job began before its run was made: then it is another one with its id.

    Ids are used again, and other clusters have the same. Pavilion makes a run before its job.
    """
    has_begun = status.phase in {JobPhase.RUNNING, JobPhase.ENDED}
    begun, made = status.start_estimate, run.started
    if run.kind != "test" or not has_begun or begun is None or made is None:
        return False
    return begun < made - CLOCK_SKEW


def _is_over(evidence: Evidence, now: float, grace: float) -> bool:
    """Return whether no late status is to be expected any more."""
    end = evidence.status.end
    if evidence.seen is None:
        return end is None or now - end >= grace
    # An end that is far in the past has not to be waited for, however the clocks differ.
    return now - evidence.seen >= grace or (end is not None and now - end >= grace + CLOCK_SKEW)


def _has_moved_on(run: Run, evidence: Evidence, times: RunTimes, grace: float) -> bool:
    """Return whether the run itself has written a status long after the end of the job.

    The report that the scheduler lost a job is written by whoever asks Pavilion.
    """
    if run.stage == STATES.SCHED_ERROR:
        return False
    changed_at, seen = times.changed_at, evidence.seen
    if changed_at is not None and seen is not None and changed_at > seen + grace:
        return True
    end = evidence.status.end
    if end is None or run.updated_at is None:
        return False
    # A trace has its time from the compute node, as a status has.
    skew = 0.0 if evidence.asked is None else CLOCK_SKEW
    return run.updated_at > end + grace + skew


def _dead(run: Run, job: Job, evidence: Evidence) -> Run:
    end = evidence.status.end
    when = evidence.seen if end is None else end
    note = describe_end(job, run.updated_at)
    return run._replace(
        job=job,
        category=ENDS[evidence.status.state],
        problem=StatusInfo.read(run.current.state, note, when),
        stall=None,
    )


def _alive(run: Run, job: Job, *, is_waiting: bool) -> Run:
    """Return a run whose job waits or runs."""
    if run.stage == STATES.SCHED_ERROR:
        job = job._replace(verdict=Verdict.DOUBTFUL)
        category = Category.WAITING if is_waiting else Category.RUNNING
        return run._replace(job=job, category=category, problem=None, stall=None)
    if not is_waiting:
        return run._replace(job=job)
    if run.category is not Category.RUNNING:
        return run._replace(job=job, stall=None)
    job = job._replace(verdict=Verdict.REQUEUED)
    return run._replace(job=job, category=Category.WAITING, stall=None)
