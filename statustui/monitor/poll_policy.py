"""How often to check runs and directories, by the kind of filesystem."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from statustui.core.durations import DEFAULT_STALE_AFTER, StaleAfter
from statustui.core.job_verdict import DEFAULT_GRACE
from statustui.monitor.cache_store import CacheStore
from statustui.monitor.capacity import Capacity
from statustui.monitor.fs.mounts import Reach
from statustui.scheduler.pace import DEFAULT_EVERY, SchedulerMode

if TYPE_CHECKING:
    from statustui.scheduler.asker import Asker

WatchMode = Literal["auto", "events", "poll"]
WATCH_MODES: tuple[WatchMode, ...] = get_args(WatchMode)


class Settings(NamedTuple):
    """How to watch; None means the default for the filesystem."""

    watch: WatchMode = "auto"
    interval: float | None = None
    """Seconds between two sweeps."""
    max_checks: float | None = None
    """Upper limit of checks per second."""
    stale_after: StaleAfter = DEFAULT_STALE_AFTER
    """How long a run may stay in a state before it can count as stalled."""
    store: CacheStore | None = None
    """Where the runs of earlier sessions are kept; None to read everything."""
    scheduler: SchedulerMode = "off"
    """Whether to ask the scheduler about the jobs of runs under way."""
    ask_every: float = DEFAULT_EVERY
    """Seconds between two rounds of calls."""
    ask_unattended: float = float("inf")
    """Seconds after the last sign of a user for which to go on asking."""
    job_grace: float = DEFAULT_GRACE
    """Seconds after the end of its job until a run under way counts as dead."""
    capacity: Capacity | None = None
    """What all roots share; made by the `Monitor`. None for what one root has for itself."""
    asker: Asker | None = None
    """Asks the scheduler for all roots; made by the `Monitor`."""
    tells_pasts: bool = True
    """Whether runs are to carry their pasts."""
    clock: Callable[[], float] = time.time
    """Returns the time in seconds since 1970, to which times in status files are compared."""


class PollPolicy(NamedTuple):
    """How much load watching may put on a filesystem."""

    tick: float
    """Seconds between two sweeps."""
    behind_events: float
    """Seconds between two sweeps while change events are in use."""
    rest: float
    """Longest time between two checks of a finished run, in seconds; with very many that events
    announce, these are checked less often."""
    recent_rest: float
    """The same for a run that finished within a day, or whose changes no event announces."""
    least_quiet_rest: float
    """Least seconds between two checks of a run under way that is quiet, where no events are used;
    with very many there are more."""
    max_quiet_checks: float
    """Upper limit of checks per second of such runs."""
    max_checks: float
    """Upper limit of checks per second."""
    max_announced_checks: float
    """The same for runs under way whose changes events announce, and for finished ones."""
    threads: int
    """How many runs are read at a time. On a network the reads overlap their waiting; on a local
    disk the threads would only wait for each other."""

    def rest_after(self, age: float, *, is_announced: bool | None = None, count: int = 0) -> float:
        """Return the seconds until the next check of a finished run.

        Args:
            age: Seconds since its status file was written.
            is_announced: Whether events announce its changes; None if no events are used.
            count: How many finished runs there are.
        """
        is_calm = is_announced or (is_announced is None and age >= _RECENT_AGE)
        longest = self.rest if is_calm else self.recent_rest
        rest = min(longest, max(self.tick, age * _REST_SHARE))
        return max(rest, self.announced_rest(count)) if is_announced else rest

    @property
    def calm_age(self) -> float:
        """Age in seconds from which finished runs rest equally long."""
        return max(_RECENT_AGE, self.rest / _REST_SHARE)

    @property
    def spares_quiet(self) -> bool:
        """Whether quiet runs under way are checked less often than the others."""
        return self.least_quiet_rest > self.tick

    def rest_of_quiet(self, count: int) -> float:
        """Return the seconds between two checks of each of `count` quiet runs under way."""
        return max(self.least_quiet_rest, math.ceil(count / self.max_quiet_checks))

    def announced_rest(self, count: int) -> float:
        """Return the least time between two checks of a run that events announce, in seconds.

        Args:
            count: How many runs there are.
        """
        return count / self.max_announced_checks


QUIET_AGE = 60.0
"""Seconds without a new status after which a run under way is quiet."""
_REST_SHARE = 0.1
"""A finished run rests for this share of the time since its last change."""
_RECENT_AGE = 86400.0
"""Age in seconds below which a finished run counts as recent: it may well be started again."""

_LOCAL_POLICY = PollPolicy(
    tick=1.0,
    behind_events=5.0,
    rest=60.0,
    recent_rest=10.0,
    least_quiet_rest=5.0,
    max_quiet_checks=1000.0,
    max_checks=4000.0,
    max_announced_checks=100.0,
    threads=1,
)
_NETWORK_POLICY = PollPolicy(
    tick=2.0,
    behind_events=5.0,
    rest=300.0,
    recent_rest=60.0,
    least_quiet_rest=10.0,
    max_quiet_checks=100.0,
    max_checks=500.0,
    max_announced_checks=50.0,
    threads=8,
)
_POLICIES = {
    Reach.LOCAL: _LOCAL_POLICY,
    Reach.COHERENT: _NETWORK_POLICY,
    Reach.REMOTE: _NETWORK_POLICY,
}


def policy_for(reach: Reach, settings: Settings) -> PollPolicy:
    """Return the policy for a filesystem, with the values that the settings override."""
    policy = _POLICIES[reach]
    most = settings.max_checks or policy.max_checks
    return policy._replace(
        tick=settings.interval or policy.tick,
        behind_events=settings.interval or policy.behind_events,
        least_quiet_rest=settings.interval or policy.least_quiet_rest,
        max_quiet_checks=min(most, policy.max_quiet_checks),
        max_checks=most,
        max_announced_checks=min(most, policy.max_announced_checks),
    )
