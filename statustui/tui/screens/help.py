"""Help that acts: everything that can be done or looked up, narrowed by typing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from statustui.core.run import Run
from statustui.tui.messages import EntryChosen
from statustui.tui.model.help_entries import (
    MAX_RUNS,
    Action,
    Entry,
    Section,
    best,
    narrow,
    run_entries,
)
from statustui.tui.widgets.entry_list import EntryList

_RUNS_AT_ONCE = 5000
"""Runs that are searched before other events are handled."""


class HelpScreen(ModalScreen["Action | None"]):
    """A line to type in, and the entries that contain what was typed.

    It is dismissed with the action of the entry that the user has chosen, or None.

    Args:
        sections: All entries.
        runs: Returns the runs to find too.
        choose: Returns what choosing a run does.
    """

    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="help.back"),
        Binding("down,ctrl+n", "move(1)", "Down", show=False, priority=True, id="help.down"),
        Binding("up,ctrl+p", "move(-1)", "Up", show=False, priority=True, id="help.up"),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True, id="help.page-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True, id="help.page-up"),
        Binding(
            "tab", "names", "Names in the configuration", show=False, priority=True, id="help.names"
        ),
    ]

    def __init__(
        self,
        sections: Sequence[Section],
        runs: Callable[[], Iterable[Run]] = tuple,
        choose: Callable[[Run], Action] = lambda _run: lambda: None,
    ) -> None:
        super().__init__()
        self._sections = sections
        self._runs = runs
        self._choose_run = choose
        self._found: Section | None = None
        self._has_names = False
        self.is_settled = True
        """Whether everything that contains what was typed is listed."""
        self._line = _HelpLine()
        self._list = EntryList()
        self._explanation = Static(id="help-explanation")

    def compose(self) -> ComposeResult:
        """Lay the widgets out from top to bottom."""
        with Vertical(id="help"):
            yield self._line
            yield self._list
            yield self._explanation

    def on_mount(self) -> None:
        """Show everything."""
        self.set_focus(self._line)
        self._update(0)

    @property
    def selected(self) -> Entry | None:
        """The selected entry."""
        return self._list.selected

    def _update(self, selected: int | None = None) -> None:
        """Show what contains the typed text, with the entry at an index selected, or the best."""
        text = self._line.value
        sections = narrow(self._sections, text)
        if self._found is not None:
            sections.append(self._found)
        index = best(sections, text) if selected is None else selected
        self._list.set_sections(sections, index, has_names=self._has_names)
        self._explain()

    def _explain(self) -> None:
        """Show the selected entry in full."""
        entry = self._list.selected
        if entry is None:
            self._explanation.update(Text("Nothing found." if self.is_settled else ""))
            return
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append("⏎ " if entry.action is not None else "  ", "bold")
        text.append(": ".join(filter(None, (entry.title, entry.detail))))
        self._explanation.update(text)

    @on(Input.Changed)
    def _narrow(self, message: Input.Changed) -> None:
        message.stop()
        self._found = None
        self.is_settled = not message.value.strip()
        self._update(0 if self.is_settled else None)
        self._find_runs(message.value)

    @work(exclusive=True)
    async def _find_runs(self, text: str) -> None:
        """Add the runs that contain the text; keys are handled meanwhile."""
        if not text.strip():
            return
        found: list[Entry] = []
        exact: list[Entry] = []
        for number, entry in enumerate(run_entries(list(self._runs()), text, self._choose_run)):
            if entry is not None:
                is_exact = entry.title.casefold() == text.casefold().strip()
                (exact if is_exact else found).append(entry)
            if not number % _RUNS_AT_ONCE:
                await asyncio.sleep(0)
        self.is_settled = True
        entries = [*exact[:MAX_RUNS], *found[:MAX_RUNS]]
        self._found = Section("Runs", entries) if entries else None
        self._update()

    @on(Input.Submitted)
    @on(EntryChosen)
    def _choose(self) -> None:
        entry = self._list.selected
        if entry is not None and entry.action is not None:
            self.dismiss(entry.action)

    def action_move(self, entries: int) -> None:
        """Select the next entry, or (-1) the one before."""
        self._list.move(entries)
        self._explain()

    def action_page(self, pages: int) -> None:
        """Go a page down, or (-1) up."""
        self._list.move(pages * self._list.page)
        self._explain()

    def action_names(self) -> None:
        """Show what can be configured, with its names, or everything again."""
        self._has_names = not self._has_names
        self._update()


class _HelpLine(Input):
    """Where words are typed that narrow the help."""

    def __init__(self) -> None:
        super().__init__(
            id="help-line", compact=True, placeholder="Type to narrow, Enter to do, Esc to go back"
        )
        # A blinking cursor would send output all the time.
        self.cursor_blink = False

    async def on_key(self, event: events.Key) -> None:
        """Close the help with the key that has opened it."""
        if event.key == "question_mark" and not self.value:
            event.stop()
            event.prevent_default()
            self.screen.dismiss(None)
