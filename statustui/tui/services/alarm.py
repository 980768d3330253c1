"""A call when it matters: the bell of the terminal, and a command of the user's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from statustui.core.run import Run
from statustui.core.text import clean, shorten
from statustui.tui.services.background_worker import BackgroundWorker

_PAUSE = 5.0
"""Seconds between two calls through the terminal, so that a storm of failures is one of them."""

_LONGEST = 250
"""Bytes of what is said of a run at the most."""
_LARGEST = 4096
"""Bytes of what a command is told of a run in one variable: as much as a path may have."""

_MOST_WAITING = 100
"""Runs that wait for a command of the user's at the most."""


class Alarm:
    """Collects what there is to call for, and calls not too often.

    Args:
        is_on: Whether to call at all.
        clock: Gives seconds on a clock that never goes back.
    """

    def __init__(self, *, is_on: bool, clock: Callable[[], float]) -> None:
        """Start with nothing to call for."""
        self.is_on = is_on
        self._clock = clock
        self._called_at = float("-inf")
        self._problems: list[Run] = []
        self._has_ended = False

    def note(self, problems: Sequence[Run], *, has_ended: bool) -> None:
        """Take note of runs that have got a problem, and of the end of all that is listed."""
        if self.is_on:
            self._problems += problems
            self._has_ended |= has_ended

    def switch(self) -> None:
        """Call from now on, or no longer."""
        self.is_on = not self.is_on

    def take(self) -> str | None:
        """What to say now, in one clean line; None if there is nothing, or it is too early."""
        if not (self._problems or self._has_ended) or self._clock() < self._called_at + _PAUSE:
            return None
        said = []
        if self._problems:
            first, count = self._problems[0], len(self._problems)
            what = shorten(clean(f"{first.id} {first.name} {first.headline}"), _LONGEST)
            said.append(what if count == 1 else f"{count:,} new problems, first {what}")
        if self._has_ended:
            said.append("all runs have ended")
        self._called_at = self._clock()
        self._problems, self._has_ended = [], False
        return "statustui: " + "; ".join(said)


class OnProblem:
    """Runs a command of the user's for one run after the other.

    Args:
        command: The program and its arguments.
        complain: Called with what went wrong, in one clean line, on any thread.
    """

    def __init__(self, command: Sequence[str], complain: Callable[[str], object]) -> None:
        """Start without work."""
        self._command = command
        self._complain = complain
        self._chores = BackgroundWorker(_MOST_WAITING)

    def put(self, runs: Iterable[Run]) -> None:
        """Run the command for these runs when their turn comes; never waits."""
        for run in runs:
            if not self._chores.put(partial(self._run, run)):
                self._complain(f"{_MOST_WAITING} runs wait for it already, more are left out")
                break

    def _run(self, run: Run) -> None:
        trouble = run_command(self._command, run)
        if trouble is not None:
            self._complain(clean(trouble))


def run_command(command: Sequence[str], run: Run) -> str | None:
    """Run a command of the user's for a run with a problem, and wait for its end.

    What the run is reaches the command in its environment alone, as ``STATUSTUI_PATH``, ``_ID``,
    ``_NAME``, ``_USER``, ``_STATE``, ``_CATEGORY`` and ``_NOTE``: no shell ever reads it as code.
    Each is clean and has 4096 bytes at the most.

    Args:
        command: The program and its arguments.
        run: The run.

    Returns:
        What went wrong with the command; None if it ended well.
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
    told = {f"STATUSTUI_{key}": shorten(clean(value), _LARGEST) for key, value in about.items()}
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command line, as it was given
            command,
            env=os.environ | told,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
            check=False,
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return f"{command[0]}: exit status {done.returncode}" if done.returncode else None


def _absolute(path: str) -> str:
    """The path from the top, as far as that is known."""
    try:
        return os.path.abspath(path)
    except OSError:
        # The working directory is gone.
        return path
