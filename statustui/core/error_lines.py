"""Which lines of a log tell of an error, in the words of compilers, shells, schedulers and MPI."""

from __future__ import annotations

import re

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
"""One of them is in every such line: to look for them first is ten times as fast as the pattern."""

_COMPLAINT = re.compile(
    rb"(?<!no )(?<!\b0 )(?<![-/.])\b(?:[a-z]*error|fatal|fail(?:ed|ure)|panic|traceback|exception"
    rb"|aborted|segmentation fault|sigsegv|killed|undefined reference|out of memory"
    rb"|permission denied|(?:command|file|module) not found|no such file|unknown module"
    rb"|no space left)\b(?! ?[=:] ?0\b)(?!\.\w)"
)
"""What tells of an error in a line in small letters: no file names, options or counts of none."""


_COLOURS = re.compile(rb"\x1b\[[0-9;:]*[mk]")
"""What stands between words in the colours of compilers."""


def _complains(line: bytes) -> bool:
    """Whether a line in small letters tells of an error."""
    return _COMPLAINT.search(_COLOURS.sub(b"", line)) is not None


def first_error_line(text: bytes) -> int:
    """A place in the first line of a text that tells of an error; -1 if there is none."""
    folded = text.lower()
    places = {word: folded.find(word) for word in _WORDS}
    while True:
        found = min((place for place in places.values() if place >= 0), default=-1)
        if found < 0:
            return -1
        start, end = _line(folded, found)
        if _complains(folded[start:end]):
            return found
        places.update(
            (word, folded.find(word, end)) for word, place in places.items() if 0 <= place < end
        )


def last_error_line(text: bytes) -> int:
    """A place in the last line of a text that tells of an error; -1 if there is none."""
    folded = text.lower()
    places = {word: folded.rfind(word) for word in _WORDS}
    while True:
        found = max(places.values())
        if found < 0:
            return -1
        start, end = _line(folded, found)
        if _complains(folded[start:end]):
            return found
        places.update(
            (word, folded.rfind(word, 0, start)) for word, place in places.items() if place >= start
        )


def _line(text: bytes, place: int) -> tuple[int, int]:
    """Where the line begins and ends that `place` is in."""
    end = text.find(b"\n", place)
    return text.rfind(b"\n", 0, place) + 1, len(text) if end < 0 else end
