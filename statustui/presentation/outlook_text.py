"""What is under way and when it ends, in one line."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from statustui.core.campaign import Estimate, Outlook

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_WIDE = 30 * _MINUTE
"""Seconds between the bounds of an estimate from which its time is told to five minutes."""
_WEEK = 6 * _DAY
"""Seconds for which a weekday tells the day."""
_LEAST_PACE = 0.1
"""Difference from the usual pace that is told."""
_LEAST_CELLS = 3
"""A curve with fewer cells is left out."""
_RAMP, _ASCII_RAMP = "▁▂▃▄▅▆▇█", "_.:-=+*#"
GAP = "  "


class OutlookPart(NamedTuple):
    """A part of the line."""

    text: str
    is_failure: bool = False
    """Whether it tells of failures."""


def outlook_line(
    outlook: Outlook, now: float, width: int, *, ascii_only: bool = False
) -> list[OutlookPart]:
    """Return the parts of the line on what is under way, as far as they fit.

    There are none if no more is known than how many runs are. Without enough room the curve is cut,
    then failures, what has finished, and how many are under way are left out.

    Args:
        outlook: What is under way.
        now: The time in seconds since 1970.
        width: Cells of the line.
        ascii_only: Whether to draw the curve in ASCII.
    """
    parts = [OutlookPart(f"{outlook.under_way:,} under way")]
    if outlook.ended_per_hour is not None:
        parts.append(OutlookPart(f"{_rate(outlook.ended_per_hour)} finished"))
    failed = _rate(outlook.failed_per_hour or 0.0)
    failures = OutlookPart(f"{failed} failed", is_failure=any(outlook.failures))
    if outlook.failed_per_hour is not None:
        parts.append(failures)
    if outlook.end is not None:
        parts.append(OutlookPart(_end(outlook.end, now)))
    if len(parts) == 1:
        return []
    room = width - _length(parts) - 1
    cells = outlook.failures[-max(0, room) :]
    if failures in parts and min(room, len(cells)) >= _LEAST_CELLS:
        curve = draw_sparkline(cells, ascii_only=ascii_only)
        parts[parts.index(failures)] = failures._replace(text=f"{failures.text} {curve}")
    for index in (2, 1, 0):
        if _length(parts) > width and len(parts) > index:
            del parts[index]
    return parts


def _length(parts: Sequence[OutlookPart]) -> int:
    return sum(len(part.text) for part in parts) + len(GAP) * (len(parts) - 1)


def draw_sparkline(values: Sequence[float], *, ascii_only: bool = False) -> str:
    """Return one character for each value, as high as its share of the largest; zero is lowest."""
    ramp = _ASCII_RAMP if ascii_only else _RAMP
    most = max(values, default=0.0)
    steps = len(ramp) - 1
    return "".join(ramp[math.ceil(steps * value / most) if most else 0] for value in values)


def _rate(per_hour: float) -> str:
    return "<1/h" if 0 < per_hour < 0.5 else f"{per_hour:,.0f}/h"  # noqa: PLR2004 - rounded to 0


def _end(end: Estimate, now: float) -> str:
    low, middle, high = end.seconds
    step = 5 * _MINUTE if high - low > _WIDE else _MINUTE
    at = _clock_time(step * round((now + middle) / step), now)
    rough = ", rough" if end.is_rough else ""
    overdue = f", {end.overdue:,} overdue" if end.overdue else ""
    pace = f", {end.pace:.1f} x the usual time" if abs(end.pace - 1) >= _LEAST_PACE else ""
    return f"ends ~{at} ({' - '.join(_bounds(low, high))}{rough}{overdue}{pace})"


def _clock_time(moment: float, now: float) -> str:
    """Return a local time, with its day unless that is today."""
    try:
        at, today = time.localtime(moment), time.localtime(now)
    except (OverflowError, ValueError, OSError):
        return "?"
    if at[:3] == today[:3]:
        return time.strftime("%H:%M", at)
    return time.strftime("%a %H:%M" if moment - now < _WEEK else "%Y-%m-%d", at)


def _bounds(low: float, high: float) -> Iterator[str]:
    """Yield the bounds of a span of time in whole units, rounded outwards."""
    for seconds, to_whole in ((low, math.floor), (high, math.ceil)):
        if seconds < 2 * _HOUR:
            yield f"{to_whole(seconds / _MINUTE)} min"
        elif seconds < 2 * _DAY:
            yield f"{to_whole(seconds / _HOUR)} h"
        else:
            yield f"{to_whole(seconds / _DAY):,} d"
