"""The whole history of one run."""

from __future__ import annotations

import textwrap
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual import events
from textual.strip import Strip

from statustui.core.history import Entry, History
from statustui.core.line_codes import result_in
from statustui.core.states import categorise, explain_state
from statustui.core.text import clean, content_lines, count, format_span, ignores_case
from statustui.presentation.glyphs import FOUND, STYLES
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.widgets.pager import WRAPPED, Pager

_INDENT = 2
_WIDE = 70
"""Cells from which notes are beside their states; on narrower screens they are below."""
_STATE_WIDTH = 15
"""Cells for the name of a state."""
_MAX_NOTE_LINES = 2027
"""Lines of a note that are shown: as many as 4052 bytes, the limit of the format, can have."""


class HistoryView(Pager):
    """All statuses, each with its time, the time since the one before, its state and its note.

    The newest status is last. Repeated statuses are one entry with a count.

    Args:
        options: How to display them.
        clock: Gives the current time in seconds since 1970.
        name: The identifier of the widget.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time", *STYLES.values()}

    def __init__(
        self, options: DisplayOptions, clock: Callable[[], float], name: str = "history"
    ) -> None:
        super().__init__(options, name=name)
        self._clock = clock
        self._history = History()
        self._has_omission = False
        self._found: int | None = None
        self._matches: list[int] = []
        self._counted_for: object = None

    def set_history(self, history: History) -> None:
        """Show a history; if it continues the one before, redraw only what is new."""
        before, self._history = self._history, history
        had_omission, self._has_omission = self._has_omission, bool(history.omission)
        if _continues(before, history) and had_omission == self._has_omission:
            self.invalidate_item(len(before.entries) - 1 + had_omission)
            self.update_view()
            return
        if not self.follows:
            # Keep the same entries in view when earlier ones have been read.
            added = len(history.entries) - len(before.entries)
            self.shift_items(added + self._has_omission - had_omission)
        self._found = None
        self.redraw()

    def update_ages(self) -> None:
        """Redraw the entries if their ages are displayed."""
        if self.options.times == "ago":
            self.redraw()

    @property
    def summary(self) -> str:
        """The number of statuses, in words."""
        return count(self._history.status_count, "status", "statuses")

    @property
    def states(self) -> Iterator[str]:
        """The state of each entry, the newest first."""
        return (entry.status.state for entry in reversed(self._history.entries))

    def item_count(self) -> int:
        """Return the number of entries, plus one if a line says that some are left out."""
        return len(self._history.entries) + self._has_omission

    def draw_item(self, index: int) -> list[Strip]:
        """Return the rows of an entry, with the day above the first entry of a day."""
        index -= self._has_omission
        if index < 0:
            return [self._line([(self._history.omission, "history--time")])]
        entries = self._history.entries
        entry, before = entries[index], entries[index - 1] if index else None
        day = self.options.format_day(entry.status)
        rows = []
        if day and (before is None or day != self.options.format_day(before.last or before.status)):
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
        start = f"{self.options.format_time(status, self._clock()):<8} {spent:>7}  "
        if entry.is_damaged and entry.line:
            start = f"{f'line {entry.line}':<16}  "
        state = f"{category.glyph} {clean(status.state) or '(damaged line)'}"
        style = STYLES[category]
        lines = content_lines(status.note) or [""]
        if len(lines) > _MAX_NOTE_LINES:
            lines[_MAX_NOTE_LINES:] = [f"({len(lines) - _MAX_NOTE_LINES:,} more lines)"]
        if entry.last is not None:
            lines.append(self._repeats(entry))
        if self.room >= _WIDE:
            indent = cell_len(start) + _STATE_WIDTH + 3
            first, *more = self._wrapped(lines, indent)
            head = [(start, "history--time"), (f"{state:<{_STATE_WIDTH + 2}} ", style), (first, "")]
        else:
            indent = _INDENT
            more = self._wrapped(lines, indent) if lines != [""] else []
            head = [(start, "history--time"), (state, style)]
        return [self._line(head, mark), *(self._line([(" " * indent + text, "")]) for text in more)]

    def _repeats(self, entry: Entry) -> str:
        """Return how often a status was set again, and when last."""
        start, end = entry.status.timestamp, entry.end
        text = f"(set {entry.times:,} times"
        if entry.last is not None and start is not None and end is not None:
            last = self.options.format_time(entry.last, self._clock())
            text += f" in {format_span(end - start)}, the last time {last}"
        return text + ")"

    def _wrapped(self, lines: list[str], indent: int) -> list[str]:
        if not self.options.wraps:
            return lines
        # One cell before each row is for the mark of a match.
        return wrap(lines, max(10, self.room - 1 - indent))

    def _line(self, parts: list[tuple[str, str]], mark: str = " ") -> Strip:
        segments = [Segment(text, self.style_of(name)) for text, name in parts]
        return Strip([Segment(mark), *segments])

    def on_click(self, event: events.Click) -> None:
        """Say what the state of the clicked entry means."""
        item = self.item_at(event.y)
        if item is not None and item >= self._has_omission:
            state = self._history.entries[item - self._has_omission].status.state
            if state:
                text = f"{clean(state)}: {clean(explain_state(state))}"
                self.notify(text, timeout=5, markup=False)

    # Searching.

    @property
    def position(self) -> str:
        """Which of how many statuses with the word is marked; empty without one."""
        if self._found is None:
            return ""
        key = (self.word, self._history)
        if self._counted_for != key:
            is_wanted = _matcher(self.word)
            entries = enumerate(self._history.entries)
            self._matches = [index for index, entry in entries if is_wanted(entry)]
            self._counted_for = key
        number = bisect_left(self._matches, self._found) + 1
        return f"{number:,} of {len(self._matches):,}"

    def search(self, word: str) -> bool:
        """Go to a status that contains a word, upwards first; return whether there is one."""
        if self._found is not None:
            self.invalidate_item(self._found + self._has_omission)
            self._found = None
        self.highlight(word)
        return not word or self._go(-1) or self._go(1)

    def action_match(self, direction: int) -> None:
        """Go to the next status that contains the word, or (-1) the one before, wrapping around."""
        if not self.word or self._go(direction):
            return
        self._found = None
        if self._go(direction):
            self.notify(WRAPPED[direction], timeout=3)
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
        self.scroll_to_item(found + self._has_omission)
        return True


def _matcher(word: str) -> Callable[[Entry], bool]:
    if not ignores_case(word):
        return lambda entry: word in entry.status.note or word in entry.status.state
    return lambda entry: word in entry.status.note.lower() or word in entry.status.state.lower()


def _continues(before: History, history: History) -> bool:
    """Whether a history is the one before with entries appended."""
    return (
        bool(before.entries)
        and len(history.entries) >= len(before.entries)
        and (before.generation, before.is_whole) == (history.generation, history.is_whole)
        and before.left_out == history.left_out
    )


def wrap(lines: list[str], width: int) -> list[str]:
    """Wrap lines of clean text to `width` cells, at spaces where possible."""
    wrapped: list[str] = []
    for line in lines:
        if cell_len(line) <= width:
            wrapped.append(line)
            continue
        # textwrap counts characters, but wide ones take two cells.
        for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]:
            wrapped += chop_cells(part, width) if cell_len(part) > width else [part]
    return wrapped
