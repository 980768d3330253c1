"""Call the commands that the user has put on keys, with the runs that they apply to."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from io import FileIO
from typing import IO

from statustui.core.address import identity_of, is_remote
from statustui.core.run import Run
from statustui.core.text import clean, shorten
from statustui.monitor.fs.deadline import start_thread
from statustui.settings.key_command import KeyCommand

_MAX_CALLS = 10
"""Calls that can be under way at a time."""
_MAX_OUTPUT = 4096
"""Bytes at the end of the output of a command of which the last line is shown."""
_MAX_LINE = 200
"""Bytes of that line."""
FindLog = Callable[[Run], "str | None"]
"""Returns the path of the log that tells most of a run; None if it has none. It may block."""
FetchLog = Callable[[Run, "str | None"], "FileIO | None"]
"""Returns a log of a run on another host, given its path or None for the one that tells most, as an
open file; None if there is none. It may block."""
_MAX_FETCHED = 20
"""Logs that are fetched for one command."""


class KeyCommands:
    """Calls commands of the user, each on a thread of its own.

    Args:
        find_log: Finds a log for a command that is given one.
        fetch_log: Fetches one from another host.
        start: Called on another thread with a command for the foreground, its words, and the open
            files that it inherits, which are to be closed when it has ended.
        tell: Called on another thread with the result of one in the background, in a clean line.
        warn: Called on any thread with what went wrong, in a clean line.
    """

    def __init__(
        self,
        find_log: FindLog,
        *,
        fetch_log: FetchLog,
        start: Callable[[KeyCommand, list[str], list[FileIO]], object],
        tell: Callable[[str], object],
        warn: Callable[[str], object],
    ) -> None:
        self._find_log = find_log
        self._fetch_log = fetch_log
        self._start = start
        self._tell = tell
        self._warn = warn
        self._places = threading.BoundedSemaphore(_MAX_CALLS)

    def call(self, command: KeyCommand, runs: Sequence[Run], log: str | None = None) -> None:
        """Call a command; return at once.

        Args:
            command: The command.
            runs: The runs that it applies to.
            log: The log on the screen, if there is one.
        """
        if not self._places.acquire(blocking=False):
            self._warn(clean(f"{command.label}: {_MAX_CALLS} commands are running already"))
            return
        try:
            start_thread(partial(self._call, command, runs, log), "key command")
        except OSError as error:
            self._places.release()
            self._warn(clean(f"{command.label}: {error.strerror}"))

    def _call(self, command: KeyCommand, runs: Sequence[Run], log: str | None) -> None:
        try:
            with ExitStack() as opened:
                files: list[FileIO] = []
                opened.callback(_close, files)
                words = self._fill(command, runs, log, files)
                if not command.in_background:
                    opened.pop_all()
                    self._start(command, words, files)
                    return
                said = _run(words, files)
            self._tell(clean(f"{command.label}: {said or 'done'}"))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._warn(clean(f"{command.label}: {reason}"))
        finally:
            self._places.release()

    def _fill(
        self,
        command: KeyCommand,
        runs: Sequence[Run],
        log: str | None,
        fetched: list[FileIO],
    ) -> list[str]:
        """Return the words of a command; add the logs that are fetched for it to `fetched`."""
        values = []
        for run in runs:
            value = {"path": identity_of(run.path), "id": run.id}
            if command.needs_log:
                found = self._log_of(run, log, fetched)
                if found is None:
                    continue
                value["log"] = found
            _check(value)
            values.append(value)
        if not values:
            raise ValueError("there is no log" if runs else "there is no run")
        return command.fill(values)

    def _log_of(self, run: Run, log: str | None, fetched: list[FileIO]) -> str | None:
        """Return the path by which a program can open the log of a run; None if there is none."""
        if not is_remote(run.root):
            found = log or self._find_log(run)
            return None if found is None else os.path.abspath(found)
        if len(fetched) >= _MAX_FETCHED:
            raise ValueError(f"more than {_MAX_FETCHED} logs are on other hosts")
        file = self._fetch_log(run, log)
        if file is None:
            return None
        fetched.append(file)
        # The program inherits the descriptor under the same number.
        return f"/dev/fd/{file.fileno()}"


def _close(files: Sequence[FileIO]) -> None:
    for file in files:
        file.close()


def _check(values: Mapping[str, str]) -> None:
    """Check that no value of a run can act as an option, or on a terminal.

    Raises:
        ValueError: One can.
    """
    for name, value in values.items():
        if value.startswith("-"):
            raise ValueError(f"not called: the {name} {value} would be an option")
        if clean(value) != value:
            raise ValueError(f"not called: the {name} {value} has control characters")


def _run(words: Sequence[str], files: Sequence[FileIO]) -> str:
    """Run a command to its end, without a terminal.

    Args:
        words: The program and its arguments.
        files: The open files that it inherits.

    Returns:
        The last line of its output, shortened.

    Raises:
        OSError: It cannot be run.
        ValueError: It has failed; the message says how, with that line.
    """
    with subprocess.Popen(  # noqa: S603 - the user's own command line, as it was given
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=[file.fileno() for file in files],
    ) as process:
        end = _read_end(process.stdout)
    lines = end.decode("utf-8", "replace").split("\n")
    last = shorten(next((line for line in reversed(lines) if line.strip()), "").strip(), _MAX_LINE)
    if process.returncode:
        raise ValueError(f"exit status {process.returncode}" + (f": {last}" if last else ""))
    return last


def _read_end(output: IO[bytes] | None) -> bytes:
    """Read output to its end; return the last bytes of it."""
    end = b""
    while output is not None and (block := output.read(_MAX_OUTPUT)):
        end = (end + block)[-_MAX_OUTPUT:]
    return end


def find_log(run: Run, patience: float) -> str | None:
    """Return the path of the log that tells most of a run; None if no log can be read.

    Args:
        run: The run.
        patience: Seconds that a link may take to answer.
    """
    from statustui.monitor.run.run_logs import RunLogs  # noqa: PLC0415 - the list needs none

    files = RunLogs(run.place, patience)
    try:
        logs = files.read_logs((run.problem or run.current).state)
    finally:
        files.close()
    return None if logs.trace is None else logs.trace.log.path
