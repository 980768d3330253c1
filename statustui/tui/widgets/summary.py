"""How many runs are in each category, what needs attention first."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.widget import Widget

from statustui.core.states import Category
from statustui.tui.look import GLYPHS, STYLES
from statustui.tui.messages import CategoryChosen
from statustui.tui.store import RunStore

_LOSING_WORDS = (
    Category.SKIPPED,
    Category.CANCELLED,
    Category.UNKNOWN,
    Category.WAITING,
    Category.BUILDING,
    Category.RUNNING,
    Category.PASSED,
)
"""The order in which chips lose their words on a narrow terminal."""


_BAR = "━"


class SummaryBar(Widget):
    """One chip for each category that has runs; a click on it lists these runs only."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, store: RunStore) -> None:
        """Show the counts of `store`."""
        super().__init__(id="summary")
        self._store = store
        self._shown: tuple[object, ...] = ()

    def show(self) -> None:
        """Show the counts of the store if they are others than before."""
        shown = (dict(+self._store.counts), self._store.only)
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Text:
        """Draw the chips, and below them the share of each."""
        line = Text(no_wrap=True, overflow="ellipsis")
        for category, text in self._chips():
            only = self._store.only
            chosen = only is not None and category in only
            style = self.get_component_rich_style(STYLES[category], partial=True)
            line.append(text, style + Style(reverse=True) if chosen else style)
            line.append("  ")
        line.append("\n")
        for category, cells in shares(self._store.counts, self.size.width):
            line.append(_BAR * cells, self.get_component_rich_style(STYLES[category], partial=True))
        return line

    def _chips(self) -> list[tuple[Category, str]]:
        counts = self._store.counts
        # The problems are counted even if there is none: that is the good news.
        shown = [category for category in Category if counts[category] or category.is_problem]
        chips = {category: f"{GLYPHS[category]} {counts[category]:,}" for category in shown}
        words = {category: f" {category.value}" for category in shown}
        for category in _LOSING_WORDS:
            if (
                sum(map(len, [*chips.values(), *words.values()])) + 2 * len(chips)
                <= self.size.width
            ):
                break
            words.pop(category, None)
        return [(category, chip + words.get(category, "")) for category, chip in chips.items()]

    def on_click(self, event: events.Click) -> None:
        """Ask for the category that was clicked on."""
        start = 0
        if event.y:
            return
        for category, text in self._chips():
            if start <= event.x - self.gutter.left < start + len(text):
                self.post_message(CategoryChosen(category))
            start += len(text) + 2


def shares(counts: Counter[Category], width: int) -> list[tuple[Category, int]]:
    """Share out a bar of `width` cells by the counts; whatever there is has at least one cell."""
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
