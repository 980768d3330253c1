"""The line that names the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.widgets import Footer

from statustui.tui.terminal.textual_private import footer_keys, forget_detached_watchers

if TYPE_CHECKING:
    from textual.widgets._footer import FooterKey

_STAY = frozenset({"app.quit", "back", "help"})
"""What leaves a narrow line last: the ways out, and the way to all other keys."""


class KeyLine(Footer):
    """Textual's footer, without the memory of every key that it has ever shown.

    A footer is composed anew with each change of the focus, and Textual 8.2 keeps whatever has been
    bound to it by then. Of keys that there is no room for none is shown in part.
    """

    def __init__(self) -> None:
        """Show keys closely, and none for the palette."""
        super().__init__(show_command_palette=False, compact=True)

    async def recompose(self) -> None:
        """Compose it anew, and forget what was there before."""
        await super().recompose()
        self._fit()
        forget_detached_watchers(self)

    def on_resize(self) -> None:
        """Show the keys that there is room for now."""
        self._fit()

    def _fit(self) -> None:
        if not self.size.width:
            return
        keys = footer_keys(self)
        # Behind the last one no space is needed.
        room = self.size.width + 1 - sum(map(_width, keys))
        keys.reverse()
        for key in sorted(keys, key=lambda key: key.action in _STAY):
            key.display = room >= 0
            room += 0 if key.display else _width(key)


def _width(key: FooterKey) -> int:
    """The cells of a key and what it does, with the space behind both."""
    return cell_len(key.key_display) + cell_len(key.description) + 2
