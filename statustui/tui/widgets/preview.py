"""The selected run and its history, beside the table."""

from __future__ import annotations

from asyncio import TimerHandle

from textual import on
from textual.containers import Vertical

from statustui.core.history import History
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.monitor.run.inspection import Inspection
from statustui.tui.messages import Moved, ResultChosen, RunChosen, RunInspected
from statustui.tui.model.past_results import PastResults
from statustui.tui.model.peers import find_peers
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.terminal.timers import call_after
from statustui.tui.widgets.history_view import HistoryView
from statustui.tui.widgets.run_header import Overview

_OPEN_DELAY = 0.15
"""Seconds for which a run is selected before its files are read."""


class Preview(Vertical):
    """A run at a glance, kept current while it is selected.

    Args:
        context: What all screens share.
    """

    def __init__(self, context: ScreenContext) -> None:
        super().__init__(id="preview")
        self._shared = context
        self._run: Run | None = None
        self._inspection: Inspection | None = None
        self._overview: Overview | None = None
        self._past = PastResults(context.store.runs)
        self._history = HistoryView(context.display, context.clock, "preview-history")
        self._history.can_focus = False
        self._timer: TimerHandle | None = None

    def on_unmount(self) -> None:
        """Stop the inspection."""
        self.close_run()

    def close_run(self) -> None:
        """Stop inspecting the run."""
        self._run = None
        if self._timer is not None:
            self._timer.cancel()
        if self._inspection is not None:
            self._inspection.stop()
            self._inspection = None

    @property
    def path(self) -> str | None:
        """The path of the displayed run."""
        return None if self._run is None else self._run.path

    def mark_gone(self) -> None:
        """Say that the displayed run is gone."""
        if self._run is not None and self._overview is not None:
            self._overview.set_run(self._run, is_gone=True)

    def set_run(self, run: Run | None) -> None:
        """Display a run once it has been selected for a moment; None keeps the one before."""
        if run is None or run is self._run:
            return
        if self._run is None or run.path != self._run.path:
            self.close_run()
            self._run = run
            self._timer = call_after(self, _OPEN_DELAY, self._open)
            return
        self._run = run
        if self._overview is not None and self._inspection is not None:
            self._overview.set_run(run)
            self._inspection.check(run)

    def _open(self) -> None:
        run = self._run
        # A timer for the run before may have fired without having been handled yet.
        if run is None or self._inspection is not None:
            return
        if self._overview is None:
            self._overview = Overview(run, self._shared.clock)
            # Unlike `mount`, `mount_all` may be called while the program is ending.
            self.mount_all([self._overview, self._history])
        self._overview.set_run(run)
        self._history.set_history(History())
        self._history.follows = True
        path = run.path
        peers = find_peers(self._past.set_run(run), run)
        self._overview.set_results(self._past.results)
        self._inspection = self._shared.inspect(
            run,
            peers,
            lambda result: self.post_message(RunInspected(path, result)),
        )

    @on(RunInspected)
    def _apply_result(self, message: RunInspected) -> None:
        is_current = self._run is not None and message.path == self._run.path
        if not is_current or self._inspection is None or self._overview is None:
            return
        self._overview.apply_result(message.result)
        if isinstance(message.result, History):
            self._history.set_history(message.result)

    def apply_batch(self, batch: Batch) -> None:
        """Take in the changes of other runs of the test."""
        if self._past.apply_batch(batch) and self._overview is not None:
            self._overview.set_results(self._past.results)

    @on(ResultChosen)
    def _open_result(self, message: ResultChosen) -> None:
        message.stop()
        self.post_message(RunChosen(message.path))

    @on(Moved)
    def _ignore(self, message: Moved) -> None:
        message.stop()

    def update_ages(self) -> None:
        """Draw the ages that have changed."""
        if self._overview is not None and self._inspection is not None:
            self._overview.update_ages(self._inspection)
            self._history.update_ages()
