"""Keeps the screen up to date: what comes is taken in, and what was taken in is shown."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

_REST = 0.2
"""Seconds between two times that changes are shown; what a key does is shown at once."""


class UpdateLoop:
    """One loop that owns taking in and showing, for as long as the program runs.

    It goes by what there is to do each time that it looks, and not by what it was told when: no
    ring that is lost or comes twice, and no pause of the process, leaves anything behind.

    Args:
        take_in: Takes in a part of what has come.
        has_more: Whether there is anything left to take in.
        show: Shows what has been taken in.
    """

    def __init__(
        self,
        take_in: Callable[[], object],
        has_more: Callable[[], bool],
        show: Callable[[], object],
    ) -> None:
        """Begin with nothing to do."""
        self._take_in = take_in
        self._has_more = has_more
        self._show = show
        self._is_shown = True
        self._shown_at = float("-inf")
        self._bell = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_at_rest(self) -> bool:
        """Whether everything that has come is shown."""
        return self._is_shown and not self._has_more()

    def ring(self) -> None:
        """Say that something has come; may be called from any thread."""
        if self._loop is not None:
            # The program may be over.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._bell.set)

    async def run(self) -> None:
        """Take in and show until the task is cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            if self.is_at_rest:
                await self._bell.wait()
            self._bell.clear()
            start = time.monotonic()
            if self._has_more():
                self._is_shown = False
                self._take_in()
            if not self._is_shown and start >= self._shown_at + _REST:
                self._is_shown = True
                self._shown_at = time.monotonic()
                self._show()
            # Keys have as much time as this took.
            pause = time.monotonic() - start
            if not self._has_more() and not self._is_shown:
                pause = max(pause, self._shown_at + _REST - time.monotonic())
            await asyncio.sleep(pause)
