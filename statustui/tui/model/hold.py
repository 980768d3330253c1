"""Holds changes back while the user presses keys, so that no row moves between eye and key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

CALM_SECONDS = 1.5
"""Seconds after a key for which changes wait."""
_MAX_SECONDS = 10.0
"""Seconds for which changes wait at most, however many keys are pressed."""


class Hold:
    """Says whether changes have to wait: for a moment after a key, or until a pause ends.

    Args:
        release: Called when they have to wait no longer.
        has_changes: Whether there are any.
        seconds: For how long they wait after a key.
    """

    def __init__(
        self, release: Callable[[], object], has_changes: Callable[[], bool], seconds: float
    ) -> None:
        self._release = release
        self._has_changes = has_changes
        self._seconds = seconds
        self._since = self._until = self._pressed_at = float("-inf")
        self._is_longest = False
        """Whether changes have waited, or will wait, as long as they may."""
        self._timer: asyncio.TimerHandle | None = None
        self.paused_at: float | None = None
        """When the user has paused the picture, by `time.monotonic`; None if it is not paused."""

    @property
    def is_on(self) -> bool:
        """Whether changes have to wait."""
        return self.paused_at is not None or time.monotonic() < self._until

    @property
    def holds_changes(self) -> bool:
        """Whether changes are waiting now."""
        return self.is_on and self._has_changes()

    @property
    def paused_for(self) -> float | None:
        """The seconds since the user has paused the picture; None if it is not paused."""
        return None if self.paused_at is None else time.monotonic() - self.paused_at

    def extend(self) -> None:
        """Let changes wait, as the user has pressed a key."""
        now = time.monotonic()
        is_calm = now >= self._pressed_at + self._seconds
        self._pressed_at = now
        if now >= self._until:
            if self._is_longest and not is_calm and self._has_changes():
                # They have waited long enough, and applying all of them takes a while.
                return
            self._since = now
        longest = self._since + _MAX_SECONDS
        self._until = min(now + self._seconds, longest)
        self._is_longest = self._until == longest
        if self._timer is None and now < self._until:
            left = self._until - now
            self._timer = asyncio.get_running_loop().call_later(left, self._expire)

    def _expire(self) -> None:
        """Release the changes, unless another key has been pressed meanwhile."""
        self._timer = None
        left = self._until - time.monotonic()
        if left > 0:
            self._timer = asyncio.get_running_loop().call_later(left, self._expire)
        elif self.paused_at is None:
            self._release()

    def toggle_pause(self) -> bool:
        """Pause the picture, or end the pause; return whether it is paused now."""
        if self.paused_at is None:
            self.paused_at = time.monotonic()
            return True
        self.paused_at = None
        self._until = float("-inf")
        self._release()
        return False
