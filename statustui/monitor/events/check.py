"""Check that change events are reliable."""

from __future__ import annotations

_MAX_UNANNOUNCED = 3
"""Changes without an event from which events can count as unreliable."""
_EVENT_DELAY = 2.0
"""Seconds that an event may come later than the sweep that found its change."""


class EventCheck:
    """Decides whether events are reliable: each change of a watched run must raise one."""

    def __init__(self) -> None:
        self._announced = 0
        self._unannounced = 0
        self._waiting: dict[str, float] = {}

    def record_event(self, path: str) -> None:
        """Record an event for a run."""
        if self._waiting.pop(path, None) is None:
            self._announced += 1

    def record_change(self, path: str, now: float) -> None:
        """Record a change that a sweep has found; its event may still come."""
        self._waiting.setdefault(path, now)

    def has_failed(self, now: float) -> bool:
        """Return whether too many changes have come without an event."""
        late = [path for path, since in self._waiting.items() if since < now - _EVENT_DELAY]
        for path in late:
            del self._waiting[path]
        self._unannounced += len(late)
        return self._unannounced >= _MAX_UNANNOUNCED and self._unannounced > self._announced
