"""The first screen: every run with its current state."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import MountError

from statustui.core.categories import Category
from statustui.core.order import GROUPINGS, SORT_KEYS
from statustui.core.query import QueryError
from statustui.core.run import Run
from statustui.core.text import clean, format_iso
from statustui.monitor.batch import Batch, RootHealth
from statustui.presentation.timed_query import TimedQuery, TimeLimit
from statustui.settings.config import Config
from statustui.tui.messages import (
    CategoryChosen,
    FilterChosen,
    FilterTyped,
    NewsChosen,
    SelectionMoved,
)
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.model.live_filter import LiveFilter
from statustui.tui.model.store import PROBLEMS, RunStore
from statustui.tui.terminal.textual_private import free_closed_screens
from statustui.tui.terminal.timers import call_after
from statustui.tui.widgets.filter_line import FilterLine
from statustui.tui.widgets.health import HealthLine
from statustui.tui.widgets.run_table import RunTable
from statustui.tui.widgets.summary import SummaryBar

if TYPE_CHECKING:
    from statustui.monitor.run.inspection import Inspect
    from statustui.tui.widgets.preview import Preview

_WIDE = 140
"""Columns from which on a preview of the run under the cursor stands beside the table."""
_FREEING_DELAY = 0.5
"""Seconds after a screen was closed until its memory is freed."""
_AGING = 10.0
"""Seconds after which a filter on ages is applied again."""
_FILTERING = 2.0
"""Seconds after which a filter on all runs is given up: keys wait for so long at the most."""


_COLUMNS = ("ID", "NAME", "STATE", "RESULT", "TIME", "NOTE")


def _table(runs: list[Run]) -> str:
    rows = [
        (
            run.id,
            run.name,
            run.current.state,
            run.result or "",
            format_iso(run.updated_at),
            run.headline,
        )
        for run in runs
    ]
    return "".join("\t".join(clean(cell or "") for cell in row) + "\n" for row in [_COLUMNS, *rows])


_COPIES: dict[str, Callable[[list[Run]], str]] = {
    "ids": lambda runs: " ".join(clean(run.id) for run in runs),
    "paths": lambda runs: "".join(f"{clean(run.path)}\n" for run in runs).removesuffix("\n"),
    "table": _table,
}
"""What can be copied of runs."""


class RunsScreen(Screen[None]):
    """Counts by category, the table of runs, how they are watched, and the keys."""

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

    def __init__(  # noqa: PLR0913, PLR0917 - what the application shares with its screens
        self,
        store: RunStore,
        roots: tuple[str, ...],
        inspect: Inspect,
        manner: DisplayOptions,
        clock: Callable[[], float],
        config: Config,
    ) -> None:
        """Show the runs of `store`, found below `roots`."""
        super().__init__()
        self._store = store
        self._clock = clock
        self._limit = TimeLimit(_FILTERING)
        self._applied: LiveFilter | None = None
        """The filter that the list goes by."""
        self._inspect = inspect
        self._manner = manner
        self._preview: Preview | None = None
        self._is_framed = False
        self._summary = SummaryBar(store)
        self._table = RunTable(store, clock, config)
        self._views = config.views
        self._filter = FilterLine()
        self._health = HealthLine(roots, clock)

    @property
    def initial_scan_done(self) -> bool:
        """Whether every root has been seen whole once."""
        return self._health.initial_scan_done

    @property
    def is_on_top(self) -> bool:
        """Whether no other screen is before this one, not even a transparent one."""
        # While the program ends there is no screen at all.
        return self.app.screen_stack[-1:] == [self]

    @property
    def health(self) -> list[RootHealth]:
        """How the roots are watched."""
        return self._health.known

    def compose(self) -> ComposeResult:
        """Lay the widgets out from top to bottom."""
        yield self._summary
        with Horizontal(id="list"):
            yield self._table
        yield self._health

    def on_mount(self) -> None:
        """Give the keys to the table; what the first frame can do without comes after it."""
        self.set_focus(self._table)
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        # The program may have been told to end by now.
        with contextlib.suppress(MountError):
            await self._mount_rest()

    async def _mount_rest(self) -> None:
        await self.mount(self._filter, self._filter.mistake, before=self._health)
        self.set_interval(_AGING, self._filter_by_age)
        self.set_interval(1.0, self._forget_seen)
        from statustui.tui.widgets.key_line import KeyLine  # noqa: PLC0415 - the list comes first

        await self.mount(KeyLine())
        # A footer is blank until the next time that the keys are said to have changed.
        self.refresh_bindings()
        self._is_framed = True
        self._show_preview()

    def on_screen_resume(self) -> None:
        """Show what has changed meanwhile, and the run that was looked at last."""
        self._reorder()
        call_after(self, _FREEING_DELAY, free_closed_screens)

    def on_screen_suspend(self) -> None:
        """What cannot be seen needs not be read."""
        if self._preview is not None:
            self._preview.rest()

    def on_resize(self) -> None:
        """Show a preview if there is room for it now."""
        self._show_preview()

    @on(SelectionMoved)
    def _show_selected(self) -> None:
        self._show_preview()

    def _show_preview(self) -> None:
        """Show the run under the cursor beside the table, where there is room."""
        if not self._is_framed or not self.is_on_top:
            return
        if self.size.width < _WIDE:
            if self._preview is not None:
                self._preview.rest()
            return
        if self._preview is None:
            from statustui.tui.widgets.preview import Preview  # noqa: PLC0415 - the list comes first

            self._preview = Preview(self._inspect, self._store.peers, self._manner, self._clock)
            self.query_one("#list").mount(self._preview)
        if self._preview.path is not None and self._preview.path not in self._store.runs:
            self._preview.lose()
        self._preview.look_at(self._store.current)

    def take(self, batch: Batch) -> None:
        """Take note of a batch that the store has taken in."""
        self._health.take(batch.health)
        self._table.take(batch.changed)

    def show(self, moved: int) -> None:
        """Show what the store holds now; changes have moved its cursor by `moved` rows."""
        # What is repainted behind another screen costs as much as if it could be seen.
        if not self.is_on_top:
            return
        if self._store.selected is None and self.initial_scan_done:
            self._store.select(0)
        self._summary.show()
        self._table.show(moved)
        self._describe()
        self._show_preview()

    def see(self) -> None:
        """Take note that the user is there."""
        self._store.unseen.see(self._table.in_view, self._clock())

    def _forget_seen(self) -> None:
        if self._store.unseen.forget_seen(self._clock()) and self.is_on_top:
            self._show_news()

    def _show_news(self) -> None:
        self._summary.show()
        self._table.refresh_rows()

    def _see_all(self) -> None:
        self._store.unseen.clear()
        self._show_news()

    def _reorder(self) -> None:
        """Show the store in another order, or other runs of it."""
        self._summary.show()
        self._table.reorder()
        self._describe()
        self._show_preview()

    def _describe(self) -> None:
        store = self._store
        said = what_is_listed(store.listed, store.total, store.listed_series, store.total_series)
        self._health.describe(said, store.grouping)

    @on(CategoryChosen)
    def _show_category(self, message: CategoryChosen) -> None:
        chosen = frozenset({message.category})
        self._show_only(None if self._store.only == chosen else chosen)

    def _show_only(self, categories: frozenset[Category] | None) -> None:
        self._store.show_only(categories)
        self._reorder()

    @on(FilterChosen)
    def _choose_filter(self, message: FilterChosen) -> None:
        self._filter.show(message.text)

    @on(NewsChosen)
    def _show_news_first(self) -> None:
        self._table.action_news()

    def action_view(self, digit: int) -> None:
        """List what matches a filter of the configuration."""
        view = self._views.get(str(digit))
        if view is None:
            self.notify(f"There is no view {digit} in the configuration.", markup=False)
        else:
            self._filter.show(view)

    @on(FilterTyped)
    def _filter_runs(self) -> None:
        # The letter is seen before the list is narrowed: of 100,000 runs that takes a moment.
        self.call_after_refresh(self._narrow)

    def _narrow(self) -> None:
        """List what matches the filter as it has been typed by now, if it is a good one."""
        before, text = self._applied, self._filter.value
        if before is not None and before.query.text == text:
            self._filter.complain(None)
            return
        try:
            timed = TimedQuery(text, self._limit)
        except QueryError as error:
            self._filter.complain(error)
            return
        if not text.strip():
            self._filter.complain(None)
            if before is not None:
                self._apply(None)
            return
        after = LiveFilter(timed, self._clock, self._give_up)
        self._apply(after, narrows=before is not None and after.narrows(before))
        if after.mistake is not None:
            self._apply(before)
        else:
            self._table.searched = after.finds
        self._filter.complain(after.mistake)

    def _apply(self, chosen: LiveFilter | None, *, narrows: bool = False) -> None:
        """List what matches a filter, or all."""
        self._applied = chosen
        self._store.show_matching(None if chosen is None else chosen.lists, narrows=narrows)
        self._reorder()

    def _give_up(self, slow: LiveFilter) -> None:
        # It may be in the middle of a change of the store.
        self.call_later(self._list_without, slow)

    def _list_without(self, slow: LiveFilter) -> None:
        """List all runs in place of what matches a filter that has come to take too long."""
        was_searched = self._table.searched == slow.finds
        if was_searched:
            self._table.searched = None
        if slow is self._applied:
            self._apply(None)
            if slow.mistake is not None:
                said = f"{slow.mistake}: all runs are listed"
                self._filter.complain(QueryError(said, slow.mistake.position))
        elif was_searched:
            self.notify("The search takes too long.", severity="warning", markup=False)

    def _filter_by_age(self) -> None:
        if self._applied is not None and self._applied.query.has_age:
            self._apply(self._applied)

    def action_filter(self) -> None:
        """Type a filter."""
        self._filter.open()

    def action_leave_filter(self, keeps: bool) -> None:  # noqa: FBT001 - actions have no keywords
        """Go back to the list, as the filter has it by now."""
        self.set_focus(self._table)
        self._filter.close(keeps=keeps)
        self._narrow()

    def action_problems(self) -> None:
        """List the runs with a problem only, or all again."""
        self._show_only(None if self._store.only == PROBLEMS else PROBLEMS)

    def action_show_all(self) -> None:
        """Take the filter away, then the choice of categories."""
        if self._filter.display:
            self.action_leave_filter(keeps=False)
        elif self._store.only is not None:
            self._show_only(None)

    def commands(self) -> Iterator[SystemCommand]:
        """What has no key of its own."""
        copy_paths = partial(self.action_copy, "paths")
        yield SystemCommand("Copy paths", "of the marked runs, or of this one", copy_paths)
        yield SystemCommand("Take all marks away", "", self._unmark_all)
        yield SystemCommand("Count all problems as seen", "", self._see_all)
        for digit, view in self._views.items():
            yield SystemCommand(f"View {digit}", view, partial(self.action_view, int(digit)))

    def _unmark_all(self) -> None:
        self._store.marked.clear()
        self._table.refresh_rows()

    def action_copy(self, what: str) -> None:
        """Copy ids, paths or a table of the marked runs, or of what is under the cursor."""
        runs = self._store.chosen()
        if not runs:
            return
        try:
            self.app.copy_to_clipboard(_COPIES[what](runs))
        except ValueError as error:
            self.notify(f"Not copied: {error}", severity="warning", markup=False)
        else:
            which = clean(runs[0].id) if len(runs) == 1 else f"{len(runs):,} runs"
            self.notify(f"Copied: {what} of {which}", timeout=3, markup=False)

    def action_group(self) -> None:
        """Go on to the next grouping."""
        self._store.group_by(_next(list(GROUPINGS), self._store.grouping))
        self._reorder()

    def action_sort(self) -> None:
        """Go on to the next sort key."""
        self._store.sort_by(_next(list(SORT_KEYS), self._store.sort))
        self._reorder()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._store.sort_by(self._store.sort, reverse=not self._store.reverse)
        self._reorder()


def what_is_listed(runs: int, all_runs: int, series: int, all_series: int) -> str:
    """How many of the runs are listed, and of the series; nothing if all are."""
    if runs == all_runs and series == all_series:
        return ""
    if not all_series:
        return f"{runs:,} of {all_runs:,} listed"
    return f"{runs:,} of {all_runs:,} runs, {series:,} of {all_series:,} series listed"


def _next(names: list[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)]
