"""Alerts for the user: the bell of the terminal, and a command that the user has configured."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from statustui.core.run import Run
from statustui.core.text import clean, shorten
from statustui.tui.services.background_worker import BackgroundWorker

_ALARM_INTERVAL = 5.0
"""Seconds between two alarms, so that a storm of failures causes only one."""
_MAX_DESCRIPTION = 250
"""Bytes of the description of a run."""
_MAX_VARIABLE = 4096
"""Bytes of an environment variable for a command: as many as a path may have."""
_MAX_WAITING_RUNS = 100
"""Runs for which a command can be waiting to start."""


class Alarm:
    """Collects reasons to ring the bell, and limits how often it rings.

    Args:
        is_on: Whether to ring at all.
        clock: Gives monotonic seconds.
    """

    def __init__(self, *, is_on: bool, clock: Callable[[], float]) -> None:
        self.is_on = is_on
        self._clock = clock
        self._rang_at = float("-inf")
        self._problems: list[Run] = []
        self._has_finished = False

    def add(self, problems: Sequence[Run], *, has_finished: bool) -> None:
        """Add runs with a new problem, and whether all listed runs have finished."""
        if self.is_on:
            self._problems += problems
            self._has_finished |= has_finished

    def toggle(self) -> None:
        """Turn the alarm on or off."""
        self.is_on = not self.is_on

    def pop_text(self) -> str | None:
        """Return the text of an alarm that is due, in one clean line; None if none is."""
        has_reason = self._problems or self._has_finished
        if not has_reason or self._clock() < self._rang_at + _ALARM_INTERVAL:
            return None
        parts = []
        if self._problems:
            first, count = self._problems[0], len(self._problems)
            what = shorten(clean(f"{first.id} {first.name} {first.headline}"), _MAX_DESCRIPTION)
            parts.append(what if count == 1 else f"{count:,} new problems, first {what}")
        if self._has_finished:
            parts.append("all runs have finished")
        self._rang_at = self._clock()
        self._problems, self._has_finished = [], False
        return "statustui: " + "; ".join(parts)


class ProblemCommand:
    """Runs the user's command for runs with a new problem, one after the other.

    Args:
        command: The program and its arguments.
        warn: Called with what went wrong, in one clean line, on any thread.
    """

    def __init__(self, command: Sequence[str], warn: Callable[[str], object]) -> None:
        self._command = command
        self._warn = warn
        self._worker = BackgroundWorker(_MAX_WAITING_RUNS)

    def queue_runs(self, runs: Iterable[Run]) -> None:
        """Run the command for each of these runs in its turn; return at once."""
        for run in runs:
            if not self._worker.queue_task(partial(self._run_for, run)):
                self._warn(f"{_MAX_WAITING_RUNS} runs are waiting already; skipping new ones")
                break

    def _run_for(self, run: Run) -> None:
        error = run_command(self._command, run)
        if error is not None:
            self._warn(clean(error))


def run_command(command: Sequence[str], run: Run) -> str | None:
    """Run the user's command for a run with a problem, and wait until it exits.

    The command gets the run only through its environment, as ``STATUSTUI_PATH``, ``_ID``,
    ``_NAME``, ``_USER``, ``_STATE``, ``_CATEGORY`` and ``_NOTE``, so that no shell reads it as
    code. Each is clean and at most 4096 bytes long.

    Args:
        command: The program and its arguments.
        run: The run.

    Returns:
        Why the command failed; None if it succeeded.
    """
    about = {
        "PATH": _absolute(run.path),
        "ID": run.id,
        "NAME": run.name,
        "USER": run.user,
        "STATE": run.current.state,
        "CATEGORY": run.category.value,
        "NOTE": run.headline,
    }
    variables = {
        f"STATUSTUI_{key}": shorten(clean(value), _MAX_VARIABLE) for key, value in about.items()
    }
    devnull = subprocess.DEVNULL
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command line, as it was given
            command,
            env=os.environ | variables,
            stdin=devnull,
            stdout=devnull,
            stderr=devnull,
            start_new_session=True,
            check=False,
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return f"{command[0]}: exit status {done.returncode}" if done.returncode else None


def _absolute(path: str) -> str:
    """Return an absolute path; the path as it is if the working directory is gone."""
    try:
        return os.path.abspath(path)
    except OSError:
        return path
