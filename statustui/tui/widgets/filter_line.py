"""The line in which a filter is typed."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.widget import Widget
from textual.widgets import Input

from statustui.core.query import QueryError
from statustui.tui.messages import FilterTyped


class FilterMistake(Widget):
    """What is wrong with a filter, with an arrow at the place."""

    def __init__(self) -> None:
        """Start out of sight."""
        super().__init__(id="filter-mistake")
        self.display = False
        self._error: QueryError | None = None
        self._place = 0

    def show(self, error: QueryError | None, place: int = 0) -> None:
        """Say what is wrong, `place` cells from the left; nothing if nothing is."""
        self._error, self._place = error, place
        self.display = error is not None
        self.refresh()

    def render(self) -> Text:
        """Draw the message beside the arrow, on the side where there is room."""
        if self._error is None:
            return Text()
        place, message = min(self._place, self.size.width - 1), str(self._error)
        behind = f"{' ' * place}↑ {message}"
        before = f"{message} ↑"
        fits = cell_len(behind) <= self.size.width or len(before) > place + 1
        return Text(behind if fits else before.rjust(place + 1))


class TypingLine(Input):
    """A line of text that tells of every letter; it is there as long as there is a text."""

    def __init__(self, name: str) -> None:
        """Start empty and out of sight."""
        super().__init__(id=name, compact=True, select_on_focus=False)
        # A blinking cursor would send bytes for ever.
        self.cursor_blink = False
        self.display = False

    def open(self) -> None:
        """Let somebody type."""
        self.display = True
        self.screen.set_focus(self)

    def show(self, text: str) -> None:
        """Show `text`, as if somebody had typed it."""
        self.display = True
        self.value = text

    def close(self, *, keeps: bool) -> None:
        """Go out of sight, unless there is a text that somebody `keeps`."""
        if not keeps or not self.value.strip():
            self.value = ""
            self.display = False

    def on_paste(self, event: Paste) -> None:
        """Take all lines of what is pasted, as one."""
        event.prevent_default().stop()
        first, *more = event.text.splitlines() or [""]
        if more:
            first = " ".join(filter(None, map(str.strip, (first, *more))))
        self.replace(first, *self.selection)

    @on(Input.Changed)
    def _tell(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(FilterTyped(message.value))


class FilterLine(TypingLine):
    """Narrows the list with every letter."""

    BINDING_GROUP_TITLE = "Filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,down",
            "screen.leave_filter(True)",
            "Keep the filter",
            key_display="⏎",
            id="filter.keep",
        ),
        Binding(
            "escape",
            "screen.leave_filter(False)",
            "Show all",
            id="filter.clear",
        ),
    ]

    def __init__(self) -> None:
        """Start empty and out of sight."""
        super().__init__("filter")
        self.mistake = FilterMistake()
        """The line below, as long as the filter cannot be understood."""

    def complain(self, error: QueryError | None) -> None:
        """Say what is wrong with the filter and where, or nothing."""
        place = 0 if error is None else cell_len(self.value[: error.position])
        self.mistake.show(error, place)


class SearchLine(TypingLine):
    """Looks for a word in what is on show, with every letter."""

    BINDING_GROUP_TITLE = "Search"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,down",
            "screen.leave_search(True)",
            "Keep the search",
            key_display="⏎",
            id="search.keep",
        ),
        Binding("escape", "screen.leave_search(False)", "Search no more", id="search.end"),
    ]

    def __init__(self) -> None:
        """Start empty and out of sight."""
        super().__init__("search")
