"""The terminal: where keys come from and frames go to."""

from __future__ import annotations

import os
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, cast

from textual.drivers.linux_driver import LinuxDriver

from statustui.terminal import open_keyboard

if TYPE_CHECKING:
    from textual.app import App


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
        try:
            while data:
                data = data[os.write(self.fileno(), data) :]
        except OSError:
            pass
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
        """Read keys to the end; what is no UTF-8 is no key."""
        is_read = False
        while not is_read:
            try:
                super().run_input_thread()
                is_read = True
            except UnicodeDecodeError:
                continue
