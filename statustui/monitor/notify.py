"""Change events of the operating system, through watchfiles: hints that move a check forward.

An event is never believed: what it does is that a file is looked at now and not later. Events get
lost in ways that raise no error, so nothing here is needed for a change to be seen.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

_DEBOUNCE, _STEP = 100, 20
"""Milliseconds: how long events are gathered at the most, and how long a pause ends that."""
_ALIVE = 500
"""Milliseconds after which a quiet watcher says that it is there."""
_SETTLE = 1.0
"""Seconds between two times that the watches are set up, at the least."""
_SETTLE_SHARE = 0.05
"""Share of the time that goes into setting up watches."""
_LIMITS = ("/proc/sys/fs/inotify/max_user_watches", "/proc/sys/user/max_inotify_watches")
_LIMIT_SHARE = 4
"""We take one in so many of the watches that the user may have: other programs need some too."""
_UNANNOUNCED = 3
"""Changes without an event, from which on events are not relied on."""
_EVENT_DELAY = 2.0
"""Seconds that the event of a change may take after the change has been seen."""


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


class Notifier:
    """Watches a changing set of directories, none of them recursively.

    Args:
        hint: Called from a thread with paths at which something may have changed.
        failed: Called from a thread with a reason when watching is not possible; nothing more is
            hinted then.
    """

    def __init__(self, hint: Callable[[set[str]], None], failed: Callable[[str], None]) -> None:
        """Start without directories."""
        self._hint = hint
        self._failed = failed
        self._watch: _Watch | None = None
        self._next: _Watch | None = None
        self._settled_at = float("-inf")

    @property
    def watched(self) -> set[str]:
        """The directories whose events arrive."""
        return self._watch.paths if self._watch is not None else set()

    def watch(self, paths: set[str]) -> None:
        """Watch these directories from soon on; the old watches stay until the new ones are set."""
        if self._next is not None or paths <= self.watched:
            return
        if time.monotonic() >= self._settled_at:
            self._next = _Watch(paths, self._hint, self._failed)

    def change_over(self) -> set[str]:
        """Go over to watches that have been set up meanwhile.

        Returns:
            The directories whose events arrive from now on, and did not before.
        """
        if self._next is None or not self._next.is_set.is_set():
            return set()
        before = self._watch
        self._watch, self._next = self._next, None
        now = time.monotonic()
        cost = now - self._watch.started
        self._settled_at = now + max(_SETTLE, cost / _SETTLE_SHARE)
        if before is None:
            return set(self._watch.paths)
        before.stopped.set()
        return self._watch.paths - before.paths

    def forget(self, path: str) -> None:
        """Take note that a directory is gone, and the watch on it too."""
        for watch in (self._watch, self._next):
            if watch is not None:
                watch.paths.discard(path)

    def stop(self) -> None:
        """End watching."""
        for watch in (self._watch, self._next):
            if watch is not None:
                watch.stopped.set()
        self._watch = self._next = None


class _Watch:
    """One set of watches and the thread that waits for their events."""

    def __init__(
        self,
        paths: set[str],
        hint: Callable[[set[str]], None],
        failed: Callable[[str], None],
    ) -> None:
        self.paths = set(paths)
        self.started = time.monotonic()
        self.is_set = threading.Event()
        self.stopped = threading.Event()
        self._hint = hint
        self._failed = failed
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def _run(self) -> None:
        while not self.stopped.is_set():
            # Whatever has gone meanwhile is left out; the poller finds out that it has.
            gone = {path for path in set(self.paths) if not os.access(path, os.R_OK | os.X_OK)}
            self.paths -= gone
            if not self.paths:
                self.is_set.set()
                return
            try:
                self._wait_for_events(sorted(self.paths))
            except (FileNotFoundError, PermissionError):
                continue
            except (OSError, RuntimeError) as error:
                if not self.stopped.is_set():
                    self._failed(f"no events: {error}")
                return

    def _wait_for_events(self, paths: list[str]) -> None:
        import watchfiles  # noqa: PLC0415 - it takes longer than reading a thousand runs

        for changes in watchfiles.watch(
            *paths,
            watch_filter=None,
            debounce=_DEBOUNCE,
            step=_STEP,
            stop_event=self.stopped,
            rust_timeout=_ALIVE,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=False,
            recursive=False,
            ignore_permission_denied=False,
        ):
            self.is_set.set()
            if changes:
                self._hint({path for _change, path in changes})


class EventCheck:
    """Finds out whether events can be relied on: a watched run must not change without one."""

    def __init__(self) -> None:
        """Start with confidence."""
        self._announced = 0
        self._unannounced = 0
        self._waiting: dict[str, float] = {}

    def announced(self, path: str) -> None:
        """Take note of an event for a run."""
        if self._waiting.pop(path, None) is None:
            self._announced += 1

    def changed(self, path: str, now: float) -> None:
        """Take note of a change that a sweep has found; its event may still be under way."""
        self._waiting.setdefault(path, now)

    def fails(self, now: float) -> bool:
        """Whether too many changes have come without an event."""
        late = [path for path, since in self._waiting.items() if since < now - _EVENT_DELAY]
        for path in late:
            del self._waiting[path]
        self._unannounced += len(late)
        return self._unannounced >= _UNANNOUNCED and self._unannounced > self._announced
