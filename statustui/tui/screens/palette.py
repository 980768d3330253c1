"""The help as a palette of all that can be done, and the screens that it opens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.screen import Screen

from statustui.core.run import Run
from statustui.core.text import clean
from statustui.monitor.source import Source
from statustui.tui.messages import RunChosen
from statustui.tui.model.help_entries import Action, Entry, Section
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.screens import help_sections as parts
from statustui.tui.screens.help import HelpScreen
from statustui.tui.screens.live_screen import LiveScreen
from statustui.tui.screens.muting import MutedFailures
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.screens.usage import UsageScreen
from statustui.tui.services.alarm import Alarm
from statustui.tui.services.muting import Muting
from statustui.tui.widgets.health import explain


class Palette:
    """Opens the help on the screen in front, and does what the user chooses in it.

    Args:
        app: The application.
        context: What its screens share.
        alarm: Switched on and off by a command.
        muting: The muted failures.
        source: Knows what has been asked of filesystems and of the scheduler.
        call_command: Calls the command that the user has put on a key.
        key_groups: The classes with key bindings, in help order.
    """

    def __init__(  # noqa: PLR0913 - what its commands act on
        self,
        app: App[Any],
        context: ScreenContext,
        *,
        alarm: Alarm,
        muting: Muting,
        source: Source,
        call_command: Callable[[str], object],
        key_groups: Sequence[type[DOMNode]],
    ) -> None:
        self._app = app
        self._context = context
        self._alarm = alarm
        self._muting = muting
        self._source = source
        self._call_command = call_command
        self._key_groups = key_groups

    def open(self) -> None:
        """Show what can be done on the screen in front."""
        screen, context = self._app.screen, self._context
        if not isinstance(screen, LiveScreen):
            return
        here = list(parts.action_sections(self._app, screen))
        roots = [list(explain(health, context.clock())) for health in context.roots.known]
        self._show(
            [
                *here,
                parts.command_section(self.commands(screen)),
                *screen.help_sections(),
                parts.watching_section(roots),
                *parts.elsewhere_sections(self._app, self._key_groups, here, context.config),
            ],
        )

    def open_themes(self) -> None:
        """Let the user choose a theme."""
        themes = [
            Entry("", name, action=partial(setattr, self._app, "theme", name))
            for name in sorted(self._app.available_themes)
        ]
        self._show([Section("Themes", themes)], has_runs=False)

    def commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield the commands that have no key, and those that the user has put on keys."""
        app = self._app
        if isinstance(screen, RunsScreen):
            yield from screen.commands()
        for key, command in self._context.config.commands.items():
            call = partial(self._call_command, key)
            yield SystemCommand(clean(command.label), f"key {clean(key)}", call)
        switch = "off" if self._alarm.is_on else "on"
        yield SystemCommand(
            f"Bell {switch}",
            "on a new problem, and when all listed runs have finished",
            self._alarm.toggle,
        )
        yield SystemCommand(
            "What it costs", "of each filesystem, and of the scheduler", self._open_usage
        )
        yield SystemCommand("Muted failures", "list them, take them back", self._open_muted)
        yield SystemCommand("Theme", "choose the colours", app.action_change_theme)

    def _open_usage(self) -> None:
        source = self._source
        screen = UsageScreen(source.usage, lambda: source.calls, self._context.roots)
        self._app.push_screen(screen)

    def _open_muted(self) -> None:
        has_roots = len(self._context.roots.by_root) > 1
        self._app.push_screen(MutedFailures(self._muting, has_roots=has_roots))

    def _show(self, sections: Sequence[Section], *, has_runs: bool = True) -> None:
        def do(action: Action | None) -> None:
            if action is not None:
                self._app.call_later(action)

        def open_run(run: Run) -> Action:
            return partial(self._app.post_message, RunChosen(run.path))

        def all_runs() -> Iterable[Run]:
            return self._context.store.runs.values() if has_runs else ()

        self._app.push_screen(HelpScreen(sections, all_runs, open_run), do)
