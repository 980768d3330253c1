"""The first frame: a header and a footer, painted before anything slow is imported."""

from __future__ import annotations

import os
import sys

from statustui.startup.terminal import is_dumb

# Not from `typing`, nor `signal`, which imports `enum`: they take longer than the first frame.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Collection
else:
    import _signal as signal

_SCREENLESS_OPTIONS = frozenset({"-h", "--help", "-V", "--version", "--once"})
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""The signals that end the program."""
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"


class Splash:
    """The first frame, on screen until the monitor takes over."""

    def __init__(self) -> None:
        self._is_up = False

    def paint(self, arguments: list[str], screenless: Collection[str]) -> None:
        """Paint the frame, if these arguments open the monitor.

        Args:
            arguments: The command line without the name of the program.
            screenless: The commands that only print.
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
        """Leave the screen to the monitor, which restores it at the end.

        Signals are blocked until the monitor handles them.
        """
        self._is_up = False
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    def _end(self, number: int, _frame: object) -> None:
        """Exit at once on a signal: an exception cannot be relied on to leave an import."""
        self.remove()
        os._exit(128 + number)

    def remove(self) -> None:
        """Restore the screen, unless the monitor has taken it over."""
        if self._is_up:
            self._is_up = False
            os.write(sys.stdout.fileno(), _LEAVE.encode())


def _opens_screen(arguments: list[str], screenless: Collection[str]) -> bool:
    return (
        not is_dumb(os.environ)
        and sys.stdout.isatty()
        and not (arguments and arguments[0] in screenless)
        and _SCREENLESS_OPTIONS.isdisjoint(arguments)
    )
