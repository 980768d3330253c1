"""Find lines of a log that report an error of a compiler, a shell, a scheduler or MPI."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORDS = (
    b"error",
    b"fatal",
    b"fail",
    b"panic",
    b"traceback",
    b"exception",
    b"abort",
    b"segmentation fault",
    b"sigsegv",
    b"killed",
    b"undefined reference",
    b"out of memory",
    b"permission denied",
    b"not found",
    b"no such file",
    b"unknown module",
    b"no space left",
)
"""Every such line has one of these: searching for them first is 10x faster than the pattern."""

_ERROR_PATTERN = re.compile(
    rb"(?<!no )(?<!\b0 )(?<![-/.])\b(?:[a-z]*error|fatal|fail(?:ed|ure)|panic|traceback|exception"
    rb"|aborted|segmentation fault|sigsegv|killed|undefined reference|out of memory"
    rb"|permission denied|(?:command|file|module) not found|no such file|unknown module"
    rb"|no space left)\b(?! ?[=:] ?0\b)(?!\.\w)"
)
"""An error in a line in lower case; excludes file names, options and counts of zero."""


_COLOURS = re.compile(rb"\x1b\[[0-9;:]*[mk]")
"""Control sequences by which compilers colour words."""


def _reports_error(line: bytes) -> bool:
    """Return whether a line in lower case reports an error."""
    return _ERROR_PATTERN.search(_COLOURS.sub(b"", line)) is not None


def error_lines(text: bytes) -> Iterator[int]:
    """Yield an offset in each line of a text that reports an error, the first line first."""
    folded = text.lower()
    places = {word: folded.find(word) for word in _WORDS}
    while True:
        found = min((place for place in places.values() if place >= 0), default=-1)
        if found < 0:
            return
        start, end = _line(folded, found)
        if _reports_error(folded[start:end]):
            yield found
        places.update(
            (word, folded.find(word, end)) for word, place in places.items() if 0 <= place < end
        )


def first_error_line(text: bytes) -> int:
    """Return an offset in the first line of a text that reports an error; -1 if none does."""
    return next(error_lines(text), -1)


def last_error_line(text: bytes) -> int:
    """Return an offset in the last line of a text that reports an error; -1 if none does."""
    folded = text.lower()
    places = {word: folded.rfind(word) for word in _WORDS}
    while True:
        found = max(places.values())
        if found < 0:
            return -1
        start, end = _line(folded, found)
        if _reports_error(folded[start:end]):
            return found
        places.update(
            (word, folded.rfind(word, 0, start)) for word, place in places.items() if place >= start
        )


def _line(text: bytes, place: int) -> tuple[int, int]:
    """Return where the line with the offset `place` begins and ends."""
    end = text.find(b"\n", place)
    return text.rfind(b"\n", 0, place) + 1, len(text) if end < 0 else end
