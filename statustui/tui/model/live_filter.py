"""A filter that keeps being applied while runs change."""

from __future__ import annotations

from collections.abc import Callable

from statustui.core.query import QueryError
from statustui.core.run import Run
from statustui.presentation.timed_query import SlowQueryError, TimedQuery


class LiveFilter:
    """Decides which runs are listed; once it has timed out, all of them.

    Args:
        timed: The filter, with a time limit.
        clock: Gives the current time in seconds since 1970.
        on_timeout: Called once with this object when the filter takes too long.
    """

    def __init__(
        self,
        timed: TimedQuery,
        clock: Callable[[], float],
        on_timeout: Callable[[LiveFilter], object],
    ) -> None:
        self.query = timed.query
        self.error: QueryError | None = None
        """Why the filter is no longer applied."""
        self._timed = timed
        self._clock = clock
        self._on_timeout = on_timeout

    def narrows(self, before: LiveFilter) -> bool:
        """Whether every run that matches this filter matches the one before too."""
        is_plain = self.query.is_plain and before.query.is_plain
        return is_plain and self.query.text.startswith(before.query.text)

    @property
    def test(self) -> Callable[[Run], bool]:
        """What returns whether to list a run: `lists`, or what does the same in less time."""
        query = self.query
        if not query.is_quick or query.has_age:
            return self.lists
        matches = query.matches
        # The time does not matter.
        return lambda run: matches(run, 0.0)

    def lists(self, run: Run) -> bool:
        """Whether to list a run."""
        if self.error is not None:
            return True
        try:
            return self._timed.matches(run, self._clock())
        except SlowQueryError as error:
            self.error = error
            self._on_timeout(self)
            return True

    def finds(self, run: Run) -> bool:
        """Whether a search stops at a run; never once the filter has timed out."""
        return self.lists(run) and self.error is None
