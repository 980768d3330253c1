"""The runs that are open on the screen of the other side: their files are read on this host."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from io import FileIO
from typing import Any

from statustui.monitor.fs.prober import Stuck
from statustui.monitor.run.inspection import FileInspection, InspectionResult, LentLog
from statustui.monitor.run.log_text import (
    ERRORS,
    PageRequest,
    SearchPattern,
    search_pattern,
)
from statustui.remote.codec import CodecError, decode, read_integer, read_list, read_text
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message
from statustui.remote.results import ResultSender
from statustui.remote.run_codec import decode_runs

MAX_LENT = 1 << 24
"""Bytes at the end of a log that another program gets to see."""
_PART = 1 << 15
"""Bytes of a log that are sent at a time."""
_MAX_OPEN = 64
"""Runs that can be open at a time."""
_SILENT_AFTER = 2.0
"""Seconds without an answer from a filesystem after which the other side is told."""


class OpenRuns:
    """The inspections of one connection.

    Args:
        paths: The names of the roots on this host.
        answer: Sends a message; it may block.
    """

    def __init__(self, paths: Paths, answer: Callable[[Message], object]) -> None:
        self._paths = paths
        self._answer = answer
        self._open: dict[int, FileInspection] = {}
        self._told: dict[int, int] = {}
        """Number of an inspection -> whole seconds of silence that were told last."""
        self._stuck = Stuck()

    def handle(self, message: Message) -> None:
        """Do what a message asks for, if it is about a run.

        Raises:
            ValueError: It is not as it should be.
        """
        if "open" in message:
            self._start(read_integer(message["open"]), message)
        elif "inspection" in message:
            number = read_integer(message["inspection"])
            inspection = self._open.get(number)
            if inspection is not None:
                self._call(number, inspection, message)

    def _run_of(self, message: Message) -> Any:  # noqa: ANN401 - a run
        [run] = decode_runs(message.get("run"), self._paths)
        return run

    def _start(self, number: int, message: Message) -> None:
        if len(self._open) >= _MAX_OPEN:
            raise CodecError("too many runs are open")
        peers = [self._paths.decode(read_text(one)) for one in read_list(message.get("peers"))]
        sender = ResultSender(self._paths)
        self._open[number] = FileInspection(
            self._run_of(message), peers, partial(self._deliver, number, sender), self._stuck
        )

    def _call(self, number: int, inspection: FileInspection, message: Message) -> None:
        """Call the method of an inspection that a message names."""
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
            "stop": lambda: self._stop(number),
        }
        call = calls.get(read_text(message.get("call")))
        if call is not None:
            call()

    def _stop(self, number: int) -> None:
        self._open.pop(number).stop()
        self._told.pop(number, None)

    def _deliver(self, number: int, sender: ResultSender, result: InspectionResult) -> None:
        """Send a result, on a thread of the inspection."""
        if isinstance(result, LentLog):
            self._lend(number, result)
        else:
            self._answer({"inspection": number, "result": sender.encode(result)})

    def _lend(self, number: int, lent: LentLog) -> None:
        """Send the end of a log in parts; the last of them is empty."""
        message = {
            "inspection": number,
            "path": self._paths.encode(lent.path),
            "purpose": lent.purpose,
        }
        if lent.file is None:
            self._answer({**message, "reason": lent.reason})
            return
        with lent.file as file:
            for part in _parts(file):
                self._answer({**message, "part": base64.b64encode(part).decode()})
        self._answer({**message, "part": ""})

    def silence(self) -> Message | None:
        """Return a message about inspections that get no answer; None if nothing has changed."""
        for number, inspection in list(self._open.items()):
            seconds = inspection.silent
            silent = int(seconds) if seconds > _SILENT_AFTER else 0
            if silent != self._told.get(number, 0):
                self._told[number] = silent
                return {"inspection": number, "silent": silent}
        return None


def _pattern(word: str) -> SearchPattern:
    return search_pattern(word) if word else ERRORS


def _parts(file: FileIO) -> Any:  # noqa: ANN401 - an iterator
    size = file.seek(0, 2)
    file.seek(max(0, size - MAX_LENT))
    left = MAX_LENT
    while left > 0 and (part := file.read(min(_PART, left))):
        left -= len(part)
        yield part
