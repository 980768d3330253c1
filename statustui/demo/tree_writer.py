"""Writes the files of planned runs when they are due."""

from __future__ import annotations

import heapq
import itertools
import os
import shutil
import time
from collections.abc import Callable, Collection
from datetime import datetime

from statustui.core.status_file import StatusFile
from statustui.core.working_dir import BUILDS, JOBS, SERIES, TEST_RUNS
from statustui.demo.lives import PlannedRun, Step

_MAX_PAUSE = 0.2
"""Seconds between two looks at what is due, at most."""


class TreeWriter:
    """Writes planned runs into one working directory.

    Args:
        path: The working directory; it is created if it is missing.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._events: list[tuple[float, int, PlannedRun, int]] = []
        self._order = itertools.count()
        self.clock = 0.0
        """Simulated seconds up to which everything has been written."""
        for name in (TEST_RUNS, SERIES, BUILDS, JOBS, "users"):
            os.makedirs(os.path.join(path, name), exist_ok=True)

    def add(self, run: PlannedRun) -> None:
        """Plan to write a run."""
        heapq.heappush(self._events, (run.begin, next(self._order), run, 0))

    def write_until(self, end: float, stamp: Callable[[float], float]) -> None:
        """Write what happens up to `end`; `stamp` gives the time to write for a moment."""
        while self._events and self._events[0][0] <= end:
            moment, _, run, index = heapq.heappop(self._events)
            self._write(run, run.steps[index], stamp(moment))
            if index + 1 < len(run.steps):
                following = moment + run.steps[index + 1].delay
                heapq.heappush(self._events, (following, next(self._order), run, index + 1))
        self.clock = end

    def play(
        self,
        speed: float,
        wait: Callable[[float], bool],
        submit_until: Callable[[float], object] = lambda _until: None,
    ) -> None:
        """Write what happens while time passes, until `wait` returns True.

        Args:
            speed: Simulated seconds per second.
            wait: Waits for a number of seconds, and returns whether to stop.
            submit_until: Plans further runs, up to a time in simulated seconds.
        """
        begin, started = self.clock, time.monotonic()
        while not wait(self._pause(speed)):
            until = begin + (time.monotonic() - started) * speed
            submit_until(until)
            self.write_until(until, lambda _moment: time.time())

    def _pause(self, speed: float) -> float:
        """Return the seconds until there may be something to write."""
        if not self._events:
            return _MAX_PAUSE
        return min(_MAX_PAUSE, max(0.0, self._events[0][0] - self.clock) / speed)

    def delete(self, runs: Collection[PlannedRun]) -> None:
        """Delete runs, and write nothing more of them."""
        gone = set(map(id, runs))
        self._events = [event for event in self._events if id(event[2]) not in gone]
        heapq.heapify(self._events)
        for run in runs:
            shutil.rmtree(os.path.join(self._path, run.directory), ignore_errors=True)

    def _write(self, run: PlannedRun, step: Step, now: float) -> None:
        directory = os.path.join(self._path, run.directory)
        status_path = os.path.join(directory, "status")
        if step is run.steps[0]:
            os.mkdir(directory)
            # Otherwise StatusFile would add a status with the present time.
            open(status_path, "x").close()
            self._link(run.links)
        elif not os.path.isdir(directory):
            return  # somebody deleted it
        for name, text in step.files:
            path = os.path.normpath(os.path.join(directory, name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "a", encoding="utf-8") as file:
                file.write(text)
            os.utime(path, (now, now))
        self._link(step.links)
        when = datetime.fromtimestamp(now)  # noqa: DTZ006 - the format's own local time
        StatusFile(status_path).set(step.state, step.note, when=when)

    def _link(self, links: tuple[tuple[str, str], ...]) -> None:
        for name, target in links:
            path = os.path.join(self._path, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(target, path)
