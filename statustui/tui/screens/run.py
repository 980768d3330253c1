"""The second screen: everything about one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from statustui.core.run import Run
from statustui.core.text import clean, clean_lines, format_age, format_span
from statustui.monitor.source import History
from statustui.tui.look import GLYPHS, STYLES
from statustui.tui.messages import HistoryRead
from statustui.tui.widgets.history_view import HistoryView

ReadHistory = Callable[[str, Callable[[History], object]], None]


class RunHeader(Widget):
    """Which run it is, where it stands and, if something is wrong with it, why."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        """Speak of `run`."""
        super().__init__(id="run-header")
        self._run = run
        self._clock = clock
        self.trouble: str | None = None
        """What keeps the picture from being of now: the run is gone, or cannot be read."""

    def show(self, run: Run, trouble: str | None) -> None:
        """Speak of another picture of the run."""
        self._run, self.trouble = run, trouble
        self.refresh(layout=True)

    def render(self) -> Text:
        """Draw two lines, and the explanation of a problem below them."""
        run = self._run
        style = self.get_component_rich_style(STYLES[run.category], partial=True)
        span = None if run.updated is None or run.started is None else run.updated - run.started
        text = Text(overflow="fold")
        text.append(
            f"{GLYPHS[run.category]} {run.category.value.upper()}", style + Style(bold=True)
        )
        text.append(f"  {clean(run.id)}  {clean(run.name)}", "bold")
        if self.trouble is not None:
            text.append(f"  {self.trouble}", "bold reverse")
        text.append(f"\n{clean(run.current.state)} for {format_age(run.age(self._clock()))}")
        text.append(f"  result {run.result or '-'}  {run.updates} statuses in {format_span(span)}")
        if run.stall is not None:
            silent = format_age(self._clock() - run.stall.since)
            text.append(
                f"\nstalled: no sign of life for {silent}, {clean(run.stall.basis)}", "bold"
            )
        if run.problem is not None:
            text.append(f"\nwhy: {clean(run.problem.state)} ", style + Style(bold=True))
            text.append("\n".join(clean_lines(run.problem.note)), style)
        return text


class RunScreen(Screen[None]):
    """The history of one run; it stays live."""

    BINDING_GROUP_TITLE = "Run"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h,q", "app.pop_screen", "Back", id="run.back"),
    ]

    def __init__(self, run: Run, read_history: ReadHistory, clock: Callable[[], float]) -> None:
        """Show `run`, whose statuses `read_history` gives."""
        super().__init__()
        self._run = run
        self._read_history = read_history
        self._header = RunHeader(run, clock)
        self._history = HistoryView()

    def compose(self) -> ComposeResult:
        """Lay the widgets out from top to bottom."""
        yield self._header
        yield self._history
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Read the history, and let the age tick."""
        self._history.focus()
        self._read(self._run.path)
        self.set_interval(1.0, self._header.refresh)

    def take(self, run: Run | None) -> None:
        """Show what the store knows of the run now; None if it is gone."""
        if run is None:
            self._header.show(self._run, "gone")
        elif run is not self._run or self._header.trouble is not None:
            self._run = run
            self._header.show(run, None)
            self._read(run.path)

    @property
    def path(self) -> str:
        """The path of the run on show."""
        return self._run.path

    def _read(self, path: str) -> None:
        self._read_history(path, lambda history: self.post_message(HistoryRead(history)))

    @on(HistoryRead)
    def _show_history(self, message: HistoryRead) -> None:
        if not isinstance(message.history, OSError):
            self._history.show(message.history)
        elif self._run.error is None:
            reason = message.history.strerror or str(message.history)
            self._header.show(self._run, f"history cannot be read: {reason}")
