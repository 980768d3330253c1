"""Runs as a plain table and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from statustui.core.categories import Category
from statustui.core.durations import BRIEF, end_of
from statustui.core.history import History
from statustui.core.logs import Log, LogTail
from statustui.core.members import Members
from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.core.text import format_age, format_iso, format_span
from statustui.presentation.columns import COLUMNS, UNTIMED
from statustui.presentation.plain_text import Paper, pad, width_of

_COLUMNS = ("id", "name", "state", "result", "age", "note")
_HEADER = ("", *(COLUMNS[name].title for name in _COLUMNS))
_WIDEST = 64
"""Cells that any column but the last takes at the most: one text must not widen every line."""
_GIVING = ("name", "id")
"""The columns that give way on a narrow terminal, one after the other."""
_LEAST = 8
"""Cells that they keep."""
_ROOM = 12
"""Cells that are to be left for the last column."""
_GAP = "  "


def table(runs: Sequence[Run], now: float, paper: Paper) -> Iterator[tuple[str, Run | None]]:
    """Lay runs out as a table.

    Args:
        runs: The runs, in order.
        now: The time that ages are counted from, in seconds since 1970.
        paper: What is printed on.

    Yields:
        Lines without a newline, each with its run; the header comes first, with None.
    """
    rows = [_row(run, now, paper) for run in runs]
    widths = [
        min(_WIDEST, max(map(width_of, column))) for column in zip(_HEADER, *rows, strict=True)
    ]
    if paper.width is not None:
        widths = _narrowed(widths, paper.width)
    for row, run in zip([_HEADER, *rows], [None, *runs], strict=True):
        yield _line(row, widths, paper), run


def _narrowed(widths: Sequence[int], room: int) -> list[int]:
    """The widths of the columns where the last one takes what room the others leave."""
    given = [*widths[:-1], min(widths[-1], _ROOM)]
    for name in _GIVING:
        column = 1 + _COLUMNS.index(name)
        excess = sum(given) + len(_GAP) * (len(given) - 1) - room
        given[column] -= max(0, min(excess, given[column] - _LEAST))
    return given


def _line(cells: Sequence[str], widths: Sequence[int], paper: Paper) -> str:
    """The cells of a row beside each other; there is no end of the last one but the line's."""
    *front, last = cells
    fitted = [
        pad(paper.fit(cell, width), width) for cell, width in zip(front, widths, strict=False)
    ]
    return paper.line(_GAP.join([*fitted, last]).rstrip())


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


def summary_json(
    roots: Sequence[str],
    runs: Sequence[Run],
    generated: datetime,
    incomplete: Iterable[tuple[str, str]],
) -> str:
    """The same as one JSON object."""
    counted, _what = count_what(runs)
    return dump(
        {
            "roots": list(roots),
            "generated": generated.isoformat(),
            "incomplete": _incomplete(incomplete),
            "total": len(counted),
            "categories": count_categories(counted),
            "stalled": sum(run.stall is not None for run in counted),
        }
    )


def changes(
    removed: Iterable[str], updated: Iterable[Run], now: float, paper: Paper, *, as_json: bool
) -> Iterator[str]:
    """Lines on runs that are gone and runs that have changed, as JSON objects or for people."""
    for path in removed:
        gone = dump({"path": path, "removed": True})
        yield gone if as_json else paper.line(f"{'':<3}{paper.words(path)} is gone")
    for run in sorted(updated, key=lambda run: run.is_series):
        if as_json:
            yield dump(run_object(run))
        else:
            glyph, run_id, name, state, result, _age, note = _row(run, now, paper)
            # What comes later is not known: the columns are as wide as runs are named mostly.
            widths = [
                max(least, min(_WIDEST, width_of(cell)))
                for least, cell in zip(_USUAL, (glyph, run_id, name, state, result), strict=True)
            ]
            yield _line((glyph, run_id, name, state, result, note), widths, paper)


_USUAL = (1, 8, 28, 15, 5)


def _row(run: Run, now: float, paper: Paper) -> tuple[str, ...]:
    cells = {name: paper.words(COLUMNS[name].text(run, now)) for name in _COLUMNS}
    cells["age"] = UNTIMED if run.is_untimed else format_age(run.age(now))
    return (run.category.letter, *(cell or "-" for cell in cells.values()))


