"""Ends the program in good order when it is told to end, or when its terminal is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import termios
import threading
from collections.abc import Callable

from statustui.startup.splash import ENDING

LOOK_EVERY = 2.0
"""Seconds between two looks at the terminal: without it Textual reads its end for ever."""
_PATIENCE = 5.0
"""Seconds after which the program ends whether or not it has come to good order."""


class Shutdown:
    """Listens for signals, and looks whether the terminal is still there.

    Args:
        end: Begins to end the program, given its exit status.
        terminal: Descriptor of the terminal.
    """

    def __init__(self, end: Callable[[int], object], terminal: int) -> None:
        """Start listening; to be called in the event loop of the main thread."""
        self._end = end
        self._terminal = terminal
        self._is_ending = False
        self._loop = asyncio.get_running_loop()
        for number in ENDING:
            # What somebody has chosen to ignore, as `nohup` does, is ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._hear)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def _hear(self, number: int, _frame: object) -> None:
        self._finish(128 + number)

    def look(self) -> None:
        """End the program if its terminal is gone."""
        try:
            termios.tcgetattr(self._terminal)
        except (termios.error, OSError):
            self._finish(128 + signal.SIGHUP)

    def _finish(self, status: int) -> None:
        if self._loop.is_closed():
            # The screen is gone already; what comes after it may take a moment.
            raise SystemExit(status)
        if self._is_ending:
            return
        self._is_ending = True
        # A terminal that takes nothing any more must not keep the process alive. The loop may be
        # waiting for it right now, so that it does not come to handle signals by itself.
        deadline = threading.Timer(_PATIENCE, os._exit, (status,))
        deadline.daemon = True
        with contextlib.suppress(RuntimeError):
            # Where no thread can be started it goes without.
            deadline.start()
        self._loop.call_soon_threadsafe(self._end, status)
