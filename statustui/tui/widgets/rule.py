"""Lines that begin a section of a screen."""

from __future__ import annotations

from rich.text import Text

_LINE = "─"
_MIN_TAIL = 2
"""Cells of the line behind the title, or none at all."""


def rule(title: Text, width: int) -> Text:
    """Return a line across `width` cells that begins with a title of one line.

    A long title is not cut.
    """
    text = Text.assemble((f"{_LINE} ", "dim"), title)
    tail = width - text.cell_len - 1
    if tail >= _MIN_TAIL:
        text.append(f" {_LINE * tail}", "dim")
    return text
