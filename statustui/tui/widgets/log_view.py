"""The lines of a log of any size."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from statustui.monitor.run.log_text import (
    ERRORS,
    LogLine,
    LogPage,
    LogPart,
    PageRequest,
    SearchPattern,
    search_pattern,
)
from statustui.monitor.run.match_counter import Matches
from statustui.presentation.glyphs import FOUND
from statustui.tui.messages import PageWanted, SearchWanted
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.widgets.pager import Pager

_MARGIN = 200
"""The next page is requested when fewer lines than this are left beyond the screen."""
_MAX_LINES = 20_000
"""Lines that are kept in memory."""


class LogView(Pager):
    """Shows the part of a log around the screen; requests further pages as the user scrolls.

    Args:
        options: How to display it.
    """

    def __init__(self, options: DisplayOptions) -> None:
        super().__init__(options, name="log")
        self._lines: list[LogLine] = []
        self._start = self._end = self._inode = 0
        self._is_waiting = False
        self._searches_errors = False
        self._found: int | None = None
        self._origin = 0
        self._searches_up = self._has_wrapped = False
        self._matching = 0
        self.wrapped = 0
        """The direction in which the last search has wrapped around the end of the log, or 0."""
        self._matches: Matches | None = None
        self.size_of_log = 0
        """Size of the log in bytes."""

    def clear(self) -> None:
        """Show nothing until the last page of another log is delivered."""
        self._lines = []
        self._start = self._end = self._inode = self.size_of_log = 0
        self._is_waiting, self._found, self.follows = False, None, True
        self._searches_up = self._has_wrapped = self._searches_errors = False
        self._matching = self.wrapped = 0
        self._matches = None
        self.highlight("")
        self.redraw()

    @property
    def ends_here(self) -> bool:
        """Whether the end of the log is loaded."""
        return self._end >= self.size_of_log

    def cancel_request(self) -> None:
        """Stop waiting for a page that cannot be read."""
        self._is_waiting = False

    def add_page(self, page: LogPage) -> None:
        """Add a page that was requested, or that was appended to the log."""
        self._is_waiting = False
        is_another = page.inode != self._inode or page.size < self.size_of_log
        self._inode, self.size_of_log = page.inode, page.size
        if page.is_elsewhere:
            self._replace_lines(page)
            self._mark_line(page.target)
            self.follows = False
            self.move_to_item(0 if page.target is None else self._index(page.target))
        elif is_another or not self._lines:
            self._replace_lines(page)
            self.follows = True
        elif self._start <= page.start <= self._end <= page.end:
            self._append(page)
        elif page.end == self._start:
            self._prepend(page)
        elif self.follows and page.end == page.size:
            self._replace_lines(page)
        self.update_view()
        self.report_move()

    def _replace_lines(self, page: LogPage) -> None:
        self._lines = list(page.lines)
        self._start, self._end = page.start, page.end
        self._rows.clear()

    def _append(self, page: LogPage) -> None:
        # The last line may have been incomplete.
        while self._lines and self._lines[-1].start >= page.start:
            self._lines.pop()
            self.invalidate_item(len(self._lines))
        self._lines += page.lines
        self._end = page.end
        surplus = len(self._lines) - _MAX_LINES
        if surplus > 0:
            del self._lines[:surplus]
            self._start = self._lines[0].start
            self._rows.clear()
            self.shift_items(-surplus)

    def _prepend(self, page: LogPage) -> None:
        self._lines[:0] = page.lines
        self._start = page.start
        self._rows.clear()
        self.shift_items(len(page.lines))
        if len(self._lines) > _MAX_LINES:
            self._end = self._lines[_MAX_LINES].start
            del self._lines[_MAX_LINES:]

    def _mark_line(self, offset: int | None) -> None:
        """Mark the line at an offset, and no other."""
        for old in {self._found, offset} - {None}:
            self.invalidate_item(self._index(old or 0))
        self._found = offset

    def _index(self, offset: int) -> int:
        """Return the index of the line at an offset."""
        for index, line in enumerate(self._lines):
            if line.start >= offset:
                return index
        return max(0, len(self._lines) - 1)

    def item_count(self) -> int:
        """Return the number of lines that are loaded."""
        return len(self._lines)

    def draw_item(self, index: int) -> list[Strip]:
        """Return the rows of a line."""
        start, text = self._lines[index]
        rows = chop(text, max(2, self.room - 1)) if self.options.wraps else [text]
        if start != self._found:
            return [Strip([Segment(f" {row}")]) for row in rows]
        return [Strip([Segment(f"{FOUND}{row}", Style(bold=True))]) for row in rows]

    @property
    def share(self) -> tuple[float, float]:
        """Where the part in view starts and ends, from 0 to 1."""
        if not self._lines:
            return 0.0, 1.0
        size = max(1, self.size_of_log)
        return self._offset(self.top.item) / size, self._offset(self._bottom.item) / size

    def _offset(self, index: int) -> int:
        return self._lines[index].start if index < len(self._lines) else self._end

    def report_move(self) -> None:
        """Report the move, and request the next page if the edge of the loaded lines is near."""
        super().report_move()
        if self._is_waiting or not self._lines:
            return
        start, end = self._start, self._end
        if start > 0 and self.top.item < _MARGIN:
            self._request("before", start)
        elif end < self.size_of_log and self._bottom.item > len(self._lines) - _MARGIN:
            self._request("after", end)

    def _request(self, part: LogPart, offset: int = 0) -> None:
        self._is_waiting = True
        self.post_message(PageWanted(PageRequest(part, offset)))

    def action_first(self) -> None:
        """Show the first page."""
        if self._start > 0:
            self._request("head")
        else:
            super().action_first()

    def action_last(self) -> None:
        """Show the last page and follow."""
        super().action_last()
        if not self.ends_here:
            self.follows = True
            self._request("tail")

    # Searching.

    def search(self, word: str) -> bool:
        """Start a search for a word; the result is delivered later."""
        if not self.word:
            # While the user types, search from where typing began.
            self._origin = self._offset(self._bottom.item if self.follows else self.top.item)
            self._searches_up = self.follows
        self._searches_errors = self._has_wrapped = False
        self._matching = self.wrapped = 0
        self._matches = None
        self._mark_line(None)
        self.highlight(word)
        if word:
            self._start_search(search_pattern(word), self._origin, backwards=self._searches_up)
        return True

    def set_matches(self, matches: Matches) -> None:
        """Set the matches of the search, once they have been counted."""
        if self.word or self._searches_errors:
            self._matches = matches

    @property
    def position(self) -> str:
        """Which of how many matches is marked; empty if that is not known."""
        return "" if self._matches is None else self._matches.describe(self._found)

    def continue_search(self) -> bool:
        """Continue a search without a result; return whether there is anything left to search.

        A search for a typed word continues in the other direction, one for the next match from the
        other end of the log.
        """
        if self._has_wrapped:
            return False
        self._has_wrapped = True
        if self._matching:
            self.wrapped = self._matching
            start = 0 if self._matching > 0 else self.size_of_log
            self._start_search(self._search_pattern, start, backwards=self._matching < 0)
            return True
        if not self.word or self._found is not None:
            return False
        self._start_search(search_pattern(self.word), self._origin, backwards=not self._searches_up)
        return True

    def search_error(self) -> None:
        """Start a search for the first line with an error."""
        self.highlight("")
        self._matches = None
        self._searches_errors, self._has_wrapped = True, True
        self._matching = self.wrapped = 0
        self._start_search(ERRORS, 0, backwards=False)

    def action_match(self, direction: int) -> None:
        """Go to the next line that matches, or (-1) the one before."""
        if not self.word and not self._searches_errors:
            return
        self._matching, self._has_wrapped, self.wrapped = direction, False, 0
        start = self._found
        if start is None or not self._start <= start < self._end:
            start = self._offset(self.top.item if direction > 0 else self._bottom.item)
        elif direction > 0:
            start = self._offset(self._index(start) + 1)
        self._start_search(self._search_pattern, start, backwards=direction < 0)

    @property
    def _search_pattern(self) -> SearchPattern:
        return ERRORS if self._searches_errors else search_pattern(self.word)

    def _start_search(self, pattern: SearchPattern, start: int, *, backwards: bool) -> None:
        self.post_message(SearchWanted(pattern, start, backwards=backwards))


def chop(text: str, width: int) -> list[str]:
    """Cut clean text into rows of `width` cells."""
    if text.isascii():
        return [text[start : start + width] for start in range(0, max(1, len(text)), width)]
    return chop_cells(text, width) if cell_len(text) > width else [text]
