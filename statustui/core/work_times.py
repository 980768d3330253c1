"""How long runs are at work, from their first status of running to their last status.

`durations` compares single states, for which histories are read. This goes by the runs as they are
known, so that it costs next to nothing with a hundred thousand of them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.durations import MAX_PEERS
from statustui.core.past import Name, name_of
from statustui.core.run import Run

_LEAST_NAMES = 5
"""Names that must have ended lately before they tell anything of the others."""
_MAX_NAMES = 100
"""Names that are looked at for that, the last to end."""
_LEAST_SECONDS = 1.0
"""Seconds at work below which a change says nothing."""
_WIDTH = 0.64
"""Half of the width of the range that holds the median of n values eight times in ten, in ranks and
divided by the root of n; by the normal approximation of the sign test."""


def begin_of_work(run: Run) -> float | None:
    """Return when a run began to run, or else its first status; in seconds since 1970.

    Time in a queue or in a build says little about the test.
    """
    return run.started if run.began is None else run.began


def seconds_at_work(run: Run) -> float | None:
    """Return the seconds from `begin_of_work` to the last status.

    Returns:
        The seconds; None if unknown, also if the clock has been set back meanwhile.
    """
    begin, end = begin_of_work(run), run.updated_at
    return None if begin is None or end is None or end < begin else end - begin


def time_at_work(run: Run) -> float | None:
    """Return the same of a run that is known to have begun; None for others.

    The states of a script may not tell when the work begins: it has, if the run passed.
    """
    has_begun = run.began is not None or run.category is Category.PASSED
    return seconds_at_work(run) if has_begun else None


class Pace(NamedTuple):
    """How many times as long as usual runs are at work of late."""

    since: float = math.inf
    """Since when, in seconds since 1970: the runs that have ended since then."""
    low: float = 1.0
    """One time in ten it is less."""
    middle: float = 1.0
    high: float = 1.0
    """One time in ten it is more."""


USUAL_PACE = Pace()


class Usual(NamedTuple):
    """How long the peers of a run were at work."""

    seconds: Sequence[float] = ()
    """In ascending order."""
    is_of_name: bool = False
    """Whether the peers are runs of its name; otherwise they are the newest of all names."""
    ends: Sequence[float] = ()
    """When each of them ended, in seconds since 1970."""

    def at(self, pace: Pace, factor: float) -> Sequence[float]:
        """Return the seconds at another pace, in ascending order.

        What has ended at that pace is as it is, and so are the newest of all names.

        Args:
            pace: Since when it holds.
            factor: How many times as long everything has taken since then.
        """
        if not self.is_changed_by(pace):
            return self.seconds
        timed = zip(self.seconds, self.ends, strict=True)
        return sorted(one if end >= pace.since else one * factor for one, end in timed)

    def is_changed_by(self, pace: Pace) -> bool:
        """Return whether `at` another pace anything is different."""
        return pace is not USUAL_PACE and self.is_of_name


class WorkTimes:
    """How long the newest runs that ended were at work, by root, name and system.

    At most `MAX_PEERS` of each name count.
    """

    def __init__(self) -> None:
        self._ended: dict[Name, list[Run]] = {}
        """Name -> runs that have ended, at least the newest ones."""
        self._usual: dict[Name, Usual] = {}
        """Name -> what has been found out since the last change."""
        self._of_all: Usual | None = None
        self._last: dict[Name, float] = {}
        """Name -> when a run of it last passed."""

    def add(self, run: Run) -> None:
        """Learn from a run that has passed or failed."""
        name = work_name(run)
        runs = self._ended.get(name)
        if runs is None:
            runs = self._ended[name] = []
        runs.append(run)
        self._last[name] = max(self._last.get(name, -math.inf), _end_of_pass(run))
        if len(runs) > 2 * MAX_PEERS:
            runs[:] = _newest(runs)
        self._forget_usual(name)

    def discard(self, run: Run) -> None:
        """Forget a run as it was added."""
        name = work_name(run)
        runs = self._ended.get(name, [])
        if run in runs:
            runs.remove(run)
            self._last[name] = max(map(_end_of_pass, runs), default=-math.inf)
            self._forget_usual(name)
        if not runs:
            self._ended.pop(name, None)
            self._last.pop(name, None)

    def _forget_usual(self, name: Name) -> None:
        if self._usual:
            self._usual.pop(name, None)
            self._of_all = None

    def usual(self, name: Name) -> Usual:
        """Return how long runs of a name were at work; if none has ended, how long others were."""
        usual = self._usual.get(name)
        if usual is None:
            runs = self._ended.get(name, ())
            usual = self._usual[name] = _usual_of(runs, is_of_name=bool(name.name))
        if usual.seconds:
            return usual
        if self._of_all is None:
            self._of_all = _usual_of(chain(*self._ended.values()), is_of_name=False)
        return self._of_all

    def pace(self, since: float) -> Pace:
        """Return how long the runs that have ended of late took, compared with those before.

        By the passes of each name: a failure may end a run early. The pace is the usual one unless
        enough names show with some certainty that it is not.

        Args:
            since: Since when they have ended, in seconds since 1970.
        """
        last = self._last
        names = heapq.nlargest(_MAX_NAMES, last, key=last.__getitem__)
        ratios = sorted(
            ratio
            for name in names
            if last[name] >= since and (ratio := _ratio(self._ended[name], since)) is not None
        )
        count = len(ratios)
        if count < _LEAST_NAMES:
            return USUAL_PACE
        half = _WIDTH * math.sqrt(count)
        low = ratios[max(0, round((count - 1) / 2 - half))]
        high = ratios[min(count - 1, round((count - 1) / 2 + half))]
        return Pace(since, low, _median(ratios), high) if low > 1 or high < 1 else USUAL_PACE


def _end_of_pass(run: Run) -> float:
    """Return when a run passed; negative infinity if it has not, or that is unknown."""
    has_passed = run.category is Category.PASSED and run.updated_at is not None
    return run.updated_at or 0.0 if has_passed else -math.inf


def _ratio(runs: Iterable[Run], since: float) -> float | None:
    """Return how many times as long the passes since some time took as those before."""
    times: tuple[list[float], list[float]] = ([], [])
    for run in runs:
        seconds = seconds_at_work(run)
        if run.category is Category.PASSED and seconds is not None:
            times[_end_of_pass(run) >= since].append(seconds)
    before, late = times
    if not before or not late or (usual := _median(before)) < _LEAST_SECONDS:
        return None
    return _median(late) / usual


def _median(values: Sequence[float]) -> float:
    from statistics import median  # noqa: PLC0415 - slow, so after the first frame

    return median(values)


def work_name(run: Run) -> Name:
    """Return the name by which the times of a run are compared.

    It is empty in a plain tree, where each run has its own.
    """
    name = name_of(run) if run.kind == "test" else None
    return name or Name(run.root, "")


def _newest(runs: Iterable[Run]) -> list[Run]:
    return heapq.nlargest(MAX_PEERS, runs, key=lambda run: run.updated_at or 0.0)


def _usual_of(runs: Iterable[Run], *, is_of_name: bool) -> Usual:
    """Return how long the newest of some runs were at work."""
    alive = (run for run in runs if not run.is_dead)
    work = [
        (seconds, run.updated_at or 0.0)
        for run in _newest(alive)
        if (seconds := time_at_work(run)) is not None
    ]
    work.sort()
    took, ends = tuple(one for one, _end in work), tuple(end for _one, end in work)
    return Usual(took, is_of_name and bool(work), ends)
