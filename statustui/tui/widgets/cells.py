"""Texts of an exact width, for the lines of tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.style import Style

StyleOf: TypeAlias = Callable[[str], Style]
"""Returns the style of a component class, to be added to others."""


def pad_cell(text: str, width: int) -> str:
    """Pad a text to `width` cells, or cut it and end it with an ellipsis."""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    return set_cell_size(text, width)


def pad_cell_end(text: str, width: int) -> str:
    """Pad a text to `width` cells, or cut its beginning and begin with an ellipsis."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    while text and cell_len(text) >= width:
        text = text[1:]
    return set_cell_size("…" + text, width)
