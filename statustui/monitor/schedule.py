"""When to check which run: active runs in every sweep, everything else in rotation."""

from __future__ import annotations

import math
from collections.abc import Callable

from statustui.core.run import Run
from statustui.monitor.due_queue import DueQueue
from statustui.monitor.poll_policy import PollPolicy

_GRAIN = 0.25
"""Seconds to whose multiples the end of a rest is moved back, so that many runs share one."""


def is_active(run: Run) -> bool:
    """Return whether `run` can be expected to change: it is not finished, or cannot be read."""
    return run.error is not None or not run.is_finished


class Schedule:
    """The runs of one root: active ones are always due, finished ones rest between two checks.

    Args:
        policy: Decides for how long a finished run rests.
        written_at: Returns when the status file of a run was written, in seconds since 1970.
    """

    def __init__(self, policy: PollPolicy, written_at: Callable[[str], float]) -> None:
        self.policy = policy
        self._written_at = written_at
        self.is_announced: Callable[[str], bool] | None = None
        """Return whether events announce the changes of the run at a path; None: no events."""
        self.active: set[str] = set()
        """Paths of the runs that are due in every sweep."""
        self.resting = DueQueue()
        """The finished runs, due when they are to be checked."""
        self._rereads = DueQueue()

    def add_run(self, run: Run, now: float, wall: float) -> None:
        """Make `run` active, or let it rest if it has finished.

        Args:
            run: The run as it was read last.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        path = run.path
        if is_active(run):
            self.activate(path)
        else:
            self.active.discard(path)
            self._let_rest(path, now, wall)

    def activate(self, path: str) -> None:
        """Make the run at `path` due in every sweep until it is added again."""
        self.active.add(path)
        self.resting.remove(path)

    def _let_rest(self, path: str, now: float, wall: float) -> None:
        age = wall - self._written_at(path)
        is_announced = None if self.is_announced is None else self.is_announced(path)
        due = now + self.policy.rest_after(age, is_announced=is_announced)
        self.resting.schedule(path, math.ceil(due / _GRAIN) * _GRAIN)

    def remove(self, path: str) -> None:
        """Remove a run."""
        self.active.discard(path)
        self.resting.remove(path)
        self._rereads.remove(path)

    def due_runs(self, room: float, now: float, wall: float) -> list[str]:
        """Return all active runs, and the finished ones that are due.

        Args:
            room: How many runs may be checked. All active runs and one finished run always may.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        due = list(self.active)
        for path in self.resting.pop_due(max(1.0, room - len(due)), now):
            due.append(path)
            self._let_rest(path, now, wall)
        return due

    def schedule_reread(self, path: str, due: float) -> None:
        """Schedule an unconditional reread of a run, at `due` on the monotonic clock."""
        self._rereads.schedule(path, due)

    def due_rereads(self, room: float, now: float) -> list[str]:
        """Return the runs whose unconditional reread is due, at most `room` of them."""
        return self._rereads.pop_due(room, now)
