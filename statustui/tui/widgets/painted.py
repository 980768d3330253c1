"""A widget that shows one text and is redrawn only when it has changed."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget


class Painted(Widget):
    """Shows the text from `draw`; the screen is laid out again only if its height changes.

    Args:
        name: The class of the widget in the style sheet.
    """

    def __init__(self, name: str) -> None:
        super().__init__(classes=name)
        self._painted = Text()

    def draw(self) -> Text:
        """Return the text as it is now."""
        raise NotImplementedError

    def render(self) -> Text:
        """Draw the text."""
        self._painted = self.draw()
        return self._painted

    def update(self) -> None:
        """Redraw the text if it has changed."""
        if not self.is_mounted:
            return
        text = self.draw()
        if text != self._painted:
            self._painted = text
            lines = len(text.wrap(self.app.console, max(1, self.size.width)))
            self.refresh(layout=lines != self.size.height)
