"""The terminal: where keys come from and frames go to."""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from collections.abc import Iterable
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from statustui.terminal import open_keyboard

if TYPE_CHECKING:
    from textual.app import App


_WAKE = 0.1
"""Seconds after which the reader of keys looks whether it is to end, or Escape is just Escape."""


class _Output:
    """Standard output, which counts what it has taken.

    A terminal that is gone takes everything: the end of the program must not wait for it.
    """

    def __init__(self) -> None:
        """Nothing has been written so far."""
        self.written = 0

    def fileno(self) -> int:
        """Its descriptor."""
        return 1

    def write(self, text: str) -> None:
        """Write all of it, for as long as that takes."""
        data = text.encode("utf-8", "replace")
        while data:
            try:
                data = data[os.write(self.fileno(), data) :]
            except BlockingIOError:
                # Some program before has left it in that mode.
                select.select([], [self.fileno()], [])
            except OSError:
                break
        self.written += 1

    def flush(self) -> None:
        """Nothing is held back."""


class TerminalDriver(LinuxDriver):
    """Draws on standard output, also where standard error or standard input are redirected."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Use the terminal for `app`.

        Raises:
            OSError: There is no terminal to read keys from.
        """
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._output = _Output()
        self._file = cast("TextIOWrapper", self._output)
        self._sent = 0
        self.fileno = open_keyboard()
        self.input_tty = True

    @property
    def is_behind(self) -> bool:
        """Whether the terminal has not taken yet all that was sent to it."""
        return self._sent > self._output.written

    def start_application_mode(self) -> None:
        """Take the terminal, for the first time or back from a shell."""
        # What nobody took before is not waited for.
        self._sent = self._output.written = 0
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual leaves it so

    def write(self, data: str) -> None:
        """Send something to the terminal, after what was sent before."""
        self._sent += 1
        super().write(data)

    def run_input_thread(self) -> None:
        """Read keys until the end; bytes that are no UTF-8 are no keys."""
        decode = getincrementaldecoder("utf-8")("ignore").decode
        parser = XTermParser()
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], _WAKE)[0]:
                data = os.read(self.fileno, 4096)
                if not data:
                    # The terminal is gone: the end comes from elsewhere.
                    self.exit_event.wait(_WAKE)
                self._hand_on(parser.feed(text) if (text := decode(data)) else ())
            self._hand_on(parser.tick())

    def _hand_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
