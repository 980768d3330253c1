"""In what two runs differ: their times, results and attributes, and where their logs part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.visual import visualize
from textual.widgets import Static

from statustui.core.durations import end_of, goes_on
from statustui.core.log_partings import MAX_PARTINGS, Parting
from statustui.core.run import Run
from statustui.core.run_comparison import (
    LogComparison,
    ValueComparison,
    change_of,
    compare_times,
)
from statustui.core.states import categorise
from statustui.core.text import clean, format_live_age, format_span
from statustui.monitor.run.comparison import ComparisonRead
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.cells import StyleOf
from statustui.tui.widgets.rule import rule

_SIDE_BY_SIDE = 100
"""Width from which the two runs are shown side by side, in cells."""
_MAX_NAME, _MAX_VALUE, _MAX_ID = 60, 300, 16
"""Characters that are shown of a name, of a value, and of an id."""
_SHORT = 20
"""Characters of values that stand side by side in any width."""
_MUCH = 0.2
"""Share by which a time or a value has to change to be emphasised."""
_MIN_SECONDS = 1.0
"""Seconds below which a change of a time means nothing."""
_READING = "Reading the files of both runs …"


class _Row(NamedTuple):
    """A line of a table of differences; all texts are clean."""

    name: str
    here: str
    there: str
    change: float | None
    style: str = ""
    """Component class of `name`; empty for none."""

    @property
    def is_short(self) -> bool:
        """Whether its values fit side by side in any width."""
        return len(self.here) <= _SHORT and len(self.there) <= _SHORT


class _Part(Static):
    """A part of the view, drawn again only if what it shows has changed.

    Its height is set here: Textual 8 keeps an automatic height if the content changes twice, with a
    layout in between, before the widget is idle.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: object = None

    def show(self, what: object, width: int, draw: Callable[[], RenderableType]) -> None:
        """Show `what`, as `draw` returns it for a width in cells."""
        if (what, width) != self._shown:
            self._shown = what, width
            drawn = draw()
            height = visualize(self, drawn).get_height(self.styles.get_rules(), max(1, width))
            self.styles.height = height
            self.update(drawn)


