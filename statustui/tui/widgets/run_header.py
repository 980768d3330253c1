"""The top of a run's screen: what run it is, its state, and why it failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from statustui.core.durations import StateDurations
from statustui.core.history import History
from statustui.core.job import describe_job
from statustui.core.logs import Log, LogTail
from statustui.core.run import Run
from statustui.core.text import clean, clean_lines, format_age, format_live_age, format_span
from statustui.monitor.run.inspection import Inspection, InspectionResult, Logs, Unreadable
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.painted import Painted
from statustui.tui.widgets.timeline import Timeline

_SILENT_AFTER = 2.0
"""Seconds without an answer after which the header says so."""
_MIN_LOG_LINES, _MAX_LOG_LINES = 3, 15
"""Lines of a log that are shown with a failure, depending on the height of the screen."""
_MAX_WORD, _MAX_NAME = 40, 160
"""Characters that are shown of a state or a user, and of an id or a name."""
_MAX_NOTE = 4096
"""Characters that are shown of a note: as many as a line of a status file may have."""
_ACTIVE_LOG_LINES = 2
"""Lines of the log that are shown of an active run without a problem."""


class RunHeader(Painted):
    """Two lines: id and name, then the state; more for what is unusual.

    Args:
        run: The run.
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        super().__init__("run-header")
        self._run = run
        self._clock = clock
        self._trouble: str | None = None

    def set_run(self, run: Run, trouble: str | None) -> None:
        """Show a run; `trouble` says why what is known of it is not current."""
        self._run, self._trouble = run, trouble
        self.update()

    def draw(self) -> Text:
        """Draw the lines."""
        run, now = self._run, self._clock()
        style = self.get_component_rich_style(STYLES[run.category], partial=True)
        span = (
            None if run.updated_at is None or run.started is None else run.updated_at - run.started
        )
        text = Text(overflow="fold")
        text.append(f"{run.category.glyph} {run.category.value.upper()}", style + Style(bold=True))
        text.append(f"  {clean(run.id)[:_MAX_NAME]}  {clean(run.name)[:_MAX_NAME]}", "bold")
        if run.user:
            text.append(f"  {clean(run.user)[:_MAX_WORD]}")
        if self._trouble is not None:
            text.append(f"  {self._trouble}", "bold reverse")
        count = f"{run.status_count:,} status{'' if run.status_count == 1 else 'es'}"
        if run.members is None:
            text.append(
                f"\n{clean(run.current.state)[:_MAX_WORD]} for {format_live_age(run.age(now))}"
            )
            text.append(f"  result {run.result or '-'}  {count} in {format_span(span)}")
        else:
            text.append(f"\n{run.members.summary}")
            if run.status_count:
                text.append(f"  {clean(run.current.state)[:_MAX_WORD]}")
                text.append(f" for {format_live_age(run.age(now))}  {count} in {format_span(span)}")
        if run.job is not None and run.job.status is not None:
            text.append(f"\n{clean(describe_job(run.job, now))[:_MAX_NAME]}", "bold")
        if run.stall is not None:
            silent = format_age(now - run.stall.since)
            basis = clean(run.stall.basis)
            text.append(f"\nstalled: no sign of life for {silent}, {basis}", "bold")
        if run.recovered is not None:
            error = (
                f"{clean(run.recovered.state)[:_MAX_WORD]}: {clean(run.recovered.note)[:_MAX_NAME]}"
            )
            text.append(f"\nrecovered from {error}", "bold")
        if run.contradiction is not None:
            text.append(f"\nresult: {run.contradiction}", "bold")
        return text


class Reason(Painted):
    """Why a run failed: the status that explains it, and the end of the log that belongs to it.

    For an active run, the end of its log is shown. Logs that cannot be read are named.

    Args:
        run: The run.
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time", *STYLES.values()}

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
        key = (run, self._log_tail, self._unread, age, self.size.width)
        if key != self._drawn_for:
            self._drawn_for, self._drawn = key, self._compose_text(run, age)
        return self._drawn

    def _compose_text(self, run: Run, age: str) -> Text:
        text = Text(overflow="fold")
        count = _ACTIVE_LOG_LINES
        if run.problem is not None:
            count = max(_MIN_LOG_LINES, min(_MAX_LOG_LINES, self.screen.size.height // 6))
            style = self.get_component_rich_style(STYLES[run.category], partial=True)
            text.append(f"why: {clean(run.problem.state)[:_MAX_WORD]} ", style + Style(bold=True))
            text.append("\n".join(clean_lines(run.problem.note[:_MAX_NOTE])), style)
        for log, why in self._unread:
            text.append("\n" if text else "")
            text.append(f"{clean(log.title)[:_MAX_WORD]}: {clean(why)[:_MAX_NAME]}", "bold")
        if self._log_tail is not None:
            if text:
                text.append("\n")
            head = f"{clean(self._log_tail.log.title)}, {age} old:"
            text.append(head, self.get_component_rich_style("history--time", partial=True))
            width = max(1, self.size.width)
            for line in self._log_tail.lines[-count:]:
                text.append(f"\n  {line}"[: 2 * width])
        return text


class Overview(Vertical):
    """A run at a glance: its state, why it failed, and its timeline.

    Args:
        run: The run.
        clock: Gives the current time in seconds since 1970.
    """

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        super().__init__(classes="overview")
        self._run = run
        self._header = RunHeader(run, clock)
        self._timeline = Timeline(run, clock)
        self._reason = Reason(run, clock)
        self._is_gone = False
        self._silence: str | None = None
        self._trouble: str | None = None

    def compose(self) -> ComposeResult:
        """Lay the parts out from top to bottom."""
        yield self._header
        with ReasonScroll(classes="reason-scroll"):
            yield self._reason
        yield self._timeline

    def on_mount(self) -> None:
        """Hide the parts that have nothing to say."""
        self.set_run(self._run)

    def set_run(self, run: Run, *, is_gone: bool = False) -> None:
        """Show a run, or what is now known of the same run."""
        if run.path != self._run.path:
            self._trouble = self._silence = None
        self._run = run
        self._is_gone = is_gone
        self._update_header()
        self._timeline.set_run(run)
        self._reason.set_run(run)

    def apply_result(self, result: InspectionResult) -> None:
        """Apply the result of an inspection of the run."""
        if isinstance(result, History):
            self._trouble = None
            self._update_header()
            self._timeline.set_run(self._run, result.timeline)
        elif isinstance(result, StateDurations):
            self._timeline.set_run(self._run, durations=result)
        elif isinstance(result, Logs):
            self._reason.set_logs(result)
        elif isinstance(result, Unreadable) and result.path == self._run.status_path:
            self._trouble = f"history cannot be read: {clean(result.reason)}"
            self._update_header()

    def update_ages(self, inspection: Inspection | None) -> None:
        """Update ages, and say if the filesystem does not answer the inspection."""
        silent = 0.0 if inspection is None else inspection.silent
        self._silence = (
            f"not answering for {format_age(silent)}" if silent > _SILENT_AFTER else None
        )
        self._update_header()
        self._timeline.update()
        self._reason.update()

    def _update_header(self) -> None:
        # If the monitor cannot read it either, the state says so; a series needs no status.
        is_known = self._run.error or (self._run.is_series and not self._run.status_count)
        trouble = None if is_known else self._trouble
        self._header.set_run(self._run, "gone" if self._is_gone else self._silence or trouble)


class ReasonScroll(VerticalScroll):
    """Scrolls a long reason."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, system=True),
        Binding("k", "scroll_up", "Up", show=False, system=True),
    ]
