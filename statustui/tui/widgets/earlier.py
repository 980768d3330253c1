"""How earlier runs of the same name ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text

from statustui.core.categories import Category
from statustui.core.run import Run
from statustui.core.text import clean, format_age
from statustui.presentation.glyphs import STYLES
from statustui.tui.widgets.painted import Painted
from statustui.tui.widgets.rule import rule

_MAX_ID = 16
"""Characters that are shown of an id."""


class Earlier(Painted):
    """A line with the glyph and the id of each earlier run, the last one first.

    It is hidden if there are none.

    Args:
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__("earlier")
        self._clock = clock
        self._runs: Sequence[Run] = ()
        self.add_class("-empty")

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Set the earlier runs, the last one first."""
        self._runs = runs
        self.set_class(not runs, "-empty")
        self.update()

    def draw(self) -> Text:
        """Draw as many as fit in a line."""
        line = Text.assemble(("earlier", "bold"))
        passed = next((run for run in self._runs if run.category is Category.PASSED), None)
        if passed is not None:
            line.append(f", passed {format_age(passed.age(self._clock()))} ago:")
        for run in self._runs:
            style = self.get_component_rich_style(STYLES[run.category], partial=True)
            one = Text.assemble("  ", (run.category.glyph, style), " ", clean(run.id)[:_MAX_ID])
            if line.cell_len + one.cell_len > self.width - 2:
                break
            line.append_text(one)
        return rule(line, self.width)
