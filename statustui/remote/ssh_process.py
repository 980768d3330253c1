"""One ssh process: its command line, its streams, and what it says."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO

from statustui.core.address import Address
from statustui.core.text import clean
from statustui.remote.archive import NO_PYTHON
from statustui.scheduler.processes import reap

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
MAX_LINE = 400
"""Characters of a line of ssh that are kept."""
_MAX_LINES = 20
_END_SECONDS = 0.3
"""Seconds that ssh has to end by itself."""
_NEEDS_USER = re.compile(
    r"permission denied|host key verification failed|no matching host key|too many authentication",
    re.IGNORECASE,
)
"""What ssh says where it could not ask its user."""
_DULL = re.compile(
    r"^(?:\*\*|warning: permanently added|debug\d|killed by signal|mux_client_)", re.IGNORECASE
)


_SPARED = ("sh", "-c", 'trap "" INT QUIT; exec "$@"', "sh")
"""Runs a command that Ctrl-C on its terminal does not end: ssh keeps a signal ignored that is."""


class ConnectionFailed(OSError):  # noqa: N818 - what has happened, in the words of ssh
    """There is no connection.

    Args:
        reason: Why, in one line that is safe for a terminal.
        needs_user: Whether it may succeed if ssh can ask its user.
    """

    def __init__(self, reason: str, *, needs_user: bool = False) -> None:
        super().__init__(errno.ECONNABORTED, reason)
        self.needs_user = needs_user


def ssh_command(
    address: Address, command: str, *, asks: bool, options: Sequence[str] = ()
) -> list[str]:
    """Return the command line that runs a command on a host.

    Args:
        address: The host.
        command: The command, for the login shell there.
        asks: Whether ssh may ask its user for passwords on the terminal.
        options: Options of ssh that come before those that are always given.
    """
    given = [*options, *_OPTIONS, f"BatchMode={'no' if asks else 'yes'}"]
    words = ["ssh", "-T", *(word for option in given for word in ("-o", option))]
    if address.port is not None:
        words += ["-p", str(address.port)]
    return [*words, "--", address.host, command]


class SshProcess:
    """A process of ssh.

    Args:
        command: The command line.
        asks: Whether ssh may use the terminal.
        tell: Called with each line of ssh until `listen_no_more`; it may have instructions.

    Raises:
        ConnectionFailed: The command cannot be started.
    """

    def __init__(
        self, command: Sequence[str], *, asks: bool, tell: Callable[[str], object]
    ) -> None:
        self._lines: deque[str] = deque(maxlen=_MAX_LINES)
        self._tell = tell
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's ssh
                [*_SPARED, *command] if asks else command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # What asks on the terminal has to stay with it, but its keys are for programs in
                # front, such as a pager. While ssh asks, it takes them nevertheless.
                start_new_session=not asks,
            )
        except OSError as error:
            raise ConnectionFailed(f"{command[0]}: {error.strerror}") from error
        self._errors = threading.Thread(target=self._read_errors, daemon=True)
        self._errors.start()

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None  # noqa: S101 - all three are pipes
        return stream

    @property
    def output(self) -> IO[bytes]:
        """What comes from the other host."""
        return self._stream(self._process.stdout)

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def write(self, data: bytes) -> None:
        """Send bytes to the other host; it may block while the line is busy.

        Raises:
            ConnectionFailed: The process takes no more.
        """
        stream = self._stream(self._process.stdin)
        try:
            stream.write(data)
            stream.flush()
        except (OSError, ValueError):
            raise self.failure() from None

    def note(self, reason: str) -> None:
        """Take a reason as if ssh had said it last."""
        self._lines.append(reason)

    def failure(self, noise: bytes = b"") -> ConnectionFailed:
        """Return why the connection has ended, in the last words of ssh.

        Args:
            noise: What has come instead of what was expected.
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
            return ConnectionFailed(lines[-1][:MAX_LINE], needs_user=needs_user)
        if status is not None and status < 0:
            return ConnectionFailed(f"ssh was ended by {_signal_name(-status)}")
        return ConnectionFailed("the connection has ended")

    def _read_errors(self) -> None:
        with contextlib.suppress(OSError), self._stream(self._process.stderr) as stream:
            while line := stream.readline(4 * MAX_LINE):
                said = _readable(line)
                if said:
                    self._lines.append(said)
                    self._tell(said)

    def listen_no_more(self) -> None:
        """Keep what ssh says to itself from now on."""
        self._tell = lambda _line: None

    def end(self) -> None:
        """End the process, and with it what it runs there; at once, on any thread."""
        process = self._process
        with contextlib.suppress(OSError):
            process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                process.kill()
            reap(process, _END_SECONDS)

    def close(self) -> None:
        """End the process, and give back what it has taken; on the thread that reads from it."""
        self.end()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                self._stream(stream).close()


def _readable(data: bytes) -> str:
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    return "\n".join(clean(line)[:MAX_LINE] for line in lines if line)


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