class ComparisonView(VerticalScroll):
    """The differences of a run from another one, one section below the other.

    On a wide terminal, what the two runs have stands side by side. On a narrow one it stands one
    below the other, unless it is short.

    Args:
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(id="comparison")
        self._clock = clock
        self._runs: tuple[Run, Run] | None = None
        self._title = ""
        self._found: ComparisonRead | None = None
        self._times = _Part()
        self._rest = _Part()

    def compose(self) -> ComposeResult:
        """Make the times, which change with the clock, and the rest."""
        yield self._times
        yield self._rest

    def set_runs(self, run: Run, other: Run, title: str) -> None:
        """Set the runs, or what is now known of them; `title` says what the other one is."""
        before = self._runs
        if before is None or (run.path, other.path) != (before[0].path, before[1].path):
            self._found = None
            self.scroll_home(animate=False, immediate=True)
        self._runs, self._title = (run, other), title
        self.draw()

    def set_nothing(self) -> None:
        """Show that there is nothing to compare."""
        self._runs = self._found = None
        self.draw()

    def set_found(self, found: ComparisonRead) -> None:
        """Set what has been read."""
        self._found = found
        self.draw()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.draw()

    def draw(self) -> None:
        """Draw what has changed; times of a run under way change with the clock."""
        if not self.is_mounted:
            return
        runs, found = self._runs, self._found
        width = self.scrollable_content_region.width
        if runs is None or found is None:
            text = "" if runs is None else _READING
            self._times.show(text, width, lambda: Text(text))
            self._rest.show("", width, lambda: Text(""))
            return
        painter = _Painter(
            width,
            (self._heading(runs[0], "this run"), self._heading(runs[1], self._title)),
            lambda name: self.get_component_rich_style(name, partial=True),
        )
        rows = list(self._time_rows(runs, found))
        titles = painter.titles
        self._times.show((titles, rows), width, lambda: painter.draw_rows("times", rows))
        self._rest.show((titles, found), width, lambda: painter.draw_files(found))

    def _heading(self, run: Run, title: str) -> str:
        return f"{clean(run.id)[:_MAX_ID]} {title}"

    def _time_rows(self, runs: tuple[Run, Run], found: ComparisonRead) -> Iterator[_Row]:
        """Yield how long the runs were in each state, and altogether."""
        now, comparison = self._clock(), found.comparison
        here, there = (
            timeline.totals_until(end_of(run, timeline, now))
            for run, timeline in zip(
                runs, (comparison.timeline_here, comparison.timeline_there), strict=True
            )
        )
        formats = [format_live_age if goes_on(run) else format_span for run in runs]
        for row in compare_times(here, there):
            category = categorise(row.state)
            yield _Row(
                f"{category.glyph} {clean(row.state)[:_MAX_NAME]}",
                formats[0](row.here),
                formats[1](row.there),
                row.change if max(row.here or 0.0, row.there or 0.0) >= _MIN_SECONDS else None,
                STYLES[category],
            )
        sums = sum(here.values()), sum(there.values())
        yield _Row("  in all", formats[0](sums[0]), formats[1](sums[1]), change_of(*sums))


class _Painter(NamedTuple):
    """Draws differences."""

    width: int
    titles: tuple[str, str]
    """What the one run and the other are called."""
    style_of: StyleOf

    @property
    def _is_wide(self) -> bool:
        return self.width >= _SIDE_BY_SIDE

    def draw_rows(self, title: str, rows: Sequence[_Row], remark: str = "") -> RenderableType:
        """Draw a section with a line for each difference."""
        heading = Text.assemble((title, "bold"), (f"  {remark}" if remark else "", "dim"))
        parts: list[RenderableType] = [rule(heading, self.width)]
        in_table = [row for row in rows if self._is_wide or row.is_short]
        below = [row for row in rows if not (self._is_wide or row.is_short)]
        if in_table:
            parts.append(self._draw_table(in_table))
        if below:
            parts.append(self._draw_list(below))
        return Group(*parts)

    def _draw_table(self, rows: Sequence[_Row]) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("", no_wrap=True, overflow="ellipsis", max_width=self.width // 3)
        for title in self.titles:
            table.add_column(Text(title), overflow="fold", max_width=self.width // 3)
        table.add_column("", no_wrap=True, justify="right")
        for row in rows:
            table.add_row(self._name(row), Text(row.here), Text(row.there), _change(row))
        return table

    def _draw_list(self, rows: Sequence[_Row]) -> Group:
        parts: list[RenderableType] = []
        for row in rows:
            parts.append(Text.assemble(self._name(row), "  ", _change(row)))
            values = Table.grid(padding=(0, 2, 0, 0))
            values.add_column(no_wrap=True, min_width=max(map(len, self.titles)) + 2)
            values.add_column(overflow="fold")
            for title, value in zip(self.titles, (row.here, row.there), strict=True):
                values.add_row(Text(f"  {title}", "dim"), Text(value))
            parts.append(values)
        return Group(*parts)

    def _name(self, row: _Row) -> Text:
        return Text(row.name, self.style_of(row.style) if row.style else "")

    def draw_files(self, found: ComparisonRead) -> RenderableType:
        """Draw what has been read of files other than the status file."""
        comparison = found.comparison
        parts: list[RenderableType] = []
        if found.unread:
            parts.append(rule(Text("could not be read", "bold"), self.width))
            parts += [Text(f"{clean(path)}: {clean(reason)}") for path, reason in found.unread]
        parts.append(self._draw_values("results", comparison.results))
        parts.append(self._draw_values("attributes", comparison.attributes))
        for log in comparison.logs:
            if not log.is_alike:
                parts += self._draw_log(log)
        alike = ", ".join(clean(log.title) for log in comparison.logs if log.is_alike)
        if alike:
            remark = "  alike, but for times, numbers and paths"
            parts.append(rule(Text.assemble((alike, "bold"), (remark, "dim")), self.width))
        return Group(*parts)

    def _draw_values(self, title: str, values: ValueComparison) -> RenderableType:
        count = len(values.rows) + values.left_out
        remark = f"{count:,} differ, {values.alike:,} alike" if count or values.alike else "none"
        if values.left_out:
            remark += f"; the first {len(values.rows):,} are shown"
        rows = [
            _Row(clean(row.name)[:_MAX_NAME], _value(row.here), _value(row.there), row.change)
            for row in values.rows
        ]
        return self.draw_rows(title, rows, remark)

    def _draw_log(self, log: LogComparison) -> Iterator[RenderableType]:
        heading = Text.assemble((clean(log.title), "bold"), (f"  {self._remark(log)}", "dim"))
        yield rule(heading, self.width)
        for parting in log.partings:
            for line in parting.before:
                yield Text(f"  {line}", "dim", no_wrap=True, overflow="ellipsis")
            yield self._draw_parting(parting)

    def _remark(self, log: LogComparison) -> str:
        if log.missing:
            other = self.titles[log.missing == "here"]
            return f"only of {other}"
        if not log.partings:
            return "alike at the beginning, but for times, numbers and paths; the rest is too long"
        first = log.partings[0]
        place = f"parts in line {first.line_here:,}, in the other {first.line_there:,}"
        if len(log.partings) >= MAX_PARTINGS:
            return f"{place}; the first {MAX_PARTINGS} places are shown"
        return place

    def _draw_parting(self, parting: Parting) -> Table:
        sides = (
            _side(parting.line_here, parting.here, parting.more_here),
            _side(parting.line_there, parting.there, parting.more_there),
        )
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        if self._is_wide:
            for _side_number in sides:
                table.add_column(ratio=1, overflow="fold")
            table.add_row(*(Text(f"{title}:", "dim") for title in self.titles))
            table.add_row(*sides)
        else:
            table.add_column(overflow="fold")
            for title, side in zip(self.titles, sides, strict=True):
                table.add_row(Text(f"{title}:", "dim"))
                table.add_row(side)
        return table


def _side(number: int, lines: Sequence[str], more: int) -> Text:
    """Return the lines that one of two logs has at a parting."""
    if not lines:
        return Text("       (nothing in their place)", "dim")
    text = Text("\n").join(
        [Text(f"{number:>6,} {lines[0]}"), *(Text(f"       {one}") for one in lines[1:])]
    )
    if more:
        text.append(f"\n       ({more:,} more)", "dim")
    return text


def _value(value: str | None) -> str:
    """Return a value as it is shown; None for a value that a run does not have."""
    if value is None:
        return "-"
    return clean(value)[:_MAX_VALUE] or '""'


def _change(row: _Row) -> Text:
    """Return a change in percent, emphasised if it is large."""
    change = row.change
    if change is None:
        return Text("")
    style = Style(bold=abs(change) >= _MUCH)
    return Text(f"{change:+,.0%}" if abs(change) < 1000 else "> 1000x", style)  # noqa: PLR2004 - five digits
