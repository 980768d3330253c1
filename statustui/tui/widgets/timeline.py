"""A bar with the times that a run spent in its states, above one with the usual times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate, groupby
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from statustui.core.categories import Category
from statustui.core.durations import BRIEF, StateDurations, end_of, goes_on
from statustui.core.run import Run
from statustui.core.states import categorise
from statustui.core.text import clean, count, format_live_age, format_span
from statustui.core.timeline import StateTimeline
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.painted import Painted
from statustui.tui.widgets.rule import rule

_LABEL_WIDTH, _TOTAL_WIDTH = 9, 8
"""Cells before a bar and after it."""
_MAX_WORD = 40
"""Characters that are shown of a state."""
_QUIET = Style(dim=True)
"""How waiting is drawn, and what is usual."""
_GAP = "  "


class Timeline(Painted):
    """The time from the creation of a run to now, or to its end, divided into its states.

    The second bar has the same scale. States are named in the bars where their names fit, and in
    the legend with their times.

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
        self.set_class(not self._timeline.starts, "-empty")
        self.update()

    def draw(self) -> Text:
        """Draw the legend, and the bars below it."""
        timeline = self._timeline
        room = self.width - _LABEL_WIDTH - _TOTAL_WIDTH - 1
        if not timeline.starts or room < 1:
            return Text("")
        run, now = self._run, self._clock()
        is_live = goes_on(run)
        begin, end = timeline.starts[0], end_of(run, timeline, now)
        usual = self._durations.totals
        longest = max(end - begin, sum(usual.values()), 1e-6)
        scale = longest / room
        cells = [timeline.state_at(begin + (cell + 0.5) * scale) for cell in range(room)]
        cells = cells[: max(1, round((end - begin) / scale))]
        current = run.current.state if is_live else ""
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append_text(rule(self._legend(timeline.totals_until(end), usual, current), self.width))
        text.append("\n")
        self._bar(text, "this run", cells, Style(reverse=True), room)
        total = format_live_age(end - begin) if is_live else format_span(end - begin)
        text.append(f" {total}")
        if usual:
            text.append("\n")
            self._bar(text, "usually", _usual_cells(usual, scale), Style(), room)
            text.append(f" {format_span(sum(usual.values()))}")
        return text

    def _bar(self, text: Text, label: str, cells: list[str], base: Style, room: int) -> None:
        text.append(f"{label:<{_LABEL_WIDTH}}", self._style("history--time"))
        for state, group in groupby(cells):
            width = len(list(group))
            category = categorise(state)
            is_quiet = not base or category is Category.WAITING
            name = f"│{clean(state)}"
            if cell_len(name) > width:
                # Half a name would have to be guessed; the legend explains the glyph.
                name = f"│{category.glyph}"
            name = set_cell_size(name, width)
            style = self._style(STYLES[category])
            if is_quiet:
                text.append(name.replace(" ", "─" if not base else "░"), style + _QUIET)
            else:
                text.append(name, style + base)
        text.append(" " * (room - len(cells)))

    def _legend(self, times: Mapping[str, float], usual: Mapping[str, float], current: str) -> Text:
        """Return the states in the order of the bar, with the time spent in each.

        Where they do not all fit, those that took longest are named.
        """
        parts = {
            state: self._entry(state, time, usual.get(state), is_live=state == current)
            for state, time in times.items()
            if time >= BRIEF
        }
        line = Text.assemble(("time", "bold"))
        tail = Text()
        if usual:
            runs = self._durations.runs
            tail.append(f"{_GAP}(usually: median of {count(runs, 'run')})", "dim")
        room = self.width - line.cell_len - 2
        named: set[str] = set()
        for state in sorted(parts, key=lambda state: -times[state]):
            room -= parts[state].cell_len
            if room < 0 and named:
                break
            named.add(state)
        for state, part in parts.items():
            if state in named:
                line.append_text(part)
        if line.cell_len + tail.cell_len + 2 <= self.width:
            line.append_text(tail)
        return line

    def _entry(self, state: str, time: float, usual: float | None, *, is_live: bool) -> Text:
        category = categorise(state)
        part = Text(_GAP)
        part.append(f"{category.glyph} {clean(state)[:_MAX_WORD]} ", self._style(STYLES[category]))
        part.append(format_live_age(time) if is_live else format_span(time))
        if usual is not None:
            part.append(f" ({format_span(usual)})", "dim")
        return part

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)


def _usual_cells(usual: Mapping[str, float], scale: float) -> list[str]:
    """Return the state in each cell of a bar, with `scale` seconds for a cell."""
    cells: list[str] = []
    for state, end in zip(usual, accumulate(usual.values()), strict=True):
        cells += [state] * (round(end / scale) - len(cells))
    return cells
