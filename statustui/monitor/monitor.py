"""The one door to watching: a `Monitor` hands out batches of changes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from statustui.core.run import Run
from statustui.core.status_file import StatusInfo
from statustui.core.working_dir import STATUS, find_runs
from statustui.monitor.scan import Reading, read, read_history

_BATCH_RUNS = 500
_BATCH_SECONDS = 0.1
"""A sweep hands out what it has read after so many runs or seconds."""


@dataclass(frozen=True, slots=True)
class RootHealth:
    """How the picture of one root comes about and how good it is."""

    root: str
    interval: float
    """Seconds between two sweeps."""
    found: int = 0
    """Number of runs found by the sweep that is under way, or by the last one."""
    swept: bool = False
    """Whether the root has been seen whole once."""
    swept_at: float | None = None
    """End of the last whole sweep, in seconds since 1970."""
    problem: str | None = None
    """Why the root, or a directory below it, cannot be read."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes in the order in which they are to be taken in: first `removed`, then `updated`."""

    updated: tuple[Run, ...] = ()
    removed: tuple[str, ...] = ()
    """Paths of runs that are gone."""
    health: tuple[RootHealth, ...] = ()
    """The roots whose health has changed."""


Deliver: TypeAlias = Callable[[Batch], object]


class Source(Protocol):
    """Where batches come from: a `Monitor`, or a stand-in for one."""

    def start(self, deliver: Deliver) -> None:
        """Begin; `deliver` is called from threads of the source."""

    def look_now(self) -> None:
        """Look at everything again without waiting for the interval to pass."""

    def history(self, path: str) -> list[StatusInfo]:
        """Read every status of the run at `path`, oldest first; not for the event loop.

        Raises:
            OSError: The status file cannot be read.
        """

    def stop(self) -> None:
        """End at once, without waiting for a filesystem that does not answer."""


class Monitor:
    """Watches directory trees by sweeping over them, each root in a thread of its own.

    Args:
        roots: The directories, each as it is to be shown.
        interval: Seconds between two sweeps over a root.
    """

    def __init__(self, roots: Sequence[str], interval: float = 1.0) -> None:
        """Prepare to watch `roots`."""
        self._sweepers = [_Sweeper(root, interval) for root in roots]

    def start(self, deliver: Deliver) -> None:
        """Begin watching; `deliver` is called from the threads of the monitor."""
        for sweeper in self._sweepers:
            # A daemon thread that is stuck in a file call does not keep the program from ending.
            threading.Thread(
                target=sweeper.run, args=(deliver,), name=f"sweep {sweeper.root}", daemon=True
            ).start()

    def look_now(self) -> None:
        """Sweep over every root again without waiting for the interval to pass."""
        for sweeper in self._sweepers:
            sweeper.wake.set()

    def history(self, path: str) -> list[StatusInfo]:
        """Read every status of the run at `path`, oldest first.

        Raises:
            OSError: The status file cannot be read.
        """
        return read_history(os.path.join(path, STATUS))

    def stop(self) -> None:
        """End; nothing is delivered any more by a sweep that is not under way."""
        for sweeper in self._sweepers:
            sweeper.stopped.set()
            sweeper.wake.set()


class _Sweeper:
    """Sweeps over one root again and again."""

    def __init__(self, root: str, interval: float) -> None:
        self.root = root
        self.wake = threading.Event()
        self.stopped = threading.Event()
        self._readings: dict[str, Reading] = {}
        self._health = RootHealth(root, interval)
        self._deliver: Deliver = lambda _batch: None

    def run(self, deliver: Deliver) -> None:
        """Sweep until stopped."""
        self._deliver = deliver
        while not self.stopped.is_set():
            self.wake.clear()
            self._sweep()
            self.wake.wait(self._health.interval)

    def _sweep(self) -> None:
        failures: list[tuple[str, OSError]] = []
        seen: set[str] = set()
        changed: list[Run] = []
        due = time.monotonic() + _BATCH_SECONDS
        try:
            for place in find_runs(self.root, lambda path, error: failures.append((path, error))):
                if self.stopped.is_set():
                    return
                seen.add(place.path)
                known = self._readings.get(place.path)
                reading = read(place, known)
                if reading is not known:
                    self._readings[place.path] = reading
                    changed.append(reading.run)
                if len(changed) >= _BATCH_RUNS or (changed and time.monotonic() > due):
                    due = time.monotonic() + _BATCH_SECONDS
                    self._hand_out(changed, (), replace(self._health, found=len(seen)))
                    changed = []
        except OSError as error:
            self._hand_out(changed, (), replace(self._health, swept=True, problem=error.strerror))
            return
        removed = self._forget(seen, [path for path, _error in failures])
        self._hand_out(changed, removed, self._after(len(seen), failures))

    def _forget(self, seen: set[str], unreadable: list[str]) -> tuple[str, ...]:
        """Drop the runs that are gone; those below an unreadable directory may still be there."""
        below = tuple(f"{path}/" for path in unreadable)
        gone = tuple(
            path
            for path in self._readings
            if path not in seen and not (path.startswith(below) or path in unreadable)
        )
        for path in gone:
            del self._readings[path]
        return gone

    def _after(self, found: int, failures: list[tuple[str, OSError]]) -> RootHealth:
        problem = None
        if failures:
            path, error = failures[0]
            more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            problem = f"{path}: {error.strerror}{more}"
        return RootHealth(self.root, self._health.interval, found, True, time.time(), problem)

    def _hand_out(self, updated: list[Run], removed: tuple[str, ...], health: RootHealth) -> None:
        before, self._health = self._health, health
        told = (before.found, before.swept, before.problem)
        news = told != (health.found, health.swept, health.problem)
        if not self.stopped.is_set() and (updated or removed or news):
            self._deliver(Batch(tuple(updated), removed, (health,)))
