"""What two runs differ in, read from their files and kept up to date on a thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

from statustui.core.config_values import flatten, read_config
from statustui.core.log_partings import find_partings
from statustui.core.logs import Log
from statustui.core.reading import Signature, opened, signature_of
from statustui.core.run import Run
from statustui.core.run_comparison import (
    LogComparison,
    RunComparison,
    Values,
    attributes_of,
    compare_values,
    results_of,
)
from statustui.core.timeline import StateTimeline
from statustui.core.working_dir import RESULTS
from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run.history_file import HistoryFile
from statustui.monitor.run.run_logs import RunLogs, Unreadable
from statustui.monitor.run.task_loop import TaskLoop

_MAX_WAIT = 2.0
"""Seconds that a file may take to answer."""
_MAX_LOG_BYTES, _MAX_LOG_LINES = 1 << 20, 20_000
"""Bytes and lines, about, at the beginning of a log that are compared."""
_MAX_CONFIG_BYTES = 1 << 20
"""Size of a configuration above which it is not read."""

Result = TypeVar("Result")


class ComparisonRead(NamedTuple):
    """In what two runs differ, as far as their files could be read."""

    comparison: RunComparison
    unread: tuple[Unreadable, ...]
    """The files that could not be read."""


class Comparing(Protocol):
    """Compares two runs for as long as that is displayed. No method waits for a file."""

    def check(self) -> None:
        """Check the files now, because one of the runs has changed."""

    def stop(self) -> None:
        """Stop after the file call that is under way; deliver nothing more."""


Compare: TypeAlias = "Callable[[Run, Run, Callable[[ComparisonRead], object]], Comparing]"
"""Starts to compare a run with another one, given a function for the results."""


class FileComparison:
    """Compares two runs by their files, again whenever one of these has changed.

    The thread is a daemon: if it hangs in a file call, it does not keep the program from exiting.

    Args:
        run: The one run.
        other: The other run.
        deliver: Called with each result, on the thread.
        stuck: The calls that hang; shared by all that read files of runs.

    Raises:
        NoThreadError: No thread can be started.
    """

    def __init__(
        self,
        run: Run,
        other: Run,
        deliver: Callable[[ComparisonRead], object],
        stuck: Stuck | None = None,
    ) -> None:
        self._deliver = deliver
        self._stopped = threading.Event()
        stuck = Stuck() if stuck is None else stuck
        self._here = _Side(run, stuck)
        self._there = _Side(other, stuck)
        self._seen: object = None
        self._partings: dict[str, tuple[object, LogComparison]] = {}
        self._loop = TaskLoop(self._compare, self._run_task, self._stopped)
        self._loop.start("comparison", finally_do=self._close)

    def check(self) -> None:
        """Check the files now, because one of the runs has changed."""
        self._loop.check()

    def stop(self) -> None:
        """Stop after the file call that is under way; deliver nothing more."""
        self._stopped.set()
        self._loop.tasks.put(lambda: None)

    # On the thread.

    def _close(self) -> None:
        self._here.close()
        self._there.close()

    def _run_task(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:  # noqa: BLE001 - the next check is to be made all the same
            trouble = Unreadable(self._here.run.path, f"internal error: {error!r}")
            self._report(ComparisonRead(RunComparison(), (trouble,)))

    def _report(self, found: ComparisonRead) -> None:
        if not self._stopped.is_set():
            self._deliver(found)

    def _compare(self) -> None:
        """Deliver the comparison, if what has been read has changed."""
        here, there = self._here, self._there
        here.read()
        there.read()
        seen = (here.stamp, there.stamp)
        if seen == self._seen:
            return
        self._seen = seen
        comparison = RunComparison(
            here.timeline,
            there.timeline,
            compare_values(results_of(here.results), results_of(there.results)),
            compare_values(here.attributes, there.attributes),
            tuple(map(self._compare_log, dict.fromkeys([*here.logs, *there.logs]))),
        )
        self._report(ComparisonRead(comparison, (*here.unread.values(), *there.unread.values())))

    def _compare_log(self, name: str) -> LogComparison:
        """Return where the logs of a name part; it is kept until one of them changes."""
        here, there = self._here.logs.get(name), self._there.logs.get(name)
        if here is None or there is None:
            known = here or there
            title = name if known is None else known.title
            return LogComparison(title, (), "here" if here is None else "there")
        stamp = here.signature, there.signature
        known_stamp, found = self._partings.get(name, (None, None))
        if found is None or known_stamp != stamp:
            partings = find_partings(here.lines, there.lines)
            found = LogComparison(here.title, partings, is_cut=here.is_cut or there.is_cut)
            self._partings[name] = stamp, found
        return found


class _LogHead(NamedTuple):
    """The beginning of a log."""

    title: str
    signature: Signature
    lines: tuple[str, ...]
    is_cut: bool
    """Whether the log is longer."""


class _Side:
    """What has been read of one of the runs.

    Args:
        run: The run.
        stuck: The calls that hang.
    """

    def __init__(self, run: Run, stuck: Stuck) -> None:
        self.run = run
        self.timeline = StateTimeline()
        self.results: Values = {}
        self.attributes: Values = {}
        self.logs: dict[str, _LogHead] = {}
        self.unread: dict[str, Unreadable] = {}
        """Path -> why the file could not be read."""
        self._files = RunLogs(run.place, _MAX_WAIT, stuck)
        self._history = HistoryFile(run.status_path)
        self._documents: object = None
        self._config: tuple[Signature | None, Values] = (None, {})

    @property
    def stamp(self) -> object:
        """Changes when anything that has been read does."""
        logs = tuple((name, log.signature) for name, log in self.logs.items())
        return self.timeline, self._documents, logs, tuple(self.unread.items())

    def close(self) -> None:
        """End the thread of the calls once it is idle."""
        self._files.close()

    def read(self) -> None:
        """Read what has changed since the last call."""
        self.unread = {}
        self._read(self.run.status_path, self._read_history)
        self._read_documents()
        logs = self._files.find()
        found = {log.name: self._read(log.path, partial(self._read_log, log)) for log in logs}
        self.logs = {name: log for name, log in found.items() if log is not None}

    def _read(self, path: str, work: Callable[[], Result]) -> Result | None:
        """Call `work`, which reads a file; return None, and record why, if it cannot be read."""
        try:
            return self._files.call(path, work)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.unread[path] = Unreadable(path, error.strerror or str(error))
            return None

    def _read_history(self) -> None:
        def is_needed() -> bool:
            self._files.mark_answered()
            return True

        for history in self._history.read(is_needed):
            self.timeline = history.timeline

    def _read_documents(self) -> None:
        documents = self._files.documents()
        config = self._read(f"{self.run.path}/config", self._read_config)
        known = {document.name: document for document in documents}
        for name in (RESULTS, "attributes", "job/info"):
            trouble = known[name].trouble if name in known else None
            if trouble is not None:
                path = f"{self.run.path}/{name}"
                self.unread[path] = Unreadable(path, trouble)
        if self._documents == (documents, self._config[0]):
            return
        self._documents = documents, self._config[0]
        values = {name: flatten(document.value) for name, document in known.items()}
        self.results = values.get(RESULTS, {})
        self.attributes = attributes_of(
            self.results, values.get("attributes", {}), values.get("job/info", {}), config or {}
        )

    def _read_config(self) -> Values:
        with opened(f"{self.run.path}/config") as (descriptor, state):
            known = signature_of(state)
            if known != self._config[0]:
                is_small = state.st_size <= _MAX_CONFIG_BYTES
                data = os.pread(descriptor, state.st_size, 0) if is_small else b""
                self._config = known, read_config(data.decode("utf-8", "replace"))
        return self._config[1]

    def _read_log(self, log: Log) -> _LogHead:
        known = self.logs.get(log.name)
        with self._files.opened(log.path) as (text, state):
            signature = signature_of(state)
            if known is not None and known.signature == signature:
                return known
            lines: list[str] = []
            offset = 0
            while offset < min(text.size, _MAX_LOG_BYTES) and len(lines) < _MAX_LOG_LINES:
                page = text.after(offset)
                if page.end == offset:  # pragma: no cover - it was cut off in this very moment
                    break
                lines += [line.text for line in page.lines]
                offset = page.end
                # Reading a long log takes a moment, even if the filesystem is fast.
                self._files.mark_answered()
        return _LogHead(log.title, signature, tuple(lines), offset < state.st_size)
