"""Read what is measured of runs, and how their failures are explained, for comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from statustui.core.categories import Category
from statustui.core.comparison import Pair, identity
from statustui.core.durations import MAX_PEERS
from statustui.core.logs import LogTail
from statustui.core.measures import Difference, Measures, changes, measures_of
from statustui.core.past import Name, chronological, outcome
from statustui.core.run import Run
from statustui.core.working_dir import RESULTS, read_json
from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run.run_logs import RunLogs

_MAX_LINK_WAIT = 2.0
"""Seconds that a log, which may be behind a link, may take to answer."""


class MeasureReader:
    """Reads the measures of runs, those of each run once.

    Args:
        known: The runs whose passes tell what is usual.
        tolerance: Share by which a value may differ without being a change.
        heartbeat: Called whenever the filesystem has answered.
    """

    def __init__(
        self, known: Iterable[Run], tolerance: float, heartbeat: Callable[[], object]
    ) -> None:
        self._known = known
        self._tolerance = tolerance
        self._heartbeat = heartbeat
        self._read: dict[str, Measures] = {}
        self._passes: dict[Name, list[Run]] | None = None

    def _measure(self, run: Run) -> Measures:
        """Return what is measured of a run; without results if they cannot be read."""
        found = self._read.get(run.path)
        if found is None:
            found = measures_of(run, read_json(f"{run.path}/{RESULTS}"))
            self._read[run.path] = found
            self._heartbeat()
        return found

    def differ(self, pair: Pair) -> Sequence[Difference]:
        """Return what has changed between the two runs of a pair."""
        if pair.run is None or pair.base is None:
            return ()
        after, before = self._measure(pair.run), self._measure(pair.base)
        earlier = partial(self._earlier, pair.run, pair.base)
        return changes(after, before, earlier, self._tolerance)

    def _earlier(self, run: Run, base: Run) -> list[Measures]:
        """Return the measures of the last passes before a run, in its tree and that of `base`."""
        if self._passes is None:
            self._passes = {}
            for one in self._known:
                if outcome(one) is Category.PASSED:
                    self._passes.setdefault(identity(one), []).append(one)
        names = {identity(run), identity(base)}
        same = [one for name in names for one in self._passes.get(name, ())]
        last = chronological(run)
        before = sorted((one for one in same if chronological(one) < last), key=chronological)
        return [self._measure(one) for one in before[-MAX_PEERS:]]


def read_tails(
    runs: Iterable[Run], patience: float, heartbeat: Callable[[], object]
) -> Mapping[str, LogTail]:
    """Return path of a failed run -> the end of the log that explains its failure.

    Runs without such a log are left out, and so are logs that cannot be read.

    Args:
        runs: The runs.
        patience: Seconds without an answer after which the filesystem is given up.
        heartbeat: Called whenever the filesystem has answered.
    """
    found = {}
    stuck = Stuck()
    for run in runs:
        logs = RunLogs(run.place, min(_MAX_LINK_WAIT, patience / 4), stuck, heartbeat)
        try:
            tail = logs.read_logs((run.problem or run.current).state).trace
        finally:
            logs.close()
        if tail is not None:
            found[run.path] = tail
    return found
