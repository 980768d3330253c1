"""A page of a long text: what is out of view costs nothing, however much of it there is."""

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

_WHEEL = 3
"""Rows by which a notch of the wheel scrolls."""
_SHIFT = 20
"""Cells by which long lines are moved to the left and to the right."""
_KEPT = 1000
"""Items whose rows are kept."""


GONE_ROUND = {1: "Searched on from the top.", -1: "Searched on from the end."}
"""What is said when a search in a direction has gone around the end of the text."""
_GRIP = "┃"
"""Stands at the right edge beside what is in view, as the grip of a scroll bar."""


class Place(NamedTuple):
    """A row of the text."""

    item: int
    """The number of the item that it belongs to."""
    row: int
    """Which one of the item's rows it is."""


class Pager(Widget, can_focus=True):
    """Items, each of some rows, of which as many are shown as there is room for.

    At the end of the text it follows: what comes is in view, until somebody looks further up.
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

    def __init__(self, manner: DisplayOptions, *, name: str) -> None:
        """Start without a text."""
        super().__init__(id=name)
        self.manner = manner
        self.follows = True
        """Whether the end of the text stays in view."""
        self.word = ""
        """What is searched for."""
        self._pattern: re.Pattern[str] | None = None
        self._top = Place(0, 0)
        self._shift = 0
        self._rows: dict[int, list[Strip]] = {}
        self._drawn: list[Strip] = []

    # What the text is.

    def count(self) -> int:
        """How many items there are."""
        raise NotImplementedError

    def draw(self, index: int) -> list[Strip]:
        """The rows of an item; there is at least one."""
        raise NotImplementedError

    def moved(self) -> None:
        """Another part of the text has come into view."""
        self.post_message(Moved())

    def action_match(self, direction: int) -> None:
        """Go to the next item in that direction with what is searched for."""
        raise NotImplementedError

    @property
    def ends_here(self) -> bool:
        """Whether the last item is the end of the text."""
        return True

    @property
    def share(self) -> tuple[float, float]:
        """Which part of the text is in view, from 0 to 1: where it begins and where it ends."""
        count = max(1, self.count())
        return self._top.item / count, min(1.0, self._bottom.item / count)

    # Drawing.

    @property
    def room(self) -> int:
        """How many cells there are for the text, the last column left to the position."""
        return max(1, self.size.width - 1)

    @property
    def top(self) -> Place:
        """The first row in view."""
        return self._top

    @property
    def _bottom(self) -> Place:
        """The row behind the last one in view."""
        return self._walk(self._top, self.size.height)

    def style_of(self, name: str) -> Style:
        """A style, by the name of its component class; none without a name."""
        return self.get_component_rich_style(name, partial=True) if name else Style.null()

    def on_resize(self) -> None:
        """Make use of the new size."""
        self.redraw()

    def notify_style_update(self) -> None:
        """Draw everything in the new colours."""
        super().notify_style_update()
        if self.is_mounted:
            self.redraw()

    def redraw(self) -> None:
        """Draw all items anew."""
        self._rows.clear()
        self.update_view()

    def forget(self, index: int) -> None:
        """An item has changed."""
        self._rows.pop(index, None)

    def place_at(self, index: int) -> None:
        """Have an item in view, with some rows above it; `update_view` shows it."""
        self._top = self._walk(Place(index, 0), -(self.size.height // 3))

    def shift_top(self, items: int) -> None:
        """So many items have come in front of those in view; `update_view` shows it."""
        self._top = Place(max(0, self._top.item + items), self._top.row)

    def update_view(self) -> None:
        """Repaint what has changed of the lines in view."""
        if not self.size.height:
            return
        self._settle()
        page = self._page()
        for number, strip in enumerate(page):
            if number >= len(self._drawn) or strip != self._drawn[number]:
                self.refresh(Region(0, number, self.size.width, 1))
        self._drawn = page

    def _settle(self) -> None:
        """Keep the page within the text, and at its end where that is followed."""
        end = self._walk(Place(self.count(), 0), -self.size.height)
        index, row = self._top
        if index < self.count():
            row = min(row, len(self._item(index)) - 1)
        self._top = end if self.follows else min(Place(index, row), end)

    def _page(self) -> list[Strip]:
        height, style = self.size.height, self.style_of("pager--dim")
        rows: list[Strip] = []
        index, row = self._top
        while len(rows) < height and index < self.count():
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
            if len(self._rows) > _KEPT:
                self._rows.clear()
            rows = self._rows[index] = self.draw(index)
        return rows

    def _in_view(self, row: Strip) -> Strip:
        """What is in view of a row; of a very long one nothing else is looked at."""
        left, right = self._shift, self._shift + self.room
        # A match may begin before what is in view, and end behind it.
        margin = 2 * len(self.word)
        first = max(0, left - margin)
        row = self._highlighted(row.crop(first, right + margin))
        return row.crop_extend(left - first, right - first, None)

    def _highlighted(self, strip: Strip) -> Strip:
        """A row with what is searched for standing out."""
        if self._pattern is None:
            return strip
        text = strip.text
        # Matches that touch each other stand out as one.
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

    def _walk(self, place: Place, rows: int) -> Place:
        """The place so many rows further down, or further up; it stays within the text."""
        index, row = place
        row += rows
        while row < 0 and index > 0:
            index -= 1
            row += len(self._item(index))
        while index < self.count() and row >= (height := len(self._item(index))):
            row -= height
            index += 1
        if index >= self.count():
            return Place(self.count(), 0)
        return Place(index, max(0, row))

    def look_from(self, top: Place) -> None:
        """Show the page that begins there, or the last one."""
        end = self._walk(Place(self.count(), 0), -self.size.height)
        self.follows = top >= end and self.ends_here
        self._top = min(top, end)
        self.update_view()
        self.moved()

    def show_item(self, index: int) -> None:
        """Bring an item into view, with a few rows above it."""
        if self._top.item <= index < self._bottom.item and self._top <= Place(index, 0):
            self.follows = False
            self.moved()
        else:
            self.place_at(index)
            self.look_from(self._top)

    def action_move(self, rows: int) -> None:
        """Move by some rows."""
        self.look_from(self._walk(self._top, rows))

    def action_page(self, pages: float) -> None:
        """Move by some pages."""
        self.action_move(round(pages * self.size.height))

    def action_first(self) -> None:
        """Show the first page."""
        self.look_from(Place(0, 0))

    def action_last(self) -> None:
        """Show the last page, and follow."""
        self.look_from(Place(self.count(), 0))

    def action_follow(self) -> None:
        """Follow, or stay where we are."""
        if self.follows:
            self.follows = False
            self.moved()
        else:
            self.action_last()

    def action_wrap(self) -> None:
        """Let long lines go on in the next one, or off the screen."""
        self.manner.wraps = not self.manner.wraps
        self._shift = 0
        self.redraw()
        self.moved()

    def action_shift(self, direction: int) -> None:
        """Show more of what is to the right, or to the left, of long lines."""
        if not self.manner.wraps:
            self._shift = max(0, self._shift + direction * _SHIFT)
            self.update_view()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look further down."""
        event.stop()
        self.action_move(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look further up."""
        event.stop()
        self.action_move(-_WHEEL)

    # Searching.

    def search(self, word: str) -> None:
        """Let a word stand out; without capitals in it, case does not matter."""
        self.word = word
        flags = re.IGNORECASE if ignores_case(word) else 0
        self._pattern = re.compile(re.escape(word), flags) if word else None
        self.update_view()

    @property
    def text_in_view(self) -> str:
        """The lines in view, for copying."""
        return "\n".join(strip.crop(0, self.room).text.rstrip() for strip in self._drawn).rstrip()
