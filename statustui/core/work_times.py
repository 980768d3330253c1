"""How long runs are at work, from their first status of running to their last status.

`durations` compares single states, for which histories are read. This goes by the runs as they are
known, so that it costs next to nothing with a hundred thousand of them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.durations import MAX_PEERS
from statustui.core.past import Name, name_of
from statustui.core.run import Run


def begin_of_work(run: Run) -> float | None:
    """Return when a run began to run, or else its first status; in seconds since 1970.

    Time in a queue or in a build says little about the test.
    """
    return run.started if run.began is None else run.began


def seconds_at_work(run: Run) -> float | None:
    """Return the seconds from `begin_of_work` to the last status; None if unknown."""
    begin = begin_of_work(run)
    if begin is None or run.updated_at is None:
        return None
    return max(0.0, run.updated_at - begin)


def time_at_work(run: Run) -> float | None:
    """Return the same of a run that is known to have begun; None for others.

    The states of a script may not tell when the work begins: it has, if the run passed.
    """
    has_begun = run.began is not None or run.category is Category.PASSED
    return seconds_at_work(run) if has_begun else None


class Usual(NamedTuple):
    """How long the peers of a run were at work."""

    seconds: Sequence[float] = ()
    """In ascending order."""
    is_of_name: bool = False
    """Whether the peers are runs of its name; otherwise they are the newest of all names."""


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

    def add(self, run: Run) -> None:
        """Learn from a run that has passed or failed."""
        name = work_name(run)
        runs = self._ended.get(name)
        if runs is None:
            runs = self._ended[name] = []
        runs.append(run)
        if len(runs) > 2 * MAX_PEERS:
            runs[:] = _newest(runs)
        self._forget_usual(name)

    def discard(self, run: Run) -> None:
        """Forget a run as it was added."""
        name = work_name(run)
        runs = self._ended.get(name, [])
        if run in runs:
            runs.remove(run)
            self._forget_usual(name)
        if not runs:
            self._ended.pop(name, None)

    def _forget_usual(self, name: Name) -> None:
        if self._usual:
            self._usual.pop(name, None)
            self._of_all = None

    def usual(self, name: Name) -> Usual:
        """Return how long runs of a name were at work; if none has ended, how long others were."""
        usual = self._usual.get(name)
        if usual is None:
            seconds = _work_of(self._ended.get(name, ()))
            usual = self._usual[name] = Usual(seconds, bool(seconds and name.name))
        if usual.seconds:
            return usual
        if self._of_all is None:
            self._of_all = Usual(_work_of(chain(*self._ended.values())))
        return self._of_all


def work_name(run: Run) -> Name:
    """Return the name by which the times of a run are compared.

    It is empty in a plain tree, where each run has its own.
    """
    name = name_of(run) if run.kind == "test" else None
    return name or Name(run.root, "")


def _newest(runs: Iterable[Run]) -> list[Run]:
    return heapq.nlargest(MAX_PEERS, runs, key=lambda run: run.updated_at or 0.0)


def _work_of(runs: Iterable[Run]) -> tuple[float, ...]:
    """Return how long the newest of some runs were at work, in seconds, in ascending order."""
    alive = (run for run in runs if not run.is_dead)
    work = (time_at_work(run) for run in _newest(alive))
    return tuple(sorted(seconds for seconds in work if seconds is not None))
