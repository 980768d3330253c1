"""The top of a run's screen: what run it is, its state, and why it failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical

from statustui.core.durations import StateDurations
from statustui.core.history import History
from statustui.core.job import describe_job
from statustui.core.run import Run
from statustui.core.states import explain_state
from statustui.core.text import clean, format_age, format_live_age
from statustui.monitor.run.inspection import Inspection, InspectionResult, Logs, Unreadable
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.painted import Painted
from statustui.tui.widgets.past_line import PastLine
from statustui.tui.widgets.reason import Reason, ReasonScroll
from statustui.tui.widgets.timeline import Timeline

_SILENT_AFTER = 2.0
"""Seconds without an answer after which the header says so."""
_MAX_WORD, _MAX_NAME = 40, 160
"""Characters that are shown of a state or a user, and of an id or a name."""
_GAP = "  "


class RunHeader(Painted):
    """Two lines: id, name and path, then the state; more for what is unusual.

    The path has a line of its own where it does not fit.

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
        lines = [self._draw_name(run), self._draw_state(run, now)]
        self._add_path(lines, clean(run.path))
        if run.job is not None and run.job.status is not None:
            lines.append(Text(clean(describe_job(run.job, now))[:_MAX_NAME], "bold"))
        if run.stall is not None:
            silent = format_age(now - run.stall.since)
            basis = clean(run.stall.basis)
            lines.append(Text(f"stalled: no sign of life for {silent}, {basis}", "bold"))
        if run.recovered is not None:
            error = (
                f"{clean(run.recovered.state)[:_MAX_WORD]}: {clean(run.recovered.note)[:_MAX_NAME]}"
            )
            lines.append(Text(f"recovered from {error}", "bold"))
        if run.contradiction is not None:
            lines.append(Text(f"result: {run.contradiction}", "bold"))
        text = Text("\n").join(lines)
        text.overflow = "fold"
        return text

    def _draw_name(self, run: Run) -> Text:
        style = self.get_component_rich_style(STYLES[run.category], partial=True)
        line = Text()
        line.append(f"{run.category.glyph} {run.category.value.upper()}", style + Style(bold=True))
        line.append(f"  {clean(run.id)[:_MAX_NAME]}  {clean(run.name)[:_MAX_NAME]}", "bold")
        if run.user:
            line.append(f"{_GAP}{clean(run.user)[:_MAX_WORD]}")
        if self._trouble is not None:
            line.append(f"{_GAP}{self._trouble}", "bold reverse")
        return line

    def _draw_state(self, run: Run, now: float) -> Text:
        """Return the state, for how long it has lasted, and what it means if there is room."""
        line = Text()
        if run.members is not None:
            line.append(f"{run.members.summary}{_GAP}")
        if not run.status_count and run.members is not None:
            return line
        line.append(f"{clean(run.current.state)[:_MAX_WORD]} for {format_live_age(run.age(now))}")
        if run.result is not None:
            line.append(f"{_GAP}result {run.result}")
        meaning = f"{_GAP}{explain_state(run.current.state)}"
        if line.cell_len + len(meaning) <= self.width:
            line.append(meaning, "dim")
        return line

    def _add_path(self, lines: list[Text], path: str) -> None:
        """Add a path at the right of the first line with enough room, or as a line of its own."""
        added = Text(path, "dim")
        for line in lines:
            room = self.width - line.cell_len - added.cell_len
            if room >= len(_GAP):
                line.append(" " * room).append_text(added)
                return
        lines.append(added)


class Overview(Vertical):
    """A run at a glance: its state, why it failed, its timeline, and the past of its test.

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
        self._past = PastLine(clock)
        self._is_gone = False
        self._silence: str | None = None
        self._trouble: str | None = None

    def compose(self) -> ComposeResult:
        """Lay the parts out from top to bottom."""
        yield self._header
        with ReasonScroll(classes="reason-scroll"):
            yield self._reason
        yield self._timeline
        yield self._past

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

    def set_results(self, results: Sequence[Run]) -> None:
        """Set all results of the test of the run, in chronological order."""
        self._past.set_results(self._run.path, results)

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
        self._past.update()

    def _update_header(self) -> None:
        # If the monitor cannot read it either, the state says so; a series needs no status.
        is_known = self._run.error or (self._run.is_series and not self._run.status_count)
        trouble = None if is_known else self._trouble
        self._header.set_run(self._run, "gone" if self._is_gone else self._silence or trouble)
