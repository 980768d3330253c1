"""The listed runs on one axis of time: their order, which are in view, and how they are scaled."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from statustui.core.durations import BRIEF
from statustui.core.run import Run
from statustui.monitor.run.histories import RunTimeline
from statustui.tui.model.bar_order import ORDERS, ArrangedBars, arrange_bars, node_of
from statustui.tui.model.bars import (
    Bar,
    Life,
    Phase,
    ended_at,
    lay_out,
    life_of,
    ran,
    span_of,
    stamp_of,
)
from statustui.tui.model.load_curve import LoadCurve
from statustui.tui.model.run_order import RunOrder
from statustui.tui.model.time_axis import TimeAxis

_ZOOM = 2.0
"""Factor by which a key zooms."""
_SHIFT = 0.25
"""Share of the axis by which a key scrolls."""
_MAX_AHEAD = 86_400.0
"""Seconds from now up to which a start counts for the axis; a later one is an error of a clock."""
_MAX_LIVES = 2000
"""Runs whose phases are kept: those that were in view last."""
_MAX_SINGLE = 300
"""Changed runs that are sorted in one by one."""
_MAX_SECONDS = 0.02
"""Seconds for arranging the runs at once."""


def _last_sign(run: Run, now: float) -> float:
    """Return up to when a fitted axis shows a run: a stalled one may be silent for days."""
    end = ended_at(run)
    if end is not None:
        return end
    return now if run.stall is None else run.stall.since


class Load(NamedTuple):
    """How many runs there were at a time."""

    counts: list[int]
    """One for each cell, up to now."""
    is_running: bool
    """Whether only runs that ran are counted; else all under way, those that waited too."""


class OverTime:
    """Which of some runs are in view as bars, on which axis, and which is selected.

    The axis fits the runs in view until the user zooms or scrolls it. The selection is a run, not a
    row: it moves with its run.
    """

    def __init__(self) -> None:
        self.order = self._wanted = "start"
        """One of `ORDERS`."""
        self.top = 0
        """Index of the first run in view."""
        self._height = self._cells = 1
        self._runs: dict[str, Run] = {}
        self._untimed: dict[str, Run] = {}
        self._work: Generator[None, None, ArrangedBars] | None = None
        self._arranging: Sequence[Run] = ()
        """The runs that are being arranged."""
        self._sorted = RunOrder(ORDERS[self.order])
        self._curve = LoadCurve()
        self._axis: TimeAxis | None = None
        """The axis that the user has chosen; None to fit the runs in view."""
        self._selected: str | None = None
        self._preferred: list[str | None] = []
        """What to select once the runs are arranged; empty for what is selected."""
        self._row = 0
        """The row of the selection when it was last looked for."""
        self._lives: dict[str, Life] = {}

    def __len__(self) -> int:
        """How many runs have a bar, in view or not."""
        return len(self._runs)

    @property
    def untimed(self) -> int:
        """How many runs are left out, because no time is known of them."""
        return len(self._untimed)

    # Runs.

    def set_runs(self, runs: Iterable[Run]) -> None:
        """Set all runs; with many of them, `continue_arranging` does the rest.

        Until then everything is as it was.
        """
        self._arranging = list(runs)
        self._work = arrange_bars(self._arranging, self._wanted)
        self.continue_arranging()

    @property
    def is_arranging(self) -> bool:
        """Whether there are new runs, or another order, that are not shown yet."""
        return self._work is not None

    def continue_arranging(self) -> None:
        """Go on with arranging the runs for a while, by at least one step."""
        end = time.perf_counter() + _MAX_SECONDS
        while self._work is not None:
            try:
                next(self._work)
            except StopIteration as done:
                self._work, self._arranging = None, ()
                self.order, self._runs, self._untimed, self._sorted, self._curve = done.value
                self._keep_selection()
            if time.perf_counter() >= end:
                break

    def _finish_arranging(self) -> None:
        while self.is_arranging:
            self.continue_arranging()

    def change(self, changed: Iterable[Run], gone: Iterable[str]) -> None:
        """Add or replace runs, and remove those at some paths.

        Many are sorted in together, as `set_runs` does it.
        """
        self._finish_arranging()
        new = {run.path: run for run in changed}
        old = [path for path in gone if path not in new]
        if len(new) + len(old) > _MAX_SINGLE:
            kept = {**self._untimed, **self._runs, **new}
            for path in old:
                kept.pop(path, None)
            self.set_runs(kept.values())
            return
        for path in (*old, *new):
            self._replace(path, new.get(path))
        self._keep_selection()

    def _replace(self, path: str, run: Run | None) -> None:
        """Replace what is known of the run at a path; None if it is gone."""
        before = self._runs.pop(path, None)
        self._untimed.pop(path, None)
        span = None if run is None else span_of(run)
        self._curve.replace(None if before is None else span_of(before), span)
        if before is not None:
            self._sorted.discard(before)
        if run is not None and span is None:
            self._untimed[path] = run
        elif run is not None:
            self._runs[path] = run
            self._sorted.add(run)

    def cycle_order(self) -> None:
        """Switch to the next order, with the same run selected."""
        names = list(ORDERS)
        self._wanted = names[(names.index(self._wanted) + 1) % len(names)]
        known = chain(self._untimed.values(), self._runs.values())
        self.set_runs(self._arranging if self.is_arranging else known)

    @property
    def knows_nodes(self) -> bool:
        """Whether the node of any run is known, while they are in the order of their nodes."""
        return any(map(node_of, self._sorted.slice(0, 1)))

    # Phases.

    def add_lives(self, found: Iterable[RunTimeline]) -> None:
        """Take in when runs were in which state."""
        for run, timeline in found:
            self._lives.pop(run.path, None)
            self._lives[run.path] = life_of(stamp_of(run), timeline)
        for path in list(self._lives)[: max(0, len(self._lives) - _MAX_LIVES)]:
            del self._lives[path]

    @property
    def without_life(self) -> list[Run]:
        """The runs in view whose phases are not known, or not as they are now."""
        return [
            run
            for run in self.in_view
            if (life := self._lives.get(run.path)) is None or life.stamp != stamp_of(run)
        ]

    # Rows.

    def resize(self, height: int, cells: int) -> None:
        """Set how many bars fit, and how many cells the axis has."""
        self._height, self._cells = max(1, height), max(1, cells)
        self._scroll()

    @property
    def in_view(self) -> list[Run]:
        """The runs whose bars are in view."""
        return self._sorted.slice(self.top, self.top + self._height)

    @property
    def selected(self) -> Run | None:
        """The selected run; None without any run."""
        return None if self._selected is None else self._runs.get(self._selected)

    def select(self, index: int) -> None:
        """Select the run at an index, or the nearest one."""
        if not self._runs:
            self._selected = None
            return
        self._row = max(0, min(index, len(self._runs) - 1))
        [run] = self._sorted.slice(self._row, self._row + 1)
        self._selected = run.path
        self._scroll()

    def select_run(self, path: str | None) -> None:
        """Select the run at `path`; if it has no bar, the last one."""
        run = None if path is None else self._runs.get(path)
        index = None if run is None else self._sorted.index(run)
        self.select(len(self._runs) - 1 if index is None else index)

    def move(self, rows: int) -> None:
        """Move the selection by a number of rows."""
        self.select(self._row + rows)

    def page(self, pages: float) -> None:
        """Move the selection by a number of pages."""
        self.move(round(pages * self._height))

    def prefer(self, path: str | None) -> None:
        """Select the run at `path`, or the last one, once the runs are arranged."""
        self._preferred = [path]

    def _keep_selection(self) -> None:
        """Find the selected run again; if it is gone, select what is in its place."""
        if self._preferred:
            self.select_run(self._preferred.pop())
            return
        run = self.selected
        index = None if run is None else self._sorted.index(run)
        self.select(self._row if index is None else index)

    def _scroll(self) -> None:
        """Scroll so that the selection is in view, by half a page, and no row stays empty."""
        half = self._height // 2
        if self._row < self.top:
            self.top = self._row - half
        elif self._row >= self.top + self._height:
            self.top = self._row - self._height + 1 + half
        self.top = max(0, min(self.top, len(self._runs) - self._height))

    # The axis.

    @property
    def is_fitted(self) -> bool:
        """Whether the axis fits the runs in view."""
        return self._axis is None

    def axis(self, now: float) -> TimeAxis:
        """Return the axis: as the user has chosen it, or so long that it fits the runs in view."""
        if self._axis is not None:
            return TimeAxis(self._axis.begin, self._axis.end, self._cells)
        runs = self.in_view
        # One start in the far future must not leave all others without a cell.
        runs = [run for run in runs if (run.started or 0.0) <= now + _MAX_AHEAD] or runs
        begins = [run.started for run in runs if run.started is not None]
        if not begins:
            return TimeAxis.fitted(now, now, self._cells)
        end = max(_last_sign(run, now) for run in runs)
        return TimeAxis.fitted(min(begins), max(*begins, end), self._cells)

    def zoom(self, direction: int, now: float) -> None:
        """Zoom in, or (-1) out, around the part of the selected bar that is in view."""
        axis = self.axis(now)
        around = axis.middle_of(axis.cells // 2)
        run = self.selected
        bar = None if run is None else self.bar(run, axis, now)
        if bar is not None and bar.phases:
            around = axis.middle_of(bar.first + len(bar.phases) // 2)
        self._axis = axis.zoomed(_ZOOM**-direction, around)

    def shift(self, direction: int, now: float) -> None:
        """Scroll to later times, or (-1) to earlier ones."""
        self._axis = self.axis(now).shifted(direction * _SHIFT)

    def fit(self) -> None:
        """Fit the axis to the runs in view again."""
        self._axis = None

    # What is drawn.

    def bar(self, run: Run, axis: TimeAxis, now: float) -> Bar:
        """Return the bar of a run."""
        return lay_out(run, self._lives.get(run.path), axis, now)

    def load(self, axis: TimeAxis, now: float) -> Load:
        """Return how many runs there were at a time.

        Only those that ran are counted if the phases of all runs are known: that takes reading
        their histories, so of many runs all under way are counted.
        """
        runs = self.in_view
        lives = [self._lives.get(run.path) for run in runs]
        if len(runs) < len(self._runs) or None in lives:
            return Load(self._curve.along(axis, now), is_running=False)
        spans = [
            span
            for run, life in zip(runs, lives, strict=True)
            if life is not None
            for span in ran(run, life)
        ]
        ends = [end for _start, end in spans if end is not None]
        curve = LoadCurve([start for start, _end in spans], ends)
        return Load(curve.along(axis, now), is_running=True)

    def phase_spans(self, run: Run, now: float) -> dict[Phase, float]:
        """Return for how many seconds a run waited, built and ran; empty if unknown."""
        life, span = self._lives.get(run.path), span_of(run)
        found: dict[Phase, float] = {}
        if life is None or span is None:
            return found
        end = now if span[1] is None else span[1]
        stops = (*life.starts[1:], end)
        for start, stop, phase in zip(life.starts, stops, life.phases, strict=False):
            found[phase] = found.get(phase, 0.0) + max(0.0, stop - start)
        return {phase: seconds for phase, seconds in found.items() if seconds >= BRIEF}
