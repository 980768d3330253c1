"""An agent at the other end of one ssh process: the program, then frames in both directions."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence

from statustui.monitor.fs.deadline import NO_ANSWER
from statustui.remote.archive import program
from statustui.remote.protocol import FrameReader, FrameWriter, Message, ProtocolError
from statustui.remote.ssh_process import MAX_LINE, ConnectionFailed, SshProcess

_MAX_NOISE = 1 << 20
"""Bytes that may come before the marker: banners, and what the shell prints at its start."""


class Transport:
    """An agent on another host, started by ssh.

    Args:
        command: The command that starts it.
        asks: Whether ssh may use the terminal.
        tell: Called with each line of ssh until the agent has answered; it may have instructions.

    Raises:
        ConnectionFailed: The command cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        asks: bool = False,
        tell: Callable[[str], object] = lambda _line: None,
    ) -> None:
        self._ssh = SshProcess(command, asks=asks, tell=tell)
        self._lock = threading.Lock()
        self._frames = FrameWriter()
        self._marker = secrets.token_hex(8)
        self.sent = 0
        """Bytes sent so far, the program included."""
        self._reader = FrameReader(self._ssh.output.read)

    @property
    def received(self) -> int:
        """Bytes of frames received so far."""
        return self._reader.size

    @contextlib.contextmanager
    def begin(self, patience: float) -> Iterator[None]:
        """Send the program, wait until the agent has answered, and do what is to be done at once.

        Args:
            patience: Seconds for all of that once ssh has been let in: it takes no more of the
                program than a pipe can hold before that.

        Raises:
            ConnectionFailed: It does not answer.
        """
        # What comes from there says more of why it takes nothing any more.
        with contextlib.suppress(ConnectionFailed):
            self._write(program(self._marker))
        timer = threading.Timer(patience, self._end_for_silence)
        timer.daemon = True
        timer.start()
        try:
            self._wait_for_marker()
            yield
        finally:
            timer.cancel()

    def _end_for_silence(self) -> None:
        self._ssh.note(NO_ANSWER)
        self.end()

    def _wait_for_marker(self) -> None:
        wanted, noise = self._marker.encode(), b""
        size = 0
        while not noise.endswith(wanted):
            # Byte by byte from a buffer: what comes after the marker is left in it.
            byte = self._ssh.output.read(1)
            size += 1
            if not byte or size > _MAX_NOISE:
                if size > _MAX_NOISE:
                    self._ssh.note("something else than an agent answers")
                raise self._ssh.failure(noise)
            noise = (noise + byte)[-MAX_LINE:]

    def send(self, message: Message) -> None:
        """Send a message; it may block while the line is busy.

        Raises:
            ConnectionFailed: The connection has ended.
        """
        with self._lock:
            self._write(self._frames.frame(message))

    def _write(self, data: bytes) -> None:
        self._ssh.write(data)
        self.sent += len(data)

    def receive(self) -> Message:
        """Return the next message; empty for a heartbeat.

        Raises:
            ConnectionFailed: The connection has ended, or the other side breaks the protocol.
        """
        try:
            message = self._reader.next()
        except ProtocolError as error:
            raise ConnectionFailed(f"the agent has sent {error}") from None
        except (OSError, ValueError):
            message = None
        if message is None:
            raise self._ssh.failure()
        return message

    def listen_no_more(self) -> None:
        """Keep what ssh says to itself from now on."""
        self._ssh.listen_no_more()

    def end(self) -> None:
        """End the process, and with it the agent; at once, on any thread."""
        self._ssh.end()

    def close(self) -> None:
        """End the process, and give back what it has taken; on the thread that receives."""
        self._ssh.close()
