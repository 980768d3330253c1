"""Beside the table, where there is room: the run under the cursor, and its history."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable, Sequence

from textual import on
from textual.containers import Vertical

from statustui.core.history import History
from statustui.core.run import Run
from statustui.monitor.run.inspection import Inspect, Inspection
from statustui.tui.messages import Found, Moved
from statustui.tui.model.display_options import DisplayOptions
from statustui.tui.terminal.timers import call_after
from statustui.tui.widgets.history_view import HistoryView
from statustui.tui.widgets.run_header import Overview

_PAUSE = 0.15
"""Seconds for which the cursor rests on a run before its files are read."""


class Preview(Vertical):
    """What there is to know of one run at a glance; it stays live.

    Args:
        inspect: Begins to look at a run's files.
        peers: Gives the paths of the runs that one is compared with.
        manner: How the history is shown.
        clock: Gives the current time in seconds since 1970.
    """

    def __init__(
        self,
        inspect: Inspect,
        peers: Callable[[Run], Sequence[str]],
        manner: DisplayOptions,
        clock: Callable[[], float],
    ) -> None:
        """Show nothing yet."""
        super().__init__(id="preview")
        self._inspect = inspect
        self._peers = peers
        self._clock = clock
        self._manner = manner
        self._run: Run | None = None
        self._inspection: Inspection | None = None
        self._overview: Overview | None = None
        self._history = HistoryView(manner, clock, "preview-history")
        self._history.can_focus = False
        self._timer: TimerHandle | None = None

    def on_mount(self) -> None:
        """Let ages tick."""
        self.set_interval(1.0, self._tick)

    def on_unmount(self) -> None:
        """Look no more."""
        self.rest()

    def rest(self) -> None:
        """Look at no run any more."""
        self._run = None
        if self._timer is not None:
            self._timer.cancel()
        if self._inspection is not None:
            self._inspection.stop()
            self._inspection = None

    @property
    def path(self) -> str | None:
        """The path of the run on show."""
        return None if self._run is None else self._run.path

    def lose(self) -> None:
        """Say that the run on show is gone."""
        if self._run is not None and self._overview is not None:
            self._overview.show(self._run, is_gone=True)

    def look_at(self, run: Run | None) -> None:
        """Show a run, once the cursor has come to rest on it; None to show what was there."""
        if run is None or run is self._run:
            return
        if self._run is None or run.path != self._run.path:
            self.rest()
            self._run = run
            self._timer = call_after(self, _PAUSE, self._open)
            return
        self._run = run
        if self._overview is not None and self._inspection is not None:
            self._overview.show(run)
            self._inspection.look(run)

    def _open(self) -> None:
        run = self._run
        if run is None:
            return
        if self._overview is None:
            self._overview = Overview(run, self._clock)
            self.mount(self._overview, self._history)
        self._overview.show(run)
        self._history.show(History())
        self._history.follows = True
        path = run.path
        self._inspection = self._inspect(
            run, self._peers(run), lambda finding: self.post_message(Found(path, finding))
        )

    @on(Found)
    def _take(self, message: Found) -> None:
        is_wanted = self._run is not None and message.path == self._run.path
        if not is_wanted or self._inspection is None or self._overview is None:
            return
        self._overview.take(message.finding)
        if isinstance(message.finding, History):
            self._history.show(message.finding)

    @on(Moved)
    def _ignore(self, message: Moved) -> None:
        message.stop()

    def _tick(self) -> None:
        if self._overview is not None and self._inspection is not None:
            self._overview.tick(self._inspection)
            self._history.tick()
