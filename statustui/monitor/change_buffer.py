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
        self._added = self._taken = 0
        """How many runs have come to wait, and how many of these do not any more, at least."""
        self._added_before: dict[str, int] = {}
        """Root -> how many had come to wait when its health came."""

    def __bool__(self) -> bool:
        """Return whether the buffer holds anything."""
        return bool(self._changed or self._removed or self._health)

    def __len__(self) -> int:
        """Return the number of changed runs in the buffer."""
        return len(self._changed)

    def add_run(self, run: Run) -> None:
        """Add a new or changed run."""
        self.add_batch(Batch((run,)))

    def forget_run(self, path: str) -> None:
        """Forget the change of the run at `path`, if there is one."""
        with self._lock:
            self._changed.pop(path, None)

    def remove_run(self, path: str) -> None:
        """Add the removal of the run at `path`."""
        self.add_batch(Batch(removed=(path,)))

    def add_batch(self, batch: Batch) -> None:
        """Add all changes of a batch."""
        with self._lock:
            for path in batch.removed:
                self._changed.pop(path, None)
                self._removed[path] = None
            before = len(self._changed)
            self._changed.update({run.path: run for run in batch.changed})
            self._added += len(self._changed) - before
            self._health.update({health.root: health for health in batch.health})
            self._added_before.update({health.root: self._added for health in batch.health})

    @property
    def behind(self) -> frozenset[str]:
        """The roots with changes waiting that came before what is known of their health."""
        with self._lock:
            if not self._changed:
                return frozenset()
            before = self._added_before.items()
            return frozenset(root for root, added in before if added > self._taken)

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
            # Those that were removed meanwhile count once all others are taken.
            self._taken = self._taken + len(changed) if self._changed else self._added
            return Batch(changed, removed, health)
