"""A menu: one more key chooses."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class Choice(NamedTuple):
    """A line of a menu."""

    key: str
    """The character that chooses it."""
    label: str
    value: str
    """What the menu returns."""


class Menu(ModalScreen[str | None]):
    """A few choices, each with a key; it returns the value of one, or None.

    Args:
        title: What is chosen.
        choices: The lines, from top to bottom.
    """

    BINDING_GROUP_TITLE = "Menu"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back", id="menu.back"),
    ]

    def __init__(self, title: str, choices: list[Choice]) -> None:
        super().__init__()
        self._heading = title
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Make the list of choices."""
        lines = [Text.assemble((one.key, "bold"), f"  {one.label}") for one in self._choices]
        options = OptionList(*map(Option, lines), id="menu", compact=True)
        options.border_title = self._heading
        yield options

    def on_key(self, event: events.Key) -> None:
        """Choose the line of a key."""
        for choice in self._choices:
            if event.character == choice.key:
                event.stop()
                self.dismiss(choice.value)

    @on(OptionList.OptionSelected)
    def _choose(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[message.option_index].value)
