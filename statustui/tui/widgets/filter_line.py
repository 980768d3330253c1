"""The line in which a filter is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from statustui.tui.messages import FilterLeft, FilterTyped


class FilterLine(Input):
    """Narrows the list with every letter; it is there as long as there is a filter."""

    BINDING_GROUP_TITLE = "Filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave(True)", "Keep", show=False, id="filter.keep"),
        Binding("escape", "leave(False)", "Show all", show=False, id="filter.clear"),
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
        self.focus()

    def action_leave(self, keeps: bool) -> None:  # noqa: FBT001 - actions have no keywords
        """Go back to the list."""
        if not keeps or not self.value.strip():
            self.value = ""
            self.display = False
        self.post_message(FilterLeft())

    @on(Input.Changed)
    def _tell(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(FilterTyped(message.value))
