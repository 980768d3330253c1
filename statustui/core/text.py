"""Format ages, spans of time and sizes, and make text safe for a terminal."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY
_MAX_IN_DAYS = 1000 * _DAY
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_COLOURS = re.compile(rb"\x1b\[[0-9;:]*[mK]")
"""Control sequences that set colours or erase the rest of the line."""
_NULS = re.compile(rb"\0{4,}")
_MAX_MARKS = 4
"""Zero-width characters kept after another character."""
_FILLERS = "\u1160-\u11ff\ud7b0-\ud7fb\u3164\uffa0\U0001f3fb-\U0001f3ff"
"""Letters and signs of zero width: parts and fillers of Hangul syllables, and skin colours of
emoji."""
_FILLER = f"[{_FILLERS}]"
_PILE = rf"[\W{_FILLERS}]{{{_MAX_MARKS + 1}}}"
"""Finds every text with more of them than are kept, and some others: marks match ``\\W``. Compiled
when first needed, which takes a while."""
_POINTER = re.compile(r"[\s|^~]*")
"""A line in which a compiler only points at a place in the line above, or a blank one."""
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)\Z")


def clean(text: str) -> str:
    r"""Return text from the tree made safe for a terminal.

    Characters that control a terminal or change the direction of writing become escapes
    (``\x1b``, ``\u202e``), newlines become ``\n``, and any kind of space becomes a space. Of
    zero-width characters, such as accents, the first four after another character are kept.
    """
    if text.isprintable() and (text.isascii() or re.search(_PILE, text) is None):
        return text
    shown, marks = [], 0
    for character in text:
        marks = marks + 1 if _is_zero_width(character) else 0
        is_fine = character.isprintable() and marks <= _MAX_MARKS
        shown.append(character if is_fine else _shown(character))
    return "".join(shown)


def _is_zero_width(character: str) -> bool:
    """Return whether a terminal draws a character over the one before it, or not at all."""
    if character < "\u0300":
        return False
    return unicodedata.category(character)[0] == "M" or re.match(_FILLER, character) is not None


def shorten(text: str, max_bytes: int) -> str:
    """Return text cut to `max_bytes` bytes of UTF-8, with an ellipsis at its end if it had more."""
    data = text.encode("utf-8", "replace")
    if len(data) <= max_bytes:
        return text
    return data[: max_bytes - 3].decode("utf-8", "ignore") + "…"


def _shown(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode()


def count(number: int, what: str, plural: str | None = None) -> str:
    """Return a number with what it counts, in the singular or the plural.

    Args:
        number: The number.
        what: The singular.
        plural: The plural; None to add an s.
    """
    return f"{number:,} {what if number == 1 else plural or f'{what}s'}"


def ignores_case(word: str) -> bool:
    """Return whether a search for a word ignores case: it does if the word has no capitals."""
    return word == word.lower()


def clean_lines(text: str) -> list[str]:
    """Return the lines of a note, each made safe for a terminal."""
    return [clean(line) for line in text.split("\n")]


def content_lines(text: str) -> list[str]:
    """Return the lines of a note, made safe, without those that add nothing to the first.

    Those are blank, or only point at a place in the line above, as compilers do with ``^~~~``.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    return [clean(line) for line in lines[:1] + [line for line in lines[1:] if has_content(line)]]


def has_content(line: str) -> bool:
    """Return whether a line is neither blank nor only points at a place in the line above."""
    return _POINTER.fullmatch(line) is None


def clean_log_line(line: bytes) -> str:
    r"""Return a line of a log as a terminal would finally display it, made safe.

    After carriage returns only the last text is left, such as the final state of a progress bar.
    Colours are dropped, tabs become spaces. Bytes that are not UTF-8 become escapes (``\xff``), and
    four or more NUL bytes, as in holes of files, their number.
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
    """Format an age in at most four characters (``59s``, ``3h``, ``4y``); ``-`` if unknown.

    A negative age becomes ``0s``: the clocks of two hosts may differ.
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
    if seconds < _MAX_IN_DAYS:
        return f"{seconds // _DAY}d"
    return f"{min(seconds // _YEAR, 999)}y"


def format_live_age(seconds: float | None) -> str:
    """Format an age, seconds rounded down to 5, so that a live screen repaints less."""
    return format_age(seconds if seconds is None or seconds >= _MINUTE else seconds - seconds % 5)


def format_span(seconds: float | None) -> str:
    """Format a span of time in its two largest units: ``0.05s``, ``42s``, ``3m07s``, ``4d06h``."""
    if seconds is None:
        return "-"
    seconds = max(0.0, seconds)
    if seconds < 10:  # noqa: PLR2004 - below ten seconds fractions matter
        return f"{seconds:.2f}s"
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR:02}h"


def format_brief_span(seconds: float) -> str:
    """Format a span of time in at most five characters: ``35s``, ``12m``, ``1h38``, ``2d04``.

    Seconds are rounded down to 5, so that a live screen repaints less.
    """
    whole = max(0, int(seconds))
    if whole < _HOUR:
        return format_live_age(whole)
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}"
    days = whole // _DAY
    return f"{days}d{whole % _DAY // _HOUR:02}" if days < 100 else format_age(whole)  # noqa: PLR2004 - five characters


def format_size(size: int) -> str:
    """Format a number of bytes in the largest fitting unit: ``512 B``, ``4.2 kB``, ``17 GB``."""
    if size < 1000:  # noqa: PLR2004 - the step from unit to unit
        return f"{size} B"
    amount, units = float(size), iter("kMGTPE")
    unit = ""
    while amount >= 999.5:  # noqa: PLR2004 - from here on it is rounded up to it
        amount /= 1000
        unit = next(units)
    return f"{amount:.2g} {unit}B" if amount < 10 else f"{amount:.0f} {unit}B"  # noqa: PLR2004


def parse_span(text: str) -> float:
    """Parse a span of time: a number followed by ``s``, ``m``, ``h``, ``d`` or nothing.

    Returns:
        The seconds.

    Raises:
        ValueError: `text` is not a span of time.
    """
    match = _SPAN.match(text)
    if match is None:
        raise ValueError("a time is a number and s, m, h or d, like 90s or 2d")
    return float(match[1]) * _UNITS[match[2] or "s"]


def format_iso(timestamp: float | None) -> str | None:
    """Format a time in seconds since 1970 as ISO 8601 with its zone; None if unknown."""
    if timestamp is None:
        return None
    try:
        return datetime.fromtimestamp(timestamp).astimezone().isoformat()
    except (OverflowError, ValueError, OSError):
        return None
