"""The history of one run: its statuses, repeats folded, and when it was in which state."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from statustui.core.states import LOG_STATES
from statustui.core.status_file import StatusInfo, is_whole_enough, parse_line
from statustui.core.text import format_size
from statustui.core.times import Time, ends_in_second, in_order, is_open, may_repeat, moved

MOST_ENTRIES = 200_000
"""Entries that are kept of one history: the newest ones."""


class Entry(NamedTuple):
    """A status, and how often in a row it was set without a change of state or note."""

    status: StatusInfo
    """The first of them."""
    line: int
    """The number of its line in the status file, from 1; 0 if that is not known."""
    times: int = 1
    last: StatusInfo | None = None
    """The last of them, if there are several."""

    @property
    def is_damaged(self) -> bool:
        """Whether its line lacks a time or a state that can be read."""
        return not self.status.state or self.status.timestamp is None

    @property
    def end(self) -> float | None:
        """When the last of them was set, in seconds since 1970; None if that is not known."""
        return (self.status if self.last is None else self.last).timestamp


class StateTimeline(NamedTuple):
    """In which state a run was when. Remarks, and statuses without a time, change nothing."""

    starts: tuple[float, ...] = ()
    """When it came into each state, in seconds since 1970; never less than the one before."""
    states: tuple[str, ...] = ()
    before: Mapping[str, float] = {}
    """State -> seconds in it altogether, up to the last of `starts`."""

    def at(self, time: float) -> str:
        """The state at a time in seconds since 1970; empty before the first one."""
        index = bisect_right(self.starts, time) - 1
        return self.states[index] if index >= 0 else ""

    def times(self, end: float) -> dict[str, float]:
        """State -> seconds in it up to `end`, in the order in which they were entered first."""
        times = dict(self.before)
        if self.starts:
            state = self.states[-1]
            times[state] = times.get(state, 0.0) + max(0.0, end - self.starts[-1])
        return times


_NO_COURSE = StateTimeline()


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What a status file holds, as far as it has been read."""

    entries: tuple[Entry, ...] = ()
    """Oldest first."""
    course: StateTimeline = _NO_COURSE
    status_count: int = 0
    """Number of statuses that have been read."""
    left_out: int = 0
    """Number of entries before the first one of `entries` that were read but not kept."""
    skipped: int = 0
    """Bytes at the start of the file that were not read."""
    is_whole: bool = True
    """Whether more than the end of a large file has been read."""
    reading: int = 0
    """Tells it from histories of what was there before: another file, or another part of it."""

    @property
    def omission(self) -> str:
        """What is missing at the beginning, in a sentence; empty if nothing is."""
        if self.skipped and self.is_whole:
            return f"The first {format_size(self.skipped)} of the status file are not shown."
        return f"{self.left_out:,} earlier entries are not shown." if self.left_out else ""


@dataclass
class HistoryBuilder:
    """Takes in the lines of a status file, block after block.

    Args:
        skipped: Bytes at the start of the file that are not going to be added: lines have no
            numbers then.
        is_whole: What to say of the histories that are made.
        reading: The same.
    """

    skipped: int = 0
    is_whole: bool = True
    reading: int = 0
    _lines: int = 0
    _status_count: int = 0
    _left_out: int = 0
    _entries: deque[Entry] = field(default_factory=deque)
    _starts: list[float] = field(default_factory=list)
    _states: list[str] = field(default_factory=list)
    _before: dict[str, float] = field(default_factory=dict)
    _last_time: Time = None
    _open: list[tuple[StatusInfo, int]] = field(default_factory=list)
    """Statuses at the end, with their lines, whose times may mean one of two instants."""

    def add(self, block: bytes) -> None:
        """Take in a block of whole lines."""
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
                self._take(status, self._lines)

    def _close(self, *, is_second: bool) -> None:
        """Take in the statuses that have been held back."""
        for status, line in self._open:
            time = moved(status.time) if is_second else status.time
            self._take(status.at(time), line)
        self._open.clear()

    def _take(self, status: StatusInfo, line: int) -> None:
        self._fold(status, line)
        self._follow(status)
        if len(self._entries) > MOST_ENTRIES:
            self._entries.popleft()
            self._left_out += 1

    def _fold(self, status: StatusInfo, line: int) -> None:
        if self._entries:
            last = self._entries[-1]
            if _repeats(last, status):
                self._entries[-1] = last._replace(times=last.times + 1, last=status)
                return
        self._entries.append(Entry(status, 0 if self.skipped else line))

    def _follow(self, status: StatusInfo) -> None:
        if status.state in LOG_STATES or not status.state:
            return
        time = status.timestamp
        if time is None or (self._states and self._states[-1] == status.state):
            return
        if self._starts:
            # Clocks that disagree make no negative span.
            time = max(time, self._starts[-1])
            state = self._states[-1]
            self._before[state] = self._before.get(state, 0.0) + time - self._starts[-1]
        self._starts.append(time)
        self._states.append(status.state)

    def history(self, torn: bytes = b"", modified: float | None = None) -> History:
        """What has been added so far.

        Args:
            torn: What stands behind the last newline; it counts when `is_whole_enough` says so.
            modified: When the file was written to, in seconds since 1970, if that is known.
        """
        is_more = bool(torn) and is_whole_enough(torn)
        if is_more or self._open:
            return self._copy().finish(torn + b"\n" if is_more else b"", modified)
        return self.finish(b"", modified)

    def finish(self, block: bytes, modified: float | None) -> History:
        """Take in the last lines, and what is open as `modified` has it; nothing may follow."""
        self.add(block)
        self._close(is_second=ends_in_second(self._last_time, modified))
        return History(
            tuple(self._entries),
            StateTimeline(tuple(self._starts), tuple(self._states), dict(self._before)),
            self._status_count,
            self._left_out,
            self.skipped,
            self.is_whole,
            self.reading,
        )

    def _copy(self) -> HistoryBuilder:
        return replace(
            self,
            _entries=self._entries.copy(),
            _starts=self._starts.copy(),
            _states=self._states.copy(),
            _before=self._before.copy(),
            _open=self._open.copy(),
        )


def _repeats(entry: Entry, status: StatusInfo) -> bool:
    """Whether a status says the same as those of the entry before it."""
    before = entry.status
    if before.state != status.state or before.note != status.note:
        return False
    return bool(before.state) and (before.timestamp is None) == (status.timestamp is None)
