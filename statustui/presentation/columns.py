"""The columns of a table of runs: what stands in them, and how much room they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from statustui.core.run import Run
from statustui.core.states import STATES
from statustui.core.text import format_age, format_live_age

HIDDEN = "!"
"""Stands behind a state that hides a failure."""
STALLED = "~"
"""Stands behind a state in which a run seems to have stalled."""
RECOVERED = "^"
"""Stands behind a state in which a run is after it has recovered from an error."""
UNTIMED = "?"
"""Stands in place of an age where the time of the status cannot be read."""


@dataclass(frozen=True)
class Column:
    """A column; room is counted in cells of the terminal."""

    title: str
    text: Callable[[Run, float], str]
    """What it says of a run at a time in seconds since 1970, not made safe for a terminal yet."""
    least: int
    """Room that it has in any case."""
    most: int
    """Room that it takes at the most, if a text is that long."""
    squeezed: int | None = None
    """Room that does for the time being where it is narrow; None if it wants all of its own."""
    takes_rest: bool = False
    """Whether it takes what room the others leave."""
    leaves: int | None = None
    """The column with the smallest number leaves a narrow terminal first; None if it stays."""
    sort: str | None = None
    """The sort key that orders by it, if that has another name than the column."""
    ticks: bool = False
    """Whether its text changes by itself as time goes by."""
    is_usual: bool = True
    """Whether the table has it unless the user says otherwise."""
    tells: Callable[[Run], bool] = lambda _run: True
    """Whether it tells something of a run that no other column does."""


def _state(run: Run, _now: float) -> str:
    if run.members is not None and not run.status_count:
        # A series of Pavilion 2.1.1 has no state of its own.
        return ""
    if run.hides_problem:
        return f"{run.current.state} {HIDDEN}"
    if run.stall is not None:
        return f"{run.current.state} {STALLED}"
    if run.recovered is not None and not run.category.is_problem:
        return f"{run.current.state} {RECOVERED}"
    return run.current.state


def _age(run: Run, now: float) -> str:
    return (UNTIMED if run.is_untimed else format_live_age(run.age(now))).rjust(4)


def _note(run: Run, now: float) -> str:
    if run.stall is None:
        return run.headline
    return f"stalled {format_age(now - run.stall.since)}: {run.headline}"


COLUMNS = {
    "age": Column(
        "AGE",
        _age,
        least=4,
        most=4,
        leaves=4,
        sort="time",
        ticks=True,
    ),
    "id": Column("ID", lambda run, _now: run.id, least=3, most=32),
    "name": Column(
        "NAME",
        lambda run, _now: run.name,
        least=0,
        most=28,
        squeezed=8,
        leaves=5,
        tells=lambda run: run.name != run.id,
    ),
    "state": Column("STATE", _state, least=STATES.max_length, most=24),
    "result": Column("RESULT", lambda run, _now: run.result or "", least=6, most=6, leaves=3),
    "user": Column("USER", lambda run, _now: run.user, least=4, most=12, leaves=2, is_usual=False),
    "series": Column(
        "SERIES", lambda run, _now: run.series, least=6, most=6, leaves=1, is_usual=False
    ),
    "note": Column(
        "NOTE", _note, least=12, most=24, squeezed=12, takes_rest=True, leaves=6, ticks=True
    ),
}
"""Name of a column -> the column, from left to right."""


def fit(names: Sequence[str], width: int, widest: Mapping[str, int]) -> list[tuple[str, int]]:
    """Share out the room of a line to columns, with one cell between them.

    Args:
        names: The columns that are wanted, from left to right.
        width: How many cells there are.
        widest: Column -> cells of its widest text, for those whose room goes by that.

    Returns:
        The columns that there is room for, each with its cells.
    """
    full = {name: room(COLUMNS[name], widest.get(name, 0)) for name in names}
    # A column without any text is none.
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
    """The cells that a column wants if its widest text takes so many."""
    if column.takes_rest:
        return column.most
    return max(column.least, min(widest, column.most), len(column.title) if widest else 0)


def _squeeze(column: Column, cells: int) -> int:
    return cells if column.squeezed is None else min(column.squeezed, cells)
