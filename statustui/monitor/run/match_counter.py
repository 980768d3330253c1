"""Count the lines of a log that a search finds, a part at a time."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from statustui.monitor.run.log_text import LogText, SearchPattern

_MAX_BYTES = 1 << 30
"""Bytes of a log that are counted in."""
_MAX_MATCHES = 1_000_000


class Matches(NamedTuple):
    """The lines of a log that a search finds."""

    path: str
    starts: Sequence[int]
    """Offset of each matching line, in ascending order."""
    end: int
    """Offset up to which the log has been searched."""
    is_all: bool
    """Whether no further line matches; False if counting was given up in a very long log."""

    def describe(self, found: int | None) -> str:
        """Return which of how many the line at the offset `found` is, as in ``3 of 17``."""
        total = f"{len(self.starts):,}{'' if self.is_all else '+'}"
        if found is not None:
            index = bisect_left(self.starts, found)
            if index < len(self.starts) and self.starts[index] == found:
                return f"{index + 1:,} of {total}"
        return f"{total} match{'' if total == '1' else 'es'}"


class MatchCounter:
    """Counts the matching lines of one log.

    Args:
        path: The log.
        wanted: What is searched for.
        clock: Gives a time in seconds.
    """

    def __init__(
        self, path: str, wanted: SearchPattern, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = path
        self.wanted = wanted
        self._clock = clock
        self._starts = array("q")
        self._end = 0

    def count(
        self, text: LogText, seconds: float, on_block: Callable[[], object] = lambda: None
    ) -> Matches | None:
        """Count on for some time.

        Args:
            text: The log.
            seconds: For how long.
            on_block: Called after each block of the log.

        Returns:
            The matches if that has reached the end, else None.
        """
        until = self._clock() + seconds
        # A last line without its newline may have grown.
        while self._starts and self._starts[-1] >= self._end:
            self._starts.pop()
        for offset, data in text.chunks(self._end):
            for place in self.wanted.lines(data):
                self._starts.append(offset + data.rfind(b"\n", 0, place) + 1)
            on_block()
            whole = data.rfind(b"\n") + 1
            self._end = offset + (whole or len(data))
            if self._end >= _MAX_BYTES or len(self._starts) >= _MAX_MATCHES:
                return self._matches(is_all=False)
            if offset + len(data) < text.size and self._clock() >= until:
                return None
        return self._matches(is_all=True)

    def _matches(self, *, is_all: bool) -> Matches:
        return Matches(self.path, self._starts[:], self._end, is_all)
