"""The history of one run: its statuses with repeats folded, and when it was in which state."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import is_whole_enough, parse_line
from statustui.core.text import format_size
from statustui.core.timeline import StateTimeline, TimelineBuilder
from statustui.core.times import Time, ends_in_second, in_order, is_open, may_repeat, moved

MAX_ENTRIES = 200_000
"""Entries kept of one history: the newest ones."""

_EMPTY_TIMELINE = StateTimeline()


class Entry(NamedTuple):
    """A status, and how often in a row it was set with the same state and note."""

    status: StatusInfo
    """The first of the repeats."""
    line: int
    """Line number of `status` in the status file, from 1; 0 if unknown."""
    times: int = 1
    last: StatusInfo | None = None
    """The last of the repeats; None if there is only one."""

    @property
    def is_damaged(self) -> bool:
        """Whether its line has no readable time or no readable state."""
        return not self.status.state or self.status.timestamp is None

    @property
    def end(self) -> float | None:
        """When the last repeat was set, in seconds since 1970; None if unknown."""
        return (self.status if self.last is None else self.last).timestamp


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What has been read of a status file."""

    entries: tuple[Entry, ...] = ()
    """Oldest first."""
    timeline: StateTimeline = _EMPTY_TIMELINE
    status_count: int = 0
    """Number of statuses read."""
    left_out: int = 0
    """Number of entries read but not kept: those before `entries`."""
    skipped: int = 0
    """Bytes at the start of the file that were not read."""
    is_whole: bool = True
    """Whether more than the end of a large file has been read."""
    generation: int = 0
    """Changes when the file was replaced or rewritten, or another part of it is read."""

    @property
    def omission(self) -> str:
        """A sentence that says what is missing at the beginning; empty if nothing is."""
        if self.skipped and self.is_whole:
            return f"The first {format_size(self.skipped)} of the status file are not shown."
        return f"{self.left_out:,} earlier entries are not shown." if self.left_out else ""


@dataclass(kw_only=True)
class HistoryBuilder:
    """Builds a `History` from the lines of a status file, added block by block.

    Args:
        skipped: Bytes at the start of the file that are not going to be added. If there are any,
            entries have no line numbers.
        is_whole: `History.is_whole` of the histories built.
        generation: `History.generation` of the histories built.
    """

    skipped: int = 0
    is_whole: bool = True
    generation: int = 0
    _lines: int = 0
    _status_count: int = 0
    _left_out: int = 0
    _entries: deque[Entry] = field(default_factory=deque)
    _timeline: TimelineBuilder = field(default_factory=TimelineBuilder)
    _last_time: Time = None
    _open: list[tuple[StatusInfo, int]] = field(default_factory=list)
    """Statuses at the end, with their line numbers, whose times may mean one of two instants."""

    def add(self, block: bytes) -> None:
        """Add a block of whole lines."""
        lines = block.split(b"\n")[:-1]
        is_doubtful = may_repeat(block, lines)
        for line in lines:
            self._lines += 1
            status = parse_line(line)
            if status is None:
                continue
            self._status_count += 1
            time = in_order(status.time, self._last_time) if is_doubtful else status.time
            self._last_time = self._last_time if time is None else time
            status = status.at(time)
            if is_doubtful and is_open(time):
                self._open.append((status, self._lines))
                continue
            if self._open and time is not None:
                self._close(is_second=False)
            if self._open:
                self._open.append((status, self._lines))
            else:
                self._add_status(status, self._lines)

    def _close(self, *, is_second: bool) -> None:
        """Add the statuses held back, now that it is known which instant their times mean."""
        for status, line in self._open:
            time = moved(status.time) if is_second else status.time
            self._add_status(status.at(time), line)
        self._open.clear()

    def _add_status(self, status: StatusInfo, line: int) -> None:
        self._fold(status, line)
        self._timeline.add(status)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popleft()
            self._left_out += 1

    def _fold(self, status: StatusInfo, line: int) -> None:
        if self._entries:
            last = self._entries[-1]
            if _repeats(last, status):
                self._entries[-1] = last._replace(times=last.times + 1, last=status)
                return
        self._entries.append(Entry(status, 0 if self.skipped else line))

    def history(self, torn: bytes = b"", modified: float | None = None) -> History:
        """Return the history of what has been added so far; more may be added afterwards.

        Args:
            torn: The bytes after the last newline; they count if `is_whole_enough` accepts them.
            modified: Time of the last write to the file, in seconds since 1970; None if unknown.
        """
        is_more = bool(torn) and is_whole_enough(torn)
        if is_more or self._open:
            return self._copy().finish(torn + b"\n" if is_more else b"", modified)
        return self.finish(b"", modified)

    def finish(self, block: bytes, modified: float | None) -> History:
        """Add the last lines and return the history; nothing may be added afterwards.

        Args:
            block: Whole lines.
            modified: Decides which instant ambiguous times at the end mean, as in `history`.
        """
        self.add(block)
        self._close(is_second=ends_in_second(self._last_time, modified))
        return History(
            entries=tuple(self._entries),
            timeline=self._timeline.timeline(),
            status_count=self._status_count,
            left_out=self._left_out,
            skipped=self.skipped,
            is_whole=self.is_whole,
            generation=self.generation,
        )

    def _copy(self) -> HistoryBuilder:
        return replace(
            self,
            _entries=self._entries.copy(),
            _timeline=self._timeline.copy(),
            _open=self._open.copy(),
        )


def _repeats(entry: Entry, status: StatusInfo) -> bool:
    """Return whether a status has the same state and note as `entry`."""
    before = entry.status
    if before.state != status.state or before.note != status.note:
        return False
    return bool(before.state) and (before.timestamp is None) == (status.timestamp is None)
