"""Pauses drawing while the terminal is behind."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from statustui.tui.terminal.driver import TerminalDriver

_MAX_PENDING = 12
"""Writes to the terminal that may be pending before drawing pauses; a frame takes up to three."""
_CHECK_INTERVAL = 0.02
"""Seconds between two checks whether all writes are done."""


class Backlog:
    """Skips frames while a slow terminal catches up; the next one drawn is up to date.

    Args:
        app: The application that draws.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: asyncio.Task[None] | None = None
        self._has_skipped = False

    def count_frame(self, driver: object) -> None:
        """Call this after each frame, drawn or skipped: start a pause if too much is pending."""
        if self._waiting is not None:
            self._has_skipped = True
        elif isinstance(driver, TerminalDriver) and driver.pending > _MAX_PENDING:
            self._waiting = asyncio.create_task(self._wait(driver))

    async def _wait(self, driver: TerminalDriver) -> None:
        with self._app.batch_update():
            while driver.pending:  # noqa: ASYNC110 - the thread that writes may die without setting an event
                await asyncio.sleep(_CHECK_INTERVAL)
        self._waiting = None
        if not self._app.screen_stack:
            return
        if self._has_skipped:
            self._has_skipped = False
            self._app.screen.refresh()
        self._app.screen.check_idle()
