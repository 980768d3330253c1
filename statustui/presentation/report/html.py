"""A report as one HTML page, without scripts and without anything from outside."""

from __future__ import annotations

from statustui.core.text import clean
from statustui.presentation.report.report import Report
from statustui.presentation.report.templates import fill


def render(report: Report) -> str:
    """Return the page, in ASCII: what is not ASCII stands as a character reference."""
    page = fill("report.html", report, clean, is_html=True)
    return page.encode("ascii", "xmlcharrefreplace").decode()
