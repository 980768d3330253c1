"""The tabs of a run: its history, its runs if it is a series, its logs and its results."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from statustui.core.config_values import format_value
from statustui.core.history import History
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.tui.messages import TabChosen
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.model.store import RunStore
from statustui.tui.widgets.document_tree import DocumentTree
from statustui.tui.widgets.history_view import HistoryView
from statustui.tui.widgets.log_tab import LogTab
from statustui.tui.widgets.log_view import LogView
from statustui.tui.widgets.run_table import RunTable
from statustui.tui.widgets.tab_line import TabLine

HISTORY, RUNS, LOGS, RESULTS = "history", "runs", "logs", "results"
_TITLES = {HISTORY: "History", RUNS: "Runs", LOGS: "Logs", RESULTS: "Results"}
_TIMES = {"local": "local time", "utc": "UTC", "ago": "how long ago"}


class RunTabs(Vertical):
    """The names of the tabs, a remark on the chosen one, and what is in it.

    Args:
        context: What all screens share.
        members: The runs of the series, if the run is one.
    """

    def __init__(self, context: ScreenContext, members: RunStore) -> None:
        super().__init__(id="run-tabs")
        options, clock = context.display, context.clock
        self._options = options
        self.history = HistoryView(options, clock)
        self.members = RunTable(members, clock, context.config)
        self.logs = LogTab(options, clock)
        self.results = DocumentTree()
        self._line = TabLine(lambda index: TabChosen(self._names[index]), "tabs")
        self._names = [HISTORY, LOGS, RESULTS]
        self.chosen = HISTORY
        """Name of the chosen tab."""

    @property
    def _widgets(self) -> dict[str, Widget]:
        return {
            HISTORY: self.history,
            RUNS: self.members,
            LOGS: self.logs,
            RESULTS: self.results,
        }

    def compose(self) -> ComposeResult:
        """Lay the widgets out from top to bottom; only that of the chosen tab is displayed."""
        yield self._line
        yield from self._widgets.values()

    @property
    def content(self) -> HistoryView | RunTable | LogView | DocumentTree:
        """The widget that gets the keys."""
        match self.chosen:
            case "history":
                return self.history
            case "runs":
                return self.members
            case "logs":
                return self.logs.view
            case _:
                return self.results

    def set_run(self, run: Run) -> None:
        """Clear all tabs for another run; only a series has a tab of runs."""
        self._names = [name for name in _TITLES if name != RUNS or run.is_series]
        self.history.set_history(History())
        self.history.follows = True
        self.logs.set_logs((), None)
        self.results.set_documents(())

    def choose(self, name: str) -> None:
        """Display a tab; the history if the run does not have it."""
        self.chosen = name if name in self._names else HISTORY
        for one, widget in self._widgets.items():
            widget.display = one == self.chosen
        self._line.set_names([_TITLES[one] for one in self._names], self._names.index(self.chosen))
        self.update_remark()

    def beside(self, step: int) -> str:
        """Return the name of the next tab, or (-1) of the one before; around at the ends."""
        return self._names[(self._names.index(self.chosen) + step) % len(self._names)]

    def update_remark(self) -> None:
        """Say how the history is displayed."""
        remark = ""
        if self.chosen == HISTORY:
            following = "following  " if self.history.follows else ""
            found = self.history.position
            times = _TIMES[self._options.times]
            remark = f"{found}{'  ' if found else ''}{self.history.summary}  {following}{times}"
        self._line.set_remark(remark)

    def update_ages(self) -> None:
        """Write again what tells how long ago something was."""
        self.history.update_ages()
        self.members.update_ages()
        self.logs.update_remark()

    def search(self, text: str) -> bool:
        """Search the chosen tab; return whether there is a match, or nothing to search."""
        content = self.content
        is_found = isinstance(content, RunTable) or content.search(text)
        self.update_remark()
        return is_found

    def end_search(self) -> None:
        """Remove what a search has highlighted."""
        self.history.search("")
        self.logs.end_search()
        self.results.search("")

    def value_to_copy(self, run: Run) -> tuple[str, str]:
        """Return the value under the cursor, or the id of the run; and what that is."""
        value = self.results.chosen
        if self.chosen == RESULTS and value is not None:
            return format_value(value.value), ".".join(value.path)
        return clean(run.id), "id"

    def view_to_copy(self, run: Run) -> tuple[str, str] | None:
        """Return the lines in view, or the value under the cursor with its name; and what it is.

        Returns:
            None where there is nothing to copy.
        """
        value, content = self.results.chosen, self.content
        if isinstance(content, HistoryView):
            return f"{clean(run.path)}\n{content.text_in_view}\n", "the page"
        if isinstance(content, LogView):
            return content.text_in_view, "the page"
        if self.chosen == RESULTS and value is not None:
            return f"{'.'.join(value.path)} = {format_value(value.value)}", "name and value"
        return None
