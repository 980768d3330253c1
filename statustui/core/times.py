"""The times in status files: how they are written, and which instants they mean.

Pavilion 2.1.1 writes local time without a zone, Pavilion 2.4 seconds since 1970. Writers by hand
write more: a zone or ``Z`` behind the time, a comma before its fraction, milli-, micro- or
nanoseconds since 1970.

A local time without a zone means two instants in the hour that is repeated when summer time ends.
It is the first one unless

- that is more than `SKEW` before the time of the line before it, or
- the file ends within that hour, and was not written to before the second one: then the times at
  its end which the order of lines says nothing about are the second ones.

Which one it is stands in the ``fold`` of the `datetime`, so that everything that goes by it agrees.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

Time: TypeAlias = "datetime | float | None"
"""Local time without a zone, seconds since 1970, or None if there is none that can be read."""

SKEW = 60.0
"""Seconds by which clocks of several writers may differ."""
_EPOCH_MIN, _EPOCH_MAX = -62135510400.0, 253402214400.0
"""Seconds since 1970 of the first and last days that a `datetime` holds in every time zone."""
_EPOCH = re.compile(rb"(\d{1,21})(?:\.\d{0,9})?\Z")
_ISO = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?\Z"
)
_SECONDS_DIGITS = 12
_UNIT_DIGITS = 3
_LOCAL_HOUR = re.compile(rb"-\d\d-\d\dT\d\d:")
"""Part of a local time that is quickly found not to be there."""
_HOUR_BYTES = 13
_ALMOST_AN_HOUR = timedelta(minutes=59, seconds=59)


def parse_time(text: bytes) -> Time:
    """Read a time.

    A number of up to 12 digits counts seconds, of up to 15 milli-, 18 micro- and 21 nanoseconds.
    """
    match = _EPOCH.match(text)
    if match is not None:
        digits = len(match[1])
        seconds = float(text)
        if digits > _SECONDS_DIGITS:
            seconds /= 1000.0 ** ((digits - _SECONDS_DIGITS + _UNIT_DIGITS - 1) // _UNIT_DIGITS)
        return seconds if seconds < _EPOCH_MAX else None
    match = _ISO.match(text)
    return None if match is None else _read_iso(match)


def _read_iso(match: re.Match[bytes]) -> Time:
    start, fraction, zone = match.groups()
    written = start.decode()
    try:
        # Python 3.10 reads fractions of three or six digits, and zones with a colon, only.
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
    return seconds if _EPOCH_MIN < seconds < _EPOCH_MAX else None


def seconds_of(time: Time) -> float | None:
    """A time in seconds since 1970; None if it is not known, or beyond what the system can tell."""
    if not isinstance(time, datetime):
        return time
    try:
        return time.timestamp()
    except (OverflowError, ValueError, OSError):
        return None


def _second(time: Time) -> float | None:
    """The second instant that a local time means; None if it means one only."""
    if not isinstance(time, datetime) or time.tzinfo is not None:
        return None
    first, second = seconds_of(time.replace(fold=0)), seconds_of(time.replace(fold=1))
    return second if first is not None and second is not None and second > first else None


def may_repeat(block: bytes, lines: Sequence[bytes]) -> bool:
    """Whether lines may hold times in an hour that is repeated; told at little cost."""
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
    """The instant that `time` means behind a line of the time `before`."""
    if not isinstance(time, datetime) or _second(time) is None:
        return time
    first, bound = seconds_of(time), seconds_of(before)
    is_late = first is not None and bound is not None and first < bound - SKEW
    return time.replace(fold=1) if is_late else time


def is_open(time: Time) -> bool:
    """Whether the order of lines up to this one leaves open which instant its time means."""
    return isinstance(time, datetime) and not time.fold and _second(time) is not None


def ends_in_second(last: Time, modified: float | None) -> bool:
    """Whether a file whose last time is `last` ends in the second of two hours.

    Args:
        last: The time, as the order of lines has it.
        modified: When the file was written to, in seconds since 1970.
    """
    if modified is None or not is_open(last):
        return False
    second = _second(last)
    return second is not None and second <= modified + SKEW


def moved(time: Time) -> Time:
    """The second instant that a time may mean which is open; any other time as it is."""
    return time.replace(fold=1) if isinstance(time, datetime) and is_open(time) else time


def decided(time: Time) -> Time:
    """A time that will not be `moved`: what follows it has closed the question."""
    return seconds_of(time) if is_open(time) else time


def settle(times: Sequence[Time], modified: float | None) -> list[Time]:
    """The instants that all the times of a file mean, in the order of its lines.

    Args:
        times: The times as they are written.
        modified: When the file was written to, in seconds since 1970; None if that is not known.
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
