"""Time spent in each state, what of that is typical, and whether a run has stalled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from statustui.core.run import Run, Stall
from statustui.core.states import LOG_STATES
from statustui.core.status_file import StatusInfo
from statustui.core.text import format_span

if TYPE_CHECKING:
    from statustui.core.history import StateTimeline

_MUCH = 3.0
"""A stay that is longer than so many typical ones is much longer than usual."""


@dataclass(frozen=True)
class StaleAfter:
    """For how many seconds a run may sit in a state at least before it counts as stalled."""

    default: float = 1800.0
    by_state: Mapping[str, float] = field(default_factory=dict)
    """State -> seconds, where it is to be another time."""

    def of(self, state: str) -> float:
        """The seconds for `state`."""
        return self.by_state.get(state, self.default)


DEFAULT_STALE_AFTER = StaleAfter()
"""Half an hour in any state."""


class Interval(NamedTuple):
    """A span of time in one state."""

    state: str
    start: float
    """In seconds since 1970."""
    end: float

    @property
    def seconds(self) -> float:
        """How long it was; clocks that disagree make no negative span."""
        return max(0.0, self.end - self.start)


def stays(history: Iterable[StatusInfo]) -> list[Interval]:
    """What a run spent its time in: a span from each status to the next, the last one left out.

    Statuses without a time are passed over, and so are remarks: they leave the run where it is.

    Args:
        history: Its statuses, oldest first.
    """
    timed = [
        (status.state, time)
        for status in history
        if (time := status.timestamp) is not None and status.state not in LOG_STATES
    ]
    return [Interval(state, start, end) for (state, start), (_next, end) in pairwise(timed)]


class Typical(NamedTuple):
    """What some runs usually spent their time in."""

    times: Mapping[str, float]
    """State -> median of the seconds in it, of those states that at least half of them were in."""
    runs: int
    """How many runs that is known from."""


BRIEF = 0.01
"""Seconds below which the time in a state is not worth telling."""


def goes_on(run: Run) -> bool:
    """Whether time still passes for a run: it is not over, nor left behind by a failure."""
    return not run.is_finished and not run.category.is_problem


def end_of(run: Run, course: StateTimeline, now: float) -> float:
    """Up to when a run's time counts: to `now` if it goes on, else to its last status."""
    last = course.starts[-1] if course.starts else 0.0
    return max(last, now if goes_on(run) else run.updated_at or last)


def typical_times(courses: Iterable[StateTimeline]) -> Typical:
    """What runs that are over usually spent their time in, each up to its last status.

    The states are in the order in which they usually come. Of an even number of runs the median is
    the upper one.
    """
    of_runs: list[dict[str, float]] = []
    offsets: dict[str, list[float]] = {}
    for course in courses:
        if course.starts:
            of_runs.append(course.times(course.starts[-1]))
            first = dict(zip(reversed(course.states), reversed(course.starts), strict=True))
            for state, start in first.items():
                offsets.setdefault(state, []).append(start - course.starts[0])
    times = {}
    for state in sorted(offsets, key=lambda state: _median(offsets[state])):
        span = _median([times_of.get(state, 0.0) for times_of in of_runs])
        if span > 0:
            times[state] = span
    return Typical(times, len(of_runs))


def _median(spans: Sequence[float]) -> float:
    """The median; of an even number the upper one."""
    return sorted(spans)[len(spans) // 2]


class Usual(NamedTuple):
    """How long some runs stayed in a state."""

    typical: float
    """The median, in seconds; of an even number the upper one."""
    longest: float
    runs: int
    """How many runs that is known from."""


def usual_intervals(histories: Iterable[Sequence[StatusInfo]]) -> dict[str, Usual]:
    """State -> how long runs sat there without any news, each run counted with its longest stay."""
    longest: dict[str, list[float]] = {}
    for history in histories:
        mine: dict[str, float] = {}
        for stay in stays(history):
            mine[stay.state] = max(mine.get(stay.state, 0.0), stay.seconds)
        for state, seconds in mine.items():
            longest.setdefault(state, []).append(seconds)
    return {
        state: Usual(_median(spans), max(spans), len(spans)) for state, spans in longest.items()
    }


def may_stall(run: Run) -> bool:
    """Whether the run can stall: it has begun and is not over.

    Pavilion sets no status for the end of a series, so that nothing is to be learned from its age.
    """
    return run.kind != "series" and run.updated_at is not None and not run.category.is_final


def limit_of(patience: float, usual: Usual | None) -> float:
    """For how many seconds a run may give no sign of life before it counts as stalled."""
    if usual is None:
        return patience
    return max(patience, _MUCH * usual.typical, usual.longest)


def make_stall(run: Run, since: float, patience: float, usual: Usual | None, whose: str) -> Stall:
    """Say that a run has stalled, and on what the guess is based.

    Args:
        run: The run.
        since: Its last sign of life, in seconds since 1970.
        patience: For how many seconds it may give none at least.
        usual: How long its peers stayed in its state, if any did.
        whose: Which runs it was compared with, in words that follow the word run.
    """
    state, least = run.current.state, format_span(patience)
    if usual is None:
        return Stall(since, f"longer than {least}; no run {whose} has left {state} yet")
    typical, longest = format_span(usual.typical), format_span(usual.longest)
    count = f"{usual.runs} run{'' if usual.runs == 1 else 's'} {whose}"
    return Stall(
        since, f"longer than {least}; {count} took {typical} in {state}, at most {longest}"
    )
