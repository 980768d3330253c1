"""Runs as text for other programs: comma or tab separated, and Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from statustui.core.run import Run
from statustui.core.text import clean, format_iso
from statustui.presentation.columns import COLUMNS

Text = Callable[[Run, float], str]
"""Returns what a column says of a run at a time in seconds since 1970."""

_ADDED: Mapping[str, Text] = {
    "category": lambda run, _now: run.category.value,
    "time": lambda run, _now: format_iso(run.updated_at) or "",
    "path": lambda run, _now: run.path,
}
"""Columns that the table on the screen does not have."""

EXPORT_COLUMNS = (*COLUMNS, *_ADDED)
"""The names of all columns."""
USUAL_COLUMNS = ("category", "id", "name", "user", "state", "result", "time", "note")
"""The columns of an export for which none are named."""

_FORMULA = ("=", "+", "-", "@")
_NUMBER = re.compile(r"[-+]?[\d.,:]+[smhd%]?\Z")
_PLAIN = re.compile(r"(?!www\.)[A-Za-z0-9](?:[A-Za-z0-9 .,;()/%=+-]|:(?!//)|(?<=\w)_(?=\w))*\Z")
"""Text that means nothing but itself in Markdown."""


def title_of(name: str) -> str:
    """Return the heading of a column."""
    return COLUMNS[name].title if name in COLUMNS else name.upper()


def cell_of(name: str, run: Run, now: float) -> str:
    """Return what a column says of a run, clean and in one line."""
    text = COLUMNS[name].text if name in COLUMNS else _ADDED[name]
    return clean(text(run, now)).strip()


def rows_of(runs: Sequence[Run], names: Sequence[str], now: float) -> Iterator[list[str]]:
    """Yield the cells of each run, after those of the heading."""
    yield [title_of(name) for name in names]
    for run in runs:
        yield [cell_of(name, run, now) for name in names]


def csv_lines(rows: Iterator[list[str]]) -> Iterator[str]:
    """Yield rows with commas between their cells, as RFC 4180 has it but for the line ends."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(map(_inert, row))
        yield line.getvalue()


def tsv_lines(rows: Iterator[list[str]]) -> Iterator[str]:
    """Yield rows with tabs between their cells; a cell has neither tabs nor newlines."""
    for row in rows:
        yield "\t".join(map(_inert, row)) + "\n"


def _inert(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe is put in front."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.match(cell) else cell


def markdown_lines(rows: Iterator[list[str]]) -> Iterator[str]:
    """Yield a table of Markdown; what could be markup, a link or a mention is set as code."""
    heading = next(rows)
    yield _markdown(heading)
    yield _markdown("---" for _cell in heading)
    for row in rows:
        yield _markdown(map(literal_cell, row))


def _markdown(cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def literal(text: str) -> str:
    """Return a line of text that means nothing but itself in Markdown, outside of tables."""
    if not text or _PLAIN.match(text):
        return text
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    # Next to a backtick of the text, a space tells it from the fence.
    gap = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def literal_cell(text: str) -> str:
    """Return the same for a cell of a table.

    A space keeps a backslash apart from the bar behind it: together they could end the cell.
    """
    return literal(text.replace("\\|", "\\ |")).replace("|", "\\|")


EXPORTS: Mapping[str, Callable[[Iterator[list[str]]], Iterator[str]]] = {
    "csv": csv_lines,
    "tsv": tsv_lines,
    "md": markdown_lines,
}
"""Name of a format -> what turns rows, the heading first, into lines."""
