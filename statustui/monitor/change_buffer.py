"""What is waiting to be handed out of one root, and what has been told of its health."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from statustui.core.run import Run
from statustui.monitor.batch import Batch, Deliver, RootHealth

_BATCH_RUNS = 500
_BATCH_SECONDS = 0.1
"""Changes are handed out after so many runs or seconds."""


class Outbox:
    """Gathers the changes of one root and hands them out in batches.

    Args:
        root: The root, as it is to be shown.
        deliver: Takes the batches.
    """

    def __init__(self, root: str, deliver: Deliver) -> None:
        """Start with nothing to tell."""
        self._deliver = deliver
        self._lock = threading.Lock()
        self._updated: dict[str, Run] = {}
        self._removed: list[str] = []
        self._health = RootHealth(root)
        self._told: RootHealth | None = None
        self._handed_out_at = 0.0
        self._is_closed = False

    def put(self, run: Run) -> None:
        """A run has changed, or is new."""
        self._updated.pop(run.path, None)
        self._updated[run.path] = run

    def remove(self, path: str) -> None:
        """A run is gone."""
        self._updated.pop(path, None)
        self._removed.append(path)

    @property
    def is_due(self) -> bool:
        """Whether there is enough to hand out, or it has been waiting for long enough."""
        age = time.monotonic() - self._handed_out_at
        return len(self._updated) >= _BATCH_RUNS or (bool(self._updated) and age > _BATCH_SECONDS)

    def tell(self, **health: Any) -> None:  # noqa: ANN401 - fields of RootHealth
        """Hand out what has changed, if anything has.

        Args:
            health: What is different about the root's health, fields of `RootHealth`.
        """
        self._handed_out_at = time.monotonic()
        updated, removed = tuple(self._updated.values()), tuple(self._removed)
        self._updated, self._removed = {}, []
        self._hand_out(updated, removed, replace(self._health, silent=None, **health))

    def tell_silence(self, seconds: float) -> None:
        """Say for how long the filesystem has not answered; called from another thread."""
        as_of = self._health.as_of or time.time() - seconds
        self._hand_out((), (), replace(self._health, silent=seconds, as_of=as_of), keep=False)

    def close(self) -> None:
        """Hand out nothing more."""
        self._is_closed = True

    def _hand_out(
        self,
        updated: tuple[Run, ...],
        removed: tuple[str, ...],
        health: RootHealth,
        *,
        keep: bool = True,
    ) -> None:
        with self._lock:
            if keep:
                self._health = health
            if (updated or removed or health != self._told) and not self._is_closed:
                self._told = health
                self._deliver(Batch(updated, removed, (health,)))
