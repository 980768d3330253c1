"""The columns of a table of runs: their texts and their widths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.durations import goes_on
from statustui.core.job import describe_wait
from statustui.core.recent_results import MAX_RESULTS
from statustui.core.run import Run
from statustui.core.states import STATES
from statustui.core.text import format_brief_span, format_live_age, format_span
from statustui.presentation.roots import short_names

HIDDEN = "!"
"""Follows a state that hides an earlier failure."""
STALLED = "~"
"""Follows the state of a stalled run, with the time since its last sign of life behind it."""
RECOVERED = "^"
"""Follows the state of a run that has recovered from an error."""
UNTIMED = "?"
"""Replaces the age of a status whose time is unreadable."""


class Column(NamedTuple):
    """A column. Widths are in terminal cells."""

    title: str
    meaning: str
    """What the chooser of columns says about it."""
    text: Callable[[Run, float], str]
    """Cell text for a run at a time in seconds since 1970; not yet made safe for a terminal."""
    least: int
    """The smallest width."""
    most: int
    """The largest width, for texts that are that long."""
    squeezed: int | None = None
    """Width to shrink to on a narrow terminal; None if it does not shrink."""
    takes_rest: bool = False
    """Whether it takes the width that the other columns leave."""
    leaves: int | None = None
    """On a narrow terminal the column with the lowest number is dropped first; None: never."""
    sort: str | None = None
    """The sort key that orders by this column; None if it has the name of the column."""
    ticks: bool = False
    """Whether its text changes as time passes."""
    is_usual: bool = True
    """Whether the table has it by default."""
    tells: Callable[[Run], bool] = lambda _run: True
    """Whether its text for a run says something that no other column does."""
    keeps_end: bool = False
    """Whether a text that is too long is cut at its beginning."""
    is_secondary: bool = False
    """Whether it is drawn dim, so that it does not draw the eye."""
    prefix: Callable[[Run, float], str] = lambda _run, _now: ""
    """The beginning of its text that introduces the rest, and is drawn dim."""
    suffix: Callable[[Run, float], str] = lambda _run, _now: ""
    """The end of its text that stays if the text is cut."""
    categories: Callable[[Run], Sequence[Category]] | None = None
    """Returns the categories whose glyphs its text ends with, each drawn in its own style."""


def _state(run: Run, now: float) -> str:
    if run.members is not None and not run.status_count:
        # A series of Pavilion 2.1.1 has no state of its own.
        return ""
    if run.hides_problem:
        return f"{run.current.state} {HIDDEN}"
    if run.stall is not None:
        return run.current.state + _stalled_span(run, now)
    if run.recovered is not None and not run.category.is_problem:
        return f"{run.current.state} {RECOVERED}"
    return run.current.state


def _stalled_span(run: Run, now: float) -> str:
    """Return for how long a run has stalled, behind its state; empty if it has not."""
    if run.stall is None or run.hides_problem or (run.members is not None and not run.status_count):
        return ""
    return f" {STALLED}{format_brief_span(now - run.stall.since)}"


def _age(run: Run, now: float) -> str:
    return (UNTIMED if run.is_untimed else format_live_age(run.age(now))).rjust(4)


def _wait(run: Run, now: float) -> str:
    """Return why the job of a run waits, in front of its note; empty if it does not."""
    job = run.job
    if job is None or job.status is None or not job.is_waiting:
        return ""
    return f"{describe_wait(job.status, now, job.asked if job.is_old else None)}: "


def _started(run: Run, now: float) -> str:
    """Return when a run started: the time of today, or the day and the time; local time."""
    if run.started is None:
        return "-"
    try:
        when, today = (datetime.fromtimestamp(time).astimezone() for time in (run.started, now))
    except (OverflowError, ValueError, OSError):
        return UNTIMED
    return f"{when:%H:%M}" if when.date() == today.date() else f"{when:%m-%d %H:%M}"


def _took(run: Run, now: float) -> str:
    """Return how long a run took, or how long it has been going on."""
    if run.started is None:
        return ""
    if goes_on(run):
        return format_brief_span(now - run.started)
    return format_span((run.updated_at or run.started) - run.started)


RESULT_GLYPHS = "".join(one.glyph for one in Category if one.is_problem or one is Category.PASSED)
"""The glyphs of results."""


def results_of(run: Run) -> tuple[Category, ...]:
    """Return the last results of the test of a run, the newest last."""
    return () if run.past is None else run.past.results


def _results(run: Run, _now: float) -> str:
    return "".join(category.glyph for category in results_of(run)).rjust(MAX_RESULTS)


COLUMNS = {
    "age": Column(
        "AGE",
        "time since the last status",
        _age,
        least=4,
        most=4,
        leaves=7,
        sort="time",
        ticks=True,
        is_secondary=True,
    ),
    "root": Column(
        "ROOT",
        "which of several roots",
        lambda run, _now: run.root,
        least=0,
        most=16,
        squeezed=8,
        leaves=6,
        is_secondary=True,
        keeps_end=True,
    ),
    "id": Column("ID", "name of the run directory", lambda run, _now: run.id, least=3, most=32),
    "name": Column(
        "NAME",
        "what it is a run of",
        lambda run, _now: run.name,
        least=0,
        most=28,
        squeezed=8,
        leaves=8,
        tells=lambda run: run.name != run.id,
    ),
    "state": Column(
        "STATE",
        "state, and how long it has stalled",
        _state,
        least=STATES.max_length,
        most=24,
        ticks=True,
        suffix=_stalled_span,
    ),
    "result": Column(
        "RESULT",
        "PASS, FAIL or ERROR",
        lambda run, _now: run.result or "",
        least=6,
        most=6,
        leaves=5,
        is_secondary=True,
    ),
    "user": Column(
        "USER",
        "who made the run",
        lambda run, _now: run.user,
        least=4,
        most=12,
        leaves=4,
        is_usual=False,
        is_secondary=True,
    ),
    "series": Column(
        "SERIES",
        "series that it belongs to",
        lambda run, _now: run.series,
        least=6,
        most=6,
        leaves=3,
        is_usual=False,
        is_secondary=True,
    ),
    "started": Column(
        "STARTED",
        "time of the first status",
        _started,
        least=7,
        most=11,
        leaves=1,
        is_usual=False,
        is_secondary=True,
    ),
    "took": Column(
        "TOOK",
        "time from the first status to the last, or to now",
        lambda run, now: _took(run, now).rjust(6),
        least=6,
        most=6,
        leaves=2,
        is_usual=False,
        is_secondary=True,
        ticks=True,
    ),
    "past": Column(
        "PAST",
        "last results of its test, the newest last",
        _results,
        least=0,
        most=MAX_RESULTS,
        leaves=0,
        is_usual=False,
        tells=lambda run: run.past is not None,
        categories=results_of,
    ),
    "note": Column(
        "NOTE",
        "note of the last status, or of the failure",
        lambda run, now: _wait(run, now) + run.headline,
        least=12,
        most=24,
        squeezed=12,
        takes_rest=True,
        leaves=9,
        prefix=lambda run, now: _wait(run, now) + run.headline_prefix,
    ),
}
"""Name -> column, from left to right."""


def columns_for(roots: Sequence[str]) -> dict[str, Column]:
    """Return the columns of a list of these roots.

    With several, the column of the root has their short names; with one it has nothing to say, and
    is left out.
    """
    short = short_names(roots)
    root = COLUMNS["root"]._replace(
        text=lambda run, _now: short.get(run.root, run.root),
        tells=lambda _run: len(short) > 1,
    )
    return {**COLUMNS, "root": root}


def fit(names: Sequence[str], width: int, widest: Mapping[str, int]) -> list[tuple[str, int]]:
    """Divide the width of a line between columns, with one cell between them.

    Args:
        names: The wanted columns, from left to right.
        width: The width of the line.
        widest: Column -> width of its widest text, for columns whose width depends on it.

    Returns:
        The columns that fit, each with its width.
    """
    full = {name: room(COLUMNS[name], widest.get(name, 0)) for name in names}
    # A column without any text is left out.
    given = {name: _squeeze(COLUMNS[name], cells) for name, cells in full.items() if cells}
    leaving = sorted((rank, name) for name in given if (rank := COLUMNS[name].leaves) is not None)
    while leaving and sum(given.values()) + len(given) - 1 > width:
        del given[leaving.pop(0)[1]]
    spare = max(0, width - sum(given.values()) - len(given) + 1)
    takers = [name for name in given if COLUMNS[name].takes_rest]
    reserved = sum(full[name] - given[name] for name in takers)
    for name in [name for name in given if name not in takers]:
        more = max(0, min(spare - reserved, full[name] - given[name]))
        given[name] += more
        spare -= more
    for name in takers[:1]:
        given[name] += spare
    return list(given.items())


def room(column: Column, widest: int) -> int:
    """Return the width that a column wants, given the width of its widest text."""
    if column.takes_rest:
        return column.most
    return max(column.least, min(widest, column.most), len(column.title) if widest else 0)


def _squeeze(column: Column, cells: int) -> int:
    return cells if column.squeezed is None else min(column.squeezed, cells)