def history_lines(history: History, paper: Paper) -> Iterator[str]:
    """The statuses of a run, a line each: time, time since the one before, state and note.

    A note of several lines goes on in the next lines, and so does it how often a status was
    repeated. A damaged line has its number in place of the times.
    """
    if history.omission:
        yield paper.line(history.omission)
    before: float | None = None
    for entry in history.entries:
        status, time = entry.status, entry.status.timestamp
        span = None if before is None or time is None else time - before
        before = before if entry.end is None else entry.end
        when = "-" if status.when is None else status.when.isoformat(" ", "milliseconds")
        start = f"{when:<23}  {'' if span is None else '+' + format_span(span):>8}"
        if entry.is_damaged and entry.line:
            start = f"{f'line {entry.line}':<33}"
        first, *more = (paper.words(line) for line in status.note.split("\n"))
        if entry.times > 1 and time is not None and entry.end is not None:
            more.append(f"(set {entry.times:,} times in {format_span(entry.end - time)})")
        state = pad(paper.fit(paper.words(status.state), _WIDEST), 15)
        for line in (
            f"{start}  {state}  {first}".rstrip(),
            *(f"{'':<50}  {rest}" for rest in more),
        ):
            yield paper.line(line)


def summary_lines(  # noqa: PLR0913, PLR0917 - all that is known of a run
    run: Run,
    history: History,
    trace: LogTail | None,
    now: float,
    paper: Paper,
    unread: Sequence[tuple[Log, str]] = (),
) -> Iterator[str]:
    """Where a run stands, what its time went into, and why it failed if it did.

    Args:
        run: The run.
        history: Its history.
        trace: The end of the log that belongs to where it stands.
        now: The time up to which it counts if it goes on, in seconds since 1970.
        paper: What is printed on.
        unread: Logs that may tell more and cannot be looked at, each with the reason.
    """
    words = paper.words
    letter = run.category.letter
    where = f"{letter} {run.category.value}: {words(run.id)} {words(run.name)}"
    yield paper.line(f"{where}, {words(run.current.state)} for {format_age(run.age(now))}")
    if run.members is not None:
        yield paper.line(f"its runs: {run.members.summary}")
    times = history.timeline.totals_until(end_of(run, history.timeline, now))
    spans = [
        f"{words(state)} {format_span(span)}" for state, span in times.items() if span >= BRIEF
    ]
    if spans:
        yield paper.line(f"time in states: {', '.join(spans)}")
    if run.problem is not None:
        yield paper.line(f"why: {words(run.problem.state)}")
        yield from (f"     {words(line)}" for line in run.problem.note.split("\n"))
    if run.recovered is not None:
        yield paper.line(f"recovered from: {words(run.recovered.state)}")
        yield from (f"     {words(line)}" for line in run.recovered.note.split("\n"))
    if run.contradiction is not None:
        yield paper.line(f"result: {run.contradiction}")
    if run.problem is None and run.is_finished:
        return
    yield from (paper.line(f"{words(log.title)}: {words(why)}") for log, why in unread)
    if trace is not None:
        yield paper.line(f"end of {words(trace.log.title)}:")
        yield from (paper.line(f"     {words(line)}") for line in trace.lines)


def run_object(run: Run) -> dict[str, Any]:
    """A run as the JSON object that ``list`` prints."""
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
        "time": format_iso(run.updated_at),
        "timestamp": run.updated_at,
        "problem": _status_object(run.problem),
        "recovered": _status_object(run.recovered),
        "result": run.result,
        "results_file": run.results_file,
        "stalled": run.stall and {"since": run.stall.since, "basis": run.stall.basis},
        "members": run.members and _members_object(run.members),
        "updates": run.status_count,
        "error": run.error,
    }


def _status_object(status: StatusInfo | None) -> dict[str, Any] | None:
    if status is None:
        return None
    return {"state": status.state, "note": status.note, "timestamp": status.timestamp}


def _members_object(members: Members) -> dict[str, Any]:
    return {
        "total": members.total,
        "categories": {category.value: count for category, count in members.counts},
        "gone": members.gone,
        "has_ended": members.have_ended,
    }


def list_json(
    roots: Sequence[str],
    runs: Iterable[Run],
    generated: datetime,
    incomplete: Iterable[tuple[str, str]],
) -> Iterator[str]:
    """One JSON object of all `runs`, in pieces that together are its text.

    Args:
        roots: The directories below which they are.
        runs: The runs.
        generated: When they were read.
        incomplete: Path and error of each part that could not be read.
    """
    yield f'{{"roots": {dump(list(roots))}, "generated": "{generated.isoformat()}", '
    yield f'"incomplete": {dump(_incomplete(incomplete))}, "runs": ['
    separator = "\n"
    for run in runs:
        yield separator + dump(run_object(run))
        separator = ",\n"
    yield "\n]}\n"


def _incomplete(parts: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"path": path, "error": error} for path, error in parts]


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
