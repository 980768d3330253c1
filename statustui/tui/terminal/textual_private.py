"""Every private part of Textual that this program uses, in one place, each with its reason.

No other module touches one. `PRIVATE_PARTS` lists them; a test looks for each in the installed
version of Textual, so that a part that is gone is reported by name, with what depends on it.
"""

from __future__ import annotations

import contextlib
import gc
import termios
from io import TextIOWrapper
from typing import NamedTuple, cast

from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver


class PrivatePart(NamedTuple):
    """A name that Textual may change without notice."""

    owner: str
    """The module and, behind a colon, the class that has it."""
    name: str
    user: str
    """The class or function of ours that needs it."""
    reason: str
    """What it does for us."""


_APP = "textual.app:App"
_DRIVER = "textual.drivers.linux_driver:LinuxDriver"
PRIVATE_PARTS = (
    PrivatePart(_APP, "_fatal_error", "PrivateApp", "report a crash in a few lines, not a page"),
    PrivatePart(_APP, "_exception", "PrivateApp", "know the error that ended the application"),
    PrivatePart(_APP, "_close_messages_no_wait", "PrivateApp", "end the application after a crash"),
    PrivatePart(_APP, "_driver", "PrivateApp", "write control sequences (bell, clipboard)"),
    PrivatePart(_APP, "_clipboard", "PrivateApp", "paste in the program what was copied in it"),
    PrivatePart(_DRIVER, "_file", "PrivateDriver", "draw on standard output, not standard error"),
    PrivatePart(_DRIVER, "_writer_thread", "PrivateDriver", "know whether output is still written"),
    PrivatePart(_DRIVER, "_key_thread", "PrivateDriver", "know whether keys are still read"),
    PrivatePart(_DRIVER, "_sigcont_application", "PrivateDriver", "go on after a plain SIGSTOP"),
    PrivatePart(_DRIVER, "_auto_restart", "PrivateDriver", "know if SIGCONT restores the screen"),
    PrivatePart(_DRIVER, "_patch_lflag", "PrivateDriver", "restore the raw mode of the terminal"),
    PrivatePart(_DRIVER, "_patch_iflag", "PrivateDriver", "restore the raw mode of the terminal"),
    PrivatePart(_DRIVER, "_loop", "PrivateDriver", "get from a signal handler to the event loop"),
    PrivatePart(_DRIVER, "_app", "PrivateDriver", "draw the screen again after a SIGCONT"),
    PrivatePart(_DRIVER, "_enable_mouse_support", "PrivateDriver", "turn the mouse on again"),
    PrivatePart(_DRIVER, "_enable_bracketed_paste", "PrivateDriver", "turn paste events on again"),
    PrivatePart(_DRIVER, "_disable_line_wrap", "PrivateDriver", "turn line wrapping off again"),
    PrivatePart(
        "textual._xterm_parser:XTermParser",
        "feed",
        "make_key_parser",
        "turn bytes into keys, in pieces that a slow connection delivers",
    ),
    PrivatePart(
        "textual._xterm_parser:XTermParser",
        "tick",
        "make_key_parser",
        "tell a lone Escape from the beginning of a control sequence",
    ),
    PrivatePart(
        "textual._styles_cache:StylesCache",
        "get_inner_outer",
        "free_closed_screens",
        "its cache keeps the lines of widgets that are gone",
    ),
)


class PrivateApp(App[None]):
    """An application that reports crashes itself and can write to its terminal."""

    @property
    def terminal(self) -> Driver | None:
        """The driver; None before the application has started."""
        return self._driver

    @property
    def raised(self) -> Exception | None:
        """The error that ended the application, if one did."""
        return self._exception

    def report_error(self, error: BaseException | None) -> None:
        """Report the error that ends the application; a subclass overrides it."""

    def _fatal_error(self) -> None:
        """End after an unexpected error: Textual would print a page of its details."""
        self.report_error(self.raised)
        self._close_messages_no_wait()

    def set_clipboard(self, text: str) -> None:
        """Set what a paste inside the application inserts.

        Textual's own `copy_to_clipboard` writes a control sequence too, which tmux and screen drop.
        """
        self._clipboard = text


class PrivateDriver(LinuxDriver):
    """A driver that knows its threads and survives a ``SIGSTOP``."""

    def set_output(self, file: object) -> None:
        """Write to an object with `write`, `flush` and `fileno`."""
        self._file = cast("TextIOWrapper", file)

    @property
    def has_writer(self) -> bool:
        """Whether the thread that writes to the terminal is running."""
        return self._writer_thread is not None and self._writer_thread.is_alive()

    @property
    def has_reader(self) -> bool:
        """Whether the thread that reads keys is running."""
        return self._key_thread is not None and self._key_thread.is_alive()

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop: restore the terminal, if the shell has used it.

        After a plain ``SIGSTOP`` the threads are still there, which Textual would start again.
        """
        if not self.has_reader:
            super()._sigcont_application()
        elif self._auto_restart:
            self._restore_terminal()

    def _restore_terminal(self) -> None:
        """Put the terminal into the state that it had before the program was stopped."""
        with contextlib.suppress(termios.error):
            state = termios.tcgetattr(self.fileno)
            state[3] = self._patch_lflag(state[3])
            state[0] = self._patch_iflag(state[0])
            termios.tcsetattr(self.fileno, termios.TCSANOW, state)
        self._loop.call_soon_threadsafe(self._app.call_later, self._restore_screen)

    def _restore_screen(self) -> None:
        # Alternate screen, hidden cursor, focus events.
        for sequence in ("\x1b[?1049h", "\x1b[?25l", "\x1b[?1004h"):
            self.write(sequence)
        self._enable_mouse_support()
        self._enable_bracketed_paste()
        self._disable_line_wrap()
        self._app.refresh()


def make_key_parser() -> XTermParser:
    """Make a parser of what a terminal sends: text in, messages for keys and the mouse out."""
    return XTermParser()


def free_closed_screens() -> None:
    """Free the memory of screens that are closed.

    Textual 8.2 keeps the drawn lines of a thousand widgets, closed or not, and what is left of a
    screen is in reference cycles.
    """
    StylesCache.get_inner_outer.cache_clear()
    gc.collect()
