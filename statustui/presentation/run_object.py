"""Runs as JSON objects: what `list` prints, and what the user's commands read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from statustui.core.job import Job, JobStatus
from statustui.core.members import Members
from statustui.core.recent_results import Moment, Past
from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.core.text import format_iso

JSON_VERSION = 1
"""The ``version`` of the JSON that commands print; another one if a key changes its meaning."""


def run_object(run: Run) -> dict[str, Any]:
    """Return the JSON object of a run, as ``list --jsonl`` prints it."""
    return {
        "path": run.path,
        "id": run.id,
        "name": run.name,
        "kind": run.kind,
        "user": run.user,
        "series": run.series or None,
        "system": run.system or None,
        "state": run.current.state,
        "category": run.category.value,
        "note": run.current.note,
        "time": format_iso(run.updated_at),
        "timestamp": run.updated_at,
        "problem": _status_object(run.problem),
        "recovered": _status_object(run.recovered),
        "result": run.result,
        "results_file": run.results_file,
        "stalled": run.stall and {"since": run.stall.since, "basis": run.stall.basis},
        "past": run.past and _past_object(run.past),
        "members": run.members and _members_object(run.members),
        "job": run.job and _job_object(run.job),
        "updates": run.status_count,
        "error": run.error,
    }


def _status_object(status: StatusInfo | None) -> dict[str, Any] | None:
    if status is None:
        return None
    return {"state": status.state, "note": status.note, "timestamp": status.timestamp}


def _job_object(job: Job) -> dict[str, Any]:
    status = job.status or JobStatus("")
    return {
        "id": job.id,
        "scheduler": job.scheduler,
        "state": status.state or None,
        "reason": status.reason or None,
        "start": status.start_estimate,
        "end": status.end,
        "nodes": status.nodes or None,
        "asked": job.asked,
    }


def _past_object(past: Past) -> dict[str, Any]:
    return {
        "results": [category.value for category in past.results],
        "is_last": past.is_last,
        "change": past.change and past.change.value,
        "flaky": past.is_flaky,
        "failing_since": _moment_object(past.since),
        "last_passed": _moment_object(past.passed),
    }


def _moment_object(moment: Moment | None) -> dict[str, Any] | None:
    return moment and {
        "path": moment.path,
        "timestamp": moment.time,
        **({"cleaned": True} if moment.is_cleaned else {}),
    }


def _members_object(members: Members) -> dict[str, Any]:
    return {
        "total": members.total,
        "categories": {category.value: count for category, count in members.counts},
        "gone": members.gone,
        "has_ended": members.have_ended,
    }


def incomplete_objects(parts: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Return path and error of each part that could not be read, as JSON objects."""
    return [{"path": path, "error": error} for path, error in parts]


def dump(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as JSON in ASCII, so that no text in it can act on a terminal."""
    return json.dumps(value, ensure_ascii=True)
