"""Which runs are due for a look: active ones in every sweep, finished ones in turns."""

from __future__ import annotations

import heapq

from statustui.core.run import Run
from statustui.core.states import Category, categorise

_OVER = frozenset(
    {Category.ERROR, Category.FAILED, Category.CANCELLED, Category.SKIPPED, Category.PASSED}
)


def is_active(run: Run) -> bool:
    """Whether the run can be expected to change: it is not over, or cannot be read."""
    return run.error is not None or categorise(run.current.state, run.result) not in _OVER


class Schedule:
    """The runs of one root, each active or at rest until some time."""

    def __init__(self) -> None:
        """Start without runs."""
        self.active: set[str] = set()
        """Paths of the runs that are due in every sweep."""
        self._rest_until: dict[str, float] = {}
        self._queue: list[tuple[float, str]] = []

    def put(self, run: Run, until: float) -> None:
        """Make `run` active, or leave it alone `until` then if it is over."""
        if is_active(run):
            self.active.add(run.path)
            self._rest_until.pop(run.path, None)
        else:
            self.active.discard(run.path)
            self.rest(run.path, until)

    def rest(self, path: str, until: float) -> None:
        """Leave a finished run alone `until` then, on the monotonic clock."""
        self._rest_until[path] = until
        heapq.heappush(self._queue, (until, path))

    def drop(self, path: str) -> None:
        """Forget a run."""
        self.active.discard(path)
        self._rest_until.pop(path, None)

    def due(self, now: float, room: float) -> list[str]:
        """The active runs, and finished ones whose turn it is, as long as there is `room`.

        Args:
            now: The time on the monotonic clock.
            room: How many runs may be looked at; one finished one always may.
        """
        due = list(self.active)
        room = max(1.0, room - len(due))
        while self._queue and self._queue[0][0] <= now and room > 0:
            until, path = heapq.heappop(self._queue)
            # An older entry of a run that has been put again is passed over.
            if self._rest_until.get(path) == until:
                due.append(path)
                room -= 1
        return due
