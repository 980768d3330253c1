"""Which run it is, where it stands and, if something is wrong with it, why."""

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
from statustui.core.logs import Log, LogTail
from statustui.core.run import Run
from statustui.core.text import clean, clean_lines, format_age, format_live_age, format_span
from statustui.monitor.run.inspection import Inspection, InspectionResult, Logs, Unreadable
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.painted import Painted
from statustui.tui.widgets.timeline import Timeline

_SILENCE = 2.0
"""Seconds after which a filesystem counts as not answering."""
_FEWEST, _MOST = 3, 15
"""Lines of a log that are shown beside a failure."""
_SHORT, _LONG = 40, 160
"""Characters that are shown of a state and a user, and of an id and a name."""
_NOTE = 4096
"""Characters that are shown of a note: what a line of a status file may have."""
_LIVELY = 2
"""Lines of a log that are shown of a run that is well."""


class RunHeader(Painted):
    """Two lines: which run it is, and where it stands."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        """Speak of `run`."""
        super().__init__("run-header")
        self._run = run
        self._clock = clock
        self._trouble: str | None = None

    def show(self, run: Run, trouble: str | None) -> None:
        """Speak of another picture of the run; `trouble` says what keeps it from being of now."""
        self._run, self._trouble = run, trouble
        self.update()

    def draw(self) -> Text:
        """Both lines, and one more for each thing that is out of the ordinary."""
        run, now = self._run, self._clock()
        style = self.get_component_rich_style(STYLES[run.category], partial=True)
        span = (
            None if run.updated_at is None or run.started is None else run.updated_at - run.started
        )
        text = Text(overflow="fold")
        text.append(f"{run.category.glyph} {run.category.value.upper()}", style + Style(bold=True))
        text.append(f"  {clean(run.id)[:_LONG]}  {clean(run.name)[:_LONG]}", "bold")
        if run.user:
            text.append(f"  {clean(run.user)[:_SHORT]}")
        if self._trouble is not None:
            text.append(f"  {self._trouble}", "bold reverse")
        count = f"{run.status_count:,} status{'' if run.status_count == 1 else 'es'}"
        if run.members is None:
            text.append(
                f"\n{clean(run.current.state)[:_SHORT]} for {format_live_age(run.age(now))}"
            )
            text.append(f"  result {run.result or '-'}  {count} in {format_span(span)}")
        else:
            text.append(f"\n{run.members.summary}")
            if run.status_count:
                text.append(f"  {clean(run.current.state)[:_SHORT]}")
                text.append(f" for {format_live_age(run.age(now))}  {count} in {format_span(span)}")
        if run.stall is not None:
            silent = format_age(now - run.stall.since)
            basis = clean(run.stall.basis)
            text.append(f"\nstalled: no sign of life for {silent}, {basis}", "bold")
        if run.recovered is not None:
            error = f"{clean(run.recovered.state)[:_SHORT]}: {clean(run.recovered.note)[:_LONG]}"
            text.append(f"\nrecovered from {error}", "bold")
        if run.contradiction is not None:
            text.append(f"\nresult: {run.contradiction}", "bold")
        return text


class Reason(Painted):
    """Why a run failed: the status that explains it, and the end of the log that belongs to it.

    Of a run that is under way it is the end of its log. Logs that cannot be looked at are named.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time", *STYLES.values()}

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        """Speak of `run`."""
        super().__init__("reason")
        self._drawn_for: object = None
        self._drawn = Text()
        self._run = run
        self._clock = clock
        self._trace: LogTail | None = None
        self._unread: tuple[tuple[Log, str], ...] = ()

    def show(self, run: Run) -> None:
        """Show another picture of the run."""
        if run.path != self._run.path:
            self._trace, self._unread = None, ()
        self._run = run
        self._arrange()

    def show_trace(self, logs: Logs) -> None:
        """Show the end of another log, or of none, and which ones cannot be looked at."""
        self._trace, self._unread = logs.trace, logs.unread
        self._arrange()

    def _arrange(self) -> None:
        """Show what there is, or take no room."""
        run = self._run
        has_log = self._trace is not None or bool(self._unread)
        has_something = run.problem is not None or (has_log and not run.is_finished)
        if has_something != self.display:
            self.display = has_something
        self.update()

    def draw(self) -> Text:
        """The note in full, then the lines of the log."""
        run = self._run
        age = ""
        if self._trace is not None:
            age = format_live_age(self._clock() - self._trace.modified)
        key = (run, self._trace, self._unread, age, self.size.width)
        if key != self._drawn_for:
            self._drawn_for, self._drawn = key, self._compose_text(run, age)
        return self._drawn

    def _compose_text(self, run: Run, age: str) -> Text:
        text = Text(overflow="fold")
        count = _LIVELY
        if run.problem is not None:
            count = max(_FEWEST, min(_MOST, self.screen.size.height // 6))
            style = self.get_component_rich_style(STYLES[run.category], partial=True)
            text.append(f"why: {clean(run.problem.state)[:_SHORT]} ", style + Style(bold=True))
            text.append("\n".join(clean_lines(run.problem.note[:_NOTE])), style)
        for log, why in self._unread:
            text.append("\n" if text else "")
            text.append(f"{clean(log.title)[:_SHORT]}: {clean(why)[:_LONG]}", "bold")
        if self._trace is not None:
            if text:
                text.append("\n")
            head = f"{clean(self._trace.log.title)}, {age} old:"
            text.append(head, self.get_component_rich_style("history--time", partial=True))
            width = max(1, self.size.width)
            for line in self._trace.lines[-count:]:
                text.append(f"\n  {line}"[: 2 * width])
        return text


class Overview(Vertical):
    """What there is to know of a run at a glance: where it stands, why it failed, its timeline."""

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        """Speak of `run`."""
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
        """Show nothing that there is nothing to say of."""
        self.show(self._run)

    def show(self, run: Run, *, is_gone: bool = False) -> None:
        """Show another picture of the run."""
        if run.path != self._run.path:
            self._trouble = self._silence = None
        self._run = run
        self._is_gone = is_gone
        self._show_header()
        self._timeline.show(run)
        self._reason.show(run)

    def take(self, finding: InspectionResult) -> None:
        """Show what has been found out about the run."""
        if isinstance(finding, History):
            self._trouble = None
            self._show_header()
            self._timeline.show(self._run, finding.timeline)
        elif isinstance(finding, StateDurations):
            self._timeline.show(self._run, durations=finding)
        elif isinstance(finding, Logs):
            self._reason.show_trace(finding)
        elif isinstance(finding, Unreadable) and finding.path == self._run.status_path:
            self._trouble = f"history cannot be read: {clean(finding.reason)}"
            self._show_header()

    def tick(self, inspection: Inspection | None) -> None:
        """Let ages go on, and say if the filesystem does not answer."""
        silent = 0.0 if inspection is None else inspection.silent
        self._silence = f"not answering for {format_age(silent)}" if silent > _SILENCE else None
        self._show_header()
        self._timeline.update()
        self._reason.update()

    def _show_header(self) -> None:
        # What the monitor cannot read either is told as the status of the run; a series needs none.
        is_told = self._run.error or (self._run.is_series and not self._run.status_count)
        trouble = None if is_told else self._trouble
        self._header.show(self._run, "gone" if self._is_gone else self._silence or trouble)


class ReasonScroll(VerticalScroll):
    """Lets a long reason be scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, system=True),
        Binding("k", "scroll_up", "Up", show=False, system=True),
    ]
