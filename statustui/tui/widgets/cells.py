"""Texts of an exact width, for the lines of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.style import Style

StyleOf: TypeAlias = Callable[[str], Style]
"""Returns the style of a component class, to be added to others."""
Part: TypeAlias = tuple[str, Style]
"""A piece of a line, each of whose characters takes one cell."""


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


def changed_end(before: Sequence[Part], after: Sequence[Part]) -> int:
    """Return the cells of a line up to the last that differs; 0 if none does."""
    pairs = enumerate(zip_longest(_cells(before), _cells(after)), 1)
    return max((end for end, (old, new) in pairs if old != new), default=0)


def _cells(parts: Sequence[Part]) -> Iterator[Part]:
    return ((character, style) for text, style in parts for character in text)
