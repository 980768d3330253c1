"""The simulated cluster: writes the files of the planned runs when they are due."""

from __future__ import annotations

import heapq
import itertools
import os
import shutil
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from statustui.core.status_file import StatusFile
from statustui.core.working_dir import SERIES, TEST_RUNS
from statustui.demo.lives import SUBMIT_EVERY, PlannedRun, PlannedSeries, Step, plan_series


class Cluster:
    """A simulated cluster at work in one working directory.

    Args:
        path: The working directory; it is created if it is missing.
        runs: Number of runs at a time; when more are submitted, the oldest series are deleted.
        seed: The same seed gives the same runs.
    """

    def __init__(self, path: str, runs: int, seed: int) -> None:
        self.path = path
        self._runs = runs
        self._plans = plan_series(seed)
        self._next = next(self._plans)
        self._living: deque[PlannedSeries] = deque()
        self._events: list[tuple[float, int, PlannedRun, int]] = []
        self._order = itertools.count()
        self._submitted = 0
        self.clock = 0.0
        """Simulated seconds since the first series was submitted."""
        for name in (TEST_RUNS, SERIES, "builds", "jobs", "users"):
            os.makedirs(os.path.join(path, name), exist_ok=True)

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
        self._work_until(end, lambda moment: now - (end - moment))

    def advance(self, seconds: float, now: float) -> None:
        """Write what happens in the next simulated `seconds`, which end at `now` (since 1970)."""
        end = self.clock + seconds
        self._submit_until(end)
        self._work_until(end, lambda moment: now - (end - moment))

    def work(self, speed: float, wait: Callable[[float], bool]) -> None:
        """Keep the cluster at work until `wait` returns True.

        Args:
            speed: Simulated seconds per second.
            wait: Waits for a number of seconds, and returns whether to stop.
        """
        begin, started = self.clock, time.monotonic()
        while not wait(min(0.2, self._rest_until_next() / speed)):
            until = begin + (time.monotonic() - started) * speed
            self._submit_until(until)
            self._work_until(until, lambda _moment: time.time())

    def _submit_until(self, end: float) -> None:
        while self._next.begin <= end:
            self._submit(self._next)
            self._next = next(self._plans)
            self._clean()

    def _rest_until_next(self) -> float:
        moments = [self._next.begin] + [event[0] for event in self._events[:1]]
        return max(0.0, min(moments) - self.clock)

    def _submit(self, series: PlannedSeries) -> None:
        self._living.append(series)
        self._submitted += len(series.runs)
        for run in (series.itself, *series.runs):
            heapq.heappush(self._events, (run.begin, next(self._order), run, 0))

    def _work_until(self, end: float, stamp: Callable[[float], float]) -> None:
        """Write what happens up to `end`; `stamp` gives the time to write for a moment."""
        while self._events and self._events[0][0] <= end:
            moment, _, run, index = heapq.heappop(self._events)
            self._write(run, run.steps[index], stamp(moment))
            if index + 1 < len(run.steps):
                following = moment + run.steps[index + 1].delay
                heapq.heappush(self._events, (following, next(self._order), run, index + 1))
        self.clock = end

    def _write(self, run: PlannedRun, step: Step, now: float) -> None:
        directory = os.path.join(self.path, run.directory)
        status_path = os.path.join(directory, "status")
        if step is run.steps[0]:
            os.mkdir(directory)
            # Otherwise StatusFile would add a status with the present time.
            open(status_path, "x").close()
            self._link(run)
        elif not os.path.isdir(directory):
            return  # somebody deleted it
        for name, text in step.files:
            path = os.path.join(directory, name)
            with open(path, "a", encoding="utf-8") as file:
                file.write(text)
            os.utime(path, (now, now))
        when = datetime.fromtimestamp(now)  # noqa: DTZ006 - the format's own local time
        StatusFile(status_path).set(step.state, step.note, when=when)

    def _link(self, run: PlannedRun) -> None:
        for name, target in run.links:
            path = os.path.join(self.path, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(target, path)

    def _clean(self) -> None:
        """Delete the oldest series while there are more runs than asked for."""
        while len(self._living) > 1 and self._submitted - len(self._living[0].runs) >= self._runs:
            series = self._living.popleft()
            self._submitted -= len(series.runs)
            gone = {id(series.itself), *map(id, series.runs)}
            self._events = [event for event in self._events if id(event[2]) not in gone]
            heapq.heapify(self._events)
            for run in (series.itself, *series.runs):
                shutil.rmtree(os.path.join(self.path, run.directory), ignore_errors=True)
