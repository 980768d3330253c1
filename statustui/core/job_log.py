"""What the log of a job tells of its end: the last words of Slurm's ``slurmstepd``.

Their wording is that of ``slurmstepd`` since Slurm 15: ``*** JOB 22 ON n1 CANCELLED AT
2026-11-25T13:28:03 DUE TO TIME LIMIT ***``. A plain ``scancel`` has no ``DUE TO``. Lines on steps
say nothing of the job, except for the step of its script, ``22.batch``.
"""

from __future__ import annotations

import re

from statustui.core.job import JobStatus
from statustui.core.times import read_seconds

TAIL_BYTES = 1 << 14
"""Bytes at the end of a log in which the last words are looked for."""

_CANCELLED = re.compile(
    r"^.{0,80}error: \*\*\* JOB (\d+) ON (\S+) CANCELLED AT (\S+)(?: DUE TO ([A-Z ]+?))?"
    r"(?:, SEE [^*]*)? \*\*\*\s*$"
)
_OUT_OF_MEMORY = re.compile(
    r"^.{0,80}error: .{0,40}"
    r"(?:Detected \d+ oom.kill event(?:s|\(s\))? in (?:StepId=|step )(\d+)\.batch\b"
    r"|(?:Job|JobId=)\s?(\d+) exceeded memory limit .*being killed)"
)
_REASONS = {
    "TIME LIMIT": "TIMEOUT",
    "NODE FAILURE": "NODE_FAIL",
    "PREEMPTION": "PREEMPTED",
    "JOB REQUEUE": "REQUEUED",
}
"""Behind ``DUE TO`` -> state of the job."""


def read_last_words(text: str, job: str = "") -> JobStatus | None:
    """Return how a job ended, by the end of its log; None if that does not say.

    A job whose script was out of memory is told as that, whatever ended it then.

    Args:
        text: The end of the log.
        job: The id of the job; empty to accept any.
    """
    found: JobStatus | None = None
    for line in text.splitlines():
        cancelled, exhausted = _CANCELLED.match(line), _OUT_OF_MEMORY.match(line)
        if cancelled is not None and _is_of(cancelled[1], job):
            is_exhausted = found is not None and found.state == "OUT_OF_MEMORY"
            state = (
                "OUT_OF_MEMORY" if is_exhausted else _REASONS.get(cancelled[4] or "", "CANCELLED")
            )
            found = JobStatus(state, end=read_seconds(cancelled[3]), nodes=cancelled[2])
        elif exhausted is not None and _is_of(exhausted[1] or exhausted[2], job):
            # The time of the end is told only where the job was also cancelled.
            end, nodes = (None, "") if found is None else (found.end, found.nodes)
            found = JobStatus("OUT_OF_MEMORY", end=end, nodes=nodes)
    return found


def _is_of(told: str, job: str) -> bool:
    """Return whether a line about job `told` may be about `job`.

    A task of an array and a component of a heterogeneous job have an id of their own there.
    """
    return not job or told == job or "_" in job or "+" in job
