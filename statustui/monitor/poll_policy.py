"""How often to check runs and directories, by the kind of filesystem."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from statustui.core.durations import DEFAULT_STALE_AFTER, StaleAfter
from statustui.core.job_verdict import DEFAULT_GRACE
from statustui.monitor.cache_store import CacheStore
from statustui.monitor.fs.mounts import Reach
from statustui.scheduler.pace import DEFAULT_EVERY, SchedulerMode

if TYPE_CHECKING:
    from statustui.scheduler.asker import Asker

WatchMode = Literal["auto", "events", "poll"]
WATCH_MODES: tuple[WatchMode, ...] = get_args(WatchMode)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to watch; None means the default for the filesystem."""

    watch: WatchMode = "auto"
    interval: float | None = None
    """Seconds between two sweeps."""
    max_checks: float | None = None
    """Upper limit of checks per second."""
    stale_after: StaleAfter = DEFAULT_STALE_AFTER
    """How long a run may stay in a state before it can count as stalled."""
    store: CacheStore | None = field(default=None, compare=False)
    """Where the runs of earlier sessions are kept; None to read everything."""
    scheduler: SchedulerMode = "off"
    """Whether to ask the scheduler about the jobs of runs under way."""
    ask_every: float = DEFAULT_EVERY
    """Seconds between two rounds of calls."""
    ask_unattended: float = float("inf")
    """Seconds after the last sign of a user for which to go on asking."""
    job_grace: float = DEFAULT_GRACE
    """Seconds after the end of its job until a run under way counts as dead."""
    asker: Asker | None = field(default=None, compare=False)
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
    """Longest time between two checks of a finished run, in seconds."""
    recent_rest: float
    """The same for a run that finished within a day, or whose changes no event announces."""
    max_checks: float
    """Upper limit of checks per second."""
    threads: int
    """How many runs are read at a time. On a network the reads overlap their waiting; on a local
    disk the threads would only wait for each other."""

    def rest_after(self, age: float, *, is_announced: bool | None = None) -> float:
        """Return the seconds until the next check of a finished run.

        Args:
            age: Seconds since its status file was written.
            is_announced: Whether events announce its changes; None if no events are used.
        """
        is_calm = is_announced or (is_announced is None and age >= _RECENT_AGE)
        return min(self.rest if is_calm else self.recent_rest, max(self.tick, age * _REST_SHARE))


_REST_SHARE = 0.1
"""A finished run rests for this share of the time since its last change."""
_RECENT_AGE = 86400.0
"""Age in seconds below which a finished run counts as recent: it may well be started again."""

_LOCAL_POLICY = PollPolicy(
    tick=1.0, behind_events=5.0, rest=60.0, recent_rest=10.0, max_checks=4000.0, threads=1
)
_NETWORK_POLICY = PollPolicy(
    tick=2.0, behind_events=5.0, rest=300.0, recent_rest=60.0, max_checks=500.0, threads=8
)
_POLICIES = {
    Reach.LOCAL: _LOCAL_POLICY,
    Reach.COHERENT: _NETWORK_POLICY,
    Reach.REMOTE: _NETWORK_POLICY,
}


def policy_for(reach: Reach, settings: Settings) -> PollPolicy:
    """Return the policy for a filesystem, with the values that the settings override."""
    policy = _POLICIES[reach]
    return policy._replace(
        tick=settings.interval or policy.tick,
        behind_events=settings.interval or policy.behind_events,
        max_checks=settings.max_checks or policy.max_checks,
    )
