"""One ssh process with an agent at its other end: bytes in, bytes out, and what ssh says."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from statustui.core.address import Address
from statustui.core.text import clean
from statustui.monitor.fs.deadline import NO_ANSWER
from statustui.remote.archive import NO_PYTHON, command_line, program
from statustui.remote.protocol import FrameReader, FrameWriter, Message, ProtocolError

_CONNECT_TIMEOUT = 10
"""Seconds until ssh gives up a host that does not answer."""
_OPTIONS = (
    # Options of newer versions are given after this one.
    "IgnoreUnknown=RemoteCommand",
    "RemoteCommand=none",
    f"ConnectTimeout={_CONNECT_TIMEOUT}",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "EscapeChar=none",
    # An existing master of the user's is used; this connection does not become one.
    "ControlMaster=no",
)
_MAX_NOISE = 1 << 20
"""Bytes that may come before the marker: banners, and what the shell prints at its start."""
_MAX_LINES, _MAX_LINE = 20, 400
"""Lines of ssh that are kept, and characters of each."""
_END_SECONDS = 0.3
"""Seconds that ssh has to end by itself."""
_NEEDS_USER = re.compile(
    r"permission denied|host key verification failed|no matching host key|too many authentication",
    re.IGNORECASE,
)
"""What ssh says where it could not ask its user."""
_DULL = re.compile(r"^(?:\*\*|warning: permanently added|debug\d|killed by signal)", re.IGNORECASE)


class ConnectionFailed(OSError):  # noqa: N818 - what has happened, in the words of ssh
    """There is no connection.

    Args:
        reason: Why, in one line that is safe for a terminal.
        needs_user: Whether it may succeed if ssh can ask its user.
    """

    def __init__(self, reason: str, *, needs_user: bool = False) -> None:
        super().__init__(errno.ECONNABORTED, reason)
        self.needs_user = needs_user


def ssh_command(address: Address, *, asks: bool) -> list[str]:
    """Return the command that starts an agent on a host.

    Args:
        address: The host.
        asks: Whether ssh may ask its user for passwords on the terminal.
    """
    options = [*_OPTIONS, f"BatchMode={'no' if asks else 'yes'}"]
    words = ["ssh", "-T", *(word for option in options for word in ("-o", option))]
    if address.port is not None:
        words += ["-p", str(address.port)]
    return [*words, "--", address.host, command_line()]


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
        self._lines: deque[str] = deque(maxlen=_MAX_LINES)
        self._tell = tell
        self._lock = threading.Lock()
        self._frames = FrameWriter()
        self._marker = secrets.token_hex(8)
        self.sent = 0
        """Bytes sent so far, the program included."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's ssh
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # Keys such as Ctrl-C are not for it, unless it asks on the terminal.
                start_new_session=not asks,
            )
        except OSError as error:
            raise ConnectionFailed(f"{command[0]}: {error.strerror}") from error
        self._errors = threading.Thread(target=self._read_errors, daemon=True)
        self._errors.start()
        self._reader = FrameReader(self._stream(self._process.stdout).read)

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None  # noqa: S101 - all three are pipes
        return stream

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
        self._lines.append(NO_ANSWER)
        self.end()

    def _wait_for_marker(self) -> None:
        wanted, noise = self._marker.encode(), b""
        output = self._stream(self._process.stdout)
        size = 0
        while not noise.endswith(wanted):
            # Byte by byte from a buffer: what comes after the marker is left in it.
            byte = output.read(1)
            size += 1
            if not byte or size > _MAX_NOISE:
                if size > _MAX_NOISE:
                    self._lines.append("something else than an agent answers")
                raise self.failure(noise)
            noise = (noise + byte)[-_MAX_LINE:]

    def send(self, message: Message) -> None:
        """Send a message; it may block while the line is busy.

        Raises:
            ConnectionFailed: The connection has ended.
        """
        with self._lock:
            self._write(self._frames.frame(message))

    def _write(self, data: bytes) -> None:
        stream = self._stream(self._process.stdin)
        try:
            stream.write(data)
            stream.flush()
        except (OSError, ValueError):
            raise self.failure() from None
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
            raise self.failure()
        return message

    def failure(self, noise: bytes = b"") -> ConnectionFailed:
        """Return why the connection has ended, in the last words of ssh.

        Args:
            noise: What has come instead of the agent.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self._errors.join(_END_SECONDS)
        lines = [line for line in self._lines if line and not _DULL.match(line)]
        status = self._process.poll()
        needs_user = any(map(_NEEDS_USER.search, lines))
        if NO_PYTHON in lines:
            return ConnectionFailed(f"{NO_PYTHON.removeprefix('statustui: ')} there")
        if not lines and noise:
            lines = _readable(noise).split("\n")
        if lines:
            return ConnectionFailed(lines[-1][:_MAX_LINE], needs_user=needs_user)
        if status is not None and status < 0:
            return ConnectionFailed(f"ssh was ended by {_signal_name(-status)}")
        return ConnectionFailed("the connection has ended")

    def _read_errors(self) -> None:
        with contextlib.suppress(OSError), self._stream(self._process.stderr) as stream:
            while line := stream.readline(4 * _MAX_LINE):
                said = _readable(line)
                if said:
                    self._lines.append(said)
                    self._tell(said)

    def listen_no_more(self) -> None:
        """Keep what ssh says to itself from now on."""
        self._tell = lambda _line: None

    def end(self) -> None:
        """End the process, and with it the agent; at once, on any thread."""
        process = self._process
        with contextlib.suppress(OSError):
            process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)

    def close(self) -> None:
        """End the process, and give back what it has taken; on the thread that receives."""
        self.end()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                self._stream(stream).close()


def _readable(data: bytes) -> str:
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    return "\n".join(clean(line)[:_MAX_LINE] for line in lines if line)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def may_ask() -> bool:
    """Return whether there is a terminal on which ssh could ask."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
