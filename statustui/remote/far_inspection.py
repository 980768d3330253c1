"""A run that is open on the screen of the other side: its files are read on this host."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from io import FileIO

from statustui.core.run import Run
from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run.inspection import FileInspection, InspectionResult, LentLog
from statustui.monitor.run.log_text import (
    ERRORS,
    PageRequest,
    SearchPattern,
    search_pattern,
)
from statustui.remote.codec import decode, read_integer, read_list, read_text
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message
from statustui.remote.results import ResultSender
from statustui.remote.run_codec import decode_runs

MAX_LENT = 1 << 24
"""Bytes at the end of a log that another program gets to see."""
_PART = 1 << 15
"""Bytes of a log that are sent at a time."""


class FarInspection:
    """The inspection of one run.

    Args:
        message: The run and its peers.
        paths: The names of the roots on this host.
        answer: Sends a message; it may block.
        stuck: The calls that hang; shared by all that read files of runs.

    Raises:
        ValueError: The message is not as it should be.
    """

    def __init__(
        self,
        message: Message,
        paths: Paths,
        answer: Callable[[Message], object],
        stuck: Stuck,
    ) -> None:
        self._paths = paths
        self._answer = answer
        self._sender = ResultSender(paths)
        peers = [paths.decode(read_text(one)) for one in read_list(message.get("peers"))]
        self._inspection = FileInspection(self._run_of(message), peers, self._deliver, stuck)

    @property
    def silent(self) -> float:
        """Seconds for which the filesystem has not answered."""
        return self._inspection.silent

    def stop(self) -> None:
        """Stop the inspection."""
        self._inspection.stop()

    def _run_of(self, message: Message) -> Run:
        [run] = decode_runs(message.get("runs"), self._paths)
        return run

    def call(self, name: str, message: Message) -> None:
        """Call the method of the inspection of that name; an unknown one does nothing.

        Raises:
            ValueError: The arguments are not as they should be.
        """
        inspection = self._inspection
        path = self._paths.decode(read_text(message.get("path", "")))
        calls: dict[str, Callable[[], object]] = {
            "check": lambda: inspection.check(self._run_of(message)),
            "show_log": lambda: inspection.show_log(path if "path" in message else None),
            "request_page": lambda: inspection.request_page(
                path, decode(PageRequest, message.get("request"), self._paths)
            ),
            "lend_log": lambda: inspection.lend_log(path, read_text(message.get("purpose"))),
            "search": lambda: inspection.search(
                path,
                _pattern(read_text(message.get("word"))),
                read_integer(message.get("start")),
                backwards=message.get("backwards") is True,
            ),
            "stop_search": inspection.stop_search,
            "show_documents": lambda: inspection.show_documents(
                wanted=message.get("wanted") is True
            ),
        }
        call = calls.get(name)
        if call is not None:
            call()

    def _deliver(self, result: InspectionResult) -> None:
        """Send a result, on a thread of the inspection."""
        if isinstance(result, LentLog):
            self._lend(result)
        else:
            self._answer({"result": self._sender.encode(result)})

    def _lend(self, lent: LentLog) -> None:
        """Send the end of a log in parts; the last of them is empty."""
        message = {"path": self._paths.encode(lent.path), "purpose": lent.purpose}
        if lent.file is None:
            self._answer({**message, "reason": lent.reason})
            return
        with lent.file as file:
            for part in _parts(file):
                self._answer({**message, "part": base64.b64encode(part).decode()})
        self._answer({**message, "part": ""})


def _pattern(word: str) -> SearchPattern:
    return search_pattern(word) if word else ERRORS


def _parts(file: FileIO) -> Iterator[bytes]:
    size = file.seek(0, 2)
    file.seek(max(0, size - MAX_LENT))
    left = MAX_LENT
    while left > 0 and (part := file.read(min(_PART, left))):
        left -= len(part)
        yield part
