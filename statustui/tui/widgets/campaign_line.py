"""The line above the list that says what is under way, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.widget import Widget

from statustui.core.categories import Category
from statustui.presentation.glyphs import STYLES
from statustui.presentation.outlook_text import GAP, OutlookPart, outlook_line
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.terminal.timers import call_after
from statustui.tui.widgets.cells import Part, changed_end

_INTERVAL, _IDLE_INTERVAL = 10.0, 60.0
"""Seconds between two looks at what is under way, and while nothing changes."""
_RUNS_PER_SECOND = 1000
"""With so many runs under way, one second more."""
_SLICE, _PAUSE = 2000, 0.05
"""Runs that have ended and are taken in at a time, and the seconds between two times."""
_LEAST_HEIGHT = 20
"""Lines of a terminal from which the line is shown."""
_MARGIN = 1
"""Blank cells at either end."""
_PLAIN = Style()


class CampaignLine(Widget):
    """What is under way, how much ends and fails in an hour, and when all will have ended.

    It changes every ten seconds at most, while no run changes once a minute, and only the cells up
    to the last that differs are drawn again. It is hidden when nothing is under way, or nothing can
    be said.

    Args:
        context: What all screens share.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {STYLES[Category.FAILED]}

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(id="campaign")
        self._shared = context
        self._campaign = context.store.campaign
        self._parts: list[OutlookPart] = []
        self._looked_at = float("-inf")
        self._changes = 0
        """How many changes it tells of."""
        self._width = 0
        """Columns of the terminal that it was made for."""
        self._go_on: asyncio.TimerHandle | None = None
        """When to take in more of the runs that have ended."""
        self.display = False

    def on_mount(self) -> None:
        """Draw the line for the first time."""
        self.follow()

    def toggle(self) -> None:
        """Show the line or hide it, as the user wants."""
        display = self._shared.display
        display.shows_campaign = not display.shows_campaign
        self._update()

    def follow(self) -> None:
        """Bring the line up to date if it is due, unless the picture stands still."""
        if not self._shared.roots.initial_scan_done:
            # What is not shown yet does not delay the first picture.
            return
        if not self._campaign.take_in(_SLICE):
            self._go_on = self._go_on or call_after(self, _PAUSE, self._follow_on)
        elif not self._shared.hold.is_on and self.app.screen_stack[-1:] == [self.screen]:
            self._update()

    def _follow_on(self) -> None:
        self._go_on = None
        self.follow()

    def _update(self) -> None:
        if not self._is_wanted:
            self.display = False
            self._looked_at = float("-inf")
            return
        if not self._is_due:
            return
        before, self._parts = self._parts, self._look()
        was_shown, self.display = self.display, bool(self._parts)
        if self.display and was_shown:
            # Textual sends a line from its beginning.
            end = changed_end(self._drawn(before), self._drawn(self._parts))
            if end:
                self.refresh(Region(0, 0, end, 1))

    @property
    def _is_due(self) -> bool:
        interval = _IDLE_INTERVAL if self._changes == self._campaign.changes else _INTERVAL
        interval += self._campaign.under_way // _RUNS_PER_SECOND
        # The clock may have been set back.
        is_fresh = 0 <= self._shared.clock() - self._looked_at < interval
        return not is_fresh or self._width != self.app.size.width

    @property
    def _is_wanted(self) -> bool:
        return (
            self._shared.display.shows_campaign
            and self._campaign.under_way > 0
            and self._shared.roots.initial_scan_done
            and self.app.size.height >= _LEAST_HEIGHT
        )

    def _look(self) -> list[OutlookPart]:
        """Return what is under way, as far as it fits."""
        now = self._looked_at = self._shared.clock()
        self._changes, self._width = self._campaign.changes, self.app.size.width
        outlook = self._campaign.outlook(now)
        if outlook is None:
            return []
        width = self._width - 2 * _MARGIN
        return outlook_line(outlook, now, width, ascii_only=bool(self._shared.config.ascii))

    def render(self) -> Text:
        """Draw the line as it was found last."""
        return Text.assemble(*self._drawn(self._parts))

    def _drawn(self, parts: Sequence[OutlookPart]) -> list[Part]:
        """Return the texts of the line with their styles."""
        failure = self.get_component_rich_style(STYLES[Category.FAILED], partial=True)
        drawn = [(" " * _MARGIN, _PLAIN)]
        for part in parts:
            gap = [(GAP, _PLAIN)] if len(drawn) > 1 else []
            drawn += [*gap, (part.text, failure if part.is_failure else _PLAIN)]
        return drawn
