"""How often to look at what, by the kind of filesystem."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from statustui.core.durations import DEFAULT_STALE_AFTER, StaleAfter
from statustui.monitor.fs.mounts import Reach

WatchMode = Literal["auto", "events", "poll"]
WATCH_MODES: tuple[WatchMode, ...] = get_args(WatchMode)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to watch; None stands for what suits the filesystem."""

    watch: WatchMode = "auto"
    interval: float | None = None
    """Seconds between two sweeps."""
    max_checks: float | None = None
    """Checks a second."""
    stale_after: StaleAfter = DEFAULT_STALE_AFTER
    """For how long a run may sit in a state before it counts as stalled."""
    clock: Callable[[], float] = time.time
    """Gives the time in seconds since 1970, to which the times in the files are compared."""


class PollPolicy(NamedTuple):
    """How much may be asked of a filesystem."""

    tick: float
    """Seconds between two sweeps."""
    behind_events: float
    """Seconds between two sweeps where events announce changes."""
    rest: float
    """Seconds after which a finished run is looked at again at the latest."""
    recent_rest: float
    """The same for one that has ended within a day, or whose changes the events leave out."""
    max_checks: float
    """Checks a second that are not exceeded."""
    threads: int
    """How many runs are read at a time: more wait for a network, but on a local disk for each
    other."""

    def rest_after(self, age: float, *, is_heard: bool | None = None) -> float:
        """Seconds to leave a finished run alone.

        Args:
            age: Seconds since its status file was written to.
            is_heard: Whether events announce its changes; None where no events are used.
        """
        is_calm = is_heard or (is_heard is None and age >= _RECENT)
        return min(self.rest if is_calm else self.recent_rest, max(self.tick, age * _REST_SHARE))


_REST_SHARE = 0.1
"""A finished run is left alone for this share of the time for which nothing has happened."""
_RECENT = 86400.0
"""Seconds for which a run that has ended may well be started again."""

_POLICIES = {
    Reach.LOCAL: PollPolicy(1.0, 5.0, 60.0, 10.0, 4000.0, 1),
    Reach.COHERENT: PollPolicy(2.0, 5.0, 300.0, 60.0, 500.0, 8),
    Reach.REMOTE: PollPolicy(2.0, 5.0, 300.0, 60.0, 500.0, 8),
}


def policy_for(reach: Reach, settings: Settings) -> PollPolicy:
    """The pace for a filesystem, as far as the settings leave it open."""
    policy = _POLICIES[reach]
    return policy._replace(
        tick=settings.interval or policy.tick,
        behind_events=settings.interval or policy.behind_events,
        max_checks=settings.max_checks or policy.max_checks,
    )
