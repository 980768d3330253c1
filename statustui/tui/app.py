"""The application: wires source, store and screens together, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import SystemCommand, get_system_commands_provider
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import WorkerFailed

from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.monitor.source import Source
from statustui.settings.config import Config
from statustui.settings.session_state import SessionState
from statustui.startup.crash_report import OUT_OF_THREADS, is_out_of_threads, report_crash
from statustui.tui.messages import Found, RunChosen, Trouble
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.model.inbox import Inbox
from statustui.tui.model.store import RunStore
from statustui.tui.model.unread_problems import News
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.services.alarm import Alarm, OnProblem
from statustui.tui.services.session_saver import SessionSaver
from statustui.tui.services.update_loop import UpdateLoop
from statustui.tui.terminal.ascii import Ascii, to_ascii
from statustui.tui.terminal.backlog import Backlog
from statustui.tui.terminal.driver import TerminalDriver
from statustui.tui.terminal.osc import copy_sequence, notify_sequence
from statustui.tui.terminal.shutdown import LOOK_EVERY, Shutdown
from statustui.tui.terminal.textual_private import PrivateApp
from statustui.tui.terminal.typeahead import Typeahead
from statustui.tui.widgets.filter_line import FilterLine
from statustui.tui.widgets.health import explain
from statustui.tui.widgets.run_table import RunTable

if TYPE_CHECKING:
    from textual.command import Provider

    from statustui.monitor.run.inspection import Inspect, Inspection, InspectionResult
    from statustui.tui.screens.run import RunScreen

_REMEMBER = 60.0
"""Seconds between two times that what is to be remembered is saved."""
_STYLES, _COLORBLIND = "statustui.tcss", "colorblind.tcss"
_MOST = 500
"""Changes that are taken in at a time, so that a storm of them leaves room for keys."""


def _get_runs_provider() -> type[Provider]:
    from statustui.tui.screens.palette import RunsProvider  # noqa: PLC0415 - only once it is asked for

    return RunsProvider


class _FileInspector:
    """Begins to look at the files of runs; what hangs behind a link of one is known to the next."""

    def __init__(self) -> None:
        self._begin: Inspect | None = None

    def __call__(
        self, run: Run, peers: Sequence[str], tell: Callable[[InspectionResult], object]
    ) -> Inspection:
        if self._begin is None:
            # The list comes first.
            from statustui.monitor.fs.prober import Stuck  # noqa: PLC0415
            from statustui.monitor.run.inspection import FileInspection  # noqa: PLC0415

            self._begin = partial(FileInspection, stuck=Stuck())
        return self._begin(run, peers, tell)


def _look_and_inspect(
    source: Source,
    inspect: Inspect,
    run: Run,
    peers: Sequence[str],
    tell: Callable[[InspectionResult], object],
) -> Inspection:
    """Begin to look at the files of a run, and have the source look at it too."""
    source.look_at(run.path)
    return inspect(run, peers, tell)


_DEFAULTS = Config()


class StatusApp(PrivateApp):
    """The live monitor.

    Args:
        source: Where batches of changes come from.
        roots: The watched directories, as they were given.
        inspect: Begins to look at the files of one run.
        clock: Gives the current time in seconds since 1970.
        config: What the user wants to have otherwise.
        memory: What is remembered of earlier sessions; None to remember nothing.
    """

    TITLE = "statustui"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {
        get_system_commands_provider,
        _get_runs_provider,
    }
    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "look_now", "Look again now", show=False, id="app.look"),
        Binding("colon,ctrl+p", "command_palette", "Commands", show=False, id="app.palette"),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, id="app.suspend"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
    ]

    def __init__(  # noqa: PLR0913, PLR0917 - what a test gives, or a user, is given here
        self,
        source: Source,
        roots: Sequence[str],
        clock: Callable[[], float] = time.time,
        config: Config = _DEFAULTS,
        memory: SessionState | None = None,
        inspect: Inspect | None = None,
    ) -> None:
        """Show what `source` delivers."""
        styles: list[str | PurePath] = [_STYLES]
        if config.colorblind:
            styles.append(_COLORBLIND)
        # The terminal's own sixteen colours, also where NO_COLOR takes them away.
        super().__init__(driver_class=TerminalDriver, css_path=styles, ansi_color=True)
        self._config = config
        has_theme = config.theme in self.available_themes
        self.theme = config.theme if has_theme else _DEFAULTS.theme
        self.animation_level = "none"
        self._complaints = list(config.mistakes)
        if not has_theme:
            self._complaints.append(config.complaint("theme", f"there is no {config.theme}"))
        self.last_words: list[str] = []
        """What to tell the user after a crash."""
        self.failure: str | None = None
        """Why the monitor could not go on, through no fault of its own, in one clean line."""
        self._source = source
        self._inspect = partial(_look_and_inspect, source, inspect or _FileInspector())
        self._manner = DisplayOptions()
        self._clock = clock
        self._store = RunStore(config.sort, config.group)
        self._inbox = Inbox()
        self._alarm = Alarm(is_on=config.bell, clock=time.monotonic)
        self._on_problem: OnProblem | None = None
        if config.on_problem:
            self._on_problem = OnProblem(
                config.on_problem, lambda text: self.post_message(Trouble(f"--on-problem: {text}"))
            )
        self._typeahead = Typeahead(self, super().on_event)
        self._beat = UpdateLoop(self._take_in, self._inbox.__bool__, self._show)
        self._backlog = Backlog(self)
        self._news = News(clock())
        self._is_watching = False
        self._cursor_moved = 0
        self._runs_screen = RunsScreen(
            self._store, tuple(roots), self._inspect, self._manner, clock, config
        )
        self._record = SessionSaver(
            memory, self._arrangement, lambda text: self.post_message(Trouble(text)), clock
        )

    @property
    def runs(self) -> Iterable[Run]:
        """All the runs there are."""
        return self._store.runs.values()

    @property
    def initial_scan_done(self) -> bool:
        """Whether every root has been seen whole once."""
        return self._runs_screen.initial_scan_done

    def get_default_screen(self) -> RunsScreen:
        """Show the runs."""
        return self._runs_screen

    @property
    def is_up_to_date(self) -> bool:
        """Whether watching has begun and everything that has been delivered is shown."""
        return self._is_watching and self._beat.is_at_rest

    def on_mount(self) -> None:
        """Show the runs and begin to watch."""
        self._map_keys()
        # The shell has had the terminal meanwhile.
        self.app_resume_signal.subscribe(self, lambda _app: self.refresh())
        # The first frame comes before anything else.
        self.call_after_refresh(self._watch)

    def _watch(self) -> None:
        self._is_watching = True
        self._news = News(self._clock())
        self._source.start(self._receive)
        self.run_worker(self._beat.run())
        self.set_interval(_REMEMBER, self._remember)
        if isinstance(self.terminal, TerminalDriver):
            lifeline = Shutdown(self._end, self.terminal.fileno)
            self.set_interval(LOOK_EVERY, lifeline.look)
        for complaint in self._complaints:
            self.notify(complaint, severity="warning", timeout=20, markup=False)

    def _end(self, status: int) -> None:
        self.exit(return_code=status)

    def report_error(self, error: BaseException | None) -> None:
        """Keep a short report of an unexpected error, for after the screen is closed."""
        # An error in a task of the application comes wrapped.
        if isinstance(error, WorkerFailed):
            error = error.error
        if is_out_of_threads(error):
            self.failure = OUT_OF_THREADS
        elif error is not None:
            self.last_words = report_crash(error)

    def _map_keys(self) -> None:
        """Give actions the keys that the user wants for them."""
        if not self._config.keys:
            return
        known = {
            binding.id
            for group in _groups()
            for binding in group.BINDINGS
            if isinstance(binding, Binding)
        }
        for action in self._config.keys.keys() - known:
            trouble = "there is no such action; they have names like runs.sort"
            self._complaints.append(self._config.complaint(f"keys.{action}", trouble))
        self.set_keymap(dict(self._config.keys))

    def _remember(self) -> None:
        self._record.save(self._store, self._arrangement)

    @property
    def _arrangement(self) -> dict[str, str]:
        """What the user can change of the whole screen, by the names of the configuration."""
        return {
            "theme": self.theme,
            "sort": ("-" if self._store.reverse else "") + self._store.sort,
            "group": self._store.grouping,
        }

    def on_unmount(self) -> None:
        """End watching."""
        self._source.stop()
        self._remember()
        self._record.finish()

    def _receive(self, batch: Batch) -> None:
        """Take a batch from a thread of the source."""
        self._inbox.put(batch)
        self._beat.ring()

    def _take_in(self) -> None:
        """Take some changes into the store."""
        batch, store = self._inbox.take(_MOST), self._store
        now, initial_scan_done = self._clock(), self.initial_scan_done
        swept = {health.root for health in self._runs_screen.health if health.swept}
        news, back = self._news.take(batch, store.runs, store.unseen, swept, now)
        were_under_way, cursor = store.under_way, store.cursor
        store.apply(batch, now if initial_scan_done else None)
        self._cursor_moved += store.cursor - cursor
        store.unseen.add(run.path for run in (*news, *back))
        have_ended = initial_scan_done and bool(were_under_way) and not store.under_way
        self._alarm.note(news, has_ended=have_ended)
        if self._on_problem is not None:
            self._on_problem.put(news)
        self._runs_screen.take(batch)
        for screen in self._run_screens():
            screen.note(batch)
        if self.initial_scan_done and not self._inbox:
            self._record.begin(store)

    def _show(self) -> None:
        """Show what has been taken in since the last time."""
        if not self.screen_stack:
            # The program is ending.
            return
        self._runs_screen.show(self._cursor_moved)
        self._cursor_moved = 0
        self._call()
        for screen in self._run_screens():
            screen.show(self._store.runs.get(screen.path))

    def post_display_hook(self) -> None:
        """Let a slow terminal catch up before the next frame."""
        self._backlog.note_frame(self.terminal)

    def _run_screens(self) -> Iterable[RunScreen]:
        """The screens of runs that are open."""
        if len(self.screen_stack) == 1:
            return ()
        from statustui.tui.screens.run import RunScreen  # noqa: PLC0415 - the list comes first

        return [screen for screen in self.screen_stack if isinstance(screen, RunScreen)]

    def _call(self) -> None:
        """Ring, if there is reason to."""
        text = self._alarm.take()
        if text is not None and self.terminal is not None:
            text = to_ascii(text) if self._config.ascii else text
            self.terminal.write(notify_sequence(text, os.environ))

    @on(Found)
    def _look_again(self, message: Found) -> None:
        """Have a run looked at anew whose history is another than the list has it."""
        run, finding = self._store.runs.get(message.path), message.finding
        if (
            run is not None
            and getattr(finding, "status_count", run.status_count) != run.status_count
        ):
            self._source.look_at(message.path)

    @on(Trouble)
    def _complain(self, message: Trouble) -> None:
        self.notify(message.text, severity="warning", markup=False)

    async def on_event(self, event: events.Event) -> None:
        """Take note that somebody is there when a key or the mouse says so."""
        if isinstance(event, events.InputEvent) and self.screen is self._runs_screen:
            self._runs_screen.see()
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._typeahead.take(event)
        else:
            await super().on_event(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What changes all that is drawn: with `ascii` nothing else is left."""
        filters = super().get_line_filters()
        return [*filters, Ascii()] if self._config.ascii else filters

    def get_key_display(self, binding: Binding) -> str:
        """The name of a key; that of Enter has no sign of its own in ASCII."""
        display = super().get_key_display(binding)
        return display.replace("⏎", "Enter") if self._config.ascii else display

    @on(RunChosen)
    def _open(self, message: RunChosen) -> None:
        from statustui.tui.screens.run import RunScreen  # noqa: PLC0415 - the list comes first

        run = self._store.runs.get(message.path)
        if run is None:
            return
        store = self._store
        if isinstance(self.screen, RunScreen) and run.path in self.screen.members.runs:
            # A series is a list of its own.
            store = self.screen.members
        self.push_screen(
            RunScreen(
                run,
                store,
                self._store.peers,
                self._inspect,
                self._manner,
                self._clock,
                self._config,
            )
        )

    def action_look_now(self) -> None:
        """Look at everything again."""
        self._source.look_now()

    def action_command_palette(self) -> None:
        """Show what can be done."""
        from statustui.tui.screens.palette import Palette  # noqa: PLC0415 - only once it is asked for

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: all that a key does, and what has no key."""
        for key, (node, binding, is_enabled, _tooltip) in screen.active_bindings.items():
            is_ours = binding.id is not None and not binding.system
            if is_enabled and is_ours and binding.action != "command_palette":
                yield SystemCommand(
                    binding.description,
                    f"key {self.get_key_display(binding.with_key(key))}",
                    partial(self.run_action, binding.action, node),
                )
        if isinstance(screen, RunsScreen):
            yield from screen.commands()
        switch = "off" if self._alarm.is_on else "on"
        yield SystemCommand(
            f"Bell {switch}", "on a new problem, and when all has ended", self._alarm.switch
        )
        yield SystemCommand("Theme", "other colours", self.action_change_theme)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy `text`, also through tmux and screen.

        Raises:
            ValueError: It is more than a terminal takes.
        """
        sequence = copy_sequence(text, os.environ)
        self.set_clipboard(text)
        if self.terminal is not None:
            self.terminal.write(sequence)

    def action_help(self) -> None:
        """Show all keys and what the glyphs mean."""
        from statustui.tui.screens.help import HelpScreen  # noqa: PLC0415 - the list comes first

        roots = [list(explain(health, self._clock())) for health in self._runs_screen.health]
        self.push_screen(HelpScreen(_groups(), roots, self._config))


def _groups() -> list[type[DOMNode]]:
    """Whatever has keys, in the order in which help explains them."""
    from statustui.tui.screens.run import KEYS  # noqa: PLC0415 - the list comes first

    return [StatusApp, RunsScreen, RunTable, FilterLine, *KEYS]
