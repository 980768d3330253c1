"""The loop that applies changes and refreshes the screen."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

_REFRESH_INTERVAL = 0.2
"""Seconds between two refreshes for changes; the effect of a key is drawn at once."""
_LEAST_PAUSE = 0.01
"""Seconds between two turns."""
_BRIEF_PAUSE = 0.001
"""The same after a turn that took longer than that and has left more."""
_USE_SECONDS = 2.0
"""Seconds after an input within which the next one is likely."""


class UpdateLoop:
    """Applies changes in parts and refreshes the screen, for as long as the program runs.

    Each turn of the loop looks at what there is to do. A wake-up that is lost or comes twice, or a
    pause of the process, therefore leaves nothing undone.

    Args:
        apply_part: Applies a part of the waiting changes; returns whether to draw them at once.
        has_more: Whether changes are waiting.
        refresh: Draws what has been applied.
    """

    def __init__(
        self,
        apply_part: Callable[[], bool],
        has_more: Callable[[], bool],
        refresh: Callable[[], object],
    ) -> None:
        self._apply_part = apply_part
        self._has_more = has_more
        self._refresh = refresh
        self._is_refreshed = True
        self._refreshed_at = float("-inf")
        self._used_at = float("-inf")
        """When the last input came, on the monotonic clock."""
        self._wakeup = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_idle(self) -> bool:
        """Whether all changes are applied and drawn."""
        return self._is_refreshed and not self._has_more()

    def make_way(self) -> None:
        """Leave more time between the turns for a while: an input has come."""
        self._used_at = time.monotonic()

    def wake(self) -> None:
        """Start a turn, as changes are waiting; may be called from any thread."""
        if self._loop is not None:
            # The event loop may be closed.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wakeup.set)

    async def run(self) -> None:
        """Run until the task is cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            if self.is_idle:
                await self._wakeup.wait()
            self._wakeup.clear()
            start = time.monotonic()
            is_awaited = False
            if self._has_more():
                self._is_refreshed = False
                is_awaited = self._apply_part()
            is_due = is_awaited or start >= self._refreshed_at + _REFRESH_INTERVAL
            if is_due and not self._is_refreshed:
                self._is_refreshed = True
                self._refreshed_at = time.monotonic()
                self._refresh()
            end = time.monotonic()
            has_backlog = end - start > _LEAST_PAUSE and self._has_more()
            pause = _BRIEF_PAUSE if has_backlog else _LEAST_PAUSE
            if end - self._used_at < _USE_SECONDS:
                # Leave a fifth of the time for keys.
                pause = max(pause, (end - start) / 4)
            if not self._has_more() and not self._is_refreshed:
                pause = max(pause, self._refreshed_at + _REFRESH_INTERVAL - end)
            await asyncio.sleep(pause)
