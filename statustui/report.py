"""Runs as a plain table and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from statustui.core.columns import COLUMNS
from statustui.core.durations import BRIEF, end_of
from statustui.core.history import History
from statustui.core.logs import Trace
from statustui.core.members import Members
from statustui.core.run import Run
from statustui.core.states import Category
from statustui.core.status_file import StatusInfo
from statustui.core.text import clean, clean_lines, format_age, format_iso, format_span
from statustui.look import LOOKS

_COLUMNS = ("id", "name", "state", "result", "age", "note")
_HEADER = ("", *(COLUMNS[name].title for name in _COLUMNS))


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


def count_categories(runs: Iterable[Run]) -> dict[str, int]:
    """Category -> how many runs are in it, for every category there is."""
    counts = Counter(run.category for run in runs)
    return {category.value: counts[category] for category in Category}


def summary(runs: Sequence[Run]) -> str:
    """How many runs there are, and in which categories, in one line."""
    counted, what = count_what(runs)
    counts = [f"{count:,} {name}" for name, count in count_categories(counted).items() if count]
    said = f"{len(counted):,} {what}"
    return f"{said}: {', '.join(counts)}" if counts else said


def count_what(runs: Collection[Run]) -> tuple[Collection[Run], str]:
    """What of `runs` is counted, and what that is called: series only where there is nothing else.

    A series is a container of runs, and counts as none itself.
    """
    counted = [run for run in runs if not run.is_series]
    if runs and not counted:
        return runs, "series"
    return counted, "run" if len(counted) == 1 else "runs"


def summary_json(roots: Sequence[str], runs: Sequence[Run], generated: datetime) -> str:
    """The same as one JSON object."""
    counted, _what = count_what(runs)
    return dump(
        {
            "roots": list(roots),
            "generated": generated.isoformat(),
            "total": len(counted),
            "categories": count_categories(counted),
            "stalled": sum(run.stall is not None for run in counted),
        }
    )


def changes(
    removed: Iterable[str], updated: Iterable[Run], now: float, *, as_json: bool
) -> Iterator[str]:
    """Lines on runs that are gone and runs that have changed, as JSON objects or for people."""
    for path in removed:
        gone = dump({"path": path, "removed": True})
        yield gone if as_json else f"{'':<3}{clean(path)} is gone"
    for run in sorted(updated, key=lambda run: run.is_series):
        if as_json:
            yield dump(run_object(run))
        else:
            glyph, run_id, name, state, result, _age, note = _row(run, now)
            yield f"{glyph}  {run_id:<8}  {name:<28}  {state:<15}  {result:<5}  {note}".rstrip()


def _row(run: Run, now: float) -> tuple[str, ...]:
    cells = {name: clean(COLUMNS[name].text(run, now)) for name in _COLUMNS}
    cells["age"] = format_age(run.age(now))
    return (LOOKS[run.category].letter, *(cell or "-" for cell in cells.values()))


def history_lines(history: History, width: int | None) -> Iterator[str]:
    """The statuses of a run, a line each: time, time since the one before, state and note.

    A note of several lines goes on in the next lines, and so does it how often a status was
    repeated. A damaged line has its number in place of the times. With `width` columns all is cut
    to it.
    """
    if history.omission:
        yield history.omission
    before: float | None = None
    for entry in history.entries:
        status, time = entry.status, entry.status.timestamp
        span = None if before is None or time is None else time - before
        before = before if entry.end is None else entry.end
        when = "-" if status.when is None else status.when.isoformat(" ", "milliseconds")
        start = f"{when:<23}  {'' if span is None else '+' + format_span(span):>8}"
        if entry.is_damaged and entry.line:
            start = f"{f'line {entry.line}':<33}"
        first, *more = clean_lines(status.note)
        if entry.times > 1 and time is not None and entry.end is not None:
            more.append(f"(set {entry.times:,} times in {format_span(entry.end - time)})")
        for line in (
            f"{start}  {clean(status.state):<15}  {first}".rstrip(),
            *(f"{'':<50}  {rest}" for rest in more),
        ):
            yield _cut(line, width)


def summary_lines(
    run: Run, history: History, trace: Trace | None, now: float, width: int | None
) -> Iterator[str]:
    """Where a run stands, what its time went into, and why it failed if it did.

    Args:
        run: The run.
        history: Its history.
        trace: The end of the log that belongs to where it stands.
        now: The time up to which it counts if it goes on, in seconds since 1970.
        width: Columns of the terminal, to which lines are cut; None to cut nothing.
    """
    where = f"{LOOKS[run.category].letter} {run.category.value}: {clean(run.id)} {clean(run.name)}"
    yield _cut(f"{where}, {clean(run.current.state)} for {format_age(run.age(now))}", width)
    if run.members is not None:
        yield f"its runs: {run.members.summary}"
    times = history.course.times(end_of(run, history.course, now))
    spans = [
        f"{clean(state)} {format_span(span)}" for state, span in times.items() if span >= BRIEF
    ]
    if spans:
        yield _cut(f"time in states: {', '.join(spans)}", width)
    if run.problem is not None:
        yield f"why: {clean(run.problem.state)}"
        yield from (f"     {line}" for line in clean_lines(run.problem.note))
    if trace is not None and (run.problem is not None or not run.is_over):
        yield f"end of {clean(trace.log.title)}:"
        yield from (_cut(f"     {line}", width) for line in trace.lines)


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else line[: width - 1] + "…"


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
        "members": run.members and _members_object(run.members),
        "updates": run.updates,
        "error": run.error,
    }


def _members_object(members: Members) -> dict[str, Any]:
    return {
        "total": members.total,
        "categories": {category.value: count for category, count in members.counts},
        "gone": members.gone,
        "has_ended": members.have_ended,
    }


def list_json(roots: Sequence[str], runs: Iterable[Run], generated: datetime) -> Iterator[str]:
    """One JSON object of all `runs`, in pieces that together are its text."""
    yield f'{{"roots": {dump(list(roots))}, "generated": "{generated.isoformat()}", "runs": ['
    separator = "\n"
    for run in runs:
        yield separator + dump(run_object(run))
        separator = ",\n"
    yield "\n]}\n"


def history_json(path: str, history: Iterable[StatusInfo], times: Mapping[str, float]) -> str:
    """The statuses of a run, and the seconds in each state, as one JSON object."""
    entries = [
        {
            "state": status.state,
            "note": status.note,
            "time": format_iso(status.timestamp),
            "timestamp": status.timestamp,
        }
        for status in history
    ]
    return dump({"path": path, "history": entries, "seconds": dict(times)})


def dump(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """A value as JSON in ASCII characters, so that no text in it reaches a terminal as it is."""
    return json.dumps(value, ensure_ascii=True)
