"""The first thing on screen: a header and a frame, painted before anything slow is imported."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Collection

from statustui.startup.terminal import is_dumb

_QUESTIONS = frozenset({"-h", "--help", "-V", "--version", "--once"})
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""The signals that tell the program to end."""
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"


class Splash:
    """What is on screen until the monitor takes the screen over."""

    def __init__(self) -> None:
        """Start with the screen as it is."""
        self._is_up = False

    def paint(self, arguments: list[str], screenless: Collection[str]) -> None:
        """Paint it, if the program is going to open the monitor with these arguments.

        Args:
            arguments: What the program was called with, without its name.
            screenless: The commands that have no screen.
        """
        if not _opens_screen(arguments, screenless):
            return
        try:
            columns, lines = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            return
        text = f"{_ENTER} statustui: looking for runs\r\n {'-' * (columns - 2)}"
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._end)
        self._is_up = True
        os.write(sys.stdout.fileno(), f"{text}\x1b[{lines};1H ^q Quit".encode())

    def hand_over(self) -> None:
        """Leave the screen to the monitor, which restores it in the end.

        What tells the program to end waits until the monitor listens for it.
        """
        self._is_up = False
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    def _end(self, number: int, _frame: object) -> None:
        """End at once when told to: an import cannot be left by an exception."""
        self.remove()
        os._exit(128 + number)

    def remove(self) -> None:
        """Show the screen as it was before, if the monitor has not come to use it."""
        if self._is_up:
            self._is_up = False
            os.write(sys.stdout.fileno(), _LEAVE.encode())


def _opens_screen(arguments: list[str], screenless: Collection[str]) -> bool:
    return (
        not is_dumb(os.environ)
        and sys.stdout.isatty()
        and not (arguments and arguments[0] in screenless)
        and _QUESTIONS.isdisjoint(arguments)
    )
