"""A program in a pseudo-terminal, for benchmarks: when and how many bytes it sends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Answer(NamedTuple):
    """What came after something had been done."""

    seconds: float
    """From then to the last byte."""
    data: bytes


class Screen:
    """The terminal's side of a running program.

    Args:
        command: The program and its arguments.
        columns: Width of the terminal.
        lines: Its height.
        home: Where its settings are, and what it remembers: variables of its environment.
    """

    def __init__(
        self, command: Sequence[str], columns: int, lines: int, home: dict[str, str]
    ) -> None:
        """Start the program."""
        self.pid, self._master = pty.fork()
        if not self.pid:
            environment = os.environ | {"TERM": "screen-256color"} | home
            os.execvpe(command[0], list(command), environment)  # noqa: S606
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def read(
        self, quiet: float, within: float = 600.0, rate: float | None = None, first: float = 0.0
    ) -> Answer:
        """Read until nothing has come for a while.

        Args:
            quiet: Seconds without a byte that end the reading.
            within: Seconds after which it ends anyway.
            rate: Bytes a second that the line carries; None for any number.
            first: Seconds to wait for the first byte at the most, if more than `quiet`.
        """
        start = last = time.monotonic()
        data = b""
        while time.monotonic() < start + within:
            patience = quiet if data else max(quiet, first)
            if not select.select([self._master], [], [], patience)[0]:
                break
            try:
                piece = os.read(self._master, 1 << 16 if rate is None else 512)
            except OSError:
                break
            if rate is not None:
                time.sleep(len(piece) / rate)
            last = time.monotonic()
            data += piece
        return Answer(last - start, data)

    def wait_for(self, text: bytes) -> float:
        """Read until `text` has come; the seconds that took."""
        start = time.monotonic()
        data = b""
        while text not in data:
            data = data[-200:] + os.read(self._master, 1 << 16)
        return time.monotonic() - start

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def cpu(self) -> float:
        """Seconds of processor time that the program has used."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Bytes of memory that the program holds."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)


@contextlib.contextmanager
def screen(command: Sequence[str], columns: int = 80, lines: int = 24) -> Iterator[Screen]:
    """Run a program in a terminal, until the block ends; it finds no settings, and leaves none."""
    with tempfile.TemporaryDirectory() as directory:
        home = dict.fromkeys(["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"], directory)
        running = Screen(command, columns, lines, home)
        try:
            yield running
        finally:
            running.close()
