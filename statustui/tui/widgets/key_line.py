"""The footer with the most important keys, and hints above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget
from textual.widgets import Footer

from statustui.tui.terminal.textual_private import footer_keys, forget_detached_watchers

if TYPE_CHECKING:
    from textual.widgets._footer import FooterKey

_KEPT_ACTIONS = frozenset({"app.quit", "quit", "back", "leave", "help"})
"""Keys that a narrow line drops last: those to leave, and the one that lists all keys."""
_GAP = 2
"""Cells between two keys, as in the style sheet: more than between a key and its description."""


_HINTS = (
    "Enter opens a run",
    "? lists what can be done",
    "/ filters",
    "! problems only",
    "nothing is written",
)
"""The hints for the first sessions, the most useful one first."""


class HintLine(Widget):
    """A line of hints for somebody who is new to the program, as many as fit."""

    def __init__(self) -> None:
        super().__init__(id="hints")

    def render(self) -> Text:
        """Draw the line."""
        text = _HINTS[0]
        for hint in _HINTS[1:]:
            if cell_len(f"{text} · {hint}") <= self.size.width:
                text = f"{text} · {hint}"
        return Text(text, no_wrap=True, overflow="ellipsis")


class KeyLine(Footer):
    """Textual's footer, without its memory leak and without keys that are cut off.

    A footer makes new keys with each change of the focus; see `forget_detached_watchers`.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    async def recompose(self) -> None:
        """Make the keys again, and free the ones before."""
        await super().recompose()
        self._fit()
        forget_detached_watchers(self)

    def on_resize(self) -> None:
        """Show the keys that fit."""
        self._fit()

    def _fit(self) -> None:
        if not self.size.width:
            return
        keys = footer_keys(self)
        # The last key needs no space after it.
        room = self.size.width + _GAP - sum(map(_width, keys))
        keys.reverse()
        for key in sorted(keys, key=lambda key: key.action in _KEPT_ACTIONS):
            key.display = room >= 0
            room += 0 if key.display else _width(key)


def _width(key: FooterKey) -> int:
    """Return the cells of a key and its description, with the space after each."""
    return cell_len(key.key_display) + 1 + cell_len(key.description) + _GAP
