"""What the list shows of a filter."""

from __future__ import annotations

from collections.abc import Callable

from statustui.core.query import QueryError
from statustui.core.run import Run
from statustui.presentation.timed_query import SlowQueryError, TimedQuery


class LiveFilter:
    """Tells which runs a filter lists: every run, from when it has been given up.

    Args:
        timed: The filter.
        clock: What time it is, in seconds since 1970.
        give_up: Told once, when the filter takes too long.
    """

    def __init__(
        self,
        timed: TimedQuery,
        clock: Callable[[], float],
        give_up: Callable[[LiveFilter], object],
    ) -> None:
        """Start with a filter that is good as far as is known."""
        self.query = timed.query
        self.mistake: QueryError | None = None
        """Why it was given up."""
        self._timed = timed
        self._clock = clock
        self._give_up = give_up

    def narrows(self, before: LiveFilter) -> bool:
        """Whether it cannot list more runs than the one before."""
        is_plain = self.query.is_plain and before.query.is_plain
        return is_plain and self.query.text.startswith(before.query.text)

    def lists(self, run: Run) -> bool:
        """Whether a run is listed."""
        if self.mistake is not None:
            return True
        try:
            return self._timed.matches(run, self._clock())
        except SlowQueryError as error:
            self.mistake = error
            self._give_up(self)
            return True

    def finds(self, run: Run) -> bool:
        """Whether a run is what a search stops at."""
        return self.lists(run) and self.mistake is None
