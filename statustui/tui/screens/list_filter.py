"""The typed filter of the list of runs, with a limit on the time that it takes."""

from __future__ import annotations

from collections.abc import Callable

from statustui.core.query import QueryError
from statustui.presentation.timed_query import TimedQuery, TimeLimit
from statustui.tui.model.live_filter import LiveFilter
from statustui.tui.model.store import RunStore
from statustui.tui.widgets.filter_line import FilterLine
from statustui.tui.widgets.run_table import RunTable

_FILTER_SECONDS = 2.0
"""Seconds of processor time for filtering all runs, which is how long keys can be delayed."""


class ListFilter:
    """Applies the text of the filter line to the list.

    All filters go through this class: typed ones, views of the configuration, and clicked chips of
    the summary.

    Args:
        store: The runs.
        line: The filter line, which also shows errors.
        table: Searched for the last filter with `n` and `N`.
        clock: Gives the current time in seconds since 1970.
        on_change: Called when other runs are listed.
        on_timeout: Called with a filter that is too slow, but never while the list is built.
    """

    def __init__(  # noqa: PLR0913 - all by keyword
        self,
        *,
        store: RunStore,
        line: FilterLine,
        table: RunTable,
        clock: Callable[[], float],
        on_change: Callable[[], object],
        on_timeout: Callable[[LiveFilter], object],
    ) -> None:
        self.text = ""
        """The text that is wanted."""
        self._store = store
        self._line = line
        self._table = table
        self._clock = clock
        self._on_change = on_change
        self._on_timeout = on_timeout
        self._limit = TimeLimit(_FILTER_SECONDS)
        self._applied: LiveFilter | None = None

    def apply_text(self) -> None:
        """List what matches the wanted text; if it is wrong, keep the filter before it."""
        before, text = self._applied, self.text
        if before is not None and before.query.text == text:
            self._line.set_error(None)
            return
        try:
            timed = TimedQuery(text, self._limit)
        except QueryError as error:
            self._line.set_error(error)
            return
        if not text.strip():
            self._line.set_error(None)
            if before is not None:
                self._apply(None)
            return
        after = LiveFilter(timed, self._clock, self._on_timeout)
        self._apply(after, narrows=before is not None and after.narrows(before))
        if after.error is not None:
            self._apply(before)
        else:
            self._table.searched = after.finds
        self._line.set_error(after.error)

    def _apply(self, chosen: LiveFilter | None, *, narrows: bool = False) -> None:
        self._applied = chosen
        self._store.set_filter(None if chosen is None else chosen.lists, narrows=narrows)
        self._on_change()

    def drop(self, slow: LiveFilter) -> bool:
        """Stop filtering and searching with a filter that is too slow, and list all runs.

        Returns:
            Whether only the search used it, so that no error is shown in the filter line.
        """
        was_searched = self._table.searched == slow.finds
        if was_searched:
            self._table.searched = None
        if slow is not self._applied:
            return was_searched
        self._apply(None)
        if slow.error is not None:
            message = f"{slow.error}: all runs are listed"
            self._line.set_error(QueryError(message, slow.error.position))
        return False

    def apply_again(self) -> None:
        """Apply the filter again if it depends on the time."""
        if self._applied is not None and self._applied.query.has_age:
            self._apply(self._applied)
