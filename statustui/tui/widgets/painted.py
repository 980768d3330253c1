"""A widget that shows one text and is redrawn only when it has changed."""

from __future__ import annotations

from rich.text import Text
from textual.geometry import Size
from textual.visual import visualize
from textual.widget import Widget


class Painted(Widget):
    """Shows the text from `draw`; the screen is laid out again only if its height changes.

    Args:
        name: The class of the widget in the style sheet.
    """

    def __init__(self, name: str) -> None:
        super().__init__(classes=name)
        self._painted = Text()
        self._measured: int | None = None
        """The width at which the text is measured, which need not be the final one."""

    def draw(self) -> Text:
        """Return the text as it is now."""
        raise NotImplementedError

    @property
    def width(self) -> int:
        """Cells of a line of the text; 0 before the widget is laid out."""
        return self.size.width if self._measured is None else self._measured

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - as Textual has it
        """Return the lines that the text takes at a width, at which it is drawn for that."""
        self._measured = width
        try:
            return self._height_of(self.draw(), width)
        finally:
            self._measured = None

    def _height_of(self, text: Text, width: int) -> int:
        return visualize(self, text).get_height(self.styles.get_rules(), max(1, width))

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
            self.refresh(layout=self._height_of(text, self.size.width) != self.size.height)
