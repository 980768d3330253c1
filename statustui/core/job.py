"""The jobs of runs in a batch scheduler, and what is known of them, in the words of Slurm.

Other schedulers are translated to these words, so that a state or a reason means the same
everywhere.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Literal, NamedTuple

from statustui.core.categories import Category
from statustui.core.text import format_age

SchedulerName = Literal["slurm", "flux", "pbs", "raw"]
"""Who runs a job; ``raw`` is Pavilion's name for a process of its own on some host."""


class JobPhase(enum.Enum):
    """What the state of a job amounts to."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    UNKNOWN = "unknown"
    """A state of unknown meaning: nothing follows from it."""


GONE = "GONE"
"""State of a job that was a process of this host and no longer exists; the one word not Slurm's."""

ENDS = {
    "BOOT_FAIL": Category.ERROR,
    "CANCELLED": Category.CANCELLED,
    "COMPLETED": Category.ERROR,
    "DEADLINE": Category.FAILED,
    "FAILED": Category.FAILED,
    GONE: Category.ERROR,
    "LAUNCH_FAILED": Category.ERROR,
    "NODE_FAIL": Category.ERROR,
    "OUT_OF_MEMORY": Category.FAILED,
    "PREEMPTED": Category.CANCELLED,
    "TIMEOUT": Category.FAILED,
}
"""State of a job that has ended -> category of a run that had not ended by then.

A job that has completed without a final status of its run is an error of the system.
"""

_PHASES = {
    **dict.fromkeys(ENDS, JobPhase.ENDED),
    **dict.fromkeys(
        [
            "CONFIGURING",
            "PENDING",
            "REQUEUED",
            "REQUEUE_FED",
            "REQUEUE_HOLD",
            "RESV_DEL_HOLD",
            "SPECIAL_EXIT",
        ],
        JobPhase.WAITING,
    ),
    **dict.fromkeys(
        ["COMPLETING", "RESIZING", "RUNNING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"],
        JobPhase.RUNNING,
    ),
}


class Verdict(enum.Enum):
    """What the job of a run makes of the run."""

    NONE = ""
    """Nothing: both say the same, or too little is known."""
    DEAD = "dead"
    """The job has ended, and the run had not."""
    DOUBTFUL = "doubtful"
    """The run says that its job is lost, and the job waits or runs."""
    REQUEUED = "requeued"
    """The job waits again, and the run has been running."""


class JobStatus(NamedTuple):
    """What a scheduler, or a trace of its work, says of one job. Times: seconds since 1970."""

    state: str
    """The state in Slurm's words; others are kept as they are."""
    reason: str = ""
    """Why it waits; empty if unknown."""
    start_estimate: float | None = None
    """When it is expected to start, or has started."""
    end: float | None = None
    """When it ended, or will end at the latest."""
    nodes: str = ""
    """The nodes it runs on, in the notation of the scheduler."""
    user: str = ""
    """Whose job it is; empty if unknown."""

    @property
    def phase(self) -> JobPhase:
        """What the state amounts to."""
        return _PHASES.get(self.state, JobPhase.UNKNOWN)


class Job(NamedTuple):
    """The job of a run."""

    id: str
    """Its id in the scheduler; for a process the process id."""
    scheduler: SchedulerName
    status: JobStatus | None = None
    """What is known of it last; None if nothing is."""
    asked: float | None = None
    """When the scheduler said so, in seconds since 1970; None if it was not the scheduler."""
    verdict: Verdict = Verdict.NONE
    is_old: bool = False
    """Whether the scheduler should have been heard again since it said so."""

    @property
    def is_waiting(self) -> bool:
        """Whether it is known to wait."""
        return self.status is not None and self.status.phase is JobPhase.WAITING

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of its nodes."""
        return () if self.status is None else expand_nodes(self.status.nodes)


class Reason(NamedTuple):
    """Why a job waits."""

    sentence: str
    never_starts: bool = False
    """Whether it will not start unless somebody does something."""


REASONS = {
    "AssocGrpCpuLimit": Reason("the account uses all the CPUs that it may"),
    "AssocGrpNodeLimit": Reason("the account uses all the nodes that it may"),
    "AssocMaxJobsLimit": Reason("the account runs as many jobs as it may"),
    "BadConstraints": Reason("no node has what it asks for", never_starts=True),
    "BeginTime": Reason("its earliest start time has not come"),
    "Cleaning": Reason("what is left of its first run is being cleaned up"),
    "Dependency": Reason("another job has to end first"),
    "DependencyNeverSatisfied": Reason(
        "the job that it depends on has not ended as required", never_starts=True
    ),
    "InvalidAccount": Reason("its account is not valid", never_starts=True),
    "InvalidQOS": Reason("its quality of service is not valid", never_starts=True),
    "JobArrayTaskLimit": Reason("as many tasks of its array run as may"),
    "JobHeldAdmin": Reason("held by an administrator", never_starts=True),
    "JobHeldUser": Reason("held by its user", never_starts=True),
    "JobHoldMaxRequeue": Reason("held after too many attempts", never_starts=True),
    "Licenses": Reason("a licence is not free"),
    "NodeDown": Reason("a node that it needs is down"),
    "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions": (
        Reason("the nodes that it needs are down, drained or reserved")
    ),
    "PartitionConfig": Reason("the partition does not have what it asks for", never_starts=True),
    "PartitionDown": Reason("the partition is down"),
    "PartitionInactive": Reason("the partition is inactive"),
    "PartitionNodeLimit": Reason(
        "it asks for more nodes than the partition allows", never_starts=True
    ),
    "PartitionTimeLimit": Reason(
        "it asks for more time than the partition allows", never_starts=True
    ),
    "Priority": Reason("jobs of higher priority come first"),
    "Prolog": Reason("the nodes are being prepared"),
    "QOSGrpNodeLimit": Reason("the quality of service uses all the nodes that it may"),
    "QOSMaxCpuPerUserLimit": Reason(
        "its user uses all the CPUs that the quality of service allows"
    ),
    "QOSMaxJobsPerUserLimit": Reason("its user runs as many jobs as the quality of service allows"),
    "ReqNodeNotAvail": Reason("a node that it names is not available"),
    "Reservation": Reason("its reservation has not begun"),
    "Resources": Reason("the nodes that it needs are not free"),
    "job requeued in held state": Reason("requeued and held", never_starts=True),
    "launch failed requeued held": Reason("its start failed, and it is held", never_starts=True),
}
"""Slurm's word for why a job waits -> what it means."""


