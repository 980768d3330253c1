"""Plain text on a terminal or in a pipe: its width, and how it is cut to fit."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from statustui.core.text import clean
from statustui.presentation.spelling import spell

_JAMO = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Hangul vowels and final consonants, which join the syllable before them."""


@lru_cache(maxsize=4096)
def _cells_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if any(ord(character) in joining for joining in _JAMO):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def width_of(text: str) -> int:
    """Return the width of a text in terminal cells."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def pad(text: str, cells: int) -> str:
    """Return the text padded with spaces to a width in cells."""
    return text + " " * (cells - width_of(text))


class Paper(NamedTuple):
    """The output: how wide it is, and which characters it accepts."""

    width: int | None = None
    """Cells to which lines are cut; None to cut nothing."""
    charset: str = "utf-8"
    """Name of the encoding of the output."""

    def words(self, text: str) -> str:
        """Return text from the tree made safe for a terminal, in characters of `charset`."""
        return spell(clean(text), self.charset)

    def fit(self, text: str, cells: int | None) -> str:
        """Cut a text to a width; an ellipsis marks the cut.

        Args:
            text: Text as `words` returns it.
            cells: The width; None for no limit.
        """
        if cells is None or (len(text) <= cells and text.isascii()):
            return text
        taken = end = 0
        for number, character in enumerate(text):
            taken += _cells_of(character)
            if taken < cells:
                end = number + 1
            elif taken > cells:
                return text[:end].rstrip() + self._mark
        return text

    def line(self, text: str) -> str:
        """Cut a line to the width of the output."""
        return self.fit(text, self.width)

    @property
    def _mark(self) -> str:
        return "…" if spell("…", self.charset) == "…" else "~"
