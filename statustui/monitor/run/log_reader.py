"""Read one log of a run at a time: follow it, page through it, search it, lend it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from io import FileIO
from typing import NamedTuple, TypeVar

from statustui.core.history import History
from statustui.core.logs import MERGED, Log
from statustui.monitor.run.log_text import (
    FileState,
    LogFollower,
    LogPage,
    LogText,
    PageRequest,
    SearchPattern,
    stamped,
)
from statustui.monitor.run.match_counter import MatchCounter, Matches
from statustui.monitor.run.merged_log import MergedLog
from statustui.monitor.run.run_logs import RunLogs, Unreadable

_COUNT_SECONDS = 0.1
"""Seconds for which matches are counted before waiting tasks are done."""
_PROGRESS_INTERVAL = 0.5
"""Seconds between two reports of the progress of a search."""

Result = TypeVar("Result")


class Search(NamedTuple):
    """The progress of a search in the displayed log."""

    path: str
    share: float | None
    """Share of the log that has been searched, 0 to 1; None if the search found nothing."""


class LentLog(NamedTuple):
    """A log, opened for another program; whoever receives it closes it."""

    path: str
    file: FileIO | None
    """None if it cannot be opened."""
    purpose: str
    """What it was requested for."""
    reason: str = ""
    """Why it cannot be opened."""


class LogReader:
    """Reads the logs of a run, on one thread.

    Args:
        files: The files of the run.
        report: Called with each result.
        put: Adds a task to those of the thread.
    """

    def __init__(
        self,
        files: RunLogs,
        report: Callable[[LogPage | Search | Matches | Unreadable], object],
        put: Callable[[Callable[[], object]], object],
    ) -> None:
        self._files = files
        self._report = report
        self._put = put
        self._followed: LogFollower | MergedLog | None = None
        self._failure: str | None = None
        """Why the followed log could not be read at the last attempt."""
        self._merged = MergedLog(files)
        self._counter: MatchCounter | None = None
        self._search_number = 0

    def next_search(self) -> int:
        """End the search under way, from any thread; return the number of the next one."""
        self._search_number += 1
        return self._search_number

    def follow(self, path: str | None) -> None:
        """Follow a log from now on: the next `read` reports its last page; None for no log."""
        self._followed = None if path is None else self._follower(path)
        self._failure = None

    def _follower(self, path: str) -> LogFollower | MergedLog:
        if path != MERGED.path:
            return self._files.follow(path)
        # The first read reports a page, whatever was reported before.
        self._merged = MergedLog(self._files)
        return self._merged

    def read(self, logs: Sequence[Log], history: History) -> None:
        """Report what has been appended to the log that is followed.

        Args:
            logs: All logs of the run, for those that are merged.
            history: The statuses that are merged with them.
        """
        log = self._followed
        if log is None:
            return
        try:
            page = (
                log.read(logs, history)
                if isinstance(log, MergedLog)
                else self._files.call(log.path, log.read)
            )
        except OSError as error:
            reason = error.strerror or str(error)
            if reason != self._failure:
                self._failure = reason
                self._report(Unreadable(log.path, reason))
            # A call that has been given up may still be using the old follower.
            self._followed = self._follower(log.path)
            return
        self._failure = None
        if page is not None:
            self._report(page)

    def _call_log(self, path: str, work: Callable[[LogText, FileState], Result]) -> Result:
        """Call `work` with the text of a log.

        Raises:
            OSError: The log cannot be read, or does not answer.
        """
        if path == MERGED.path:
            return work(self._merged.text, self._merged.state)

        def read() -> Result:
            with self._files.opened(path) as (text, state):
                return work(text, state)

        return self._files.call(path, read)

    def _mark_answered(self, path: str) -> None:
        """Record, from within a call, that a log has answered; merged logs are in memory."""
        if path != MERGED.path:
            self._files.mark_answered()

    def report_page(self, path: str, request: PageRequest) -> None:
        """Report a page of a log."""

        def read(text: LogText, state: FileState) -> LogPage:
            return stamped(text.read_page(request), path, state)

        try:
            self._report(self._call_log(path, read))
        except OSError as error:
            self._report(Unreadable(path, error.strerror or str(error)))

    def lend(self, path: str, purpose: str) -> LentLog:
        """Open a log for another program."""
        try:
            file = self._merged.lend() if path == MERGED.path else self._files.lend(path)
        except OSError as error:
            return LentLog(path, None, purpose, error.strerror or str(error))
        return LentLog(path, file, purpose)

    def search(
        self,
        number: int,
        path: str,
        wanted: SearchPattern,
        *,
        start: int,
        backwards: bool,
    ) -> None:
        """Report the page with the first match, unless another search has begun.

        Args:
            number: What `next_search` has returned for this search.
            path: The log.
            wanted: What to search for.
            start: Offset from which to search.
            backwards: Whether to search in the text before that.
        """

        def read(text: LogText, state: FileState) -> LogPage | Search | None:
            reported_at = time.monotonic()

            def is_needed(offset: int) -> bool:
                nonlocal reported_at
                self._mark_answered(path)
                now = time.monotonic()
                if now - reported_at > _PROGRESS_INTERVAL:
                    reported_at = now
                    done, total = (
                        (start - offset, start)
                        if backwards
                        else (offset - start, text.size - start)
                    )
                    self._report(Search(path, done / max(1, total)))
                return number == self._search_number

            found = text.find(wanted, start, is_needed, backwards=backwards)
            if number != self._search_number:
                return None
            if found is None:
                return Search(path, None)
            return stamped(text.around(found), path, state)

        finding: LogPage | Search | Unreadable | None
        try:
            finding = self._call_log(path, read)
        except OSError as error:
            finding = Unreadable(path, error.strerror or str(error))
        if finding is not None and number == self._search_number:
            self._report(finding)
            if isinstance(finding, LogPage):
                self._count(number, path, wanted)

    def _count(self, number: int, path: str, wanted: SearchPattern) -> None:
        """Count the matches of a search for a moment, then do what is waiting, and count on."""
        counter = self._counter
        is_same = counter is not None and (counter.path, counter.wanted) == (path, wanted)
        if counter is None or not is_same or path == MERGED.path:
            counter = self._counter = MatchCounter(path, wanted)
        self._count_on(number, counter)

    def _count_on(self, number: int, counter: MatchCounter) -> None:
        if number != self._search_number:
            return
        with contextlib.suppress(OSError):
            matches = self._call_log(
                counter.path,
                lambda text, _state: counter.count(
                    text, _COUNT_SECONDS, lambda: self._mark_answered(counter.path)
                ),
            )
            if matches is None:
                self._put(lambda: self._count_on(number, counter))
            elif number == self._search_number:
                self._report(matches)
