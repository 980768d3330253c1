"""Leave out of what is sent to a terminal the codes of styles that change nothing."""

from __future__ import annotations

import re
from functools import lru_cache

_CODES = re.compile(r"(?:\x1b\[[0-9;:]*m)+")
"""Adjacent codes of styles (SGR, ECMA-48 8.3.117), with no text between them."""
_PARAMETERS = re.compile(r"\x1b\[([0-9;:]*)m")
_RESETS = frozenset({"", "0"})
_UNDONE = {
    "39": re.compile(r"\b(?:3[0-8]|9[0-7])\b"),
    "49": re.compile(r"\b(?:4[0-8]|10[0-7])\b"),
}
"""The default colours of text and background -> finds a colour that they would undo."""
_COLOUR_LENGTHS = {"5": 3, "2": 5}
"""After 38 or 48: how a colour is given -> number of parameters that it takes in all."""


class StyleCodes:
    """Shortens the codes of styles in the texts that are sent to one terminal, in their order."""

    def __init__(self) -> None:
        self._style: str | None = None
        """The parameters in force since the last reset; None if something else has written."""

    def forget(self) -> None:
        """Assume no style: another program may have changed it."""
        self._style = None

    def shorten(self, text: str) -> str:
        """Return a text that looks the same on the terminal."""
        return _CODES.sub(self._shorten_codes, text)

    def _shorten_codes(self, match: re.Match[str]) -> str:
        before = self._style
        self._style, codes = _combine(before, match[0])
        return codes


@lru_cache(maxsize=4096)
def _combine(before: str | None, codes: str) -> tuple[str | None, str]:
    """Return the style after adjacent codes, and the shortest codes that lead there."""
    style = before
    for parameters in _PARAMETERS.findall(codes):
        for one in _split(parameters):
            if one in _RESETS:
                style = ""
            elif style is None:
                return None, codes
            elif one not in _UNDONE or _UNDONE[one].search(style):
                style = f"{style};{one}" if style else one
    if style == before:
        return style, ""
    begin = "" if before == "" else "0;"
    return style, min(f"\x1b[{begin}{style}m" if style else "\x1b[m", codes, key=len)


def _split(parameters: str) -> list[str]:
    """Split parameters, but not a colour, which takes several."""
    parts = parameters.split(";")
    found = []
    while parts:
        is_colour = parts[0] in {"38", "48"} and len(parts) > 1
        length = _COLOUR_LENGTHS.get(parts[1], 1) if is_colour else 1
        found.append(";".join(parts[:length]))
        del parts[:length]
    return found
