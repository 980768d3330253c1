"""A program in a pseudo-terminal, for benchmarks: when and how many bytes it sends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from measuring import STATUSTUI, environment, new_home

WHOLE_PICTURE = rb"[0-9] runs?\b(?=[^ ]| [^f])"
"""What the line above the keys says once all runs are on screen; before, it is ``N runs found``."""
CHECKED = rb"[0-9] runs?, (?:events|polling)"
"""What it says once all of them have been read or checked."""
_PATIENCE = 900.0
"""Seconds to wait for a text at most."""
_SETTLED_RUNS = 10_000
"""Runs for which a monitor sets up watches and saves its cache, in a second."""
_SETTLED_AFTER = 12.0
"""Seconds until also what was written just before the start has been read once more."""
_MAX_QUIT = 60.0
"""Seconds after which a program that was told to quit is killed."""


class Answer(NamedTuple):
    """What came after something had been done."""

    seconds: float
    """From then to the last byte."""
    data: bytes
    first: float
    """Seconds to the first byte; to the end of the reading if none came."""
    longest_silence: float
    """Most seconds without a byte: before the first, between two, or after the last."""


class Screen:
    """The terminal's side of a running program.

    Args:
        command: The program and its arguments.
        columns: Width of the terminal.
        lines: Its height.
        home: Where its settings and its cache are.
    """

    def __init__(self, command: Sequence[str], columns: int, lines: int, home: Path) -> None:
        """Start the program."""
        self._unread = b""
        self._is_running = True
        self.pid, self._master = pty.fork()
        if not self.pid:
            variables = environment(home) | {"TERM": "screen-256color"}
            os.execvpe(command[0], list(command), variables)  # noqa: S606 - the program itself
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def _read_piece(self, patience: float, size: int = 1 << 16) -> bytes | None:
        """Read what comes within some seconds; None if nothing does, empty at the program's end."""
        if self._unread:
            piece, self._unread = self._unread, b""
            return piece
        if not select.select([self._master], [], [], patience)[0]:
            return None
        try:
            return os.read(self._master, size)
        except OSError:
            return b""

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
        silences: list[float] = []
        pieces: list[bytes] = []
        while (left := start + within - time.monotonic()) > 0:
            patience = quiet if pieces else max(quiet, first)
            piece = self._read_piece(min(patience, left), 1 << 16 if rate is None else 512)
            if not piece:
                break
            now = time.monotonic()
            silences.append(now - last)
            last = now
            pieces.append(piece)
            if rate is not None:
                time.sleep(len(piece) / rate)
        silences.append(time.monotonic() - last)
        return Answer(last - start, b"".join(pieces), silences[0], max(silences))

    def wait_for(self, pattern: bytes, within: float = _PATIENCE) -> float:
        """Read until something that matches a regular expression has come; the seconds that took.

        What has matched, and what has come after it, is left to be read again.

        Raises:
            TimeoutError: It has not come within so many seconds.
            EOFError: The program has ended before.
        """
        start = time.monotonic()
        data = b""
        while (found := re.search(pattern, data)) is None:
            piece = self._read_piece(max(0.0, start + within - time.monotonic()))
            if piece is None:
                raise TimeoutError(f"{pattern!r} has not come within {within:g} s")
            if not piece:
                raise EOFError(f"the program has ended before {pattern!r}, with {data!r}")
            data = data[-400:] + piece
        self._unread = data[found.start() :]
        return time.monotonic() - start

    def settle(self, runs: int) -> Answer:
        """Wait until all runs are known, watched and saved.

        Args:
            runs: How many there are.
        """
        self.wait_for(CHECKED)
        seconds = _SETTLED_AFTER + runs / _SETTLED_RUNS
        return self.read(seconds, seconds)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def quit(self) -> float:
        """Press `q`; return the seconds until the program has gone, infinite if it has not."""
        start = time.monotonic()
        self.press("q")
        while (passed := time.monotonic() - start) < _MAX_QUIT:
            if self._read_piece(0.001) == b"":
                time.sleep(0.001)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                self._is_running = False
                return passed
        return float("inf")

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
        if self._is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._master)


@contextlib.contextmanager
def screen(
    command: Sequence[str], columns: int = 80, lines: int = 24, home: Path | None = None
) -> Iterator[Screen]:
    """Run a program in a terminal until the block ends.

    Args:
        command: The program and its arguments.
        columns: Width of the terminal.
        lines: Its height.
        home: Where its settings and its cache are; None for an empty directory.
    """
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(new_home()) if home is None else home
        running = Screen(command, columns, lines, place)
        stack.callback(running.close)
        yield running


def fill_cache(root: Path, home: Path, patience: float = 60.0) -> bool:
    """Let a monitor read a root and save its cache in `home`; return whether it has."""
    with screen([*STATUSTUI, str(root)], home=home) as monitor:
        monitor.wait_for(CHECKED)
        end = time.monotonic() + patience
        while not (is_saved := any(home.rglob("*.cache"))) and time.monotonic() < end:
            monitor.read(0.2, 0.2)
        monitor.quit()
    return is_saved
