"""A log of any size: the part of it that is in view, and some more on both sides."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from statustui.monitor.run.log_text import (
    ERRORS,
    LogLine,
    LogPage,
    LogText,
    SearchPattern,
    Turn,
    search_pattern,
)
from statustui.presentation.glyphs import FOUND
from statustui.tui.messages import PageWanted, SearchWanted
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.widgets.pager import Pager

_MARGIN = 200
"""Lines beyond the edge of the screen from which on more is asked for."""
_MOST = 20_000
"""Lines that are kept at the most."""


class LogView(Pager):
    """The lines of a log; what is not there yet is asked for."""

    def __init__(self, manner: DisplayOptions) -> None:
        """Start without a log."""
        super().__init__(manner, name="log")
        self._lines: list[LogLine] = []
        self._start = self._end = self._inode = 0
        self._is_waiting = False
        self._looks_for_errors = False
        self._found: int | None = None
        self._origin = 0
        self._goes_up = self._has_turned = False
        self._matching = 0
        self.gone_round = 0
        """The direction in which the last search for a match has gone around the end, or 0."""
        self.size_of_log = 0
        """Bytes that the log has."""

    def clear(self) -> None:
        """Show nothing, until the last page of another log comes."""
        self._lines = []
        self._start = self._end = self._inode = self.size_of_log = 0
        self._is_waiting, self._found, self.follows = False, None, True
        self._goes_up = self._has_turned = self._looks_for_errors = False
        self._matching = self.gone_round = 0
        self.search("")
        self.redraw()

    @property
    def ends_here(self) -> bool:
        """Whether the end of the log is at hand."""
        return self._end >= self.size_of_log

    def wait_no_more(self) -> None:
        """What was asked for does not come."""
        self._is_waiting = False

    def take(self, page: LogPage) -> None:
        """Take in a page that was asked for, or what the log has grown by."""
        self._is_waiting = False
        is_another = page.inode != self._inode or page.size < self.size_of_log
        self._inode, self.size_of_log = page.inode, page.size
        if page.is_elsewhere:
            self._begin(page)
            self._point_at(page.target)
            self.follows = False
            self.place_at(0 if page.target is None else self._index(page.target))
        elif is_another or not self._lines:
            self._begin(page)
            self.follows = True
        elif self._start <= page.start <= self._end <= page.end:
            self._append(page)
        elif page.end == self._start:
            self._prepend(page)
        elif self.follows and page.end == page.size:
            self._begin(page)
        self.update_view()
        self.moved()

    def _begin(self, page: LogPage) -> None:
        self._lines = list(page.lines)
        self._start, self._end = page.start, page.end
        self._rows.clear()

    def _append(self, page: LogPage) -> None:
        # The last line may have been a part of one that goes on.
        while self._lines and self._lines[-1].start >= page.start:
            self._lines.pop()
            self.forget(len(self._lines))
        self._lines += page.lines
        self._end = page.end
        surplus = len(self._lines) - _MOST
        if surplus > 0:
            del self._lines[:surplus]
            self._start = self._lines[0].start
            self._rows.clear()
            self.shift_top(-surplus)

    def _prepend(self, page: LogPage) -> None:
        self._lines[:0] = page.lines
        self._start = page.start
        self._rows.clear()
        self.shift_top(len(page.lines))
        if len(self._lines) > _MOST:
            self._end = self._lines[_MOST].start
            del self._lines[_MOST:]

    def _point_at(self, offset: int | None) -> None:
        """Let the line at an offset stand out, and no other any more."""
        for old in {self._found, offset} - {None}:
            self.forget(self._index(old or 0))
        self._found = offset

    def _index(self, offset: int) -> int:
        """The line at an offset."""
        for index, line in enumerate(self._lines):
            if line.start >= offset:
                return index
        return max(0, len(self._lines) - 1)

    def count(self) -> int:
        """How many lines there are at hand."""
        return len(self._lines)

    def draw(self, index: int) -> list[Strip]:
        """The rows of a line."""
        start, text = self._lines[index]
        rows = chop(text, max(2, self.room - 1)) if self.manner.wraps else [text]
        if start != self._found:
            return [Strip([Segment(f" {row}")]) for row in rows]
        return [Strip([Segment(f"{FOUND}{row}", Style(bold=True))]) for row in rows]

    @property
    def share(self) -> tuple[float, float]:
        """Which part of the log is in view, from 0 to 1."""
        if not self._lines:
            return 0.0, 1.0
        size = max(1, self.size_of_log)
        return self._offset(self.top.item) / size, self._offset(self._bottom.item) / size

    def _offset(self, index: int) -> int:
        return self._lines[index].start if index < len(self._lines) else self._end

    def moved(self) -> None:
        """Ask for more if the edge of what is at hand is near."""
        super().moved()
        if self._is_waiting or not self._lines:
            return
        start, end = self._start, self._end
        if start > 0 and self.top.item < _MARGIN:
            self._ask(lambda text: text.before(start))
        elif end < self.size_of_log and self._bottom.item > len(self._lines) - _MARGIN:
            self._ask(lambda text: text.after(end))

    def _ask(self, turn: Turn) -> None:
        self._is_waiting = True
        self.post_message(PageWanted(turn))

    def action_first(self) -> None:
        """Show the first page."""
        if self._start > 0:
            self._ask(LogText.head)
        else:
            super().action_first()

    def action_last(self) -> None:
        """Show the last page, and follow."""
        super().action_last()
        if not self.ends_here:
            self.follows = True
            self._ask(LogText.tail)

    # Searching.

    def seek(self, word: str) -> bool:
        """Search for a word as it is typed; what is found comes later."""
        if not self.word:
            # Every letter that follows is searched for from where we are now.
            self._origin = self._offset(self._bottom.item if self.follows else self.top.item)
            self._goes_up = self.follows
        self._looks_for_errors = self._has_turned = False
        self._matching = self.gone_round = 0
        self._point_at(None)
        self.search(word)
        if word:
            self._ask_for(search_pattern(word), self._origin, backwards=self._goes_up)
        return True

    def turn_round(self) -> bool:
        """Nothing has been found: look in the other direction too; whether that makes sense.

        From match to match it goes around the end of the log instead.
        """
        if self._has_turned:
            return False
        self._has_turned = True
        if self._matching:
            self.gone_round = self._matching
            start = 0 if self._matching > 0 else self.size_of_log
            self._ask_for(self._wanted, start, backwards=self._matching < 0)
            return True
        if not self.word or self._found is not None:
            return False
        self._ask_for(search_pattern(self.word), self._origin, backwards=not self._goes_up)
        return True

    def seek_error(self) -> None:
        """Look for the first line that tells of an error."""
        self.search("")
        self._looks_for_errors, self._has_turned = True, True
        self._matching = self.gone_round = 0
        self._ask_for(ERRORS, 0, backwards=False)

    def action_match(self, direction: int) -> None:
        """Go to the next line in that direction with what is searched for."""
        if not self.word and not self._looks_for_errors:
            return
        self._matching, self._has_turned, self.gone_round = direction, False, 0
        start = self._found
        if start is None or not self._start <= start < self._end:
            start = self._offset(self.top.item if direction > 0 else self._bottom.item)
        elif direction > 0:
            start = self._offset(self._index(start) + 1)
        self._ask_for(self._wanted, start, backwards=direction < 0)

    @property
    def _wanted(self) -> SearchPattern:
        return ERRORS if self._looks_for_errors else search_pattern(self.word)

    def _ask_for(self, wanted: SearchPattern, start: int, *, backwards: bool) -> None:
        self.post_message(SearchWanted(wanted, start, backwards=backwards))


def chop(text: str, width: int) -> list[str]:
    """Clean text, cut into rows of `width` cells."""
    if text.isascii():
        return [text[start : start + width] for start in range(0, max(1, len(text)), width)]
    return chop_cells(text, width) if cell_len(text) > width else [text]
