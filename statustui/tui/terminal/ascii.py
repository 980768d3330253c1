"""Nothing but ASCII on the screen, for terminals and fonts that have no more."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from statustui.core.categories import Category

_STAND_INS = str.maketrans(
    {
        **{category.glyph: category.letter for category in Category},
        **dict(zip("▾▼▶•…↑↓█░━─│┃", "vv>o.^v#.--||", strict=True)),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛", "+"),
        **dict.fromkeys("▁▂▃▄▅▆▇▔", "-"),
        **dict.fromkeys("▏▎▍▌▋▊▉▐", "|"),
    }
)


def to_ascii(text: str) -> str:
    """The same text in ASCII, with the same width on a terminal."""
    if text.isascii():
        return text
    return "".join(map(_stand_in, text.translate(_STAND_INS)))


def _stand_in(character: str) -> str:
    if character.isascii():
        return character
    base = unicodedata.normalize("NFKD", character)[:1]
    width = cell_len(character)
    return base if base.isascii() and width == 1 else "?" * width


class Ascii(LineFilter):
    """Shows each character by one, or by as many as it takes cells, of ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same segments in ASCII."""
        return [
            segment
            if segment.control is not None
            else Segment(to_ascii(segment.text), segment.style)
            for segment in segments
        ]
