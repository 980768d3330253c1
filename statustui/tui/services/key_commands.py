"""Call the commands that the user has put on keys, with the runs that they apply to."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import IO

from statustui.core.run import Run
from statustui.core.text import clean, shorten
from statustui.monitor.fs.deadline import start_thread
from statustui.remote.address import identity_of, is_remote
from statustui.settings.key_command import KeyCommand

_MAX_CALLS = 10
"""Calls that can be under way at a time."""
_MAX_OUTPUT = 4096
"""Bytes at the end of the output of a command of which the last line is shown."""
_MAX_LINE = 200
"""Bytes of that line."""
FindLog = Callable[[Run], "str | None"]
"""Returns the path of the log that tells most of a run; None if it has none. It may block."""


class KeyCommands:
    """Calls commands of the user, each on a thread of its own.

    Args:
        find_log: Finds a log for a command that is given one.
        start: Called on another thread with a command for the foreground, and its words.
        tell: Called on another thread with the result of one in the background, in a clean line.
        warn: Called on any thread with what went wrong, in a clean line.
    """

    def __init__(
        self,
        find_log: FindLog,
        *,
        start: Callable[[KeyCommand, list[str]], object],
        tell: Callable[[str], object],
        warn: Callable[[str], object],
    ) -> None:
        self._find_log = find_log
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
            words = self._fill(command, runs, log)
            if command.in_background:
                self._tell(clean(f"{command.label}: {_run(words) or 'done'}"))
            else:
                self._start(command, words)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._warn(clean(f"{command.label}: {reason}"))
        finally:
            self._places.release()

    def _fill(self, command: KeyCommand, runs: Sequence[Run], log: str | None) -> list[str]:
        values = []
        for run in runs:
            value = {"path": identity_of(run.path), "id": run.id}
            if command.needs_log:
                if is_remote(run.root):
                    raise ValueError(f"the logs of {run.id} are on another host")
                found = log or self._find_log(run)
                if found is None:
                    continue
                value["log"] = os.path.abspath(found)
            _check(value)
            values.append(value)
        if not values:
            raise ValueError("there is no log" if runs else "there is no run")
        return command.fill(values)


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


def _run(words: Sequence[str]) -> str:
    """Run a command to its end, without a terminal.

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
