"""A line of names, one of which is chosen, and a remark at its right end."""

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


class TabLine(Widget):
    """Names to choose from, with a click or, by the keys of the screen, without.

    Args:
        choose: Makes the message for the choice of the name at an index.
        name: The identifier of the widget.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tab-line--remark"}

    def __init__(self, choose: Callable[[int], Message], name: str) -> None:
        """Start without names."""
        super().__init__(id=name)
        self._choose = choose
        self._names: Sequence[str] = ()
        self._chosen = 0
        self._remark = ""

    def show(self, names: Sequence[str], chosen: int) -> None:
        """Offer these names, each clean and in one line."""
        if (names, chosen) != (self._names, self._chosen):
            self._names, self._chosen = names, chosen
            self.refresh()

    def say(self, remark: str) -> None:
        """Show a remark."""
        if remark != self._remark:
            self._remark = remark
            self.refresh()

    def render(self) -> Text:
        """Draw it; where there is no room for all names, the chosen one is in view."""
        names, remark = Text(no_wrap=True), self._remark
        for index, name in enumerate(self._names):
            is_chosen = index == self._chosen
            names.append(f" {name} ", Style(bold=True, reverse=True) if is_chosen else "")
            names.append(_GAP)
        room = self.size.width - cell_len(remark) - 1
        start = self._start_of(self._chosen)
        if self._end_of(self._chosen) > room:
            names = names[start:]
        names.truncate(max(0, room), pad=True, overflow="ellipsis")
        names.append(f" {remark}", self.get_component_rich_style("tab-line--remark", partial=True))
        return names

    def _start_of(self, index: int) -> int:
        return sum(len(name) + 2 + len(_GAP) for name in self._names[:index])

    def _end_of(self, index: int) -> int:
        return self._start_of(index + 1)

    def on_click(self, event: events.Click) -> None:
        """Choose the name that was clicked on."""
        for index in range(len(self._names)):
            if self._start_of(index) <= event.x < self._end_of(index) - len(_GAP):
                self.post_message(self._choose(index))
