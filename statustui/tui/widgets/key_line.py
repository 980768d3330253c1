"""The line of the most important keys, and hints above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

_KEPT_ACTIONS = frozenset({"app.quit", "quit", "back", "leave", "help"})
"""Keys that a narrow line drops last: those to leave, and the one that lists all keys."""
_GAP = 2
"""Cells between two keys: more than between a key and its description."""

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


@dataclass(frozen=True, slots=True)
class KeyHint:
    """A key that does something on the screen as it is."""

    key: str
    """Its name in Textual."""
    display: str
    """How it is written."""
    description: str
    action: str

    @property
    def width(self) -> int:
        """Cells for the key and its description, without the gap to the next one."""
        return cell_len(self.display) + 1 + cell_len(self.description)


class KeyLine(Widget):
    """The keys that do something here, as many as fit; a click on one presses it.

    The line is one widget, so that a change of the focus repaints no more than what is different.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--description"}

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[KeyHint, ...] = ()
        """What could be on the line, from left to right."""

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._update)
        self._update(self.screen)

    def _update(self, screen: Screen[Any]) -> None:
        # A terminal that is out of focus would otherwise get the line without the keys of a widget.
        if not self.app.app_focus:
            return
        hints: dict[str, KeyHint] = {}
        for _node, binding, is_enabled, _tooltip in screen.active_bindings.values():
            if binding.show and is_enabled and binding.action not in hints:
                display = self.app.get_key_display(binding)
                hint = KeyHint(binding.key, display, binding.description, binding.action)
                hints[binding.action] = hint
        keys = tuple(hints.values())
        if keys != self.keys:
            self.keys = keys
            self.refresh()

    def _fitting(self) -> Iterator[KeyHint]:
        """Yield the keys for which there is room."""
        # The last key needs no space after it.
        room = self.size.width + _GAP - sum(hint.width + _GAP for hint in self.keys)
        dropped = set()
        hints = list(reversed(self.keys))
        hints.sort(key=lambda hint: hint.action in _KEPT_ACTIONS)
        for hint in hints:
            if room >= 0:
                break
            dropped.add(hint)
            room += hint.width + _GAP
        return (hint for hint in self.keys if hint not in dropped)

    def render(self) -> Text:
        """Draw the line."""
        key_style = self.get_component_rich_style("key-line--key")
        description_style = self.get_component_rich_style("key-line--description")
        text = Text(no_wrap=True, end="")
        for hint in self._fitting():
            text.append(" " * _GAP if text else "")
            text.append(hint.display, key_style)
            text.append(f" {hint.description}", description_style)
        return text

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key that is clicked."""
        start = 0
        for hint in self._fitting():
            if start <= event.x < start + hint.width:
                self.app.simulate_key(hint.key)
            start += hint.width + _GAP
