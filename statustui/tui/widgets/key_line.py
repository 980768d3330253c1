"""The line that names the keys."""

from __future__ import annotations

from rich.cells import cell_len
from textual.widgets import Footer
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
        for watchers in getattr(self, "__watchers", {}).values():
            watchers[:] = [watcher for watcher in watchers if watcher[0].is_attached]

    def on_resize(self) -> None:
        """Show the keys that there is room for now."""
        self._fit()

    def _fit(self) -> None:
        if not self.size.width:
            return
        keys = list(self.query(FooterKey))
        # Behind the last one no space is needed.
        room = self.size.width + 1 - sum(map(_width, keys))
        keys.reverse()
        for key in sorted(keys, key=lambda key: key.action in _STAY):
            key.display = room >= 0
            room += 0 if key.display else _width(key)


def _width(key: FooterKey) -> int:
    """The cells of a key and what it does, with the space behind both."""
    return cell_len(key.key_display) + cell_len(key.description) + 2
