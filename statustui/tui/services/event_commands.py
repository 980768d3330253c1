"""Commands that the user has called when runs get a problem, and when all have finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from statustui.core.run import Run
from statustui.core.text import clean
from statustui.settings.config import Config
from statustui.tui.services.background_worker import BackgroundWorker
from statustui.tui.services.runs_command import call_command, describe_run

_MAX_WAITING_CALLS = 100
"""Calls of a command that can be waiting to start."""
_MAX_RUNS = 10_000
"""Runs that one call is given; more are only counted."""
_EXIT_TIMEOUT = 1.0
"""Seconds that the end of the program waits for the last call of a command."""
Warn = Callable[[str], object]
"""Called with what went wrong, in one clean line, on any thread."""


class _GatheredRuns:
    """The runs for one call of a command."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._omitted = 0
        self._omitted_problems = 0

    def __len__(self) -> int:
        return len(self._runs) + self._omitted

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs.values())

    def add(self, run: Run) -> None:
        """Add a run, in place of an earlier state of it."""
        if run.path in self._runs or len(self._runs) < _MAX_RUNS:
            self._runs[run.path] = run
        else:
            self._omitted += 1
            self._omitted_problems += run.category.is_problem

    @property
    def problems(self) -> int:
        """How many of them have a problem."""
        return sum(run.category.is_problem for run in self) + self._omitted_problems


class _Calls:
    """The calls of one command, one after the other on a thread.

    Args:
        command: The program and its arguments.
        warn: Called with what went wrong.
        describes: Whether the environment of the command describes the first run.
    """

    def __init__(self, command: Sequence[str], warn: Warn, *, describes: bool) -> None:
        self._command = command
        self._warn = warn
        self._describes = describes
        self._worker = BackgroundWorker(_MAX_WAITING_CALLS)

    def queue(self, runs: _GatheredRuns) -> bool:
        """Call the command with these runs in its turn; return at once.

        Returns:
            Whether there was room for the call.
        """
        has_room = self._worker.queue_task(partial(self._call, runs))
        if not has_room:
            self._warn(f"{_MAX_WAITING_CALLS} calls are waiting already; skipping new ones")
        return has_room

    def _call(self, runs: _GatheredRuns) -> None:
        numbers = {"STATUSTUI_COUNT": str(len(runs)), "STATUSTUI_PROBLEMS": str(runs.problems)}
        first = describe_run(next(iter(runs))) if self._describes else {}
        error = call_command(self._command, runs, numbers | first)
        if error is not None:
            self._warn(clean(error))

    def wait(self) -> None:
        """Wait until all calls are made, for at most `_EXIT_TIMEOUT` seconds."""
        self._worker.wait(_EXIT_TIMEOUT)


class ProblemCommand:
    """Calls the user's command for runs with a new problem, one call after the other.

    Args:
        command: The program and its arguments.
        warn: Called with what went wrong.
        gather: Seconds for which runs are gathered for one call; 0 for one call a run.
        clock: Gives monotonic seconds.
    """

    def __init__(
        self, command: Sequence[str], warn: Warn, *, gather: float, clock: Callable[[], float]
    ) -> None:
        self._calls = _Calls(command, warn, describes=True)
        self._gather = gather
        self._clock = clock
        self._gathered = _GatheredRuns()
        self._due_at = 0.0

    def add(self, runs: Iterable[Run]) -> None:
        """Add runs with a new problem; return at once."""
        for run in runs:
            if not self._gathered:
                self._due_at = self._clock() + self._gather
            self._gathered.add(run)
            if not self._gather and not self._call():
                break

    def call_if_due(self) -> None:
        """Call the command if runs have been gathered for long enough."""
        if self._gathered and self._clock() >= self._due_at:
            self._call()

    def close(self) -> None:
        """Call the command for the runs that are still being gathered."""
        if self._gathered:
            self._call()
            self._calls.wait()

    def _call(self) -> bool:
        runs, self._gathered = self._gathered, _GatheredRuns()
        return self._calls.queue(runs)


class EndCommand:
    """Calls the user's command when all listed runs have finished, with those that did so.

    Args:
        command: The program and its arguments.
        warn: Called with what went wrong.
        gather: Seconds for which no run may start again before the call.
        clock: Gives monotonic seconds.
    """

    def __init__(
        self, command: Sequence[str], warn: Warn, *, gather: float, clock: Callable[[], float]
    ) -> None:
        self._calls = _Calls(command, warn, describes=False)
        self._gather = gather
        self._clock = clock
        self._finished = _GatheredRuns()
        """The runs that have finished since the last call."""
        self._due_at: float | None = None

    def add(self, finished: Iterable[Run], *, under_way: int, has_finished: bool) -> None:
        """Add runs that have finished; return at once.

        Args:
            finished: The runs.
            under_way: How many of the listed runs are under way.
            has_finished: Whether the last one that was has just finished.
        """
        for run in finished:
            self._finished.add(run)
        if under_way:
            self._due_at = None
        elif has_finished:
            self._due_at = self._clock() + self._gather
        self.call_if_due()

    def call_if_due(self) -> None:
        """Call the command if all runs have been finished for long enough."""
        if self._due_at is not None and self._clock() >= self._due_at:
            self._call()

    def close(self) -> None:
        """Call the command if all runs have finished."""
        if self._due_at is not None:
            self._call()
            self._calls.wait()

    def _call(self) -> None:
        self._due_at = None
        runs, self._finished = self._finished, _GatheredRuns()
        self._calls.queue(runs)


class EventCommands:
    """The commands that the user has configured for problems and for the end.

    Args:
        config: The configuration of the user.
        warn: Called with what went wrong.
        clock: Gives monotonic seconds.
    """

    def __init__(self, config: Config, warn: Warn, clock: Callable[[], float]) -> None:
        def say(option: str) -> Warn:
            return lambda text: warn(f"{option}: {text}")

        gather = config.gather
        self._on_problem, self._on_end = None, None
        if config.on_problem:
            self._on_problem = ProblemCommand(
                config.on_problem, say("--on-problem"), gather=gather, clock=clock
            )
        if config.on_end:
            self._on_end = EndCommand(config.on_end, say("--on-end"), gather=gather, clock=clock)
        self.gathers = gather > 0 and bool(config.on_problem or config.on_end)
        """Whether `call_if_due` is to be called now and then."""

    @property
    def has_end_command(self) -> bool:
        """Whether `add_finished` is to be called."""
        return self._on_end is not None

    def add_problems(self, runs: Iterable[Run]) -> None:
        """Add runs with a new problem; return at once."""
        if self._on_problem is not None:
            self._on_problem.add(runs)

    def add_finished(self, runs: Iterable[Run], *, under_way: int, has_finished: bool) -> None:
        """Add runs that have finished, as `EndCommand` has it; return at once."""
        if self._on_end is not None:
            self._on_end.add(runs, under_way=under_way, has_finished=has_finished)

    def call_if_due(self) -> None:
        """Call the commands whose runs have been gathered for long enough."""
        for command in (self._on_problem, self._on_end):
            if command is not None:
                command.call_if_due()

    def close(self) -> None:
        """Call the commands whose runs are still being gathered; wait for a second at most."""
        for command in (self._on_problem, self._on_end):
            if command is not None:
                command.close()
