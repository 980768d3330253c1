"""What each line of the run table says, and how it is drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from statustui.core.run import Run
from statustui.core.text import clean
from statustui.presentation.columns import Column, fit
from statustui.presentation.glyphs import (
    CHANGED,
    MARKED,
    MUTED,
    NEW,
    STYLES,
)
from statustui.tui.model.groups import Group
from statustui.tui.model.listing import Row
from statustui.tui.model.store import RunStore
from statustui.tui.widgets.cells import StyleOf, pad_cell, pad_cell_end
from statustui.tui.widgets.group_rows import GroupLine, describe_group

_FRONT = 3
"""Cells in front of the first column: flag, glyph, and a space."""
_PLAIN = Style.null()


class RunLine(NamedTuple):
    """What a line says of a run; it is redrawn when this changes."""

    lead: tuple[str, str]
    """Flag and age: what changes most."""
    at_cursor: bool
    run: Run
    rest: tuple[str, ...]
    """The other texts that change with time."""


Line: TypeAlias = RunLine | GroupLine


def describe_row(
    row: Row, store: RunStore, columns: Sequence[Column], now: float, *, at_cursor: bool
) -> Line:
    """Return what a line says of a row, in these columns."""
    if isinstance(row, Group):
        return describe_group(row, store, now, at_cursor=at_cursor)
    texts = [column.text(row, now) for column in columns if column.ticks]
    lead = (_flag(row, store), "".join(texts[:1]))
    return RunLine(lead, at_cursor, _as_drawn(row), tuple(texts[1:]))


def _as_drawn(run: Run) -> Run:
    """Return a run without what the scheduler says again and again, and no line shows.

    That is when it was asked, and everything about a job that does not wait.
    """
    job = run.job
    if job is None or job.asked is None:
        return run
    status = job.status if job.is_waiting else None
    return run._replace(job=job._replace(status=status, asked=job.asked if job.is_old else None))


def _flag(run: Run, store: RunStore) -> str:
    """Return the flag of a run: marked, muted, new problem, just changed, or none of these."""
    if run.path in store.marked:
        return MARKED
    if run.is_muted:
        return MUTED
    if run.path in store.unread_problems:
        return NEW
    return CHANGED if run.path in store.recently_changed else " "


def _is_plain(text: str) -> bool:
    """Return whether each character of a text takes one cell, as it is."""
    return text.isascii() and text.isprintable()


class RowPainter:
    """Draws lines, with columns as wide as their texts need.

    Args:
        columns: Name -> column, from left to right.
        colours: State -> name of the colour that the user wants for it.
    """

    def __init__(self, columns: Mapping[str, Column], colours: Mapping[str, str]) -> None:
        self._columns = columns
        self._colours = {state: Style(color=colour) for state, colour in colours.items()}
        self._widest = {
            name: column.least
            for name, column in columns.items()
            if column.least < column.most and not column.takes_rest
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
            column = self._columns[name]
            if widest == column.most:
                continue
            texts = set(map(column.text, filter(column.tells, runs), repeat(now)))
            if _is_plain("".join(texts)):
                cells: Iterable[int] = map(len, texts)
            else:
                cells = (cell_len(clean(text)) for text in texts)
            self._widest[name] = min(column.most, max([widest, *cells]))
        return before != self._widest

    def _fit(self, width: int) -> list[tuple[str, int]]:
        """Return the columns that fit into a width, each with its own."""
        wanted = (width, *self._widest.values())
        if wanted != self._fitted_for:
            self._fitted_for = wanted
            self._fitted = fit(list(self._columns), width - _FRONT, self._widest)
        return self._fitted

    def column_at(self, x: int, width: int) -> str | None:
        """Return the name of the column at cell `x` of a line; None in front of the first one."""
        end, found = _FRONT, None
        for name, size in self._fit(width):
            if x >= end:
                found = name
            end += size + 1
        return found

    def draw_header(self, width: int, store: RunStore, style: Style) -> Strip:
        """Draw the titles of the columns, with an arrow at the one that the runs are sorted by."""
        sort, arrow = store.sort, "↑" if store.reverse else "↓"
        cells = [f" {arrow if sort == 'category' else ' '}"]
        for name, size in self._fit(width):
            column = self._columns[name]
            mark = arrow if sort == (column.sort or name) else ""
            cells.append(pad_cell(column.title[: size - len(mark)] + mark, size))
        return Strip([Segment(set_cell_size(" ".join(cells), width), style)], width)

    def draw_run(self, line: RunLine, width: int, style_of: StyleOf, now: float) -> Strip:
        """Draw a run: glyph and state in colour, what is secondary dim, the rest plain."""
        run, base = line.run, style_of("run-table--cursor") if line.at_cursor else _PLAIN
        coloured = style_of(STYLES[run.category])
        if not run.hides_problem:
            coloured += self._colours.get(run.current.state, _PLAIN)
        coloured += base
        # Dim text cannot be read on the bar of the cursor.
        quiet = base if line.at_cursor else style_of("run-table--secondary")
        if run.is_muted:
            coloured = quiet
        segments = [Segment(line.lead[0] + run.category.glyph, coloured)]
        for name, size in self._fit(width):
            column = self._columns[name]
            pad = pad_cell_end if column.keeps_end else pad_cell
            text, suffix = clean(column.text(run, now)), column.suffix(run, now)
            if column.categories is not None and column.categories(run):
                told = column.categories(run)[-size:]
                segments.append(Segment(" " * (1 + size - len(told)), base))
                segments += [Segment(one.glyph, style_of(STYLES[one]) + base) for one in told]
                continue
            if suffix and cell_len(text) > size:
                text = pad_cell(text.removesuffix(suffix), size - len(suffix)) + suffix
            text = " " + pad(text, size)
            prefix = 1 + len(clean(column.prefix(run, now)))
            usual = coloured if name == "state" else quiet if column.is_secondary else base
            segments.append(Segment(text[:prefix], quiet if prefix > 1 else usual))
            segments.append(Segment(text[prefix:], usual))
        return _join_alike(segments, base).adjust_cell_length(width, base)


def _join_alike(segments: list[Segment], base: Style) -> Strip:
    """Join neighbours of one style: each change of the style costs output.

    Spaces look the same in any of them, unless they are on the bar of the cursor.
    """
    joined: list[Segment] = []
    for segment in segments:
        is_blank = not segment.text or (not base.reverse and segment.text.isspace())
        if joined and (is_blank or joined[-1].style is segment.style):
            joined[-1] = Segment(joined[-1].text + segment.text, joined[-1].style)
        else:
            joined.append(segment)
    return Strip(joined)
