"""When to check which run: active runs in every sweep, everything else in rotation."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from statustui.core.run import Run
from statustui.monitor.poll_policy import PollPolicy

_MAX_OUTDATED_ENTRIES = 1000
"""A queue is rebuilt once it holds this many outdated entries more than twice the valid ones."""


def is_active(run: Run) -> bool:
    """Return whether `run` can be expected to change: it is not finished, or cannot be read."""
    return run.error is not None or not run.is_finished


class Rotation:
    """Paths, each due at a time of its own, in the order of these times."""

    def __init__(self) -> None:
        self._due_at: dict[str, float] = {}
        self._queue: list[tuple[float, str]] = []

    @property
    def next_due(self) -> float:
        """When the next path is due; infinite if there is none."""
        while self._queue and self._due_at.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else float("inf")

    def schedule(self, path: str, due: float) -> None:
        """Make `path` due at `due` on the monotonic clock, instead of any earlier appointment."""
        self._due_at[path] = due
        heapq.heappush(self._queue, (due, path))
        if len(self._queue) > _MAX_OUTDATED_ENTRIES + 2 * len(self._due_at):
            self._queue = [(due, path) for path, due in self._due_at.items()]
            heapq.heapify(self._queue)

    def remove(self, path: str) -> None:
        """Remove a path."""
        self._due_at.pop(path, None)

    def pop_due(self, room: float, now: float) -> list[str]:
        """Remove and return the paths that are due, at most `room` of them."""
        due: list[str] = []
        while self._queue and self._queue[0][0] <= now and len(due) < room:
            due_at, path = heapq.heappop(self._queue)
            if self._due_at.get(path) == due_at:
                del self._due_at[path]
                due.append(path)
        return due


class Schedule:
    """The runs of one root: active ones are always due, finished ones rest between two checks.

    Args:
        policy: Decides for how long a finished run rests.
    """

    def __init__(self, policy: PollPolicy) -> None:
        self.policy = policy
        self.is_announced: Callable[[str], bool] | None = None
        """Return whether events announce the changes of the run at a path; None: no events."""
        self.active: set[str] = set()
        """Paths of the runs that are due in every sweep."""
        self._written_at: dict[str, float] = {}
        self._rotation = Rotation()
        self._rereads = Rotation()

    def add_run(self, run: Run, written: float, now: float, wall: float) -> None:
        """Make `run` active, or let it rest if it has finished.

        Args:
            run: The run as it was read last.
            written: When its status file was last written to, in seconds since 1970.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        path = run.path
        if is_active(run):
            self.activate(path)
        else:
            self.active.discard(path)
            self._written_at[path] = written
            self._let_rest(path, now, wall)

    def activate(self, path: str) -> None:
        """Make the run at `path` due in every sweep until it is added again."""
        self.active.add(path)
        self._written_at.pop(path, None)
        self._rotation.remove(path)

    def _let_rest(self, path: str, now: float, wall: float) -> None:
        age = wall - self._written_at[path]
        is_announced = None if self.is_announced is None else self.is_announced(path)
        self._rotation.schedule(path, now + self.policy.rest_after(age, is_announced=is_announced))

    def remove(self, path: str) -> None:
        """Remove a run."""
        self.active.discard(path)
        self._rotation.remove(path)
        self._rereads.remove(path)
        self._written_at.pop(path, None)

    @property
    def resting(self) -> dict[str, float]:
        """Path of each finished run -> when its status file was written, in seconds since 1970."""
        return self._written_at

    def due_runs(self, room: float, now: float, wall: float) -> list[str]:
        """Return all active runs, and the finished ones that are due.

        Args:
            room: How many runs may be checked. All active runs and one finished run always may.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        due = list(self.active)
        for path in self._rotation.pop_due(max(1.0, room - len(due)), now):
            due.append(path)
            self._let_rest(path, now, wall)
        return due

    def schedule_reread(self, path: str, due: float) -> None:
        """Schedule an unconditional reread of a run, at `due` on the monotonic clock."""
        self._rereads.schedule(path, due)

    def due_rereads(self, room: float, now: float) -> list[str]:
        """Return the runs whose unconditional reread is due, at most `room` of them."""
        return self._rereads.pop_due(room, now)
