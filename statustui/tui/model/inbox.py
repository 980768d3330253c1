"""What the monitor's threads have delivered and the screen has not taken in yet."""

from __future__ import annotations

import threading
from itertools import islice

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth


class Inbox:
    """Melts batches together: of several changes of one run only the last is left."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._updated: dict[str, Run] = {}
        self._removed: dict[str, None] = {}
        self._health: dict[str, RootHealth] = {}

    def put(self, batch: Batch) -> bool:
        """Add a batch; may be called from any thread.

        Returns:
            Whether the inbox was empty before.
        """
        with self._lock:
            was_empty = not self
            for path in batch.removed:
                self._updated.pop(path, None)
                self._removed[path] = None
            for run in batch.changed:
                self._updated[run.path] = run
            self._health.update({health.root: health for health in batch.health})
            return was_empty

    def __bool__(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._updated or self._removed or self._health)

    def take(self, most: int) -> Batch:
        """Take what has been waiting, but no more than about `most` changes at a time."""
        with self._lock:
            removed = tuple(islice(self._removed, most))
            # A run may have been removed and made again: its removal comes first.
            updated = tuple(islice(self._updated.values(), most - len(removed)))
            for path in removed:
                del self._removed[path]
            for run in updated:
                del self._updated[run.path]
            health = tuple(self._health.values())
            self._health = {}
            return Batch(updated, removed, health)
