"""Runs as a plain table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from statustui.core.durations import BRIEF, end_of
from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.core.text import format_age, format_iso, format_span
from statustui.presentation.columns import RESULT_GLYPHS, UNTIMED, results_of
from statustui.presentation.export import cell_of, title_of
from statustui.presentation.plain_text import Paper, pad, width_of
from statustui.presentation.run_object import (
    JSON_VERSION,
    dump,
    incomplete_objects,
    run_object,
)
from statustui.presentation.spelling import spell
from statustui.presentation.summary import count_categories, count_what

if TYPE_CHECKING:
    from statustui.core.history import History
    from statustui.core.logs import Log, LogTail

TABLE_COLUMNS = ("id", "name", "state", "result", "age", "note")
"""The columns of a table for which none are named."""
_MAX_CELLS = 64
"""Width of any column but the last: one text must not widen every line."""
_SHRINKING = ("path", "name", "id")
"""The columns that are shrunk on a narrow terminal, one after the other."""
_MIN_SHRUNK = 8
"""Cells that those columns keep."""
_MIN_LAST = 12
"""Cells reserved for the last column."""
_GAP = "  "


def table(
    runs: Sequence[Run], now: float, paper: Paper, names: Sequence[str] = TABLE_COLUMNS
) -> Iterator[tuple[str, Run | None]]:
    """Lay runs out as a table.

    Args:
        runs: The runs, in order.
        now: The time of the ages, in seconds since 1970.
        paper: Standard output.
        names: The columns, from left to right.

    Yields:
        Lines without a newline, each with its run; first the header, with None.
    """
    header = ("", *map(title_of, names))
    rows = [_row(run, now, paper, names) for run in runs]
    widths = [
        min(_MAX_CELLS, max(map(width_of, column))) for column in zip(header, *rows, strict=True)
    ]
    if paper.width is not None:
        widths = _shrink(widths, paper.width, names)
    for row, run in zip([header, *rows], [None, *runs], strict=True):
        yield _line(row, widths, paper), run


def _shrink(widths: Sequence[int], available: int, names: Sequence[str]) -> list[int]:
    """Return the widths of the columns on a narrow terminal; the last column gets the rest."""
    given = [*widths[:-1], min(widths[-1], _MIN_LAST)]
    for name in _SHRINKING:
        if name not in names:
            continue
        column = 1 + names.index(name)
        excess = sum(given) + len(_GAP) * (len(given) - 1) - available
        given[column] -= max(0, min(excess, given[column] - _MIN_SHRUNK))
    return given


def _line(cells: Sequence[str], widths: Sequence[int], paper: Paper) -> str:
    """Join the cells of a row; the last one is cut only by the end of the line."""
    *front, last = cells
    fitted = [
        pad(paper.fit(cell, width), width) for cell, width in zip(front, widths, strict=False)
    ]
    return paper.line(_GAP.join([*fitted, last]).rstrip())


def summary_json(
    roots: Sequence[str],
    runs: Sequence[Run],
    generated: datetime,
    incomplete: Iterable[tuple[str, str]],
) -> str:
    """Return the number of runs in each category as one JSON object."""
    counted, _what = count_what(runs)
    return dump(
        {
            "version": JSON_VERSION,
            "roots": list(roots),
            "generated": generated.isoformat(),
            "incomplete": incomplete_objects(incomplete),
            "total": len(counted),
            "categories": count_categories(Counter(run.category for run in counted)),
            "stalled": sum(run.stall is not None for run in counted),
        }
    )


def changes(
    removed: Iterable[str], updated: Iterable[Run], now: float, paper: Paper, *, as_json: bool
) -> Iterator[str]:
    """Yield a line for each run that was removed or has changed, as JSON objects or as text."""
    for path in removed:
        gone = dump({"path": path, "removed": True})
        yield gone if as_json else paper.line(f"{'':<3}{paper.words(path)} is gone")
    for run in sorted(updated, key=lambda run: run.is_series):
        if as_json:
            yield dump(run_object(run))
        else:
            glyph, run_id, name, state, result, _age, note = _row(run, now, paper)
            # Later lines are unknown: the columns have the width that most runs need.
            widths = [
                max(least, min(_MAX_CELLS, width_of(cell)))
                for least, cell in zip(
                    _MIN_WIDTHS, (glyph, run_id, name, state, result), strict=True
                )
            ]
            yield _line((glyph, run_id, name, state, result, note), widths, paper)


_MIN_WIDTHS = (1, 8, 28, 15, 5)
"""Minimum widths of glyph, id, name, state and result in lines on changes."""


def _row(
    run: Run, now: float, paper: Paper, names: Sequence[str] = TABLE_COLUMNS
) -> tuple[str, ...]:
    cells = {name: paper.words(cell_of(name, run, now)) for name in names}
    if "age" in cells:
        cells["age"] = UNTIMED if run.is_untimed else format_age(run.age(now))
    if "past" in cells and spell(RESULT_GLYPHS, paper.charset) != RESULT_GLYPHS:
        cells["past"] = "".join(category.letter for category in results_of(run))
    return (run.category.letter, *(cell or "-" for cell in cells.values()))


def history_lines(history: History, paper: Paper) -> Iterator[str]:
    """Yield a line for each status of a run: time, time since the previous one, state and note.

    A note of several lines continues on lines of its own. If a status was repeated, a further line
    says how often. A damaged line has its line number in place of the times.
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
        state = pad(paper.fit(paper.words(status.state), _MAX_CELLS), 15)
        for line in (
            f"{start}  {state}  {first}".rstrip(),
            *(f"{'':<50}  {rest}" for rest in more),
        ):
            yield paper.line(line)


