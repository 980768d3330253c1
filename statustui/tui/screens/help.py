"""Help: every key, what the glyphs mean, and how the roots are watched."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.widgets import Static

from statustui.core.states import Category
from statustui.core.text import clean
from statustui.tui.look import GLYPHS, MARKS, MEANINGS, STYLES


class HelpScreen(ModalScreen[None]):
    """Keys by group, as the widgets themselves declare them, and the categories."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())
    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,h", "dismiss", "Back", id="help.back"),
        Binding("j", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("k", "scroll(-1)", "Up", show=False, id="help.up"),
    ]

    def __init__(self, groups: list[type[DOMNode]], roots: list[list[tuple[str, str]]]) -> None:
        """Explain the keys of these classes, and how these roots are watched."""
        super().__init__()
        self._groups = groups
        self._roots = roots

    def compose(self) -> ComposeResult:
        """Show one page that scrolls."""
        with VerticalScroll(id="help"):
            yield Static(self._keys())
            yield Static(self._categories())
            yield Static(self._watching())

    def _keys(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for group in self._groups:
            table.add_row(Text(group.BINDING_GROUP_TITLE or "", "bold"))
            for binding in group.BINDINGS:
                if isinstance(binding, Binding):
                    keys = " ".join(map(self.app.get_key_display, binding.make_bindings([binding])))
                    table.add_row(f"  {keys}", Text(binding.description))
        return table

    def _categories(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(Text("\nColours", "bold"))
        for category in Category:
            style = self.get_component_rich_style(STYLES[category], partial=True)
            name = Text(f"  {GLYPHS[category]} {category.value}", style)
            table.add_row(name, Text(MEANINGS[category]))
        for mark, meaning in MARKS.items():
            table.add_row(f"  {mark}", Text(meaning))
        return table

    def _watching(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(Text("\nWatching", "bold"))
        for root in self._roots:
            for what, how in root:
                table.add_row(f"  {what}", Text(clean(how)))
        return table

    def action_scroll(self, lines: int) -> None:
        """Scroll the page."""
        self.query_one("#help").scroll_relative(y=lines, animate=False)
