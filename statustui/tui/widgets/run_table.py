"""The table of runs, drawn line by line: what is out of view costs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp
from textual.strip import Strip

from statustui.core.categories import Category
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.presentation.columns import COLUMNS, fit
from statustui.presentation.glyphs import (
    CHANGED,
    FOLDED,
    MARKED,
    NEW,
    STYLES,
    UNFOLDED,
)
from statustui.settings.config import Config
from statustui.tui.messages import RunChosen, SelectionMoved
from statustui.tui.model.store import Group, Row, RunStore

_LEFT = 3
"""Cells in front of the first column: flag, glyph, and a space."""
_GROUP_NAME = 8
"""Cells of the name of a group at least."""
_LEAD = 8
"""Cells at the left edge that change most: flag, glyph and age."""
_WHEEL = 3
"""Rows by which a notch of the wheel scrolls."""
_FRESH = 5.0
"""Seconds for which a run that has changed is flagged."""
_MOVING = 2.0
"""Seconds after a move of the cursor for which its line stays where it is."""


_PLAIN = Style.null()


class _RunLine(NamedTuple):
    """What a line of the screen shows of a run."""

    lead: tuple[str, str]
    """Flag and age: what changes most."""
    at_cursor: bool
    run: Run
    rest: tuple[str, ...]
    """What else changes by itself."""


class _GroupLine(NamedTuple):
    """What the header of a group says of it."""

    lead: tuple[str, str]
    at_cursor: bool
    name: str
    is_folded: bool
    size: int
    """How many runs are in the group."""
    counts: Counter[Category]


class RunTable(ScrollView, can_focus=True):
    """Runs, a line each, with a cursor on one of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "run-table--header",
        "run-table--cursor",
        *STYLES.values(),
    }
    BINDING_GROUP_TITLE = "Runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="table.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="table.up"),
        Binding("g,home", "first", "First", show=False, id="table.first"),
        Binding("G,end", "last", "Last", show=False, id="table.last"),
        Binding("pagedown", "page(1.0)", "Page down", show=False, id="table.page-down"),
        Binding("pageup", "page(-1.0)", "Page up", show=False, id="table.page-up"),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="table.half-down"),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="table.half-up"),
        Binding("enter,l", "choose", "Open", id="table.open"),
        Binding("e", "problem(1)", "Next problem", id="table.next-problem"),
        Binding("E", "problem(-1)", "Previous problem", show=False, id="table.previous-problem"),
        Binding("u", "news", "Next new problem", show=False, id="table.next-new"),
        Binding("n", "match(1)", "Next match", show=False, id="table.next-match"),
        Binding("N", "match(-1)", "Previous match", show=False, id="table.previous-match"),
        Binding("space", "mark", "Mark", show=False, id="table.mark"),
    ]

    def __init__(self, store: RunStore, clock: Callable[[], float], config: Config) -> None:
        """Show the runs of `store`, their ages counted from what `clock` says."""
        super().__init__(id="runs")
        self.searched: Callable[[Run], bool] | None = None
        """What `n` and `N` look for."""
        self._store = store
        self._clock = clock
        self._names = config.columns
        self._colours = {state: Style(color=colour) for state, colour in config.colours.items()}
        self._widest = {
            name: COLUMNS[name].least
            for name in self._names
            if COLUMNS[name].least < COLUMNS[name].most and not COLUMNS[name].takes_rest
        }
        """Column -> cells of its widest text, where its room goes by that; what is shorter than the
        room that it has in any case needs not be measured."""
        self._fitted: list[tuple[str, int]] = []
        self._fitted_for: tuple[int, ...] = ()
        self._drawn: list[_RunLine | _GroupLine] = []
        self._moved_at = float("-inf")

    def on_mount(self) -> None:
        """Let ages tick."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        """Repaint ages that have changed, and flags that have had their time."""
        self._store.forget_freshness(self._clock() - _FRESH)
        if self.app.screen_stack[-1:] == [self.screen]:
            self.refresh_rows()

    def on_resize(self) -> None:
        """Share out the new width and height."""
        self.reorder()

    def notify_style_update(self) -> None:
        """Draw everything in the new colours."""
        super().notify_style_update()
        self.refresh()

    def take(self, updated: Iterable[Run]) -> None:
        """Take note of how much room these runs need."""
        before, now = dict(self._widest), self._clock()
        for run in updated:
            for name, widest in self._widest.items():
                column = COLUMNS[name]
                text = clean(column.text(run, now)) if column.tells(run) else ""
                # No character takes more than two cells.
                if 2 * len(text) > widest:
                    self._widest[name] = max(widest, min(cell_len(text), column.most))
        if before != self._widest:
            self.refresh()

    def show(self, moved: int) -> None:
        """Show what has changed in the store, the cursor staying in its line of the screen.

        Args:
            moved: By how many rows changes, and not the user, have moved the cursor.
        """
        self._resize_list()
        is_moving = self._clock() - self._moved_at < _MOVING
        # At the top of the list what newly sorts there is to be seen, unless somebody is busy.
        if moved and (self.scroll_offset.y or is_moving):
            self._scroll_to_row(self.scroll_offset.y + moved)
        self.show_cursor()
        self.refresh_rows()

    def reorder(self) -> None:
        """Draw all that is in view anew: another order, another filter, another size."""
        self.show_cursor()
        self._drawn = self._visible()
        self.refresh()

    def show_cursor(self) -> None:
        """Bring the cursor into view."""
        self._resize_list()
        cursor, top, height = self._store.cursor, self.scroll_offset.y, self._page
        half = height // 2
        # Half a page at a time: every line that is scrolled costs as much as a whole page.
        if cursor < top:
            self._scroll_to_row(max(0, min(cursor, cursor - height + 1 + half)))
        elif cursor >= top + height:
            self._scroll_to_row(max(cursor - height + 1, cursor - half))

    def refresh_rows(self) -> None:
        """Repaint what has changed of the lines in view."""
        lines = self._visible()
        for number, line in enumerate(lines):
            drawn = self._drawn[number] if number < len(self._drawn) else None
            if line == drawn:
                continue
            only_lead = drawn is not None and line[1:] == drawn[1:]
            self._repaint(number + 1, self._lead if only_lead else self._width)
        for number in range(len(lines), len(self._drawn)):
            self._repaint(number + 1, self._width)
        self._drawn = lines

    @property
    def _lead(self) -> int:
        """Cells at the left edge that hold all that changes by itself."""
        return _LEAD if self._names[0] == "age" else self._width

    @property
    def in_view(self) -> list[str]:
        """Paths of the runs in view."""
        return [line.run.path for line in self._drawn if isinstance(line, _RunLine)]

    def _repaint(self, line: int, width: int) -> None:
        self.refresh(Region(0, line, width, 1))

    def _visible(self) -> list[_RunLine | _GroupLine]:
        """The lines in view."""
        top, cursor = self.scroll_offset.y, self._store.cursor
        return [
            self._line(row, at_cursor=top + number == cursor)
            for number, row in enumerate(self._store.rows(top, top + self._page))
        ]

    def _line(self, row: Row, *, at_cursor: bool) -> _RunLine | _GroupLine:
        if isinstance(row, Group):
            size, counts = len(row.keys), +row.counts
            return _GroupLine(("", ""), at_cursor, row.name, row.is_folded, size, counts)
        now = self._clock()
        texts = [COLUMNS[name].text(row, now) for name in self._names if COLUMNS[name].ticks]
        return _RunLine((self._flag(row), "".join(texts[:1])), at_cursor, row, tuple(texts[1:]))

    def _flag(self, run: Run) -> str:
        """What stands in front of a run: marked, news to the user, or changed just now."""
        if run.path in self._store.marked:
            return MARKED
        if run.path in self._store.unseen:
            return NEW
        return CHANGED if run.path in self._store.fresh else " "

    @property
    def _width(self) -> int:
        """How many cells there are beside the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _page(self) -> int:
        """How many runs there is room for below the header."""
        return max(1, self.size.height - 1)

    @property
    def _columns(self) -> list[tuple[str, int]]:
        """The columns for the width that there is, and for the widest texts."""
        wanted = (self._width, *self._widest.values())
        if wanted != self._fitted_for:
            self._fitted_for = wanted
            self._fitted = fit(self._names, self._width - _LEFT, self._widest)
        return self._fitted

    def _resize_list(self) -> None:
        size = Size(self._width, len(self._store) + 1)
        if size != self.virtual_size:
            self.virtual_size = size

    def _scroll_to_row(self, top: int) -> None:
        self.scroll_to(y=top, animate=False, immediate=True, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the rows that have come into view."""
        super().watch_scroll_y(old_value, new_value)
        self._drawn = self._visible() if self.is_mounted else []

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of the widget: the header, then a run a line."""
        width = self._width
        if y == 0:
            return self._header(width)
        # What is painted is what was noted, even if the store has gone on since.
        if y > len(self._drawn):
            return Strip.blank(width)
        line = self._drawn[y - 1]
        return (
            self._group_line(line, width)
            if isinstance(line, _GroupLine)
            else self._run_line(line, width)
        )

    def _header(self, width: int) -> Strip:
        style = self.get_component_rich_style("run-table--header")
        sort, arrow = self._store.sort, "↑" if self._store.reverse else "↓"
        cells = [f" {arrow if sort == 'category' else ' '}"]
        for name, size in self._columns:
            column = COLUMNS[name]
            mark = arrow if sort == (column.sort or name) else ""
            cells.append(_fit(column.title[: size - len(mark)] + mark, size))
        return Strip([Segment(set_cell_size(" ".join(cells), width), style)], width)

    def _group_line(self, group: _GroupLine, width: int) -> Strip:
        """Its name, and how many of its runs are in each category."""
        base = Style(bold=True, reverse=group.at_cursor or None)
        counts = []
        for category in Category:
            if group.counts[category]:
                style = self.get_component_rich_style(STYLES[category], partial=True)
                text = f" {category.glyph}{group.counts[category]:,}"
                counts.append(Segment(text, base + style))
        arrow, size = FOLDED if group.is_folded else UNFOLDED, f"  {group.size:,} "
        room = width - len(arrow) - 1 - len(size) - sum(len(one.text) for one in counts)
        name = clean(group.name) or "(none)"
        name = _fit(name, min(cell_len(name), max(_GROUP_NAME, room)))
        segments = [Segment(f"{arrow} {name}{size}", base), *counts]
        return Strip(segments).adjust_cell_length(width, base)

    def _run_line(self, line: _RunLine, width: int) -> Strip:
        now, run, at_cursor = self._clock(), line.run, line.at_cursor
        texts = [
            ("glyph", line.lead[0] + run.category.glyph),
            *(
                (name, _fit(clean(COLUMNS[name].text(run, now)), size))
                for name, size in self._columns
            ),
        ]
        style = self.get_component_rich_style(STYLES[run.category], partial=True)
        if not run.hides_problem:
            style += self._colours.get(run.current.state, _PLAIN)
        if at_cursor:
            style += self.get_component_rich_style("run-table--cursor", partial=True)
        if at_cursor or run.category.is_problem:
            whole = set_cell_size(" ".join(text for _name, text in texts), width)
            return Strip([Segment(whole, style)], width)
        return _in_two_styles(texts, style).adjust_cell_length(width)

    def action_move(self, rows: int) -> None:
        """Move the cursor by some rows."""
        self._select(self._store.cursor + rows)

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self._select(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self._select(len(self._store) - 1)

    def action_page(self, pages: float) -> None:
        """Move the cursor by some pages."""
        self._select(self._store.cursor + round(pages * self._page))

    def action_problem(self, step: int) -> None:
        """Move the cursor to the next problem in the direction of `step`."""
        self._go_to(step, lambda run: run.category.is_problem)

    def _go_to(self, step: int, wanted: Callable[[Run], bool]) -> None:
        row = self._store.find(self._store.cursor, step, wanted)
        if row is not None:
            self._select(row)

    def action_news(self) -> None:
        """Move the cursor to the next problem that the user has not seen."""
        self._go_to(1, lambda run: run.path in self._store.unseen)

    def action_match(self, step: int) -> None:
        """Move the cursor to the next run in the direction of `step` that was searched for."""
        if self.searched is not None:
            self._go_to(step, self.searched)

    def action_mark(self) -> None:
        """Mark the run under the cursor, or take its mark away, and go on to the next."""
        run = self._store.current
        if run is not None:
            self._store.toggle_mark(run.path)
            self._select(self._store.cursor + 1)

    def action_choose(self) -> None:
        """Ask for the run under the cursor; fold a group, or unfold it."""
        row = self._store.row(self._store.cursor) if len(self._store) else None
        if isinstance(row, Group):
            self._store.toggle_fold(row)
            self.reorder()
        elif row is not None:
            self.post_message(RunChosen(row.path))

    def on_click(self, event: events.Click) -> None:
        """Select the run that was clicked on; a second click opens it."""
        row = self.scroll_offset.y + event.y - 1
        if event.y > 0 and row < len(self._store):
            self._select(row)
            if event.chain > 1:
                self.action_choose()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look further down."""
        self._look_from(event, self.scroll_offset.y + _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look further up."""
        self._look_from(event, self.scroll_offset.y - _WHEEL)

    def on_scroll_to(self, event: ScrollTo) -> None:
        """Look where the scroll bar has been dragged to."""
        if event.y is not None:
            self._look_from(event, round(event.y))

    def on_scroll_down(self, event: ScrollDown) -> None:
        """Look a page further down: a click below the grip of the scroll bar."""
        self._look_from(event, self.scroll_offset.y + self._page)

    def on_scroll_up(self, event: ScrollUp) -> None:
        """Look a page further up: a click above the grip of the scroll bar."""
        self._look_from(event, self.scroll_offset.y - self._page)

    def _look_from(self, event: Message, top: int) -> None:
        """Scroll to `top` in place of what Textual does, and keep the cursor in view."""
        event.prevent_default().stop()
        self._resize_list()
        top = max(0, min(top, len(self._store) - self._page))
        self._scroll_to_row(top)
        self._select(max(top, min(self._store.cursor, top + self._page - 1)))

    def _select(self, row: int) -> None:
        self._moved_at = self._clock()
        self._store.select(row)
        self.show_cursor()
        self.refresh_rows()
        self.post_message(SelectionMoved())


def _in_two_styles(texts: list[tuple[str, str]], coloured: Style) -> Strip:
    """Glyph and state in colour, what stands between and behind them plain."""
    segments: list[Segment] = []
    for name, text in texts:
        style = coloured if name in {"glyph", "state"} else _PLAIN
        if segments and segments[-1].style is style:
            segments[-1] = Segment(f"{segments[-1].text}{text} ", style)
        else:
            segments.append(Segment(f"{text} ", style))
    return Strip(segments)


def _fit(text: str, width: int) -> str:
    """Pad `text` to `width` cells, or cut it and say so."""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return set_cell_size(text, width)
