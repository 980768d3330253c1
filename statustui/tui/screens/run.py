"""The second screen: one run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from statustui.core.history import History
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.monitor.batch import Batch
from statustui.monitor.run.inspection import (
    Documents,
    Inspection,
    LentLog,
    Logs,
    Matches,
    Search,
    Unreadable,
)
from statustui.monitor.run.log_text import LogPage
from statustui.tui.messages import (
    LogChosen,
    Moved,
    PageWanted,
    ResultChosen,
    RunInspected,
    SearchChanged,
    SearchWanted,
    TabChosen,
)
from statustui.tui.model.help_entries import Section
from statustui.tui.model.past_results import PastResults
from statustui.tui.model.peers import find_peers
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.model.series_members import SeriesMembers
from statustui.tui.model.store import RunStore
from statustui.tui.screens.help_sections import run_sections
from statustui.tui.screens.live_screen import LiveScreen
from statustui.tui.screens.log_viewing import view_log
from statustui.tui.widgets.document_tree import DocumentTree
from statustui.tui.widgets.filter_line import SearchLine
from statustui.tui.widgets.key_line import KeyLine
from statustui.tui.widgets.log_tab import LogTab
from statustui.tui.widgets.pager import Pager
from statustui.tui.widgets.past_line import describe_cleaned
from statustui.tui.widgets.run_header import Overview
from statustui.tui.widgets.run_tabs import HISTORY, LOGS, RESULTS, RUNS, RunTabs


class RunScreen(LiveScreen):
    """The state of a run, why it failed, its history, logs and results; all of it is kept current.

    Args:
        run: The run.
        store: The list that it was opened from, for the next and the previous run.
        context: What all screens share.
    """

    BINDING_GROUP_TITLE = "Run"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h", "back", "Back", show=False, id="run.back"),
        Binding("enter,l", "further", "Log, runs", id="run.further"),
        Binding("tab", "tab(1)", "Next tab", key_display="Tab", id="run.next-tab"),
        Binding("shift+tab", "tab(-1)", "Previous tab", show=False, id="run.previous-tab"),
        Binding("v", "view_log('pager')", "Pager", id="run.pager"),
        Binding("V", "view_log('editor')", "Log in the editor", show=False, id="run.editor"),
        Binding("slash", "search", "Search", key_display="/", id="run.search"),
        Binding("right_square_bracket", "neighbour(1)", "Next run", key_display="]", id="run.next"),
        Binding(
            "left_square_bracket",
            "neighbour(-1)",
            "Previous run",
            key_display="[",
            show=False,
            id="run.previous",
        ),
        Binding("=", "app.compare", "Compare with last pass", id="run.compare"),
        Binding("e", "problem(1)", "Next problem", show=False, id="run.next-problem"),
        Binding("E", "problem(-1)", "Previous problem", show=False, id="run.previous-problem"),
        Binding(
            "less_than_sign",
            "result(-1)",
            "Result before",
            key_display="<",
            show=False,
            id="run.result-before",
        ),
        Binding(
            "greater_than_sign",
            "result(1)",
            "Result after",
            key_display=">",
            show=False,
            id="run.result-after",
        ),
        Binding("T", "times", "Times: local, UTC, how long ago", show=False, id="run.times"),
        Binding("y", "copy", "Copy id, or value", show=False, id="run.copy"),
        Binding("Y", "copy_view", "Copy what is in view", show=False, id="run.copy-view"),
        Binding("q", "leave", "List", id="run.leave"),
    ]

    def __init__(self, run: Run, store: RunStore, context: ScreenContext) -> None:
        super().__init__()
        self._run = run
        self._store = store
        self._shared = context
        self._inspection: Inspection | None = None
        self._overview = Overview(run, context.clock)
        self._members = SeriesMembers(context.store.runs)
        self._past = PastResults(context.store.runs)
        self._tabs = RunTabs(context, self._members.store)
        self._search_line = SearchLine()

    @property
    def path(self) -> str:
        """The path of the displayed run."""
        return self._run.path

    @property
    def targets(self) -> list[Run]:
        """The displayed run."""
        return [self._run]

    @property
    def log_in_view(self) -> str | None:
        """The path of the log, if its tab is open."""
        log = self._tabs.logs.chosen if self._tabs.chosen == LOGS else None
        return None if log is None else log.path

    @property
    def members(self) -> RunStore:
        """The runs of the displayed series; empty if it is not a series."""
        return self._members.store

    @property
    def _first_tab(self) -> str:
        """The tab to open first: the history, or the runs of a series without one."""
        return RUNS if self._run.is_series and not self._run.status_count else HISTORY

    def compose(self) -> ComposeResult:
        """Make the widgets, from top to bottom."""
        yield self._overview
        yield self._tabs
        yield self._search_line
        yield KeyLine()

    def on_mount(self) -> None:
        """Start to inspect the run, and update ages every second."""
        self._open(self._run)
        self._choose(self._first_tab)
        self.set_interval(1.0, self._update_ages)

    def on_screen_resume(self) -> None:
        """Draw the runs of the series, with the last opened one selected."""
        self._tabs.members.reorder()

    def on_unmount(self) -> None:
        """Stop the inspection."""
        if self._inspection is not None:
            self._inspection.stop()

    def _open(self, run: Run) -> None:
        """Show another run."""
        if self._inspection is not None:
            self._inspection.stop()
        self._run = run
        self._overview.set_run(run)
        self._tabs.set_run(run)
        if run.is_series:
            self._tabs.members.measure_runs(self._members.set_series(run))
            self._draw_members()
        path = run.path
        peers = find_peers(self._past.set_run(run), run)
        self._overview.set_results(self._past.results)
        self._inspection = self._shared.inspect(
            run,
            peers,
            lambda result: self.post_message(RunInspected(path, result)),
        )

    def apply_batch(self, batch: Batch) -> None:
        """Take in the changes of other runs of the test, or of the runs of a series."""
        self._past.apply_batch(batch)
        if self._run.is_series:
            self._tabs.members.measure_runs(self._members.apply_batch(batch))

    def refresh_view(self) -> None:
        """Draw what the store knows of the run now."""
        before, run = self._run, self._shared.store.runs.get(self._run.path)
        if run is not None and run is not before and self._inspection is not None:
            self._inspection.check(run)
        self._run = run or before
        self._overview.set_run(self._run, is_gone=run is None)
        self._overview.set_results(self._past.results)
        if self._run.is_series:
            self._tabs.members.measure_runs(self._members.update(self._run))
            self._draw_members()

    def _draw_members(self) -> None:
        self._tabs.members.show_changes(self._members.store.pop_cursor_shift())

    def _update_ages(self) -> None:
        self._overview.update_ages(self._inspection)
        self._tabs.update_ages()

    @on(RunInspected)
    def _apply_result(self, message: RunInspected) -> None:
        result = message.result
        if message.path != self._run.path or self._inspection is None:
            if isinstance(result, LentLog) and result.file is not None:
                result.file.close()
            return
        self._overview.apply_result(result)
        if isinstance(result, History):
            self._tabs.history.set_history(result)
            self._tabs.update_remark()
        elif isinstance(result, Logs):
            logs = self._tabs.logs
            before = logs.chosen
            quoted = result.telling if result.trace is None else result.trace.log
            logs.set_logs(result.logs, quoted)
            self.refresh_bindings()
            if self._tabs.chosen == LOGS and logs.chosen != before:
                self._follow_log()
        elif isinstance(result, LogPage | Search | Matches | Unreadable):
            self._tabs.logs.apply_result(result)
        elif isinstance(result, Documents):
            self._tabs.results.set_documents(result.documents)
        elif isinstance(result, LentLog):
            view_log(self, result, os.environ)

    # Tabs.

    def _choose(self, tab: str) -> None:
        if self._search_line.display:
            self._end_search()
        self._tabs.choose(tab)
        self._overview.set_class(self._tabs.chosen != HISTORY, "-brief")
        self.set_focus(self._tabs.content)
        self._follow_log()
        if self._inspection is not None:
            self._inspection.show_documents(wanted=self._tabs.chosen == RESULTS)

    def _follow_log(self) -> None:
        if self._inspection is not None:
            self._inspection.show_log(self.log_in_view)

    @on(Moved)
    def _update_after_move(self) -> None:
        self._tabs.update_remark()

    @on(TabChosen)
    def _show_tab(self, message: TabChosen) -> None:
        self._choose(message.name)

    @on(LogChosen)
    def _show_log(self, message: LogChosen) -> None:
        if self._tabs.logs.pick(message.log):
            self._follow_log()

    @on(PageWanted)
    def _request_page(self, message: PageWanted) -> None:
        log = self._tabs.logs.chosen
        if log is not None and self._inspection is not None:
            self._inspection.request_page(log.path, message.request)

    @on(SearchWanted)
    def _search_log(self, message: SearchWanted) -> None:
        log = self._tabs.logs.chosen
        if log is not None and self._inspection is not None:
            self._inspection.search(
                log.path, message.pattern, message.start, backwards=message.backwards
            )

    # Keys.

    def action_tab(self, step: int) -> None:
        """Go to the next tab, or (-1) the one before."""
        self._choose(self._tabs.beside(step))

    def action_further(self) -> None:
        """Go from the history to the log, or to the runs of a series."""
        if self._tabs.chosen == HISTORY:
            self._choose(RUNS if self._run.is_series else LOGS)

    def action_back(self) -> None:
        """End the search; without one, go back to the history, and from there to the list."""
        if self._search_line.display:
            self.action_leave_search(keeps=False)
        elif self._tabs.chosen != HISTORY:
            self._choose(HISTORY)
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Go back to the list."""
        self.dismiss()

    def action_neighbour(self, step: int) -> None:
        """Show the next run of the list, or (-1) the one before."""
        self._show_neighbour(step, lambda _run: True, "run")

    def action_problem(self, step: int) -> None:
        """Show the next run with a problem that is not muted, or (-1) the one before."""
        self._show_neighbour(
            step, lambda run: run.category.is_problem and not run.is_muted, "problem"
        )

    def _show_neighbour(self, step: int, wanted: Callable[[Run], bool], what: str) -> None:
        run = self._store.neighbour(self._run.path, step, wanted)
        if run is None:
            where = "further down" if step > 0 else "further up"
            self.notify(f"There is no {what} {where} in the list.", timeout=3)
            return
        self._show(run)

    def _show(self, run: Run) -> None:
        if self._store.row_of(run.path) is not None:
            self._store.select_run(run.path)
        self._open(run)
        self._choose(self._tabs.chosen)

    def action_result(self, step: int) -> None:
        """Show the next result of the test, or (-1) the one before."""
        run = self._past.beside(self._run.path, step)
        if run is None:
            when = "later" if step > 0 else "earlier"
            self.notify(f"There is no {when} result of this test.", timeout=3)
        elif run.is_cleaned:
            self.notify(describe_cleaned(run), timeout=5, markup=False)
        else:
            self._show(run)

    @on(ResultChosen)
    def _show_result(self, message: ResultChosen) -> None:
        run = self._shared.store.runs.get(message.path)
        if run is not None and run.path != self._run.path:
            self._show(run)

    def action_times(self) -> None:
        """Switch between local time, UTC and ages."""
        self._shared.display.cycle_times()
        self._tabs.history.redraw()
        self._tabs.update_remark()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002
        """Offer an action only where it does something."""
        if action == "view_log":
            return self._tabs.logs.chosen is not None
        return action != "further" or self._tabs.chosen == HISTORY

    # Other programs.

    def action_view_log(self, purpose: str) -> None:
        """Open the log in the user's ``pager`` or ``editor``."""
        log = self._tabs.logs.chosen
        if log is not None and self._inspection is not None:
            self._inspection.lend_log(log.path, purpose)

    # Help.

    def help_sections(self) -> Iterator[Section]:
        """Return what the states of the run and the glyphs mean."""
        return run_sections(self._tabs.history.states, self._search_history)

    def _search_history(self, word: str) -> None:
        self._choose(HISTORY)
        self._search_line.set_text(word)

    # Searching.

    def action_search(self) -> None:
        """Open the search line."""
        if self._tabs.chosen != RUNS:
            self._search_line.open()

    def action_leave_search(self, keeps: bool) -> None:  # noqa: FBT001 - as bindings have it
        """Return to the tab, with the search as it is or without one."""
        self.set_focus(self._tabs.content)
        if keeps:
            self._search_line.close(keeps=True)
        else:
            self._end_search()

    def _end_search(self) -> None:
        """Stop the search and remove its highlights."""
        if self._inspection is not None:
            self._inspection.stop_search()
        self._search_line.close(keeps=False)
        self._tabs.end_search()

    @on(SearchChanged)
    def _search_tab(self, message: SearchChanged) -> None:
        self._search_line.set_class(not self._tabs.search(message.text), "-not-found")

    # Copying.

    def action_copy(self) -> None:
        """Copy the id of the run, or the value under the cursor."""
        self._copy(*self._tabs.value_to_copy(self._run))

    def action_copy_view(self) -> None:
        """Copy the lines in view, or the value under the cursor with its name."""
        found = self._tabs.view_to_copy(self._run)
        if found is not None:
            self._copy(*found)

    def _copy(self, text: str, what: str) -> None:
        try:
            self.app.copy_to_clipboard(text)
        except ValueError as error:
            self.notify(f"Not copied: {error}", severity="warning", markup=False)
        else:
            self.notify(f"Copied: {clean(what)}", timeout=3, markup=False)


KEYS: list[type[DOMNode]] = [RunScreen, Pager, LogTab, DocumentTree, SearchLine]
"""The widgets with key bindings of this screen, in help order."""
