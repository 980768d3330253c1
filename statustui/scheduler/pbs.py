"""Ask PBS: ``qstat -xf -F json``, whose JSON has faults.

Depending on the version of OpenPBS, numbers have leading zeros (openpbs#1255), texts hold quotes
and backslashes that are not escaped (#2541, #830), braces are missing (#585), only the first of
several jobs is printed (#2672), and the exit status is 153 if any id is unknown. The answer is
therefore read line by line: ``qstat`` prints one attribute a line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from statustui.core.job import JobStatus
from statustui.core.times import read_seconds, seconds_of
from statustui.scheduler.command import NoAnswerError
from statustui.scheduler.scheduler import Scheduler

_ID = re.compile(r"(\d{1,12}(?:\[\d{0,7}\])?)(?:\.[A-Za-z0-9][\w.-]{0,63})?\Z", re.ASCII)
"""A job, an array (``12[]``) or a task of one, with or without the name of the server."""
_UNKNOWN = 153
"""Exit status when an id is unknown."""
_MAX_SINGLE = 10
"""Jobs asked one by one in a round, where a list gives the first one only."""
_JOB = re.compile(r'(\s*)"(\d[\d\[\]]*\.[^"]*)"\s*:\s*\{\s*$', re.ASCII)
_ATTRIBUTE = re.compile(r'(\s*)"(\w+)"\s*:\s*(?:"(.*?)"|(-?\d+))\s*,?\s*$')
_START = re.compile(r'\s*"start_time"\s*:\s*"?([^",]*)')
_STATES = {
    "Q": "PENDING",
    "H": "PENDING",
    "W": "PENDING",
    "T": "PENDING",
    "R": "RUNNING",
    "B": "RUNNING",
    "E": "COMPLETING",
    "S": "SUSPENDED",
    "U": "SUSPENDED",
}
_ENDS = {
    "-1": "LAUNCH_FAILED",
    "-2": "LAUNCH_FAILED",
    "-3": "LAUNCH_FAILED",
    "-26": "OUT_OF_MEMORY",
    "-27": "OUT_OF_MEMORY",
    "-29": "TIMEOUT",
}
"""``Exit_status`` of a job -> its end, where that is no status of its script (PBS's ``job.h``)."""
_SIGTERM, _SIGKILL = "271", "265"
_REASONS = {"H": "JobHeldUser", "W": "BeginTime"}


class Pbs(Scheduler):
    """Asks PBS."""

    name = "pbs"
    command = "qstat"
    id_form = _ID

    def ask(self, ids: Collection[str], users: Collection[str]) -> Mapping[str, JobStatus]:  # noqa: ARG002 - PBS prints other things with a user
        """Return what PBS says of the jobs with these ids.

        Args:
            ids: Ids that `is_id` accepts.
            users: Who may own the jobs; not used.

        Raises:
            NoAnswerError: It has not answered.
        """
        wanted = sorted(ids)
        found, unknown = self._qstat(wanted)
        missing = [one for one in wanted if one not in found and not _is_among(one, unknown)]
        for one in missing[:_MAX_SINGLE] if found else []:
            found.update(self._qstat([one])[0])
        return found

    def _qstat(self, ids: list[str]) -> tuple[dict[str, JobStatus], str]:
        """Return what is known of the jobs, and what is said of unknown ones."""
        output = self._run(["qstat", "-x", "-f", "-F", "json", *ids], {})
        found = parse_jobs(output.out, ids)
        has_failed = output.status not in {0, _UNKNOWN}
        is_empty = not found and '"timestamp"' not in output.out
        if (has_failed or is_empty) and "Unknown Job" not in output.complaint:
            raise NoAnswerError(output.failure_of("qstat"))
        return found, output.err


def _is_among(job: str, said: str) -> bool:
    """Return whether an id is named in what ``qstat`` says of unknown jobs."""
    return re.search(rf"(?<!\d){re.escape(_short(job))}(?![\d\[])", said) is not None


def _short(job: str) -> str:
    """Return an id without the name of the server."""
    known = _ID.match(job)
    return known[1] if known else job


def parse_jobs(text: str, ids: Collection[str]) -> dict[str, JobStatus]:
    """Parse what ``qstat -xf -F json`` prints; keep the jobs with these ids.

    Attributes of a job are the lines that are indented like the first one below its id. What is
    nested in them, such as the variables of its environment, is indented further.
    """
    short = {_short(one): one for one in ids}
    found: dict[str, JobStatus] = {}
    job, indent, attributes = "", "", dict[str, str]()
    for line in [*text.split("\n"), '"0.end": {']:
        header = _JOB.match(line)
        if header is not None and (not indent or len(header[1]) < len(indent)):
            if job and _short(job) in short:
                found[short[_short(job)]] = _status(attributes)
            job, indent, attributes = header[2], "", {}
            continue
        if not job:
            continue
        attribute = _ATTRIBUTE.match(line)
        if attribute is not None:
            indent = indent or attribute[1]
            if attribute[1] == indent:
                attributes.setdefault(attribute[2], attribute[3] or attribute[4] or "")
        start = _START.match(line)
        if start is not None:
            attributes.setdefault("start_time", start[1])
    return found


def _status(attributes: Mapping[str, str]) -> JobStatus:
    letter = attributes.get("job_state", "")
    state = _STATES.get(letter, letter)
    has_ended = letter in {"F", "X"}
    if has_ended:
        state = _end_of(attributes)
    hosts = [part.partition("/")[0] for part in attributes.get("exec_host", "").split("+")]
    end = attributes.get("obittime") or attributes.get("mtime", "") if has_ended else ""
    reason = attributes.get("comment", "").removeprefix("Not Running: ")
    return JobStatus(
        state=state,
        reason=(_REASONS.get(letter) or reason) if state == "PENDING" else "",
        start_estimate=_time(attributes.get("stime") or attributes.get("start_time", "")),
        end=_time(end),
        nodes=",".join(dict.fromkeys(host for host in hosts if host)),
        user=attributes.get("Job_Owner", "").partition("@")[0],
    )


def _end_of(attributes: Mapping[str, str]) -> str:
    """Return the end of a job by its exit status and by what PBS says of it."""
    exit_status, comment = attributes.get("Exit_status", ""), attributes.get("comment", "")
    if exit_status in _ENDS:
        return _ENDS[exit_status]
    if "walltime" in comment and "exceeded" in comment:
        return "TIMEOUT"
    if " mem " in comment and "exceeded" in comment:
        return "OUT_OF_MEMORY"
    if exit_status == "0":
        return "COMPLETED"
    # A job that was deleted before it ran has no exit status.
    is_deleted = not exit_status or exit_status in {_SIGTERM, _SIGKILL}
    return "CANCELLED" if is_deleted else "FAILED"


def _time(text: str) -> float | None:
    """Read a time: ``Wed Mar 17 20:36:48 2021``, local time, or seconds since 1970."""
    try:
        return seconds_of(datetime.strptime(text, "%a %b %d %H:%M:%S %Y"))  # noqa: DTZ007 - local time
    except ValueError:
        return read_seconds(text)
