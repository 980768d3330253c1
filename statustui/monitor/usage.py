"""What is asked of the filesystem of a root."""

from __future__ import annotations

from typing import NamedTuple


class Usage(NamedTuple):
    """What has been asked of a filesystem so far.

    The files of a run that the user opens, other than its status file, are not counted.
    """

    looks: int = 0
    """Checks whether a run or a directory has changed: a ``stat``, or an ``open`` where ``stat``
    may be out of date."""
    opens: int = 0
    """Status files that were opened to be read."""
    size: int = 0
    """Bytes of status files that were read."""

    def since(self, before: Usage) -> Usage:
        """Return what has been asked since `before`."""
        return Usage(*(now - then for now, then in zip(self, before, strict=True)))


class RootUsage(NamedTuple):
    """What has been asked of the filesystem of one root."""

    root: str
    usage: Usage


class UsageCounter:
    """Counts for one root.

    The thread of the root counts, once for many runs; others may read at any time, without a lock.
    """

    def __init__(self) -> None:
        self.looks = 0
        self.opens = 0
        self.size = 0

    @property
    def usage(self) -> Usage:
        """What has been counted so far."""
        return Usage(self.looks, self.opens, self.size)
