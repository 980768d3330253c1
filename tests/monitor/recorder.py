"""The state of all runs after the batches of a monitor."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from statustui.core.run import Run
from statustui.monitor.batch import Batch, RootHealth


class RunRecorder:
    """Applies batches; also records every state of each run, and the removed runs."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.health: dict[str, RootHealth] = {}
        self.seen: dict[str, list[str]] = {}
        self.removed: list[str] = []
        self._lock = threading.Lock()

    def apply_batch(self, batch: Batch) -> None:
        """Apply a batch."""
        with self._lock:
            self.removed += batch.removed
            for path in batch.removed:
                self.runs.pop(path, None)
            for run in batch.changed:
                self.runs[run.path] = run
                self.seen.setdefault(run.path, []).append(run.current.state)
            self.health |= {health.root: health for health in batch.health}

    def states(self) -> dict[str, str]:
        """Return name of each run directory -> current state."""
        with self._lock:
            return {os.path.basename(path): run.current.state for path, run in self.runs.items()}


Watch = Callable[..., RunRecorder]
"""Watches roots, with `settings` if there are any."""
