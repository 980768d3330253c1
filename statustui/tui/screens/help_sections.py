"""What the help says on a screen: what can be done there, and what its signs mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen

from statustui.core.run import Run
from statustui.core.states import MEANINGS
from statustui.core.text import clean
from statustui.settings.config import Config
from statustui.tui.messages import FilterChosen, SubsetChosen
from statustui.tui.model.help_entries import (
    Action,
    Entry,
    Section,
    filter_section,
    glyph_section,
    state_section,
)
from statustui.tui.model.view import Subset

_OPENS_HELP = frozenset({"help", "command_palette"})
Post = Callable[[Message], object]
"""Posts a message."""


def list_sections(run: Run | None, post: Post) -> Iterator[Section]:
    """Yield what is seen in the list of runs; choosing a state or a category lists its runs.

    Args:
        run: The selected run, whose state comes first; None if there is none.
        post: Posts a message to the list.
    """

    def list_state(state: str) -> Action:
        return partial(post, FilterChosen(f'state="{state}"'))

    if run is not None:
        yield state_section("The selected run", [run.current.state], lambda _state: None)
    yield filter_section()
    yield glyph_section(lambda category: partial(post, SubsetChosen(Subset(frozenset({category})))))
    yield state_section("States", MEANINGS, list_state)


def run_sections(states: Iterable[str], search: Callable[[str], object]) -> Iterator[Section]:
    """Yield what is seen of one run; choosing one of its states searches for it.

    Args:
        states: The states that it has been in.
        search: Searches the history.
    """
    of_run = list(dict.fromkeys(states))
    others = [state for state in MEANINGS if state not in of_run]
    yield state_section("States of this run", of_run, lambda state: partial(search, state))
    yield glyph_section(lambda _category: None)
    yield state_section("Other states", others, lambda _state: None)


def action_sections(app: App[Any], screen: Screen[Any]) -> Iterator[Section]:
    """Yield what keys do on a screen: first on the screen itself, at last everywhere.

    An action has one entry with all its keys.
    """
    by_action: dict[tuple[int, str], list[Binding]] = {}
    nodes: dict[int, DOMNode] = {}
    for key, (node, binding, is_enabled, _tooltip) in screen.active_bindings.items():
        is_ours = binding.id is not None and not binding.system
        if is_enabled and is_ours and binding.action not in _OPENS_HELP:
            nodes[id(node)] = node
            by_action.setdefault((id(node), binding.action), []).append(binding.with_key(key))
    order = sorted(nodes.values(), key=lambda node: (node is app, node is not screen))
    for node in order:
        entries = [
            _entry(app, bindings, partial(app.run_action, action, node))
            for (owner, action), bindings in by_action.items()
            if owner == id(node)
        ]
        yield Section(node.BINDING_GROUP_TITLE or "", entries)


def elsewhere_sections(
    app: App[Any], groups: Iterable[type[DOMNode]], here: Sequence[Section], config: Config
) -> Iterator[Section]:
    """Yield what keys do on other screens and in other places; it is found by its words only."""
    titles = {section.title for section in here}
    for group in groups:
        if group.BINDING_GROUP_TITLE in titles:
            continue
        entries = []
        for binding in group.BINDINGS:
            if isinstance(binding, Binding) and not binding.system:
                keys = config.keys.get(binding.id or "", binding.key)
                entries.append(_entry(app, list(Binding.make_bindings([_with(binding, keys)]))))
        title = f"{group.BINDING_GROUP_TITLE} (not here)"
        yield Section(title, entries, is_found_only=True)


def _with(binding: Binding, keys: str) -> Binding:
    return binding if keys == binding.key else binding.with_key(keys, None)


def _entry(
    app: App[Any], bindings: Sequence[Binding], action: Callable[[], Any] | None = None
) -> Entry:
    first = bindings[0]
    keys = dict.fromkeys(map(app.get_key_display, bindings))
    return Entry(" ".join(keys), first.description, name=first.id or "", action=action)


def command_section(commands: Iterable[SystemCommand]) -> Section:
    """Return the commands that have no key."""
    return Section(
        "Without a key",
        [
            Entry("", clean(command.title), clean(command.help), action=command.callback)
            for command in commands
        ],
    )


def watching_section(roots: Iterable[Iterable[tuple[str, str]]]) -> Section:
    """Return how each root is watched, given as names and values."""
    return Section(
        "Watching", [Entry("", name, clean(value)) for root in roots for name, value in root]
    )
