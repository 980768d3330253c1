"""What each line of the run table says, and how it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
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
from statustui.tui.model.groups import Group
from statustui.tui.model.listing import Row
from statustui.tui.model.store import RunStore

_FRONT = 3
"""Cells in front of the first column: flag, glyph, and a space."""
_MIN_GROUP_NAME = 8
"""Cells that the name of a group has at least."""
_PLAIN = Style.null()
StyleOf: TypeAlias = Callable[[str], Style]
"""Returns the style of a component class, to be added to others."""


class RunLine(NamedTuple):
    """What a line says of a run; it is redrawn when this changes."""

    lead: tuple[str, str]
    """Flag and age: what changes most."""
    at_cursor: bool
    run: Run
    rest: tuple[str, ...]
    """The other texts that change with time."""


class GroupLine(NamedTuple):
    """What a line says of a group; it is redrawn when this changes."""

    lead: tuple[str, str]
    at_cursor: bool
    name: str
    is_folded: bool
    size: int
    """How many runs are in the group."""
    counts: Counter[Category]


Line: TypeAlias = RunLine | GroupLine


def describe_row(
    row: Row, store: RunStore, names: Sequence[str], now: float, *, at_cursor: bool
) -> Line:
    """Return what a line says of a row, with the columns called `names`."""
    if isinstance(row, Group):
        size, counts = len(row.order), +row.counts
        return GroupLine(("", ""), at_cursor, row.name, row.is_folded, size, counts)
    texts = [COLUMNS[name].text(row, now) for name in names if COLUMNS[name].ticks]
    return RunLine((_flag(row, store), "".join(texts[:1])), at_cursor, row, tuple(texts[1:]))


def _flag(run: Run, store: RunStore) -> str:
    """Return the flag of a run: marked, new problem, recently changed, or none of these."""
    if run.path in store.marked:
        return MARKED
    if run.path in store.unread_problems:
        return NEW
    return CHANGED if run.path in store.recently_changed else " "


class RowPainter:
    """Draws lines, with columns as wide as their texts need.

    Args:
        names: The columns, from left to right.
        colours: State -> name of the colour that the user wants for it.
    """

    def __init__(self, names: Sequence[str], colours: Mapping[str, str]) -> None:
        self._names = names
        self._colours = {state: Style(color=colour) for state, colour in colours.items()}
        self._widest = {
            name: COLUMNS[name].least
            for name in names
            if COLUMNS[name].least < COLUMNS[name].most and not COLUMNS[name].takes_rest
        }
        """Column -> cells of its widest text, for the columns whose width depends on it."""
        self._fitted: list[tuple[str, int]] = []
        self._fitted_for: tuple[int, ...] = ()

    def measure_runs(self, runs: Collection[Run], now: float) -> bool:
        """Make room for the texts of these runs.

        Returns:
            Whether a column has become wider.
        """
        before = dict(self._widest)
        for name, widest in before.items():
            column = COLUMNS[name]
            if widest == column.most:
                continue
            for text in {column.text(run, now) for run in runs if column.tells(run)}:
                cleaned = clean(text)
                cells = len(cleaned) if cleaned.isascii() else cell_len(cleaned)
                self._widest[name] = max(self._widest[name], min(cells, column.most))
        return before != self._widest

    def _columns(self, width: int) -> list[tuple[str, int]]:
        """Return the columns that fit into a width, each with its own."""
        wanted = (width, *self._widest.values())
        if wanted != self._fitted_for:
            self._fitted_for = wanted
            self._fitted = fit(self._names, width - _FRONT, self._widest)
        return self._fitted

    def draw_header(self, width: int, store: RunStore, style: Style) -> Strip:
        """Draw the titles of the columns, with an arrow at the one that the runs are sorted by."""
        sort, arrow = store.sort, "↑" if store.reverse else "↓"
        cells = [f" {arrow if sort == 'category' else ' '}"]
        for name, size in self._columns(width):
            column = COLUMNS[name]
            mark = arrow if sort == (column.sort or name) else ""
            cells.append(_pad(column.title[: size - len(mark)] + mark, size))
        return Strip([Segment(set_cell_size(" ".join(cells), width), style)], width)

    def draw_group(self, group: GroupLine, width: int, style_of: StyleOf) -> Strip:
        """Draw the name of a group, and how many of its runs are in each category."""
        base = Style(bold=True, reverse=group.at_cursor or None)
        counts = []
        for category in Category:
            if group.counts[category]:
                text = f" {category.glyph}{group.counts[category]:,}"
                counts.append(Segment(text, base + style_of(STYLES[category])))
        arrow, size = FOLDED if group.is_folded else UNFOLDED, f"  {group.size:,} "
        room = width - len(arrow) - 1 - len(size) - sum(len(one.text) for one in counts)
        name = clean(group.name) or "(none)"
        name = _pad(name, min(cell_len(name), max(_MIN_GROUP_NAME, room)))
        segments = [Segment(f"{arrow} {name}{size}", base), *counts]
        return Strip(segments).adjust_cell_length(width, base)

    def draw_run(self, line: RunLine, width: int, style_of: StyleOf, now: float) -> Strip:
        """Draw a run: a problem in colour as a whole, any other with its glyph and state."""
        run, at_cursor = line.run, line.at_cursor
        texts = [
            ("glyph", line.lead[0] + run.category.glyph),
            *(
                (name, _pad(clean(COLUMNS[name].text(run, now)), size))
                for name, size in self._columns(width)
            ),
        ]
        style = style_of(STYLES[run.category])
        if not run.hides_problem:
            style += self._colours.get(run.current.state, _PLAIN)
        if at_cursor:
            style += style_of("run-table--cursor")
        if at_cursor or run.category.is_problem:
            whole = set_cell_size(" ".join(text for _name, text in texts), width)
            return Strip([Segment(whole, style)], width)
        return _in_two_styles(texts, style).adjust_cell_length(width)


def _in_two_styles(texts: list[tuple[str, str]], coloured: Style) -> Strip:
    """Join texts: glyph and state in colour, the others plain."""
    segments: list[Segment] = []
    for name, text in texts:
        style = coloured if name in {"glyph", "state"} else _PLAIN
        if segments and segments[-1].style is style:
            segments[-1] = Segment(f"{segments[-1].text}{text} ", style)
        else:
            segments.append(Segment(f"{text} ", style))
    return Strip(segments)


def _pad(text: str, width: int) -> str:
    """Pad a text to `width` cells, or cut it and end it with an ellipsis."""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return set_cell_size(text, width)
