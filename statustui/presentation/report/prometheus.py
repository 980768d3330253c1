"""A report as metrics for the textfile collector of Prometheus' node_exporter."""

from __future__ import annotations

from statustui.core.text import clean
from statustui.presentation.report.report import Report
from statustui.presentation.report.templates import fill

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\""})
"""The characters that end or change the value of a label, as the text format has it."""


def render(report: Report) -> str:
    """Return the metrics; samples have no times, which the collector refuses."""
    return fill("report.prom", report, _label)


def _label(text: str) -> str:
    return clean(text).translate(_ESCAPES)
