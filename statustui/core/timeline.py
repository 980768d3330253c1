"""When a run was in which state, as its statuses tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from statustui.core.states import LOG_STATES
from statustui.core.status_info import StatusInfo

_NO_STAY = float("-inf")


class StateTimeline(NamedTuple):
    """When a run was in which state. Remarks, and statuses without a time, change nothing.

    Of consecutive statuses with the same state, the first one begins the state.
    """

    starts: tuple[float, ...] = ()
    """When the run entered each state, in seconds since 1970, in ascending order."""
    states: tuple[str, ...] = ()
    """The state entered at each of `starts`."""
    totals: Mapping[str, float] = {}
    """State -> seconds spent in it altogether, up to the last of `starts`."""
    stays: Mapping[str, float] = {}
    """State -> the longest time in seconds from one of its statuses to the next status of any
    state. The last status of the run begins no such stay."""

    def state_at(self, time: float) -> str:
        """Return the state at a time in seconds since 1970; an empty one before the first."""
        index = bisect_right(self.starts, time) - 1
        return self.states[index] if index >= 0 else ""

    def totals_until(self, end: float) -> dict[str, float]:
        """Return state -> seconds spent in it up to `end`, in the order of first entry."""
        totals = dict(self.totals)
        if self.starts:
            state = self.states[-1]
            totals[state] = totals.get(state, 0.0) + max(0.0, end - self.starts[-1])
        return totals


@dataclass(slots=True)
class TimelineBuilder:
    """Builds the timeline of a run from its statuses, added oldest first."""

    _starts: list[float] = field(default_factory=list)
    _states: list[str] = field(default_factory=list)
    _totals: dict[str, float] = field(default_factory=dict)
    _stays: dict[str, float] = field(default_factory=dict)
    _last_state: str | None = None
    """State of the last status that is not a remark and has a time; None before the first."""
    _last_time: float = 0.0

    def add(self, status: StatusInfo) -> None:
        """Add the next status."""
        state = status.state
        if state in LOG_STATES:
            return
        time = status.timestamp
        if time is None:
            return
        before = self._last_state
        if before is not None:
            stay = time - self._last_time
            # Hosts' clocks may disagree: never record a negative span, here or below.
            if stay > self._stays.get(before, _NO_STAY):
                self._stays[before] = max(stay, 0.0)
        self._last_state, self._last_time = state, time
        if state == before or not state or (self._states and self._states[-1] == state):
            return
        if self._starts:
            time = max(time, self._starts[-1])
            before = self._states[-1]
            self._totals[before] = self._totals.get(before, 0.0) + time - self._starts[-1]
        self._starts.append(time)
        self._states.append(state)

    def timeline(self) -> StateTimeline:
        """Return the timeline of the statuses added so far."""
        return StateTimeline(
            tuple(self._starts), tuple(self._states), dict(self._totals), dict(self._stays)
        )

    def copy(self) -> TimelineBuilder:
        """Return a builder to which statuses can be added without changing this one."""
        return replace(
            self,
            _starts=self._starts.copy(),
            _states=self._states.copy(),
            _totals=self._totals.copy(),
            _stays=self._stays.copy(),
        )


def timeline_of(statuses: Iterable[StatusInfo]) -> StateTimeline:
    """Return the timeline of a run, given its statuses, oldest first."""
    builder = TimelineBuilder()
    for status in statuses:
        builder.add(status)
    return builder.timeline()
