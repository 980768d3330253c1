"""All logs of a run and its statuses, merged by time."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Iterator, Sequence
from io import FileIO
from typing import NamedTuple

from statustui.core.history import History
from statustui.core.log_times import line_time
from statustui.core.logs import MERGED, Log
from statustui.core.reading import Signature, signature_of
from statustui.monitor.run.log_text import LogPage, LogText, stamped
from statustui.monitor.run.run_logs import RunLogs

_MAX_BYTES = 1 << 22
"""Bytes that are merged: the ends of the logs, each with the same share."""
_STATUS = "status"
"""The name of the statuses among those of the logs."""


class _State(NamedTuple):
    st_ino: int
    st_mtime: float


class _Part(NamedTuple):
    """The end of a log."""

    name: str
    signature: Signature
    lines: Sequence[bytes]
    is_cut: bool

    @property
    def modified(self) -> float:
        return self.signature[2] / 1e9


class MergedLog:
    """The text of all logs whose lines have times, with the statuses between the lines.

    A line without a time belongs to the one above it.

    Args:
        files: Reads the logs.
    """

    path = MERGED.path

    def __init__(self, files: RunLogs) -> None:
        self._files = files
        self._parts: dict[str, _Part] = {}
        self._merged_of: object = None
        self._data = b""
        self._generation = 1
        self._modified = 0.0

    @property
    def text(self) -> LogText:
        """The merged text."""
        data = self._data
        return LogText(lambda size, offset: data[offset : offset + size], len(data))

    @property
    def state(self) -> _State:
        """What stands for the result of `fstat`; another inode after a change of the beginning."""
        return _State(self._generation, self._modified)

    def read(self, logs: Sequence[Log], history: History) -> LogPage | None:
        """Merge again; return what is new, or the last page; None if nothing has changed."""
        share = _MAX_BYTES // max(1, len(logs))
        parts = [part for log in logs if (part := self._read(log, share)) is not None]
        self._parts = {part.name: part for part in parts}
        merged_of = ([part.signature for part in parts], history)
        if merged_of == self._merged_of:
            return None
        self._merged_of = merged_of
        before, self._data = self._data, b"".join(merge(parts, history))
        self._modified = max((part.modified for part in parts), default=0.0)
        if before and self._data.startswith(before):
            page = self.text.after(len(before))
        else:
            self._generation += 1
            page = self.text.tail()
        return stamped(page, self.path, self.state)

    def _read(self, log: Log, share: int) -> _Part | None:
        """Return the end of a log; None if it cannot be read."""
        known = self._parts.get(log.name)

        def work() -> tuple[Signature, bytes, bool] | None:
            with self._files.opened(log.path) as (text, state):
                signature = signature_of(state)
                if known is not None and known.signature == signature:
                    return None
                return signature, text.last_lines(share), text.size > share

        try:
            # The call has a time limit: it reads, and does nothing else.
            read = self._files.call(log.path, work)
        except OSError:
            return None
        if read is None:
            return known
        signature, data, is_cut = read
        lines = data.split(b"\n")
        return _Part(log.name, signature, lines if lines[-1] else lines[:-1], is_cut)

    def lend(self) -> FileIO:
        """Return an open temporary file with the text, which has no name.

        Raises:
            OSError: It cannot be written.
        """
        with tempfile.TemporaryFile() as file:
            file.write(self._data)
            file.flush()
            return FileIO(os.dup(file.fileno()))


def merge(parts: Sequence[_Part], history: History) -> Iterator[bytes]:
    """Yield the lines of logs and the statuses in the order of their times.

    Each begins with the name of its log. First come remarks on what is left out.
    """
    timed = {part.name: list(_timed(part)) for part in parts}
    without = [part.name for part in parts if part.lines and not timed[part.name]]
    cut = [part.name for part in parts if part.is_cut and timed[part.name]]
    if without:
        yield f"(without times, left out: {', '.join(without)})\n".encode()
    if cut:
        yield f"(only the end of: {', '.join(cut)})\n".encode()
    names = [_STATUS, *(name for name, lines in timed.items() if lines)]
    width = max(map(len, names))
    streams = [
        _statuses(history),
        *(_numbered(number, lines) for number, lines in enumerate(timed.values(), 1)),
    ]
    labels = dict(enumerate([_STATUS, *timed]))
    for _time, number, line in heapq.merge(*streams, key=lambda item: item[0]):
        yield f"{labels[number]:<{width}} | ".encode("utf-8", "surrogateescape") + line + b"\n"


def _numbered(
    number: int, lines: Sequence[tuple[float, bytes]]
) -> Iterator[tuple[float, int, bytes]]:
    return ((time, number, line) for time, line in lines)


def _timed(part: _Part) -> Iterator[tuple[float, bytes]]:
    """Yield the lines of a log, each with its time or that of the line above; none without any."""
    times = [line_time(line, part.modified) for line in part.lines]
    first = next((time for time in times if time is not None), None)
    if first is None:
        return
    latest = first
    for time, line in zip(times, part.lines, strict=True):
        # The order of a log is kept, also where a clock was set back.
        latest = max(latest, latest if time is None else time)
        yield latest, line


def _statuses(history: History) -> Iterator[tuple[float, int, bytes]]:
    latest = 0.0
    for entry in history.entries:
        status = entry.status
        if status.timestamp is None:
            continue
        latest = max(latest, status.timestamp)
        when = "" if status.when is None else status.when.isoformat(" ", "milliseconds")
        times = f" (set {entry.times:,} times)" if entry.times > 1 else ""
        text = f"{when} {status.state} {status.note}{times}".replace("\n", "\\n")
        yield latest, 0, text.encode("utf-8", "surrogateescape")
