"""When to check which run: active runs in every sweep, unless events announce their changes.

Everything else is checked in rotation.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

from statustui.core.run import Run
from statustui.monitor.due_queue import DueQueue
from statustui.monitor.poll_policy import QUIET_AGE, PollPolicy

_TURNS = 16
"""Into how many parts the time between two checks of quiet runs is divided."""
_GRAIN = 0.25
"""Seconds to whose multiples the end of a rest is moved back, so that many runs share one."""


def _end_of(due: float) -> float:
    """Return the end of a rest, such that many runs share one."""
    return math.ceil(due / _GRAIN) * _GRAIN


def is_active(run: Run) -> bool:
    """Return whether `run` can be expected to change: it is not finished, or cannot be read."""
    return run.error is not None or not run.is_finished


class Schedule:
    """The runs of one root: active ones are due in every sweep, finished ones rest between checks.

    Those that events announce are checked besides only as often as the policy allows.

    Args:
        policy: Decides for how long a finished run rests.
        written_at: Returns when the status file of each run was written, in seconds since 1970.
    """

    def __init__(
        self, policy: PollPolicy, written_at: Callable[[Collection[str]], Iterable[float]]
    ) -> None:
        self.policy = policy
        self._written_at = written_at
        self.is_announced: Callable[[str], bool] | None = None
        """Return whether events announce the changes of the run at a path; None: no events."""
        self.active: set[str] = set()
        """Paths of the runs that can still change."""
        self._unheard = 0
        """How many of them no event announced when they were checked last."""
        self._all_active_at = float("-inf")
        """When all active runs are due again, on the monotonic clock."""
        self._quiet = DueQueue()
        """Those of them that are quiet, due when they are to be checked; used without events."""
        self._quiet_checked_at = float("-inf")
        """When those that were due were last returned, on the monotonic clock."""
        self.resting = DueQueue()
        """The finished runs, due when they are to be checked."""
        self._rereads = DueQueue()

    def add_run(self, run: Run, now: float, wall: float) -> None:
        """Make `run` active, or let it rest if it has finished.

        Args:
            run: The run as it was read last.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        path = run.path
        if is_active(run):
            self.activate(path)
        else:
            self._deactivate(path)
            self._let_rest((path,), now, wall, self.resting.count)

    def add_finished(self, paths: Iterable[str], now: float, wall: float) -> None:
        """Let new runs rest that have finished.

        Args:
            paths: The runs.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        self._let_rest(paths, now, wall, self.resting.count)

    def activate(self, path: str) -> None:
        """Make the run at `path` due in every sweep until it is added again, or is quiet."""
        self.active.add(path)
        self._quiet.remove(path)
        self.resting.remove(path)

    def _deactivate(self, path: str) -> None:
        self.active.discard(path)
        self._quiet.remove(path)

    def _let_rest(self, paths: Iterable[str], now: float, wall: float, count: int) -> None:
        """Schedule the next checks of finished runs; `count` is how many there are."""
        is_announced = self.is_announced
        announced: dict[bool | None, list[str]] = defaultdict(list)
        for path in paths:
            announced[is_announced and is_announced(path)].append(path)
        for is_known, some in announced.items():
            ends = self._ends_of_rest(some, now, wall, is_announced=is_known, count=count)
            for due, group in ends.items():
                self.resting.schedule_all(group, due)

    def _ends_of_rest(
        self,
        paths: Collection[str],
        now: float,
        wall: float,
        *,
        is_announced: bool | None,
        count: int = 0,
    ) -> dict[float, list[str]]:
        """Return when to check finished runs next -> those that are due then.

        See `PollPolicy.rest_after`.
        """
        policy = self.policy
        calm_age = policy.calm_age
        alike: dict[float, list[str]] = defaultdict(list)
        for path, written in zip(paths, self._written_at(paths), strict=True):
            # Very many are so old that they rest equally long.
            alike[min(wall - written, calm_age)].append(path)
        ends: dict[float, list[str]] = defaultdict(list)
        for age, group in alike.items():
            rest = policy.rest_after(age, is_announced=is_announced, count=count)
            ends[_end_of(now + rest)] += group
        return ends

    def expect_no_events(self, paths: Iterable[str], now: float, wall: float) -> None:
        """Check finished runs as soon as those that no event announces.

        Args:
            paths: The runs that no event announces any more; paths of other runs are ignored.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        is_announced = None if self.is_announced is None else False
        resting = list(filter(self.resting.__contains__, paths))
        ends = self._ends_of_rest(resting, now, wall, is_announced=is_announced)
        for due, group in ends.items():
            for path in group:
                self.resting.schedule_no_later(path, due)

    @property
    def always_due(self) -> float:
        """How many active runs are checked in every sweep, on an average."""
        if self.is_announced is None:
            share = min(1.0, self.policy.tick / self.policy.rest_of_quiet(self._quiet.count))
            return len(self.active) - self._quiet.count * (1 - share)
        announced = self.policy.max_announced_checks * self.policy.behind_events
        return self._unheard + min(announced, max(0, len(self.active) - self._unheard))

    def remove(self, path: str) -> None:
        """Remove a run."""
        self._deactivate(path)
        self.resting.remove(path)
        self._rereads.remove(path)

    def due_runs(self, room: float, now: float, wall: float) -> list[str]:
        """Return the active runs and the finished ones that are due.

        Args:
            room: How many runs may be checked. Active runs and one finished run always may.
            now: The time on the monotonic clock.
            wall: The time in seconds since 1970.
        """
        due, count = self._due_active(now, wall), self.resting.count
        rested = self.resting.pop_due(max(1.0, room - len(due)), now)
        self._let_rest(rested, now, wall, count)
        return due + rested

    def _due_active(self, now: float, wall: float) -> list[str]:
        """Return the active runs that are due, those that events announce only now and then."""
        if self.is_announced is None:
            return self._due_without_events(now, wall)
        unheard = [path for path in self.active if not self.is_announced(path)]
        self._unheard = len(unheard)
        if now < self._all_active_at:
            return unheard
        self._all_active_at = now + self.policy.announced_rest(len(self.active))
        return list(self.active)

    def _due_without_events(self, now: float, wall: float) -> list[str]:
        """Return the active runs that are due, those that are quiet only now and then."""
        quiet, policy = self._quiet, self.policy
        if not policy.spares_quiet:
            return list(self.active)
        elapsed, self._quiet_checked_at = now - self._quiet_checked_at, now
        # Of more than may be checked, those that have waited longest come first.
        due = quiet.pop_due(max(1.0, policy.max_quiet_checks * elapsed), now)
        quiet.schedule_all(due, _end_of(now + policy.least_quiet_rest))
        others = quiet.absent(self.active)
        written_at = zip(others, self._written_at(others), strict=True)
        calm = [path for path, written in written_at if 0 < written <= wall - QUIET_AGE]
        # Those that become quiet at once are not all due at once.
        for turn in range(_TURNS):
            rest = policy.least_quiet_rest * (turn + 1) / _TURNS
            quiet.schedule_all(calm[turn::_TURNS], _end_of(now + rest))
        return [*due, *others]

    @property
    def quiet_rest(self) -> float | None:
        """Seconds between two checks of the runs under way that are quiet; None if none is."""
        has_quiet = self.is_announced is None and self._quiet.count > 0
        return self.policy.rest_of_quiet(self._quiet.count) if has_quiet else None

    def schedule_reread(self, path: str, due: float) -> None:
        """Schedule an unconditional reread of a run, at `due` on the monotonic clock."""
        self._rereads.schedule(path, due)

    def due_rereads(self, room: float, now: float) -> list[str]:
        """Return the runs whose unconditional reread is due, at most `room` of them."""
        return self._rereads.pop_due(room, now)
