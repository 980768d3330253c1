"""What the files beside a status file, or their absence, make of a run of Pavilion."""

from __future__ import annotations

import os
import time

from statustui.core.reading import is_missing
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_builder import make_abandoned, make_unread_run
from statustui.core.working_dir import RUN_COMPLETE

_MIN_ABANDONED_AGE = 600.0
"""Age in seconds from which an empty run directory counts as the rest of a failed creation."""
_MAX_KICKOFF_AGE = 3600.0
"""Seconds that Pavilion 2.1.1 may take to hand a run to a scheduler after its build."""
MARKED_STATES = frozenset({"BUILD_REUSED", "BUILD_DONE", "BUILD_DEFERRED"})
"""States after which Pavilion 2.1.1 hands a run to a scheduler; that creates a ``job_id``.

Only in these can the files beside a status file change the category of a run.
"""

_EMPTY = "The run directory is empty: making the run has failed."
_NO_JOB = "The run was built but no job was made for it (no job_id): its kick-off has failed."


def with_marker_files(run: Run, written_ns: int | None) -> Run:
    """Return `run`, finished or abandoned if the files beside its status file say so.

    Args:
        run: The run.
        written_ns: When its status file was written, in nanoseconds since 1970; None without one.
    """
    if run.is_finished:
        return run
    if _has_run_complete(run, written_ns):
        return run._replace(has_run_complete=True)
    return make_abandoned(run, _NO_JOB) if _kickoff_has_failed(run) else run


def is_jobless(place: RunDir) -> bool:
    """Return whether nothing in the directory of a run of Pavilion names a job.

    Of other runs it takes more to tell: the result for them is false.
    """
    return place.kind == "test" and all(
        is_missing(f"{place.path}/{name}") for name in ("job", "job_id")
    )


def missing_run(place: RunDir, metadata: RunMetadata) -> Run:
    """Return a run without a status file: it is about to be created, or was abandoned."""
    run = make_unread_run(place, metadata, "There is no status file.", missing=True)
    if place.kind != "test":
        return run
    try:
        age = time.time() - os.lstat(place.path).st_mtime
        # Names like those that NFS gives to deleted files that are still open begin with a dot.
        is_empty = all(name.startswith(".") for name in os.listdir(place.path))
    except OSError:
        return run
    return make_abandoned(run, _EMPTY) if is_empty and age > _MIN_ABANDONED_AGE else run


def _has_run_complete(run: Run, written_ns: int | None) -> bool:
    """Return whether ``RUN_COMPLETE`` ends a run whose last state does not.

    Pavilion also creates that file when it takes a job for lost. If the run then goes on, the file
    is older than the last status and does not count.
    """
    path = f"{run.path}/{RUN_COMPLETE}"
    if run.kind != "test" or is_missing(path):
        return False
    try:
        marked = os.lstat(path)
    except OSError:  # pragma: no cover - a race with its removal
        return False
    return run.recovered is None or written_ns is None or marked.st_mtime_ns > written_ns


def _kickoff_has_failed(run: Run) -> bool:
    """Return whether the kick-off of a run has failed, which Pavilion 2.1.1 does not report."""
    return (
        _kickoff_may_have_failed(run)
        and not any(
            os.path.lexists(f"{run.path}/{name}")
            for name in ("job_id", "job", "attributes", "kickoff.log", RUN_COMPLETE)
        )
        and os.path.lexists(f"{run.path}/config")
    )


def _kickoff_may_have_failed(run: Run) -> bool:
    return (
        run.kind == "test"
        and run.stage in MARKED_STATES
        and run.problem is None
        and run.updated_at is not None
        and time.time() - run.updated_at > _MAX_KICKOFF_AGE
    )
