"""Choose the columns of the list and their order; the list follows at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import OptionList

from statustui.presentation.columns import Column


class ColumnChooser(ModalScreen[None]):
    """All columns, those on show first and in their order.

    Args:
        columns: Name -> column.
        shown: The names of the columns on show, from left to right.
        on_change: Called with the names of the columns to show.
    """

    BINDING_GROUP_TITLE = "Columns"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,c,h", "dismiss", "Back", id="columns.back"),
        Binding("space", "switch", "Show or hide", id="columns.toggle"),
        Binding("j", "cursor(1)", "Down", show=False, id="columns.down"),
        Binding("k", "cursor(-1)", "Up", show=False, id="columns.up"),
        Binding("J,greater_than_sign", "shift(1)", "Move right", id="columns.right"),
        Binding("K,less_than_sign", "shift(-1)", "Move left", id="columns.left"),
    ]

    def __init__(
        self,
        columns: Mapping[str, Column],
        shown: Sequence[str],
        on_change: Callable[[tuple[str, ...]], object],
    ) -> None:
        super().__init__()
        self._columns = columns
        self._names = [*shown, *(name for name in columns if name not in shown)]
        self._shown = set(shown)
        self._on_change = on_change
        self._list = OptionList(*map(self._line, self._names), id="menu", compact=True)
        self._list.border_title = "Columns"
        self._list.border_subtitle = "Space shows, J K move"

    def compose(self) -> ComposeResult:
        """Show the list."""
        yield self._list

    def _line(self, name: str) -> Text:
        mark = "[x]" if name in self._shown else "[ ]"
        return Text(f"{mark} {name:<8} {self._columns[name].meaning}")

    @property
    def _row(self) -> int:
        return self._list.highlighted or 0

    def action_cursor(self, step: int) -> None:
        """Go to the next line, or (-1) to the one before."""
        self._list.highlighted = max(0, min(len(self._names) - 1, self._row + step))

    @on(OptionList.OptionSelected)
    def action_switch(self) -> None:
        """Show the column of the line, or hide it; one column stays."""
        wanted = self._shown ^ {self._names[self._row]}
        if wanted:
            self._shown = wanted
            self._apply()

    def action_shift(self, step: int) -> None:
        """Move the column of the line by a place."""
        row, names = self._row, self._names
        if 0 <= row + step < len(names):
            names[row], names[row + step] = names[row + step], names[row]
            self._list.highlighted = row + step
            self._apply()

    def _apply(self) -> None:
        for row, name in enumerate(self._names):
            self._list.replace_option_prompt_at_index(row, self._line(name))
        self._on_change(tuple(name for name in self._names if name in self._shown))
