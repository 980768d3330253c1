"""Templates: each escapes all text that is put into it, as its format asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from statustui.core.run import Run
from statustui.core.text import clean_lines, format_span
from statustui.presentation.comparison import place_of
from statustui.presentation.report.report import MAX_CAUSES, MAX_ROWS, MAX_TAILS, Report

Escape = Callable[[str], str]
"""Returns text of the tree such that it means nothing but itself."""


@lru_cache(maxsize=4)
def _environment(escape: Escape, *, is_html: bool) -> Environment:
    """Return an environment in which every text that is put in is escaped.

    Numbers, and what a filter has marked as safe, go in as they are. In HTML, what `escape` returns
    is escaped once more by the library itself.
    """
    environment = Environment(
        loader=PackageLoader("statustui.presentation.report"),
        autoescape=is_html,  # noqa: S701 - `escape` does what other formats need
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: (
            escape(value) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
    )
    environment.filters.update(span=format_span, when=when, lines=clean_lines, place=place_of)
    environment.globals.update(max_causes=MAX_CAUSES, max_rows=MAX_ROWS, max_tails=MAX_TAILS)
    return environment


def fill(
    template: str,
    report: Report,
    escape: Escape,
    *,
    is_html: bool = False,
    **filters: Callable[..., Markup],
) -> str:
    """Return a template with a report filled in.

    Args:
        template: The name of its file.
        report: The report.
        escape: Escapes text.
        is_html: Whether to escape it for HTML as well.
        filters: Further filters, which return text that is safe already.
    """
    environment = _environment(escape, is_html=is_html)
    environment.filters.update(filters)
    return environment.get_template(template).render(report=report)


def when(run: Run) -> str:
    """Return when a run began, to the minute, in local time; empty if unknown."""
    time = run.updated_at if run.started is None else run.started
    try:
        return "" if time is None else f"{datetime.fromtimestamp(time).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return ""
