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
"""Seconds between two times that the watches are set up."""
_MAX_USER_WATCHES = "/proc/sys/fs/inotify/max_user_watches"
_SHARE = 4
"""We take one in so many of the watches that the user may have: other programs need some too."""


def watch_limit() -> int | None:
    """How many directories may be watched; None where the platform sets no limit."""
    try:
        with open(_MAX_USER_WATCHES, encoding="ascii") as file:
            return int(file.read()) // _SHARE
    except (OSError, ValueError):
        return None


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
        self._set_up_at = 0.0

    @property
    def watched(self) -> frozenset[str]:
        """The directories whose events arrive."""
        self._change_over()
        return self._watch.paths if self._watch is not None else frozenset()

    def watch(self, paths: frozenset[str]) -> None:
        """Watch these directories from soon on; the old watches stay until the new ones are set."""
        self._change_over()
        if self._next is not None or paths <= self.watched:
            return
        now = time.monotonic()
        if now - self._set_up_at >= _SETTLE:
            self._set_up_at = now
            self._next = _Watch(paths, self._hint, self._failed)

    def _change_over(self) -> None:
        if self._next is not None and self._next.is_set.is_set():
            if self._watch is not None:
                self._watch.stopped.set()
            self._watch, self._next = self._next, None

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
        paths: frozenset[str],
        hint: Callable[[set[str]], None],
        failed: Callable[[str], None],
    ) -> None:
        self.paths = paths
        self.is_set = threading.Event()
        self.stopped = threading.Event()
        self._hint = hint
        self._failed = failed
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def _run(self) -> None:
        paths = set(self.paths)
        while paths and not self.stopped.is_set():
            try:
                self._wait_for_events(paths)
            except (FileNotFoundError, PermissionError):
                # Whatever has gone meanwhile is left out; the poller finds out that it has.
                paths = {path for path in paths if _is_readable(path)}
            except (OSError, RuntimeError) as error:
                if not self.stopped.is_set():
                    self._failed(f"no events: {error}")
                return

    def _wait_for_events(self, paths: set[str]) -> None:
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


def _is_readable(path: str) -> bool:
    return os.access(path, os.R_OK | os.X_OK)
