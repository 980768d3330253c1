"""A limit on the time that a filter takes.

A regular expression can take longer than anybody waits. Python looks for signals every few thousand
steps of a search (``Modules/_sre/sre_lib.h``), so that a signal handler which raises ends it.
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
"""Seconds of processor time between two looks at what is being done."""
_FOR_ONE = 0.25
"""Seconds of processor time that comparing one run may take, and understanding a filter."""

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class SlowQueryError(QueryError):
    """A filter that takes too long."""


class TimeIsOverError(Exception):
    """Work has taken too long."""


class TimeLimit:
    """Ends work that takes too long. There is one at a time, and it is for the main thread alone.

    A timer that counts the processor time of the program ticks as long as there is work, so that
    neither a busy machine nor a program that was stopped makes any work slow. A tick counts for
    the work that it hits and against it if it hits anything else.

    Args:
        in_all: Seconds of processor time that work may take which goes on with few pauses.
    """

    def __init__(self, in_all: float) -> None:
        """Start with all the time that there is."""
        self._most = round(in_all / _TICK)
        self._hits = 0
        """Ticks that have hit work, less those that have not."""
        self._number = 0
        """How much work has begun."""
        self._seen = 0
        """How much had begun when it ticked last."""
        self._repeated = 0
        """Ticks since then."""
        self._is_ticking = False
        # While Python ends, nobody handles a signal any more.
        atexit.register(self.stop)

    def renew(self) -> None:
        """Give what comes all the time that there is."""
        self._hits = 0

    def stop(self) -> None:
        """Tick no more, until there is work."""
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        self._is_ticking = False

    def run(
        self, work: Callable[_Given, _Result], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Result:
        """Do some work.

        Raises:
            TimeIsOverError: It takes too long, or all the work of late does.
            ValueError: This is not the main thread, the only one that Python tells of signals.
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
        if is_at_work and (self._repeated >= _FOR_ONE / _TICK or self._hits > self._most):
            raise TimeIsOverError
        if self._repeated and not is_at_work:
            self.stop()


def _work(work: Callable[_Given, _Result], *args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
    """Do some work; as long as it goes on, this is on the stack."""
    return work(*args, **kwargs)


def _is_at_work(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code is not _work.__code__:
        frame = frame.f_back
    return frame is not None


class TimedQuery:
    """A filter that is given up when it takes too long.

    Args:
        text: The filter.
        limit: What ends it.

    Raises:
        QueryError: It has a mistake.
        SlowQueryError: It takes too long to understand.
    """

    def __init__(self, text: str, limit: TimeLimit) -> None:
        """Understand a filter."""
        self._limit = limit
        limit.renew()
        try:
            self.query = limit.run(parse_query, text)
        except TimeIsOverError:
            raise SlowQueryError("this takes too long", 0) from None

    def matches(self, run: Run, now: float) -> bool:
        """Whether a run matches at a time in seconds since 1970.

        Raises:
            SlowQueryError: To find out takes too long, for this run or for all of them.
        """
        query = self.query
        if query.is_quick:
            return query.matches(run, now)
        try:
            return self._limit.run(query.matches, run, now)
        except TimeIsOverError:
            place = query.patterns[0] if len(query.patterns) == 1 else 0
            raise SlowQueryError("this takes too long", place) from None
