"""The keys that the user has configured, for actions and for commands."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode

from statustui.settings.config import Config


def map_keys(app: App[None], groups: Collection[type[DOMNode]], config: Config) -> Iterator[str]:
    """Give actions and commands their keys.

    Args:
        app: The application. It has an action `call_command` for the key of a command.
        groups: The classes with key bindings.
        config: The configuration of the user.

    Yields:
        What is wrong in the configuration, each as one clean line.
    """
    known = {
        binding.id for group in groups for binding in group.BINDINGS if isinstance(binding, Binding)
    }
    for action in config.keys.keys() - known:
        reason = "there is no such action; they have names like runs.sort"
        yield config.complaint(f"keys.{action}", reason)
    app.set_keymap(dict(config.keys))
    taken = _taken_keys(groups, config) if config.commands else {}
    for key, command in config.commands.items():
        [name] = _names(key)
        if name in taken:
            trouble = f"is the key for {taken[name]}; give that another one in [keys]"
            yield config.complaint(f"commands.{key}", trouble)
        else:
            action = f"call_command({key!r})"
            app.bind(name, action, description=command.label, show=False)


def _taken_keys(groups: Collection[type[DOMNode]], config: Config) -> dict[str, str]:
    """Return the keys of actions: key -> what it does, in the first group that has it."""
    taken: dict[str, str] = {}
    for group in groups:
        for binding in group.BINDINGS:
            if isinstance(binding, Binding):
                for name in _names(config.keys.get(binding.id or "", binding.key)):
                    taken.setdefault(name, binding.description)
    return taken


def _names(keys: str) -> list[str]:
    """Return the names that Textual has for keys, which are separated by commas."""
    return [binding.key for binding in Binding.make_bindings([Binding(keys, "")])]
