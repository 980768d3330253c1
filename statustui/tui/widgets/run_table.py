"""The table of runs, drawn line by line: what is out of view costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from statustui.core.run import Run
from statustui.core.states import STATES
from statustui.core.text import clean, format_age
from statustui.tui.look import GLYPHS, HIDDEN, STYLES
from statustui.tui.messages import RunChosen
from statustui.tui.store import RunStore

_NAME_MIN, _NAME_MAX = 8, 28
_NOTE_MIN, _NOTE_WANTED = 12, 24
_LEAVING = ("result", "age", "name", "note")
"""The order in which columns leave a narrow terminal; the others stay whatever happens."""
_TITLES = {
    "glyph": "",
    "id": "ID",
    "name": "NAME",
    "state": "STATE",
    "result": "RESULT",
    "age": "AGE",
    "note": "NOTE",
}
_SORTED = {"category": "glyph", "time": "age"}
"""Sort key -> its column, where they have different names."""


@dataclass(frozen=True)
class Columns:
    """The widths of the columns that there is room for, in terminal cells."""

    widths: tuple[tuple[str, int], ...]

    @classmethod
    def fit(cls, width: int, id_width: int, name_width: int, state_width: int) -> Columns:
        """Share out `width` cells, given the widest id, name and state."""
        wanted = {
            "glyph": 1,
            "id": id_width,
            "name": min(_NAME_MIN, name_width),
            "state": state_width,
            "result": 6,
            "age": 4,
            "note": _NOTE_MIN,
        }
        if not name_width:
            del wanted["name"]
        for leaving in (None, *_LEAVING):
            if leaving is not None:
                wanted.pop(leaving, None)
            if sum(wanted.values()) + len(wanted) - 1 <= width:
                break
        spare = max(0, width - sum(wanted.values()) - len(wanted) + 1)
        if "name" in wanted and "note" in wanted:
            room = spare - (_NOTE_WANTED - _NOTE_MIN)
            more = max(0, min(room, min(name_width, _NAME_MAX) - wanted["name"]))
            wanted["name"] += more
            spare -= more
        if "note" in wanted:
            wanted["note"] += spare
        return cls(tuple(wanted.items()))


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
    ]

    def __init__(self, store: RunStore, clock: Callable[[], float]) -> None:
        """Show the runs of `store`, their ages counted from what `clock` says."""
        super().__init__(id="runs")
        self._store = store
        self._clock = clock
        self._widest = {"id": 2, "name": 0, "state": STATES.max_length}
        self._columns = Columns(())
        self._drawn: list[tuple[str, bool, Run]] = []

    def on_mount(self) -> None:
        """Let ages tick."""
        self.set_interval(1.0, self.refresh_rows)

    def on_resize(self) -> None:
        """Share out the new width."""
        self._lay_out()
        self.show_cursor()

    def notify_style_update(self) -> None:
        """Draw everything in the new colours."""
        super().notify_style_update()
        self.refresh()

    def take(self, updated: tuple[Run, ...], cursor_before: int) -> None:
        """Show what has changed in the store, the cursor staying in its line of the screen."""
        self._measure(updated)
        self._resize_list()
        moved = self._store.cursor - cursor_before
        # At the top of the list what newly sorts there is to be seen.
        if self.scroll_offset.y and moved:
            self._scroll_to_row(self.scroll_offset.y + moved)
        self.show_cursor()
        self.refresh_rows()

    def reorder(self) -> None:
        """Show the store in its new order or with its new filter."""
        self.show_cursor()
        self.refresh()

    def show_cursor(self) -> None:
        """Bring the cursor into view."""
        self._resize_list()
        cursor, top, height = self._store.cursor, self.scroll_offset.y, self._page
        if cursor < top:
            self._scroll_to_row(cursor)
        elif cursor >= top + height:
            self._scroll_to_row(cursor - height + 1)

    def refresh_rows(self) -> None:
        """Repaint those lines in view whose text has changed."""
        rows = self._visible()
        for line, row in enumerate(rows):
            if line >= len(self._drawn) or row != self._drawn[line]:
                self._repaint(line + 1)
        for line in range(len(rows), len(self._drawn)):
            self._repaint(line + 1)
        self._drawn = rows

    def _repaint(self, line: int) -> None:
        self.refresh(Region(0, line, self.size.width, 1))

    def _visible(self) -> list[tuple[str, bool, Run]]:
        """The lines in view: age, whether the cursor is there, run."""
        top = self.scroll_offset.y
        now, cursor = self._clock(), self._store.cursor
        return [
            (format_age(run.age(now)), top + line == cursor, run)
            for line, run in enumerate(self._store.rows(top, top + self._page))
        ]

    @property
    def _page(self) -> int:
        """How many runs there is room for below the header."""
        return max(1, self.size.height - 1)

    def _measure(self, runs: tuple[Run, ...]) -> None:
        before = dict(self._widest)
        for run in runs:
            state = len(run.current.state) + (2 if run.hides_problem else 0)
            self._widest["state"] = max(self._widest["state"], min(state, 24))
            self._widest["id"] = max(self._widest["id"], min(cell_len(clean(run.id)), 32))
            if run.name != run.id:
                width = min(cell_len(clean(run.name)), _NAME_MAX)
                self._widest["name"] = max(self._widest["name"], width)
        if before != self._widest:
            self._lay_out()

    def _lay_out(self) -> None:
        widest = self._widest
        self._columns = Columns.fit(self.size.width, widest["id"], widest["name"], widest["state"])
        self.refresh()

    def _resize_list(self) -> None:
        size = Size(self.size.width, len(self._store) + 1)
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
        width = self.size.width
        if y == 0:
            return self._header(width)
        index = self.scroll_offset.y + y - 1
        if index >= len(self._store):
            return Strip.blank(width, self.rich_style)
        return self._row(self._store.row(index), index == self._store.cursor, width)

    def _header(self, width: int) -> Strip:
        style = self.get_component_rich_style("run-table--header")
        sorted_by = _SORTED.get(self._store.sort, self._store.sort)
        arrow = "▲" if self._store.reverse else "▼"
        cells = [
            _fit(f"{_TITLES[name]}{arrow}" if name == sorted_by else _TITLES[name], size)
            for name, size in self._columns.widths
        ]
        return Strip([Segment(set_cell_size(" ".join(cells), width), style)], width)

    def _row(self, run: Run, at_cursor: bool, width: int) -> Strip:  # noqa: FBT001
        cells = {
            "glyph": GLYPHS[run.category],
            "id": clean(run.id),
            "name": clean(run.name),
            "state": clean(run.current.state) + (f" {HIDDEN}" if run.hides_problem else ""),
            "result": run.result or "",
            "age": format_age(run.age(self._clock())),
            "note": clean(run.headline),
        }
        texts = [(name, _fit(cells[name], size)) for name, size in self._columns.widths]
        style = self.get_component_rich_style(STYLES[run.category], partial=True)
        base = self.rich_style
        if at_cursor:
            cursor = self.get_component_rich_style("run-table--cursor", partial=True)
            base = base + cursor
            style = style + cursor
        if at_cursor or run.category.is_problem:
            line = set_cell_size(" ".join(text for _name, text in texts), width)
            return Strip([Segment(line, base + style)], width)
        return _in_two_styles(texts, base, base + style).adjust_cell_length(width, base)

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
        row = self._store.find(self._store.cursor, step, lambda run: run.category.is_problem)
        if row is not None:
            self._select(row)

    def action_choose(self) -> None:
        """Ask for the run under the cursor."""
        run = self._store.current
        if run is not None:
            self.post_message(RunChosen(run.path))

    def on_click(self, event: events.Click) -> None:
        """Select the run that was clicked on; a second click opens it."""
        row = self.scroll_offset.y + event.y - 1
        if event.y > 0 and row < len(self._store):
            self._select(row)
            if event.chain > 1:
                self.action_choose()

    def _select(self, row: int) -> None:
        self._store.select(row)
        self.show_cursor()
        self.refresh_rows()


def _in_two_styles(texts: list[tuple[str, str]], plain: Style, coloured: Style) -> Strip:
    """Glyph and state in colour, what stands between and behind them plain."""
    segments: list[Segment] = []
    for name, text in texts:
        style = coloured if name in {"glyph", "state"} else plain
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
