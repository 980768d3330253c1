"""The listed runs as bars on one axis of time."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from statustui.core.run import Run
from statustui.core.text import clean, count
from statustui.monitor.batch import Batch
from statustui.monitor.run.histories import Reading
from statustui.tui.messages import BarOpened, BarsMoved, HistoriesFound, RunChosen
from statustui.tui.model.backoff import Backoff
from statustui.tui.model.bars import Stamp, stamp_of
from statustui.tui.model.help_entries import Section, glyph_section
from statustui.tui.model.over_time import OverTime
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.screens.live_screen import LiveScreen
from statustui.tui.terminal.timers import call_after
from statustui.tui.widgets.bar_chart import BarChart
from statustui.tui.widgets.key_line import KeyLine

_MAX_TICKS = 32
"""Ticks after which a history that could not be read is tried again at the latest."""
_PAUSE = 0.02
"""Seconds between two parts of arranging many runs."""
_TICK = 2.0
"""Seconds after which the line of now, and the bars of runs under way, are drawn again."""


class OverTimeScreen(LiveScreen):
    """When the listed runs waited, built and ran; it follows the list and the clock.

    The histories of the runs in view are read, and no others.

    Args:
        context: What all screens share.
    """

    BINDING_GROUP_TITLE = "Over time"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="over-time.open"),
        Binding("plus", "zoom(1)", "Zoom in", key_display="+", id="over-time.zoom-in"),
        Binding("minus", "zoom(-1)", "Out", key_display="-", id="over-time.zoom-out"),
        Binding("0", "fit", "Fit", id="over-time.fit"),
        Binding("h,left", "shift(-1)", "Earlier", id="over-time.earlier"),
        Binding("l,right", "shift(1)", "Later", id="over-time.later"),
        Binding("s", "order", "Sort", id="over-time.order"),
        Binding("j,down", "move(1)", "Down", show=False, id="over-time.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="over-time.up"),
        Binding("g,home", "first", "First", show=False, id="over-time.first"),
        Binding("G,end", "last", "Last", show=False, id="over-time.last"),
        Binding("pagedown", "page(1.0)", "Page down", show=False, id="over-time.page-down"),
        Binding("pageup", "page(-1.0)", "Page up", show=False, id="over-time.page-up"),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="over-time.half-down"),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="over-time.half-up"),
        Binding("=", "app.compare", "Compare with last pass", show=False, id="over-time.compare"),
        Binding("escape,x,q", "leave", "List", key_display="q", id="over-time.leave"),
    ]

    def __init__(self, context: ScreenContext) -> None:
        super().__init__()
        self._shared = context
        self._model = OverTime()
        self._chart = BarChart(self._model, context.display, context.clock)
        self._reading: Reading | None = None
        self._wanted: set[tuple[str, Stamp]] = set()
        """What the histories have been asked for."""
        self._unread: dict[str, str] = {}
        """Path of a run whose history could not be read -> why."""
        self._backoff = Backoff(_MAX_TICKS)
        """Tells when these are tried again."""
        self._go_on: TimerHandle | None = None
        """Set while arranging the runs goes on in a moment."""
        self._asks_nodes = False
        """Whether the user has chosen an order that is not there yet."""
        self._arranged: object = None
        """How the list was arranged when all runs were taken from it."""
        self._changed: dict[str, None] = {}
        """Paths of runs that have changed since the last picture."""

    @property
    def targets(self) -> Sequence[Run]:
        """The selected run."""
        run = self._model.selected
        return [] if run is None else [run]

    def compose(self) -> ComposeResult:
        """Make the widgets, from top to bottom."""
        yield self._chart
        yield KeyLine()

    def on_mount(self) -> None:
        """Take over the list and its selection, and start to read histories."""
        self.set_focus(self._chart)
        current = self._shared.store.current
        self._model.prefer(None if current is None else current.path)
        self._take_list()
        self._reading = self._shared.read_histories(
            lambda found: self.post_message(HistoriesFound(found))
        )
        self.set_interval(_TICK, self._tick)

    def on_screen_resume(self) -> None:
        """Draw what has changed while a run was open."""
        self._update()

    def on_unmount(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading.stop()
            self._reading = None

    # Changes.

    def _take_list(self) -> None:
        """Take all runs from the list, as it is arranged now."""
        self._arranged = self._shared.store.arranged
        self._changed.clear()
        self._model.set_runs(self._shared.store.listed_runs())
        self._go_on_soon()

    def _go_on_soon(self) -> None:
        """Go on with arranging the runs in a moment, unless that is done or comes anyhow."""
        if self._model.is_arranging and self._go_on is None:
            self._go_on = call_after(self, _PAUSE, self._go_on_now)

    def _go_on_now(self) -> None:
        self._go_on = None
        self._model.continue_arranging()
        self._go_on_soon()
        self._tell_nodes()
        if not self._model.is_arranging and self.is_on_top:
            self._update()

    def apply_batch(self, batch: Batch) -> None:
        """Note which runs have changed."""
        self._changed.update(dict.fromkeys(run.path for run in batch.changed))
        self._changed.update(dict.fromkeys(batch.removed))

    def refresh_view(self) -> None:
        """Draw what has changed, unless another screen is in front."""
        if self.is_on_top:
            self._update()

    def _tick(self) -> None:
        if not self.is_on_top:
            return
        if self._backoff.tick(has_failed=bool(self._remark)):
            self._wanted.clear()
        # The list changes without a batch if its filter depends on ages.
        if self._shared.store.arranged is not self._arranged or self._model.without_life:
            self._update()
        else:
            self._chart.tick()

    def _update(self) -> None:
        """Take in what has changed, and draw it."""
        store = self._shared.store
        if store.arranged is not self._arranged:
            self._take_list()
        elif self._changed and not self._model.is_arranging:
            paths, self._changed = list(self._changed), {}
            listed = [
                run
                for path in paths
                if (run := store.runs.get(path)) is not None
                and not run.is_series
                and store.row_of(path) is not None
            ]
            self._model.change(listed, paths)
            self._go_on_soon()
        self._redraw()

    @on(BarsMoved)
    def _redraw(self) -> None:
        """Draw the picture, and have the histories read that it lacks."""
        if not self._chart.size.width:
            # It is not laid out yet, so nobody knows which runs are in view.
            return
        self._chart.set_remark(self._remark)
        lacking = self._model.without_life
        wanted = {(run.path, stamp_of(run)) for run in lacking}
        if self._reading is not None and not wanted <= self._wanted:
            self._wanted = wanted
            self._reading.want(lacking)

    @property
    def _remark(self) -> str:
        """Say which histories in view could not be read, and why."""
        reasons = [
            self._unread[run.path] for run in self._model.in_view if run.path in self._unread
        ]
        if not reasons:
            return ""
        return f"{count(len(reasons), 'history', 'histories')} not read: {clean(reasons[0])}"

    @on(HistoriesFound)
    def _take_histories(self, message: HistoriesFound) -> None:
        found = message.found
        self._model.add_lives(found.timelines)
        for run, _timeline in found.timelines:
            self._unread.pop(run.path, None)
        for path, reason in found.unread:
            self._unread[path.rpartition("/")[0]] = reason
        if self.is_on_top:
            self._redraw()

    # Keys.

    def _do(self, change: Callable[[], object]) -> None:
        change()
        self._redraw()

    def action_move(self, rows: int) -> None:
        """Select the next bar, or (-1) the one before."""
        self._do(lambda: self._model.move(rows))

    def action_page(self, pages: float) -> None:
        """Move the selection by a number of pages."""
        self._do(lambda: self._model.page(pages))

    def action_first(self) -> None:
        """Select the first bar."""
        self._do(lambda: self._model.select(0))

    def action_last(self) -> None:
        """Select the last bar."""
        self._do(lambda: self._model.select(len(self._model) - 1))

    def action_zoom(self, direction: int) -> None:
        """Zoom in, or (-1) out."""
        self._do(lambda: self._model.zoom(direction, self._shared.clock()))

    def action_shift(self, direction: int) -> None:
        """Scroll to later times, or (-1) to earlier ones."""
        self._do(lambda: self._model.shift(direction, self._shared.clock()))

    def action_fit(self) -> None:
        """Fit the axis to the runs in view."""
        self._do(self._model.fit)

    def action_order(self) -> None:
        """Switch to the next order."""
        self._do(self._model.cycle_order)
        self._go_on_soon()
        self._asks_nodes = True
        self._tell_nodes()

    def _tell_nodes(self) -> None:
        """Say so if the user wants an order by nodes, and none is known."""
        if self._asks_nodes and not self._model.is_arranging:
            self._asks_nodes = False
            if self._model.order == "node" and not self._model.knows_nodes:
                self.notify("No node is known of any of these runs.", timeout=3)

    @on(BarOpened)
    def action_open(self) -> None:
        """Open the selected run."""
        run = self._model.selected
        if run is not None:
            self.post_message(RunChosen(run.path))

    def action_leave(self) -> None:
        """Go back to the list, with the same run selected."""
        run = self._model.selected
        store = self._shared.store
        if run is not None and store.row_of(run.path) is not None:
            store.select_run(run.path)
        self.dismiss()

    # Help.

    def help_sections(self) -> Iterator[Section]:
        """Return what the glyphs mean."""
        yield glyph_section(lambda _category: None)
