"""When some runs were in which state, read on a thread: those that are wanted, and no others."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from statustui.core.run import Run
from statustui.core.text import format_size
from statustui.core.timeline import StateTimeline
from statustui.monitor.fs.deadline import start_thread
from statustui.monitor.fs.prober import CallTarget, Prober, Stuck
from statustui.monitor.run.history_file import HistoryFile
from statustui.monitor.run.run_logs import Unreadable

_MAX_WAIT = 2.0
"""Seconds that a filesystem may take to answer."""
_MAX_BYTES = 1 << 21
"""Size above which a status file is not read."""
_AT_ONCE = 8
"""Histories that are delivered together."""


class RunTimeline(NamedTuple):
    """When a run was in which state."""

    run: Run
    """The run as it was when that was wanted."""
    timeline: StateTimeline


class HistoriesRead(NamedTuple):
    """What has been read."""

    timelines: tuple[RunTimeline, ...]
    unread: tuple[Unreadable, ...]
    """The status files that could not be read."""


class Reading(Protocol):
    """Reads histories for as long as they are displayed. No method waits for a file."""

    def want(self, runs: Sequence[Run]) -> None:
        """Read the histories of these runs now, and no longer those of the last call."""

    def stop(self) -> None:
        """Stop after the file call that is under way; deliver nothing more."""


ReadHistories: TypeAlias = "Callable[[Callable[[HistoriesRead], object]], Reading]"
"""Starts a reader of histories, given a function for the results."""


class HistoryReader:
    """Reads the histories of the runs that are wanted last.

    The thread is a daemon: if it hangs in a file call, it does not keep the program from exiting.

    Args:
        deliver: Called with what has been read, a few runs at a time, on the thread.
        stuck: The calls that hang; shared by all that read files of runs.

    Raises:
        NoThreadError: No thread can be started.
    """

    def __init__(
        self, deliver: Callable[[HistoriesRead], object], stuck: Stuck | None = None
    ) -> None:
        self._deliver = deliver
        self._prober = Prober(_MAX_WAIT, stuck)
        self._is_stopped = False
        self._wanted: queue.SimpleQueue[Sequence[Run] | None] = queue.SimpleQueue()
        start_thread(self._serve, "histories")

    def want(self, runs: Sequence[Run]) -> None:
        """Read the histories of these runs now, and no longer those of the last call."""
        self._wanted.put(runs)

    def stop(self) -> None:
        """Stop after the file call that is under way; deliver nothing more."""
        self._is_stopped = True
        self._wanted.put(None)

    # On the thread.

    def _serve(self) -> None:
        while (runs := self._wanted.get()) is not None:
            for start in range(0, len(runs), _AT_ONCE):
                if not self._wanted.empty():
                    # What is wanted has changed.
                    break
                self._read(runs[start : start + _AT_ONCE])
        self._prober.close()

    def _read(self, runs: Sequence[Run]) -> None:
        timelines, unread = [], []
        for run in runs:
            try:
                timelines.append(RunTimeline(run, self._read_one(run)))
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                unread.append(Unreadable(run.status_path, reason))
        if not self._is_stopped:
            self._deliver(HistoriesRead(tuple(timelines), tuple(unread)))

    def _read_one(self, run: Run) -> StateTimeline:
        """Return when a run was in which state.

        Raises:
            OSError: Its status file cannot be read, or does not answer.
            ValueError: It is too long.
        """

        def is_needed() -> bool:
            self._prober.mark_answered()
            return True

        def work() -> StateTimeline:
            size = os.lstat(run.status_path).st_size
            if size > _MAX_BYTES:
                raise ValueError(f"{format_size(size)} are too much to be read here")
            timeline = StateTimeline()
            for history in HistoryFile(run.status_path).read(is_needed):
                timeline = history.timeline
            return timeline

        return self._prober.call(work, CallTarget(run.root))
