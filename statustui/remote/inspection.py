"""Everything about one run on another host, for as long as it is displayed."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Callable, Sequence
from io import FileIO

from statustui.core.run import Run
from statustui.core.text import clean
from statustui.monitor.run.inspection import InspectionResult, LentLog
from statustui.monitor.run.log_text import PageRequest, SearchPattern
from statustui.remote.codec import CodecError, encode, read_integer, read_text
from statustui.remote.far_inspection import MAX_LENT
from statustui.remote.opened import Line
from statustui.remote.protocol import Message
from statustui.remote.results import ResultReceiver
from statustui.remote.run_codec import encode_runs


class RemoteInspection:
    """Has the agent read the files of one run.

    Args:
        run: The run.
        peers: Paths of finished runs of the same name.
        deliver: Called with each result.
        line: The connection.
        silence: Returns the seconds for which the other host has not answered.
    """

    def __init__(
        self,
        run: Run,
        peers: Sequence[str],
        deliver: Callable[[InspectionResult], object],
        line: Line,
        silence: Callable[[], float],
    ) -> None:
        self._run = run
        self._peers = peers
        self._deliver = deliver
        self._line = line
        self._paths = line.paths
        self._silence = silence
        self._results = ResultReceiver(self._paths)
        self._log: str | None = None
        self._wants_documents = False
        self._far_silence = 0.0
        self._lent = bytearray()

    # Called by the source.

    def open(self) -> None:
        """Have an agent begin, or another one go on after a new connection."""
        self._results = ResultReceiver(self._paths)
        self._lent.clear()
        self._far_silence = 0.0
        self._line.open(
            "run",
            runs=encode_runs([self._run], self._paths),
            peers=[self._paths.encode(path) for path in self._peers],
        )
        if self._log is not None:
            self.show_log(self._log)
        if self._wants_documents:
            self.show_documents(wanted=True)

    def receive(self, message: Message) -> None:
        """Deliver what the agent has found.

        Raises:
            ValueError: The message is not as it should be.
        """
        if "silent" in message:
            self._far_silence = float(read_integer(message["silent"]))
        elif "result" in message:
            self._tell(self._results.decode(message["result"]))
        elif "purpose" in message:
            self._receive_part(message)

    def lose(self, _reason: str) -> None:
        """Do nothing: what is displayed stays, and `silent` says for how long."""

    def _receive_part(self, message: Message) -> None:
        """Add a part of a log that is lent; the last one is empty."""
        path = self._paths.decode(read_text(message.get("path")))
        purpose = read_text(message.get("purpose"))
        if "part" not in message:
            self._tell(LentLog(path, None, purpose, clean(read_text(message.get("reason")))))
            return
        try:
            part = base64.b64decode(read_text(message["part"]), validate=True)
        except binascii.Error:
            raise CodecError("a part of a log that is not in base 64") from None
        if len(self._lent) + len(part) > MAX_LENT:
            raise CodecError("a log that is longer than it may be")
        self._lent += part
        if not part:
            content, self._lent = bytes(self._lent), bytearray()
            self._tell(_lent_log(path, content, purpose))

    def _tell(self, result: InspectionResult) -> None:
        if not self._line.is_closed:
            self._deliver(result)
        elif isinstance(result, LentLog) and result.file is not None:
            result.file.close()

    # Called by the screen.

    @property
    def silent(self) -> float:
        """Seconds for which the host, or its filesystem, has not answered."""
        return max(self._silence(), self._far_silence)

    def check(self, run: Run) -> None:
        """Check the files now, because `run` has changed."""
        self._run = run
        self._line.call("check", runs=encode_runs([run], self._paths))

    def show_log(self, path: str | None) -> None:
        """Deliver the last page of a log now, and additions when it grows; None ends that."""
        self._log = path
        self._line.call("show_log", **({} if path is None else {"path": self._paths.encode(path)}))

    def request_page(self, path: str, request: PageRequest) -> None:
        """Read another page of a log."""
        wanted = encode(PageRequest, request, self._paths)
        self._line.call("request_page", path=self._paths.encode(path), request=wanted)

    def lend_log(self, path: str, purpose: str) -> None:
        """Fetch the end of a log for another program, and deliver it as a `LentLog`."""
        if not self._line.call("lend_log", path=self._paths.encode(path), purpose=purpose):
            self._tell(LentLog(path, None, purpose, "no connection"))

    def search(self, path: str, wanted: SearchPattern, start: int, *, backwards: bool) -> None:
        """Search a log from offset `start`, and deliver the page with the first match."""
        self._line.call(
            "search",
            path=self._paths.encode(path),
            word=wanted.word,
            start=start,
            backwards=backwards,
        )

    def stop_search(self) -> None:
        """Stop the search that is under way."""
        self._line.call("stop_search")

    def show_documents(self, *, wanted: bool) -> None:
        """Deliver the JSON files of the run now and whenever they change, or stop doing so."""
        self._wants_documents = wanted
        self._line.call("show_documents", wanted=wanted)

    def stop(self) -> None:
        """Stop the inspection."""
        self._line.close()


def _lent_log(path: str, content: bytes, purpose: str) -> LentLog:
    """Return a log whose content is in a temporary file without a name."""
    try:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.flush()
            return LentLog(path, FileIO(os.dup(file.fileno())), purpose)
    except OSError as error:
        return LentLog(path, None, purpose, f"a copy of it: {error.strerror}")
