"""The terminal: where keys come from and frames go to."""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from codecs import getincrementaldecoder
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from textual.message import Message

from statustui.startup.terminal import open_keyboard
from statustui.tui.terminal.textual_private import PrivateDriver, make_key_parser

if TYPE_CHECKING:
    from textual.app import App


_WAKE = 0.1
"""Seconds after which the reader of keys looks whether it is to end, or Escape is just Escape."""
_PATIENCE = 2.0
"""Seconds for which the rest of a control sequence is waited for; Escape alone is one at once."""
_BEGUN = re.compile(r"\x1b(?:\[[0-9:;<=>?]*|O)\Z")
"""A control sequence of which the end is missing."""


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
        with contextlib.suppress(OSError):
            self._send(text.encode("utf-8", "replace"))
        self.written += 1

    def _send(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self.fileno(), data) :]
            except BlockingIOError:
                # Some program before has left it in that mode.
                select.select([], [self.fileno()], [])

    def flush(self) -> None:
        """Nothing is held back."""


class Keystrokes:
    """Makes messages of what is typed, in whatever pieces it comes.

    Bytes that are no UTF-8 are no keys. Of a control sequence that comes in pieces the rest is
    waited for, as a slow connection or a process that was stopped needs it.
    """

    def __init__(self) -> None:
        """Begin with nothing typed."""
        self._decode = getincrementaldecoder("utf-8")("ignore").decode
        self._parser = make_key_parser()
        self._begun = ""
        self._begun_at = 0.0

    def feed(self, data: bytes) -> Iterable[Message]:
        """What the user has done, as far as these bytes and those before tell."""
        text = self._begun + self._decode(data)
        match = _BEGUN.search(text)
        self._begun, self._begun_at = match[0] if match else "", time.monotonic()
        text = text.removesuffix(self._begun)
        # To the parser an empty text is the end.
        yield from self._parser.feed(text) if text else ()

    def rest(self) -> Iterable[Message]:
        """The same when nothing has come for a moment: Escape may have been just that."""
        if self._begun:
            if time.monotonic() < self._begun_at + _PATIENCE:
                return
            text, self._begun = self._begun, ""
            yield from self._parser.feed(text)
        yield from self._parser.tick()


class TerminalDriver(PrivateDriver):
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
        self.set_output(self._output)
        self._sent = 0
        self.fileno = open_keyboard()
        self.input_tty = True

    @property
    def pending(self) -> int:
        """How many writes the terminal has not taken yet; what nobody is to write counts not."""
        return self._sent - self._output.written if self.has_writer else 0

    def start_application_mode(self) -> None:
        """Take the terminal, for the first time or back from a shell.

        Raises:
            RuntimeError: No thread can be started; the terminal is as it was.
        """
        # What nobody took before is not waited for.
        self._sent = self._output.written = 0
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual leaves it so
        except RuntimeError:
            self.stop_application_mode()
            raise

    def write(self, data: str) -> None:
        """Send something to the terminal, after what was sent before."""
        self._sent += 1
        if self.has_writer:
            super().write(data)
        else:
            self._output.write(data)

    def close(self) -> None:
        """End writing, once the terminal has taken everything."""
        if self.has_writer:
            super().close()

    def run_input_thread(self) -> None:
        """Read keys until the end."""
        keystrokes = Keystrokes()
        while not self.exit_event.is_set():
            if not self._is_readable(_WAKE) and not self._is_readable(0):
                # A process that was stopped has waited long, and has not looked for what came.
                self._hand_on(keystrokes.rest())
                continue
            data = os.read(self.fileno, 4096)
            if not data:
                # The terminal is gone: the end comes from elsewhere.
                self.exit_event.wait(_WAKE)
            self._hand_on(keystrokes.feed(data))

    def _is_readable(self, within: float) -> bool:
        return bool(select.select([self.fileno], [], [], within)[0])

    def _hand_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
