"""A pager for a text of any length; only what is in view is drawn."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from statustui.core.text import ignores_case
from statustui.tui.messages import Moved
from statustui.tui.model.display_options import DisplayOptions

_WHEEL_ROWS = 3
"""Rows that a notch of the wheel scrolls."""
_SHIFT_CELLS = 20
"""Cells by which a key scrolls to the left or to the right."""
_MAX_CACHED = 1000
"""Items whose rows are cached."""

WRAPPED = {1: "Searched on from the top.", -1: "Searched on from the end."}
"""What to notify when a search, downwards or upwards, has wrapped around the end of the text."""
_GRIP = "┃"
"""The grip of the scroll bar at the right edge."""


class Position(NamedTuple):
    """A row of the text."""

    item: int
    """The index of the item that it belongs to."""
    row: int
    """Its index among the rows of the item."""


class Pager(Widget, can_focus=True):
    """A text of items, each with one row or more.

    At the end of the text, the pager follows: it scrolls to what is appended, until the user
    scrolls up. Subclasses define `item_count` and `draw_item`.

    Args:
        options: How to display it.
        name: The identifier of the widget.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pager--found", "pager--dim"}
    BINDING_GROUP_TITLE = "History and logs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="pager.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="pager.up"),
        Binding("g,home", "first", "First", show=False, id="pager.first"),
        Binding("G,end", "last", "Last", show=False, id="pager.last"),
        Binding("pagedown", "page(1.0)", "Page down", show=False, id="pager.page-down"),
        Binding("pageup", "page(-1.0)", "Page up", show=False, id="pager.page-up"),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="pager.half-down"),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="pager.half-up"),
        Binding("left", "shift(-1)", "To the left", show=False, id="pager.left"),
        Binding("right", "shift(1)", "To the right", show=False, id="pager.right"),
        Binding("f", "follow", "Follow", show=False, id="pager.follow"),
        Binding("w", "wrap", "Wrap", show=False, id="pager.wrap"),
        Binding("n", "match(1)", "Next match", show=False, id="pager.next-match"),
        Binding("N", "match(-1)", "Previous match", show=False, id="pager.previous-match"),
    ]

    def __init__(self, options: DisplayOptions, *, name: str) -> None:
        super().__init__(id=name)
        self.options = options
        self.follows = True
        """Whether the end of the text stays in view."""
        self.word = ""
        """The word that is highlighted."""
        self._pattern: re.Pattern[str] | None = None
        self._top = Position(0, 0)
        self._shift = 0
        self._rows: dict[int, list[Strip]] = {}
        self._drawn: list[Strip] = []

    # The text.

    def item_count(self) -> int:
        """Return the number of items."""
        raise NotImplementedError

    def draw_item(self, index: int) -> list[Strip]:
        """Return the rows of an item, at least one."""
        raise NotImplementedError

    def report_move(self) -> None:
        """Report that another part of the text is in view."""
        self.post_message(Moved())

    def action_match(self, direction: int) -> None:
        """Go to the next item that contains the word, or (-1) the one before."""
        raise NotImplementedError

    @property
    def ends_here(self) -> bool:
        """Whether the last loaded item is the end of the text."""
        return True

    @property
    def share(self) -> tuple[float, float]:
        """Where the part in view starts and ends, from 0 to 1."""
        count = max(1, self.item_count())
        return self._top.item / count, min(1.0, self._bottom.item / count)

    # Drawing.

    @property
    def room(self) -> int:
        """Cells for the text, without the scroll bar in the last column."""
        return max(1, self.size.width - 1)

    @property
    def top(self) -> Position:
        """The first row in view."""
        return self._top

    @property
    def _bottom(self) -> Position:
        """The row after the last one in view."""
        return self._walk(self._top, self.size.height)

    def style_of(self, name: str) -> Style:
        """Return the style of a component class; no style for an empty name."""
        return self.get_component_rich_style(name, partial=True) if name else Style.null()

    def on_resize(self) -> None:
        """Redraw everything for the new size."""
        self.redraw()

    def notify_style_update(self) -> None:
        """Redraw everything in the new colours."""
        super().notify_style_update()
        if self.is_mounted:
            self.redraw()

    def redraw(self) -> None:
        """Redraw all items."""
        self._rows.clear()
        self.update_view()

    def invalidate_item(self, index: int) -> None:
        """Draw an item again, as it has changed; `update_view` shows it."""
        self._rows.pop(index, None)

    def move_to_item(self, index: int) -> None:
        """Move to an item, with some rows above it; `update_view` shows it."""
        self._top = self._walk(Position(index, 0), -(self.size.height // 3))

    def shift_items(self, items: int) -> None:
        """Keep the same items in view after `items` were inserted above; `update_view` shows it."""
        self._top = Position(max(0, self._top.item + items), self._top.row)

    def update_view(self) -> None:
        """Redraw the lines in view that have changed."""
        if not self.size.height:
            return
        self._clamp()
        page = self._page()
        for number, strip in enumerate(page):
            if number >= len(self._drawn) or strip != self._drawn[number]:
                self.refresh(Region(0, number, self.size.width, 1))
        self._drawn = page

    def _clamp(self) -> None:
        """Keep the page within the text, and at the end of it while following."""
        end = self._walk(Position(self.item_count(), 0), -self.size.height)
        index, row = self._top
        if index < self.item_count():
            row = min(row, len(self._item(index)) - 1)
        self._top = end if self.follows else min(Position(index, row), end)

    def _page(self) -> list[Strip]:
        height, style = self.size.height, self.style_of("pager--dim")
        rows: list[Strip] = []
        index, row = self._top
        while len(rows) < height and index < self.item_count():
            rows += self._item(index)[row:]
            index, row = index + 1, 0
        start, end = self.share
        is_whole = start <= 0 and end >= 1
        blank = Strip.blank(self.room)
        page = []
        for number in range(height):
            strip = self._in_view(rows[number]) if number < len(rows) else blank
            is_here = start <= (number + 0.5) / height <= max(end, start + 1 / height)
            mark = _GRIP if is_here and not is_whole else " "
            page.append(Strip.join([strip, Strip([Segment(mark, style)], 1)]))
        return page

    def _item(self, index: int) -> list[Strip]:
        rows = self._rows.get(index)
        if rows is None:
            if len(self._rows) > _MAX_CACHED:
                self._rows.clear()
            rows = self._rows[index] = self.draw_item(index)
        return rows

    def _in_view(self, row: Strip) -> Strip:
        """Return the part of a row that is in view; the rest of a long row costs nothing."""
        left, right = self._shift, self._shift + self.room
        # A match may start or end out of view.
        margin = 2 * len(self.word)
        first = max(0, left - margin)
        row = self._highlighted(row.crop(first, right + margin))
        return row.crop_extend(left - first, right - first, None)

    def _highlighted(self, strip: Strip) -> Strip:
        """Highlight the word in a row."""
        if self._pattern is None:
            return strip
        text = strip.text
        # Adjacent matches are highlighted as one.
        edges: list[int] = []
        for match in self._pattern.finditer(text):
            if edges and edges[-1] == match.start():
                edges[-1] = match.end()
            else:
                edges += match.span()
        if not edges:
            return strip
        style = self.style_of("pager--found")
        cells = [cell_len(text[:edge]) for edge in edges]
        pieces = strip.divide([*cells, strip.cell_length])
        return Strip.join(
            piece.apply_style(style) if number % 2 else piece for number, piece in enumerate(pieces)
        )

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(self.size.width)

    # Moving.

    def _walk(self, position: Position, rows: int) -> Position:
        """Return the position a number of rows further down, within the text."""
        index, row = position
        row += rows
        while row < 0 and index > 0:
            index -= 1
            row += len(self._item(index))
        while index < self.item_count() and row >= (height := len(self._item(index))):
            row -= height
            index += 1
        if index >= self.item_count():
            return Position(self.item_count(), 0)
        return Position(index, max(0, row))

    def scroll_to_position(self, top: Position) -> None:
        """Show the page that starts at a position, or the last page; follow at the end."""
        end = self._walk(Position(self.item_count(), 0), -self.size.height)
        self.follows = top >= end and self.ends_here
        self._top = min(top, end)
        self.update_view()
        self.report_move()

    def scroll_to_item(self, index: int) -> None:
        """Scroll an item into view, if it is not, with some rows above it."""
        if self._top.item <= index < self._bottom.item and self._top <= Position(index, 0):
            self.follows = False
            self.report_move()
        else:
            self.move_to_item(index)
            self.scroll_to_position(self._top)

    def action_move(self, rows: int) -> None:
        """Scroll by a number of rows."""
        self.scroll_to_position(self._walk(self._top, rows))

    def action_page(self, pages: float) -> None:
        """Scroll by a number of pages."""
        self.action_move(round(pages * self.size.height))

    def action_first(self) -> None:
        """Show the first page."""
        self.scroll_to_position(Position(0, 0))

    def action_last(self) -> None:
        """Show the last page and follow."""
        self.scroll_to_position(Position(self.item_count(), 0))

    def action_follow(self) -> None:
        """Start or stop following."""
        if self.follows:
            self.follows = False
            self.report_move()
        else:
            self.action_last()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them off."""
        self.options.wraps = not self.options.wraps
        self._shift = 0
        self.redraw()
        self.report_move()

    def action_shift(self, direction: int) -> None:
        """Scroll long lines to the right, or (-1) to the left, if they are not wrapped."""
        if not self.options.wraps:
            self._shift = max(0, self._shift + direction * _SHIFT_CELLS)
            self.update_view()

    def item_at(self, line: int) -> int | None:
        """Return the index of the item that is drawn in a line of the widget; None below them."""
        item = self._walk(self._top, line).item
        return item if item < self.item_count() else None

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.action_move(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.action_move(-_WHEEL_ROWS)

    # Searching.

    def highlight(self, word: str) -> None:
        """Highlight a word; upper and lower case are the same if it has no upper case."""
        self.word = word
        flags = re.IGNORECASE if ignores_case(word) else 0
        self._pattern = re.compile(re.escape(word), flags) if word else None
        self.update_view()

    @property
    def text_in_view(self) -> str:
        """The lines in view, for copying."""
        return "\n".join(strip.crop(0, self.room).text.rstrip() for strip in self._drawn).rstrip()
