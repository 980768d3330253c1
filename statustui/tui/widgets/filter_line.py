"""The lines in which a filter or a search is typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from statustui.core.query import QueryError
from statustui.core.run import Run
from statustui.tui.messages import FilterChanged, SearchChanged
from statustui.tui.model.filter_typing import FilterHistory, completions


class FilterErrorLine(Widget):
    """What is wrong with a filter, with an arrow at the position; hidden if nothing is."""

    def __init__(self) -> None:
        super().__init__(id="filter-mistake")
        self.display = False
        self._error: QueryError | None = None
        self._column = 0

    def set_error(self, error: QueryError | None, column: int = 0) -> None:
        """Show an error, with the arrow `column` cells from the left; None hides the line."""
        self._error, self._column = error, column
        self.display = error is not None
        self.refresh()

    def render(self) -> Text:
        """Draw the arrow, and the message on the side where it fits."""
        if self._error is None:
            return Text()
        column, message = min(self._column, self.size.width - 1), str(self._error)
        right = f"{' ' * column}↑ {message}"
        left = f"{message} ↑"
        fits = cell_len(right) <= self.size.width or len(left) > column + 1
        return Text(right if fits else left.rjust(column + 1))


class TypingLine(Input):
    """A line of text that reports every change; it is hidden while it is empty and not in use.

    Args:
        name: The identifier of the widget.
    """

    def __init__(self, name: str) -> None:
        super().__init__(id=name, compact=True, select_on_focus=False)
        # A blinking cursor would send output all the time.
        self.cursor_blink = False
        self.display = False

    def open(self) -> None:
        """Show the line and focus it."""
        self.display = True
        self.screen.set_focus(self)

    def set_text(self, text: str) -> None:
        """Show the line with a text, with the same effect as typing it; an empty one hides it."""
        self.display = bool(text) or self.has_focus
        self.value = text

    def close(self, *, keeps: bool) -> None:
        """Clear and hide the line, unless the user `keeps` a text that is not blank."""
        if not keeps or not self.value.strip():
            self.value = ""
            self.display = False

    def on_paste(self, event: Paste) -> None:
        """Insert pasted text, joining its lines with spaces."""
        event.prevent_default().stop()
        first, *more = event.text.splitlines() or [""]
        if more:
            first = " ".join(filter(None, map(str.strip, (first, *more))))
        self.replace(first, *self.selection)

    @on(Input.Changed)
    def _report(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(self.make_message(message.value))

    def make_message(self, text: str) -> Message:
        """Make the message that reports the text of the line."""
        raise NotImplementedError


class FilterLine(TypingLine):
    """Filters the list while the user types.

    Args:
        runs: The runs whose values complete a term.
        history: The filters that Up recalls.
    """

    BINDING_GROUP_TITLE = "Filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "screen.leave_filter(True)",
            "Keep the filter",
            key_display="⏎",
            id="filter.keep",
        ),
        Binding("tab", "complete(1)", "Complete", id="filter.complete"),
        Binding(
            "shift+tab",
            "complete(-1)",
            "Complete backwards",
            show=False,
            id="filter.complete-backwards",
        ),
        Binding("up", "recall(-1)", "Earlier filter", show=False, id="filter.earlier"),
        Binding("down", "recall(1)", "Later filter", show=False, id="filter.later"),
        Binding(
            "escape",
            "screen.leave_filter(False)",
            "Show all",
            id="filter.clear",
        ),
    ]

    def __init__(self, runs: Mapping[str, Run], history: FilterHistory) -> None:
        super().__init__("filter")
        self.error_line = FilterErrorLine()
        """The line below, shown while the filter is wrong."""
        self.count = Static("", id="filter-count", markup=False)
        """How many runs match, beside the line."""
        self._count = ""
        self._runs = runs
        self._history = history
        self._recalled: list[str] = []
        self._place = 0
        self._offered: list[str] = []
        """The texts that Tab goes through; the first one is what was typed."""

    def set_count(self, count: str) -> None:
        """Show how many runs match, while the line is shown."""
        count = count if self.display else ""
        if count != self._count:
            self._count = count
            self.count.update(count)

    def open(self) -> None:
        """Show the line and focus it."""
        super().open()
        self._recalled = []

    def action_complete(self, step: int) -> None:
        """Complete the last term, with the next possibility, or (-1) the one before."""
        if self.value not in self._offered[1:]:
            self._offered = [self.value, *completions(self.value, self._runs.values())]
        if len(self._offered) > 1:
            place = (self._offered.index(self.value) + step) % len(self._offered)
            self.value = self._offered[place]
            self.cursor_position = len(self.value)

    def action_recall(self, step: int) -> None:
        """Show an earlier filter, or (1) a later one; below the last one, keep the filter."""
        if not self._recalled:
            self._recalled = [*self._history.texts, self.value]
            self._place = len(self._recalled) - 1
        if self._place + step >= len(self._recalled):
            self.call_later(self.run_action, "screen.leave_filter(True)")
            return
        self._place = max(0, self._place + step)
        self.value = self._recalled[self._place]
        self.cursor_position = len(self.value)

    def set_error(self, error: QueryError | None) -> None:
        """Show what is wrong with the filter, and where; None if nothing is."""
        column = 0 if error is None else cell_len(self.value[: error.position])
        self.error_line.set_error(error, column)

    def make_message(self, text: str) -> Message:
        """Report another filter."""
        return FilterChanged(text)


class SearchLine(TypingLine):
    """Searches the open tab while the user types."""

    BINDING_GROUP_TITLE = "Search"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,down",
            "screen.leave_search(True)",
            "Keep the search",
            key_display="⏎",
            id="search.keep",
        ),
        Binding("escape", "screen.leave_search(False)", "End the search", id="search.end"),
    ]

    def __init__(self) -> None:
        super().__init__("search")

    def make_message(self, text: str) -> Message:
        """Report another search."""
        return SearchChanged(text)
