"""How to read trees once."""

from __future__ import annotations

import enum
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, NamedTuple

from statustui.core.durations import DEFAULT_STALE_AFTER, StaleAfter
from statustui.core.job_verdict import DEFAULT_GRACE
from statustui.monitor.cache_store import CacheStore
from statustui.monitor.capacity import Capacity
from statustui.monitor.fs.deadline import PATIENCE

if TYPE_CHECKING:
    from statustui.scheduler.asker import Asker


class Details(enum.Enum):
    """How much to read of each run; each level includes the one before."""

    STATUS = "status"
    """The status file and its owner."""
    METADATA = "metadata"
    """The files beside it too: name, user and series."""
    ALL = "all"
    """Also whether the run has stalled, compared with others of its name."""

    @classmethod
    def of(cls, fields: AbstractSet[str]) -> Details:
        """Return the level that is needed to count the runs that match a filter.

        Any field needs at least `METADATA`, which the members of a series depend on.

        Args:
            fields: The fields and flags that the filter uses.
        """
        if "stalled" in fields:
            return cls.ALL
        return cls.METADATA if fields else cls.STATUS


class ReadOptions(NamedTuple):
    """How much to find out about runs, and how long to wait for their files."""

    details: Details = Details.ALL
    """How much to read of each run."""
    tells_pasts: bool = False
    """Whether the runs are to carry their pasts; `details` then include `METADATA`."""
    stale_after: StaleAfter = DEFAULT_STALE_AFTER
    """How long a run may stay in a state before it can count as stalled."""
    grace: float = DEFAULT_GRACE
    """Seconds after the end of its job until a run under way counts as dead."""
    patience: float = PATIENCE
    """Seconds without an answer after which a root is given up."""
    capacity: Capacity | None = None
    """What all roots share; None to make it anew."""
    store: CacheStore | None = None
    """Where what was found before is kept of roots on this host; None to read everything."""
    asker: Asker | None = None
    """Asked once about the jobs of all runs under way; None to go by their files."""


DEFAULT_OPTIONS = ReadOptions()
