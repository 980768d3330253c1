"""Words for ages and spans of time, and text that is safe to show."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY
_LONG = 1000 * _DAY
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_COLOURS = re.compile(rb"\x1b\[[0-9;:]*[mK]")
"""Control sequences that change colours, or erase what is right of them in the line."""
_NULS = re.compile(rb"\0{4,}")
_MARKS = 4
"""Characters without room of their own that are kept behind another one."""
_FILLERS = "\u1160-\u11ff\ud7b0-\ud7fb\u3164\uffa0\U0001f3fb-\U0001f3ff"
"""Letters and signs without room of their own: parts and fillers of Hangul syllables, and the
colours of skin behind an emoji."""
_IS_FILLER = re.compile(f"[{_FILLERS}]").match
_PILE = re.compile(rf"[\W{_FILLERS}]{{{_MARKS + 1}}}")
"""What can be more of them than are kept; marks are no letters to Python."""
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)\Z")


def clean(text: str) -> str:
    r"""Make text from the tree safe for a terminal.

    Characters that control a terminal or change the direction of writing are shown as escapes
    (``\x1b``, ``\u202e``), newlines as ``\n``; any kind of space becomes a space. Of characters
    that take no room of their own, as accents do not, the first four behind another one are kept.
    """
    if text.isprintable() and (text.isascii() or _PILE.search(text) is None):
        return text
    shown, marks = [], 0
    for character in text:
        marks = marks + 1 if _takes_no_room(character) else 0
        is_fine = character.isprintable() and marks <= _MARKS
        shown.append(character if is_fine else _shown(character))
    return "".join(shown)


def _takes_no_room(character: str) -> bool:
    """Whether a terminal draws it over what is before it, or not at all."""
    return character >= "\u0300" and (
        unicodedata.category(character)[0] == "M" or _IS_FILLER(character) is not None
    )


def shorten(text: str, most: int) -> str:
    """Clean text, cut to `most` bytes of UTF-8 with an ellipsis at its end if it has more."""
    data = text.encode("utf-8", "replace")
    if len(data) <= most:
        return text
    return data[: most - 3].decode("utf-8", "ignore") + "…"


def _shown(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode()


def ignores_case(word: str) -> bool:
    """Whether case does not matter in a search for a word: it has no capitals."""
    return word == word.lower()


def clean_lines(text: str) -> list[str]:
    """The lines of a note, each made safe for a terminal."""
    return [clean(line) for line in text.split("\n")]


def clean_log_line(line: bytes) -> str:
    r"""What a terminal would end up showing of a line of a log, made safe.

    Of what a carriage return overwrites only the last state is left, as of a progress bar; colours
    are dropped, tabs become spaces. Bytes that are no UTF-8 are shown as escapes (``\xff``), long
    runs of NUL bytes, as holes in files have them, by how many there are.
    """
    line = line.rstrip(b"\r\n")
    if b"\r" in line:
        line = line[line.rindex(b"\r") + 1 :]
    if b"\0" in line:
        line = _NULS.sub(lambda nuls: b"(%d NUL bytes)" % len(nuls[0]), line)
    if b"\x1b" in line:
        line = _COLOURS.sub(b"", line)
    text = line.decode("utf-8", "backslashreplace")
    return clean(text.expandtabs(8) if "\t" in text else text)


def format_age(seconds: float | None) -> str:
    """How long ago, in four characters at most (``59s``, ``3h``, ``4y``); ``-`` if unknown.

    A time in the future has the age ``0s``: the clocks of two hosts differ.
    """
    if seconds is None:
        return "-"
    seconds = max(0, int(seconds))
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < _LONG:
        return f"{seconds // _DAY}d"
    return f"{min(seconds // _YEAR, 999)}y"


def format_live_age(seconds: float | None) -> str:
    """The same for a screen that is looked at all the time: seconds go by fives."""
    return format_age(seconds if seconds is None or seconds >= _MINUTE else seconds - seconds % 5)


def format_span(seconds: float | None) -> str:
    """A span of time in its two largest units: ``0.05s``, ``42s``, ``3m07s``, ``4d06h``."""
    if seconds is None:
        return "-"
    seconds = max(0.0, seconds)
    if seconds < 10:  # noqa: PLR2004 - below ten seconds the fraction says something
        return f"{seconds:.2f}s"
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR:02}h"


def format_size(size: int) -> str:
    """A number of bytes in the largest fitting unit: ``512 B``, ``4.2 kB``, ``17 GB``."""
    if size < 1000:  # noqa: PLR2004 - the step from unit to unit
        return f"{size} B"
    amount, units = float(size), iter("kMGTPE")
    unit = ""
    while amount >= 999.5:  # noqa: PLR2004 - the same, where it would be rounded up to
        amount /= 1000
        unit = next(units)
    return f"{amount:.2g} {unit}B" if amount < 10 else f"{amount:.0f} {unit}B"  # noqa: PLR2004


def parse_span(text: str) -> float:
    """The seconds of a span of time: a number with ``s``, ``m``, ``h`` or ``d`` behind it.

    Raises:
        ValueError: It is none.
    """
    match = _SPAN.match(text)
    if match is None:
        raise ValueError("a time is a number and s, m, h or d, like 90s or 2d")
    return float(match[1]) * _UNITS[match[2] or "s"]


def format_iso(timestamp: float | None) -> str | None:
    """A time in seconds since 1970 as an ISO 8601 time with its zone; None if it is not known."""
    if timestamp is None:
        return None
    try:
        return datetime.fromtimestamp(timestamp).astimezone().isoformat()
    except (OverflowError, ValueError, OSError):
        return None
