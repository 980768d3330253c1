"""What watches directories, and what it tells.

An event is never believed: what it does is that a file is looked at now and not later. Events get
lost in ways that raise no error, so nothing here is needed for a change to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, TypeAlias

_LIMITS = ("/proc/sys/fs/inotify/max_user_watches", "/proc/sys/user/max_inotify_watches")
_LIMIT_SHARE = 2
"""One in so many of the watches that the user may have is taken: other programs need some too."""


class Watcher(Protocol):
    """Watches directories, none of them recursively."""

    @property
    def watched(self) -> Collection[str]:
        """The directories whose events arrive."""

    def add(self, path: str) -> bool:
        """Watch the directory at `path`, now or soon.

        Returns:
            Whether its events arrive from now on. If they do later, the path is hinted at then.

        Raises:
            OSError: No more directories may be watched.
        """

    def discard(self, path: str) -> None:
        """Watch the directory at `path` no longer."""

    def close(self) -> None:
        """End watching."""


class Listening(Protocol):
    """What a watcher tells, from a thread of its own."""

    def hint(self, paths: set[str]) -> None:
        """Something may have changed at these paths."""

    def lose(self) -> None:
        """Events have been lost: anything may have changed."""

    def fail(self, reason: str) -> None:
        """No more events come."""


OpenWatcher: TypeAlias = Callable[[Collection[str], Listening], Watcher]
"""Makes a watcher, given the names of the files whose changes matter and who is told of them."""


def open_watcher(names: Collection[str], listening: Listening) -> Watcher:
    """Make the watcher that suits the platform.

    Raises:
        OSError: The user may have no more watchers.
    """
    # Imported once there is something to watch: the first frame comes before that.
    from statustui.monitor.events.inotify import Inotify, has_inotify  # noqa: PLC0415 - see above

    if has_inotify():
        return Inotify(names, listening)
    return _portable(listening)  # pragma: no cover - platforms without inotify


def _portable(listening: Listening) -> Watcher:  # pragma: no cover - as above
    from statustui.monitor.events.portable import Watchfiles  # noqa: PLC0415 - see above

    return Watchfiles(listening)


def watch_limit() -> int | None:
    """How many directories may be watched; None where the platform sets no limit."""
    limits = []
    for path in _LIMITS:
        try:
            with open(path, encoding="ascii") as file:
                limits.append(int(file.read()))
        except (OSError, ValueError):
            continue
    return min(limits) // _LIMIT_SHARE if limits else None
