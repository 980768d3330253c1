"""What is under way: how much of it, how fast it ends, how much fails, and when all will be done.

Everything is kept run by run, so that a change costs the same whatever the number of runs.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.past import Name
from statustui.core.run import Run
from statustui.core.work_times import (
    USUAL_PACE,
    Pace,
    Usual,
    WorkTimes,
    begin_of_work,
    work_name,
)

_CELL = 600
"""Seconds for which ends of runs are counted together."""
_CURVE_CELLS = 12
"""Cells of the curve of failures."""
_HOUR = 3600
_BREAK = 3600
"""Seconds without the end of a run after which another campaign begins."""
_MAX_CELLS = 72
"""Cells that a campaign takes at most, as far as its pace is concerned."""
_SHORT = 2 * _HOUR
"""Seconds of a campaign up to which a cell of the curve has `_CELL` seconds; above, an hour."""
_LEAST_SECONDS = 300.0
"""Seconds that must have passed before anything is said per hour."""
_FEW = 0.3
"""Share by which one run of a name may differ from the next; of more runs, as much less."""
_ROUGH = 0.1
"""Share of runs whose name has no past above which an estimate is called rough."""
_OVERDUE, _LEAST_OVERDUE = 2.0, 600.0
"""A run is overdue when it exceeds the longest of its peers by more than this multiple of that, and
by more than these seconds."""
_MAX_SIMULATED = 2000
"""Waiting runs that are assigned one by one; the ones before them are spread evenly."""


class Spread(NamedTuple):
    """Some seconds that are not certain."""

    low: float
    """One time in ten it is less."""
    middle: float
    high: float
    """One time in ten it is more."""


class Estimate(NamedTuple):
    """When everything under way will have ended, in seconds from now."""

    seconds: Spread
    is_rough: bool
    """Whether for more than a few runs only the times of other tests are known."""
    overdue: int = 0
    """Runs of which nobody can say when they will have ended: they are left out."""
    pace: float = 1.0
    """How many times as long as usual the runs of this campaign take."""


class Outlook(NamedTuple):
    """What is under way at one time."""

    under_way: int
    """Runs that wait, build or run, without stalled ones."""
    ended_per_hour: float | None
    """How many have ended per hour, in the last one or less; None if it is too early to say."""
    failed_per_hour: float | None
    """How many of these have failed."""
    failures: tuple[int, ...]
    """How many have failed since it began, or in half a day: in ten minutes each, or an hour."""
    end: Estimate | None
    """When all will have ended; None if nothing can be said."""


class Campaign:
    """Everything under way in some trees, and what has ended there; stalled runs are left out.

    Runs that have ended are put aside until `take_in`, so that a hundred thousand at once delay
    nothing else.
    """

    def __init__(self) -> None:
        self._times = WorkTimes()
        self._at_work: dict[str, Run] = {}
        """Path -> run."""
        self._waiting: dict[str, Run] = {}
        """The same of runs that wait or build."""
        self._new: dict[str, Run] = {}
        """Path -> run that has ended and is not taken in yet."""
        self._ended: dict[int, int] = {}
        """Time, in cells since 1970 -> how many runs ended then."""
        self._failed: dict[int, int] = {}
        """The same of those that failed."""
        self.changes = 0
        """How many runs have been added so far."""

    @property
    def under_way(self) -> int:
        """How many runs wait, build or run, and have not stalled."""
        return len(self._at_work) + len(self._waiting)

    def add(self, run: Run) -> None:
        """Add a run, which is no series, or what has become of it after `discard`."""
        self.changes += 1
        category = run.category
        if category.is_final:
            self._new[run.path] = run
        elif category.is_under_way and run.stall is None:
            self._runs_like(run)[run.path] = run

    def add_all(self, runs: Collection[Run]) -> None:
        """Add runs that are new, none of them a series."""
        ended = {run.path: run for run in runs if run.category.is_final}
        self.changes += len(ended)
        self._new.update(ended)
        for run in runs:
            if run.path not in ended:
                self.add(run)

    def discard(self, run: Run) -> None:
        """Remove a run as it was added."""
        if not run.category.is_final:
            self._runs_like(run).pop(run.path, None)
        elif self._new.pop(run.path, None) is None:
            self._count(run, -1)
            self._times.discard(run)

    def take_in(self, most: int) -> bool:
        """Take in at most so many of the runs that have ended; return whether that is all."""
        for path in list(islice(self._new, most)):
            run = self._new.pop(path)
            self._count(run, 1)
            if run.category.is_problem or run.category is Category.PASSED:
                self._times.add(run)
        if not self._new:
            # A dictionary that was large stays so, even without any items.
            self._new = {}
        return not self._new

    def _runs_like(self, run: Run) -> dict[str, Run]:
        return self._at_work if run.category is Category.RUNNING else self._waiting

    def _count(self, run: Run, by: int) -> None:
        if run.updated_at is None:
            return
        cell = int(run.updated_at // _CELL)
        self._ended[cell] = self._ended.get(cell, 0) + by
        if run.category.is_problem:
            self._failed[cell] = self._failed.get(cell, 0) + by

    def outlook(self, now: float) -> Outlook | None:
        """Return what is under way; None if nothing is. The runs that have ended are taken in.

        Args:
            now: The time in seconds since 1970.
        """
        at_work, waiting = self._at_work.values(), self._waiting.values()
        if not self.under_way:
            return None
        starts = (run.started for run in chain(at_work, waiting) if run.started is not None)
        begin = min(starts, default=now)
        ended, failed = self._per_hour(begin, now) or (None, None)
        return Outlook(
            under_way=self.under_way,
            ended_per_hour=ended,
            failed_per_hour=failed,
            failures=tuple(self._failures(begin, now)),
            end=estimate_end(
                at_work, waiting, self._times, now, self._times.pace(self._begin(begin, now))
            ),
        )

    def _begin(self, begin: float, now: float) -> float:
        """Return when the campaign began: runs have ended since then without a long break.

        Args:
            begin: When the first of the runs under way was made.
            now: The time in seconds since 1970.
        """
        first = int(now // _CELL)
        least = first - _MAX_CELLS
        for cell in range(first, least, -1):
            if self._ended.get(cell):
                first = cell
            elif first - cell > _BREAK // _CELL:
                break
        return min(first * _CELL, max(begin, least * _CELL))

    def _per_hour(self, begin: float, now: float) -> tuple[float, float] | None:
        """Return how many runs have ended and failed per hour; None if it is too early to say."""
        last = int(now // _CELL)
        cells = range(last - _HOUR // _CELL + 1, last + 1)
        first = next((cell * _CELL for cell in cells if self._ended.get(cell)), now)
        since = max(cells[0] * _CELL, min(begin, first))
        if now - since < _LEAST_SECONDS:
            return None
        ended, failed = (
            sum(counts.get(cell, 0) for cell in cells) * _HOUR / (now - since)
            for counts in (self._ended, self._failed)
        )
        return ended, failed

    def _failures(self, begin: float, now: float) -> Iterator[int]:
        """Yield the number of failures in each cell of the curve."""
        width = _CELL if now - begin <= _SHORT else _HOUR
        last = int(now // width)
        # The clock of the host that wrote the start may be ahead.
        begin = min(begin, now)
        for cell in range(max(last - _CURVE_CELLS + 1, int(begin // width)), last + 1):
            parts = range(cell * width // _CELL, (cell + 1) * width // _CELL)
            yield sum(self._failed.get(part, 0) for part in parts)


def estimate_end(
    at_work: Collection[Run],
    waiting: Collection[Run],
    times: WorkTimes,
    now: float,
    pace: Pace = USUAL_PACE,
) -> Estimate | None:
    """Estimate when all of some runs will have ended.

    The runs at work go on for as long as is usual for their names, at the pace of late. The others
    follow in the order of their starts, as many at a time as are at work now. Overdue runs are left
    out, and nothing follows them.

    Args:
        at_work: Runs that run.
        waiting: Runs that wait or build.
        times: How long others were at work.
        now: The time in seconds since 1970.
        pace: How many times as long as usual it takes.

    Returns:
        The estimate; None if no run is at work that is not overdue, or none has ended before.
    """
    names = Counter(map(work_name, waiting))
    known = {name: times.usual(name) for name in (*names, *map(work_name, at_work))}
    if not all(usual.seconds for usual in known.values()):
        return None
    paces = [pace.low, pace.middle, pace.high]
    paced = {
        name: [known[name].at(pace, factor) for factor in paces]
        for name in set(map(work_name, at_work))
    }
    times_so_far = [(paced[work_name(run)], _elapsed(run, now)) for run in at_work]
    left = [
        _left_at(usual, so_far)
        for usual, so_far in times_so_far
        if not _is_overdue(usual[-1], so_far)
    ]
    if not left:
        return None
    whole = {name: _whole_at(known[name], pace) for name in names}
    # Of thousands of runs, the order makes little difference.
    in_order = names.elements() if len(waiting) > _MAX_SIMULATED else _by_start(waiting)
    to_come = [whole[name] for name in in_order]
    ends = [
        last_end([spread[level] for spread in left], [spread[level] for spread in to_come])
        for level in range(3)
    ]
    strange = sum(
        not known[name].is_of_name for name in chain(map(work_name, at_work), names.elements())
    )
    is_rough = strange > _ROUGH * (len(at_work) + len(waiting))
    return Estimate(Spread(*ends), is_rough, overdue=len(at_work) - len(left), pace=pace.middle)


def _left_at(usual: Sequence[Sequence[float]], elapsed: float) -> Spread:
    """Return the time left of a run.

    Args:
        usual: How long its peers were at work by the low, the middle and the high pace.
        elapsed: For how long it has been at work.
    """
    if usual[0] is usual[-1]:
        return time_left(usual[0], elapsed)
    low, middle, high = (time_left(seconds, elapsed) for seconds in usual)
    return Spread(min(low.low, middle.low), middle.middle, max(high.high, middle.high))


def _whole_at(usual: Usual, pace: Pace) -> Spread:
    """Return how long a run will take that waits."""
    if usual.is_changed_by(pace) and max(usual.ends) >= pace.since:
        return _left_at([usual.at(pace, one) for one in (pace.low, pace.middle, pace.high)], 0.0)
    whole = time_left(usual.seconds, 0.0)
    if not usual.is_changed_by(pace):
        return whole
    return Spread(whole.low * pace.low, whole.middle * pace.middle, whole.high * pace.high)


def _by_start(runs: Iterable[Run]) -> Iterator[Name]:
    return map(work_name, sorted(runs, key=lambda run: run.started or 0.0))


def _is_overdue(usual: Sequence[float], elapsed: float) -> bool:
    return elapsed - usual[-1] > max(_OVERDUE * usual[-1], _LEAST_OVERDUE)


def _elapsed(run: Run, now: float) -> float:
    """Return for how many seconds a run has been at work."""
    begin = begin_of_work(run)
    return 0.0 if begin is None else now - begin


def time_left(usual: Sequence[float], elapsed: float) -> Spread:
    """Return how long a run will still be at work.

    A run that is at work for longer than any of its peers may take the longer, the longer it has
    exceeded them.

    Args:
        usual: How long its peers were at work, in seconds, in ascending order; at least one.
        elapsed: For how long it has been at work.
    """
    passed = bisect_right(usual, elapsed)
    margin = _FEW * usual[len(usual) // 2] / len(usual)
    if passed == len(usual):
        over = elapsed - usual[-1]
        return Spread(0.0, over, max(3 * over, margin))
    left = len(usual) - passed
    low, middle, high = (usual[passed + left * tenths // 10] - elapsed for tenths in (1, 5, 9))
    return Spread(max(0.0, low - margin), middle, high + margin)


def last_end(at_work: Sequence[float], waiting: Sequence[float]) -> float:
    """Return after how many seconds the last of some runs ends.

    Args:
        at_work: For how long each of the runs at work goes on, in seconds; at least one.
        waiting: How long those take that wait; each begins as soon as one before it has ended.
    """
    first, rest = waiting[:-_MAX_SIMULATED], waiting[-_MAX_SIMULATED:]
    share = sum(first) / len(at_work)
    ends = [seconds + share for seconds in at_work]
    heapq.heapify(ends)
    for seconds in rest:
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)
