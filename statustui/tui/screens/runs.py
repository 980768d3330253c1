"""The first screen: the list of runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import MountError

from statustui.core.categories import Category
from statustui.core.order import GROUPINGS, SORT_KEYS
from statustui.core.text import clean
from statustui.monitor.batch import Batch
from statustui.tui.messages import (
    CategoryChosen,
    FilterChanged,
    FilterChosen,
    NewProblemChosen,
    SelectionMoved,
)
from statustui.tui.model.copy_formats import COPY_FORMATS
from statustui.tui.model.live_filter import LiveFilter
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.model.store import PROBLEMS
from statustui.tui.screens.list_filter import ListFilter
from statustui.tui.screens.live_screen import LiveScreen
from statustui.tui.terminal.textual_private import free_closed_screens
from statustui.tui.terminal.timers import call_after
from statustui.tui.widgets.filter_line import FilterLine
from statustui.tui.widgets.health import HealthLine
from statustui.tui.widgets.run_table import RunTable
from statustui.tui.widgets.summary import SummaryBar

if TYPE_CHECKING:
    from statustui.tui.model.help_entries import Section
    from statustui.tui.widgets.preview import Preview

_WIDE = 140
"""Width of a terminal from which the preview is shown, in columns."""
_FREEING_DELAY = 0.5
"""Seconds after a screen was closed until its memory is freed."""
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
        Binding("t", "group", "Group", show=False, id="runs.group"),
        Binding("escape,h", "show_all", "Show all", show=False, id="runs.all"),
        Binding("y", "copy('ids')", "Copy ids", show=False, id="runs.copy-ids"),
        Binding("Y", "copy('table')", "Copy as a table", show=False, id="runs.copy-table"),
        *(
            Binding(
                digit,
                f"view({digit})",
                f"View {digit}",
                show=False,
                system=True,
                id=f"runs.view-{digit}",
            )
            for digit in "123456789"
        ),
        Binding("q", "app.quit", "Quit", id="runs.quit"),
    ]

    def __init__(self, context: ScreenContext) -> None:
        super().__init__()
        store, clock = context.store, context.clock
        self._shared = context
        self._store = store
        self._clock = clock
        self._preview: Preview | None = None
        self._is_complete = False
        self._summary = SummaryBar(store)
        self._table = RunTable(store, clock, context.config)
        self._views = context.config.views
        self._filter_line = FilterLine()
        self._health = HealthLine(context.roots, clock)
        self._filter = ListFilter(
            store=store,
            line=self._filter_line,
            table=self._table,
            clock=clock,
            on_change=self._reorder,
            # The store may be in the middle of a change.
            on_timeout=lambda slow: self.call_later(self._drop_filter, slow),
        )

    def compose(self) -> ComposeResult:
        """Make what the first frame needs."""
        yield self._summary
        with Horizontal(id="list"):
            yield self._table
        yield self._health

    def on_mount(self) -> None:
        """Focus the table, and mount the rest after the first frame."""
        self.set_focus(self._table)
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        # The program may be ending already.
        with contextlib.suppress(MountError):
            await self._mount_rest()

    async def _mount_rest(self) -> None:
        line = self._filter_line
        await self.mount(line, line.error_line, before=self._health)
        self.set_interval(_AGE_FILTER_INTERVAL, self._filter_by_age)
        self.set_interval(1.0, self._drop_seen)
        from statustui.tui.widgets.key_line import HintLine, KeyLine  # noqa: PLC0415 - after the first frame

        if self._shared.has_hints:
            await self.mount(HintLine())

        await self.mount(KeyLine())
        # A footer stays blank until its bindings change.
        self.refresh_bindings()
        self._is_complete = True
        self._update_preview()

    def on_screen_resume(self) -> None:
        """Draw what has changed while another screen was in front."""
        self._reorder()
        call_after(self, _FREEING_DELAY, free_closed_screens)

    def on_screen_suspend(self) -> None:
        """Stop reading files for a preview that is out of view."""
        if self._preview is not None:
            self._preview.close_run()

    def on_resize(self) -> None:
        """Show or hide the preview for the new width."""
        self._update_preview()

    @on(SelectionMoved)
    def _preview_selected(self) -> None:
        self._update_preview()

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
            self.query_one("#list").mount(self._preview)
        if self._preview.path is not None and self._preview.path not in self._store.runs:
            self._preview.mark_gone()
        self._preview.set_run(self._store.current)

    # Changes.

    def apply_batch(self, batch: Batch) -> None:
        """Make room in the columns for what has changed."""
        self._table.measure_runs(batch.changed)

    def refresh_view(self) -> None:
        """Draw what has changed in the store, unless another screen is in front."""
        shift = self._store.pop_cursor_shift()
        if not self.is_on_top:
            return
        if self._store.selected is None and self._shared.roots.is_settled:
            self._store.select(0)
        self._summary.update()
        self._table.show_changes(shift)
        self._update_listing()
        self._update_preview()

    def mark_seen(self) -> None:
        """Count the problems in view as seen, as the user has pressed a key."""
        self._store.unread_problems.mark_seen(self._table.in_view, self._clock())

    def _drop_seen(self) -> None:
        if self._store.unread_problems.drop_seen(self._clock()) and self.is_on_top:
            self._redraw_flags()

    def _redraw_flags(self) -> None:
        self._summary.update()
        self._table.refresh_rows()

    def _mark_all_seen(self) -> None:
        self._store.unread_problems.clear()
        self._redraw_flags()

    def _reorder(self) -> None:
        """Draw the list again, for another order or other runs."""
        if self._store.is_arranging:
            self._shared.wake()
        self._summary.update()
        self._table.reorder()
        self._update_listing()
        self._update_preview()

    def _update_listing(self) -> None:
        store = self._store
        listing = format_listing(store.listed, store.total, store.listed_series, store.total_series)
        self._health.set_listing(listing, store.grouping)

    # Filters.

    @on(CategoryChosen)
    def _toggle_category(self, message: CategoryChosen) -> None:
        chosen = frozenset({message.category})
        self._list_only(None if self._store.only == chosen else chosen)

    def _list_only(self, categories: frozenset[Category] | None) -> None:
        self._store.filter_categories(categories)
        self._reorder()

    @on(FilterChosen)
    def _set_filter(self, message: FilterChosen) -> None:
        self._filter_line.set_text(message.text)

    @on(NewProblemChosen)
    def _go_to_new_problem(self) -> None:
        self._table.action_next_new()

    def action_view(self, digit: int) -> None:
        """Apply a view: a filter of the configuration."""
        view = self._views.get(str(digit))
        if view is None:
            self.notify(f"There is no view {digit} in the configuration.", markup=False)
        else:
            self._filter_line.set_text(view)

    @on(FilterChanged)
    def _apply_changed_filter(self, message: FilterChanged) -> None:
        self._filter.text = message.text
        # Draw the typed letter first: with 100,000 runs, filtering takes a moment.
        self.call_after_refresh(self._filter.apply_text)

    def _drop_filter(self, slow: LiveFilter) -> None:
        if self._filter.drop(slow):
            self.notify("The search takes too long.", severity="warning", markup=False)

    def _filter_by_age(self) -> None:
        self._filter.apply_again()

    def action_filter(self) -> None:
        """Open the filter line."""
        self._filter_line.open()

    def action_leave_filter(self, keeps: bool) -> None:  # noqa: FBT001 - actions have no keywords
        """Return to the list, with the filter as it is now or without one."""
        self.set_focus(self._table)
        self._filter_line.close(keeps=keeps)
        self._filter.text = self._filter_line.value
        self._filter.apply_text()

    def action_problems(self) -> None:
        """List the runs with a problem only, or all again."""
        self._list_only(None if self._store.only == PROBLEMS else PROBLEMS)

    def action_show_all(self) -> None:
        """Remove the filter; without one, list all categories."""
        if self._filter_line.display:
            self.action_leave_filter(keeps=False)
        elif self._store.only is not None:
            self._list_only(None)

    # Other actions.

    def help_sections(self) -> Iterator[Section]:
        """Return what the signs of the list mean, with actions that list their runs."""
        from statustui.tui.screens.help_sections import list_sections  # noqa: PLC0415 - rarely needed

        return list_sections(self._store.current, self.post_message)

    def commands(self) -> Iterator[SystemCommand]:
        """Yield the commands that have no key."""
        copy_paths = partial(self.action_copy, "paths")
        for name, title in (("md", "Copy as Markdown"), ("csv", "Copy as CSV")):
            export = partial(self._copy_export, name, title.removeprefix("Copy as "))
            yield SystemCommand(title, "the columns on show, for a ticket or a spreadsheet", export)
        yield SystemCommand("Copy paths", "of the marked runs, or of the selected one", copy_paths)
        yield SystemCommand("Remove all marks", "unmark every run", self._unmark_all)
        yield SystemCommand(
            "Mark all problems as seen", "no problem counts as new", self._mark_all_seen
        )
        for digit, view in self._views.items():
            yield SystemCommand(f"View {digit}", view, partial(self.action_view, int(digit)))

    def _unmark_all(self) -> None:
        self._store.marked.clear()
        self._table.refresh_rows()

    def action_copy(self, format_name: str) -> None:
        """Copy ids, paths or a table of the marked runs, or of what is selected."""
        runs = self._store.targets()
        if not runs:
            return
        try:
            self.app.copy_to_clipboard(COPY_FORMATS[format_name](runs))
        except ValueError as error:
            self.notify(f"Not copied: {error}", severity="warning", markup=False)
        else:
            which = clean(runs[0].id) if len(runs) == 1 else f"{len(runs):,} runs"
            self.notify(f"Copied: {format_name} of {which}", timeout=3, markup=False)

    def _copy_export(self, format_name: str, title: str) -> None:
        from statustui.tui.model.copy_formats import export_runs  # noqa: PLC0415 - rarely needed

        runs = self._store.targets()
        text = export_runs(format_name, runs, self._shared.config.columns, self._clock())
        try:
            self.app.copy_to_clipboard(text)
        except ValueError as error:
            self.notify(f"Not copied: {error}", severity="warning", markup=False)
        else:
            self.notify(f"Copied: {len(runs):,} as {title}", timeout=3, markup=False)

    def action_group(self) -> None:
        """Switch to the next grouping."""
        self._store.group_by(_next(list(GROUPINGS), self._store.grouping))
        self._reorder()

    def action_sort(self) -> None:
        """Switch to the next sort key."""
        self._store.sort_by(_next(list(SORT_KEYS), self._store.sort))
        self._reorder()

    def action_reverse(self) -> None:
        """Reverse the order."""
        self._store.sort_by(self._store.sort, reverse=not self._store.reverse)
        self._reorder()


def format_listing(runs: int, all_runs: int, series: int, all_series: int) -> str:
    """Return how many of the runs and of the series are listed; empty if all are."""
    if runs == all_runs and series == all_series:
        return ""
    if not all_series:
        return f"{runs:,} of {all_runs:,} listed"
    return f"{runs:,} of {all_runs:,} runs, {series:,} of {all_series:,} series listed"


def _next(names: list[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)]
