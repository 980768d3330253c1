"""Runs as bars on an axis of time."""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from statustui.core.categories import Category
from statustui.core.run import Run
from statustui.core.states import categorise
from statustui.core.timeline import StateTimeline
from statustui.tui.model.time_axis import TimeAxis

Span: TypeAlias = "tuple[float, float | None]"
"""Begin and end in seconds since 1970; None if it goes on."""
Stamp: TypeAlias = "tuple[int, float | None]"
"""Changes when a run does: its number of statuses, and the time of the last."""


class Phase(enum.Enum):
    """What a run does for a while, by the words that say for how long."""

    WAITING = "waited"
    BUILDING = "built"
    RUNNING = "ran"
    OVER = "was over"
    """Something failed, or it had ended, before its last status was set."""
    UNREAD = ""
    """Its history has not been read."""


_PHASES = {Category.WAITING: Phase.WAITING, Category.BUILDING: Phase.BUILDING}


class Life(NamedTuple):
    """When a run waited, built and ran."""

    stamp: Stamp
    """That of the run when its history was read."""
    starts: tuple[float, ...]
    """When each phase began, in seconds since 1970, in order."""
    phases: tuple[Phase, ...]


def stamp_of(run: Run) -> Stamp:
    """Return a value that changes when the run does."""
    return run.status_count, run.updated_at


def life_of(stamp: Stamp, timeline: StateTimeline) -> Life:
    """Return the phases of a run, given when it was in which state."""
    starts: list[float] = []
    phases: list[Phase] = []
    for start, state in zip(timeline.starts, timeline.states, strict=True):
        category = categorise(state)
        phase = _PHASES.get(category, Phase.OVER if category.is_final else Phase.RUNNING)
        if phases[-1:] != [phase]:
            starts.append(start)
            phases.append(phase)
    return Life(stamp, tuple(starts), tuple(phases))


def span_of(run: Run) -> Span | None:
    """Return from when to when a run was under way; None if no time is known."""
    if run.started is None:
        return None
    return run.started, ended_at(run)


def ended_at(run: Run) -> float | None:
    """Return the time of the last status of a run, which has one; None if it is under way."""
    if run.category.is_under_way:
        return None
    started, end = run.started or 0.0, run.updated_at
    return started if end is None or end < started else end


def ran(run: Run, life: Life) -> Iterator[Span]:
    """Yield from when to when a run ran."""
    span = span_of(run)
    for index, (start, phase) in enumerate(zip(life.starts, life.phases, strict=True)):
        if phase is Phase.RUNNING and span is not None:
            is_last = index + 1 == len(life.starts)
            yield start, span[1] if is_last else life.starts[index + 1]


class Bar(NamedTuple):
    """The part of the life of a run that is on an axis."""

    first: int = 0
    """The cell in which it begins."""
    phases: tuple[Phase, ...] = ()
    """The phase in each cell."""
    has_end: bool = False
    """Whether the last of the cells is where the run ended, or where it is now."""
    off: int = 0
    """-1 if the whole run was before the axis, 1 if it is after it."""


def lay_out(run: Run, life: Life | None, axis: TimeAxis, now: float) -> Bar:
    """Return the bar of a run, at least one cell long.

    Args:
        run: The run.
        life: Its phases; None if they are not known.
        axis: Where to draw it.
        now: The current time in seconds since 1970, where the bar of a run under way ends.
    """
    span = span_of(run)
    if span is None:
        return Bar()
    start, end = span[0], span[1] if span[1] is not None else max(now, span[0])
    first, last = axis.cell_at(start), axis.cell_at(end)
    if last < 0 or first >= axis.cells:
        return Bar(off=-1 if last < 0 else 1)
    has_end = last < axis.cells
    first, last = max(0, first), min(last, axis.cells - 1)
    phases = tuple(
        _phase_at(life, min(max(axis.middle_of(cell), start), end))
        for cell in range(first, last + 1)
    )
    return Bar(first, phases, has_end)


def _phase_at(life: Life | None, time: float) -> Phase:
    if life is None or not life.starts:
        return Phase.UNREAD
    return life.phases[max(0, bisect_right(life.starts, time) - 1)]
