"""Reading logs of any size by the page, with seeks.

A page is made of whole lines. Of a line that is longer than a page each page holds a part, so that
pages that follow each other leave nothing out.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from statustui.core.access import Access
from statustui.core.error_lines import first_error_line, last_error_line
from statustui.core.reading import Bookmark, Signature, signature_of
from statustui.core.text import clean_log_line, ignores_case

PAGE = 1 << 16
"""Bytes of a page at the most."""
_PIECE = 1 << 13
"""Bytes up to which a line without an end is read again as it grows."""
_CHUNK = 1 << 20
"""Bytes that are searched at a time."""
_OVERLAP = 256
"""Bytes that are searched with both chunks that they are between: no word may be longer."""

Pread: TypeAlias = Callable[[int, int], bytes]
"""Reads so many bytes at an offset."""


class LogLine(NamedTuple):
    """A line of a log, or a part of one that is very long."""

    start: int
    """Its offset in bytes."""
    text: str
    """Safe to show."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines of a log that follow each other."""

    start: int
    """Offset of the first line in bytes."""
    end: int
    """Offset behind the last one."""
    size: int
    """Of the whole file, in bytes."""
    lines: tuple[LogLine, ...]
    torn: int
    """Offset from which to read on: that of the last line if it has no newline yet, or `end`."""
    is_elsewhere: bool = False
    """Whether it is to be shown in place of what is on show."""
    target: int | None = None
    """Offset of the line that was looked for."""
    inode: int = 0
    """Tells the file from another that has taken its place."""
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
    """What is looked for in a log."""

    first: Callable[[bytes], int]
    """Where it is in a text for the first time; -1 if it is not there."""
    last: Callable[[bytes], int]
    """The same for the last time."""


def search_pattern(word: str) -> SearchPattern:
    """Looks for a word; without capitals in it, case does not matter in ASCII letters."""
    wanted = word.encode("utf-8", "surrogateescape")[:_OVERLAP]
    if not ignores_case(word):
        return SearchPattern(lambda text: text.find(wanted), lambda text: text.rfind(wanted))
    return SearchPattern(
        lambda text: text.lower().find(wanted), lambda text: text.lower().rfind(wanted)
    )


ERRORS = SearchPattern(first_error_line, last_error_line)
"""Looks for what tells of an error."""


class LogText:
    """The text of a log, however much of it there is.

    Args:
        pread: Reads it.
        size: How many bytes there are.
    """

    def __init__(self, pread: Pread, size: int) -> None:
        """Read nothing yet."""
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
        """The last page."""
        return self.before(self.size)

    def head(self) -> LogPage:
        """The first page."""
        return replace(self.after(0), is_elsewhere=True)

    def before(self, end: int, most: int = PAGE) -> LogPage:
        """The page that ends at offset `end`."""
        end = min(end, self.size)
        start = max(0, end - most)
        data = self._pread(end - start, start)
        cut = data.find(b"\n") + 1
        if start and 0 < cut < len(data):
            start, data = start + cut, data[cut:]
        return self._page(start, data)

    def after(self, start: int, most: int = PAGE) -> LogPage:
        """The page that starts at offset `start`."""
        data = self._pread(most, start)
        cut = data.rfind(b"\n") + 1
        if len(data) == most and cut:
            data = data[:cut]
        return self._page(start, data)

    def around(self, target: int) -> LogPage:
        """A page with the line at offset `target` in it."""
        before, after = self.before(target, PAGE // 4), self.after(target)
        lines = before.lines + after.lines
        return LogPage(
            before.start,
            after.end,
            self.size,
            lines,
            after.torn,
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
            # What a carriage return has overwritten is gone, and a part of a line is a line.
            rest = rest[rest.rstrip(b"\r").rfind(b"\r") + 1 :]
            lines.append(LogLine(end - len(rest), clean_log_line(rest)))
            torn = end - len(rest) if len(rest) < _PIECE else end
        return LogPage(start, end, self.size, tuple(lines), torn)

    def find(
        self,
        wanted: SearchPattern,
        start: int,
        is_needed: Callable[[int], bool],
        *,
        backwards: bool,
    ) -> int | None:
        """Look for something from offset `start` on.

        Args:
            wanted: What to look for.
            start: Where a line begins: from there on, or up to there.
            is_needed: Asked now and then, with the offset reached, whether to go on.
            backwards: Whether to look in what is before `start`.

        Returns:
            The offset of the line that it is in; None if there is none, or it is not needed.
        """
        for offset, data in self._chunks(start, backwards=backwards):
            if not is_needed(offset):
                return None
            place = wanted.last(data) if backwards else wanted.first(data)
            if place >= 0:
                return self._line_start(offset + place)
        return None

    def _chunks(self, start: int, *, backwards: bool) -> Iterator[tuple[int, bytes]]:
        """Pieces of the text, each with its offset; those next to each other overlap."""
        if not backwards:
            while data := self._pread(_CHUNK, start):
                is_last = len(data) < _CHUNK
                # A line is looked at whole, unless it is longer than all this.
                cut = data.rfind(b"\n") + 1 or _CHUNK
                yield start, data if is_last else data[:cut]
                if is_last:
                    return
                start += cut if cut < _CHUNK or data.endswith(b"\n") else _CHUNK - _OVERLAP
            return
        end = start
        while end > 0:
            begin = max(0, end - _CHUNK)
            data = self._pread(end - begin, begin)
            cut = data.find(b"\n") + 1 if begin else 0
            if cut == len(data):
                cut = 0
            begin += cut
            yield begin, data[cut:]
            end = begin if cut else begin + _OVERLAP if begin else 0

    def _line_start(self, offset: int) -> int:
        begin = max(0, offset - PAGE)
        newline = self._pread(offset - begin, begin).rfind(b"\n")
        if newline < 0 < begin:
            # Of a very long line a page holds a part: the one that begins just before.
            return offset - _OVERLAP
        return begin + newline + 1


@contextlib.contextmanager
def open_log(access: Access, path: str) -> Iterator[tuple[LogText, os.stat_result]]:
    """Open the log at `path`, which may be behind a link.

    Raises:
        OSError: It cannot be read, is not a regular file, or is not one of those of the run.
    """
    with access.opened(path) as (descriptor, state):
        yield LogText(lambda size, offset: os.pread(descriptor, size, offset), state.st_size), state


class LogFollower:
    """Follows one log: tells what it grows by, also when another file takes its place.

    Args:
        access: Opens it.
        path: The log.
    """

    def __init__(self, access: Access, path: str) -> None:
        """Start at its end."""
        self.path = path
        self._access = access
        self._known: Signature | None = None
        self._mark: Bookmark | None = None

    def read(self) -> LogPage | None:
        """The last page, or what has been appended since the last time; None if nothing has.

        Raises:
            OSError: It cannot be read.
        """
        with self._access.opened(self.path) as (descriptor, state):
            known = signature_of(state)
            if known == self._known:
                return None
            text = LogText(lambda size, offset: os.pread(descriptor, size, offset), state.st_size)
            mark = self._mark
            is_little = mark is not None and text.size - mark.offset < PAGE
            if mark is not None and is_little and mark.holds(descriptor, state):
                page = text.after(mark.offset)
            else:
                page = text.tail()
            self._mark = Bookmark.at(descriptor, state, page.torn)
            self._known = known
            return stamped(page, self.path, state)


def stamped(page: LogPage, path: str, state: os.stat_result) -> LogPage:
    """The same page, with the path of its file and what `fstat` says of it."""
    return replace(page, path=path, inode=state.st_ino, modified=state.st_mtime)
