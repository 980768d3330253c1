"""The statuses of one run, notes in full."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.strip import Strip

from statustui.core.history import Entry, History
from statustui.core.line_codes import result_in
from statustui.core.states import categorise
from statustui.core.text import clean, clean_lines, format_span, ignores_case
from statustui.presentation.glyphs import FOUND, STYLES
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.widgets.pager import GONE_ROUND, Pager

_INDENT = 2
_WIDE = 70
"""Cells from which on a note stands beside its state and not below it."""
_STATE = 15
"""Cells for the names of states."""
_MOST_LINES = 2027
"""Lines of a note that are shown: as many as one that keeps to the format can have."""


class HistoryView(Pager):
    """Every status with its time, the time since the one before, its state and its whole note.

    The newest status is last. Statuses that repeat each other are one, with a count.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time", *STYLES.values()}

    def __init__(
        self, manner: DisplayOptions, clock: Callable[[], float], name: str = "history"
    ) -> None:
        """Start without statuses; what was set how long ago is counted from what `clock` says."""
        super().__init__(manner, name=name)
        self._clock = clock
        self._history = History()
        self._has_remark = False
        self._found: int | None = None

    def show(self, history: History) -> None:
        """Show what is known of the history now."""
        before, self._history = self._history, history
        had_remark, self._has_remark = self._has_remark, bool(history.omission)
        if _goes_on(before, history) and had_remark == self._has_remark:
            self.forget(len(before.entries) - 1 + had_remark)
            self.update_view()
            return
        if not self.follows:
            # What was in view stays there when what is before it has been read.
            added = len(history.entries) - len(before.entries)
            self.shift_top(added + self._has_remark - had_remark)
        self._found = None
        self.redraw()

    def tick(self) -> None:
        """Show how long ago it was by now."""
        if self.manner.times == "ago":
            self.redraw()

    @property
    def about(self) -> str:
        """How many statuses there are, in words."""
        count = self._history.status_count
        return f"{count:,} status{'' if count == 1 else 'es'}"

    def count(self) -> int:
        """How many items there are: entries, and a remark in front of them."""
        return len(self._history.entries) + self._has_remark

    def draw(self, index: int) -> list[Strip]:
        """The rows of an entry, with the day above the first one of a day."""
        index -= self._has_remark
        if index < 0:
            return [self._line([(self._history.omission, "history--time")])]
        entries = self._history.entries
        entry, before = entries[index], entries[index - 1] if index else None
        day = self.manner.day(entry.status)
        rows = []
        if day and (before is None or day != self.manner.day(before.last or before.status)):
            rows.append(self._line([(day, "history--time")]))
        span = None
        if before is not None:
            start, end = before.end, entry.status.timestamp
            span = None if start is None or end is None else end - start
        rows += self._entry(entry, span, FOUND if index == self._found else " ")
        return rows

    def _entry(self, entry: Entry, span: float | None, mark: str) -> list[Strip]:
        status = entry.status
        category = categorise(status.state, result_in(status.note))
        spent = "" if span is None else f"+{format_span(span)}"
        start = f"{self.manner.time(status, self._clock()):<8} {spent:>7}  "
        if entry.is_damaged and entry.line:
            start = f"{f'line {entry.line}':<16}  "
        state = f"{category.glyph} {clean(status.state) or '(damaged line)'}"
        style = STYLES[category]
        lines = clean_lines(status.note)
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES:] = [f"({len(lines) - _MOST_LINES:,} more lines)"]
        if entry.last is not None:
            lines.append(self._repeats(entry))
        if self.room >= _WIDE:
            indent = cell_len(start) + _STATE + 3
            first, *more = self._wrapped(lines, indent)
            head = [(start, "history--time"), (f"{state:<{_STATE + 2}} ", style), (first, "")]
        else:
            indent = _INDENT
            more = [line for line in self._wrapped(lines, indent) if line]
            head = [(start, "history--time"), (state, style)]
        return [self._line(head, mark), *(self._line([(" " * indent + text, "")]) for text in more)]

    def _repeats(self, entry: Entry) -> str:
        """How often a status was set again, and up to when."""
        start, end = entry.status.timestamp, entry.end
        said = f"(set {entry.times:,} times"
        if entry.last is not None and start is not None and end is not None:
            last = self.manner.time(entry.last, self._clock())
            said += f" in {format_span(end - start)}, the last time {last}"
        return said + ")"

    def _wrapped(self, lines: list[str], indent: int) -> list[str]:
        if not self.manner.wraps:
            return lines
        # In front of each row there is a cell for a mark.
        return wrap(lines, max(10, self.room - 1 - indent))

    def _line(self, parts: list[tuple[str, str]], mark: str = " ") -> Strip:
        segments = [Segment(text, self.style_of(name)) for text, name in parts]
        return Strip([Segment(mark), *segments])

    # Searching.

    def seek(self, word: str) -> bool:
        """Search for a word as it is typed; whether it is there."""
        if self._found is not None:
            self.forget(self._found + self._has_remark)
            self._found = None
        self.search(word)
        return not word or self._go(-1) or self._go(1)

    def action_match(self, direction: int) -> None:
        """Go to the next status in that direction with what is searched for, around the end."""
        if not self.word or self._go(direction):
            return
        self._found = None
        if self._go(direction):
            self.notify(GONE_ROUND[direction], timeout=3)
        else:
            self.notify(f"Not found: {clean(self.word)}", timeout=3, markup=False)

    def _go(self, direction: int) -> bool:
        entries, is_wanted = self._history.entries, _matcher(self.word)
        start = self._found
        if start is None:
            start = len(entries) if direction < 0 else -1
        indices = range(start - 1, -1, -1) if direction < 0 else range(start + 1, len(entries))
        found = next((index for index in indices if is_wanted(entries[index])), None)
        if found is None:
            return False
        self._found = found
        self.redraw()
        self.show_item(found + self._has_remark)
        return True


def _matcher(word: str) -> Callable[[Entry], bool]:
    if not ignores_case(word):
        return lambda entry: word in entry.status.note or word in entry.status.state
    return lambda entry: word in entry.status.note.lower() or word in entry.status.state.lower()


def _goes_on(before: History, history: History) -> bool:
    """Whether a history is another one with more behind."""
    return (
        bool(before.entries)
        and len(history.entries) >= len(before.entries)
        and (before.generation, before.is_whole) == (history.generation, history.is_whole)
        and before.left_out == history.left_out
    )


def wrap(lines: list[str], width: int) -> list[str]:
    """Lines of clean text, each wrapped to `width` cells at its spaces where possible."""
    wrapped: list[str] = []
    for line in lines:
        if cell_len(line) <= width:
            wrapped.append(line)
            continue
        # textwrap counts characters; wide ones take two cells.
        for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]:
            wrapped += chop_cells(part, width) if cell_len(part) > width else [part]
    return wrapped
