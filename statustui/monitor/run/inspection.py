"""Everything about one run, read on threads of its own for as long as somebody looks at it.

One thread keeps the history live and follows no link. Another one sees to all that may be behind a
link, in calls with a time limit.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from statustui.core.documents import Document
from statustui.core.durations import Typical, typical_times
from statustui.core.history import History, StateTimeline
from statustui.core.run import Run
from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run.history_file import HistoryFile
from statustui.monitor.run.log_text import (
    LogFollower,
    LogPage,
    PageRequest,
    SearchPattern,
    stamped,
)
from statustui.monitor.run.run_logs import Logs as Logs  # noqa: PLC0414 - part of this interface
from statustui.monitor.run.run_logs import RunLogs
from statustui.monitor.run.run_logs import Unreadable as Unreadable  # noqa: PLC0414 - as above

_SHORTEST, _LONGEST = 0.5, 5.0
"""Seconds between two looks: few after a change, ever more as long as nothing changes."""
_SLOWER = 1.3
_FRAME = 0.2
"""Seconds left to the screen to draw the end of a long history."""
_LIMIT = 2.0
"""Seconds that what may be behind a link may take to answer."""
_LARGEST = 1 << 18
"""Bytes: the status file of another run is not read for comparison if it is larger."""


class Search(NamedTuple):
    """How a search in the log on show goes."""

    path: str
    share: float | None
    """How much of the log has been searched, 0 to 1; None if it has ended and found nothing."""


class Documents(NamedTuple):
    """The JSON files of the run."""

    documents: tuple[Document, ...]


InspectionResult: TypeAlias = History | Logs | LogPage | Search | Documents | Typical | Unreadable
"""What an inspection finds out."""


Inspect: TypeAlias = (
    "Callable[[Run, Sequence[str], Callable[[InspectionResult], object]], Inspection]"
)
"""Begins to look at a run, given paths of runs to compare it with and what takes the findings."""


class Inspection(Protocol):
    """Looks at one run for as long as somebody wants to see it. No call waits for a file."""

    @property
    def silent(self) -> float:
        """Seconds for which the filesystem has not answered."""

    def look(self, run: Run) -> None:
        """The run has changed: look now."""

    def show_log(self, path: str | None) -> None:
        """Tell the last page of this log, and from then on what it grows by."""

    def request_page(self, path: str, request: PageRequest) -> None:
        """Read another page of a log."""

    def search(self, path: str, wanted: SearchPattern, start: int, *, backwards: bool) -> None:
        """Tell the page with what is looked for from offset `start` on, or up to there."""

    def stop_search(self) -> None:
        """Look for nothing any more."""

    def show_documents(self, *, wanted: bool) -> None:
        """Tell what the JSON files of the run hold, now and when they change, or no longer."""

    def stop(self) -> None:
        """End."""


class FileInspection:
    """Looks at the files of one run.

    Its threads are daemons: one that is stuck in a file call does not keep the program from ending.

    Args:
        run: The run.
        peers: Paths of runs that are over and of the same name.
        deliver: Takes what is found out, on one of the threads.
        stuck: The calls behind links that hang, of all the inspections.
    """

    def __init__(
        self,
        run: Run,
        peers: Sequence[str],
        deliver: Callable[[InspectionResult], object],
        stuck: Stuck | None = None,
    ) -> None:
        """Begin."""
        self._run = run
        self._peers = peers
        self._deliver = deliver
        self._history = HistoryFile(run.status_path)
        self._files = RunLogs(run.place, _LIMIT, stuck)
        self._log: LogFollower | None = None
        self._logs: Logs | None = None
        self._wants_documents = False
        self._documents: object = None
        self._trouble: dict[str, str] = {}
        self._searches = 0
        self._stopped = threading.Event()
        self._busy_since: float | None = None
        self._histories = _Loop(self._look, self._do_history, self._stopped)
        self._linked = _Loop(self._look_beside, self._do, self._stopped)
        self._histories.start("inspection", then=self._compare)
        self._linked.start("inspection of links", at_the_end=self._files.close)

    # What other threads call.

    @property
    def silent(self) -> float:
        """Seconds for which the filesystem has not answered."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def look(self, run: Run) -> None:
        """The run has changed: look now."""
        self._run = run
        self._histories.look()
        self._linked.look()

    def show_log(self, path: str | None) -> None:
        """Tell the last page of this log, and from then on what it grows by."""

        def show() -> None:
            self._log = None if path is None else self._files.follow(path)
            self._trouble.pop(path or "", None)
            self._read_log()

        self.stop_search()
        self._linked.tasks.put(show)

    def request_page(self, path: str, request: PageRequest) -> None:
        """Read another page of a log."""
        self._linked.tasks.put(lambda: self._tell_page(path, request))

    def search(self, path: str, wanted: SearchPattern, start: int, *, backwards: bool) -> None:
        """Tell the page with what is looked for from offset `start` on, or up to there."""
        self.stop_search()
        number = self._searches
        self._linked.tasks.put(lambda: self._search(number, path, wanted, start, backwards))

    def stop_search(self) -> None:
        """Look for nothing any more."""
        self._searches += 1

    def show_documents(self, *, wanted: bool) -> None:
        """Tell what the JSON files of the run hold, now and when they change, or no longer."""

        def show() -> None:
            self._wants_documents = wanted
            self._documents = None
            self._read_documents()

        self._linked.tasks.put(show)

    def stop(self) -> None:
        """End after the file call that is under way; nothing is told any more."""
        self._stopped.set()
        self.stop_search()
        for loop in (self._histories, self._linked):
            loop.tasks.put(lambda: None)

    # What both threads do.

    def _do(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - what is asked for next is to be answered
            self._tell(Unreadable(self._run.status_path, f"internal error: {error!r}"))

    def _tell(self, finding: InspectionResult) -> None:
        loop = self._histories if isinstance(finding, History) else self._linked
        loop.interval = _SHORTEST
        if not self._stopped.is_set():
            self._deliver(finding)

    def _complain(self, path: str, error: OSError) -> None:
        """Tell that a file cannot be read, once."""
        reason = error.strerror or str(error)
        if self._trouble.get(path) != reason:
            self._trouble[path] = reason
            self._tell(Unreadable(path, reason))

    # The thread that reads the history.

    def _do_history(self, task: Callable[[], object]) -> None:
        self._busy_since = time.monotonic()
        self._do(task)
        self._busy_since = None

    def _look(self) -> None:
        """Look whether the history has changed."""
        path = self._run.status_path
        try:
            for history in self._history.read(self._goes_on):
                self._trouble.pop(path, None)
                self._tell(history)
                if not history.is_whole:
                    # It is drawn before reading the rest takes all the time there is.
                    self._busy_since = None
                    self._stopped.wait(_FRAME)
        except OSError as error:
            self._complain(path, error)
            # What has not changed when it can be read again is told again.
            self._history = HistoryFile(path)

    def _goes_on(self) -> bool:
        """Take note that the filesystem answers; whether there is need to go on."""
        self._busy_since = time.monotonic()
        return not self._stopped.is_set()

    def _compare(self) -> None:
        """Find out what runs of this name usually spend their time in."""
        courses: list[StateTimeline] = []
        for path in self._peers:
            peer = HistoryFile(f"{path}/status")
            with contextlib.suppress(OSError):
                if os.lstat(f"{path}/status").st_size <= _LARGEST:
                    courses += [history.course for history in peer.read()]
            if not self._goes_on():
                return
        if courses:
            self._tell(typical_times(courses))

    # The thread that sees to what may be behind links.

    def _look_beside(self) -> None:
        """Look whether anything beside the status file has changed."""
        found = self._files.look((self._run.problem or self._run.current).state, self._logs)
        if found != self._logs:
            self._logs = found
            self._tell(found)
        self._read_log()
        self._read_documents()

    def _read_log(self) -> None:
        if self._log is None:
            return
        path = self._log.path
        try:
            page = self._files.call(path, self._log.read)
        except OSError as error:
            self._complain(path, error)
            # A call that has been given up may still use the other one.
            self._log = self._files.follow(path)
            return
        self._trouble.pop(path, None)
        if page is not None:
            self._tell(page)

    def _tell_page(self, path: str, request: PageRequest) -> None:
        def read() -> LogPage:
            with self._files.opened(path) as (text, state):
                return stamped(text.read_page(request), path, state)

        try:
            self._tell(self._files.call(path, read))
        except OSError as error:
            self._tell(Unreadable(path, error.strerror or str(error)))

    def _search(
        self,
        number: int,
        path: str,
        wanted: SearchPattern,
        start: int,
        backwards: bool,  # noqa: FBT001 - handed on
    ) -> None:
        def read() -> LogPage | Search | None:
            told_at = time.monotonic()

            def is_needed(offset: int) -> bool:
                nonlocal told_at
                self._files.beat()
                now = time.monotonic()
                if now - told_at > _SHORTEST:
                    told_at = now
                    done, all_there_is = (
                        (start - offset, start)
                        if backwards
                        else (offset - start, text.size - start)
                    )
                    self._tell(Search(path, done / max(1, all_there_is)))
                return number == self._searches

            with self._files.opened(path) as (text, state):
                found = text.find(wanted, start, is_needed, backwards=backwards)
                if number != self._searches:
                    return None
                if found is None:
                    return Search(path, None)
                return stamped(text.around(found), path, state)

        finding: LogPage | Search | Unreadable | None
        try:
            finding = self._files.call(path, read)
        except OSError as error:
            finding = Unreadable(path, error.strerror or str(error))
        if finding is not None and number == self._searches:
            self._tell(finding)

    def _read_documents(self) -> None:
        if not self._wants_documents:
            return
        documents = self._files.documents()
        if documents is not self._documents and documents != self._documents:
            self._documents = documents
            self._tell(Documents(documents))


class _Loop:
    """A thread that does tasks, and looks now and then.

    Args:
        look: Looks whether anything has changed.
        do: Does a task, and never raises.
        stopped: Set once it is to end.
    """

    def __init__(
        self,
        look: Callable[[], object],
        do: Callable[[Callable[[], object]], object],
        stopped: threading.Event,
    ) -> None:
        self.tasks: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self.interval = _SHORTEST
        """Seconds until the next look."""
        self._look = look
        self._do = do
        self._stopped = stopped

    def start(
        self,
        name: str,
        then: Callable[[], object] = lambda: None,
        at_the_end: Callable[[], object] = lambda: None,
    ) -> None:
        """Look, do the task `then`, and go on with others until it is stopped."""

        def serve() -> None:
            self._do(self._look_now)
            self._do(then)
            while not self._stopped.is_set():
                try:
                    task = self.tasks.get(timeout=self.interval)
                except queue.Empty:
                    task = self._look_now
                self._do(task)
            at_the_end()

        threading.Thread(target=serve, name=name, daemon=True).start()

    def look(self) -> None:
        """Look now."""
        # What waits for a filesystem that does not answer must not pile up.
        if self.tasks.empty():
            self.tasks.put(self._look_now)

    def _look_now(self) -> None:
        self.interval = min(self.interval * _SLOWER, _LONGEST)
        self._look()
