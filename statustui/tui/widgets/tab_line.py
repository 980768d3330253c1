"""A line of names, one of them chosen, with a remark at its right end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

_GAP = " "
_MIN_NAMES_WIDTH = 36
"""Cells that a long remark leaves to the names."""


class TabLine(Widget):
    """Names to choose from with a click; the keys for them are those of the screen.

    Args:
        choose: Makes the message that is sent when the name at an index is chosen.
        name: The identifier of the widget.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tab-line--remark"}

    def __init__(self, choose: Callable[[int], Message], name: str) -> None:
        super().__init__(id=name)
        self._choose = choose
        self._names: Sequence[str] = ()
        self._chosen = 0
        self._remark = ""

    def set_names(self, names: Sequence[str], chosen: int) -> None:
        """Set the names, each one clean line, and the index of the chosen one."""
        if (names, chosen) != (self._names, self._chosen):
            self._names, self._chosen = names, chosen
            self.refresh()

    def set_remark(self, remark: str) -> None:
        """Set the remark."""
        if remark != self._remark:
            self._remark = remark
            self.refresh()

    def render(self) -> Text:
        """Draw the line; if not all names fit, the chosen one is in view."""
        names, remark = Text(no_wrap=True), self._remark
        for index, name in enumerate(self._names):
            is_chosen = index == self._chosen
            names.append(f" {name} ", Style(bold=True, reverse=True) if is_chosen else "")
            names.append(_GAP)
        names = names[sum(len(name) + 2 + len(_GAP) for name in self._names[: self._first]) :]
        names.truncate(self._room, overflow="ellipsis")
        names.append("─" * (self._room - names.cell_len), "dim")
        names.append(f" {remark}", self.get_component_rich_style("tab-line--remark", partial=True))
        names.truncate(self.size.width, overflow="ellipsis")
        return names

    @property
    def _room(self) -> int:
        """Cells for the names: what the remark leaves, but enough for a few."""
        least = min(sum(map(_width, self._names)), _MIN_NAMES_WIDTH)
        return min(self.size.width, max(self.size.width - cell_len(self._remark) - 1, least))

    @property
    def _first(self) -> int:
        """Index of the first name in view: the chosen one if the names up to it do not fit."""
        needed = sum(map(_width, self._names[: self._chosen + 1]))
        return self._chosen if needed > self._room else 0

    def on_click(self, event: events.Click) -> None:
        """Choose the clicked name."""
        start = 0
        for index in range(self._first, len(self._names)):
            width = _width(self._names[index])
            if start <= event.x < start + width - len(_GAP):
                self.post_message(self._choose(index))
            start += width


def _width(name: str) -> int:
    """Return the cells of a name, with its margins."""
    return cell_len(name) + 2 + len(_GAP)
