"""A clean exit on a signal, or when the terminal is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import termios
import threading
from collections.abc import Callable

from statustui.startup.splash import ENDING

CHECK_INTERVAL = 2.0
"""Seconds between two checks of the terminal; otherwise Textual spins on EOF after a hang-up."""
_EXIT_TIMEOUT = 5.0
"""Seconds allowed for a clean exit before it is forced."""


class Shutdown:
    """Handles the signals that end the program, and checks whether the terminal still exists.

    Create it in the event loop of the main thread.

    Args:
        end: Called with an exit status to start the exit.
        terminal: File descriptor of the terminal.
    """

    def __init__(self, end: Callable[[int], object], terminal: int) -> None:
        self._end = end
        self._terminal = terminal
        self._is_ending = False
        self._loop = asyncio.get_running_loop()
        for number in ENDING:
            # Respect signals that are ignored on purpose, as by `nohup`.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def _handle_signal(self, number: int, _frame: object) -> None:
        self._finish(128 + number)

    def check_terminal(self) -> None:
        """End the program if the terminal is gone."""
        try:
            termios.tcgetattr(self._terminal)
        except (termios.error, OSError):
            self._finish(128 + signal.SIGHUP)

    def _finish(self, status: int) -> None:
        if self._loop.is_closed():
            # The screen is closed already, but the rest of the exit may take a moment.
            raise SystemExit(status)
        if self._is_ending:
            return
        self._is_ending = True
        # A terminal that blocks must not keep the process alive. The event loop itself may be
        # blocked by it right now, so the deadline needs a thread.
        deadline = threading.Timer(_EXIT_TIMEOUT, os._exit, (status,))
        deadline.daemon = True
        with contextlib.suppress(RuntimeError):
            # Without a thread there is no deadline.
            deadline.start()
        self._loop.call_soon_threadsafe(self._end, status)
