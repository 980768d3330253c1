"""The help screen."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.widgets import Static

from statustui.core.categories import Category
from statustui.core.text import clean
from statustui.presentation.glyphs import MARKS, STYLES
from statustui.settings.config import Config


class HelpScreen(ModalScreen[None]):
    """All keys, what the glyphs mean, and how the roots are watched.

    Args:
        groups: The classes with key bindings.
        roots: For each root, how it is watched, as (name, value) pairs.
        config: Keys and views of the user.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())
    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,h", "dismiss", "Back", id="help.back"),
        Binding("j", "scroll(1)", "Down", show=False, id="help.down"),
        Binding("k", "scroll(-1)", "Up", show=False, id="help.up"),
    ]

    def __init__(
        self, groups: list[type[DOMNode]], roots: list[list[tuple[str, str]]], config: Config
    ) -> None:
        super().__init__()
        self._config = config
        self._groups = groups
        self._roots = roots

    def compose(self) -> ComposeResult:
        """Make one page that scrolls."""
        with VerticalScroll(id="help"):
            yield Static(self._keys())
            yield Static(self._categories())
            yield Static(self._watching())

    def _keys(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for group in self._groups:
            table.add_row(Text(group.BINDING_GROUP_TITLE or "", "bold"))
            for binding in group.BINDINGS:
                if isinstance(binding, Binding) and not binding.system:
                    mapped = self._mapped(binding)
                    keys = " ".join(map(self.app.get_key_display, Binding.make_bindings([mapped])))
                    name = Text(binding.id or "", "dim")
                    table.add_row(f"  {keys}", Text(binding.description), name)
        for digit, view in sorted(self._config.views.items()):
            table.add_row(f"  {digit}", Text(clean(view)))
        return table

    def _mapped(self, binding: Binding) -> Binding:
        """Return a binding with the keys that the user has configured."""
        keys = self._config.keys.get(binding.id or "")
        return binding if keys is None else replace(binding, key=keys, key_display=None)

    def _categories(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(Text("\nGlyphs and colours", "bold"))
        for category in Category:
            style = self.get_component_rich_style(STYLES[category], partial=True)
            name = Text(f"  {category.glyph} {category.value}", style)
            table.add_row(name, Text(category.meaning))
        for mark, meaning in MARKS.items():
            table.add_row(f"  {mark}", Text(meaning))
        return table

    def _watching(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(Text("\nWatching", "bold"))
        for root in self._roots:
            for name, value in root:
                table.add_row(f"  {name}", Text(clean(value)))
        return table

    def action_scroll(self, lines: int) -> None:
        """Scroll the page."""
        page = self.query_one("#help")
        # Immediately, so that the next key scrolls on from there.
        page.scroll_to(y=page.scroll_offset.y + lines, animate=False, immediate=True)
