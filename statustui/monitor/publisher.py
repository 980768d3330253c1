"""Publish the changes of one root in batches, with the health of the root."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from statustui.core.run import Run
from statustui.monitor.batch import Batch, Deliver, RootHealth
from statustui.monitor.change_buffer import ChangeBuffer

_BATCH_RUNS = 500
_BATCH_SECONDS = 0.1
"""Changes are published after this number of runs or seconds."""


class RootPublisher:
    """Delivers the changes of one root.

    Args:
        root: The root, as the user gave it.
        deliver: Receives the batches.
    """

    def __init__(self, root: str, deliver: Deliver) -> None:
        self._deliver = deliver
        self._changes = ChangeBuffer()
        self._lock = threading.Lock()
        self._health = RootHealth(root)
        self._delivered: RootHealth | None = None
        self._published_at = 0.0
        self._is_closed = False
        self.is_too_fast = False
        """Whether the receiver of the last batch has asked for some time before the next one."""

    @property
    def is_due(self) -> bool:
        """Whether enough changes are waiting, or have been waiting for long enough."""
        age = time.monotonic() - self._published_at
        waiting = len(self._changes)
        return waiting >= _BATCH_RUNS or (waiting > 0 and age > _BATCH_SECONDS)

    def add_runs(self, runs: Iterable[Run]) -> None:
        """Add new or changed runs to the next batch."""
        self._changes.add_batch(Batch(tuple(runs)))

    def remove_run(self, path: str) -> None:
        """Add the removal of the run at `path` to the next batch."""
        self._changes.remove_run(path)

    def publish(self, health: RootHealth) -> None:
        """Deliver a batch, if there are changes or the health of the root has changed."""
        self._published_at = time.monotonic()
        with self._lock:
            self._health = health
            self._send(self._changes.take(), health)

    def report_silence(self, seconds: float) -> None:
        """Deliver that the filesystem has not answered for `seconds`; called from any thread."""
        with self._lock:
            as_of = self._health.as_of or time.time() - seconds
            self._send(Batch(), self._health._replace(silent=seconds, as_of=as_of))

    def close(self) -> None:
        """Deliver nothing more."""
        self._is_closed = True

    def _send(self, changes: Batch, health: RootHealth) -> None:
        is_new = health != self._delivered
        if (changes.changed or changes.removed or is_new) and not self._is_closed:
            self._delivered = health
            self.is_too_fast = self._deliver(changes._replace(health=(health,))) is True
