"""What a monitor hands out: batches of changes, and the health of each root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from statustui.core.run import Run


class Unread(NamedTuple):
    """A part of a root that cannot be read or listed."""

    path: str
    error: str
    """Why, in the words of the operating system."""


@dataclass(frozen=True, slots=True)
class RootHealth:
    """How the picture of one root comes about and how good it is."""

    root: str
    mode: Literal["events", "polling"] = "polling"
    """Whether change events of the operating system trigger an early look."""
    interval: float = 1.0
    """Seconds between two sweeps."""
    filesystem: str = ""
    """Type of the filesystem that the root is on."""
    found: int = 0
    """Number of runs found so far."""
    read: int = 0
    """How many of them have been read."""
    swept: bool = False
    """Whether the root has been seen whole once."""
    sweeps: int = 0
    """How often everything has been looked at; 0 for a root that another one stands for."""
    rest: float | None = None
    """Seconds after which a change of a finished run is seen at the latest; None if events tell."""
    links: int = 0
    """Number of links that were not followed while runs were looked for."""
    unreachable: bool = False
    """Whether the root itself cannot be read: the picture is an old one."""
    problem: str | None = None
    """What cannot be read and why, in one line."""
    incomplete: tuple[Unread, ...] = ()
    """Every part that cannot be read; the root itself is one."""
    fallback: str | None = None
    """Why events are not used although they could be."""
    as_of: float | None = None
    """When the picture was last right, in seconds since 1970; None if it is of now."""
    silent: float | None = None
    """Seconds for which the filesystem has not answered."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes in the order in which they are to be taken in: first `removed`, then `changed`."""

    changed: tuple[Run, ...] = ()
    removed: tuple[str, ...] = ()
    """Paths of runs that are gone."""
    health: tuple[RootHealth, ...] = ()
    """The roots whose health has changed."""


Deliver: TypeAlias = Callable[[Batch], object]
