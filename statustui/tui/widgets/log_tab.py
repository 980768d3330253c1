"""The tab with the logs of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from statustui.core.logs import MERGED, Log
from statustui.core.text import clean, format_age, format_size
from statustui.monitor.run.inspection import Matches, Search, Unreadable
from statustui.monitor.run.log_text import LogPage
from statustui.tui.messages import LogChosen, Moved
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.widgets.log_view import LogView
from statustui.tui.widgets.pager import WRAPPED
from statustui.tui.widgets.tab_line import TabLine

_UNREADABLE = "cannot be read: "


class LogTab(Vertical):
    """The names of the logs, a remark on the displayed one, and its lines.

    Args:
        options: How to display it.
        clock: Gives the current time in seconds since 1970.
    """

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

    def __init__(self, options: DisplayOptions, clock: Callable[[], float]) -> None:
        super().__init__(id="logs")
        self._clock = clock
        self._logs: tuple[Log, ...] = ()
        self.chosen: Log | None = None
        """The displayed log."""
        self._is_picked = False
        self._modified: float | None = None
        self._status = ""
        self._names = TabLine(lambda index: LogChosen(self._logs[index]), "log-names")
        self.view = LogView(options)
        """The lines of the displayed log."""

    def compose(self) -> ComposeResult:
        """Lay the widgets out from top to bottom."""
        yield self._names
        yield self.view

    def set_logs(self, logs: tuple[Log, ...], suggested: Log | None) -> None:
        """Set the logs; the suggested one is displayed until the user chooses another.

        All of them together can be chosen too.
        """
        self._logs = (*logs, MERGED) if logs else ()
        wanted = suggested or (logs[0] if logs else None)
        is_idle = not self._is_picked and not self.display
        if self.chosen not in self._logs or (is_idle and self.chosen != wanted):
            self.choose(wanted)
        self._update_names()

    def pick(self, log: Log) -> bool:
        """Display the log that the user has chosen; return whether the run has it."""
        if log not in self._logs:
            return False
        self.choose(log)
        self._is_picked = True
        return True

    def choose(self, log: Log | None) -> None:
        """Display another log."""
        self.chosen = log
        self._is_picked = False
        self._modified, self._status = None, ""
        self.view.clear()
        self._update_names()

    def _update_names(self) -> None:
        chosen = 0 if self.chosen is None else self._logs.index(self.chosen)
        self._names.set_names([clean(log.name) for log in self._logs], chosen)
        self.update_remark()

    def action_turn(self, step: int) -> None:
        """Choose the next log, or (-1) the one before."""
        if self.chosen in self._logs:
            index = self._logs.index(self.chosen) + step
            self.post_message(LogChosen(self._logs[index % len(self._logs)]))

    def action_first_error(self) -> None:
        """Go to the first line with an error."""
        self.view.search_error()

    def apply_result(self, result: LogPage | Search | Matches | Unreadable) -> None:
        """Apply the result of an inspection, if it is about the displayed log."""
        if self.chosen is None or result.path != self.chosen.path:
            return
        if isinstance(result, LogPage):
            self._modified = result.modified
            if self._status.startswith(_UNREADABLE):
                self._status = ""
            self.view.add_page(result)
            if result.is_elsewhere:
                self._status = WRAPPED.get(self.view.wrapped, "").lower().rstrip(".")
        elif isinstance(result, Matches):
            self.view.set_matches(result)
        elif isinstance(result, Unreadable):
            self._status = f"{_UNREADABLE}{clean(result.reason)}"
            self.view.cancel_request()
        elif result.share is None:
            self._status = "" if self.view.continue_search() else "not found"
        else:
            self._status = f"searching, {result.share:.0%}"
        self.update_remark()

    def end_search(self) -> None:
        """Clear the search and what was reported of it."""
        self._status = ""
        self.view.search("")
        self.update_remark()

    def on_moved(self, message: Moved) -> None:
        """Update the position in the log."""
        message.stop()
        self.update_remark()

    def update_remark(self) -> None:
        """Show the size and the age of the log, and which part of it is in view."""
        remark = [text for text in (self._status, self.view.position) if text]
        if not self._logs:
            remark.append("no logs")
        if self._modified is not None:
            size = self.view.size_of_log
            remark.append(format_size(size) if size else "empty")
            remark.append(f"{format_age(self._clock() - self._modified)} old")
            remark.append("following" if self.view.follows else f"{self.view.share[1]:.0%}")
        self._names.set_remark("  ".join(remark))
