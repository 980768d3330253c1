"""The views of the list of runs, and the way back to the last one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from statustui.tui.model.store import RunStore
from statustui.tui.model.view import EVERYTHING, ListState, Subset, View, named_views
from statustui.tui.screens.list_filter import ListFilter


class ListViews:
    """Changes what is listed and how, and remembers how it was before.

    Args:
        store: The runs.
        list_filter: Decides what is listed.
        configured: Digit -> filter, from the configuration.
        user: The name of the user.
    """

    def __init__(
        self, store: RunStore, list_filter: ListFilter, configured: Mapping[str, str], user: str
    ) -> None:
        self.named = named_views(configured, user)
        """Digit -> name and view."""
        self._store = store
        self._filter = list_filter
        self._last: ListState | None = None

    @property
    def arrangement(self) -> ListState:
        """What is listed now, and how."""
        store = self._store
        view = View(self._filter.text, self._filter.subset)
        return ListState(view, store.grouping, store.sort, store.reverse)

    @property
    def name(self) -> str:
        """The name of the view that is listed; empty if it has none, or lists everything."""
        now = self.arrangement.view
        if now == View():
            return ""
        return next((name for name, view in self.named.values() if view == now), "")

    @contextlib.contextmanager
    def remember(self) -> Iterator[None]:
        """Remember how the list was before the block, if that changes it."""
        before = self.arrangement
        yield
        self.note_change(before)

    def note_change(self, before: ListState) -> None:
        """Remember an arrangement as the last one, unless it is still that."""
        if self.arrangement != before:
            self._last = before

    def open(self, digit: str) -> None:
        """List a named view, in the order and the groups of now."""
        with self.remember():
            self._filter.set_view(self.named[digit][1])

    def open_filter(self, text: str) -> None:
        """List what matches a filter, in the order and the groups of now."""
        with self.remember():
            self._filter.set_view(View(text))

    def toggle(self, subset: Subset) -> None:
        """List a subset, or everything if it is listed already; keep the filter."""
        with self.remember():
            chosen = EVERYTHING if self._filter.subset == subset else subset
            self._filter.set_view(View(self._filter.text, chosen))

    def open_last(self) -> bool:
        """Return to how the list was before the last change.

        Returns:
            Whether there was one.
        """
        last = self._last
        if last is None:
            return False
        with self.remember():
            if self._store.grouping != last.grouping:
                self._store.group_by(last.grouping)
            self._store.sort_by(last.sort, reverse=last.reverse)
            self._filter.set_view(last.view)
        return True
