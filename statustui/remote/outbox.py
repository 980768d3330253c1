"""What waits to be sent: the newest state of each run, the most urgent runs first."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.change_buffer import ChangeBuffer


class Outbox:
    """Buffers batches until they can be sent. Thread-safe.

    However slow the reader is, it holds no more than one state of each run. The health of a root
    leaves it with the last of the changes: whoever receives it has all runs that it speaks of.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._urgent = ChangeBuffer()
        """The urgent runs, and all removals."""
        self._others = ChangeBuffer()
        self._health: dict[str, RootHealth] = {}
        self._swept: set[str] = set()
        """The roots whose first scan has been sent."""

    def add_batch(self, batch: Batch) -> None:
        """Add all changes of a batch."""
        with self._lock:
            for path in batch.removed:
                self._urgent.remove_run(path)
                self._others.forget_run(path)
            for run in batch.changed:
                mine, other = self._urgent, self._others
                if not _is_urgent(run):
                    mine, other = other, mine
                mine.add_run(run)
                other.forget_run(run.path)
            self._health.update({health.root: health for health in batch.health})

    def __bool__(self) -> bool:
        """Return whether anything waits."""
        return bool(self._urgent or self._others or self._health)

    def take(self, limit: int) -> Batch:
        """Remove and return the changes, at most `limit` of them, removals first."""
        with self._lock:
            first = self._urgent.take(limit)
            rest = self._others.take(limit - len(first.removed) - len(first.changed))
            if self._urgent or self._others:
                health = tuple(self._progress(len(self._urgent) + len(self._others)))
            else:
                health = tuple(self._health.values())
                self._health = {}
                self._swept |= {one.root for one in health if one.swept}
            return Batch(first.changed + rest.changed, first.removed, health)

    def _progress(self, waiting: int) -> Iterable[RootHealth]:
        """Yield how far the first scans have come, for the roots whose runs have not all left."""
        for root, health in self._health.items():
            if root not in self._swept:
                read = max(0, health.read - waiting)
                yield health._replace(read=read, swept=False, sweeps=0)


def _is_urgent(run: Run) -> bool:
    return run.category.is_problem or not run.is_finished
