"""A terminal that a test looks at: a pseudo-terminal and an emulator."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyte

from tests.waiting import DEADLINE

_PROGRAM = os.environ.get("STATUSTUI_PROGRAM")
STATUSTUI = (_PROGRAM,) if _PROGRAM else (sys.executable, "-m", "statustui")
"""The program: the one of the checkout, or what the environment names, installed elsewhere."""


def _skip_hints() -> None:
    """Let the program take the user for one who has had its first sessions."""
    state = os.environ.get("XDG_STATE_HOME")
    if state is None:
        return
    path = f"{state}/statustui/hints.json"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with contextlib.suppress(FileExistsError), open(path, "x", encoding="ascii") as file:
        file.write('{"sessions": 3}')


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, command: Sequence[str], columns: int, lines: int, **env: str) -> None:
        """Start `command`."""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lines = [""] * lines
        self.output = b""
        self.status: int | None = None
        self.pid, self._master = pty.fork()
        if not self.pid:
            _skip_hints()
            # As a shell starts a program in the foreground, whoever runs the tests.
            for number in (signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            environment = os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | env
            os.execvpe(command[0], list(command), environment)  # noqa: S606 - the program itself
        self._set_size(columns, lines)

    def _set_size(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        self._screen.resize(lines, columns)
        self._lines = [""] * lines
        self._screen.dirty.update(range(lines))
        self._set_size(columns, lines)

    @property
    def memory(self) -> int:
        """Bytes of memory that the program holds."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def lines(self) -> list[str]:
        """What is on the screen: only lines that have changed are put together anew."""
        for y in self._screen.dirty:
            if y < len(self._lines):
                row = self._screen.buffer[y]
                # The second cell of a wide character is empty.
                cells = [row[x].data for x in range(self._screen.columns)]
                self._lines[y] = "".join(cells).rstrip()
        self._screen.dirty.clear()
        return self._lines.copy()

    def __str__(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def press(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def wait_for(self, text: str) -> None:
        """Read until `text` is on the screen."""
        self.wait_until(lambda: any(text in line for line in self.lines), repr(text))

    def wait_for_runs(self, count: int) -> None:
        """Read until the picture is whole: so many runs, all of them read."""
        whole = re.compile(rf"(?<![\d,]){count:,} runs?\b(?! found| as of)")
        self.wait_until(lambda: any(map(whole.search, self.lines)), f"{count} runs, all read")

    def wait_until_gone(self, text: str) -> None:
        """Read until `text` is not on the screen any more."""
        self.wait_until(lambda: not any(text in line for line in self.lines), f"no {text!r}")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Read until `condition` holds.

        A busy machine may take long for what many keys do: time is up when nothing has come for
        the usual deadline, or after twice that.

        Raises:
            AssertionError: It does not in time, or the program ends before.
        """
        start = time.monotonic()
        quiet_since, received = start, len(self.output)
        while not condition():
            now = time.monotonic()
            if len(self.output) > received:
                quiet_since, received = now, len(self.output)
            is_in_time = now < min(quiet_since + DEADLINE, start + 2 * DEADLINE)
            assert is_in_time, f"{what} did not appear in {now - start:.0f} s on\n{self}"
            assert self._read(), f"ended before {what} on\n{self}"

    def wait_for_end(self, within: float = DEADLINE) -> int:
        """Read until the program ends, `within` so many seconds; its exit status."""
        end = time.monotonic() + within
        while self._read():
            assert time.monotonic() < end, "the program goes on"
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            for report in Path(os.environ.get("XDG_STATE_HOME", "")).glob("statustui/crash-*"):
                print(report.read_text())  # noqa: T201 - pytest shows it beside the failure
        return self.status

    def read_for(self, seconds: float) -> None:
        """Take in what comes within so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self._read(left):
            pass

    def _read(self, patience: float = 0.05) -> bool:
        """Take in what there is, or comes in `patience` seconds; False at the program's end."""
        if not select.select([self._master], [], [], patience)[0]:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return False
        self.output += data
        self._stream.feed(data)
        return bool(data)

    def hang_up(self) -> None:
        """Take the terminal away, as a connection that is lost does."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDONLY)

    def close(self) -> None:
        """End the program, whatever it is at."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        os.close(self._master)


@contextlib.contextmanager
def terminal(
    command: Sequence[str], columns: int = 80, lines: int = 24, **env: str
) -> Iterator[Terminal]:
    """Run `command` in a terminal, and end it afterwards."""
    running = Terminal(command, columns, lines, **env)
    try:
        yield running
    finally:
        running.close()
