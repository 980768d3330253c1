"""Input from the terminal and output to it."""

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
from statustui.tui.terminal.background import (
    BEGINNING,
    QUERY,
    BackgroundDetected,
    extract_answer,
)
from statustui.tui.terminal.style_codes import StyleCodes
from statustui.tui.terminal.textual_private import PrivateDriver, make_key_parser

if TYPE_CHECKING:
    from textual.app import App


_READ_TIMEOUT = 0.1
"""Seconds to wait for the rest of what the terminal sends, or for the end once it is closed."""
_SEQUENCE_TIMEOUT = 2.0
"""Seconds to wait for the rest of a control sequence that has begun with more than an Escape."""
_FLUSHES = 20
"""How often to look for a lone Escape once nothing more has come: the parser of Textual waits for
``ESCDELAY``, by default a tenth of a second, before it counts as one."""
_INCOMPLETE = re.compile(r"\x1b(?:\[[0-9:;<=>?]*|O)\Z")
"""A control sequence without its end."""
_BACKGROUND_TIMEOUT = 2.0
"""Seconds after which an answer about the background of the terminal is dropped."""
_ESCAPE = "\x1b"


class _Output:
    """Standard output, with a count of writes.

    Writes to a closed terminal are dropped, so that the exit never blocks.
    """

    def __init__(self) -> None:
        self.written = 0
        self.style_codes = StyleCodes()

    def fileno(self) -> int:
        """Return the file descriptor."""
        return 1

    def write(self, text: str) -> None:
        """Write a text; block until all of it is written."""
        with contextlib.suppress(OSError):
            self._send(self.style_codes.shorten(text).encode("utf-8", "replace"))
        self.written += 1

    def _send(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self.fileno(), data) :]
            except BlockingIOError:
                # An earlier program has left the terminal in non-blocking mode.
                select.select([], [self.fileno()], [])

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""


class Keystrokes:
    """Turns the bytes that a terminal sends into messages.

    Invalid UTF-8 is ignored. A control sequence may come in pieces, over a slow connection or to a
    process that was stopped: the rest of it is waited for.
    """

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")("ignore").decode
        self._parser = make_key_parser()
        self._incomplete = ""
        self._incomplete_since = 0.0
        self._asked_at: float | None = None
        self._flushes_left = 0

    def expect_background(self) -> None:
        """Take the next answer about the background of the terminal out of the keys."""
        self._asked_at = time.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether to go on calling `flush`: what has come last may not be a whole key yet."""
        return self._flushes_left > 0

    def feed(self, data: bytes) -> Iterable[Message]:
        """Yield the keys and mouse events that are complete with these bytes."""
        self._flushes_left = _FLUSHES
        text, begun = self._incomplete + self._decode(data), None
        if self._asked_at is not None:
            text, is_light = extract_answer(text)
            if is_light is None:
                begun = BEGINNING.search(text)
            else:
                if time.monotonic() < self._asked_at + _BACKGROUND_TIMEOUT:
                    yield BackgroundDetected(is_light=is_light)
                self._asked_at = None
        match = begun or _INCOMPLETE.search(text)
        self._incomplete, self._incomplete_since = match[0] if match else "", time.monotonic()
        text = text.removesuffix(self._incomplete)
        # The parser takes an empty text for the end of input.
        yield from self._parser.feed(text) if text else ()

    def flush(self) -> Iterable[Message]:
        """Yield what is left when nothing has come for a moment, such as a lone Escape."""
        self._flushes_left -= 1
        if self._incomplete:
            self._flushes_left = _FLUSHES
            is_recent = time.monotonic() < self._incomplete_since + _SEQUENCE_TIMEOUT
            if is_recent and self._incomplete != _ESCAPE:
                return
            text, self._incomplete = self._incomplete, ""
            yield from self._parser.feed(text)
        yield from self._parser.tick()


class TerminalDriver(PrivateDriver):
    """Draws on standard output, also if standard error or standard input are redirected.

    Raises:
        OSError: There is no terminal to read keys from.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._output = _Output()
        self.set_output(self._output)
        self._sent = 0
        self._keystrokes = Keystrokes()
        self.fileno = open_keyboard()
        self._end_of_input, self._end_input = os.pipe()
        """The reading and the writing end of a pipe that ends the reading of keys."""
        self.input_tty = True

    @property
    def pending(self) -> int:
        """How many writes are not done yet; 0 if the thread that writes has ended."""
        return self._sent - self._output.written if self.has_writer else 0

    def start_application_mode(self) -> None:
        """Switch the terminal to the application, at the start or after a suspend.

        Raises:
            RuntimeError: No thread can be started; the terminal is unchanged.
        """
        # Don't wait for output that was queued before a suspend.
        self._sent = self._output.written = 0
        self._output.style_codes.forget()
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual has no types for it
        except RuntimeError:
            self.stop_application_mode()
            raise

    def write(self, data: str) -> None:
        """Queue a text for the terminal."""
        self._sent += 1
        if self.has_writer:
            super().write(data)
        else:
            self._output.write(data)

    def ask_background(self) -> None:
        """Ask the terminal for its background; an answer comes as `BackgroundDetected`."""
        self._keystrokes.expect_background()
        self.write(QUERY)

    def disable_input(self) -> None:
        """Stop reading keys."""
        os.write(self._end_input, b"\0")
        super().disable_input()
        os.read(self._end_of_input, 1)

    def close(self) -> None:
        """Stop the thread that writes, once all is written."""
        if self.has_writer:
            super().close()

    def run_input_thread(self) -> None:
        """Read keys until the application ends; runs on a thread."""
        keystrokes = self._keystrokes
        while not self.exit_event.is_set():
            within = _READ_TIMEOUT if keystrokes.is_open else None
            if not self._is_readable(within) and not self._is_readable(0):
                # After a stop the timeout is over at once, although keys may be waiting: the
                # second check sees them.
                self._post(keystrokes.flush())
                if within is None:
                    # The end of input has come, the event that says so comes in a moment.
                    self.exit_event.wait(_READ_TIMEOUT)
                continue
            data = os.read(self.fileno, 4096)
            if not data:
                # The terminal is gone; `Shutdown` ends the program.
                self.exit_event.wait(_READ_TIMEOUT)
            self._post(keystrokes.feed(data))

    def _is_readable(self, within: float | None) -> bool:
        """Return whether keys come within some seconds; None waits for them, or for the end."""
        return self.fileno in select.select([self.fileno, self._end_of_input], [], [], within)[0]

    def _post(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
