"""Ask Flux: ``flux jobs --json``, which also knows jobs that have ended.

The keys are those of flux-core's ``flux-jobs(1)`` and of Flux RFC 21 (job states) and 27
(annotations by the scheduler).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from statustui.core.job import JobStatus
from statustui.core.times import in_range
from statustui.scheduler.command import NoAnswerError
from statustui.scheduler.scheduler import Scheduler

_ID = re.compile(r"(?:[fƒ][1-9A-HJ-NP-Za-km-z]{1,12}|\d{1,20}|0x[0-9a-f]{1,16})\Z")
"""A job id: F58 with its prefix, decimal, or hexadecimal."""
_F58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""The digits of F58 (Flux RFC 19)."""
_STATES = {
    "DEPEND": "PENDING",
    "PRIORITY": "PENDING",
    "SCHED": "PENDING",
    "RUN": "RUNNING",
    "CLEANUP": "COMPLETING",
}
_RESULTS = {
    "COMPLETED": "COMPLETED",
    "FAILED": "FAILED",
    "CANCELED": "CANCELLED",
    "TIMEOUT": "TIMEOUT",
}
_REASONS = {"DEPEND": "Dependency", "PRIORITY": "Priority"}


class Flux(Scheduler):
    """Asks Flux."""

    name = "flux"
    command = "flux"
    id_form = _ID

    def ask(self, ids: Collection[str], users: Collection[str]) -> Mapping[str, JobStatus]:  # noqa: ARG002 - Flux knows the owner by the id
        """Return what Flux says of the jobs with these ids.

        Args:
            ids: Ids that `is_id` accepts.
            users: Who may own the jobs; not needed.

        Raises:
            NoAnswerError: It has not answered, or its answer is no JSON.
        """
        output = self._run(["flux", "jobs", "--json", *sorted(ids)], {})
        if not output.out.strip():
            # Jobs that it does not know are named on standard error, with exit status 0 or 1.
            if output.err and all("unknown" in line for line in output.err.strip().splitlines()):
                return {}
            raise NoAnswerError(output.failure_of("flux"))
        return parse_jobs(output.out, ids)


def parse_jobs(text: str, ids: Collection[str]) -> dict[str, JobStatus]:
    """Parse what ``flux jobs --json`` prints; keep the jobs with these ids.

    With a single id it prints the job itself, otherwise an object with a list of jobs.

    Raises:
        NoAnswerError: It is no JSON.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NoAnswerError("flux: the answer is no JSON") from None
    by_number = {number: one for one in ids if (number := number_of(one)) is not None}
    found = {}
    for job in _jobs_in(document):
        number = number_of(str(job.get("id")))
        if number is not None and number in by_number:
            found[by_number[number]] = _status(job)
    return found


def _jobs_in(document: object) -> Iterator[Mapping[str, Any]]:
    if not isinstance(document, dict):
        return
    jobs = document.get("jobs", [document])
    yield from (job for job in jobs if isinstance(job, dict)) if isinstance(jobs, list) else ()


def number_of(text: str) -> int | None:
    """Return the number that a job id stands for; None if it is none."""
    if _ID.match(text) is None:
        return None
    if text[0] in "fƒ":
        number = 0
        for digit in text[1:]:
            number = number * len(_F58) + _F58.index(digit)
        return number
    return int(text, 16) if text.startswith("0x") else int(text)


def _status(job: Mapping[str, Any]) -> JobStatus:
    state = str(job.get("state", ""))
    result = str(job.get("result", ""))
    is_inactive = state == "INACTIVE"
    end = _number(job.get("t_inactive")) if is_inactive else _number(job.get("expiration"))
    if not is_inactive and _number(job.get("duration")) == 0:
        # Without a time limit it expires in a hundred years.
        end = None
    scheduler = _inner(_inner(job, "annotations"), "sched")
    return JobStatus(
        state=_RESULTS.get(result, result) if is_inactive else _STATES.get(state, state),
        reason=str(scheduler.get("reason_pending") or _REASONS.get(state, "")),
        start_estimate=_number(job.get("t_run")) or _number(scheduler.get("t_estimate")),
        end=end or None,
        nodes=str(job.get("nodelist", "")),
        user=str(job.get("username", "")),
    )


def _inner(job: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = job.get(name)
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    """Return a time; None for anything else, such as the text that stands for a missing one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or in_range(value) is None:
        return None
    return float(value)
