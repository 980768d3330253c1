"""A span of time on a line of cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NamedTuple

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 7, 14, 30, 90, 365)),
)
"""Seconds between two marks on an axis: spans that are easy to read."""
_LABEL_CELLS = 10
"""Cells from one label to the next, at least."""
_FIT_STEPS = 16
"""Steps that a fitted axis is about as long as: its ends are whole steps, so that they stand still
for a while."""
MIN_SECONDS, MAX_SECONDS = 10.0, 20.0 * 365 * _DAY
"""The shortest axis, and the longest."""


class Tick(NamedTuple):
    """A mark on an axis."""

    cell: int
    label: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """A span of time on `cells` cells of the same length; times are in seconds since 1970."""

    begin: float
    end: float
    cells: int

    @classmethod
    def fitted(cls, begin: float, end: float, cells: int) -> TimeAxis:
        """Return an axis that holds a span of time, its end included.

        It begins and ends at round times.
        """
        span = max(end - begin, MIN_SECONDS)
        step = _step_of(span / _FIT_STEPS)
        begin = math.floor(begin / step) * step
        end = max((math.floor(end / step) + 1) * step, begin + MIN_SECONDS)
        return cls(begin, end, cells)

    @property
    def scale(self) -> float:
        """Seconds for a cell."""
        return (self.end - self.begin) / max(1, self.cells)

    def cell_at(self, time: float) -> int:
        """Return the cell of a time; one that is not on the axis has a cell before or after it."""
        return math.floor((time - self.begin) / self.scale)

    def middle_of(self, cell: int) -> float:
        """Return the time in the middle of a cell."""
        return self.begin + (cell + 0.5) * self.scale

    def zoomed(self, factor: float, around: float) -> TimeAxis:
        """Return an axis that is `factor` times as long, with the time `around` in its place."""
        span = self.end - self.begin
        factor = min(max(factor, MIN_SECONDS / span), MAX_SECONDS / span)
        begin = around - (around - self.begin) * factor
        return TimeAxis(begin, begin + span * factor, self.cells)

    def shifted(self, share: float) -> TimeAxis:
        """Return an axis that is later by a share of its length."""
        by = (self.end - self.begin) * share
        return TimeAxis(self.begin + by, self.end + by, self.cells)

    def ticks(self, *, is_utc: bool = False) -> Iterator[Tick]:
        """Yield marks at round times of the day, local or UTC, from left to right."""
        step = _step_of(self.scale * _LABEL_CELLS)
        zone = timezone.utc if is_utc else None
        try:
            first = datetime.fromtimestamp(self.begin, zone).astimezone(zone)
        except (OverflowError, ValueError, OSError):
            return
        offset = first.utcoffset()
        lead = 0.0 if offset is None else offset.total_seconds()
        time = math.ceil((self.begin + lead) / step) * step - lead
        while time < self.end:
            try:
                label = _label(datetime.fromtimestamp(time, zone), step)
            except (OverflowError, ValueError, OSError):
                return
            cell = self.cell_at(time)
            if cell + len(label) <= self.cells:
                yield Tick(cell, label)
            time += step


def _step_of(seconds: float) -> float:
    """Return the shortest step that takes so many seconds; with very many, whole years."""
    year = _STEPS[-1]
    return next((step for step in _STEPS if step >= seconds), math.ceil(seconds / year) * year)


def _label(when: datetime, step: float) -> str:
    if step >= 30 * _DAY:
        return f"{when:%Y-%m}"
    if step >= _DAY or (when.hour, when.minute, when.second) == (0, 0, 0):
        return f"{when:%m-%d}"
    return f"{when:%H:%M}" if step >= _MINUTE else f"{when:%H:%M:%S}"
