"""The first screen: every run with its current state."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from statustui.core.query import SORT_KEYS
from statustui.core.states import Category
from statustui.monitor.batch import Batch, RootHealth
from statustui.tui.messages import CategoryChosen
from statustui.tui.store import PROBLEMS, RunStore
from statustui.tui.widgets.health import HealthLine
from statustui.tui.widgets.run_table import RunTable
from statustui.tui.widgets.summary import SummaryBar


class RunsScreen(Screen[None]):
    """Counts by category, the table of runs, how they are watched, and the keys."""

    BINDING_GROUP_TITLE = "List"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("!", "problems", "Problems only", id="runs.problems"),
        Binding("s", "sort", "Sort", id="runs.sort"),
        Binding("S", "reverse", "Reverse", show=False, id="runs.reverse"),
        Binding("escape,h", "show_all", "Show all", show=False, id="runs.all"),
        Binding("q", "app.quit", "Quit", id="runs.quit"),
    ]

    def __init__(self, store: RunStore, roots: tuple[str, ...], clock: Callable[[], float]) -> None:
        """Show the runs of `store`, found below `roots`."""
        super().__init__()
        self._store = store
        self._summary = SummaryBar(store)
        self._table = RunTable(store, clock)
        self._health = HealthLine(roots, clock)

    @property
    def is_complete(self) -> bool:
        """Whether every root has been seen whole once."""
        return self._health.is_complete

    @property
    def health(self) -> list[RootHealth]:
        """How the roots are watched."""
        return self._health.known

    def compose(self) -> ComposeResult:
        """Lay the widgets out from top to bottom."""
        yield self._summary
        yield self._table
        yield self._health
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Give the keys to the table."""
        self._table.focus()

    def take(self, batch: Batch, cursor_before: int) -> None:
        """Show a batch that the store has taken in."""
        self._health.take(batch.health)
        if self._store.selected is None and self.is_complete:
            self._store.select(0)
        self._summary.take()
        self._table.take(batch.updated, cursor_before)

    @on(CategoryChosen)
    def _show_category(self, message: CategoryChosen) -> None:
        chosen = frozenset({message.category})
        self._show_only(None if self._store.only == chosen else chosen)

    def _show_only(self, categories: frozenset[Category] | None) -> None:
        self._store.show_only(categories)
        self._summary.take()
        self._table.reorder()

    def action_problems(self) -> None:
        """List the runs with a problem only, or all again."""
        self._show_only(None if self._store.only == PROBLEMS else PROBLEMS)

    def action_show_all(self) -> None:
        """List all runs again."""
        if self._store.only is not None:
            self._show_only(None)

    def action_sort(self) -> None:
        """Go on to the next sort key."""
        names = list(SORT_KEYS)
        following = names[(names.index(self._store.sort) + 1) % len(names)]
        self._store.sort_by(following)
        self._table.reorder()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._store.sort_by(self._store.sort, reverse=not self._store.reverse)
        self._table.reorder()
