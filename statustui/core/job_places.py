"""Where the job of a run is named, and where traces of its end are.

Pavilion 2.4 has ``job/info``: ``{"id": "56", "sys_name": …}`` for Slurm and PBS, ``{"jobid": …}``
for Flux, ``{"pid": 4099, "uniq_id": …, "host": …}`` for a process. Pavilion 2.1.1 has ``job_id``:
``23``, or ``host_4099`` for a process. In other trees there may be a file ``job_id``, or the output
of the job, ``slurm-23.out``.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, NamedTuple

from statustui.core.access import Access
from statustui.core.job import GONE, JobStatus, SchedulerName
from statustui.core.job_log import TAIL_BYTES, read_last_words
from statustui.core.reading import Signature, is_missing, opened, signature_of
from statustui.core.run import RunDir

JOB = "job"
"""Name of the link to the directory of a job."""

_MAX_INFO_BYTES = 1 << 16
_MAX_ID_BYTES = 256
_MAX_ENTRIES = 1_000
"""Entries of a run directory among which the output of a job is looked for."""
_OUTPUT = re.compile(r"slurm-(\d{1,10}(?:_\d{1,10})?)\.out\Z", re.ASCII)
_ID = re.compile(r"[\wƒ.\[\]+-]{1,80}\Z")
_PROCESS = re.compile(r"([A-Za-z0-9][\w.-]*)_(\d{1,10})\Z", re.ASCII)
_SLURM_ID = re.compile(r"\d{1,10}(?:[_+]\d{1,10})?\Z", re.ASCII)
_FLUX_ID = re.compile(r"(?:[fƒ]\w+|\d{11,})\Z", re.ASCII)


class JobPlace(NamedTuple):
    """The job of a run, as the files of the run name it."""

    id: str
    scheduler: SchedulerName
    log: str = ""
    """Path of the log of the job; empty if it has none."""
    host: str = ""
    """Of a process: the host that it runs on."""
    marks: tuple[str, ...] = ()
    """Of a process: the texts in its command line that tell it from another one of its id."""
    system: str = ""
    """Pavilion's name of the system that it is on; empty if unknown."""

    @property
    def has_bare_number(self) -> bool:
        """Whether nothing but a number names it, as one may name a job of any scheduler."""
        is_named = os.path.basename(self.log).startswith("slurm")
        return self.scheduler == "slurm" and self.id.isdecimal() and not is_named


def find_linked_job(place: RunDir) -> JobPlace | None:
    """Return the job that the ``job`` of a run describes; None if there is none.

    Follows links as far as `Access` permits; the filesystem behind one may not answer.
    """
    folder = f"{place.path}/{JOB}"
    try:
        with Access(place).opened(f"{folder}/info") as (descriptor, _state):
            info = json.loads(os.pread(descriptor, _MAX_INFO_BYTES, 0))
    except (OSError, ValueError, RecursionError):
        return None
    return _job_of(info, f"{folder}/sched.log") if isinstance(info, dict) else None


def _job_of(info: dict[str, Any], log: str) -> JobPlace | None:
    """Return the job that the content of ``job/info`` describes."""
    pid, host, unique = info.get("pid"), info.get("host"), info.get("uniq_id")
    if pid is not None:
        is_whole = all(isinstance(one, str) and one for one in (host, unique))
        if not is_whole or not str(pid).isdecimal():
            return None
        return JobPlace(str(pid), "raw", log, str(host), ("kickoff", str(unique)))
    flux = info.get("jobid")
    job = str(flux if flux is not None else info.get("id", ""))
    if _ID.match(job) is None:
        return None
    scheduler = "flux" if flux is not None else _scheduler_of(job)
    system = str(info.get("sys_name", ""))
    return JobPlace(job, scheduler, log, system=system if _ID.match(system) is not None else "")


def _scheduler_of(job: str) -> SchedulerName:
    """Return the scheduler whose ids look like `job`; a short number may be one of any."""
    if _SLURM_ID.match(job) is not None:
        return "slurm"
    return "flux" if _FLUX_ID.match(job) is not None else "pbs"


def find_named_job(place: RunDir) -> JobPlace | None:
    """Return the job that a file of the run itself names; None if there is none.

    Follows no link. The output of the newest job counts where several are there.
    """
    job = _read_id(f"{place.path}/job_id")
    process = _PROCESS.match(job)
    if place.kind == "test":
        if process is not None:
            marks = ("kickoff.sh", f"-{place.id.lstrip('0')}-")
            return JobPlace(process[2], "raw", "", process[1], marks)
        return JobPlace(job, _scheduler_of(job), f"{place.path}/slurm.log") if job else None
    if place.kind != "plain":
        return None
    outputs = _outputs(place.path)
    if not job and outputs:
        job = max(outputs, key=lambda one: [int(part) for part in one.split("_")])
    if not job:
        return None
    log = f"{place.path}/slurm-{job}.out" if job in outputs else ""
    return JobPlace(job, _scheduler_of(job), log)


def _read_id(path: str) -> str:
    """Return the id in a file ``job_id``; empty if there is none."""
    if is_missing(path):
        return ""
    try:
        with opened(path) as (descriptor, _state):
            text = os.pread(descriptor, _MAX_ID_BYTES, 0).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return text if _ID.match(text) is not None else ""


def _outputs(path: str) -> list[str]:
    """Return the ids of the jobs whose output is in a directory."""
    found = []
    try:
        with os.scandir(path) as entries:
            for _, entry in zip(range(_MAX_ENTRIES), entries, strict=False):
                output = _OUTPUT.match(entry.name)
                if output is not None:
                    found.append(output[1])
    except OSError:
        pass
    return found


def read_log_end(
    place: RunDir, job: JobPlace, known: Signature | None
) -> tuple[JobStatus | None, Signature] | None:
    """Return what the log of a job says of its end, with the signature of the log.

    Args:
        place: The run directory.
        job: A job with a log.
        known: The signature of the log when it was read last.

    Returns:
        None if it has not changed since.

    Raises:
        OSError: It cannot be read.
    """
    with Access(place).opened(job.log) as (descriptor, state):
        signature = signature_of(state)
        if signature == known:
            return None
        tail = os.pread(descriptor, TAIL_BYTES, max(0, state.st_size - TAIL_BYTES))
    words = tail.decode("utf-8", "replace")
    return read_last_words(words, job.id if job.scheduler == "slurm" else ""), signature


def look_for_process(job: JobPlace) -> JobStatus | None:
    """Return whether the process of a run is there; None if that cannot be told from here.

    It can on the very host of the process. Nothing follows from a process whose command line must
    not be read.
    """
    if job.host.partition(".")[0] != os.uname().nodename.partition(".")[0]:
        return None
    pid = int(job.id)
    try:
        # Also finds processes that a mount of `/proc` with `hidepid` hides.
        os.getpgid(pid)
    except ProcessLookupError:
        return JobStatus(GONE, nodes=job.host)
    except (OSError, OverflowError):
        return None
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read(1 << 16).replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return None
    # Another process may have the same id by now; one that has ended has no command line.
    is_there = all(mark in words for mark in job.marks)
    return JobStatus("RUNNING" if is_there else GONE, nodes=job.host)
