"""Everything about one run, kept up to date on two threads for as long as it is displayed.

One thread reads the history and follows no link. The other reads everything that may be behind a
link, in calls with a time limit.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

from statustui.core.documents import Document
from statustui.core.durations import StateDurations
from statustui.core.history import History
from statustui.core.run import Run
from statustui.core.timeline import StateTimeline
from statustui.monitor.fs.prober import CallTarget, Prober, Stuck
from statustui.monitor.run.history_file import HistoryFile
from statustui.monitor.run.log_reader import LentLog as LentLog  # noqa: PLC0414 - part of this interface
from statustui.monitor.run.log_reader import LogReader
from statustui.monitor.run.log_reader import Search as Search  # noqa: PLC0414 - as above
from statustui.monitor.run.log_text import LogPage, PageRequest, SearchPattern
from statustui.monitor.run.match_counter import Matches as Matches  # noqa: PLC0414 - as above
from statustui.monitor.run.run_logs import Logs as Logs  # noqa: PLC0414 - as above
from statustui.monitor.run.run_logs import RunLogs
from statustui.monitor.run.run_logs import Unreadable as Unreadable  # noqa: PLC0414 - as above
from statustui.monitor.run.task_loop import TaskLoop
from statustui.monitor.snapshot import MAX_PEER_STATUS_BYTES

_FRAME_SECONDS = 0.2
"""Pause after the preview of a long history, in which the screen can draw it."""
_MAX_LINK_WAIT = 2.0
"""Seconds that a file that may be behind a link may take to answer."""
_MAX_ROOT_WAIT = 2.0
"""Seconds that a file that is not behind a link may take to answer."""

Result = TypeVar("Result")


class Documents(NamedTuple):
    """The JSON files of the run."""

    documents: tuple[Document, ...]


InspectionResult: TypeAlias = (
    History | Logs | LogPage | Search | Matches | LentLog | Documents | StateDurations | Unreadable
)
"""A result of an inspection."""


Inspect: TypeAlias = (
    "Callable[[Run, Sequence[str], Callable[[InspectionResult], object]], Inspection]"
)
"""Starts the inspection of a run, given the paths of its peers and a function for the results."""


class Inspection(Protocol):
    """Reads the files of one run for as long as it is displayed. No method waits for a file."""

    @property
    def silent(self) -> float:
        """Seconds for which the filesystem has not answered."""

    def check(self, run: Run) -> None:
        """Check the files now, because `run` has changed."""

    def show_log(self, path: str | None) -> None:
        """Deliver the last page of a log now, and additions when it grows; None ends that."""

    def request_page(self, path: str, request: PageRequest) -> None:
        """Read another page of a log."""

    def lend_log(self, path: str, purpose: str) -> None:
        """Open a log for another program, and deliver it as a `LentLog`."""

    def search(self, path: str, wanted: SearchPattern, start: int, *, backwards: bool) -> None:
        """Search a log from offset `start`, and deliver the page with the first match."""

    def stop_search(self) -> None:
        """Stop the search that is under way."""

    def show_documents(self, *, wanted: bool) -> None:
        """Deliver the JSON files of the run now and whenever they change, or stop doing so."""

    def stop(self) -> None:
        """Stop the inspection."""


class FileInspection:
    """Reads the files of one run.

    The threads are daemons: a thread that hangs in a file call does not keep the program from
    exiting.

    Args:
        run: The run.
        peers: Paths of finished runs of the same name.
        deliver: Called with each result, on one of the threads.
        stuck: The hung calls on roots and behind links; shared by all inspections.

    Raises:
        NoThreadError: No thread can be started.
    """

    def __init__(
        self,
        run: Run,
        peers: Sequence[str],
        deliver: Callable[[InspectionResult], object],
        stuck: Stuck | None = None,
    ) -> None:
        self._run = run
        self._peers = peers
        self._deliver = deliver
        self._history = HistoryFile(run.status_path)
        stuck = Stuck() if stuck is None else stuck
        self._prober = Prober(_MAX_ROOT_WAIT, stuck)
        self._files = RunLogs(run.place, _MAX_LINK_WAIT, stuck)
        self._history_so_far = History()
        self._logs: Logs | None = None
        self._wants_documents = False
        self._documents: object = None
        self._reported_failures: dict[str, str] = {}
        self._stopped = threading.Event()
        self._busy_since: float | None = None
        self._histories = TaskLoop(self._read_history, self._run_task, self._stopped)
        self._linked = TaskLoop(self._read_linked_files, self._run_task, self._stopped)
        self._log = LogReader(self._files, self._report, self._linked.tasks.put)
        try:
            self._histories.start(
                "inspection", then=self._compare_with_peers, finally_do=self._prober.close
            )
            self._linked.start("inspection of links", finally_do=self._files.close)
        except OSError:
            self.stop()
            raise

    # Called from other threads.

    @property
    def silent(self) -> float:
        """Seconds for which the filesystem has not answered."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def check(self, run: Run) -> None:
        """Check the files now, because `run` has changed."""
        self._run = run
        self._histories.check()
        self._linked.check()

    def show_log(self, path: str | None) -> None:
        """Deliver the last page of a log now, and additions when it grows; None ends that."""

        def show() -> None:
            self._log.follow(path)
            self._read_log()

        self.stop_search()
        self._linked.tasks.put(show)

    def request_page(self, path: str, request: PageRequest) -> None:
        """Read another page of a log."""
        self._linked.tasks.put(lambda: self._log.report_page(path, request))

    def lend_log(self, path: str, purpose: str) -> None:
        """Open a log for another program, and deliver it as a `LentLog`."""
        self._linked.tasks.put(lambda: self._lend(path, purpose))

    def search(self, path: str, wanted: SearchPattern, start: int, *, backwards: bool) -> None:
        """Search a log from offset `start`, and deliver the page with the first match.

        After that, its `Matches` are delivered.
        """
        number = self._log.next_search()
        self._linked.tasks.put(
            lambda: self._log.search(number, path, wanted, start=start, backwards=backwards)
        )

    def stop_search(self) -> None:
        """Stop the search that is under way."""
        self._log.next_search()

    def show_documents(self, *, wanted: bool) -> None:
        """Deliver the JSON files of the run now and whenever they change, or stop doing so."""

        def show() -> None:
            self._wants_documents = wanted
            self._documents = None
            self._read_documents()

        self._linked.tasks.put(show)

    def stop(self) -> None:
        """Stop after the file call that is under way; deliver nothing more."""
        self._stopped.set()
        self.stop_search()
        for loop in (self._histories, self._linked):
            loop.tasks.put(lambda: None)

    # On both threads.

    def _run_task(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - the next task is to be done all the same
            self._report(Unreadable(self._run.status_path, f"internal error: {error!r}"))

    def _report(self, finding: InspectionResult) -> None:
        if isinstance(finding, History):
            self._history_so_far = finding
        loop = self._histories if isinstance(finding, History) else self._linked
        loop.reset_interval()
        if not self._stopped.is_set():
            self._deliver(finding)

    def _report_failure(self, path: str, error: OSError) -> None:
        """Deliver that a file cannot be read, unless that was the last result for it."""
        reason = error.strerror or str(error)
        if self._reported_failures.get(path) != reason:
            self._reported_failures[path] = reason
            self._report(Unreadable(path, reason))

    # On the thread that reads the history.

    def _read_history(self) -> None:
        """Deliver the history if it has changed."""
        path = self._run.status_path
        try:
            self._call_root(self._deliver_history)
        except OSError as error:
            self._report_failure(path, error)
            # Deliver the history again once it can be read, even if it has not changed.
            self._history = HistoryFile(path)

    def _compare_with_peers(self) -> None:
        """Deliver how long finished runs of the same name stayed in each state."""
        with contextlib.suppress(OSError):
            timelines = self._call_root(self._read_peers)
            if timelines:
                self._report(StateDurations.learn(timelines))

    def _call_root(self, work: Callable[[], Result]) -> Result:
        """Call `work`, which reads files of the root; refused while another call on it hangs.

        Raises:
            OSError: The files cannot be read, or the root does not answer.
        """
        if self._busy_since is None:
            self._busy_since = time.monotonic()
        try:
            result = self._prober.call(work, CallTarget(self._run.root))
        except TimeoutError:
            raise
        except BaseException:
            self._busy_since = None
            raise
        self._busy_since = None
        return result

    def _keep_reading(self) -> bool:
        """Record that the filesystem has answered; return whether to go on reading."""
        self._prober.mark_answered()
        self._busy_since = time.monotonic()
        return not self._stopped.is_set()

    # On the thread of the prober, in calls that may hang.

    def _deliver_history(self) -> None:
        for history in self._history.read(self._keep_reading):
            self._reported_failures.pop(self._run.status_path, None)
            self._report(history)
            if not history.is_whole:
                # Let the screen draw it before reading the rest keeps the processor busy.
                self._stopped.wait(_FRAME_SECONDS)

    def _read_peers(self) -> list[StateTimeline]:
        timelines: list[StateTimeline] = []
        for path in self._peers:
            peer = HistoryFile(f"{path}/status")
            with contextlib.suppress(OSError):
                if os.lstat(f"{path}/status").st_size <= MAX_PEER_STATUS_BYTES:
                    timelines += [history.timeline for history in peer.read()]
            if not self._keep_reading():
                return []
        return timelines

    # On the thread that reads what may be behind links.

    def _read_linked_files(self) -> None:
        """Deliver what has changed beside the status file."""
        found = self._files.read_logs((self._run.problem or self._run.current).state, self._logs)
        if found != self._logs:
            self._logs = found
            self._report(found)
        self._read_log()
        self._read_documents()

    def _read_log(self) -> None:
        self._log.read(() if self._logs is None else self._logs.logs, self._history_so_far)

    def _lend(self, path: str, purpose: str) -> None:
        lent = self._log.lend(path, purpose)
        self._report(lent)
        if self._stopped.is_set() and lent.file is not None:
            # Nobody has received it.
            lent.file.close()

    def _read_documents(self) -> None:
        if not self._wants_documents:
            return
        documents = self._files.documents()
        if documents is not self._documents and documents != self._documents:
            self._documents = documents
            self._report(Documents(documents))
