"""How often to look at what, by the kind of filesystem."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from statustui.core.durations import DEFAULT_PATIENCE, Patience
from statustui.monitor.filesystem import Reach

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
    patience: Patience = DEFAULT_PATIENCE
    """For how long a run may sit in a state before it counts as stalled."""
    clock: Callable[[], float] = time.time
    """Gives the time in seconds since 1970, to which the times in the files are compared."""


class Pace(NamedTuple):
    """How much may be asked of a filesystem."""

    tick: float
    """Seconds between two sweeps."""
    behind_events: float
    """Seconds between two sweeps where events announce changes."""
    rest: float
    """Seconds after which a finished run is looked at again at the latest."""
    max_checks: float
    """Checks a second that are not exceeded."""
    threads: int
    """How many runs are read at a time: more wait for a network, but on a local disk for each
    other."""

    def rest_after(self, age: float) -> float:
        """Seconds to leave a finished run alone that was written to `age` seconds ago."""
        return min(self.rest, max(self.tick, age * _REST_SHARE))


_REST_SHARE = 0.1
"""A finished run is left alone for this share of the time for which nothing has happened."""

_PACES = {
    Reach.LOCAL: Pace(1.0, 5.0, 60.0, 4000.0, 1),
    Reach.COHERENT: Pace(2.0, 5.0, 300.0, 500.0, 8),
    Reach.REMOTE: Pace(2.0, 5.0, 300.0, 500.0, 8),
}


def pace_of(reach: Reach, settings: Settings) -> Pace:
    """The pace for a filesystem, as far as the settings leave it open."""
    pace = _PACES[reach]
    return pace._replace(
        tick=settings.interval or pace.tick,
        behind_events=settings.interval or pace.behind_events,
        max_checks=settings.max_checks or pace.max_checks,
    )
