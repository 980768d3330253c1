"""A report as one JSON object."""

from __future__ import annotations

from typing import Any

from statustui.core.run import Run
from statustui.core.work_times import seconds_at_work
from statustui.presentation.comparison import comparison_object
from statustui.presentation.report.report import Report
from statustui.presentation.run_object import JSON_VERSION, dump, incomplete_objects, run_object


def render(report: Report) -> str:
    """Return the object, in ASCII."""
    value = {
        "version": JSON_VERSION,
        "roots": list(report.roots),
        "generated": report.generated.isoformat(),
        "filter": report.expression or None,
        "base_filter": report.base or None,
        "remark": report.remark or None,
        "incomplete": incomplete_objects(report.incomplete),
        "total": len(report.counted),
        "categories": report.counts,
        **comparison_object(report.comparison),
        "logs_left_out": len(report.unquoted),
        "failures": [
            {"cause": cause.signature, "runs": [_failure(run, report) for run in cause.runs]}
            for cause in report.causes
        ],
        "slowest": [
            {"name": run.name, "run": run.path, "seconds": seconds}
            for run, seconds in report.slowest
        ],
    }
    return f"{dump(value)}\n"


def _failure(run: Run, report: Report) -> dict[str, Any]:
    tail = report.tails.get(run.path)
    log = tail and {"name": tail.log.name, "path": tail.log.path, "lines": list(tail.lines)}
    return {
        **run_object(run),
        "seconds": seconds_at_work(run),
        "log": log,
        "log_left_out": run.path in report.unquoted,
    }
