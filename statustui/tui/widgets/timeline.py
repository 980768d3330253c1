"""One bar of what a run spent its time in, and one of what runs of its name usually do."""

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

_LABEL, _TOTAL = 9, 8
"""Cells in front of a bar, and behind it."""
_LEGEND = 12
"""States in the legend at the most: those that took longest."""
_GAP = "  "


class Timeline(Painted):
    """From the creation of a run to now, or to its end, cut into its states to scale.

    The bar below has the same scale. Names stand in the bars where there is room, and beside their
    times in the legend.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"history--time", *STYLES.values()}

    def __init__(self, run: Run, clock: Callable[[], float]) -> None:
        """Speak of `run`."""
        super().__init__("timeline")
        self._run = run
        self._clock = clock
        self._timeline = StateTimeline()
        self._durations = StateDurations()

    def show(
        self,
        run: Run,
        timeline: StateTimeline | None = None,
        durations: StateDurations | None = None,
    ) -> None:
        """Show another picture of the run, and what has been found out of it."""
        if run.path != self._run.path:
            self._timeline, self._durations = StateTimeline(), StateDurations()
        self._run = run
        self._timeline = timeline or self._timeline
        self._durations = durations or self._durations
        self.update()

    def draw(self) -> Text:
        """The bars, and the legend below them."""
        timeline, room = self._timeline, self.size.width - _LABEL - _TOTAL - 1
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
        text.append(f"{label:<{_LABEL}}", self._style("history--time"))
        for state, group in groupby(cells):
            width = len(list(group))
            style = self._style(STYLES[categorise(state)])
            name = set_cell_size(f"│{clean(state)}", width)
            text.append(name if base else name.replace(" ", "─"), style + base)
        text.append(" " * (room - len(cells)))

    def _legend(
        self, text: Text, times: Mapping[str, float], usual: Mapping[str, float], current: str
    ) -> None:
        """The states that took longest, with the time in each."""
        text.append(" " * _LABEL)
        if usual:
            runs = self._durations.runs
            text.append(f"usually: median of {runs} run{'' if runs == 1 else 's'}{_GAP}", "dim")
        for state in nlargest(_LEGEND, times, key=lambda state: times[state]):
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
    """The state in each cell of a bar, given how many seconds a cell stands for."""
    cells: list[str] = []
    for state, end in zip(usual, accumulate(usual.values()), strict=True):
        cells += [state] * (round(end / scale) - len(cells))
    return cells