def explain(reason: str) -> Reason:
    """Return what a reason for waiting means; the sentence is empty for an unknown one.

    Slurm adds details to some reasons, as in ``ReqNodeNotAvail, UnavailableNodes:n1``, and has
    underlines in place of spaces in some answers.
    """
    known = REASONS.get(reason) or REASONS.get(reason.replace("_", " "))
    return known or REASONS.get(re.split(r"[^\w]", reason, maxsplit=1)[0], Reason(""))


def describe_wait(status: JobStatus, now: float, as_of: float | None = None) -> str:
    """Return in a phrase why a job waits, and about when it starts.

    Args:
        status: The status of a job that waits.
        now: The time in seconds since 1970; a start that is past is left out.
        as_of: When that was so, in seconds since 1970; None if it is so now.
    """
    meaning = explain(status.reason)
    phrase = "will not start" if meaning.never_starts else "waits"
    if status.reason:
        phrase += f": {status.reason}"
    if as_of is not None:
        # A time that stands still: an age would have each line redrawn all the time.
        phrase += f", as of {format_moment(as_of, now)}"
    start = status.start_estimate
    if start is not None and start > now and not meaning.never_starts:
        phrase += f", starts about {format_moment(start, now)}"
    return f"{phrase} ({meaning.sentence})" if meaning.sentence else phrase


def describe_end(job: Job, other: float | None) -> str:
    """Return in a phrase how a job ended.

    Args:
        job: A job that has ended.
        other: A time in seconds since 1970; the date is left out of an end on the same day.
    """
    status = job.status
    if status is None or status.state == GONE:
        return f"process {job.id} is gone"
    when = "" if status.end is None else f" {format_moment(status.end, other)}"
    return f"job {job.id} ended: {status.state}{when}"


def describe_job(job: Job, now: float) -> str:
    """Return in a line what is known of a job, and how old that is.

    Args:
        job: The job.
        now: The time in seconds since 1970.
    """
    status = job.status
    name = f"process {job.id}" if job.scheduler == "raw" else f"job {job.id}"
    if status is None:
        return name
    if status.phase is JobPhase.WAITING:
        said = f"{name} {describe_wait(status, now)}"
    elif status.phase is JobPhase.ENDED:
        said = describe_end(job, now)
    elif status.phase is JobPhase.RUNNING:
        said = f"{name} runs" if status.state == "RUNNING" else f"{name}: {status.state}"
        said += f" on {status.nodes}" if status.nodes else ""
        said += f", until {format_moment(status.end, now)}" if status.end is not None else ""
    else:
        said = f"{name}: {status.state}"
    if job.asked is None:
        return said
    # An age that ticks every second would have the screen redrawn as often.
    age = "<1m" if now - job.asked < _MINUTE else format_age(now - job.asked)
    return f"{said}; {job.scheduler} was asked {age} ago"


def format_moment(time: float, other: float | None) -> str:
    """Return a local time as ``13:28``; with its date if `other` is on another day."""
    try:
        when = datetime.fromtimestamp(time)  # noqa: DTZ006 - local time, as everywhere
        is_near = other is not None and datetime.fromtimestamp(other).date() == when.date()  # noqa: DTZ006 - as above
    except (OverflowError, OSError, ValueError):
        return f"{time:g}"
    return f"{when:%H:%M}" if is_near else f"{when:%Y-%m-%d %H:%M}"


_MINUTE = 60.0
_MAX_NODES = 1_000
"""Names of nodes of one job that are listed."""
_MAX_DIGITS = 9
_PART = re.compile(r"([^,\[\]]*)(?:\[([\d,-]*)\])?([^,\[\]]*)(?:,|$)")
"""One entry of a list of nodes: a prefix, an optional list of ranges, and a suffix."""


@lru_cache(maxsize=1024)
def expand_nodes(nodes: str) -> tuple[str, ...]:
    """Return the names in a list of nodes such as ``n[1-2,07],login``; at most `_MAX_NODES`."""
    # Flux names a node once for each of its ranks.
    return tuple(dict.fromkeys(islice(_expand(nodes), _MAX_NODES)))


def _expand(nodes: str) -> Iterator[str]:
    for prefix, ranges, suffix in _PART.findall(nodes):
        if not ranges:
            if prefix or suffix:
                yield prefix + suffix
            continue
        for part in ranges.split(","):
            first, _, last = part.partition("-")
            last = last or first
            if not first or len(last) > _MAX_DIGITS or len(first) > _MAX_DIGITS:
                continue
            for number in range(int(first), int(last) + 1):
                yield f"{prefix}{number:0{len(first)}}{suffix}"
