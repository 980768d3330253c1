"""Which runs are due for a look: active ones in every sweep, finished ones in turns."""

from __future__ import annotations

import heapq

from statustui.core.run import Run
from statustui.monitor.pace import Pace


def is_active(run: Run) -> bool:
    """Whether the run can be expected to change: it is not over, or cannot be read."""
    return run.error is not None or not run.is_over


class Schedule:
    """The runs of one root, each active or at rest until its turn comes.

    Args:
        pace: Says for how long a finished run rests.
    """

    def __init__(self, pace: Pace) -> None:
        """Start without runs."""
        self.pace = pace
        self.active: set[str] = set()
        """Paths of the runs that are due in every sweep."""
        self._written: dict[str, float] = {}
        self._due_at: dict[str, float] = {}
        self._queue: list[tuple[float, str]] = []

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
            self.active.add(path)
            self._due_at.pop(path, None)
        else:
            self.active.discard(path)
            self._written[path] = written
            self._rest(path, now, wall)

    def _rest(self, path: str, now: float, wall: float) -> None:
        due = now + self.pace.rest_after(wall - self._written[path])
        self._due_at[path] = due
        heapq.heappush(self._queue, (due, path))

    def drop(self, path: str) -> None:
        """Forget a run."""
        self.active.discard(path)
        self._due_at.pop(path, None)
        self._written.pop(path, None)

    def due(self, room: float, now: float, wall: float) -> list[str]:
        """The active runs, and finished ones whose turn it is, as long as there is `room`.

        Args:
            room: How many runs may be looked at; one finished one always may.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        due = list(self.active)
        room = max(1.0, room - len(due))
        while self._queue and self._queue[0][0] <= now and room > 0:
            due_at, path = heapq.heappop(self._queue)
            # An older entry of a run that has been put again is passed over.
            if self._due_at.get(path) == due_at:
                due.append(path)
                room -= 1
                self._rest(path, now, wall)
        return due
