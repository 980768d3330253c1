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
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)\Z")


def clean(text: str) -> str:
    r"""Make text from the tree safe for a terminal.

    Characters that control a terminal, change the direction of writing or take no room are shown
    as escapes (``\x1b``, ``\u202e``), newlines as ``\n``; any kind of space becomes a space.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _shown(character) for character in text
    )


def _shown(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode()


def clean_lines(text: str) -> list[str]:
    """The lines of a note, each made safe for a terminal."""
    return [clean(line) for line in text.split("\n")]


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
