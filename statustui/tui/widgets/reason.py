"""Why a run failed, or what an active one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from statustui.core.logs import Log, LogTail
from statustui.core.run import Run
from statustui.core.text import clean, content_lines, format_live_age, has_content
from statustui.monitor.run.inspection import Logs
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.painted import Painted
from statustui.tui.widgets.rule import rule

_MIN_LOG_LINES, _MAX_LOG_LINES = 3, 15
"""Lines of a log that are shown with a failure, depending on the height of the screen."""
_ACTIVE_LOG_LINES = 2
"""Lines of the log that are shown of an active run without a problem."""
_MAX_WORD, _MAX_LINE = 40, 160
"""Characters that are shown of a state or a title, and of why a log cannot be read."""
_MAX_NOTE = 4096
"""Characters that are shown of a note: as many as a line of a status file may have."""


class Reason(Painted):
    """Why a run failed: the status that explains it, and the end of the log that belongs to it.

    For an active run, the end of its log is shown. Logs that cannot be read are named.

    Args:
        run: The run.
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        super().__init__("reason")
        self._drawn_for: object = None
        self._drawn = Text()
        self._run = run
        self._clock = clock
        self._log_tail: LogTail | None = None
        self._unread: tuple[tuple[Log, str], ...] = ()

    def set_run(self, run: Run) -> None:
        """Show the reason of a run."""
        if run.path != self._run.path:
            self._log_tail, self._unread = None, ()
        self._run = run
        self._show_or_hide()

    def set_logs(self, logs: Logs) -> None:
        """Set the log whose end is shown, and the logs that cannot be read."""
        self._log_tail, self._unread = logs.trace, logs.unread
        self._show_or_hide()

    def _show_or_hide(self) -> None:
        """Show the widget if there is anything to say, and update it."""
        run = self._run
        has_log = self._log_tail is not None or bool(self._unread)
        has_something = run.problem is not None or (has_log and not run.is_finished)
        if has_something != self.display:
            self.display = has_something
        self.update()

    def draw(self) -> Text:
        """Draw the whole note, then the lines of the log."""
        run = self._run
        age = ""
        if self._log_tail is not None:
            age = format_live_age(self._clock() - self._log_tail.modified)
        key = (run, self._log_tail, self._unread, age, self.width)
        if key != self._drawn_for:
            self._drawn_for, self._drawn = key, self._compose_text(run, age)
        return self._drawn

    def _compose_text(self, run: Run, age: str) -> Text:
        parts = [*self._why(run)]
        parts += [
            rule(
                Text(f"{clean(log.title)[:_MAX_WORD]}: {clean(why)[:_MAX_LINE]}", "bold"),
                self.width,
            )
            for log, why in self._unread
        ]
        if self._log_tail is not None:
            title = Text(f"{clean(self._log_tail.log.title)}, {age} old", "bold")
            parts.append(rule(title, self.width))
            count = _ACTIVE_LOG_LINES
            if run.problem is not None:
                count = max(_MIN_LOG_LINES, min(_MAX_LOG_LINES, self.screen.size.height // 6))
            lines = [line for line in self._log_tail.lines if has_content(line)]
            width = 2 * max(1, self.width)
            parts += [Text(f"  {line}"[:width]) for line in lines[-count:]]
        text = Text("\n", overflow="fold").join(parts)
        text.overflow = "fold"
        return text

    def _why(self, run: Run) -> list[Text]:
        """Return the lines of the status that explains the problem."""
        if run.problem is None:
            return []
        style = self.get_component_rich_style(STYLES[run.category], partial=True)
        state = clean(run.problem.state)[:_MAX_WORD]
        title = Text.assemble(("why: ", "bold"), (state, style + Style(bold=True)))
        note = content_lines(run.problem.note[:_MAX_NOTE])
        title.append(f" {note[0]}" if note else "")
        return [rule(title, self.width), *(Text(f"  {line}") for line in note[1:])]


class ReasonScroll(VerticalScroll):
    """Scrolls a long reason."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, system=True),
        Binding("k", "scroll_up", "Up", show=False, system=True),
    ]
