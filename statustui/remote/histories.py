"""The histories of many runs of another host, read there a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from statustui.core.run import Run
from statustui.core.timeline import StateTimeline
from statustui.monitor.run.histories import HistoriesRead, RunTimeline
from statustui.monitor.run.run_logs import Unreadable
from statustui.remote.codec import CodecError, decode
from statustui.remote.comparison_codec import check_timeline
from statustui.remote.opened import Line
from statustui.remote.protocol import Message
from statustui.remote.run_codec import encode_runs

_AT_ONCE = 32
"""Histories that are asked for together. The next are when these have come: a slow line has no
queue of runs that are in view no more."""
_NOT_CONNECTED = "there is no connection to its host"


class SentTimeline(NamedTuple):
    """When the run at a path was in which state, as it crosses the line."""

    path: str
    timeline: StateTimeline


class SentHistories(NamedTuple):
    """What has been read, as it crosses the line."""

    timelines: tuple[SentTimeline, ...]
    unread: tuple[Unreadable, ...]


class RemoteHistories:
    """Has the agent read the histories of the runs that are wanted last.

    Args:
        deliver: Called with what has been read, a few runs at a time.
        line: The connection.
    """

    def __init__(self, deliver: Callable[[HistoriesRead], object], line: Line) -> None:
        self._deliver = deliver
        self._line = line
        self._lock = threading.RLock()
        self._is_open = False
        """Whether the agent has been told to begin."""
        self._wanted: Sequence[Run] = ()
        self._asked: dict[str, Run] = {}
        """Path of the status file -> a run whose history the agent has been asked for."""

    # Called by the source.

    def open(self) -> None:
        """Have an agent begin; what was wanted of another one is told as unread by now."""
        with self._lock:
            self._is_open = self._line.open("histories")

    def receive(self, message: Message) -> None:
        """Deliver what the agent has read.

        Raises:
            ValueError: The message is not as it should be.
        """
        if "found" not in message:
            return
        found = decode(SentHistories, message["found"], self._line.paths)
        with self._lock:
            timelines = []
            for path, timeline in found.timelines:
                check_timeline(timeline)
                timelines.append(RunTimeline(self._take(f"{path}/status"), timeline))
            for path, _reason in found.unread:
                self._take(path)
            self._tell(HistoriesRead(tuple(timelines), found.unread))
            self._ask()

    def _take(self, path: str) -> Run:
        run = self._asked.pop(path, None)
        if run is None:
            raise CodecError("a history that was not asked for")
        return run

    def lose(self, reason: str) -> None:
        """Tell all that is wanted as unread."""
        with self._lock:
            self._is_open = False
            runs = [*self._asked.values(), *self._wanted]
            self._asked, self._wanted = {}, ()
            if runs:
                unread = tuple(Unreadable(run.status_path, reason) for run in runs)
                self._tell(HistoriesRead((), unread))

    def _tell(self, found: HistoriesRead) -> None:
        if not self._line.is_closed:
            self._deliver(found)

    def _ask(self) -> None:
        """Ask for the next of the histories that are wanted, if all others have come."""
        if self._asked or not self._wanted:
            return
        runs, self._wanted = self._wanted[:_AT_ONCE], self._wanted[_AT_ONCE:]
        self._asked = {run.status_path: run for run in runs}
        wanted = encode_runs(runs, self._line.paths)
        if not (self._is_open and self._line.call("want", runs=wanted)):
            self.lose(_NOT_CONNECTED)

    # Called by the screen.

    def want(self, runs: Sequence[Run]) -> None:
        """Read the histories of these runs now, and no longer those of the last call."""
        with self._lock:
            self._wanted = runs
            self._ask()

    def stop(self) -> None:
        """Stop reading; deliver nothing more."""
        self._line.close()
