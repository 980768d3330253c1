"""The application: wires source, store, services and screens together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import WorkerFailed

from statustui.core.mutes import Mutes
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.monitor.source import Source
from statustui.settings.config import Config
from statustui.settings.session_state import SessionState
from statustui.startup.crash_report import OUT_OF_THREADS, is_out_of_threads, report_crash
from statustui.tui.messages import (
    CommandDone,
    CommandReady,
    RunChosen,
    RunInspected,
    ViewerWanted,
    Warned,
)
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.model.filter_typing import FilterHistory
from statustui.tui.model.hold import CALM_SECONDS, Hold
from statustui.tui.model.root_states import RootStates
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.model.store import RunStore
from statustui.tui.screens.live_screen import LiveScreen
from statustui.tui.screens.runs import RunsScreen
from statustui.tui.services.alarm import Alarm
from statustui.tui.services.change_feed import ChangeFeed
from statustui.tui.services.event_commands import EventCommands
from statustui.tui.services.key_commands import KeyCommands, find_log
from statustui.tui.services.key_map import map_keys
from statustui.tui.services.log_fetcher import fetch_log
from statustui.tui.services.muting import Muting
from statustui.tui.services.readers import ReadersByRoot
from statustui.tui.services.session_saver import SessionSaver
from statustui.tui.services.stylesheet import LazyStylesheet
from statustui.tui.services.theme_choice import ThemeChoice
from statustui.tui.services.update_loop import UpdateLoop
from statustui.tui.terminal.ascii import AsciiFilter, to_ascii
from statustui.tui.terminal.background import BackgroundDetected
from statustui.tui.terminal.backlog import Backlog
from statustui.tui.terminal.driver import TerminalDriver
from statustui.tui.terminal.foreground import Foreground, print_line
from statustui.tui.terminal.osc import copy_sequence, notify_sequence
from statustui.tui.terminal.shutdown import CHECK_INTERVAL, Shutdown
from statustui.tui.terminal.textual_private import PrivateApp
from statustui.tui.terminal.typeahead import Typeahead
from statustui.tui.widgets.filter_line import FilterLine
from statustui.tui.widgets.run_table import RunTable

if TYPE_CHECKING:
    from statustui.monitor.run.comparison import Compare
    from statustui.monitor.run.histories import ReadHistories
    from statustui.monitor.run.inspection import Inspect, Inspection, InspectionResult
    from statustui.tui.screens.palette import Palette

_SAVE_INTERVAL = 60.0
"""Seconds between two saves of the session."""
_GATHER_INTERVAL = 1.0
"""Seconds between two checks whether runs have been gathered for long enough."""
_STYLES, _COLORBLIND = "statustui.tcss", "colorblind.tcss"


_DEFAULTS = Config()


class StatusApp(PrivateApp):
    """The live monitor.

    Args:
        source: Delivers batches of changes.
        roots: The watched directories, as the user gave them.
        inspect: Starts to read the files of one run.
        compare: Starts to compare the files of two runs.
        read_histories: Starts a reader of the histories of many runs.
        clock: Gives the current time in seconds since 1970.
        config: The configuration of the user.
        session: The state of earlier sessions; None to remember nothing.
        calm: Seconds after a key in the list for which changes wait.
        on_scanned: Called once, when the first scan of every root is done.
    """

    TITLE = "statustui"
    ENABLE_COMMAND_PALETTE = False
    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "check_all", "Check everything now", show=False, id="app.look"),
        Binding("m", "mute", "Mute the failure", show=False, id="app.mute"),
        Binding("colon,ctrl+p", "command_palette", "Commands", show=False, id="app.palette"),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, id="app.suspend"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
    ]

    def __init__(  # noqa: PLR0913 - all but the first two by keyword
        self,
        source: Source,
        roots: Sequence[str],
        *,
        inspect: Inspect | None = None,
        compare: Compare | None = None,
        read_histories: ReadHistories | None = None,
        clock: Callable[[], float] = time.time,
        config: Config = _DEFAULTS,
        session: SessionState | None = None,
        calm: float = CALM_SECONDS,
        on_scanned: Callable[[], object] = lambda: None,
    ) -> None:
        styles: list[str | PurePath] = [_STYLES]
        if config.colorblind:
            styles.append(_COLORBLIND)
        # The terminal's own sixteen colours, also if NO_COLOR is set.
        super().__init__(driver_class=TerminalDriver, css_path=styles, ansi_color=True)
        self.animation_level = "none"
        self._config = config
        self._warnings = list(config.mistakes)
        """Mistakes in the configuration, to be notified after the first frame."""
        self._theme_choice = ThemeChoice(self, config)
        self.stylesheet = LazyStylesheet(self.get_css_variables())
        if self._theme_choice.complaint is not None:
            self._warnings.append(self._theme_choice.complaint)
        self.last_words: list[str] = []
        """What to print after a crash."""
        self.failure: str | None = None
        """External reason for which the monitor had to stop, as one clean line; None if none."""
        self._source = source
        readers = ReadersByRoot(source.readers_of)
        self._inspect = inspect or readers.inspect
        self._clock = clock
        self._store = RunStore(config.sort, config.group)
        self._hold = Hold(self._wake_updates, lambda: self._feed.has_more, calm)
        self._shared = ScreenContext(
            store=self._store,
            roots=RootStates(roots),
            inspect=self._check_and_inspect,
            compare=compare or readers.compare,
            read_histories=read_histories or readers.read_histories,
            display=DisplayOptions(shows_campaign=config.campaign),
            clock=clock,
            config=config,
            filters=FilterHistory(None if session is None else session.settings.get("filters")),
            hold=self._hold,
            wake=self._wake_updates,
            has_hints=session is not None and session.wants_hints,
        )
        self._runs_screen = RunsScreen(self._shared)
        self._alarm = Alarm(is_on=config.bell, clock=time.monotonic)
        self._commands = EventCommands(config, self._warn, time.monotonic)
        mutes = Mutes(() if session is None else session.mutes)
        self._session = SessionSaver(session, self._arrangement, self._warn, clock)
        self._feed = ChangeFeed(
            self._store,
            self._shared.roots,
            alarm=self._alarm,
            commands=self._commands,
            session=self._session,
            mutes=mutes,
            clock=clock,
        )
        self._muting = Muting(
            self._store,
            mutes,
            save=self._session.save_mutes,
            on_change=self._draw_batch,
            later=self.call_after_refresh,
        )
        self._typeahead = Typeahead(self, super().on_event)
        self._updates = UpdateLoop(
            self._apply_changes,
            lambda: self._store.is_arranging or (self._feed.has_more and not self._hold.is_on),
            self._refresh_views,
        )
        self._backlog = Backlog(self)
        self._is_watching = False
        self._on_scanned: Callable[[], object] | None = on_scanned
        self._foreground = Foreground(self, self._warn)
        self._key_commands = KeyCommands(
            lambda run: find_log(run, config.patience),
            fetch_log=lambda run, path: fetch_log(readers.inspect, run, path, config.patience),
            start=lambda *ready: self.post_message(CommandReady(*ready)),
            tell=lambda text: self.post_message(CommandDone(text)),
            warn=self._warn,
        )

    def _check_and_inspect(
        self, run: Run, peers: Sequence[str], deliver: Callable[[InspectionResult], object]
    ) -> Inspection:
        """Start to read the files of a run, and have the source check it too."""
        self._source.reread(run.path)
        return self._inspect(run, peers, deliver)

    @property
    def runs(self) -> Iterable[Run]:
        """All runs."""
        return self._store.runs.values()

    @property
    def initial_scan_done(self) -> bool:
        """Whether the first scan of every root is done."""
        return self._shared.roots.initial_scan_done

    def get_default_screen(self) -> RunsScreen:
        """Return the list of runs."""
        return self._runs_screen

    @property
    def is_up_to_date(self) -> bool:
        """Whether watching has begun and everything that was delivered is on screen."""
        is_held = self._feed.has_more and self._hold.paused_at is None
        return self._is_watching and self._updates.is_idle and not is_held

    # Start and end.

    def on_mount(self) -> None:
        """Start to watch after the first frame."""
        if self._config.keys or self._config.commands:
            # Knowing all keys takes every screen, for which the first frame does not wait.
            self._warnings += map_keys(self, _key_groups(), self._config)
        self._theme_choice.ask(self.terminal, os.environ)
        # After a suspend, the shell has written over the screen.
        self.app_resume_signal.subscribe(self, lambda _app: self.refresh())
        self.call_after_refresh(self._watch)

    def _watch(self) -> None:
        self._is_watching = True
        self._feed.start()
        self._session.count_session()
        self._source.start(self._receive)
        self.run_worker(self._updates.run())
        self.set_interval(_SAVE_INTERVAL, self._save_session)
        if self._commands.gathers:
            self.set_interval(_GATHER_INTERVAL, self._commands.call_if_due)
        if isinstance(self.terminal, TerminalDriver):
            shutdown = Shutdown(self._end, self.terminal.fileno)
            self.set_interval(CHECK_INTERVAL, shutdown.check_terminal)
        for warning in self._warnings:
            self.notify(warning, severity="warning", timeout=20, markup=False)

    def _end(self, status: int) -> None:
        self.exit(return_code=status)

    def report_error(self, error: BaseException | None) -> None:
        """Keep a short report of an unexpected error, to print it when the screen is closed."""
        # An error in a task of the application comes wrapped.
        if isinstance(error, WorkerFailed):
            error = error.error
        if is_out_of_threads(error):
            self.failure = OUT_OF_THREADS
        elif error is not None:
            self.last_words = report_crash(error)

    def _save_session(self) -> None:
        self._session.save(self._store, self._arrangement)

    @property
    def _arrangement(self) -> dict[str, object]:
        """How the user has arranged the screen, by the names of the configuration."""
        columns = self._runs_screen.column_names
        return {
            "theme": self._theme_choice.chosen,
            "sort": ("-" if self._store.reverse else "") + self._store.sort,
            "group": self._store.grouping,
            "filters": self._shared.filters.texts,
            "campaign": self._shared.display.shows_campaign,
            "columns": None if columns == _DEFAULTS.columns else list(columns),
        }

    def on_unmount(self) -> None:
        """Stop watching, and save the session."""
        self._source.stop()
        self._save_session()
        self._commands.close()
        self._session.wait()

    # Changes.

    def _receive(self, batch: Batch) -> bool:
        """Receive a batch on a thread of the source; return whether it is to leave us some time."""
        self._feed.add_batch(batch)
        self._wake_updates()
        return self._feed.has_backlog and not self._hold.is_on

    def _wake_updates(self) -> None:
        self._updates.wake()

    def _live_screens(self) -> list[LiveScreen]:
        """Return the open screens that follow the runs, the list of runs first."""
        above = self.screen_stack[1:]
        return [
            self._runs_screen,
            *(screen for screen in above if isinstance(screen, LiveScreen)),
        ]

    def _apply_changes(self) -> bool:
        """Apply some changes; return whether the first rows are there, or what was arranged."""
        store = self._store
        was_arranging, before, had_rows = store.is_arranging, store.arranged, bool(len(store))
        self._show_batch(self._feed.apply_part())
        if self._on_scanned is not None and self.initial_scan_done:
            self._on_scanned()
            self._on_scanned = None
        is_arranged = was_arranging and store.arranged is not before
        return is_arranged or (not had_rows and bool(len(store)))

    def _show_batch(self, batch: Batch) -> None:
        for screen in self._live_screens():
            screen.apply_batch(batch)

    def _draw_batch(self, batch: Batch) -> None:
        """Draw a change that does not come from the source."""
        self._show_batch(batch)
        self._refresh_views()

    def _refresh_views(self) -> None:
        # While the program ends there is no screen.
        if not self.screen_stack:
            return
        for screen in self._live_screens():
            screen.refresh_view()
        self._ring()

    def post_display_hook(self) -> None:
        """Let a slow terminal catch up before the next frame."""
        self._backlog.count_frame(self.terminal)

    def _ring(self) -> None:
        """Ring the bell and notify, if the alarm is due."""
        text = self._alarm.pop_text()
        if text is not None and self.terminal is not None:
            text = to_ascii(text) if self._config.ascii else text
            self.terminal.write(notify_sequence(text, os.environ))

    @on(BackgroundDetected)
    def _adapt_theme(self, message: BackgroundDetected) -> None:
        self._theme_choice.adapt(is_light=message.is_light)

    @on(RunInspected)
    def _check_if_newer(self, message: RunInspected) -> None:
        """Have the source check a run whose inspection has found another number of statuses."""
        run, result = self._store.runs.get(message.path), message.result
        if run is not None and getattr(result, "status_count", run.status_count) != (
            run.status_count
        ):
            self._source.reread(message.path)

    def _warn(self, text: str) -> None:
        """Notify the user of a warning; may be called from any thread."""
        self.post_message(Warned(text))

    @on(CommandDone)
    def _tell_result(self, message: CommandDone) -> None:
        self.notify(message.text, timeout=5, markup=False)

    @on(CommandReady)
    def _run_in_foreground(self, message: CommandReady) -> None:
        self.run_worker(self._foreground.lend(message.words, message.command.label, message.files))

    @on(Warned)
    def _notify_warning(self, message: Warned) -> None:
        self.notify(message.text, severity="warning", markup=False)

    # Input and output.

    async def on_event(self, event: events.Event) -> None:
        """Handle keys in order; any input means that the user is there."""
        if isinstance(event, events.InputEvent):
            self._updates.make_way()
            if self.screen is self._runs_screen:
                self._runs_screen.mark_seen()
                if isinstance(event, events.Key) and self._runs_screen.is_browsed:
                    self._hold.extend()
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._typeahead.handle_key(event)
        else:
            await super().on_event(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what changes every line that is drawn."""
        filters = super().get_line_filters()
        return [*filters, AsciiFilter()] if self._config.ascii else filters

    def get_key_display(self, binding: Binding) -> str:
        """Return the name of a key; Textual's sign for Enter has no equivalent in ASCII."""
        display = super().get_key_display(binding)
        return display.replace("⏎", "Enter") if self._config.ascii else display

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, also through tmux and screen.

        Raises:
            ValueError: It is longer than a terminal can copy.
        """
        sequence = copy_sequence(text, os.environ)
        self.set_clipboard(text)
        if self.terminal is not None:
            self.terminal.write(sequence)

    # Actions.

    @on(RunChosen)
    def _open_run(self, message: RunChosen) -> None:
        from statustui.tui.screens.run import RunScreen  # noqa: PLC0415 - the list comes first

        run = self._store.runs.get(message.path)
        if run is None:
            return
        store = self._store
        if isinstance(self.screen, RunScreen) and run.path in self.screen.members.runs:
            # The runs of a series are a list of their own.
            store = self.screen.members
        self.push_screen(RunScreen(run, store, self._shared))

    @on(ViewerWanted)
    def _start_viewer(self, message: ViewerWanted) -> None:
        self.run_worker(self._foreground.view(message.viewer, message.file))

    def action_check_all(self) -> None:
        """Check all roots now; first let ssh ask for what it needs, if it does."""
        if any(health.needs_user for health in self._shared.roots.known):
            self.run_worker(self._foreground.call(lambda: self._source.ask_user(print_line), "ssh"))
        self._source.check_all()

    def action_compare(self) -> None:
        """Compare the run in view, or the selected one, with its last pass."""
        from statustui.tui.screens.comparison import ComparisonScreen  # noqa: PLC0415 - rarely needed

        screen = self.screen
        if isinstance(screen, LiveScreen) and screen.targets:
            self.push_screen(ComparisonScreen(screen.targets[0], self._shared))

    def action_mute(self) -> None:
        """Put the failure of the selected runs aside, or take that back."""
        from statustui.tui.screens.muting import toggle_mute  # noqa: PLC0415 - rarely needed

        screen = self.screen
        if isinstance(screen, LiveScreen):
            alike = screen.targets_fail_alike
            toggle_mute(screen, self._muting, screen.targets, alike=alike)

    def action_call_command(self, key: str) -> None:
        """Call the command that the user has put on a key."""
        screen = self.screen
        if isinstance(screen, LiveScreen):
            command = self._config.commands[key]
            self._key_commands.call(command, screen.targets, screen.log_in_view)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Return the commands that have no key."""
        return self._palette.commands(screen)

    def action_help(self) -> None:
        """Show what can be done here, and do what the user chooses."""
        self._palette.open()

    def action_command_palette(self) -> None:
        """Do the same as the help: what it lists can be done."""
        self.action_help()

    def search_themes(self) -> None:
        """Let the user choose a theme."""
        self._palette.open_themes()

    @cached_property
    def _palette(self) -> Palette:
        from statustui.tui.screens.palette import Palette  # noqa: PLC0415 - rarely needed

        return Palette(
            self,
            self._shared,
            alarm=self._alarm,
            muting=self._muting,
            source=self._source,
            call_command=self.action_call_command,
            key_groups=_key_groups(),
        )


def _key_groups() -> list[type[DOMNode]]:
    """Return the classes with key bindings, in help order."""
    from statustui.tui.screens.comparison import ComparisonScreen  # noqa: PLC0415 - as below
    from statustui.tui.screens.over_time import OverTimeScreen  # noqa: PLC0415 - as below
    from statustui.tui.screens.run import KEYS  # noqa: PLC0415 - the list comes first

    return [
        StatusApp,
        RunsScreen,
        RunTable,
        FilterLine,
        *KEYS,
        ComparisonScreen,
        OverTimeScreen,
    ]
