"""A time limit for filters.

A regular expression can take years. Python checks for signals every few thousand
steps of a search (``Modules/_sre/sre_lib.h``), so a signal handler that raises ends it.
"""

from __future__ import annotations

import atexit
import signal
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec, TypeVar

from statustui.core.query import QueryError, parse_query
from statustui.core.run import Run

_TICK = 0.05
"""Seconds of processor time between two ticks of the timer."""
_MAX_PER_TASK = 0.25
"""Seconds of processor time for matching one run, or for parsing a filter."""

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class SlowQueryError(QueryError):
    """A filter takes too long."""


class TimeIsOverError(Exception):
    """Work exceeded its time limit."""


class TimeLimit:
    """Ends work that takes too long. Use one at a time, on the main thread only.

    A timer ticks on the processor time of the program while there is work, so that neither a busy
    machine nor a suspended program counts. A tick during work adds to the time used; a tick between
    work takes one off again.

    Args:
        in_all: Seconds of processor time that work with few pauses may use altogether.
    """

    def __init__(self, in_all: float) -> None:
        self._max_hits = round(in_all / _TICK)
        self._hits = 0
        """Ticks during work, less those between work."""
        self._number = 0
        """Number of tasks begun."""
        self._seen = 0
        """`_number` at the last tick."""
        self._repeated = 0
        """Further ticks during the same task."""
        self._is_ticking = False
        # A signal that arrives while Python shuts down has no handler any more and would kill it.
        atexit.register(self.stop)

    def renew(self) -> None:
        """Start counting the time used from zero."""
        self._hits = 0

    def stop(self) -> None:
        """Stop the timer until there is work."""
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        self._is_ticking = False

    def run(
        self, work: Callable[_Given, _Result], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Result:
        """Call `work` with the arguments and return its result.

        Raises:
            TimeIsOverError: The call takes too long, or recent calls did altogether.
            ValueError: This is not the main thread, the only one that can handle signals.
        """
        self._number += 1
        if not self._is_ticking:
            self._start()
        return _work(work, *args, **kwargs)

    def _start(self) -> None:
        signal.signal(signal.SIGVTALRM, self._tick)
        self._hits = self._repeated = 0
        self._is_ticking = True
        signal.setitimer(signal.ITIMER_VIRTUAL, _TICK, _TICK)

    def _tick(self, _number: int, frame: FrameType | None) -> None:
        self._repeated = self._repeated + 1 if self._number == self._seen else 0
        self._seen = self._number
        is_at_work = _is_at_work(frame)
        self._hits = self._hits + 1 if is_at_work else max(0, self._hits - 1)
        if is_at_work and (self._repeated >= _MAX_PER_TASK / _TICK or self._hits > self._max_hits):
            raise TimeIsOverError
        if self._repeated and not is_at_work:
            self.stop()


def _work(work: Callable[_Given, _Result], *args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
    """Call `work`: its frame on the stack tells the timer that work is in progress."""
    return work(*args, **kwargs)


def _is_at_work(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code is not _work.__code__:
        frame = frame.f_back
    return frame is not None


class TimedQuery:
    """A filter with a time limit.

    Args:
        text: The filter.
        limit: The time limit.

    Raises:
        QueryError: The filter has a mistake.
        SlowQueryError: The filter takes too long to parse.
    """

    def __init__(self, text: str, limit: TimeLimit) -> None:
        self._limit = limit
        limit.renew()
        try:
            self.query = limit.run(parse_query, text)
        except TimeIsOverError:
            raise SlowQueryError("this takes too long", 0) from None

    def matches(self, run: Run, now: float) -> bool:
        """Return whether a run matches at a time in seconds since 1970.

        Raises:
            SlowQueryError: Matching takes too long, for this run or for recent ones altogether.
        """
        query = self.query
        if query.is_quick:
            return query.matches(run, now)
        try:
            return self._limit.run(query.matches, run, now)
        except TimeIsOverError:
            place = query.patterns[0] if len(query.patterns) == 1 else 0
            raise SlowQueryError("this takes too long", place) from None
