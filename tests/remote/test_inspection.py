"""The files of a run of another host, as its screen gets them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from statustui.core.run import RunDir, RunMetadata
from statustui.core.run_builder import make_unread_run
from statustui.monitor.run.inspection import InspectionResult, LentLog
from statustui.remote.inspection import RemoteInspection
from statustui.remote.opened import Line
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message

LOG = "h:wd/1/run.log"


class Opened:
    """An inspection whose other side is the test."""

    def __init__(self) -> None:
        """Open it."""
        self.sent: list[Message] = []
        self.found: list[InspectionResult] = []
        self.is_connected = True
        run = make_unread_run(
            RunDir("h:wd", "h:wd/1", "1", "plain"), RunMetadata(), "x", missing=True
        )
        line = Line(1, Paths(["h:wd"], "h:"), self._send, lambda _number: None)
        self.inspection = RemoteInspection(run, [], self.found.append, line, lambda: 0.0)
        self.inspection.open()

    def _send(self, message: Message) -> bool:
        self.sent.append(message)
        return self.is_connected

    def arrive(self, *parts: bytes) -> None:
        """Receive parts of the log."""
        for part in parts:
            data = base64.b64encode(part).decode()
            self.inspection.receive({"path": "0:/1/run.log", "purpose": "pager", "part": data})

    def lent(self) -> list[bytes | str]:
        """What has been lent since the last call, or why not."""
        logs = [one for one in self.found if isinstance(one, LentLog)]
        self.found.clear()
        return list(self._contents(logs))

    @staticmethod
    def _contents(logs: list[LentLog]) -> Iterator[bytes | str]:
        for log in logs:
            assert (log.path, log.purpose) == (LOG, "pager")
            if log.file is None:
                yield log.reason
                continue
            with log.file as file:
                file.seek(0)
                yield file.read()


def test_a_log_is_lent_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if it is wanted twice, if the connection is lost meanwhile, or has been lost before."""
    opened = Opened()
    opened.inspection.lend_log(LOG, "pager")
    opened.arrive(b"one ", b"two ")
    opened.inspection.lend_log(LOG, "pager")
    opened.arrive(b"three", b"", b"again", b"")
    assert opened.lent() == [b"one two three", b"again"]
    opened.arrive(b"cut ")
    opened.inspection.open()
    opened.arrive(b"whole", b"")
    assert opened.lent() == [b"whole"]
    opened.is_connected = False
    opened.inspection.lend_log(LOG, "pager")
    assert opened.lent() == ["no connection"]

    def fail() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    opened.arrive(b"x", b"")
    assert opened.lent() == ["a copy of it: No space left on device"]
