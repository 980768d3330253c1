"""Change events through watchfiles, on platforms without inotify(7)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection

from statustui.monitor.events.watcher import Listening

_DEBOUNCE, _STEP = 100, 50
"""Milliseconds: how long events are gathered at the most, and how long a pause ends that."""
_ALIVE = 500
"""Milliseconds after which a quiet watcher says that it is there."""
_SETTLE = 1.0
"""Seconds between two times that the watches are set up, at the least."""
_SETTLE_SHARE = 0.05
"""Share of the time that goes into setting up watches."""


class Watchfiles:
    """Watches through watchfiles, wherever that has events to offer.

    Its watches cannot be changed one at a time: they are set up anew in a thread, while those
    before go on.

    Args:
        listening: Is told of events.
    """

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._wanted: set[str] = set()
        self._watch: _Watch | None = None
        self._is_changed = threading.Event()
        self._closed = threading.Event()
        threading.Thread(target=self._serve, name="watches", daemon=True).start()

    @property
    def watched(self) -> Collection[str]:
        """The directories whose events arrive."""
        watch = self._watch
        return watch.paths if watch is not None else ()

    def add(self, path: str) -> bool:
        """Watch the directory at `path` soon; it is hinted at once it is."""
        if path not in self._wanted:
            self._wanted.add(path)
            self._is_changed.set()
        return path in self.watched

    def discard(self, path: str) -> None:
        """Watch the directory at `path` no longer, and forget the watch on it."""
        self._wanted.discard(path)
        if self._watch is not None:
            self._watch.paths.discard(path)

    def close(self) -> None:
        """End watching."""
        self._closed.set()
        self._is_changed.set()
        if self._watch is not None:
            self._watch.stopped.set()

    def _serve(self) -> None:
        while not self._closed.is_set():
            self._is_changed.wait()
            self._is_changed.clear()
            begun = time.monotonic()
            watch = _Watch(set(self._wanted), self._listening)
            while not watch.is_set.wait(_SETTLE) and not self._closed.is_set():
                continue
            before, self._watch = self._watch, watch
            if before is not None:
                before.stopped.set()
            if self._closed.is_set():
                watch.stopped.set()
                return
            # What has happened before a watch was set raised no event.
            fresh = watch.paths - (before.paths if before is not None else set())
            if fresh:
                self._listening.hint(fresh)
            self._closed.wait(max(_SETTLE, (time.monotonic() - begun) / _SETTLE_SHARE))


class _Watch:
    """One set of watches and the thread that waits for their events."""

    def __init__(self, paths: set[str], listening: Listening) -> None:
        self.paths = paths
        self.is_set = threading.Event()
        self.stopped = threading.Event()
        self._listening = listening
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def _run(self) -> None:
        while not self.stopped.is_set():
            # Whatever has gone meanwhile is left out; the poller finds out that it has.
            self.paths = {path for path in self.paths if os.access(path, os.R_OK | os.X_OK)}
            if not self.paths:
                break
            try:
                self._wait_for_events(sorted(self.paths))
            except (FileNotFoundError, PermissionError):
                continue
            except (OSError, RuntimeError) as error:
                if not self.stopped.is_set():
                    self._listening.fail(f"no events: {error}")
                break
        self.is_set.set()

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
                self._listening.hint({path for _change, path in changes})
