"""Runs as text for the clipboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from statustui.core.run import Run
from statustui.core.text import clean, format_iso
from statustui.presentation.export import EXPORTS, rows_of

_COLUMNS = ("ID", "NAME", "STATE", "RESULT", "TIME", "NOTE")


def _format_table(runs: list[Run]) -> str:
    """Return a table with a header and tabs between the cells."""
    rows = [
        (
            run.id,
            run.name,
            run.current.state,
            run.result or "",
            format_iso(run.updated_at),
            run.headline,
        )
        for run in runs
    ]
    return "".join("\t".join(clean(cell or "") for cell in row) + "\n" for row in [_COLUMNS, *rows])


COPY_FORMATS: dict[str, Callable[[list[Run]], str]] = {
    "ids": lambda runs: " ".join(clean(run.id) for run in runs),
    "paths": lambda runs: "".join(f"{clean(run.path)}\n" for run in runs).removesuffix("\n"),
    "table": _format_table,
}
"""Name of a format -> what turns runs into text."""


def export_runs(format_name: str, runs: Sequence[Run], names: Sequence[str], now: float) -> str:
    """Return runs as text for another program, in the columns on show.

    Args:
        format_name: ``csv``, ``tsv`` or ``md``.
        runs: The runs.
        names: The columns, from left to right.
        now: The time of the ages, in seconds since 1970.
    """
    return "".join(EXPORTS[format_name](rows_of(runs, names, now)))
