"""Read logs of any size page by page, with seeks.

A page consists of whole lines. A line that is longer than a page is split over several pages, so
that consecutive pages leave nothing out.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol, TypeAlias

from statustui.core.access import Access
from statustui.core.error_lines import error_lines, first_error_line, last_error_line
from statustui.core.reading import Bookmark, Signature, signature_of
from statustui.core.text import clean_log_line, ignores_case

PAGE_BYTES = 1 << 16
"""Largest size of a page."""
_MAX_TORN_LINE_BYTES = 1 << 13
"""Largest size of a last line without a newline that is read again when it grows."""
_CHUNK_BYTES = 1 << 20
"""Bytes that are searched at a time."""
_OVERLAP_BYTES = 256
"""Bytes that two consecutive chunks share; no search word may be longer."""

Pread: TypeAlias = Callable[[int, int], bytes]
"""Reads a number of bytes at an offset."""


class LogLine(NamedTuple):
    """A line of a log, or a part of a very long one."""

    start: int
    """Its offset in bytes."""
    text: str
    """Sanitised text, safe to print."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Consecutive lines of a log."""

    start: int
    """Offset of the first line in bytes."""
    end: int
    """Offset of the end of the last line in bytes."""
    size: int
    """Size of the whole file in bytes."""
    lines: tuple[LogLine, ...]
    torn: int
    """Offset to continue from: the start of a last line without a newline, else `end`."""
    is_elsewhere: bool = False
    """Whether the page replaces the displayed lines instead of continuing them."""
    target: int | None = None
    """Offset of the line that a search has found."""
    inode: int = 0
    """Identifies the file; it changes when another file takes its place."""
    modified: float = 0.0
    """When it was written to last, in seconds since 1970."""
    path: str = ""
    """The log."""


