"""The typed filter of the list of runs, with a limit on the time that it takes."""

from __future__ import annotations

from collections.abc import Callable

from statustui.core.query import QueryError
from statustui.core.run import Run
from statustui.presentation.timed_query import TimedQuery, TimeLimit
from statustui.tui.model.filter_typing import filter_while_typing
from statustui.tui.model.live_filter import LiveFilter
from statustui.tui.model.store import PROBLEMS, RunStore
from statustui.tui.model.unread_problems import UnreadProblems
from statustui.tui.model.view import EVERYTHING, Subset, View
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
        self.subset = EVERYTHING
        """The subset of which it lists what matches."""
        self._store = store
        self._line = line
        self._table = table
        self._clock = clock
        self._on_change = on_change
        self._on_timeout = on_timeout
        self._limit = TimeLimit(_FILTER_SECONDS)
        self._applied: LiveFilter | None = None
        self._has_trait: Callable[[Run], bool] | None = None

    def set_view(self, view: View) -> None:
        """List a view; if its filter is wrong, what matches the filter before it."""
        has_subset = view.subset == self.subset
        if not has_subset:
            self.subset = view.subset
            self._has_trait = self._trait_test(view.subset)
        is_applied = False
        if view.text != self.text:
            self.text = view.text
            self._line.set_text(view.text)
            is_applied = self.apply_text(may_narrow=has_subset)
        if not has_subset and not is_applied:
            self._apply(self._applied)

    def _trait_test(self, subset: Subset) -> Callable[[Run], bool] | None:
        if subset.trait == "new":
            return NewTest(self._store.unread_problems)
        if subset.trait == "stalled":
            return lambda run: run.stall is not None
        if subset.trait == "muted":
            return lambda run: run.is_muted
        # The problems are those that ask for something to be done.
        is_about_problems = subset.categories == PROBLEMS
        return (lambda run: not run.is_muted) if is_about_problems else None

    def apply_text(self, *, may_narrow: bool = True, is_typed: bool = False) -> bool:
        """List what matches the wanted text; if it is wrong, keep the filter before it.

        Args:
            may_narrow: Whether the list holds all that matched the filter before it.
            is_typed: Whether it is being typed, so that its last term may be half-typed.

        Returns:
            Whether the list has been built again.
        """
        before, text = self._applied, self.text
        if is_typed:
            text = filter_while_typing(text)
        if before is not None and before.query.text == text:
            self._line.set_error(None)
            return False
        try:
            timed = TimedQuery(text, self._limit)
        except QueryError as error:
            self._line.set_error(error if text == self.text else None)
            return False
        if not text.strip():
            self._line.set_error(None)
            if before is not None:
                self._apply(None)
            return before is not None
        after = LiveFilter(timed, self._clock, self._on_timeout)
        self._apply(after, narrows=may_narrow and before is not None and after.narrows(before))
        if after.error is not None:
            self._apply(before)
        else:
            self._table.searched = after.finds
        self._line.set_error(after.error)
        return True

    def _apply(
        self, chosen: LiveFilter | None, *, narrows: bool = False, is_asked: bool = True
    ) -> None:
        self._applied = chosen
        candidates = (self._has_trait, None if chosen is None else chosen.test)
        tests = [test for test in candidates if test is not None]
        matches = None if not tests else tests[0] if len(tests) == 1 else _all_of(tests)
        self._store.list_subset(
            self.subset.categories,
            matches,
            narrows=narrows,
            is_slow=chosen is not None,
            is_asked=is_asked,
        )
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
        """Apply the filter again if it depends on the time, or on what the user has seen."""
        has_age = self._applied is not None and self._applied.query.has_age
        if has_age or self.subset.trait == "new":
            self._apply(self._applied, is_asked=False)


def _all_of(tests: list[Callable[[Run], bool]]) -> Callable[[Run], bool]:
    return lambda run: all(test(run) for test in tests)


class NewTest:
    """Whether a run has a problem that is new, or was when this was made or last asked.

    A run that the user sees stays in the list.

    Args:
        unread: The runs with a problem that the user has not seen.
    """

    def __init__(self, unread: UnreadProblems) -> None:
        self._unread = unread
        self._paths: set[str] = set()

    def __call__(self, run: Run) -> bool:
        """Return whether to list a run."""
        if run.path in self._unread:
            self._paths.add(run.path)
        return run.path in self._paths
