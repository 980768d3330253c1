"""The logs of a run, one of them on show."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from statustui.core.logs import Log
from statustui.core.text import clean, format_age, format_size
from statustui.monitor.run.inspection import Page, Search, Unreadable
from statustui.tui.messages import LogChosen, Moved
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.widgets.log_view import LogView
from statustui.tui.widgets.pager import GONE_ROUND
from statustui.tui.widgets.tab_line import TabLine

_UNREAD = "cannot be read: "


class LogTab(Vertical):
    """Names of logs, what is to be said of the one on show, and its lines."""

    BINDING_GROUP_TITLE = "Logs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("!", "first_error", "First error", id="logs.first-error"),
        Binding("right_curly_bracket", "turn(1)", "Next log", key_display="}", id="logs.next"),
        Binding(
            "left_curly_bracket",
            "turn(-1)",
            "Previous log",
            key_display="{",
            show=False,
            id="logs.previous",
        ),
    ]

    def __init__(self, manner: DisplayOptions, clock: Callable[[], float]) -> None:
        """Start without logs."""
        super().__init__(id="logs")
        self._clock = clock
        self._logs: tuple[Log, ...] = ()
        self.chosen: Log | None = None
        """The log on show."""
        self._is_picked = False
        self._modified: float | None = None
        self._said = ""
        self._names = TabLine(lambda index: LogChosen(self._logs[index]), "log-names")
        self.view = LogView(manner)
        """Its lines."""

    def compose(self) -> ComposeResult:
        """Lay the widgets out from top to bottom."""
        yield self._names
        yield self.view

    def show_logs(self, logs: tuple[Log, ...], telling: Log | None) -> None:
        """Offer these logs; as long as none is chosen, it is the one that tells most."""
        self._logs = logs
        wanted = telling or (logs[0] if logs else None)
        is_idle = not self._is_picked and not self.display
        if self.chosen not in logs or (is_idle and self.chosen != wanted):
            self.choose(wanted)
        self._show_names()

    def pick(self, log: Log) -> bool:
        """Show a log that the user wants to see; whether it is one of the run."""
        if log not in self._logs:
            return False
        self.choose(log)
        self._is_picked = True
        return True

    def choose(self, log: Log | None) -> None:
        """Show another log."""
        self.chosen = log
        self._is_picked = False
        self._modified, self._said = None, ""
        self.view.clear()
        self._show_names()

    def _show_names(self) -> None:
        chosen = 0 if self.chosen is None else self._logs.index(self.chosen)
        self._names.show([clean(log.name) for log in self._logs], chosen)
        self.tick()

    def action_turn(self, step: int) -> None:
        """Ask for the next log, or the one before."""
        if self.chosen in self._logs:
            index = self._logs.index(self.chosen) + step
            self.post_message(LogChosen(self._logs[index % len(self._logs)]))

    def action_first_error(self) -> None:
        """Look for the first line that tells of an error."""
        self.view.seek_error()

    def take(self, finding: Page | Search | Unreadable) -> None:
        """Show what has been found out about a log."""
        if self.chosen is None or finding.path != self.chosen.path:
            return
        if isinstance(finding, Page):
            self._modified = finding.page.modified
            if self._said.startswith(_UNREAD):
                self._said = ""
            self.view.take(finding.page)
            if finding.page.is_elsewhere:
                self._said = GONE_ROUND.get(self.view.gone_round, "").lower().rstrip(".")
        elif isinstance(finding, Unreadable):
            self._said = f"{_UNREAD}{clean(finding.reason)}"
            self.view.wait_no_more()
        elif finding.share is None:
            self._said = "" if self.view.turn_round() else "not found"
        else:
            self._said = f"searching, {finding.share:.0%}"
        self.tick()

    def end_search(self) -> None:
        """Say nothing of a search any more."""
        self._said = ""
        self.view.seek("")
        self.tick()

    def on_moved(self, message: Moved) -> None:
        """Say where in the log that is."""
        message.stop()
        self.tick()

    def tick(self) -> None:
        """Say how large the log is, how old, and which part of it is in view."""
        said = [self._said] if self._said else []
        if not self._logs:
            said.append("no logs")
        if self._modified is not None:
            size = self.view.size_of_log
            said.append(format_size(size) if size else "empty")
            said.append(f"{format_age(self._clock() - self._modified)} old")
            said.append("following" if self.view.follows else f"{self.view.share[1]:.0%}")
        self._names.say("  ".join(said))
