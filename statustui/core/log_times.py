"""The times in lines of logs.

Known are ISO 8601 (also with a space, slashes or a comma), the form of ``date`` and ``ctime``
(``Mon Nov 23 21:13:32 UTC 2026``), that of syslog (``Nov 23 21:13:32``), seconds since 1970, and
a time of day at the start of a line. A time without a zone is local.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

_SEARCHED = 200
"""Bytes of a line in which a time is searched for."""
_DATE = re.compile(
    rb"\b(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6})\d*)?"
    rb"(?: ?(Z\b|UTC\b|[+-]\d\d:?\d\d\b))?"
)
_WORDS = re.compile(
    rb"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d{1,2}) (\d\d):(\d\d):(\d\d)\b"
    rb"(?: (UTC|GMT))?(?: [A-Z]{3,5})?(?: (\d{4})\b)?"
)
_EPOCH = re.compile(rb"\[?(\d{10}(?:\.\d{1,9})?)(?=[\s\]:,])")
_CLOCK = re.compile(rb"\[?(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6})\d*)?(?=[\s\]:,]|\Z)")
_MONTHS = b"JanFebMarAprMayJunJulAugSepOctNovDec"
_DAY = timedelta(days=1)
_SLACK = timedelta(hours=1)
"""By which a line may be later than the last write to its log, as of another host's clock."""


def line_time(line: bytes, modified: float) -> float | None:
    """Return the time in a line, in seconds since 1970; None if there is none.

    Args:
        line: The line.
        modified: When its log was written to last, in seconds since 1970: completes a time without
            a year or a day, which is the last such time before that.
    """
    head = line[:_SEARCHED]
    for pattern, read in _FORMS:
        match = pattern.search(head) if pattern in _ANYWHERE else pattern.match(head)
        if match is not None:
            try:
                return read(match, modified)
            except (ValueError, OverflowError, OSError):
                continue
    return None


def _read_date(match: re.Match[bytes], _modified: float) -> float:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    when = datetime(  # noqa: DTZ001 - local time
        int(year), int(month), int(day), int(hour), int(minute), int(second), _micros(fraction)
    )
    if zone in {b"Z", b"UTC"}:
        return when.replace(tzinfo=timezone.utc).timestamp()
    if zone is not None:
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        when += -offset if zone.startswith(b"+") else offset
        return when.replace(tzinfo=timezone.utc).timestamp()
    return when.timestamp()


def _read_words(match: re.Match[bytes], modified: float) -> float:
    month, day, hour, minute, second, zone, year = match.groups()
    last = datetime.fromtimestamp(modified)  # noqa: DTZ006 - local time
    when = datetime(  # noqa: DTZ001 - local time
        last.year if year is None else int(year),
        _MONTHS.index(month) // 3 + 1,
        int(day),
        int(hour),
        int(minute),
        int(second),
    )
    if year is None and when > last + _DAY:
        when = when.replace(year=last.year - 1)
    return (when if zone is None else when.replace(tzinfo=timezone.utc)).timestamp()


def _read_epoch(match: re.Match[bytes], _modified: float) -> float:
    return float(match[1])


def _read_clock(match: re.Match[bytes], modified: float) -> float:
    hour, minute, second, fraction = match.groups()
    last = datetime.fromtimestamp(modified)  # noqa: DTZ006 - local time
    when = last.replace(
        hour=int(hour), minute=int(minute), second=int(second), microsecond=_micros(fraction)
    )
    return (when - _DAY if when > last + _SLACK else when).timestamp()


def _micros(fraction: bytes | None) -> int:
    return int((fraction or b"0").ljust(6, b"0"))


_FORMS: tuple[tuple[re.Pattern[bytes], Callable[[re.Match[bytes], float], float]], ...] = (
    (_DATE, _read_date),
    (_EPOCH, _read_epoch),
    (_CLOCK, _read_clock),
    (_WORDS, _read_words),
)
_ANYWHERE = frozenset({_DATE, _WORDS})
"""Forms that are known wherever they stand in a line."""
