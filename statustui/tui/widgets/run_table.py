"""The table of runs; only the lines in view are drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp
from textual.strip import Strip

from statustui.core.order import SORT_KEYS
from statustui.core.run import Run
from statustui.presentation.columns import COLUMNS, Column
from statustui.presentation.glyphs import STYLES
from statustui.settings.config import Config
from statustui.tui.messages import RunChosen, SelectionMoved, SortChosen
from statustui.tui.model.groups import Group
from statustui.tui.model.store import RunStore
from statustui.tui.widgets.cells import pad_cell
from statustui.tui.widgets.group_rows import GroupLine, GroupPainter, draw_group_header
from statustui.tui.widgets.run_rows import Line, RowPainter, RunLine, describe_row

_LEAD = 8
"""Cells at the left edge that change most: flag, glyph and age."""
_MEASURED_RUNS = 5000
"""Runs whose texts are measured for columns that the user has chosen."""
_MEASURED_AT_ONCE = 100
"""How many of very many changed runs are measured at least."""
_WHEEL_ROWS = 3
"""Rows that a notch of the wheel scrolls."""
_RECENT_SECONDS = 5.0
"""Seconds for which a changed run is flagged."""
_MOVING_SECONDS = 2.0
"""Seconds after a move of the cursor for which its line stays in its place on the screen."""


class RunTable(ScrollView, can_focus=True):
    """The listed runs, one on each line, with a cursor on one line.

    Args:
        store: The runs.
        clock: Gives the current time in seconds since 1970.
        config: Which columns to show, and the colours of states.
        columns: All columns, by name.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "run-table--header",
        "run-table--cursor",
        "run-table--secondary",
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
        Binding("h,left", "fold", "Fold the group", show=False, id="table.fold"),
        Binding("e", "problem(1)", "Next problem", id="table.next-problem"),
        Binding("E", "problem(-1)", "Previous problem", show=False, id="table.previous-problem"),
        Binding("u", "next_new", "Next new problem", show=False, id="table.next-new"),
        Binding("n", "match(1)", "Next match", show=False, id="table.next-match"),
        Binding("N", "match(-1)", "Previous match", show=False, id="table.previous-match"),
        Binding("space", "mark", "Mark", show=False, id="table.mark"),
    ]

    def __init__(
        self,
        store: RunStore,
        clock: Callable[[], float],
        config: Config,
        columns: Mapping[str, Column] = COLUMNS,
    ) -> None:
        super().__init__(id="runs")
        self.searched: Callable[[Run], bool] | None = None
        """Whether `n` and `N` stop at a run."""
        self._store = store
        self._clock = clock
        self._all_columns = columns
        self._colours = config.colours
        self._columns = {name: columns[name] for name in config.columns}
        self._painter = RowPainter(self._columns, config.colours)
        self._drawn: list[Line] = []
        self._message: tuple[str, ...] = ()
        self._moved_at = float("-inf")

    def set_message(self, message: tuple[str, ...]) -> None:
        """Show sentences in place of runs."""
        if message != self._message:
            self._message = message
            self.refresh()

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns, from left to right."""
        return tuple(self._columns)

    def set_columns(self, names: Iterable[str]) -> None:
        """Show other columns."""
        self._columns = {name: self._all_columns[name] for name in names}
        self._painter = RowPainter(self._columns, self._colours)
        self._measure(list(islice(self._store.runs.values(), _MEASURED_RUNS)))
        self.reorder()

    def update_ages(self) -> None:
        """Redraw ages that have changed, and flags that have expired."""
        self._store.drop_recent_changes(self._clock() - _RECENT_SECONDS)
        if self.app.screen_stack[-1:] == [self.screen]:
            self.refresh_rows()

    def on_resize(self) -> None:
        """Draw everything for the new size."""
        self.reorder()

    def notify_style_update(self) -> None:
        """Draw everything in the new colours."""
        super().notify_style_update()
        self.refresh()

    def measure_runs(self, changed: Sequence[Run]) -> None:
        """Make the columns wide enough for all that has changed; of very many runs, for some.

        Columns widen for the others when they come into view.
        """
        self._measure(changed[:: max(1, len(changed) // _MEASURED_AT_ONCE)])

    def _measure(self, runs: Collection[Run]) -> None:
        if self._painter.measure_runs(runs, self._clock()):
            self.refresh()

    def show_changes(self, shift: int) -> None:
        """Draw what has changed in the store, with the cursor in the same line of the screen.

        Args:
            shift: By how many rows changes have moved the cursor.
        """
        self._resize_list()
        is_moving = self._clock() - self._moved_at < _MOVING_SECONDS
        # At the top of the list, keep showing what is first, unless the user is moving the cursor.
        if shift and (self.scroll_offset.y or is_moving):
            self._scroll_to_row(self.scroll_offset.y + shift)
        self.scroll_to_cursor()
        self.refresh_rows()

    def reorder(self) -> None:
        """Redraw everything in view, for another order, filter or size."""
        self.scroll_to_cursor()
        self._drawn = self._visible()
        self.refresh()

    def scroll_to_cursor(self) -> None:
        """Scroll so that the cursor is in view."""
        self._resize_list()
        cursor, top, height = self._store.cursor, self.scroll_offset.y, self._page
        half = height // 2
        # By half a page at a time: scrolling one line costs as much output as a whole page.
        if cursor < top:
            self._scroll_to_row(max(0, min(cursor, cursor - height + 1 + half)))
        elif cursor >= top + height:
            self._scroll_to_row(max(cursor - height + 1, cursor - half))

    def refresh_rows(self) -> None:
        """Redraw the lines in view that have changed."""
        lines = self._visible()
        for number, line in enumerate(lines):
            drawn = self._drawn[number] if number < len(self._drawn) else None
            if line == drawn:
                continue
            only_lead = drawn is not None and line[1:] == drawn[1:]
            self._repaint(number + 1, self._lead if only_lead else self._width)
        for number in range(len(lines), len(self._drawn)):
            self._repaint(number + 1, self._width)
        had_groups_only = self._shows_groups_only
        self._drawn = lines
        if self._shows_groups_only is not had_groups_only:
            self._repaint(0, self._width)

    @property
    def _shows_groups_only(self) -> bool:
        """Whether no run is in view, so that the titles of columns would mean nothing."""
        return bool(self._drawn) and all(isinstance(line, GroupLine) for line in self._drawn)

    @property
    def _lead(self) -> int:
        """Cells at the left edge that hold everything that changes with time."""
        return _LEAD if next(iter(self._columns)) == "age" else self._width

    @property
    def in_view(self) -> list[str]:
        """The paths of the runs in view."""
        return [line.run.path for line in self._drawn if isinstance(line, RunLine)]

    def _repaint(self, line: int, width: int) -> None:
        self.refresh(Region(0, line, width, 1))

    def _visible(self) -> list[Line]:
        """Return the lines in view."""
        store, top, now = self._store, self.scroll_offset.y, self._clock()
        cursor, columns = store.cursor, list(self._columns.values())
        rows = store.rows(top, top + self._page)
        self._measure([row for row in rows if isinstance(row, Run)])
        return [
            describe_row(row, store, columns, now, at_cursor=top + number == cursor)
            for number, row in enumerate(rows)
        ]

    @property
    def _width(self) -> int:
        """Cells beside the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _page(self) -> int:
        """How many rows fit below the header."""
        return max(1, self.size.height - 1)

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
        """Draw line `y` of the widget: the header, then one row on each line."""
        width, style_of = self._width, partial(self.get_component_rich_style, partial=True)
        if y == 0:
            style = self.get_component_rich_style("run-table--header")
            if self._shows_groups_only:
                return draw_group_header(self._store.grouping, width, style)
            return self._painter.draw_header(width, self._store, style)
        # Draw what `refresh_rows` has compared, even if the store has changed since.
        if y > len(self._drawn):
            # Below the titles, a line is left free.
            is_said = not self._drawn and 0 <= y - 2 < len(self._message)
            text = f"  {self._message[y - 2]}" if is_said else ""
            return Strip([Segment(pad_cell(text, width))], width)
        line = self._drawn[y - 1]
        if isinstance(line, GroupLine):
            return GroupPainter(width, style_of).draw(line)
        return self._painter.draw_run(line, width, style_of, self._clock())

    def action_move(self, rows: int) -> None:
        """Move the cursor by a number of rows."""
        self._select(self._store.cursor + rows)

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self._select(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self._select(len(self._store) - 1)

    def action_page(self, pages: float) -> None:
        """Move the cursor by a number of pages."""
        self._select(self._store.cursor + round(pages * self._page))

    def action_problem(self, step: int) -> None:
        """Move the cursor to the next problem that is not muted, downwards or (-1) upwards."""
        self._go_to(step, lambda run: run.category.is_problem and not run.is_muted)

    def _go_to(self, step: int, wanted: Callable[[Run], bool]) -> None:
        row = self._store.find(self._store.cursor, step, wanted)
        if row is not None:
            self._select(row)

    def action_next_new(self) -> None:
        """Move the cursor to the next new problem."""
        self._go_to(1, lambda run: run.path in self._store.unread_problems)

    def action_match(self, step: int) -> None:
        """Move the cursor to the next run that matches the last filter, or (-1) the one before."""
        if self.searched is not None:
            self._go_to(step, self.searched)

    def action_mark(self) -> None:
        """Mark the run under the cursor, or remove its mark, and move to the next."""
        run = self._store.current
        if run is not None:
            self._store.toggle_mark(run.path)
            self._select(self._store.cursor + 1)

    def action_choose(self) -> None:
        """Open the run under the cursor; fold a group, or unfold it."""
        row = self._store.row(self._store.cursor) if len(self._store) else None
        if isinstance(row, Group):
            self._store.toggle_fold(row)
            self.reorder()
        elif row is not None:
            self.post_message(RunChosen(row.path))

    def action_fold(self) -> None:
        """Fold the group that the cursor is in; without one, leave the key to the screen.

        Raises:
            SkipAction: There is no group to fold.
        """
        if not self._store.fold_current():
            raise SkipAction
        self.reorder()
        self.post_message(SelectionMoved())

    def on_click(self, event: events.Click) -> None:
        """Select the clicked row, and open it on a double click; sort by a clicked title."""
        if event.y == 0 and not self._shows_groups_only:
            name = self._painter.column_at(event.x, self._width)
            key = "category" if name is None else self._all_columns[name].sort or name
            if key in SORT_KEYS:
                self.post_message(SortChosen(key))
        row = self.scroll_offset.y + event.y - 1
        if event.y > 0 and row < len(self._store):
            self._select(row)
            if event.chain > 1:
                self.action_choose()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self._scroll_to_top(event, self.scroll_offset.y + _WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self._scroll_to_top(event, self.scroll_offset.y - _WHEEL_ROWS)

    def on_scroll_to(self, event: ScrollTo) -> None:
        """Scroll to where the scroll bar has been dragged."""
        if event.y is not None:
            self._scroll_to_top(event, round(event.y))

    def on_scroll_down(self, event: ScrollDown) -> None:
        """Scroll a page down, after a click below the grip of the scroll bar."""
        self._scroll_to_top(event, self.scroll_offset.y + self._page)

    def on_scroll_up(self, event: ScrollUp) -> None:
        """Scroll a page up, after a click above the grip of the scroll bar."""
        self._scroll_to_top(event, self.scroll_offset.y - self._page)

    def _scroll_to_top(self, event: Message, top: int) -> None:
        """Scroll to row `top` instead of what Textual does, and keep the cursor in view."""
        event.prevent_default().stop()
        self._resize_list()
        top = max(0, min(top, len(self._store) - self._page))
        self._scroll_to_row(top)
        self._select(max(top, min(self._store.cursor, top + self._page - 1)))

    def _select(self, row: int) -> None:
        self._moved_at = self._clock()
        self._store.select(row)
        self.scroll_to_cursor()
        self.refresh_rows()
        self.post_message(SelectionMoved())
