"""Entries under titles, in as many columns as fit, one of them selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from statustui.presentation.glyphs import STYLES
from statustui.tui.messages import EntryChosen
from statustui.tui.model.help_entries import Entry, Section

_MAX_WIDTH = 84
"""Cells for an entry; a longer one is cut, so that there can be several columns."""
_MAX_MARK, _MAX_TITLE = 12, 26
"""Cells reserved for keys, and for titles that are followed by a detail."""


class _Place(NamedTuple):
    line: int
    column: int


class _Layout(NamedTuple):
    """How the entries of a section are drawn. Widths are in cells."""

    mark: int
    title: int
    columns: int

    @classmethod
    def of(cls, entries: Sequence[Entry], width: int) -> _Layout:
        """Return the layout with as many columns as fit."""
        mark = min(_MAX_MARK, max(cell_len(entry.mark) for entry in entries))
        titles = [cell_len(entry.title) for entry in entries if entry.detail]
        title = min(_MAX_TITLE, max(titles, default=0))
        widest = max(
            mark + max(title, cell_len(entry.title)) + cell_len(entry.detail) for entry in entries
        )
        return cls(mark, title, max(1, width // min(_MAX_WIDTH, widest + 6)))


class EntryList(ScrollView, can_focus=False):
    """Draws the entries of each section from top to bottom, then in the next column."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "entry-list--title",
        "entry-list--key",
        "entry-list--detail",
        "entry-list--cursor",
        *STYLES.values(),
    }

    def __init__(self) -> None:
        super().__init__(id="entries")
        self._sections: Sequence[Section] = ()
        self._entries: list[Entry] = []
        self._places: list[_Place] = []
        self._by_place: dict[_Place, int] = {}
        self._titles: dict[int, str] = {}
        self._layouts: dict[int, _Layout] = {}
        """Line -> how the entries in it are drawn."""
        self.selected_index = 0
        """Index of the selected entry."""

    @property
    def selected(self) -> Entry | None:
        """The selected entry; None if there are none."""
        return self._entries[self.selected_index] if self._entries else None

    def set_sections(self, sections: Sequence[Section], selected: int, *, has_names: bool) -> None:
        """Show these sections.

        Args:
            sections: The sections.
            selected: Index of the selected entry.
            has_names: Whether to show only entries with a name in the configuration, and that.
        """
        if has_names:
            sections = [
                section._replace(
                    entries=[entry._replace(detail=entry.name) for entry in section.entries]
                )
                for section in sections
                if any(entry.name for entry in section.entries)
            ] or sections
        self._sections = sections
        self._entries = [entry for section in sections for entry in section.entries]
        self._lay_out()
        self.select(selected)
        if not selected:
            self.scroll_to(y=0, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Use the new width."""
        self._lay_out()
        self.select(self.selected_index)

    def _lay_out(self) -> None:
        self._places, self._titles, self._layouts = [], {}, {}
        line = 0
        for section in self._sections:
            if line:
                line += 1
            self._titles[line] = section.title
            line += 1
            count = len(section.entries)
            layout = _Layout.of(section.entries, self.size.width)
            height = -(-count // layout.columns)
            self._places += [_Place(line + one % height, one // height) for one in range(count)]
            self._layouts.update(dict.fromkeys(range(line, line + height), layout))
            line += height
        self._by_place = {place: index for index, place in enumerate(self._places)}
        self.virtual_size = Size(self.size.width, line)
        self.refresh()

    def select(self, index: int) -> None:
        """Select an entry, and scroll it into view."""
        self.selected_index = max(0, min(index, len(self._entries) - 1))
        if self._entries:
            line = self._places[self.selected_index].line
            # With the title of the section, if that is just above.
            first = line - 1 if line - 1 in self._titles else line
            self.scroll_to_region(
                Region(0, first, 1, line - first + 1), animate=False, immediate=True
            )
        self.refresh()

    def move(self, entries: int) -> None:
        """Select the entry so many further down, or up."""
        self.select(self.selected_index + entries)

    @property
    def page(self) -> int:
        """The entries of one column in view."""
        return max(1, self.size.height - 1)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        line, width = y + self.scroll_offset.y, self.size.width
        title = self._titles.get(line)
        if title is not None:
            style = self._style("entry-list--title")
            text = f"─ {title} "
            return Strip([Segment(set_cell_size(text + "─" * width, width), style)], width)
        layout = self._layouts.get(line)
        if layout is None:
            return Strip.blank(width)
        cells = width // layout.columns
        strips = []
        for column in range(layout.columns):
            index = self._by_place.get(_Place(line, column))
            if index is None:
                strips.append(Strip.blank(cells))
            else:
                strip = self._draw(self._entries[index], layout, cells)
                is_selected = index == self.selected_index
                cursor = self._style("entry-list--cursor")
                strips.append(strip.apply_style(cursor) if is_selected else strip)
        return Strip.join(strips).adjust_cell_length(width)

    def _draw(self, entry: Entry, layout: _Layout, cells: int) -> Strip:
        style = self._style(entry.style) if entry.style else Style()
        mark_style = style if entry.style else self._style("entry-list--key")
        title = f"{entry.title:<{layout.title}}" if entry.detail else entry.title
        strip = Strip(
            [
                Segment(f" {set_cell_size(entry.mark, layout.mark)}  ", mark_style),
                Segment(title, style),
                Segment(f"  {entry.detail}", self._style("entry-list--detail")),
            ]
        )
        if strip.cell_length >= cells:
            strip = Strip([*strip.crop(0, cells - 2), Segment("… ")])
        return strip.adjust_cell_length(cells)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def on_click(self, event: events.Click) -> None:
        """Choose the clicked entry."""
        line = event.y + self.scroll_offset.y
        columns = self._layouts[line].columns if line in self._layouts else 1
        column = event.x // max(1, self.size.width // columns)
        index = self._by_place.get(_Place(line, column))
        if index is not None:
            self.select(index)
            self.post_message(EntryChosen())
