"""The line in which a filter is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from statustui.tui.messages import FilterTyped


class FilterLine(Input):
    """Narrows the list with every letter; it is there as long as there is a filter."""

    BINDING_GROUP_TITLE = "Filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority, so that the next of several keys that come at once goes to the list.
        Binding(
            "enter,down",
            "screen.leave_filter(True)",
            "Keep the filter",
            key_display="⏎",
            priority=True,
            id="filter.keep",
        ),
        Binding(
            "escape",
            "screen.leave_filter(False)",
            "Show all",
            priority=True,
            id="filter.clear",
        ),
    ]

    def __init__(self) -> None:
        """Start empty and out of sight."""
        super().__init__(id="filter", compact=True, select_on_focus=False)
        # A blinking cursor would send bytes for ever.
        self.cursor_blink = False
        self.display = False

    def open(self) -> None:
        """Let somebody type."""
        self.display = True
        self.screen.set_focus(self)

    def close(self, *, keeps: bool) -> None:
        """Go out of sight, unless there is a filter that somebody `keeps`."""
        if not keeps or not self.value.strip():
            self.value = ""
            self.display = False

    @on(Input.Changed)
    def _tell(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(FilterTyped(message.value))
