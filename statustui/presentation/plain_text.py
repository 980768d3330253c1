"""Plain text on a terminal or in a pipe: how wide it is, and what of it there is room for."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from statustui.core.text import clean
from statustui.presentation.spelling import spell

_JAMO = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Vowels and final consonants that join the Hangul syllable before them."""


@lru_cache(maxsize=4096)
def _cells_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if any(ord(character) in joining for joining in _JAMO):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def width_of(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def pad(text: str, cells: int) -> str:
    """The text with spaces behind it, up to so many cells."""
    return text + " " * (cells - width_of(text))


class Paper(NamedTuple):
    """What is printed on."""

    width: int | None = None
    """Cells of a line, to which lines are cut; None to cut nothing."""
    charset: str = "utf-8"
    """The characters that can be sent."""

    def words(self, text: str) -> str:
        """Text from the tree as it can be sent, safe for a terminal."""
        return spell(clean(text), self.charset)

    def fit(self, text: str, cells: int | None) -> str:
        """As much of a text as there is room for; a mark tells that there is more.

        Args:
            text: Text as `words` gives it.
            cells: The room; None if there is no end of it.
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
        """A line, cut to the width."""
        return self.fit(text, self.width)

    @property
    def _mark(self) -> str:
        return "…" if spell("…", self.charset) == "…" else "~"
