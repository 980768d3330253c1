"""A buffer of changes between the threads that find them and the one that applies them."""

from __future__ import annotations

import threading
from itertools import islice

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth


class ChangeBuffer:
    """Coalesces changes: it keeps only the last change of each run. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: dict[str, Run] = {}
        self._removed: dict[str, None] = {}
        self._health: dict[str, RootHealth] = {}

    def __bool__(self) -> bool:
        """Return whether the buffer holds anything."""
        return bool(self._changed or self._removed or self._health)

    def __len__(self) -> int:
        """Return the number of changed runs in the buffer."""
        return len(self._changed)

    def add_run(self, run: Run) -> None:
        """Add a new or changed run."""
        with self._lock:
            self._changed[run.path] = run

    def forget_run(self, path: str) -> None:
        """Forget the change of the run at `path`, if there is one."""
        with self._lock:
            self._changed.pop(path, None)

    def remove_run(self, path: str) -> None:
        """Add the removal of the run at `path`."""
        with self._lock:
            self._changed.pop(path, None)
            self._removed[path] = None

    def add_batch(self, batch: Batch) -> None:
        """Add all changes of a batch."""
        with self._lock:
            for path in batch.removed:
                self._changed.pop(path, None)
                self._removed[path] = None
            self._changed.update({run.path: run for run in batch.changed})
            self._health.update({health.root: health for health in batch.health})

    def take(self, limit: int | None = None) -> Batch:
        """Remove and return the changes, at most `limit` of them; None means all."""
        with self._lock:
            removed = tuple(islice(self._removed, limit))
            # A run may have been removed and created again, so removals come first.
            rest = None if limit is None else limit - len(removed)
            changed = tuple(islice(self._changed.values(), rest))
            for path in removed:
                del self._removed[path]
            if len(changed) < len(self._changed):
                for run in changed:
                    del self._changed[run.path]
            else:
                # One that is emptied item by item keeps its size.
                self._changed = {}
            health = tuple(self._health.values())
            self._health = {}
            return Batch(changed, removed, health)
