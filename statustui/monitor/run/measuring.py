"""Find out what has changed between runs, by the numbers of their results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from statustui.core.categories import Category
from statustui.core.comparison import Pair, identity
from statustui.core.durations import MAX_PEERS
from statustui.core.measures import (
    Difference,
    Measures,
    Values,
    changes,
    large_changes,
    measures_of,
)
from statustui.core.past import Name, chronological, outcome
from statustui.core.run import Run

ReadValues: TypeAlias = "Callable[[Sequence[Run]], Mapping[str, Values]]"
"""Returns path of a run -> the numbers of its results, for the runs whose files are reached."""


class MeasureReader:
    """Reads the measures of runs, those of each run once, and of many runs at a time.

    Args:
        known: The runs whose passes tell what is usual.
        tolerance: Share by which a value may differ without being a change.
        read: Reads the numbers of results.
    """

    def __init__(self, known: Iterable[Run], tolerance: float, read: ReadValues) -> None:
        self._known = known
        self._tolerance = tolerance
        self._read = read
        self._measures: dict[str, Measures | None] = {}
        """Path of a run -> what is measured of it; None if its files are not reached."""
        self._passes: dict[Name, list[Run]] | None = None

    def prepare(self, pairs: Iterable[Pair]) -> None:
        """Read all that is needed to tell what has changed between the runs of some pairs."""
        passed = [pair for pair in pairs if pair.has_passed_twice]
        self._read_all(run for pair in passed for run in (pair.run, pair.base) if run is not None)
        self._read_all(run for pair in passed for run in self._needed(pair))

    def _read_all(self, runs: Iterable[Run]) -> None:
        wanted = {run.path: run for run in runs if run.path not in self._measures}
        if wanted:
            values = self._read(list(wanted.values()))
            for path, run in wanted.items():
                found = values.get(path)
                self._measures[path] = None if found is None else measures_of(run, found)

    def _needed(self, pair: Pair) -> Iterator[Run]:
        """Yield the earlier runs that tell whether a large change of a pair is usual."""
        measured, run, base = self._measured(pair), pair.run, pair.base
        if measured and run and base and large_changes(*measured, self._tolerance):
            yield from self._earlier(run, base)

    def _measured(self, pair: Pair) -> tuple[Measures, Measures] | None:
        """Return what is measured of the runs of a pair; None if that is not known of both."""
        if pair.run is None or pair.base is None:
            return None
        after, before = (self._measures.get(run.path) for run in (pair.run, pair.base))
        return None if after is None or before is None else (after, before)

    def differ(self, pair: Pair) -> Sequence[Difference]:
        """Return what has changed between the two runs of a pair that `prepare` was given.

        Nothing is said of runs whose files, or those of the runs before, are not reached.
        """
        measured = self._measured(pair)
        earlier = [self._measures.get(run.path) for run in self._needed(pair)]
        past = [one for one in earlier if one is not None]
        if measured is None or len(past) < len(earlier):
            return ()
        return changes(*measured, lambda: past, self._tolerance)

    def _earlier(self, run: Run, base: Run) -> list[Run]:
        """Return the last passes before a run, in its tree and that of `base`."""
        if self._passes is None:
            self._passes = {}
            for one in self._known:
                if outcome(one) is Category.PASSED:
                    self._passes.setdefault(identity(one), []).append(one)
        names = {identity(run), identity(base)}
        same = [one for name in names for one in self._passes.get(name, ())]
        last = chronological(run)
        before = sorted((one for one in same if chronological(one) < last), key=chronological)
        return before[-MAX_PEERS:]
