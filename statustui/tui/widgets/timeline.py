"""A bar with the times that a run spent in its states, above one with the usual times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import nlargest
from itertools import accumulate, groupby
from typing import ClassVar

from rich.cells import set_cell_size
from rich.style import Style
from rich.text import Text

from statustui.core.durations import BRIEF, StateDurations, end_of, goes_on
from statustui.core.run import Run
from statustui.core.states import categorise
from statustui.core.text import clean, format_live_age, format_span
from statustui.core.timeline import StateTimeline
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.painted import Painted

_LABEL_WIDTH, _TOTAL_WIDTH = 9, 8
"""Cells before a bar and after it."""
_MAX_LEGEND = 12
"""States in the legend: those that took longest."""
_GAP = "  "


class Timeline(Painted):
    """The time from the creation of a run to now, or to its end, divided into its states.

    The second bar has the same scale. States are named in the bars where they fit, and with their
    times in the legend.

    Args:
        run: The run.
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time", *STYLES.values()}

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        super().__init__("timeline")
        self._run = run
        self._clock = clock
        self._timeline = StateTimeline()
        self._durations = StateDurations()

    def set_run(
        self,
        run: Run,
        timeline: StateTimeline | None = None,
        durations: StateDurations | None = None,
    ) -> None:
        """Set the run, and what is known of its times; None keeps what is known."""
        if run.path != self._run.path:
            self._timeline, self._durations = StateTimeline(), StateDurations()
        self._run = run
        self._timeline = timeline or self._timeline
        self._durations = durations or self._durations
        self.update()

    def draw(self) -> Text:
        """Draw the bars, and the legend below them."""
        timeline = self._timeline
        room = self.size.width - _LABEL_WIDTH - _TOTAL_WIDTH - 1
        if not timeline.starts or room < 1:
            return Text("")
        run, now = self._run, self._clock()
        is_live = goes_on(run)
        begin, end = timeline.starts[0], end_of(run, timeline, now)
        times = timeline.totals_until(end)
        usual = self._durations.totals
        longest = max(end - begin, sum(usual.values()), 1e-6)
        scale = longest / room
        cells = [timeline.state_at(begin + (cell + 0.5) * scale) for cell in range(room)]
        cells = cells[: max(1, round((end - begin) / scale))]
        text = Text(no_wrap=True, overflow="ellipsis")
        self._bar(text, "this run", cells, Style(reverse=True), room)
        total = format_live_age(end - begin) if is_live else format_span(end - begin)
        text.append(f" {total}\n")
        if usual:
            self._bar(text, "usually", _usual_cells(usual, scale), Style(), room)
            text.append(f" {format_span(sum(usual.values()))}\n")
        self._legend(text, times, usual, run.current.state if is_live else "")
        return text

    def _bar(self, text: Text, label: str, cells: list[str], base: Style, room: int) -> None:
        text.append(f"{label:<{_LABEL_WIDTH}}", self._style("history--time"))
        for state, group in groupby(cells):
            width = len(list(group))
            style = self._style(STYLES[categorise(state)])
            name = set_cell_size(f"│{clean(state)}", width)
            text.append(name if base else name.replace(" ", "─"), style + base)
        text.append(" " * (room - len(cells)))

    def _legend(
        self, text: Text, times: Mapping[str, float], usual: Mapping[str, float], current: str
    ) -> None:
        """Append the states that took longest, with the time spent in each."""
        text.append(" " * _LABEL_WIDTH)
        if usual:
            runs = self._durations.runs
            text.append(f"usually: median of {runs} run{'' if runs == 1 else 's'}{_GAP}", "dim")
        for state in nlargest(_MAX_LEGEND, times, key=lambda state: times[state]):
            if times[state] < BRIEF:
                break
            category = categorise(state)
            span = format_live_age(times[state]) if state == current else format_span(times[state])
            style = self._style(STYLES[category])
            text.append(f"{category.glyph} {clean(state)} ", style)
            text.append(span)
            if state in usual:
                text.append(f" ({format_span(usual[state])})", "dim")
            text.append(_GAP)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)


def _usual_cells(usual: Mapping[str, float], scale: float) -> list[str]:
    """Return the state in each cell of a bar, with `scale` seconds for a cell."""
    cells: list[str] = []
    for state, end in zip(usual, accumulate(usual.values()), strict=True):
        cells += [state] * (round(end / scale) - len(cells))
    return cells
