"""A report in Markdown, for tickets and mails."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup

from statustui.core.text import clean
from statustui.presentation.export import literal, literal_cell
from statustui.presentation.report.report import Report
from statustui.presentation.report.templates import fill

_LEAST_FENCE = 3
"""Backticks that begin a block of code."""


def render(report: Report) -> str:
    """Return the text; what could be markup, a link or a mention in it is set as code."""
    return fill("report.md", report, _cell, inline=_inline, code_block=_code_block)


def _cell(text: str) -> str:
    return literal_cell(clean(text).strip())


def _inline(text: str) -> Markup:
    """Return text for a line outside of tables."""
    return Markup(literal(clean(text).strip()))  # noqa: S704 - `literal` makes it safe


def _code_block(lines: Iterable[str]) -> Markup:
    """Return lines as a block of code, whose fence is longer than any in them."""
    text = "\n".join(map(clean, lines))
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(_LEAST_FENCE, longest + 1)
    return Markup(f"{fence}text\n{text}\n{fence}")  # noqa: S704 - the fence makes it safe
