"""Everything about one run, read on a thread of its own for as long as somebody looks at it."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from statustui.core.details import Document, read_documents, signature
from statustui.core.durations import Typical, typical_times
from statustui.core.history import Course, History
from statustui.core.logs import Log, Trace, find_logs, telling_logs
from statustui.core.reading import signature_of
from statustui.core.run import Run
from statustui.monitor.history import HistoryFile
from statustui.monitor.log import LogFollower, LogPage, Needle, Turn, open_log, stamped

_SHORTEST, _LONGEST = 0.5, 5.0
"""Seconds between two looks: few after a change, ever more as long as nothing changes."""
_SLOWER = 1.3
_FRAME = 0.2
"""Seconds left to the screen to draw the end of a long history."""
_TRACE = 20
"""Lines at the end of a log that are told of."""
_LARGEST = 1 << 18
"""Bytes: the status file of another run is not read for comparison if it is larger."""


class Unreadable(NamedTuple):
    """A file that cannot be read."""

    path: str
    reason: str


class Logs(NamedTuple):
    """What logs there are."""

    logs: tuple[Log, ...]
    telling: Log | None
    """The likeliest to tell how the run does, or why it failed."""
    trace: Trace | None
    """The end of it, or of the next one if there is nothing in it."""


class Page(NamedTuple):
    """Lines of the log on show."""

    path: str
    page: LogPage


class Search(NamedTuple):
    """How a search in the log on show goes."""

    path: str
    share: float | None
    """How much of the log has been searched, 0 to 1; None if it has ended and found nothing."""


class Documents(NamedTuple):
    """The JSON files of the run."""

    documents: tuple[Document, ...]


Finding: TypeAlias = History | Logs | Page | Search | Documents | Typical | Unreadable
"""What an inspection finds out."""


Inspect: TypeAlias = "Callable[[Run, Sequence[str], Callable[[Finding], object]], Inspection]"
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

    def turn(self, path: str, turn: Turn) -> None:
        """Tell another page of a log."""

    def search(self, path: str, wanted: Needle, start: int, *, backwards: bool) -> None:
        """Tell the page with what is looked for from offset `start` on, or up to there."""

    def stop_search(self) -> None:
        """Look for nothing any more."""

    def show_documents(self, *, wanted: bool) -> None:
        """Tell what the JSON files of the run hold, now and when they change, or no longer."""

    def stop(self) -> None:
        """End."""


def read_trace(telling: Sequence[Log], known: Trace | None = None) -> Trace | None:
    """Read the end of the first of these logs that has anything in it.

    Args:
        telling: Logs, the likeliest to tell anything first.
        known: What has been read before; it is given back if its log has not changed.
    """
    for log in telling:
        with contextlib.suppress(OSError), open_log(log.path) as (text, state):
            seen = signature_of(state)
            if known is not None and (known.log, known.signature) == (log, seen):
                return known
            lines = [line.text for line in text.tail().lines if line.text.strip()]
            if lines:
                return Trace(log, tuple(lines[-_TRACE:]), seen)
    return None


class FileInspection:
    """Looks at the files of one run.

    Its thread is a daemon: one that is stuck in a file call does not keep the program from ending.

    Args:
        run: The run.
        peers: Paths of runs that are over and of the same name.
        deliver: Takes what is found out, on the thread.
    """

    def __init__(
        self, run: Run, peers: Sequence[str], deliver: Callable[[Finding], object]
    ) -> None:
        """Begin."""
        self._run = run
        self._peers = peers
        self._deliver = deliver
        self._tasks: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._history = HistoryFile(run.status_path)
        self._log: LogFollower | None = None
        self._logs: Logs | None = None
        self._wants_documents = False
        self._documents: object = None
        self._trouble: dict[str, str] = {}
        self._interval = _SHORTEST
        self._searches = 0
        self._stopped = threading.Event()
        self._busy_since: float | None = None
        threading.Thread(target=self._serve, name="inspection", daemon=True).start()

    # What other threads call.

    @property
    def silent(self) -> float:
        """Seconds for which the filesystem has not answered."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def look(self, run: Run) -> None:
        """The run has changed: look now."""
        self._run = run
        # What waits for a filesystem that does not answer must not pile up.
        if self._tasks.empty():
            self._tasks.put(self._look)

    def show_log(self, path: str | None) -> None:
        """Tell the last page of this log, and from then on what it grows by."""

        def show() -> None:
            self._log = None if path is None else LogFollower(path)
            self._trouble.pop(path or "", None)
            self._read_log()

        self.stop_search()
        self._tasks.put(show)

    def turn(self, path: str, turn: Turn) -> None:
        """Tell another page of a log."""
        self._tasks.put(lambda: self._tell_page(path, turn))

    def search(self, path: str, wanted: Needle, start: int, *, backwards: bool) -> None:
        """Tell the page with what is looked for from offset `start` on, or up to there."""
        self.stop_search()
        number = self._searches
        self._tasks.put(lambda: self._search(number, path, wanted, start, backwards))

    def stop_search(self) -> None:
        """Look for nothing any more."""
        self._searches += 1

    def show_documents(self, *, wanted: bool) -> None:
        """Tell what the JSON files of the run hold, now and when they change, or no longer."""

        def show() -> None:
            self._wants_documents = wanted
            self._documents = None
            self._read_documents()

        self._tasks.put(show)

    def stop(self) -> None:
        """End after the file call that is under way; nothing is told any more."""
        self._stopped.set()
        self.stop_search()
        self._tasks.put(lambda: None)

    # The thread.

    def _serve(self) -> None:
        self._do(self._look)
        self._do(self._compare)
        while not self._stopped.is_set():
            try:
                task = self._tasks.get(timeout=self._interval)
            except queue.Empty:
                task = self._look
            self._do(task)

    def _do(self, task: Callable[[], object]) -> None:
        self._busy_since = time.monotonic()
        try:
            task()
        except Exception as error:  # noqa: BLE001 - what is asked for next is to be answered
            self._tell(Unreadable(self._run.status_path, f"internal error: {error!r}"))
        self._busy_since = None

    def _tell(self, finding: Finding) -> None:
        self._interval = _SHORTEST
        if not self._stopped.is_set():
            self._deliver(finding)

    def _complain(self, path: str, error: OSError) -> None:
        """Tell that a file cannot be read, once."""
        reason = error.strerror or str(error)
        if self._trouble.get(path) != reason:
            self._trouble[path] = reason
            self._tell(Unreadable(path, reason))

    def _look(self) -> None:
        """Look whether anything has changed."""
        self._interval = min(self._interval * _SLOWER, _LONGEST)
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
        if not self._goes_on():
            return
        logs = find_logs(self._run.place)
        telling = telling_logs((self._run.problem or self._run.current).state, logs)
        trace = read_trace(telling, None if self._logs is None else self._logs.trace)
        found = Logs(tuple(logs), telling[0] if telling else None, trace)
        if found != self._logs:
            self._logs = found
            self._tell(found)
        self._read_log()
        self._read_documents()

    def _goes_on(self) -> bool:
        """Take note that the filesystem answers; whether there is need to go on."""
        self._busy_since = time.monotonic()
        return not self._stopped.is_set()

    def _compare(self) -> None:
        """Find out what runs of this name usually spend their time in."""
        courses: list[Course] = []
        for path in self._peers:
            peer = HistoryFile(f"{path}/status")
            with contextlib.suppress(OSError):
                if os.stat(f"{path}/status").st_size <= _LARGEST:
                    courses += [history.course for history in peer.read()]
            if not self._goes_on():
                return
        if courses:
            self._tell(typical_times(courses))

    def _read_log(self) -> None:
        if self._log is None:
            return
        path = self._log.path
        try:
            page = self._log.read()
        except OSError as error:
            self._complain(path, error)
            self._log = LogFollower(path)
            return
        self._trouble.pop(path, None)
        if page is not None:
            self._tell(Page(path, page))

    def _tell_page(self, path: str, turn: Turn) -> None:
        try:
            with open_log(path) as (text, state):
                self._tell(Page(path, stamped(turn(text), state)))
        except OSError as error:
            self._tell(Unreadable(path, error.strerror or str(error)))

    def _search(
        self,
        number: int,
        path: str,
        wanted: Needle,
        start: int,
        backwards: bool,  # noqa: FBT001 - handed on
    ) -> None:
        told_at = time.monotonic()

        def is_needed(offset: int) -> bool:
            nonlocal told_at
            self._busy_since = time.monotonic()
            if self._busy_since - told_at > _SHORTEST:
                told_at = self._busy_since
                done, all_there_is = (
                    (start - offset, start) if backwards else (offset - start, text.size - start)
                )
                self._tell(Search(path, done / max(1, all_there_is)))
            return number == self._searches

        try:
            with open_log(path) as (text, state):
                found = text.find(wanted, start, is_needed, backwards=backwards)
                if number != self._searches:
                    return
                if found is None:
                    self._tell(Search(path, None))
                else:
                    self._tell(Page(path, stamped(text.around(found), state)))
        except OSError as error:
            self._tell(Unreadable(path, error.strerror or str(error)))

    def _read_documents(self) -> None:
        if not self._wants_documents:
            return
        place = self._run.place
        known = signature(place)
        if known != self._documents:
            self._documents = known
            self._tell(Documents(read_documents(place)))
