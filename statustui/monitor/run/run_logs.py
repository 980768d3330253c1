"""The logs and JSON files of one run, looked at without waiting for a link that leads nowhere.

Whoever owns a run may have its links lead to a filesystem that does not answer. What is behind each
of them is looked at in calls with a time limit, so that the others stay readable.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple, TypeVar

from statustui.core.access import Access
from statustui.core.documents import JOB, OWN, Document, Files, read_documents, signature
from statustui.core.logs import Log, LogTail, find_logs, is_there, telling_logs
from statustui.core.reading import signature_of
from statustui.core.run import RunDir
from statustui.monitor.fs.prober import About, Prober, Stuck
from statustui.monitor.run.log_text import LogFollower, LogText, open_log

_TRACE = 20
"""Lines at the end of a log that are told of."""

Result = TypeVar("Result")


class Unreadable(NamedTuple):
    """A file that cannot be read."""

    path: str
    reason: str


class Logs(NamedTuple):
    """What logs there are."""

    logs: tuple[Log, ...]
    telling: Log | None
    """The likeliest to tell how the run does, or why it failed."""
    trace: LogTail | None
    """The end of it, or of the next one if there is nothing in it."""
    unread: tuple[tuple[Log, str], ...] = ()
    """Logs that are likelier to tell than that one and cannot be looked at, each with the reason.

    A log that has gone, or is not there yet, is none of them.
    """


class RunLogs:
    """Looks at what one run has beside its status file.

    No call takes much longer than the time limit for each link that does not answer.

    Args:
        place: The run.
        limit: Seconds that a link may take to answer.
        stuck: The calls that hang; runs that are looked at one after the other share it.
        on_call: Called after each call, whether it was answered or given up.
    """

    def __init__(
        self,
        place: RunDir,
        limit: float,
        stuck: Stuck | None = None,
        on_call: Callable[[], object] = lambda: None,
    ) -> None:
        """Look at nothing yet."""
        self._on_call = on_call
        self._user: int | None = None
        self._place = place
        self._prober = Prober(limit, stuck)
        self._access = Access(place)
        self._documents: dict[Files, tuple[object, tuple[Document, ...]]] = {}

    def close(self) -> None:
        """Let the thread end."""
        self._prober.close()

    def beat(self) -> None:
        """Called by work that is under way: the file has answered.

        Raises:
            TimeoutError: It has been given up meanwhile.
        """
        self._prober.beat()

    def call(self, path: str, work: Callable[[], Result]) -> Result:
        """Do some work on the file at `path`.

        Raises:
            TimeoutError: It does not answer.
            Exception: Whatever the work has raised.
        """
        try:
            return self._prober.call(work, self._way(path))
        finally:
            self._on_call()

    def _way(self, path: str) -> About:
        """What answers, or does not, for the file at `path`: itself, or the link to its folder."""
        folder = os.path.dirname(path)
        return self._about(path if folder == self._place.path else folder)

    def _about(self, path: str) -> About:
        if path != self._place.path and self._user is None:
            with contextlib.suppress(OSError):
                self._user = os.lstat(self._place.path).st_uid
        return About.link(path, self._user)

    def find(self) -> list[Log]:
        """The logs that there are; one that does not answer counts as there."""

        def look(path: str) -> bool | None:
            try:
                return self.call(path, lambda: is_there(path))
            except TimeoutError:
                return None

        place = self._place
        if place.kind == "test":
            return find_logs(place, look)
        try:
            return self.call(place.path, lambda: find_logs(place))
        except TimeoutError:
            return []

    def read_logs(self, state: str, known: Logs | None = None) -> Logs:
        """Find the logs, and read the end of the one that tells most of a run in `state`.

        Args:
            state: The state.
            known: What has been found before: what has not changed is not read again.
        """
        logs = self.find()
        try:
            telling = self.call(self._place.path, lambda: telling_logs(state, logs))
        except TimeoutError:
            telling = logs
        trace, unread = self._trace(telling, None if known is None else known.trace)
        return Logs(tuple(logs), telling[0] if telling else None, trace, tuple(unread))

    def _trace(
        self, telling: Sequence[Log], known: LogTail | None
    ) -> tuple[LogTail | None, list[tuple[Log, str]]]:
        unread = []
        for log in telling:
            try:
                trace = self.call(log.path, partial(read_trace, self._access, log, known))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                unread.append((log, error.strerror or str(error)))
                continue
            if trace is not None:
                return trace, unread
        return None, unread

    def follow(self, path: str) -> LogFollower:
        """Follow a log."""
        return LogFollower(self._access, path)

    def opened(self, path: str) -> AbstractContextManager[tuple[LogText, os.stat_result]]:
        """Open a log, in a `call`."""
        return open_log(self._access, path)

    def documents(self) -> tuple[Document, ...]:
        """The JSON files; those that have not changed are not read again."""
        return (*self._documents_of(OWN), *self._documents_of(JOB))

    def _documents_of(self, files: Files) -> tuple[Document, ...]:
        place, before = self._place, self._documents.get(files)

        def work() -> tuple[object, tuple[Document, ...]]:
            known = signature(place, files)
            if before is not None and before[0] == known:
                return before
            return known, read_documents(place, files)

        way = place.path if files.link is None else f"{place.path}/{files.link}"
        try:
            found = self._prober.call(work, self._about(way))
        except TimeoutError as error:
            reason = error.strerror or str(error)
            found = None, tuple(Document(name, None, reason) for name in files.names)
        self._documents[files] = found
        return found[1]


def read_trace(access: Access, log: Log, known: LogTail | None = None) -> LogTail | None:
    """Read the end of a log; None if there is nothing in it.

    Args:
        access: Opens it.
        log: The log.
        known: What has been read before; it is given back if its log has not changed.

    Raises:
        OSError: It cannot be read.
    """
    with open_log(access, log.path) as (text, state):
        seen = signature_of(state)
        if known is not None and (known.log, known.signature) == (log, seen):
            return known
        lines = [line.text for line in text.tail().lines if line.text.strip()]
        return LogTail(log, tuple(lines[-_TRACE:]), seen) if lines else None
