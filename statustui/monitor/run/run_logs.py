"""The logs and JSON files of one run, read with a time limit for each link.

The owner of a run may have its links lead to a filesystem that does not answer. Calls with a time
limit keep the files that are not behind such a link readable.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from io import FileIO
from typing import NamedTuple, TypeVar

from statustui.core.access import Access
from statustui.core.documents import JOB, OWN, Document, Files, read_documents, signature
from statustui.core.logs import Log, LogTail, find_logs, is_there, telling_logs
from statustui.core.reading import signature_of
from statustui.core.run import RunDir
from statustui.monitor.fs.prober import CallTarget, Prober, Stuck
from statustui.monitor.run.log_text import LogFollower, LogText, open_log

_TAIL_LINES = 20
"""Number of lines at the end of a log to quote."""

Result = TypeVar("Result")


class Unreadable(NamedTuple):
    """A file that cannot be read."""

    path: str
    reason: str


class Logs(NamedTuple):
    """The logs of a run, and the end of the most relevant one."""

    logs: tuple[Log, ...]
    telling: Log | None
    """The log that most likely shows the progress of the run, or why it failed."""
    trace: LogTail | None
    """The end of that log, or of the next one if it is empty."""
    unread: tuple[tuple[Log, str], ...] = ()
    """Logs that are more relevant than the one in `trace` but cannot be read, with the reasons.

    Logs that do not exist are left out.
    """


class RunLogs:
    """Reads the files that one run has beside its status file.

    A call takes little longer than the time limit for each link that does not answer.

    Args:
        place: The run.
        limit: Seconds that a link may take to answer.
        stuck: The calls that hang; shared by the runs that are inspected one after the other.
        on_call: Called after each call, whether it was answered or given up.
    """

    def __init__(
        self,
        place: RunDir,
        limit: float,
        stuck: Stuck | None = None,
        on_call: Callable[[], object] = lambda: None,
    ) -> None:
        self._on_call = on_call
        self._user: int | None = None
        self._place = place
        self._prober = Prober(limit, stuck)
        self._access = Access(place)
        self._documents: dict[Files, tuple[object, tuple[Document, ...]]] = {}

    def close(self) -> None:
        """End the thread once it is idle."""
        self._prober.close()

    def mark_answered(self) -> None:
        """Record, from within work, that the file has answered.

        Raises:
            TimeoutError: The call has been given up.
        """
        self._prober.mark_answered()

    def call(self, path: str, work: Callable[[], Result]) -> Result:
        """Call `work`, which accesses the file at `path`, and return its result.

        Raises:
            TimeoutError: The file does not answer.
            Exception: The exception of `work`.
        """
        try:
            return self._prober.call(work, self._target_of(path))
        finally:
            self._on_call()

    def _target_of(self, path: str) -> CallTarget:
        """Return what decides whether the file at `path` answers: itself or its folder's link."""
        folder = os.path.dirname(path)
        return self._link_target(path if folder == self._place.path else folder)

    def _link_target(self, path: str) -> CallTarget:
        if path != self._place.path and self._user is None:
            with contextlib.suppress(OSError):
                self._user = os.lstat(self._place.path).st_uid
        return CallTarget.link(path, self._user)

    def find(self) -> list[Log]:
        """Return the logs that exist; a log that does not answer counts as existing."""

        def exists(path: str) -> bool | None:
            try:
                return self.call(path, lambda: is_there(path))
            except TimeoutError:
                return None

        place = self._place
        if place.kind == "test":
            return find_logs(place, exists)
        try:
            return self.call(place.path, lambda: find_logs(place))
        except TimeoutError:
            return []

    def read_logs(self, state: str, known: Logs | None = None) -> Logs:
        """Find the logs, and read the end of the one that is most relevant in `state`.

        Args:
            state: The state of the run.
            known: The last result; a log that has not changed is not read again.
        """
        logs = self.find()
        try:
            telling = self.call(self._place.path, lambda: telling_logs(state, logs))
        except TimeoutError:
            telling = logs
        tail, unread = self._read_tail(telling, None if known is None else known.trace)
        return Logs(tuple(logs), telling[0] if telling else None, tail, tuple(unread))

    def _read_tail(
        self, telling: Sequence[Log], known: LogTail | None
    ) -> tuple[LogTail | None, list[tuple[Log, str]]]:
        unread = []
        for log in telling:
            try:
                tail = self.call(log.path, partial(read_tail, self._access, log, known))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                unread.append((log, error.strerror or str(error)))
                continue
            if tail is not None:
                return tail, unread
        return None, unread

    def follow(self, path: str) -> LogFollower:
        """Return a follower of the log at `path`."""
        return LogFollower(self._access, path)

    def opened(self, path: str) -> AbstractContextManager[tuple[LogText, os.stat_result]]:
        """Open the log at `path`; to be used within `call`."""
        return open_log(self._access, path)

    def lend(self, path: str) -> FileIO:
        """Open the log at `path` for another program; the caller closes it.

        Raises:
            OSError: It cannot be opened, or is not a log of the run.
        """

        def work() -> FileIO:
            with self._access.opened(path) as (descriptor, _state):
                # A file object is closed even if the call has been given up by now.
                return FileIO(os.dup(descriptor))

        return self.call(path, work)

    def documents(self) -> tuple[Document, ...]:
        """Return the JSON files; those that have not changed are not read again."""
        return (*self._documents_of(OWN), *self._documents_of(JOB))

    def _documents_of(self, files: Files) -> tuple[Document, ...]:
        place, before = self._place, self._documents.get(files)

        def work() -> tuple[object, tuple[Document, ...]]:
            known = signature(place, files)
            if before is not None and before[0] == known:
                return before
            return known, read_documents(place, files)

        path = place.path if files.link is None else f"{place.path}/{files.link}"
        try:
            found = self._prober.call(work, self._link_target(path))
        except TimeoutError as error:
            reason = error.strerror or str(error)
            found = None, tuple(Document(name, None, reason) for name in files.names)
        self._documents[files] = found
        return found[1]


def read_tail(access: Access, log: Log, known: LogTail | None = None) -> LogTail | None:
    """Return the end of a log; None if the log is empty.

    Args:
        access: Opens the log.
        log: The log.
        known: The last result; it is returned if its log has not changed.

    Raises:
        OSError: The log cannot be read.
    """
    with open_log(access, log.path) as (text, state):
        seen = signature_of(state)
        if known is not None and (known.log, known.signature) == (log, seen):
            return known
        lines = [line.text for line in text.tail().lines if line.text.strip()]
        return LogTail(log, tuple(lines[-_TAIL_LINES:]), seen) if lines else None
