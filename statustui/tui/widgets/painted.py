"""A widget that is a text, and is repainted when that has changed."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget


class Painted(Widget):
    """Shows what `draw` gives; the screen is laid out anew only if it takes more or fewer lines."""

    def __init__(self, name: str) -> None:
        """Start with nothing painted; `name` is its class in the style sheet."""
        super().__init__(classes=name)
        self._painted = Text()

    def draw(self) -> Text:
        """The text as it is now."""
        raise NotImplementedError

    def render(self) -> Text:
        """Paint it."""
        self._painted = self.draw()
        return self._painted

    def update(self) -> None:
        """Paint it anew if it has changed."""
        if not self.is_mounted:
            return
        text = self.draw()
        if text != self._painted:
            self._painted = text
            lines = len(text.wrap(self.app.console, max(1, self.size.width)))
            self.refresh(layout=lines != self.size.height)
