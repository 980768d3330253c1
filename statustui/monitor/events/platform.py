"""The watcher of this platform, and how much it may watch."""

from __future__ import annotations

from collections.abc import Collection

from statustui.monitor.events.watcher import HintReceiver, Locate, Watcher

_LIMITS = ("/proc/sys/fs/inotify/max_user_watches", "/proc/sys/user/max_inotify_watches")
_LIMIT_DIVISOR = 2
"""The user's limit of watches is divided by this, to leave some to other programs."""


def open_watcher(names: Collection[str], receiver: HintReceiver, locate: Locate) -> Watcher:
    """Open the watcher of the platform.

    Raises:
        OSError: The user may not have another watcher.
    """
    # Imported late because the first frame does not need it.
    from statustui.monitor.events.inotify import Inotify, has_inotify  # noqa: PLC0415 - see above

    if has_inotify():
        return Inotify(names, receiver, locate)
    return _portable(receiver, locate)  # pragma: no cover - platforms without inotify


def _portable(receiver: HintReceiver, locate: Locate) -> Watcher:  # pragma: no cover - as above
    from statustui.monitor.events.portable import Watchfiles  # noqa: PLC0415 - see above

    return Watchfiles(receiver, locate)


def watch_limit() -> int | None:
    """Return how many directories to watch at most; None if the platform sets no limit."""
    limits = []
    for path in _LIMITS:
        try:
            with open(path, encoding="ascii") as file:
                limits.append(int(file.read()))
        except (OSError, ValueError):
            continue
    return min(limits) // _LIMIT_DIVISOR if limits else None
