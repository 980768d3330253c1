"""A report as comma separated values: a line for each test."""

from __future__ import annotations

from collections.abc import Iterator

from statustui.core.run import Run
from statustui.core.text import clean, format_iso
from statustui.core.work_times import seconds_at_work
from statustui.presentation.comparison import place_of
from statustui.presentation.export import csv_lines
from statustui.presentation.report.report import Report, verdict_of

COLUMNS = (
    "change",
    "name",
    "category",
    "state",
    "result",
    "time",
    "seconds",
    "cause",
    "run",
    "base",
)
"""The columns; ``change`` has the names of the lists that a test is in, ``time`` is its start."""


def render(report: Report) -> str:
    """Return the table; text that a spreadsheet would take for a formula is made inert."""
    return "".join(csv_lines(_rows(report)))


def _rows(report: Report) -> Iterator[list[str]]:
    yield list(COLUMNS)
    said: dict[int, list[tuple[str, str]]] = {}
    comparison = report.comparison
    for name, items in {**comparison.lists, "unfinished": comparison.unfinished}.items():
        for item in items:
            said.setdefault(id(item.run or item.base), []).append((name, item.cause))
    for pair in comparison.pairs:
        run = pair.run or pair.idle
        lists = said.get(id(run or pair.base), [])
        cells = [
            " ".join(name for name, _cause in lists),
            pair.name.name,
            verdict_of(run),
            *_columns_of(run),
            "; ".join(cause for name, cause in lists if name != "added"),
            run.path if run else "",
            place_of(pair.base) if pair.base else "",
        ]
        yield [clean(cell).strip() for cell in cells]


def _columns_of(run: Run | None) -> list[str]:
    """Return state, result, start and seconds of a run."""
    if run is None:
        return ["", "", "", ""]
    seconds = seconds_at_work(run)
    return [
        run.current.state,
        run.result or "",
        format_iso(run.started) or "",
        "" if seconds is None else f"{seconds:.3f}",
    ]
