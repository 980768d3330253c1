"""Paths that are due, each at a time of its own."""

from __future__ import annotations

import heapq

_MAX_OUTDATED_ENTRIES = 1000
"""The queue is rebuilt once it holds this many outdated entries more than twice the valid ones."""


class DueQueue:
    """Paths in the order of the times at which they are due, on any one clock, in seconds."""

    def __init__(self) -> None:
        self._due_at: dict[str, float] = {}
        self._queue: list[tuple[float, str]] = []

    def __len__(self) -> int:
        """Return the number of entries that are held, outdated ones included."""
        return len(self._queue)

    @property
    def next_due(self) -> float:
        """When the next path is due; infinite if there is none."""
        while self._queue and self._due_at.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else float("inf")

    def schedule(self, path: str, due: float) -> None:
        """Make `path` due at `due`, instead of any other time."""
        self._due_at[path] = due
        heapq.heappush(self._queue, (due, path))
        self._drop_outdated()

    def schedule_no_later(self, path: str, due: float) -> None:
        """Make `path` due at `due`, unless it is due earlier anyway."""
        if due < self._due_at.get(path, float("inf")):
            self.schedule(path, due)

    def remove(self, path: str) -> None:
        """Remove a path."""
        self._due_at.pop(path, None)
        self._drop_outdated()

    def pop_next(self, now: float) -> str | None:
        """Remove and return the path that is due first; None if nothing is due at `now`."""
        while self._queue and self._queue[0][0] <= now:
            due, path = heapq.heappop(self._queue)
            if self._due_at.get(path) == due:
                del self._due_at[path]
                return path
        return None

    def pop_due(self, room: float, now: float) -> list[str]:
        """Remove and return the paths that are due at `now`, at most `room` of them."""
        due: list[str] = []
        while len(due) < room and (path := self.pop_next(now)) is not None:
            due.append(path)
        return due

    def _drop_outdated(self) -> None:
        if len(self._queue) > _MAX_OUTDATED_ENTRIES + 2 * len(self._due_at):
            self._queue = [(due, path) for path, due in self._due_at.items()]
            heapq.heapify(self._queue)
