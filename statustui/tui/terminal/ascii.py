"""ASCII replacements for terminals and fonts without other characters."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from statustui.core.categories import Category

_REPLACEMENTS = str.maketrans(
    {
        **{category.glyph: category.letter for category in Category},
        **dict(zip("»▾▼▶•…↑↓←→█▒░━─│┃", ")vv>o.^v<>#+.--||", strict=True)),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛", "+"),
        **dict.fromkeys("▁▂▃▄▅▆▇▔", "-"),
        **dict.fromkeys("▏▎▍▌▋▊▉▐", "|"),
    }
)


def to_ascii(text: str) -> str:
    """Return a text in ASCII that is as wide on a terminal."""
    if text.isascii():
        return text
    return "".join(map(_replace, text.translate(_REPLACEMENTS)))


def _replace(character: str) -> str:
    if character.isascii():
        return character
    base = unicodedata.normalize("NFKD", character)[:1]
    width = cell_len(character)
    return base if base.isascii() and width == 1 else "?" * width


class AsciiFilter(LineFilter):
    """Replaces drawn characters by ASCII of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return the segments of a line in ASCII."""
        return [
            segment
            if segment.control is not None
            else Segment(to_ascii(segment.text), segment.style)
            for segment in segments
        ]
