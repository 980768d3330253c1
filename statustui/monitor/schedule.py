"""What is due for a look: active runs in every sweep, everything else in rotation."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from statustui.core.run import Run
from statustui.monitor.poll_policy import PollPolicy

_SLACK = 1000
"""Entries of a queue that may be outdated, beside as many as are not."""


def is_active(run: Run) -> bool:
    """Whether the run can be expected to change: it is not over, or cannot be read."""
    return run.error is not None or not run.is_finished


class Rotation:
    """Paths that are due at some time each; what was due first comes first."""

    def __init__(self) -> None:
        self._due_at: dict[str, float] = {}
        self._queue: list[tuple[float, str]] = []

    @property
    def next_due(self) -> float:
        """When the next path is due; infinite if there is none."""
        while self._queue and self._due_at.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else float("inf")

    def put(self, path: str, due: float) -> None:
        """Have `path` due at a time on the monotonic clock, whenever it was due before."""
        self._due_at[path] = due
        heapq.heappush(self._queue, (due, path))
        if len(self._queue) > _SLACK + 2 * len(self._due_at):
            self._queue = [(due, path) for path, due in self._due_at.items()]
            heapq.heapify(self._queue)

    def drop(self, path: str) -> None:
        """Forget a path."""
        self._due_at.pop(path, None)

    def due(self, room: float, now: float) -> list[str]:
        """Take out the paths that are due, as long as there is `room`."""
        due: list[str] = []
        while self._queue and self._queue[0][0] <= now and len(due) < room:
            due_at, path = heapq.heappop(self._queue)
            if self._due_at.get(path) == due_at:
                del self._due_at[path]
                due.append(path)
        return due


class Schedule:
    """The runs of one root, each active or at rest until its turn comes.

    Args:
        policy: Says for how long a finished run rests.
    """

    def __init__(self, policy: PollPolicy) -> None:
        self.policy = policy
        self.is_heard: Callable[[str], bool] | None = None
        """Whether changes of the run at a path are announced by events; None without events."""
        self.active: set[str] = set()
        """Paths of the runs that are due in every sweep."""
        self._written: dict[str, float] = {}
        self._rotation = Rotation()
        self._racy = Rotation()

    def put(self, run: Run, written: float, now: float, wall: float) -> None:
        """Make `run` active, or let it rest if it is over.

        Args:
            run: What has been read of it.
            written: When its status file was written to, in seconds since 1970.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        path = run.path
        if is_active(run):
            self.watch(path)
        else:
            self.active.discard(path)
            self._written[path] = written
            self._rest(path, now, wall)

    def watch(self, path: str) -> None:
        """Make the run at `path` due in every sweep, until `put` says otherwise."""
        self.active.add(path)
        self._written.pop(path, None)
        self._rotation.drop(path)

    def _rest(self, path: str, now: float, wall: float) -> None:
        age = wall - self._written[path]
        is_heard = None if self.is_heard is None else self.is_heard(path)
        self._rotation.put(path, now + self.policy.rest_after(age, is_heard=is_heard))

    def drop(self, path: str) -> None:
        """Forget a run."""
        self.active.discard(path)
        self._rotation.drop(path)
        self._racy.drop(path)
        self._written.pop(path, None)

    @property
    def resting(self) -> dict[str, float]:
        """Path of each finished run -> when its status file was written to, since 1970."""
        return self._written

    def due(self, room: float, now: float, wall: float) -> list[str]:
        """The active runs, and finished ones whose turn it is, as long as there is `room`.

        Args:
            room: How many runs may be looked at; one finished one always may.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        due = list(self.active)
        for path in self._rotation.due(max(1.0, room - len(due)), now):
            due.append(path)
            self._rest(path, now, wall)
        return due

    def doubt(self, path: str, due: float) -> None:
        """Have a run read once more at a time on the monotonic clock, whatever `stat` says."""
        self._racy.put(path, due)

    def doubtful(self, room: float, now: float) -> list[str]:
        """Those whose time for that has come."""
        return self._racy.due(room, now)