LogPart: TypeAlias = Literal["head", "tail", "before", "after"]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for one page of a log: plain data, which another thread can answer."""

    part: LogPart
    offset: int = 0
    """Where the page ends (``before``) or starts (``after``), in bytes."""


class SearchPattern(NamedTuple):
    """Finds something in a piece of a log."""

    first: Callable[[bytes], int]
    """Returns the offset of the first match in a text; -1 if there is none."""
    last: Callable[[bytes], int]
    """Returns the offset of the last match in a text; -1 if there is none."""
    lines: Callable[[bytes], Iterator[int]]
    """Yields the offset of a match in each line of a text that has one, the first line first."""
    word: str = ""
    """What `search_pattern` has made it of; empty for lines that report an error."""


@lru_cache(maxsize=16)
def search_pattern(word: str) -> SearchPattern:
    """Return a pattern for `word`; without capitals in it, ASCII letters match in any case."""
    wanted = word.encode("utf-8", "surrogateescape")[:_OVERLAP_BYTES]
    if not ignores_case(word):
        return SearchPattern(
            lambda text: text.find(wanted),
            lambda text: text.rfind(wanted),
            lambda text: _matching_lines(text, wanted),
            word,
        )
    return SearchPattern(
        lambda text: text.lower().find(wanted),
        lambda text: text.lower().rfind(wanted),
        lambda text: _matching_lines(text.lower(), wanted),
        word,
    )


def _matching_lines(text: bytes, wanted: bytes) -> Iterator[int]:
    place = text.find(wanted)
    while place >= 0:
        yield place
        end = text.find(b"\n", place)
        place = -1 if end < 0 else text.find(wanted, end + 1)


ERRORS = SearchPattern(first_error_line, last_error_line, error_lines)
"""Finds lines that report an error."""


class LogText:
    """The text of a log, of which only the requested pages are read.

    Args:
        pread: Reads a number of bytes at an offset.
        size: Size of the log in bytes.
    """

    def __init__(self, pread: Pread, size: int) -> None:
        self._pread = pread
        self.size = size

    def read_page(self, request: PageRequest) -> LogPage:
        """Read the page that is asked for."""
        if request.part == "head":
            return self.head()
        if request.part == "tail":
            return self.tail()
        return (
            self.before(request.offset) if request.part == "before" else self.after(request.offset)
        )

    def tail(self) -> LogPage:
        """Return the last page."""
        return self.before(self.size)

    def head(self) -> LogPage:
        """Return the first page."""
        return replace(self.after(0), is_elsewhere=True)

    def before(self, end: int, max_bytes: int = PAGE_BYTES) -> LogPage:
        """Return the page that ends at offset `end`."""
        return self._page(*self._read_before(end, max_bytes))

    def last_lines(self, max_bytes: int) -> bytes:
        """Return the end of the text as it is, from the start of a line on if there is one."""
        return self._read_before(self.size, max_bytes)[1]

    def _read_before(self, end: int, max_bytes: int) -> tuple[int, bytes]:
        """Return the text up to offset `end`, from the start of a line on, and where it starts."""
        end = min(end, self.size)
        start = max(0, end - max_bytes)
        data = self._pread(end - start, start)
        cut = data.find(b"\n") + 1
        if start and 0 < cut < len(data):
            start, data = start + cut, data[cut:]
        return start, data

    def after(self, start: int, max_bytes: int = PAGE_BYTES) -> LogPage:
        """Return the page that starts at offset `start`."""
        data = self._pread(max_bytes, start)
        cut = data.rfind(b"\n") + 1
        if len(data) == max_bytes and cut:
            data = data[:cut]
        return self._page(start, data)

    def around(self, target: int) -> LogPage:
        """Return a page that contains the line at offset `target`."""
        before, after = self.before(target, PAGE_BYTES // 4), self.after(target)
        return LogPage(
            start=before.start,
            end=after.end,
            size=self.size,
            lines=before.lines + after.lines,
            torn=after.torn,
            is_elsewhere=True,
            target=target,
        )

    def _page(self, start: int, data: bytes) -> LogPage:
        lines = []
        offset = start
        *whole, rest = data.split(b"\n")
        for line in whole:
            lines.append(LogLine(offset, clean_log_line(line)))
            offset += len(line) + 1
        end = start + len(data)
        torn = end
        if rest:
            # Drop what a carriage return has overwritten; keep a partial line as a line.
            rest = rest[rest.rstrip(b"\r").rfind(b"\r") + 1 :]
            lines.append(LogLine(end - len(rest), clean_log_line(rest)))
            torn = end - len(rest) if len(rest) < _MAX_TORN_LINE_BYTES else end
        return LogPage(start=start, end=end, size=self.size, lines=tuple(lines), torn=torn)

    def find(
        self,
        wanted: SearchPattern,
        start: int,
        is_needed: Callable[[int], bool],
        *,
        backwards: bool,
    ) -> int | None:
        """Search the log from offset `start` on.

        Args:
            wanted: What to search for.
            start: Offset of the start of a line, where the search begins.
            is_needed: Called with the offset of each chunk; the search ends if it returns False.
            backwards: Whether to search in the text before `start`.

        Returns:
            The offset of the matching line; None if there is none, or the search has ended early.
        """
        for offset, data in self.chunks(start, backwards=backwards):
            if not is_needed(offset):
                return None
            place = wanted.last(data) if backwards else wanted.first(data)
            if place >= 0:
                return self._line_start(offset + place)
        return None

    def chunks(self, start: int, *, backwards: bool = False) -> Iterator[tuple[int, bytes]]:
        """Yield chunks of the text, each with its offset; consecutive ones may overlap."""
        if not backwards:
            while data := self._pread(_CHUNK_BYTES, start):
                is_last = len(data) < _CHUNK_BYTES
                # End at a newline, unless a single line fills the chunk.
                cut = data.rfind(b"\n") + 1 or _CHUNK_BYTES
                yield start, data if is_last else data[:cut]
                if is_last:
                    return
                start += (
                    cut
                    if cut < _CHUNK_BYTES or data.endswith(b"\n")
                    else _CHUNK_BYTES - _OVERLAP_BYTES
                )
            return
        end = start
        while end > 0:
            begin = max(0, end - _CHUNK_BYTES)
            data = self._pread(end - begin, begin)
            cut = data.find(b"\n") + 1 if begin else 0
            if cut == len(data):
                cut = 0
            begin += cut
            yield begin, data[cut:]
            end = begin if cut else begin + _OVERLAP_BYTES if begin else 0

    def _line_start(self, offset: int) -> int:
        begin = max(0, offset - PAGE_BYTES)
        newline = self._pread(offset - begin, begin).rfind(b"\n")
        if newline < 0 < begin:
            # A page holds only a part of a very long line; let it begin just before the match.
            return offset - _OVERLAP_BYTES
        return begin + newline + 1


@contextlib.contextmanager
def open_log(access: Access, path: str) -> Iterator[tuple[LogText, os.stat_result]]:
    """Open the log at `path`, which may be behind a link.

    Raises:
        OSError: It cannot be read, is not a regular file, or is not a log of the run.
    """
    with access.opened(path) as (descriptor, state):
        yield LogText(lambda size, offset: os.pread(descriptor, size, offset), state.st_size), state


class LogFollower:
    """Follows one log as it grows, also when another file takes its place.

    Args:
        access: Opens the log.
        path: The log.
    """

    def __init__(self, access: Access, path: str) -> None:
        self.path = path
        self._access = access
        self._known: Signature | None = None
        self._bookmark: Bookmark | None = None

    def read(self) -> LogPage | None:
        """Return what has been appended since the last call; None if nothing has.

        The first call, and one that finds another file or too much to append, returns the last
        page.

        Raises:
            OSError: The log cannot be read.
        """
        with self._access.opened(self.path) as (descriptor, state):
            known = signature_of(state)
            if known == self._known:
                return None
            text = LogText(lambda size, offset: os.pread(descriptor, size, offset), state.st_size)
            bookmark = self._bookmark
            is_little = bookmark is not None and text.size - bookmark.offset < PAGE_BYTES
            if bookmark is not None and is_little and bookmark.holds(descriptor, state):
                page = text.after(bookmark.offset)
            else:
                page = text.tail()
            self._bookmark = Bookmark.at(descriptor, state, page.torn)
            self._known = known
            return stamped(page, self.path, state)


class FileState(Protocol):
    """The part of `os.stat_result` that a page of a log tells."""

    @property
    def st_ino(self) -> int:
        """Identifies the file."""

    @property
    def st_mtime(self) -> float:
        """When it was written to last, in seconds since 1970."""


def stamped(page: LogPage, path: str, state: FileState) -> LogPage:
    """The same page, with the path of its file and what `fstat` says of it."""
    return replace(page, path=path, inode=state.st_ino, modified=state.st_mtime)
