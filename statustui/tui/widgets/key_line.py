"""The line that names the keys."""

from __future__ import annotations

from textual.widgets import Footer


class KeyLine(Footer):
    """Textual's footer, without the memory of every key that it has ever shown.

    A footer is composed anew with each change of the focus, and Textual 8.2 keeps whatever has been
    bound to it by then.
    """

    def __init__(self) -> None:
        """Show keys closely, and none for the palette."""
        super().__init__(show_command_palette=False, compact=True)

    async def recompose(self) -> None:
        """Compose it anew, and forget what was there before."""
        await super().recompose()
        for watchers in getattr(self, "__watchers", {}).values():
            watchers[:] = [watcher for watcher in watchers if watcher[0].is_attached]
