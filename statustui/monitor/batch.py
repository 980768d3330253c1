"""What a monitor delivers: batches of changes, and the health of each root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from statustui.core.run import Run
from statustui.monitor.unread import Unread


class RootHealth(NamedTuple):
    """How one root is watched, and how complete and recent its runs are."""

    root: str
    mode: Literal["events", "polling"] = "polling"
    """Whether change events of the operating system trigger early checks."""
    interval: float = 1.0
    """Seconds between two sweeps."""
    quiet: float | None = None
    """Seconds between two checks of a run under way without a new status for a while; None if all
    are due in every sweep."""
    filesystem: str = ""
    """Type of the filesystem of the root."""
    found: int = 0
    """Number of runs found so far."""
    read: int = 0
    """Number of runs read so far."""
    swept: bool = False
    """Whether the whole root has been read once."""
    sweeps: int = 0
    """How often everything has been checked; 0 if the root is the same directory as another."""
    rest: float | None = None
    """Longest delay in seconds until a change of a finished run is seen; None: at once."""
    links: int = 0
    """Number of symbolic links that were not followed in the search for runs."""
    unreachable: bool = False
    """Whether the root itself cannot be read, so that its runs are out of date."""
    needs_user: bool = False
    """Whether ssh has to ask its user before the root can be reached."""
    problem: str | None = None
    """What cannot be read and why, in one line."""
    incomplete: tuple[Unread, ...] = ()
    """Every part that cannot be read; may include the root itself."""
    fallback: str | None = None
    """Why events are not used although they could be."""
    as_of: float | None = None
    """When the runs were last up to date, in seconds since 1970; None if they are now."""
    silent: float | None = None
    """Seconds for which the filesystem has not answered."""
    unanswered: str = ""
    """Why the scheduler has not answered when it was asked last; empty if it has."""


class Batch(NamedTuple):
    """Changes of some roots; apply `removed` before `changed`."""

    changed: tuple[Run, ...] = ()
    removed: tuple[str, ...] = ()
    """Paths of runs that no longer exist."""
    health: tuple[RootHealth, ...] = ()
    """The roots whose health has changed."""


Deliver: TypeAlias = Callable[[Batch], object]
"""Receives batches; may return True to ask for some time before the next one."""
