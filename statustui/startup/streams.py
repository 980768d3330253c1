"""Standard output and standard error that every command can rely on.

In any locale, terminal and redirection, both are open, accept any text, and report failures in the
same way.
"""

from __future__ import annotations

import codecs
import io
import os
import sys

from statustui.presentation.spelling import spell
from statustui.startup.terminal import has_glyphs, names_utf8

# Not from `typing`, whose import takes longer than the rest of the first frame.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer

_ASCII = "ascii"


class OutputError(Exception):
    """Standard output cannot be written.

    Not an `OSError`, so that no command mistakes it for an error of a file that it reads.

    Args:
        reason: Why.
        is_unread: Whether it was closed by its reader.
    """

    def __init__(self, reason: str, *, is_unread: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_unread = is_unread


def charset_of(stream: TextIO) -> str:
    """Return the character set of a stream."""
    return stream.charset if isinstance(stream, _Stream) else stream.encoding or "utf-8"


class _Sink(io.FileIO):
    """A descriptor that drops everything after its first failure, so that the program can exit.

    Args:
        descriptor: The descriptor, which stays open.
        is_quiet: Whether to ignore the first failure too.
    """

    def __init__(self, descriptor: int, *, is_quiet: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._is_quiet = is_quiet
        self._is_lost = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some of the data, and return how many bytes.

        Raises:
            OutputError: The first failure.
        """
        while not self._is_lost:
            try:
                # None: a non-blocking descriptor has no room.
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
        import select  # noqa: PLC0415 - only if another program left it non-blocking

        select.select([], [self.fileno()], [])


class _Stream(io.TextIOWrapper):
    """A text stream that escapes characters outside its character set."""

    def __init__(self, sink: _Sink, charset: str) -> None:
        # Click assumes that an ASCII stream is a misconfiguration, and sends UTF-8.
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
        """Write text, and return its number of characters."""
        super().write(spell(text, self.charset))
        return len(text)


def prepare() -> None:
    """Replace standard output and standard error; call it once, before anything is printed.

    Closed descriptors are opened on /dev/null, so that no file opened later takes their place.
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
    """Return Python's encoding of a stream, but ASCII if the locale names no character set.

    In such a locale Python sends UTF-8 (PEP 540). ``PYTHONIOENCODING`` takes precedence.
    """
    charset = codecs.lookup(stream.encoding if stream is not None else "utf-8").name
    if os.environ.get("PYTHONIOENCODING") or charset != "utf-8":
        return charset
    can_send = has_glyphs if os.isatty(descriptor) else names_utf8
    return charset if can_send(os.environ) else _ASCII