class RunSummary(NamedTuple):
    """What is known of one run."""

    run: Run
    history: History
    log_tail: LogTail | None
    """The end of the log that belongs to the state of the run."""
    unread_logs: Sequence[tuple[Log, str]] = ()
    """Logs that belong to it and cannot be read, each with the reason."""


def summary_lines(summary: RunSummary, now: float, paper: Paper) -> Iterator[str]:
    """Yield where a run stands, how long it was in each state, and why it failed.

    Args:
        summary: The run.
        now: The end of the current state if the run is unfinished, in seconds since 1970.
        paper: Standard output.
    """
    run, history, log_tail, unread_logs = summary
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
    yield from (paper.line(f"{words(log.title)}: {words(why)}") for log, why in unread_logs)
    if log_tail is not None:
        yield paper.line(f"end of {words(log_tail.log.title)}:")
        yield from (paper.line(f"     {words(line)}") for line in log_tail.lines)


def list_json(
    roots: Sequence[str],
    runs: Iterable[Run],
    generated: datetime,
    incomplete: Iterable[tuple[str, str]],
) -> Iterator[str]:
    """Yield the JSON object of all `runs`, in pieces of text.

    Args:
        roots: The directories, as given.
        runs: The runs.
        generated: When they were read.
        incomplete: Path and error of each part that could not be read.
    """
    yield f'{{"version": {JSON_VERSION}, "roots": {dump(list(roots))}, '
    yield f'"generated": "{generated.isoformat()}", '
    yield f'"incomplete": {dump(incomplete_objects(incomplete))}, "runs": ['
    separator = "\n"
    for run in runs:
        yield separator + dump(run_object(run))
        separator = ",\n"
    yield "\n]}\n"


def history_json(path: str, history: Iterable[StatusInfo], times: Mapping[str, float]) -> str:
    """Return the statuses of a run, and the seconds in each state, as one JSON object."""
    entries = [
        {
            "state": status.state,
            "note": status.note,
            "time": format_iso(status.timestamp),
            "timestamp": status.timestamp,
        }
        for status in history
    ]
    return dump({"version": JSON_VERSION, "path": path, "history": entries, "seconds": dict(times)})
