"""The statuses of one run, notes in full."""

from __future__ import annotations

import textwrap
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from statustui.core.run import result_in
from statustui.core.states import categorise
from statustui.core.status_file import StatusInfo
from statustui.core.text import clean, clean_lines, format_span
from statustui.tui.look import GLYPHS, STYLES

_INDENT = 2
_WIDE = 70
"""Cells from which on a note stands beside its state and not below it."""


class HistoryView(ScrollView, can_focus=True):
    """Every status with its time, the time since the one before, its state and its whole note.

    The newest status is last and in view, until somebody scrolls up.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time", *STYLES.values()}
    BINDING_GROUP_TITLE = "History"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "Down", show=False, id="history.down"),
        Binding("k,up", "scroll_up", "Up", show=False, id="history.up"),
        Binding("g,home", "scroll_home", "First", show=False, id="history.first"),
        Binding("G,end", "scroll_end", "Last", show=False, id="history.last"),
        Binding("pagedown", "page_down", "Page down", show=False, id="history.page-down"),
        Binding("pageup", "page_up", "Page up", show=False, id="history.page-up"),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False, id="history.half-down"),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False, id="history.half-up"),
    ]

    def __init__(self) -> None:
        """Start without statuses."""
        super().__init__(id="history")
        self._history: tuple[StatusInfo, ...] = ()
        self._lines: list[Strip] = []

    def show(self, history: tuple[StatusInfo, ...]) -> None:
        """Show these statuses, oldest first."""
        if history != self._history:
            self._history = history
            self._lay_out()

    def on_resize(self) -> None:
        """Wrap the notes to the new width."""
        self._lay_out()

    def notify_style_update(self) -> None:
        """Draw everything in the new colours."""
        super().notify_style_update()
        if self.is_mounted:
            self._lay_out()

    def _lay_out(self) -> None:
        at_end = self.scroll_offset.y >= self.max_scroll_y
        width = max(20, self.scrollable_content_region.width)
        self._lines = []
        before: float | None = None
        day = ""
        for status in self._history:
            time = status.timestamp
            span = None if before is None or time is None else time - before
            before = before if time is None else time
            date = "" if status.when is None else f"{status.when:%Y-%m-%d}"
            if date and date != day:
                day = date
                self._lines.append(self._line([(date, "history--time")]))
            self._lines += self._entry(status, span, width)
        self.virtual_size = Size(width, len(self._lines))
        if at_end:
            self.scroll_end(animate=False, immediate=True)
        self.refresh()

    def _entry(self, status: StatusInfo, span: float | None, width: int) -> list[Strip]:
        category = categorise(status.state, result_in(status.note))
        when = "-" if status.when is None else f"{status.when:%H:%M:%S}"
        spent = "" if span is None else f"+{format_span(span)}"
        state = f"{GLYPHS[category]} {clean(status.state) or '(damaged line)'}"
        start = f"{when:<8} {spent:>7}  "
        style = STYLES[category]
        if width >= _WIDE:
            indent = cell_len(start) + 18
            first, *more = _wrap(status.note, width - indent)
            head = self._line([(start, "history--time"), (f"{state:<17} ", style), (first, "")])
        else:
            indent = _INDENT
            more = _wrap(status.note, width - indent)
            head = self._line([(start, "history--time"), (state, style)])
        return [head, *(self._line([(" " * indent + text, "")]) for text in more)]

    def _line(self, parts: list[tuple[str, str]]) -> Strip:
        base = self.rich_style
        return Strip([Segment(text, base + self._style(name)) for text, name in parts])

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True) if name else Style.null()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        index = self.scroll_offset.y + y
        width = self.size.width
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        return self._lines[index].adjust_cell_length(width, self.rich_style)

    def action_half_page(self, direction: int) -> None:
        """Scroll by half a page."""
        self.scroll_relative(y=direction * self.size.height // 2, animate=False)


def _wrap(note: str, width: int) -> list[str]:
    """The lines of a note, each wrapped to `width` cells and made safe."""
    lines: list[str] = []
    for line in clean_lines(note):
        wrapped = textwrap.wrap(line, width, break_on_hyphens=False) or [""]
        # textwrap counts characters; wide ones take two cells.
        lines += [
            piece
            for part in wrapped
            for piece in (chop_cells(part, width) if cell_len(part) > width else [part])
        ]
    return lines
