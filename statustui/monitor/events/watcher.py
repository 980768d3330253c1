"""The interfaces of directory watchers and of the receivers of their events.

An event is only a hint to check a file now instead of later. Events get lost in ways that raise no
error, so polling finds every change without them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, TypeAlias


class Watcher(Protocol):
    """Watches directories, none of them recursively."""

    @property
    def watched(self) -> Collection[str]:
        """Paths of the directories whose events are reported."""

    def add(self, path: str) -> bool:
        """Watch the directory at `path`, now or soon.

        Returns:
            Whether its events are reported from now on. If they are later, a hint for it tells.

        Raises:
            OSError: No more directories may be watched.
        """

    def discard(self, path: str) -> None:
        """Stop watching the directory at `path`."""

    def close(self) -> None:
        """Stop watching all directories."""


class HintReceiver(Protocol):
    """Receives what a watcher reports, on the watcher's thread."""

    def add_hints(self, paths: set[str]) -> None:
        """Receive paths at which something may have changed."""

    def report_lost_events(self) -> None:
        """Receive that events have been lost, so that anything may have changed."""

    def report_failure(self, reason: str) -> None:
        """Receive why no more events will come."""


Locate: TypeAlias = Callable[[str], str]
"""Returns the absolute path of a directory, of which no copy is kept."""

OpenWatcher: TypeAlias = Callable[[Collection[str], HintReceiver, Locate], Watcher]
"""Opens a watcher, given the names of the files to report changes of, a receiver, and where the
directories are."""
