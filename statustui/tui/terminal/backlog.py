"""Draws nothing while the terminal has not taken what was drawn before."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from statustui.tui.terminal.driver import TerminalDriver

_AHEAD = 12
"""Writes that may be under way before drawing waits; a frame is up to three."""
_LOOK = 0.02
"""Seconds between two looks whether the terminal has taken everything."""


class Backlog:
    """Lets a slow terminal catch up: the next frame is then of that moment, whatever it shows.

    Args:
        app: The application that draws.
    """

    def __init__(self, app: App[Any]) -> None:
        """Begin with drawing."""
        self._app = app
        self._waiting: asyncio.Task[None] | None = None
        self._has_dropped = False

    def note_frame(self, driver: object) -> None:
        """A frame has been drawn, or was dropped because drawing waits."""
        if self._waiting is not None:
            self._has_dropped = True
        elif isinstance(driver, TerminalDriver) and driver.pending > _AHEAD:
            self._waiting = asyncio.create_task(self._wait(driver))

    async def _wait(self, driver: TerminalDriver) -> None:
        with self._app.batch_update():
            while driver.pending:  # noqa: ASYNC110 - a thread that may die has no event to set
                await asyncio.sleep(_LOOK)
        self._waiting = None
        if not self._app.screen_stack:
            return
        if self._has_dropped:
            self._has_dropped = False
            self._app.screen.refresh()
        self._app.screen.check_idle()
