"""How long runs are in their states, what of that is usual, and when a run counts as stalled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from statustui.core.job import Verdict
from statustui.core.run import Run, Stall
from statustui.core.status_lines import STATE_BYTES
from statustui.core.text import count, format_span

if TYPE_CHECKING:
    from statustui.core.timeline import StateTimeline

MAX_PEERS = 20
"""Runs of one name that usual durations are learned from, at most: the newest ones."""
_STALL_FACTOR = 3.0
"""A run counts as stalled after this many times the usual stay in its state."""
MAX_STATES = 64
"""States whose durations are kept: the names come from other users' files."""


class StaleAfter(NamedTuple):
    """Minimum time in a state before a run counts as stalled, in seconds."""

    default: float = 1800.0
    by_state: Mapping[str, float] = MappingProxyType({})
    """State -> seconds, for states with a limit other than `default`."""

    def of(self, state: str) -> float:
        """Return the seconds for `state`."""
        return self.by_state.get(state, self.default)


DEFAULT_STALE_AFTER = StaleAfter()
"""Half an hour in any state."""


BRIEF = 0.01
"""Seconds in a state below which it is left out of lists of durations."""


def goes_on(run: Run) -> bool:
    """Return whether the run's time is still counting.

    It has neither finished nor failed, and its job has not ended, nor does it wait again.
    """
    is_over = run.has_ended or run.category.is_problem
    return not is_over and (run.job is None or run.job.verdict is not Verdict.REQUEUED)


def end_of(run: Run, timeline: StateTimeline, now: float) -> float:
    """Return the end of the run's time in seconds since 1970: `now`, or that of its last status."""
    last = timeline.starts[-1] if timeline.starts else 0.0
    return max(last, now if goes_on(run) else run.updated_at or last)


class StateDuration(NamedTuple):
    """How long some runs were in one state, in seconds.

    A stay is the time from one status to the next, whether or not the state changes then; a run
    without a new status is compared with stays. Of an even number of values, the median is the
    upper middle one.
    """

    total: float
    """Median of the whole time in the state, over all the runs: 0 for one that never was in it."""
    stay: float
    """Median of the longest stay of each run that made one."""
    longest: float
    """The longest stay of any run."""
    runs: int
    """Number of runs that made a stay."""


class StateDurations(NamedTuple):
    """How long runs are in each state, learned from those that have finished."""

    by_state: Mapping[str, StateDuration] = MappingProxyType({})
    """In the order in which runs usually enter the states."""
    runs: int = 0
    """Number of runs that this was learned from."""

    @classmethod
    def learn(cls, timelines: Iterable[StateTimeline]) -> StateDurations:
        """Learn from the timelines of some runs, each up to its last status.

        `MAX_STATES` are kept; a state with a longer name than `STATE_BYTES` is left out.
        """
        offsets: dict[str, list[float]] = {}
        totals: dict[str, list[float]] = {}
        stays: dict[str, list[float]] = {}
        runs = 0
        for timeline in timelines:
            if not timeline.starts:
                continue
            runs += 1
            first = dict(zip(reversed(timeline.states), reversed(timeline.starts), strict=True))
            for state, start in first.items():
                offsets.setdefault(state, []).append(start - timeline.starts[0])
            for state, seconds in timeline.totals.items():
                totals.setdefault(state, []).append(seconds)
            for state, seconds in timeline.stays.items():
                stays.setdefault(state, []).append(seconds)
        kept = [state for state in offsets if state in stays and len(state) <= STATE_BYTES]
        by_state = {}
        for state in sorted(kept, key=lambda state: _median(offsets[state]))[:MAX_STATES]:
            spans = totals.get(state, [])
            absent = [0.0] * (runs - len(spans))
            by_state[state] = StateDuration(
                total=_median([*spans, *absent]),
                stay=_median(stays[state]),
                longest=max(stays[state]),
                runs=len(stays[state]),
            )
        return cls(by_state, runs)

    @property
    def totals(self) -> dict[str, float]:
        """State -> median of the whole time in it, for states that most of the runs were in."""
        return {
            state: duration.total for state, duration in self.by_state.items() if duration.total > 0
        }


def _median(spans: Sequence[float]) -> float:
    return sorted(spans)[len(spans) // 2]


def may_stall(run: Run) -> bool:
    """Return whether the run can stall: it has a status and has not finished.

    A series cannot: Pavilion sets no status when it ends, so its age says nothing.
    """
    return run.kind != "series" and run.updated_at is not None and not run.category.is_final


def limit_of(stale_after: float, usual: StateDuration | None) -> float:
    """Return the seconds without a sign of life from which a run counts as stalled.

    Args:
        stale_after: The minimum, in seconds.
        usual: How long its peers were in its state; None if none of them has left it.
    """
    if usual is None:
        return stale_after
    return max(stale_after, _STALL_FACTOR * usual.stay, usual.longest)


def make_stall(
    run: Run, since: float, *, stale_after: float, usual: StateDuration | None, peers: str
) -> Stall:
    """Return a record that a run has stalled, with the reasons for it.

    Args:
        run: The run.
        since: Its last sign of life, in seconds since 1970.
        stale_after: The seconds without one from which a run can count as stalled.
        usual: How long its peers were in its state; None if none of them has left it.
        peers: Which runs those are, as a phrase behind "run" or "runs", such as "of this name".
    """
    state, least = run.current.state, format_span(stale_after)
    if usual is None:
        return Stall(since, f"longer than {least}; no run {peers} has left {state} yet")
    stay, longest = format_span(usual.stay), format_span(usual.longest)
    runs = f"{count(usual.runs, 'run')} {peers}"
    return Stall(
        since,
        f"longer than {least}; {runs} took {stay} in {state} from one status to the next, "
        f"at most {longest}",
    )
