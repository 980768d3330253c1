"""Runs as a plain table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from statustui.core.run import Run
from statustui.core.states import Category
from statustui.core.status_file import StatusInfo
from statustui.core.text import clean, clean_lines, format_age, format_iso, format_span

GLYPHS = {
    Category.ERROR: "E",
    Category.FAILED: "F",
    Category.RUNNING: ">",
    Category.BUILDING: "+",
    Category.WAITING: ".",
    Category.UNKNOWN: "?",
    Category.CANCELLED: "x",
    Category.SKIPPED: "-",
    Category.PASSED: "=",
}
"""One ASCII letter for each category, in front of a line of plain output."""

_HEADER = ("", "ID", "NAME", "STATE", "RESULT", "AGE", "NOTE")


def table(runs: Sequence[Run], now: float, width: int | None) -> Iterator[tuple[str, Run | None]]:
    """Lay runs out as a table.

    Args:
        runs: The runs, in order.
        now: The time that ages are counted from, in seconds since 1970.
        width: Columns of the terminal, to which notes are cut; None to cut nothing.

    Yields:
        Lines without a newline, each with its run; the header comes first, with None.
    """
    rows = [_row(run, now) for run in runs]
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    for row, run in zip([_HEADER, *rows], [None, *runs], strict=True):
        cells = [cell.ljust(size) for cell, size in zip(row[:-1], widths, strict=False)]
        start = "  ".join(cells)
        line = f"{start}  {row[-1]}".rstrip()
        if width is not None and len(line) > width:
            # The note alone is cut, and what stands before it never.
            line = line[: max(width - 1, len(start))].rstrip() + "…"
        yield line, run


def changes(
    removed: Iterable[str], updated: Iterable[Run], now: float, *, as_json: bool
) -> Iterator[str]:
    """Lines on runs that are gone and runs that have changed, as JSON objects or for people."""
    for path in removed:
        gone = dump({"path": path, "removed": True})
        yield gone if as_json else f"{'':<3}{clean(path)} is gone"
    for run in updated:
        if as_json:
            yield dump(run_object(run))
        else:
            glyph, run_id, name, state, result, _age, note = _row(run, now)
            yield f"{glyph}  {run_id:<8}  {name:<28}  {state:<15}  {result:<5}  {note}".rstrip()


def _row(run: Run, now: float) -> tuple[str, ...]:
    return (
        GLYPHS[run.category],
        clean(run.id),
        clean(run.name),
        clean(run.current.state),
        run.result or "-",
        format_age(run.age(now)),
        _note(run, now),
    )


def _note(run: Run, now: float) -> str:
    note = clean(run.headline)
    return note if run.stall is None else f"stalled for {format_age(now - run.stall.since)}: {note}"


def history_lines(history: Iterable[StatusInfo], width: int | None) -> Iterator[str]:
    """The statuses of a run, a line each: time, time since the one before, state and note.

    A note of several lines goes on in the next lines. With `width` columns notes are cut to it.
    """
    before: float | None = None
    for status in history:
        time = status.timestamp
        span = None if before is None or time is None else time - before
        before = time if time is not None else before
        when = "-" if status.when is None else status.when.isoformat(" ", "milliseconds")
        first, *more = clean_lines(status.note)
        start = f"{when:<23}  {'' if span is None else '+' + format_span(span):>8}"
        for line in (
            f"{start}  {clean(status.state):<15}  {first}".rstrip(),
            *(f"{'':<50}  {rest}" for rest in more),
        ):
            yield line if width is None or len(line) <= width else line[: width - 1] + "…"


def run_object(run: Run) -> dict[str, Any]:
    """A run as the JSON object that ``list`` prints."""
    problem = run.problem
    return {
        "path": run.path,
        "id": run.id,
        "name": run.name,
        "kind": run.kind,
        "user": run.user,
        "series": run.series or None,
        "state": run.current.state,
        "category": run.category.value,
        "note": run.current.note,
        "time": format_iso(run.updated),
        "timestamp": run.updated,
        "problem": problem
        and {"state": problem.state, "note": problem.note, "timestamp": problem.timestamp},
        "result": run.result,
        "stalled": run.stall and {"since": run.stall.since, "basis": run.stall.basis},
        "updates": run.updates,
        "error": run.error,
    }


def list_json(roots: Sequence[str], runs: Iterable[Run], generated: datetime) -> Iterator[str]:
    """One JSON object of all `runs`, in pieces that together are its text."""
    yield f'{{"roots": {dump(list(roots))}, "generated": "{generated.isoformat()}", "runs": ['
    separator = "\n"
    for run in runs:
        yield separator + dump(run_object(run))
        separator = ",\n"
    yield "\n]}\n"


def history_json(path: str, history: Iterable[StatusInfo]) -> str:
    """The statuses of a run as one JSON object."""
    entries = [
        {
            "state": status.state,
            "note": status.note,
            "time": format_iso(status.timestamp),
            "timestamp": status.timestamp,
        }
        for status in history
    ]
    return dump({"path": path, "history": entries})


def dump(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """A value as JSON in ASCII characters, so that no text in it reaches a terminal as it is."""
    return json.dumps(value, ensure_ascii=True)
