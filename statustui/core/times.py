"""The times in status files: their forms, and which instants they mean.

Pavilion 2.1.1 writes local time without a zone, Pavilion 2.4 seconds since 1970. Other writers use
more forms: a zone or ``Z`` after the time, a comma before its fraction, milli-, micro- or
nanoseconds since 1970.

In the hour that is repeated at the end of summer time, a local time without a zone can mean two
instants. It means the first one unless

- that is more than `SKEW` before the time of the line before it, or
- the file ends within that hour and was last written to after the second instant: then the times
  at its end that the order of lines does not decide mean the second one.

The ``fold`` of the `datetime` stores the decision, so that all later conversions agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

Time: TypeAlias = "datetime | float | None"
"""Local time without a zone, seconds since 1970, or None for an unreadable time."""

SKEW = 60.0
"""Seconds by which the clocks of several writers may differ."""
_EPOCH_MIN, _EPOCH_MAX = -62135510400.0, 253402214400.0
"""Seconds since 1970 between which a `datetime` can hold the time in every zone."""
_EPOCH = re.compile(rb"(\d{1,21})(?:\.\d{0,9})?\Z")
_ISO = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?\Z"
)
_SECONDS_DIGITS = 12
_UNIT_DIGITS = 3
_LOCAL_HOUR = re.compile(rb"-\d\d-\d\dT\d\d:")
"""Part of every local time: a quick search for it rules out files without any."""
_HOUR_BYTES = 13
_ALMOST_AN_HOUR = timedelta(minutes=59, seconds=59)


def parse_time(text: bytes) -> Time:
    """Parse a time; None if it is unreadable.

    A number of up to 12 digits is in seconds, of up to 15 in milli-, of up to 18 in micro- and of
    up to 21 in nanoseconds.
    """
    match = _EPOCH.match(text)
    if match is not None:
        digits = len(match[1])
        seconds = float(text)
        if digits > _SECONDS_DIGITS:
            seconds /= 1000.0 ** ((digits - _SECONDS_DIGITS + _UNIT_DIGITS - 1) // _UNIT_DIGITS)
        return in_range(seconds)
    match = _ISO.match(text)
    return None if match is None else _read_iso(match)


def _read_iso(match: re.Match[bytes]) -> Time:
    start, fraction, zone = match.groups()
    written = start.decode()
    try:
        # Python 3.10 accepts only fractions of three or six digits, and zones with a colon.
        if fraction is not None:
            written += f".{fraction[:6].decode():0<6}"
        if zone is None:
            return datetime.fromisoformat(written)
        name = "+00:00" if zone == b"Z" else f"{zone[:3].decode()}:{zone[-2:].decode():0>2}"
        if len(zone) == len("+02"):
            name = f"{zone.decode()}:00"
        seconds = datetime.fromisoformat(written + name).timestamp()
    except (ValueError, OverflowError):
        return None
    return in_range(seconds)


def in_range(seconds: float | None) -> float | None:
    """Return a time in seconds since 1970; None if not every zone has a `datetime` for it."""
    return None if seconds is None or not _EPOCH_MIN < seconds < _EPOCH_MAX else seconds


def seconds_of(time: Time) -> float | None:
    """Convert a time to seconds since 1970; None if unknown or out of the range of the system."""
    if not isinstance(time, datetime):
        return time
    try:
        return time.timestamp()
    except (OverflowError, ValueError, OSError):
        return None


def read_seconds(text: str) -> float | None:
    """Return the time in a text, in seconds since 1970; None if it is unreadable."""
    return seconds_of(parse_time(text.encode("utf-8", "replace")))


def _second(time: Time) -> float | None:
    """Return the second instant that a local time can mean; None if it can mean only one."""
    if not isinstance(time, datetime) or time.tzinfo is not None:
        return None
    first, second = seconds_of(time.replace(fold=0)), seconds_of(time.replace(fold=1))
    return second if first is not None and second is not None and second > first else None


def may_repeat(block: bytes, lines: Sequence[bytes]) -> bool:
    """Return whether lines may have times in a repeated hour; cheap where they have none."""
    if _LOCAL_HOUR.search(block) is None:
        return False
    hours = {line.lstrip(b"\0")[:_HOUR_BYTES] for line in lines}
    return any(map(_has_repetition, hours))


def _has_repetition(hour: bytes) -> bool:
    start = parse_time(hour + b":00")
    if not isinstance(start, datetime):
        return False
    begin = seconds_of(start)
    end = seconds_of((start + _ALMOST_AN_HOUR).replace(fold=1)) if start.year < 9999 else None  # noqa: PLR2004
    return begin is not None and end is not None and end - begin > _ALMOST_AN_HOUR.total_seconds()


def in_order(time: Time, before: Time) -> Time:
    """Resolve `time` to the instant that it means after a line of the time `before`."""
    if not isinstance(time, datetime) or _second(time) is None:
        return time
    first, bound = seconds_of(time), seconds_of(before)
    is_late = first is not None and bound is not None and first < bound - SKEW
    return time.replace(fold=1) if is_late else time


def is_open(time: Time) -> bool:
    """Return whether the order of lines so far leaves open which instant a time means."""
    return isinstance(time, datetime) and not time.fold and _second(time) is not None


def ends_in_second(last: Time, modified: float | None) -> bool:
    """Return whether a file ends in the second of two repeated hours.

    Args:
        last: Its last time, as `in_order` resolved it.
        modified: Time of the last write to the file, in seconds since 1970; None if unknown.
    """
    if modified is None or not is_open(last):
        return False
    second = _second(last)
    return second is not None and second <= modified + SKEW


def moved(time: Time) -> Time:
    """Return the second instant of a time that is open; any other time unchanged."""
    return time.replace(fold=1) if isinstance(time, datetime) and is_open(time) else time


def decided(time: Time) -> Time:
    """Return a time that is open as the first instant, which `moved` does not change."""
    return seconds_of(time) if is_open(time) else time


def settle(times: Sequence[Time], modified: float | None) -> list[Time]:
    """Resolve all times of a file.

    Args:
        times: The times as written, in the order of the lines.
        modified: Time of the last write to the file, in seconds since 1970; None if unknown.
    """
    settled: list[Time] = []
    before: Time = None
    for time in times:
        known = in_order(time, before)
        settled.append(known)
        before = before if known is None else known
    if ends_in_second(before, modified):
        for index in reversed(range(len(settled))):
            if settled[index] is not None and not is_open(settled[index]):
                break
            settled[index] = moved(settled[index])
    return settled
