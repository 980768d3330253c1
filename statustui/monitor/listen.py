"""Change events of one root: what is listened to, and whether it can be relied on."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from statustui.core.working_dir import RUN_COMPLETE, STATUS
from statustui.monitor.filesystem import Reach
from statustui.monitor.notify import EventCheck, Notifier
from statustui.monitor.pace import WatchMode
from statustui.monitor.sweep import Sweeper

_TELLING = frozenset({STATUS, RUN_COMPLETE, "attributes", "config", "results.json"})
"""Files of a run whose change can change its picture."""


class Hints(NamedTuple):
    """Where something may have changed."""

    runs: set[str]
    directories: set[str]


class Listener:
    """Keeps watches on the runs and directories that a sweeper knows.

    Args:
        sweeper: Knows what there is to listen to.
        mode: Whether to use events.
        max_watches: How many directories may be watched; None for no limit.
        wake: Called from another thread when there are hints, or none to be had any more.
    """

    def __init__(
        self,
        sweeper: Sweeper,
        mode: WatchMode,
        max_watches: int | None,
        wake: Callable[[], None],
    ) -> None:
        """Listen where that makes sense."""
        self.fallback: str | None = None
        """Why events are not used although they could be."""
        self.unwatched: list[str] = []
        """The active runs whose changes could be announced, but are not yet."""
        self._sweeper = sweeper
        self._max_watches = max_watches
        self._wake = wake
        self._lock = threading.Lock()
        self._hinted: set[str] = set()
        self._fresh: set[str] = set()
        self._notifier: Notifier | None = None
        self._check = EventCheck()
        self._root_mount = sweeper.devices.root_mount
        self._everywhere = mode == "events"
        if self._everywhere or (mode == "auto" and self._root_mount.reach is Reach.LOCAL):
            self._notifier = Notifier(self._hint, self._fail)

    @property
    def is_listening(self) -> bool:
        """Whether events are used."""
        return self._notifier is not None

    @property
    def hears_something(self) -> bool:
        """Whether watches have been set."""
        return self._notifier is not None and bool(self._notifier.watched)

    def hints(self) -> Hints:
        """Where something may have changed since the last call."""
        with self._lock:
            hinted, self._hinted = self._hinted, set()
        announced = self._locate(hinted)
        for path in announced.runs:
            self._check.announced(path)
        # What has happened since the last look, and before the watch was set, raised no event.
        fresh, self._fresh = self._locate(self._fresh), set()
        return Hints(announced.runs | fresh.runs, announced.directories | fresh.directories)

    def _locate(self, paths: set[str]) -> Hints:
        runs: set[str] = set()
        directories: set[str] = set()
        sweeper = self._sweeper
        for hint in paths:
            path = sweeper.root + hint[len(sweeper.real_root) :]
            above, name = os.path.split(path)
            if above in sweeper:
                if name in _TELLING or sweeper.is_series(above):
                    runs.add(above)
            elif path in sweeper:
                runs.add(path)
                directories.add(above)
            else:
                directories |= {path, above}
        return Hints(runs, directories)

    @property
    def has_hints(self) -> bool:
        """Whether something may have changed since the last call of `hints`."""
        return bool(self._hinted or self._fresh)

    def compare(self, announced: AbstractSet[str] = frozenset()) -> None:
        """Take in what the sweeper has found, `announced` by hints or not."""
        sweeper = self._sweeper
        changed, sweeper.changed = sweeper.changed, []
        forgotten, sweeper.forgotten = sweeper.forgotten, []
        if self._notifier is None:
            return
        now = time.monotonic()
        for path in changed:
            if path not in announced and self._hears(path):
                self._check.changed(path, now)
        for path in forgotten:
            self._notifier.forget(self._absolute(path))

    def adjust(self) -> None:
        """Listen to what the sweeper knows now; or stop, if events do not come."""
        if self._notifier is None:
            return
        if self._root_mount != self._sweeper.devices.root_mount:
            self.fallback = "no events: the filesystem has changed"
        if self._check.fails(time.monotonic()):
            self.fallback = "changes came without events"
        directories = self._sweeper.watchable_directories(everywhere=self._everywhere)
        runs = self._sweeper.watchable_runs(everywhere=self._everywhere)
        paths = set(map(self._absolute, [*directories, *runs]))
        limit = self._max_watches
        if limit is not None and len(paths) > limit:
            self.fallback = f"no events: {len(paths):,} directories, {limit:,} may be watched"
        if self.fallback is not None:
            self.close()
            return
        self._fresh = self._notifier.change_over()
        self._notifier.watch(paths)
        self.unwatched = [path for path in runs if not self._hears(path)]

    def close(self) -> None:
        """Stop listening."""
        if self._notifier is not None:
            self._notifier.stop()
            self._notifier = None
            self.unwatched = []

    def _hears(self, path: str) -> bool:
        return self._notifier is not None and self._absolute(path) in self._notifier.watched

    def _absolute(self, path: str) -> str:
        return self._sweeper.real_root + path[len(self._sweeper.root) :]

    # What is called from the watching threads.

    def _hint(self, paths: set[str]) -> None:
        with self._lock:
            self._hinted |= paths
        self._wake()

    def _fail(self, reason: str) -> None:
        self.fallback = reason
        self._wake()
