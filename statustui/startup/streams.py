"""Standard output and standard error, as every command can rely on them.

Whatever the locale, the terminal and the redirections are: each has somewhere to go, takes any
text, and tells of what it cannot take in one way.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from statustui.presentation.spelling import spell
from statustui.startup.terminal import has_glyphs, names_utf8

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ASCII = "ascii"


class OutputError(Exception):
    """Standard output takes nothing any more.

    Not an `OSError`: no command is to take it for a fault of a file that it reads.

    Attributes:
        reason: Why.
        is_unread: Whether the cause is that nobody reads it any more.
    """

    def __init__(self, reason: str, *, is_unread: bool = False) -> None:
        """Take what there is to tell."""
        super().__init__(reason)
        self.reason = reason
        self.is_unread = is_unread


def charset_of(stream: TextIO) -> str:
    """The character set of what is written to a stream."""
    return stream.charset if isinstance(stream, _Stream) else stream.encoding or "utf-8"


class _Sink(io.FileIO):
    """A descriptor that takes everything once it has failed, so that the program can end.

    Args:
        descriptor: The descriptor, which stays open.
        is_quiet: Whether even the first failure is passed over.
    """

    def __init__(self, descriptor: int, *, is_quiet: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._is_quiet = is_quiet
        self._is_lost = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some of the data.

        Raises:
            OutputError: It cannot be written.
        """
        while not self._is_lost:
            try:
                # None is what a descriptor in non-blocking mode has no room for.
                written: int | None = super().write(data)
            except OSError as error:
                self._is_lost = True
                if not self._is_quiet:
                    reason = error.strerror or str(error)
                    raise OutputError(
                        reason, is_unread=isinstance(error, BrokenPipeError)
                    ) from error
            else:
                if written is not None:
                    return written
                self._wait()
        return memoryview(data).nbytes

    def _wait(self) -> None:
        import select  # noqa: PLC0415 - only where another program has left it in that mode

        select.select([], [self.fileno()], [])


class _Stream(io.TextIOWrapper):
    """Text that is spelled in the characters that can be sent."""

    def __init__(self, sink: _Sink, charset: str) -> None:
        # Click takes a stream that says it is ASCII for a mistake, and sends UTF-8.
        encoding = "utf-8" if charset == _ASCII else charset
        super().__init__(
            io.BufferedWriter(sink),
            encoding,
            "backslashreplace",
            newline="\n",
            line_buffering=sink.isatty(),
        )
        self.charset = charset

    def write(self, text: str, /) -> int:
        """Write text; the number of characters that it has."""
        super().write(spell(text, self.charset))
        return len(text)


def prepare() -> None:
    """Replace standard output and standard error; called once, before anything is printed.

    What is closed leads nowhere from then on: no file that is opened later takes its place.
    """
    _fill_closed()
    sys.stdout = _Stream(_Sink(1, is_quiet=False), _charset(1, sys.__stdout__))
    sys.stderr = _Stream(_Sink(2, is_quiet=True), _charset(2, sys.__stderr__))


def _fill_closed() -> None:
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= 2:  # noqa: PLR2004 - standard input, output and error
        os.set_inheritable(descriptor, True)
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)


def _charset(descriptor: int, stream: TextIO | None) -> str:
    """What can be sent: what Python says, but ASCII where the locale names no character set.

    There Python sends UTF-8 (PEP 540). What ``PYTHONIOENCODING`` says counts as it is.
    """
    charset = codecs.lookup(stream.encoding if stream is not None else "utf-8").name
    if os.environ.get("PYTHONIOENCODING") or charset != "utf-8":
        return charset
    can_send = has_glyphs if os.isatty(descriptor) else names_utf8
    return charset if can_send(os.environ) else _ASCII
