"""What a line says of a group of runs, and how it is drawn."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from statustui.core.categories import Category
from statustui.core.order import SERIES_GROUP
from statustui.core.text import clean, count, format_age
from statustui.presentation.glyphs import FOLDED, MUTED, STYLES, UNFOLDED
from statustui.tui.model.groups import FAILURE, Group
from statustui.tui.model.store import RunStore
from statustui.tui.widgets.cells import StyleOf, pad_cell

_COUNT, _BAR, _STATE, _SINCE, _NAMES = 6, 8, 15, 5, 5
"""Cells of the columns of a failure; its note takes the rest."""
_MIN_NOTE = 20
"""Cells that the note of a failure has before the bar and the names are drawn."""
_MIN_LABEL = 8
"""Cells that the label of another group has at least."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


class Failure(NamedTuple):
    """What a line says of a group of runs that have failed alike."""

    state: str
    note: str
    share: float
    """Its size as a part of that of the biggest group that is not muted, up to 1."""
    since: str
    """How long ago the first of its runs failed."""
    names: int
    """How many different names its runs have."""
    is_muted: bool
    """Whether all of its runs are muted."""


class GroupLine(NamedTuple):
    """What a line says of a group; it is redrawn when this changes."""

    lead: tuple[str, str]
    at_cursor: bool
    label: str
    is_folded: bool
    size: int
    """How many runs are in the group."""
    counts: Counter[Category]
    failure: Failure | None
    is_quiet: bool
    """Whether it holds the rest, beside groups of failures."""

    @property
    def arrow(self) -> str:
        """The sign that tells whether it is folded."""
        return FOLDED if self.is_folded else UNFOLDED


def describe_group(group: Group, store: RunStore, now: float, *, at_cursor: bool) -> GroupLine:
    """Return what the header of a group says at a time in seconds since 1970."""
    size, failure = len(group.order), None
    if group.is_failure:
        state, _, note = group.name.partition(": ")
        biggest = store.row(0)
        most = len(biggest.order) if isinstance(biggest, Group) else size
        # A muted failure may be bigger than the first one.
        share = min(1.0, size / most)
        since = group.since
        age = format_age(None if since is None else now - since)
        failure = Failure(state, note, share, age, len(group.tally.names), group.is_muted)
    return GroupLine(
        ("", ""),
        at_cursor,
        _label(group, size),
        group.is_folded,
        size,
        +group.tally.counts,
        failure,
        group.grouping == FAILURE and failure is None,
    )


def _label(group: Group, size: int) -> str:
    """Return what the runs of a group have in common, in words."""
    runs = count(size, "run")
    if group.name == SERIES_GROUP:
        return f"{size:,} series"
    if group.grouping == FAILURE:
        return f"{runs} without a problem"
    name = f"{group.grouping} {clean(group.name)}" if group.name else f"no {group.grouping}"
    return f"{name}  {runs}"


def draw_group_header(grouping: str, width: int, style: Style) -> Strip:
    """Draw the titles above groups that are all folded."""
    text = f"  {grouping.upper()}"
    if grouping == FAILURE:
        has_bar, has_names = _fit(width)
        text = f"  {'RUNS':>{_COUNT}}  {' ' * (_BAR + 1) if has_bar else ''}FAILURE"
        end = f"{'SINCE':>{_SINCE}}" + (f"  {'NAMES':>{_NAMES}}" if has_names else "")
        text = pad_cell(text, width - len(end) - 1) + " " + end
    return Strip([Segment(pad_cell(text, width), style)], width)


class GroupPainter(NamedTuple):
    """Draws the headers of groups.

    Attributes:
        width: Cells of a line.
        style_of: Returns the style of a component class.
    """

    width: int
    style_of: StyleOf

    def draw(self, line: GroupLine) -> Strip:
        """Draw the header of a group."""
        base = self.style_of("run-table--cursor") if line.at_cursor else Style.null()
        quiet = base if line.at_cursor else self.style_of("run-table--secondary")
        if line.failure is None:
            segments = self._draw_counts(line, base, quiet)
        else:
            segments = self._draw_failure(line, line.failure, base, quiet)
            if line.failure.is_muted:
                segments = [Segment(one.text, quiet) for one in segments]
        return Strip(segments).adjust_cell_length(self.width, base)

    def _draw_counts(self, line: GroupLine, base: Style, quiet: Style) -> list[Segment]:
        """Draw a label, and how many of the runs are in each category."""
        counts = []
        for category in Category:
            if line.counts[category]:
                text = f" {category.glyph}{line.counts[category]:,}"
                counts.append(Segment(text, self.style_of(STYLES[category]) + base))
        room = self.width - len(line.arrow) - 2 - sum(len(one.text) for one in counts)
        label = pad_cell(line.label, min(cell_len(line.label), max(_MIN_LABEL, room)))
        style = quiet if line.is_quiet else base + Style(bold=True)
        return [Segment(f"{line.arrow} {label} ", style), *counts]

    def _draw_failure(
        self, line: GroupLine, failure: Failure, base: Style, quiet: Style
    ) -> list[Segment]:
        """Draw the number of runs, a bar, state and note, since when, and the number of names."""
        category = next((one for one in Category if line.counts[one]), Category.UNKNOWN)
        has_bar, has_names = _fit(self.width)
        bar = f" {_bar(failure.share)}" if has_bar else ""
        state = f" {category.glyph} {pad_cell(clean(failure.state), _STATE)} "
        end = f" {failure.since:>{_SINCE}}"
        end += f"  {failure.names:>{_NAMES},}" if has_names else ""
        front = f"{line.arrow}{MUTED if failure.is_muted else ' '}{line.size:>{_COUNT},}"
        room = self.width - len(front) - len(bar) - cell_len(state) - len(end)
        return [
            Segment(front, base + Style(bold=True)),
            Segment(bar + state, self.style_of(STYLES[category]) + base),
            Segment(pad_cell(clean(failure.note), max(0, room)), base),
            Segment(end, quiet),
        ]


def _fit(width: int) -> tuple[bool, bool]:
    """Return whether there is room for the bar of a failure, and for the number of names."""
    room = width - 2 - _COUNT - _STATE - 4 - _SINCE - 1 - _MIN_NOTE
    has_names = room >= _NAMES + 2
    return room - has_names * (_NAMES + 2) >= _BAR + 1, has_names


def _bar(share: float) -> str:
    """Return a bar for a share of up to 1, in eighths of a cell."""
    eighths = max(1, round(share * _BAR * 8))
    text = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    return text.ljust(_BAR)
