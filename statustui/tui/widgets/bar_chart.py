"""Runs as bars on one axis of time, below a curve of how many there were at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from statustui.core.categories import Category
from statustui.core.run import Run
from statustui.core.text import clean, count, format_span
from statustui.presentation.glyphs import STYLES
from statustui.tui.messages import BarOpened, BarsMoved
from statustui.tui.model.bar_order import node_of
from statustui.tui.model.bars import Bar, Phase, span_of
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.model.load_curve import draw_curve
from statustui.tui.model.over_time import OverTime
from statustui.tui.model.time_axis import TimeAxis
from statustui.tui.widgets.cells import pad_cell

_WHEEL_ROWS = 3
"""Rows that a notch of the wheel moves by."""
_TALL = 32
"""Lines of a terminal from which the curve is four lines high, not two."""
_MIN_LABEL, _MAX_LABEL = 12, 44
"""Cells in front of the bars."""
_FILLS = {
    Phase.WAITING: "░",
    Phase.BUILDING: "▒",
    Phase.RUNNING: "█",
    Phase.OVER: "▁",
    Phase.UNREAD: "─",
}
"""What a bar is drawn with in each phase."""
_STYLES = {Phase.WAITING: STYLES[Category.WAITING], Phase.BUILDING: STYLES[Category.BUILDING]}
"""Phase -> component class; the others have the colour of the run."""
_NOW, _EARLIER, _LATER = "│", "←", "→"
_PLAIN = Style.null()


class BarChart(Widget, can_focus=True):
    """The bars, the curve and the axis between them, and a line on the selected run.

    Only lines that have changed are drawn again.

    Args:
        model: The runs.
        options: How times are displayed.
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "bar-chart--title",
        "bar-chart--dim",
        "bar-chart--cursor",
        *STYLES.values(),
    }

    def __init__(
        self, model: OverTime, options: DisplayOptions, clock: Callable[[], float]
    ) -> None:
        super().__init__(id="bars")
        self._model = model
        self._options = options
        self._clock = clock
        self._remark = ""
        self._drawn: list[Strip] = []
        self._drawn_at: tuple[TimeAxis, int] | None = None
        """The axis, and the cell of the time, that were drawn."""

    def set_remark(self, remark: str) -> None:
        """Set what the first line says besides how many runs are in view."""
        self._remark = remark
        self.redraw()

    # Layout.

    @property
    def _label_width(self) -> int:
        return max(_MIN_LABEL, min(_MAX_LABEL, self.size.width // 4))

    @property
    def _curve_height(self) -> int:
        return 4 if self.size.height >= _TALL else 2

    @property
    def _first_bar(self) -> int:
        """The line of the first bar: below the title, the curve and the axis."""
        return self._curve_height + 2

    def on_resize(self) -> None:
        """Lay everything out for the new size."""
        height = self.size.height - self._first_bar - 1
        self._model.resize(height, self.size.width - self._label_width - 1)
        self._drawn = []
        self.redraw()
        self.post_message(BarsMoved())

    def notify_style_update(self) -> None:
        """Draw everything in the new colours."""
        super().notify_style_update()
        self._drawn = []
        self.redraw()

    # Drawing.

    def tick(self) -> None:
        """Draw the time that has passed, once it makes a difference of a cell."""
        now = self._clock()
        axis = self._model.axis(now)
        if (axis, axis.cell_at(now)) != self._drawn_at:
            self.redraw()

    def redraw(self) -> None:
        """Draw the lines that have changed."""
        if not self.is_mounted or not self.size.width:
            return
        lines = list(self._draw(self._clock()))
        for number, line in enumerate(lines):
            if number >= len(self._drawn) or line != self._drawn[number]:
                self.refresh(Region(0, number, self.size.width, 1))
        self._drawn = lines

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(self.size.width)

    def _draw(self, now: float) -> Iterator[Strip]:
        model = self._model
        axis = model.axis(now)
        self._drawn_at = axis, axis.cell_at(now)
        yield self._draw_title()
        yield from self._draw_curve(axis, now)
        yield self._draw_axis(axis, now)
        runs = model.in_view
        for run in runs:
            yield self._draw_run(run, axis, now)
        blank = self.size.height - self._first_bar - 1 - len(runs)
        yield from [Strip.blank(self.size.width)] * blank
        yield self._line([(self._describe_selected(now), self._style("bar-chart--dim"))])

    def _draw_title(self) -> Strip:
        model = self._model
        shown, total = len(model.in_view), len(model)
        text = count(total, "run")
        if shown < total:
            text = f"{model.top + 1:,}-{model.top + shown:,} of {text}, {total - shown:,} left out"
        parts = [f"by {model.order}", text]
        if model.untimed:
            parts.append(f"{model.untimed:,} without a time")
        if model.is_arranging:
            parts.append("arranging")
        if not model.is_fitted:
            parts.append("0 fits the axis")
        if self._remark:
            parts.append(self._remark)
        return self._line(
            [("over time", self._style("bar-chart--title")), ("  " + " · ".join(parts), _PLAIN)]
        )

    def _draw_curve(self, axis: TimeAxis, now: float) -> Iterator[Strip]:
        load = self._model.load(axis, now)
        texts = [
            "running" if load.is_running else "under way",
            f"at most {max(load.counts, default=0):,}",
        ]
        style = self._style(STYLES[Category.RUNNING])
        for number, line in enumerate(draw_curve(load.counts, self._curve_height)):
            label = texts[number] if number < len(texts) else ""
            yield self._line(
                [(self._pad_label(label), self._style("bar-chart--dim")), (line, style)]
            )

    def _draw_axis(self, axis: TimeAxis, now: float) -> Strip:
        cells = [" "] * axis.cells
        for cell, label in axis.ticks(is_utc=self._options.times == "utc"):
            cells[cell : cell + len(label)] = label
        place = axis.cell_at(now)
        if 0 <= place < axis.cells:
            start = before = max(0, min(place, axis.cells - 3))
            end = start + 3
            # A label that is partly covered would be misread.
            while before and cells[before - 1] != " ":
                before -= 1
                cells[before] = " "
            cells[start:end] = "now"
            while end < axis.cells and cells[end] != " ":
                cells[end] = " "
                end += 1
        length = format_span(axis.end - axis.begin)
        dim = self._style("bar-chart--dim")
        return self._line([(self._pad_label(length), dim), ("".join(cells), dim)])

    def _draw_run(self, run: Run, axis: TimeAxis, now: float) -> Strip:
        category = run.category
        is_selected = run is self._model.selected
        style = self._style(STYLES[category])
        node = f"{clean(node_of(run)) or '-'} " if self._model.order == "node" else ""
        label = self._pad_label(f"{node}{clean(run.id)} {clean(run.name)}", margin=2)
        cursor = self._style("bar-chart--cursor") if is_selected else _PLAIN
        parts = [(f"{category.glyph} ", style + cursor), (label, cursor)]
        return self._line([*parts, *self._draw_bar(run, axis, now)])

    def _draw_bar(self, run: Run, axis: TimeAxis, now: float) -> Iterator[tuple[str, Style]]:
        bar = self._model.bar(run, axis, now)
        dim = self._style("bar-chart--dim")
        cells = [(" ", _PLAIN)] * axis.cells
        place = axis.cell_at(now)
        if 0 <= place < axis.cells:
            cells[place] = _NOW, dim
        if bar.off:
            cells[0 if bar.off < 0 else -1] = _EARLIER if bar.off < 0 else _LATER, dim
        end = bar.first + len(bar.phases)
        cells[bar.first : end] = self._fill(run, bar)
        for style, group in groupby(cells, lambda cell: cell[1]):
            yield "".join(text for text, _style in group), style

    def _fill(self, run: Run, bar: Bar) -> list[tuple[str, Style]]:
        """Return the cells of a bar; in the last one is the glyph of the category."""
        name = STYLES[run.category]
        own = self._style(name)
        cells = [(_FILLS[phase], self._style(_STYLES.get(phase, name))) for phase in bar.phases]
        if bar.has_end:
            cells[-1:] = [(run.category.glyph, own)]
        return cells

    def _describe_selected(self, now: float) -> str:
        """Return a line on the selected run: how long it waited, built and ran, and its state."""
        run = self._model.selected
        if run is None:
            return ""
        span = span_of(run)
        parts = [f"{run.category.value}: {clean(run.id)} {clean(run.name)}"]
        spans = self._model.phase_spans(run, now)
        parts += [f"{phase.value} {format_span(seconds)}" for phase, seconds in spans.items()]
        if not spans and span is not None:
            parts.append(f"took {format_span((now if span[1] is None else span[1]) - span[0])}")
        if node_of(run):
            parts.append(f"on {clean(node_of(run))}")
        return f"{', '.join(parts)}  {clean(run.headline)}"

    def _pad_label(self, text: str, margin: int = 0) -> str:
        """Return a text as wide as the space in front of the bars, less a margin."""
        return pad_cell(text, self._label_width - margin) + " "

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def _line(self, parts: Sequence[tuple[str, Style]]) -> Strip:
        width = self.size.width
        *front, (text, style) = parts
        if sum(len(part) for part, _style in parts) > width and not front:
            text = pad_cell(text, width)
        strip = Strip([Segment(one, look) for one, look in (*front, (text, style)) if one])
        return strip.adjust_cell_length(width)

    # The mouse.

    def on_click(self, event: events.Click) -> None:
        """Select the clicked bar; open its run on a double click."""
        index = self._model.top + event.y - self._first_bar
        if (
            event.y >= self._first_bar
            and event.y < self.size.height - 1
            and index < len(self._model)
        ):
            self._model.select(index)
            self.redraw()
            self.post_message(BarsMoved())
            if event.chain > 1:
                self.post_message(BarOpened())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move down."""
        self._move(event, _WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move up."""
        self._move(event, -_WHEEL_ROWS)

    def _move(self, event: events.Event, rows: int) -> None:
        event.stop()
        self._model.move(rows)
        self.redraw()
        self.post_message(BarsMoved())
