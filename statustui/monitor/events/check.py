"""Whether change events can be relied on."""

from __future__ import annotations

_UNANNOUNCED = 3
"""Changes without an event, from which on events are not relied on."""
_EVENT_DELAY = 2.0
"""Seconds that the event of a change may take after the change has been seen."""


class EventCheck:
    """Finds out whether events can be relied on: a watched run must not change without one."""

    def __init__(self) -> None:
        self._announced = 0
        self._unannounced = 0
        self._waiting: dict[str, float] = {}

    def announced(self, path: str) -> None:
        """Take note of an event for a run."""
        if self._waiting.pop(path, None) is None:
            self._announced += 1

    def changed(self, path: str, now: float) -> None:
        """Take note of a change that a sweep has found; its event may still be under way."""
        self._waiting.setdefault(path, now)

    def fails(self, now: float) -> bool:
        """Whether too many changes have come without an event."""
        late = [path for path, since in self._waiting.items() if since < now - _EVENT_DELAY]
        for path in late:
            del self._waiting[path]
        self._unannounced += len(late)
        return self._unannounced >= _UNANNOUNCED and self._unannounced > self._announced
