"""The first screen: the list of runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from statustui.core.order import GROUPINGS, SORT_KEYS
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.monitor.batch import Batch
from statustui.presentation.columns import columns_for
from statustui.tui.messages import (
    FilterChanged,
    FilterChosen,
    NewProblemChosen,
    SelectionMoved,
    SortChosen,
    SubsetChosen,
)
from statustui.tui.model.groups import Group
from statustui.tui.model.live_filter import LiveFilter
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.model.store import PROBLEMS
from statustui.tui.model.view import EVERYTHING, Subset
from statustui.tui.screens.empty_list import describe_empty_list
from statustui.tui.screens.list_filter import ListFilter
from statustui.tui.screens.list_views import ListViews
from statustui.tui.screens.live_screen import LiveScreen
from statustui.tui.terminal.textual_private import free_closed_screens
from statustui.tui.terminal.timers import call_after
from statustui.tui.widgets.filter_line import FilterLine
from statustui.tui.widgets.health import HealthLine
from statustui.tui.widgets.run_table import RunTable
from statustui.tui.widgets.summary import SummaryBar

if TYPE_CHECKING:
    from statustui.tui.model.help_entries import Section
    from statustui.tui.widgets.campaign_line import CampaignLine
    from statustui.tui.widgets.preview import Preview

_WIDE = 140
"""Width of a terminal from which the preview is shown, in columns."""
_FREEING_DELAY = 0.5
"""Seconds after a screen was closed until its memory is freed, at the earliest."""
_QUIT_DELAY = 0.5
"""Seconds for which the key that has closed a run does not quit."""
_AGE_FILTER_INTERVAL = 10.0
"""Seconds after which a filter on ages is applied again."""


class RunsScreen(LiveScreen):
    """Counts by category, the table of runs, how the roots are watched, and the keys.

    Args:
        context: What all screens share.
    """

    BINDING_GROUP_TITLE = "List"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="runs.filter"),
        Binding("!", "problems", "Problems only", id="runs.problems"),
        Binding("s", "sort", "Sort", id="runs.sort"),
        Binding("S", "reverse", "Reverse", show=False, id="runs.reverse"),
        Binding("p", "pause", "Pause the picture", show=False, id="runs.pause"),
        Binding("c", "columns", "Columns", show=False, id="runs.columns"),
        Binding("t", "group", "Group", show=False, id="runs.group"),
        Binding("C", "campaign", "What is under way", show=False, id="runs.campaign"),
        Binding("escape,h", "show_all", "Show all", show=False, id="runs.all"),
        Binding("y", "copy('ids')", "Copy ids", show=False, id="runs.copy-ids"),
        Binding("Y", "copy_menu", "Choose what to copy", show=False, id="runs.copy"),
        *(
            Binding(
                digit,
                f"view({digit})",
                f"View {digit}" if digit > "1" else "View",
                show=digit == "1",
                key_display="1-9" if digit == "1" else None,
                system=digit > "1",
                id=f"runs.view-{digit}",
            )
            for digit in "123456789"
        ),
        Binding("x", "over_time", "Over time", id="runs.over-time"),
        Binding("=", "app.compare", "Compare with last pass", show=False, id="runs.compare"),
        Binding("minus", "last_view", "Last view", show=False, key_display="-", id="runs.last"),
        Binding("tab", "category(1)", "Next category", show=False, id="runs.next-category"),
        Binding(
            "shift+tab",
            "category(-1)",
            "Previous category",
            show=False,
            id="runs.previous-category",
        ),
        Binding("q", "quit", "Quit", id="runs.quit"),
    ]

    def __init__(self, context: ScreenContext) -> None:
        super().__init__()
        store, clock = context.store, context.clock
        self._shared = context
        self._store = store
        self._clock = clock
        self._preview: Preview | None = None
        self._campaign: CampaignLine | None = None
        self._is_complete = False
        self._back_at = float("-inf")
        self._is_behind_run = False
        self._was_left = False
        self._frees_soon = False
        """Whether the memory of closed screens is about to be freed."""
        self._summary = SummaryBar(store)
        self._has_roots = len(context.roots.by_root) > 1
        self._columns = columns_for(list(context.roots.by_root))
        self._table = RunTable(store, clock, context.config, self._columns)
        self._filter_line = FilterLine(store.runs, context.filters)
        self._health = HealthLine(context.roots, clock, context.hold)
        self._filter = ListFilter(
            store=store,
            line=self._filter_line,
            table=self._table,
            clock=clock,
            on_change=self._reorder,
            # The store may be in the middle of a change.
            on_timeout=lambda slow: self.call_later(self._drop_filter, slow),
        )
        user = os.environ.get("LOGNAME") or os.environ.get("USER", "")
        self._views = ListViews(store, self._filter, context.config.views, user)
        self._before_typing = self._views.arrangement

    def compose(self) -> ComposeResult:
        """Make what the first frame needs."""
        yield self._summary
        with Horizontal(id="list"):
            yield self._table
        yield self._health

    def on_mount(self) -> None:
        """Focus the table, and mount the rest after the first frame."""
        self.set_focus(self._table)
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        line = self._filter_line
        row = Horizontal(line, line.count, id="filter-row")
        # Unlike `mount`, `mount_all` may be called while the program is ending.
        await self.mount_all([row, line.error_line], before=self._health)
        self.set_interval(_AGE_FILTER_INTERVAL, self._filter_by_age)
        from statustui.tui.widgets.campaign_line import CampaignLine  # noqa: PLC0415 - after the first frame
        from statustui.tui.widgets.key_line import HintLine, KeyLine  # noqa: PLC0415 - as above

        self._campaign = CampaignLine(self._shared)
        await self.mount_all([self._campaign], before="#list")

        if self._shared.has_hints:
            await self.mount_all([HintLine()])

        await self.mount_all([KeyLine()])
        self._is_complete = True
        self._update_preview()

    def on_screen_resume(self) -> None:
        """Draw what has changed while another screen was in front."""
        if self._is_behind_run:
            self._back_at = time.monotonic()
        self._reorder()
        if self._was_left and not self._frees_soon:
            self._frees_soon = True
            call_after(self, _FREEING_DELAY, self._free_when_calm)

    def _free_when_calm(self) -> None:
        """Free the memory of closed screens, which takes a moment, once no key is pressed."""
        hold = self._shared.hold
        if hold.is_on and hold.paused_at is None:
            call_after(self, _FREEING_DELAY, self._free_when_calm)
        else:
            self._frees_soon = False
            free_closed_screens()

    def on_screen_suspend(self) -> None:
        """Stop reading files for a preview that is out of view."""
        self._is_behind_run = isinstance(self.app.screen_stack[-1], LiveScreen)
        self._was_left = True
        if self._preview is not None:
            self._preview.close_run()

    def on_resize(self) -> None:
        """Show or hide the preview, and the line on what is under way, for the new size."""
        self._update_preview()
        if self._campaign is not None:
            self._campaign.follow()

    @on(SelectionMoved)
    def _preview_selected(self) -> None:
        self._health.set_marked(len(self._store.marked))
        self._update_path()
        self._update_preview()

    def _update_path(self) -> None:
        run = self._store.current
        self._health.set_path("" if run is None else run.path)

    def _update_preview(self) -> None:
        """Show the selected run beside the table, if the terminal is wide enough."""
        if not self._is_complete or not self.is_on_top:
            return
        if self.size.width < _WIDE:
            if self._preview is not None:
                self._preview.close_run()
            return
        if self._preview is None:
            from statustui.tui.widgets.preview import Preview  # noqa: PLC0415 - on wide terminals

            self._preview = Preview(self._shared)
            # Unlike `mount`, `mount_all` may be called while the program is ending.
            self.query_one("#list").mount_all([self._preview])
        if self._preview.path is not None and self._preview.path not in self._store.runs:
            self._preview.mark_gone()
        self._preview.set_run(self._store.current)

    def action_campaign(self) -> None:
        """Show or hide the line on what is under way."""
        if self._campaign is not None:
            self._campaign.toggle()

    # Changes.

    def apply_batch(self, batch: Batch) -> None:
        """Make room in the columns for what has changed, and list what has become new."""
        self._table.measure_runs(batch.changed)
        if self._preview is not None:
            self._preview.apply_batch(batch)
        if self._filter.subset.trait == "new":
            store = self._store
            # The store has listed these before their problems were known to be new.
            fresh = (run for run in batch.changed if run.path in store.unread_problems)
            # To apply a batch, even an empty one, ends any arranging that is under way.
            if unlisted := tuple(run for run in fresh if store.row_of(run.path) is None):
                store.apply(Batch(unlisted))

    def refresh_view(self) -> None:
        """Draw what has changed in the store, unless another screen is in front."""
        shift = self._store.pop_cursor_shift()
        if not self.is_on_top:
            return
        if self._store.selected is None and self._shared.roots.is_settled:
            self._store.select(0)
        self._summary.update()
        if self._campaign is not None:
            self._campaign.follow()
        self._table.show_changes(shift)
        self._update_listing()
        self._update_preview()

    @property
    def targets(self) -> list[Run]:
        """The marked runs; without any, the run or the group under the cursor."""
        return self._store.targets()

    @property
    def targets_fail_alike(self) -> bool:
        """Whether the cursor is on the header of a failure, and no run is marked."""
        store = self._store
        row = store.row(store.cursor) if len(store) and not store.marked else None
        return isinstance(row, Group) and row.is_failure

    @property
    def is_browsed(self) -> bool:
        """Whether keys go to the list, not to the filter."""
        return self._table.has_focus

    def action_over_time(self) -> None:
        """Show the listed runs as bars on one axis of time."""
        from statustui.tui.screens.over_time import OverTimeScreen  # noqa: PLC0415 - rarely needed

        self.app.push_screen(OverTimeScreen(self._shared))

    def action_pause(self) -> None:
        """Let all changes wait, or take them in again."""
        self._shared.hold.toggle_pause()
        self._health.update()

    def mark_seen(self) -> None:
        """Count the problems in view as seen, as the user has pressed a key."""
        self._store.unread_problems.mark_seen(self._table.in_view, self._clock())

    def _tick(self) -> None:
        """Draw what changes with the time alone; one timer for all costs the least."""
        has_dropped = self._store.unread_problems.drop_seen(self._clock())
        self._table.update_ages()
        self._health.update()
        if has_dropped and self.is_on_top:
            self._summary.update()
        if self._campaign is not None:
            self._campaign.follow()
        if self._preview is not None:
            self._preview.update_ages()

    def _mark_all_seen(self) -> None:
        self._store.unread_problems.clear()
        self._summary.update()
        self._table.refresh_rows()

    def _reorder(self) -> None:
        """Draw the list again, for another order or other runs."""
        if self._store.is_arranging:
            # What there is, the first rows or the key's answer, is drawn before the rest is done.
            self._table.call_after_refresh(self._shared.wake)
        self._summary.set_subset(self._filter.subset)
        self._table.reorder()
        self._update_listing()
        self._update_preview()

    def _update_listing(self) -> None:
        store = self._store
        listing = format_listing(store.listed, store.total, store.listed_series, store.total_series)
        if store.is_behind:
            listing = f"{listing} so far" if listing and store.has_first_rows else "arranging…"
        is_open = self._filter_line.display
        self._filter_line.set_count(listing)
        self._health.set_listing("" if is_open else listing, store.grouping, self._views.name)
        self._health.set_marked(len(store.marked))
        text, subset = self._filter.text, self._filter.subset
        self._table.set_message(describe_empty_list(store, self._shared.roots, text, subset))
        self._update_path()

    # Filters.

    @on(SubsetChosen)
    def _toggle_subset(self, message: SubsetChosen) -> None:
        self._views.toggle(message.subset)

    @on(FilterChosen)
    def _list_matching(self, message: FilterChosen) -> None:
        self._views.open_filter(message.text)

    @on(NewProblemChosen)
    def _go_to_new_problem(self) -> None:
        self._table.action_next_new()

    def action_view(self, digit: int) -> None:
        """List a view."""
        self._views.open(str(digit))

    def action_last_view(self) -> None:
        """Return to the view before, with its order and its groups."""
        if self._views.open_last():
            self._reorder()
        else:
            self.notify("There is no view before this one.", markup=False)

    def action_category(self, step: int) -> None:
        """List the next category of the summary only, or (-1) the previous one."""
        self._views.toggle(self._summary.next_subset(step))

    @on(FilterChanged)
    def _apply_changed_filter(self, message: FilterChanged) -> None:
        self._filter.text = message.text
        # Draw the typed letter first: with 100,000 runs, filtering takes a moment.
        self.call_after_refresh(self._apply_typed_filter)

    def _apply_typed_filter(self) -> None:
        self._filter.apply_text(is_typed=self._filter_line.has_focus)

    def _drop_filter(self, slow: LiveFilter) -> None:
        if self._filter.drop(slow):
            self.notify("The search takes too long.", severity="warning", markup=False)

    def _filter_by_age(self) -> None:
        self._filter.apply_again()

    def action_filter(self) -> None:
        """Open the filter line."""
        self._before_typing = self._views.arrangement
        self._filter_line.open()
        self._update_listing()

    def action_leave_filter(self, keeps: bool) -> None:  # noqa: FBT001 - actions have no keywords
        """Return to the list, with the filter as it is now or without one."""
        self.set_focus(self._table)
        self._filter_line.close(keeps=keeps)
        self._filter.text = self._filter_line.value
        if not self._filter.apply_text():
            self._update_listing()
        if keeps:
            self._shared.filters.add(self._filter.text)
        self._views.note_change(self._before_typing)

    async def action_quit(self) -> None:
        """Quit, unless the same key has just closed a run."""
        now = time.monotonic()
        if now < self._back_at + _QUIT_DELAY:
            # A key that is held down comes again and again.
            self._back_at = now
        else:
            await self.app.action_quit()

    def action_problems(self) -> None:
        """List the runs with a problem only, or all again."""
        self._views.toggle(Subset(PROBLEMS))

    def action_show_all(self) -> None:
        """Remove the filter; without one, list all categories."""
        if self._filter_line.display:
            self._before_typing = self._views.arrangement
            self.action_leave_filter(keeps=False)
        elif self._filter.subset != EVERYTHING:
            self._views.toggle(self._filter.subset)

    # Other actions.

    def help_sections(self) -> Iterator[Section]:
        """Return what the signs of the list mean, with actions that list their runs."""
        from statustui.tui.screens.help_sections import list_sections  # noqa: PLC0415 - rarely needed

        return list_sections(self._store.current, self.post_message)

    def commands(self) -> Iterator[SystemCommand]:
        """Yield the commands that have no key."""
        copy_paths = partial(self.action_copy, "paths")
        for name, title in (("md", "Copy as Markdown"), ("csv", "Copy as CSV")):
            export = partial(self.action_copy, name)
            yield SystemCommand(title, "the columns on show, for a ticket or a spreadsheet", export)
        yield SystemCommand("Copy paths", "of the marked runs, or of the selected one", copy_paths)
        yield SystemCommand("Remove all marks", "unmark every run", self._unmark_all)
        yield SystemCommand(
            "Mark all problems as seen", "no problem counts as new", self._mark_all_seen
        )
        for digit, (name, _view) in sorted(self._views.named.items()):
            open_view = partial(self._views.open, digit)
            yield SystemCommand(f"View {clean(name)}", f"key {digit}", open_view)

    def _unmark_all(self) -> None:
        self._store.marked.clear()
        self._table.refresh_rows()
        self._health.set_marked(0)

    def action_copy_menu(self) -> None:
        """Ask in which format to copy."""
        from statustui.tui.screens.copying import ask_format  # noqa: PLC0415 - rarely needed

        count = len(self._store.targets())
        if count:
            ask_format(self, count, self.action_copy)

    def action_copy(self, format_name: str) -> None:
        """Copy the marked runs, or what is selected, in one of the formats of the menu."""
        from statustui.tui.screens.copying import copy_runs  # noqa: PLC0415 - rarely needed

        copy_runs(
            self,
            self._store.targets(),
            format_name,
            columns=list(filter(self._tells, self._table.column_names)),
            now=self._clock(),
        )

    def _tells(self, name: str) -> bool:
        """Whether runs can differ in what an order or a grouping goes by."""
        return name != "root" or self._has_roots

    def action_group(self) -> None:
        """Switch to the next grouping."""
        with self._views.remember():
            names = list(filter(self._tells, GROUPINGS))
            self._store.group_by(_next(names, self._store.grouping))
        self._reorder()

    def action_sort(self) -> None:
        """Sort by category, time, or the next column that runs can be sorted by."""
        shown = (self._columns[name].sort or name for name in self._table.column_names)
        keys = dict.fromkeys(("category", "time", *shown))
        keys_told = [key for key in keys if key in SORT_KEYS and self._tells(key)]
        self._sort_by(_next(keys_told, self._store.sort))

    @on(SortChosen)
    def _sort_or_reverse(self, message: SortChosen) -> None:
        is_sorted = message.key == self._store.sort
        self._sort_by(message.key, reverse=is_sorted and not self._store.reverse)

    def _sort_by(self, key: str, *, reverse: bool = False) -> None:
        with self._views.remember():
            self._store.sort_by(key, reverse=reverse)
        self._reorder()

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of the list, from left to right."""
        return self._table.column_names

    def action_columns(self) -> None:
        """Choose the columns."""
        from statustui.tui.screens.column_chooser import ColumnChooser  # noqa: PLC0415 - as above

        names = self._table.column_names
        self.app.push_screen(ColumnChooser(self._columns, names, self._table.set_columns))

    def action_reverse(self) -> None:
        """Reverse the order."""
        self._sort_by(self._store.sort, reverse=not self._store.reverse)


def format_listing(runs: int, all_runs: int, series: int, all_series: int) -> str:
    """Return how many of the runs and of the series are listed; empty if all are."""
    if runs == all_runs and series == all_series:
        return ""
    if not all_series:
        return f"{runs:,} of {all_runs:,} listed"
    return f"{runs:,} of {all_runs:,} runs, {series:,} of {all_series:,} series listed"


def _next(names: list[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
