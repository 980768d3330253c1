"""The second screen: everything about one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from statustui.core.history import History
from statustui.core.run import Run
from statustui.core.series import is_member
from statustui.core.text import clean
from statustui.monitor.batch import Batch
from statustui.monitor.run.inspection import (
    Documents,
    Inspect,
    Inspection,
    Logs,
    Page,
    Search,
    Unreadable,
)
from statustui.settings.config import Config
from statustui.tui.messages import (
    FilterTyped,
    Found,
    LogChosen,
    Moved,
    PageWanted,
    SearchWanted,
    TabChosen,
)
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.model.store import RunStore
from statustui.tui.widgets.document_tree import DocumentTree, shown
from statustui.tui.widgets.filter_line import SearchLine
from statustui.tui.widgets.history_view import HistoryView
from statustui.tui.widgets.key_line import KeyLine
from statustui.tui.widgets.log_tab import LogTab
from statustui.tui.widgets.log_view import LogView
from statustui.tui.widgets.pager import Pager
from statustui.tui.widgets.run_header import Overview
from statustui.tui.widgets.run_table import RunTable
from statustui.tui.widgets.tab_line import TabLine

HISTORY, RUNS, LOGS, RESULTS = "history", "runs", "logs", "results"
_TITLES = {HISTORY: "History", RUNS: "Runs", LOGS: "Logs", RESULTS: "Results"}
_TIMES = {"local": "local time", "utc": "UTC", "ago": "how long ago"}


class RunScreen(Screen[None]):
    """Where a run stands, why it failed, its history, logs and results; all of it stays live.

    Args:
        run: The run.
        store: The list that it was opened from.
        peers: Gives the paths of the runs that one is compared with.
        inspect: Begins to look at a run's files.
        manner: How histories and logs are shown.
        clock: Gives the current time in seconds since 1970.
        config: What the user wants to have otherwise.
    """

    BINDING_GROUP_TITLE = "Run"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h", "back", "Back", id="run.back"),
        Binding("q", "leave", "To the list", show=False, id="run.leave"),
        Binding("enter,l", "further", "Log, runs", id="run.further"),
        Binding("tab", "tab(1)", "Next tab", key_display="Tab", id="run.next-tab"),
        Binding("shift+tab", "tab(-1)", "Previous tab", show=False, id="run.previous-tab"),
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
        Binding("e", "problem(1)", "Next problem", show=False, id="run.next-problem"),
        Binding("E", "problem(-1)", "Previous problem", show=False, id="run.previous-problem"),
        Binding("T", "times", "Times: local, UTC, how long ago", show=False, id="run.times"),
        Binding("y", "copy", "Copy id, or value", show=False, id="run.copy"),
        Binding("Y", "copy_view", "Copy what is in view", show=False, id="run.copy-view"),
    ]

    def __init__(  # noqa: PLR0913, PLR0917 - what the application shares with its screens
        self,
        run: Run,
        store: RunStore,
        peers: Callable[[Run], Sequence[str]],
        inspect: Inspect,
        manner: DisplayOptions,
        clock: Callable[[], float],
        config: Config,
    ) -> None:
        """Show `run`."""
        super().__init__()
        self._run = run
        self._store = store
        self._peers = peers
        self._inspect = inspect
        self._manner = manner
        self._clock = clock
        self._inspection: Inspection | None = None
        self._overview = Overview(run, clock)
        self._tabs = TabLine(lambda index: TabChosen(self._names[index]), "tabs")
        self._history = HistoryView(manner, clock)
        self._logs = LogTab(manner, clock)
        self._results = DocumentTree()
        self._members = RunStore("id")
        self._linked: frozenset[str] | None = None
        """Paths of the runs that the series on show links to; None as long as that is not known."""
        self._table = RunTable(self._members, clock, config)
        self._search = SearchLine()
        self._switcher = ContentSwitcher(
            self._history, self._table, self._logs, self._results, id="content", initial=HISTORY
        )
        self._tab = HISTORY

    @property
    def path(self) -> str:
        """The path of the run on show."""
        return self._run.path

    @property
    def members(self) -> RunStore:
        """The runs of the series on show, if it is one."""
        return self._members

    @property
    def _first_tab(self) -> str:
        """What to show first: the history, or the runs of a series that has none."""
        return RUNS if self._run.is_series and not self._run.status_count else HISTORY

    @property
    def _names(self) -> list[str]:
        """The tabs that there are."""
        return [name for name in _TITLES if name != RUNS or self._run.is_series]

    def compose(self) -> ComposeResult:
        """Lay the widgets out from top to bottom."""
        yield self._overview
        yield self._tabs
        yield self._switcher
        yield self._search
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to look at the run, and let ages tick."""
        self._open(self._run)
        self._choose(self._first_tab)
        self.set_interval(1.0, self._tick)

    def on_screen_resume(self) -> None:
        """Show the run of the series that was looked at last."""
        self._table.reorder()

    def on_unmount(self) -> None:
        """Look no more."""
        if self._inspection is not None:
            self._inspection.stop()

    def _open(self, run: Run) -> None:
        """Show another run."""
        if self._inspection is not None:
            self._inspection.stop()
        self._run = run
        self._overview.show(run)
        self._history.show(History())
        self._history.follows = True
        self._logs.show_logs((), None)
        self._results.show(())
        if run.is_series:
            self._collect()
        path = run.path
        self._inspection = self._inspect(
            run,
            self._peers(run),
            lambda finding: self.post_message(Found(path, finding)),
        )

    def note(self, batch: Batch) -> None:
        """Take note of changes, if this is a series and they are of runs of it."""
        if self._run.is_series:
            self._take_members(Batch(tuple(filter(self._is_mine, batch.changed)), batch.removed))

    def _collect(self) -> None:
        """Show the runs that the series has now."""
        known, members = self._store.runs, self._run.members
        self._linked = None if members is None else frozenset(members.paths)
        paths = known if self._linked is None else self._linked & known.keys()
        mine = {path: known[path] for path in paths if self._is_mine(known[path])}
        others = tuple(path for path in self._members.runs if path not in mine)
        self._take_members(Batch(tuple(mine.values()), others))

    def _is_mine(self, run: Run) -> bool:
        """Whether a run is one of the series on show."""
        series = self._run
        if self._linked is None:
            return run.kind == "test" and (run.root, run.series) == (series.root, series.series)
        return run.path in self._linked and is_member(run, series)

    def _take_members(self, batch: Batch) -> None:
        removed = tuple(path for path in batch.removed if path in self._members.runs)
        if batch.changed or removed:
            cursor = self._members.cursor
            self._members.apply(Batch(batch.changed, removed))
            self._table.take(batch.changed)
            self._table.show(self._members.cursor - cursor)

    def show(self, run: Run | None) -> None:
        """Show what the store knows of the run now; None if it is gone."""
        if run is not None and run is not self._run and self._inspection is not None:
            self._inspection.look(run)
        before, self._run = self._run, run or self._run
        self._overview.show(self._run, is_gone=run is None)
        members = self._run.members
        if members is not None and (
            before.members is None or members.paths != before.members.paths
        ):
            self._collect()

    def _tick(self) -> None:
        self._overview.tick(self._inspection)
        self._history.tick()
        self._logs.tick()

    @on(Found)
    def _take(self, message: Found) -> None:
        finding = message.finding
        if message.path != self._run.path or self._inspection is None:
            return
        self._overview.take(finding)
        if isinstance(finding, History):
            self._history.show(finding)
            self._describe()
        elif isinstance(finding, Logs):
            before = self._logs.chosen
            quoted = finding.telling if finding.trace is None else finding.trace.log
            self._logs.show_logs(finding.logs, quoted)
            if self._tab == LOGS and self._logs.chosen != before:
                self._follow_log()
        elif isinstance(finding, Page | Search | Unreadable):
            self._logs.take(finding)
        elif isinstance(finding, Documents):
            self._results.show(finding.documents)

    # Tabs.

    def _choose(self, tab: str) -> None:
        if self._search.display:
            self._end_search()
        self._tab = tab
        self._switcher.current = tab
        self._overview.set_class(tab != HISTORY, "-brief")
        self._tabs.show([_TITLES[name] for name in self._names], self._names.index(tab))
        self.set_focus(self._content)
        self._describe()
        self._follow_log()
        if self._inspection is not None:
            self._inspection.show_documents(wanted=tab == RESULTS)

    @property
    def _content(self) -> Widget:
        """What the keys go to."""
        content: dict[str, Widget] = {
            HISTORY: self._history,
            RUNS: self._table,
            LOGS: self._logs.view,
            RESULTS: self._results,
        }
        return content[self._tab]

    def _describe(self) -> None:
        """Say how the history is shown."""
        said = ""
        if self._tab == HISTORY:
            following = "following  " if self._history.follows else ""
            said = f"{self._history.about}  {following}{_TIMES[self._manner.times]}"
        self._tabs.say(said)

    def _follow_log(self) -> None:
        if self._inspection is None:
            return
        log = self._logs.chosen
        self._inspection.show_log(log.path if log is not None and self._tab == LOGS else None)

    @on(Moved)
    def _describe_view(self) -> None:
        self._describe()

    @on(TabChosen)
    def _show_tab(self, message: TabChosen) -> None:
        if message.name in self._names:
            self._choose(message.name)

    @on(LogChosen)
    def _show_log(self, message: LogChosen) -> None:
        if self._logs.pick(message.log):
            self._follow_log()

    @on(PageWanted)
    def _turn_log(self, message: PageWanted) -> None:
        log = self._logs.chosen
        if log is not None and self._inspection is not None:
            self._inspection.turn(log.path, message.turn)

    @on(SearchWanted)
    def _search_log(self, message: SearchWanted) -> None:
        log = self._logs.chosen
        if log is not None and self._inspection is not None:
            self._inspection.search(
                log.path, message.wanted, message.start, backwards=message.backwards
            )

    # Keys.

    def action_tab(self, step: int) -> None:
        """Go to the next tab, or the one before."""
        names = self._names
        self._choose(names[(names.index(self._tab) + step) % len(names)])

    def action_further(self) -> None:
        """Go on from the history to the log, or to the runs of a series."""
        if self._tab == HISTORY:
            self._choose(RUNS if self._run.is_series else LOGS)

    def action_back(self) -> None:
        """End a search; go back to the history, and from there to the list."""
        if self._search.display:
            self.action_leave_search(keeps=False)
        elif self._tab != HISTORY:
            self._choose(HISTORY)
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Go back to the list."""
        self.dismiss()

    def action_neighbour(self, step: int) -> None:
        """Show the next run of the list, or the one before."""
        self._show_neighbour(step, lambda _run: True, "run")

    def action_problem(self, step: int) -> None:
        """Show the next run with a problem, or the one before."""
        self._show_neighbour(step, lambda run: run.category.is_problem, "problem")

    def _show_neighbour(self, step: int, wanted: Callable[[Run], bool], what: str) -> None:
        run = self._store.neighbour(self._run.path, step, wanted)
        if run is None:
            where = "further down" if step > 0 else "further up"
            self.notify(f"There is no {what} {where} in the list.", timeout=3)
            return
        self._store.select_run(run.path)
        self._open(run)
        self._choose(self._tab if self._tab in self._names else HISTORY)

    def action_times(self) -> None:
        """Show times in another way."""
        self._manner.change_times()
        self._history.redraw()
        self._describe()

    # Searching.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002
        """Offer what makes sense."""
        return action != "further" or self._tab == HISTORY

    def action_search(self) -> None:
        """Look for a word in what is on show."""
        if self._tab != RUNS:
            self._search.open()

    def action_leave_search(self, keeps: bool) -> None:  # noqa: FBT001 - as bindings have it
        """Give the keys back; forget the word, unless somebody `keeps` it."""
        self.set_focus(self._content)
        if keeps:
            self._search.close(keeps=True)
        else:
            self._end_search()

    def _end_search(self) -> None:
        """Let nothing that was searched for stand out any more."""
        if self._inspection is not None:
            self._inspection.stop_search()
        self._search.close(keeps=False)
        self._history.seek("")
        self._logs.end_search()
        self._results.seek("")

    @on(FilterTyped)
    def _look_for(self, message: FilterTyped) -> None:
        content = self._content
        if isinstance(content, HistoryView | LogView | DocumentTree):
            self._search.set_class(not content.seek(message.words), "-not-found")

    # Copying.

    def action_copy(self) -> None:
        """Copy the id of the run, or the value under the cursor."""
        place = self._results.chosen
        if self._tab == RESULTS and place is not None:
            self._copy(shown(place.value), ".".join(place.path))
        else:
            self._copy(clean(self._run.id), "id")

    def action_copy_view(self) -> None:
        """Copy the lines in view, or the value under the cursor with its name."""
        place = self._results.chosen
        content = self._content
        if isinstance(content, HistoryView):
            self._copy(f"{clean(self._run.path)}\n{content.text_in_view}\n", "the page")
        elif isinstance(content, LogView):
            self._copy(content.text_in_view, "the page")
        elif self._tab == RESULTS and place is not None:
            self._copy(f"{'.'.join(place.path)} = {shown(place.value)}", "name and value")

    def _copy(self, text: str, what: str) -> None:
        try:
            self.app.copy_to_clipboard(text)
        except ValueError as error:
            self.notify(f"Not copied: {error}", severity="warning", markup=False)
        else:
            self.notify(f"Copied: {clean(what)}", timeout=3, markup=False)


KEYS: list[type[DOMNode]] = [RunScreen, Pager, LogTab, DocumentTree, SearchLine]
"""Whatever has keys here, in the order in which help explains them."""
