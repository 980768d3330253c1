"""The simulated cluster: submits series without end, and cleans up the oldest ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from statustui.demo.lives import SUBMIT_EVERY, PlannedSeries, plan_series
from statustui.demo.tree_writer import TreeWriter


class Cluster:
    """A simulated cluster at work in one working directory.

    Args:
        path: The working directory; it is created if it is missing.
        runs: Number of runs at a time; when more are submitted, the oldest series are deleted.
        seed: The same seed gives the same runs.
    """

    def __init__(self, path: str, runs: int, seed: int) -> None:
        self._runs = runs
        self._plans = plan_series(seed)
        self._next = next(self._plans)
        self._living: deque[PlannedSeries] = deque()
        self._submitted = 0
        self._writer = TreeWriter(path)

    def fill(self, now: float) -> None:
        """Write the past of the cluster, up to `now` (seconds since 1970)."""
        series = [self._next]
        while sum(len(one.runs) for one in series) < self._runs:
            series.append(next(self._plans))
        surplus = sum(len(one.runs) for one in series) - self._runs
        last = series[-1]
        series[-1] = PlannedSeries(last.begin, last.itself, last.runs[: len(last.runs) - surplus])
        self._next = next(self._plans)
        for one in series:
            self._submit(one)
        end = last.begin + SUBMIT_EVERY / 3
        self._writer.write_until(end, lambda moment: now - (end - moment))

    def advance(self, seconds: float, now: float) -> None:
        """Write what happens in the next simulated `seconds`, which end at `now` (since 1970)."""
        end = self._writer.clock + seconds
        self._submit_until(end)
        self._writer.write_until(end, lambda moment: now - (end - moment))

    def work(self, speed: float, wait: Callable[[float], bool]) -> None:
        """Keep the cluster at work until `wait` returns True.

        Args:
            speed: Simulated seconds per second.
            wait: Waits for a number of seconds, and returns whether to stop.
        """
        self._writer.play(speed, wait, self._submit_until)

    def _submit_until(self, end: float) -> None:
        while self._next.begin <= end:
            self._submit(self._next)
            self._next = next(self._plans)
            self._clean()

    def _submit(self, series: PlannedSeries) -> None:
        self._living.append(series)
        self._submitted += len(series.runs)
        for run in (series.itself, *series.runs):
            self._writer.add(run)

    def _clean(self) -> None:
        """Delete the oldest series while there are more runs than asked for."""
        while len(self._living) > 1 and self._submitted - len(self._living[0].runs) >= self._runs:
            series = self._living.popleft()
            self._submitted -= len(series.runs)
            self._writer.delete((series.itself, *series.runs))
