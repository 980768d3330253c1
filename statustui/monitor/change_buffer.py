"""Changes that somebody has found and nobody has taken yet."""

from __future__ import annotations

import threading
from itertools import islice

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth


class ChangeBuffer:
    """Coalesces changes: of several changes of one run only the last is kept.

    May be used from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: dict[str, Run] = {}
        self._removed: dict[str, None] = {}
        self._health: dict[str, RootHealth] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._changed or self._removed or self._health)

    def __len__(self) -> int:
        """How many runs have changed."""
        return len(self._changed)

    def add_run(self, run: Run) -> None:
        """Add a run that is new or has changed."""
        with self._lock:
            self._changed[run.path] = run

    def remove_run(self, path: str) -> None:
        """Add that the run at `path` is gone."""
        with self._lock:
            self._changed.pop(path, None)
            self._removed[path] = None

    def add_batch(self, batch: Batch) -> None:
        """Add all changes of a batch."""
        with self._lock:
            for path in batch.removed:
                self._changed.pop(path, None)
                self._removed[path] = None
            for run in batch.changed:
                self._changed[run.path] = run
            self._health.update({health.root: health for health in batch.health})

    def take(self, limit: int | None = None) -> Batch:
        """Take out the changes, at most `limit` of them; None takes out all."""
        with self._lock:
            removed = tuple(islice(self._removed, limit))
            # A run may have been removed and made again: removals are taken first.
            rest = None if limit is None else limit - len(removed)
            changed = tuple(islice(self._changed.values(), rest))
            if limit is None:
                self._removed, self._changed = {}, {}
            for path in removed if limit is not None else ():
                del self._removed[path]
            for run in changed if limit is not None else ():
                del self._changed[run.path]
            health = tuple(self._health.values())
            self._health = {}
            return Batch(changed, removed, health)
