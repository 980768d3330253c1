"""What waits to be sent: the newest state of each run, the most urgent runs first."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, islice

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth


class Outbox:
    """Buffers batches until they can be sent. Thread-safe.

    However slow the reader is, it holds no more than one state of each run. The health of a root
    leaves it with the last of the changes: whoever receives it has all runs that it speaks of.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._urgent: dict[str, Run] = {}
        self._others: dict[str, Run] = {}
        self._removed: dict[str, None] = {}
        self._health: dict[str, RootHealth] = {}
        self._swept: set[str] = set()
        """The roots whose first scan has been sent."""

    def add_batch(self, batch: Batch) -> None:
        """Add all changes of a batch."""
        with self._lock:
            for path in batch.removed:
                self._drop(path)
                self._removed[path] = None
            for run in batch.changed:
                self._drop(run.path)
                is_urgent = run.category.is_problem or not run.is_finished
                (self._urgent if is_urgent else self._others)[run.path] = run
            self._health.update({health.root: health for health in batch.health})

    def _drop(self, path: str) -> None:
        self._urgent.pop(path, None)
        self._others.pop(path, None)

    def __bool__(self) -> bool:
        """Return whether anything waits."""
        return bool(self._urgent or self._others or self._removed or self._health)

    def take(self, limit: int) -> Batch:
        """Remove and return changes, at most `limit` runs and `limit` removals."""
        with self._lock:
            removed = tuple(islice(self._removed, limit))
            runs = chain(self._urgent.values(), self._others.values())
            changed = tuple(islice(runs, limit))
            for path in removed:
                del self._removed[path]
            for run in changed:
                self._drop(run.path)
            waiting = len(self._urgent) + len(self._others)
            if waiting or self._removed:
                health = tuple(self._progress(waiting))
            else:
                health = tuple(self._health.values())
                self._health = {}
                self._swept |= {one.root for one in health if one.swept}
            return Batch(changed, removed, health)

    def _progress(self, waiting: int) -> Iterable[RootHealth]:
        """Yield how far the first scans have come, for the roots whose runs have not all left."""
        for root, health in self._health.items():
            if root not in self._swept:
                read = max(0, health.read - waiting)
                yield replace(health, read=read, swept=False, sweeps=0)
