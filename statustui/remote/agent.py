"""The agent: what runs on the other host, and ends with its input.

It is the monitor itself. The main thread reads requests, one thread sends. Whatever fails ends the
process: the other side then starts a new one.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from statustui.core.run import Run
from statustui.monitor.fs.deadline import ask
from statustui.monitor.monitor import Monitor
from statustui.monitor.once import Picture, read_once
from statustui.monitor.poll_policy import Settings
from statustui.monitor.run.whole_run import read_run
from statustui.remote.codec import CodecError, decode, encode, read_integer, read_number, read_text
from statustui.remote.far_runs import OpenRuns
from statustui.remote.messages import (
    BatchSender,
    Failed,
    Hello,
    ReadRequest,
    ReadSummary,
    Spent,
    WholeRun,
    decode_settings,
)
from statustui.remote.outbox import Outbox
from statustui.remote.paths import Paths
from statustui.remote.protocol import (
    HEARTBEAT,
    PROTOCOL,
    WINDOW,
    FrameReader,
    FrameWriter,
    Message,
    ProtocolError,
)
from statustui.remote.run_codec import encode_runs
from statustui.scheduler.asker import Asker

_MAX_IDLE = 3600.0
"""Seconds without a word of a reader after which the agent ends."""
_MAX_RUNS = 500
"""Runs of one frame."""
_MAX_WAITING = 16
"""Answers that wait to be sent; the threads that have more wait too."""


def serve(source: IO[bytes], output: int, marker: bytes) -> None:
    """Serve one connection to its end, then end the process.

    Args:
        source: Where requests come from.
        output: Descriptor for the answers.
        marker: What to write before them.
    """
    try:
        _write_all(output, marker)
        agent = Agent(FrameReader(source.read), partial(_write_all, output))
        try:
            agent.serve()
        finally:
            agent.close()
    except (BrokenPipeError, ProtocolError, CodecError) as error:
        _say(str(error))
    except Exception as error:  # noqa: BLE001 - the other side gets to know the reason
        _say(f"internal error: {error!r}")
    # A thread may hang in a file call.
    os._exit(0)


def _say(words: str) -> None:
    sys.stderr.write(f"statustui-agent: {words}\n")
    sys.stderr.flush()


def _write_all(output: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(output, view) :]


class Agent:
    """Answers the requests of one connection.

    Args:
        reader: Gives the requests.
        write: Writes bytes of answers; it may block.
        max_idle: Seconds without a word of the other side after which the process ends.
    """

    def __init__(
        self,
        reader: FrameReader,
        write: Callable[[bytes], object],
        max_idle: float = _MAX_IDLE,
    ) -> None:
        self._reader = reader
        self._write = write
        self._max_idle = max_idle
        self._writer = FrameWriter()
        self._outbox = Outbox()
        self._answers: queue.Queue[Message] = queue.Queue(_MAX_WAITING)
        self._wake = threading.Event()
        self._sent = self._received = 0
        """Bytes sent, and how many of them the other side has confirmed."""
        self._heard_at = time.monotonic()
        self._monitor: Monitor | None = None
        self._asked = float("-inf")
        self._roots: list[str] = []
        self._paths = Paths(())
        self._batches = BatchSender(self._paths)
        self._runs = OpenRuns(self._paths, self._answer)

    def serve(self) -> None:
        """Greet, and answer requests until there are no more."""
        self._send({"hello": encode(Hello, Hello(PROTOCOL), self._paths)})
        self._greet(self._reader.next())
        for work in (self._send_all, self._watch_reader):
            threading.Thread(target=_or_end(work), daemon=True).start()
        while (message := self._reader.next()) is not None:
            self._heard_at = time.monotonic()
            self._handle(message)

    def close(self) -> None:
        """Stop watching, and end the call of a scheduler that is under way."""
        if self._monitor is not None:
            self._monitor.stop()

    def _greet(self, message: Message | None) -> None:
        if message is None:
            raise ProtocolError("no greeting")
        hello = decode(Hello, message.get("hello"), Paths(()))
        if hello.protocol != PROTOCOL:
            raise ProtocolError(f"protocol {hello.protocol} instead of {PROTOCOL}")
        self._roots = [os.path.expanduser(root) for root in hello.roots]
        self._paths = Paths(self._roots)
        self._batches = BatchSender(self._paths)
        self._runs = OpenRuns(self._paths, self._answer)

    # Requests, on the main thread.

    def _handle(self, message: Message) -> None:
        """Do what a message asks for; what is unknown is left out."""
        if "got" in message:
            self._received = read_integer(message["got"])
            self._wake.set()
        if "watch" in message:
            self._start(decode_settings(message["watch"], self._paths))
        if "once" in message:
            request = decode(ReadRequest, message["once"], self._paths)
            self._in_thread(partial(self._look_once, request))
        if "check" in message:
            patience = read_number(message["check"])
            self._in_thread(lambda: self._check(patience))
        if "read" in message:
            path = self._paths.decode(read_text(message["read"]))
            patience = read_number(message.get("patience", 10.0))
            in_full = message.get("in_full") is True
            self._in_thread(lambda: self._read_run(path, patience, in_full=in_full))
        if "files" in message:
            from statustui.remote.far_files import answer_for_files  # noqa: PLC0415 - rarely needed

            self._in_thread(answer_for_files(message, self._paths, self._answer))
        if self._monitor is not None:
            self._handle_watching(message, self._monitor)
        self._runs.handle(message)

    def _handle_watching(self, message: Message, monitor: Monitor) -> None:
        if "look" in message:
            monitor.check_all()
        if "reread" in message:
            monitor.reread(self._paths.decode(read_text(message["reread"])))
        if "usage" in message:
            self._in_thread(self._tell_usage)

    def _in_thread(self, work: Callable[[], object]) -> None:
        threading.Thread(target=_or_end(work), daemon=True).start()

    def _start(self, settings: Settings) -> None:
        if self._monitor is None:
            self._monitor = Monitor(self._roots, settings)
            self._monitor.start(self._add_batch)

    def _add_batch(self, batch: Any) -> None:  # noqa: ANN401 - a batch
        self._outbox.add_batch(batch)
        self._wake.set()

    def _answer(self, message: Message) -> None:
        """Send an answer in its turn; wait while too many wait."""
        self._answers.put(message)
        self._wake.set()

    def _tell_usage(self) -> None:
        if self._monitor is not None:
            spent = Spent(tuple(self._monitor.usage()), tuple(self._monitor.calls))
            self._answer({"spent": encode(Spent, spent, self._paths)})

    def _check(self, patience: float) -> None:
        """Tell for each root why it cannot be read; None if it can, or does not answer."""
        found: list[Failed | None] = []
        for root in self._roots:
            try:
                ask(partial(_list, root), patience)
            except TimeoutError:
                found.append(None)
            except OSError as error:
                found.append(Failed.of(error, root))
            else:
                found.append(None)
        self._answer({"checked": encode(tuple[Failed | None, ...], tuple(found), self._paths)})

    def _look_once(self, request: ReadRequest) -> None:
        asker = Asker() if request.asks else None
        found = read_once(
            self._roots,
            time.time(),
            request.options(asker),
            lambda read: self._answer({"read_so_far": read}),
        )
        for start in range(0, len(found.runs), _MAX_RUNS):
            runs = found.runs[start : start + _MAX_RUNS]
            self._answer({"runs": encode_runs(runs, self._paths)})
        unanswered = "" if asker is None else asker.answers.problem
        self._answer({"looked": encode(ReadSummary, self._looked(found, unanswered), self._paths)})

    def _looked(self, found: Picture, unanswered: str) -> ReadSummary:
        return ReadSummary(
            tuple(Counter(found.counted).items()),
            tuple(found.incomplete),
            tuple((self._roots.index(root), links) for root, links in found.unfollowed.items()),
            unanswered,
        )

    def _read_run(self, path: str, patience: float, *, in_full: bool) -> None:
        try:
            found = read_run(path, patience, in_full=in_full)
        except OSError as error:
            self._answer({"failed": encode(Failed, Failed.of(error, path), self._paths)})
            return
        whole = WholeRun(found.history, tuple(found.statuses), found.logs, found.is_status_file)
        self._answer(
            {
                "runs": encode_runs([self._in_root(found.run)], self._paths),
                "whole": encode(WholeRun, whole, self._paths),
            }
        )

    def _in_root(self, run: Run) -> Run:
        """Return a run that was read by its own path, or by that of its file, as a root."""
        number = self._paths.number_of(run.path)
        if number is None:
            root = self._roots[0]
            own_id = run.place._replace(path=root).own_id
            return run._replace(root=root, path=root, own_id=own_id)
        return run._replace(root=self._roots[number])

    # Answers, on a thread of their own.

    def _send_all(self) -> None:
        while True:
            self._wake.wait(HEARTBEAT)
            self._wake.clear()
            is_silent = True
            while (message := self._next_message()) is not None:
                self._send(message)
                is_silent = False
            if is_silent:
                self._send({})

    def _next_message(self) -> Message | None:
        """Return what to send next; None if there is nothing, or too much is on the way."""
        if self._sent - self._received > WINDOW:
            return None
        try:
            return self._answers.get_nowait()
        except queue.Empty:
            pass
        asked = float("-inf") if self._monitor is None else self._monitor.asked_at
        if self._outbox:
            message = self._batches.encode(self._outbox.take(_MAX_RUNS))
            if message:
                return message
        if self._asked < asked < float("inf"):
            self._asked = asked
            return {"asked": asked}
        return self._runs.silence()

    def _send(self, message: Message) -> None:
        data = self._writer.frame(message)
        self._sent += len(data)
        self._write(data)

    def _watch_reader(self) -> None:
        """End when nobody has said anything for long."""
        while (left := self._heard_at + self._max_idle - time.monotonic()) > 0:
            time.sleep(left)
        _say("nobody has read for too long")
        os._exit(0)


def _or_end(work: Callable[[], object]) -> Callable[[], object]:
    """Return `work` such that an error in it ends the process."""

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - any error ends the connection
            _say(f"internal error: {error!r}" if not isinstance(error, OSError) else str(error))
            os._exit(1)

    return run


def _list(root: str) -> None:
    os.scandir(root).close()
