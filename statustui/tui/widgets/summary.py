"""How many runs are in each category, problems first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from statustui.core.categories import Category
from statustui.presentation.columns import STALLED
from statustui.presentation.glyphs import MUTED, NEW, STYLES
from statustui.tui.messages import NewProblemChosen, SubsetChosen
from statustui.tui.model.store import RunStore
from statustui.tui.model.view import EVERYTHING, Subset
from statustui.tui.widgets.cells import Part, changed_end

_WORD_DROP_ORDER = sorted(
    (category for category in Category if category.word_drop_order is not None),
    key=lambda category: category.word_drop_order or 0,
)
"""On narrow terminals, chips lose their words in this order."""

_BAR = "━"
_GAP = "  "
_BOLD = Style(bold=True)
_DIM = Style(dim=True)
_PLAIN = Style()
_REVERSE = Style(reverse=True)
_STALLED = Subset(trait="stalled")
_NEW = Subset(trait="new")
_MUTED = Subset(trait="muted")


class _Chip(NamedTuple):
    text: str
    style: Style
    message: Message
    """What a click on it sends."""


class SummaryBar(Widget):
    """A chip for each category that has runs, for new problems, and for stalled and muted runs.

    Args:
        store: The runs that are counted.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, store: RunStore) -> None:
        super().__init__(id="summary")
        self._store = store
        self._shown: tuple[object, ...] = ()
        self._painted: list[list[Part]] = []
        self._subset = EVERYTHING

    def set_subset(self, subset: Subset) -> None:
        """Mark the chips of the subset that is listed."""
        self._subset = subset
        self.update()

    def next_subset(self, step: int) -> Subset:
        """Return the subset of the next chip (or -1: the previous one), in a circle with all."""
        choices = [EVERYTHING]
        choices += [Subset(frozenset({one})) for one in Category if self._store.counts[one]]
        choices += [_STALLED] if self._store.stalled else []
        choices += [_MUTED] if self._store.muted else []
        here = choices.index(self._subset) if self._subset in choices else 0
        return choices[(here + step) % len(choices)]

    def update(self) -> None:
        """Redraw the counts if they have changed."""
        store = self._store
        flags = (len(store.unread_problems), store.stalled, store.muted)
        shown = (dict(+store.counts), self._subset, *flags)
        if shown == self._shown:
            return
        self._shown = shown
        before, self._painted = self._painted, self._draw()
        if len(before) != len(self._painted):
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self._painted, strict=True)):
            # Textual sends a line from its beginning.
            if end := changed_end(old, new):
                self.refresh(Region(0, y, self.gutter.left + end, 1))

    def render(self) -> Text:
        """Draw the chips, and below them a bar with the share of each category."""
        self._painted = self._draw()
        lines = [Text.assemble(*line) for line in self._painted]
        return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)

    def _draw(self) -> list[list[Part]]:
        lines: list[list[Part]] = []
        for chips in self._lines():
            lines.append([])
            for chip in chips:
                lines[-1] += [(chip.text, chip.style), (_GAP, _PLAIN)]
        lines.append([])
        for category, cells in shares(self._store.counts, self.size.width):
            style = self.get_component_rich_style(STYLES[category], partial=True)
            # The glyph shows where a part begins, also without colours.
            lines[-1].append((category.glyph + _BAR * (cells - 1), style))
        return lines

    def _lines(self) -> list[list[_Chip]]:
        """Return the chips of each line; if they need a second line, it replaces the bar."""
        lines: list[list[_Chip]] = [[]]
        room = self.size.width
        for chip in self._chips():
            if lines[-1] and len(chip.text) > room:
                lines.append([])
                room = self.size.width
            lines[-1].append(chip)
            room -= len(chip.text) + len(_GAP)
        return lines

    def _chips(self) -> list[_Chip]:
        store = self._store
        extra = []
        if store.unread_problems:
            text = f"{NEW} {len(store.unread_problems):,} new"
            extra.append(_Chip(text, self._style(_BOLD, _NEW), NewProblemChosen()))
        if store.stalled:
            text = f"{STALLED} {store.stalled:,} stalled"
            extra.append(_Chip(text, self._style(_BOLD, _STALLED), SubsetChosen(_STALLED)))
        if store.muted:
            text = f"{MUTED} {store.muted:,} muted"
            extra.append(_Chip(text, self._style(_DIM, _MUTED), SubsetChosen(_MUTED)))
        room = self.size.width - sum(len(chip.text) + len(_GAP) for chip in extra)
        return [*self._categories(room), *extra]

    def _categories(self, room: int) -> Iterator[_Chip]:
        counts, only = self._store.counts, self._subset.categories
        # Show the count of problems even if it is zero.
        shown = [category for category in Category if counts[category] or category.is_problem]
        chips = {category: f"{category.glyph} {counts[category]:,}" for category in shown}
        words = {category: f" {category.value}" for category in shown}
        for category in _WORD_DROP_ORDER:
            length = sum(map(len, [*chips.values(), *words.values()]))
            if length + len(_GAP) * len(chips) <= room:
                break
            words.pop(category, None)
        for category, chip in chips.items():
            style = self.get_component_rich_style(STYLES[category], partial=True)
            if only is not None and category in only:
                style += _REVERSE
            subset = Subset(frozenset({category}))
            yield _Chip(chip + words.get(category, ""), style, SubsetChosen(subset))

    def _style(self, style: Style, subset: Subset) -> Style:
        """Return the style of a chip, reversed if its subset is listed."""
        return style + _REVERSE if subset == self._subset else style

    def on_click(self, event: events.Click) -> None:
        """List the runs that the clicked chip counts."""
        start, lines = 0, self._lines()
        if event.y >= len(lines):
            return
        for chip in lines[event.y]:
            if start <= event.x - self.gutter.left < start + len(chip.text):
                self.post_message(chip.message)
            start += len(chip.text) + len(_GAP)


def shares(counts: Counter[Category], width: int) -> list[tuple[Category, int]]:
    """Divide a bar of `width` cells by the counts, with at least one cell for each category."""
    present = [category for category in Category if counts[category] > 0]
    total = sum(counts[category] for category in present)
    if not present or width < len(present):
        return []
    spare = width - len(present)
    ends = [0]
    for category in present:
        ends.append(ends[-1] + counts[category])
    return [
        (category, 1 + spare * ends[number + 1] // total - spare * ends[number] // total)
        for number, category in enumerate(present)
    ]
