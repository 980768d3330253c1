"""Change events of one root: what is listened to, and whether it can be relied on."""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import NamedTuple

from statustui.core.working_dir import RUN_COMPLETE, STATUS
from statustui.monitor.events.check import EventCheck
from statustui.monitor.events.watcher import OpenWatcher, Watcher, open_watcher
from statustui.monitor.fs.mounts import Reach
from statustui.monitor.poll_policy import WatchMode
from statustui.monitor.root_scanner import RootScanner

_RUN_FILES = frozenset({STATUS, RUN_COMPLETE, "attributes", "config", "results.json"})
"""Files of a run whose change can change its picture."""
_WATCHES_PER_STEP = 5000
"""Watches that are set at a time, so that looking at runs does not wait for them."""


class Hints(NamedTuple):
    """Where something may have changed."""

    runs: set[str]
    directories: set[str]
    contents: frozenset[str] = frozenset()
    """The runs of which more than the status file may have changed."""
    everywhere: bool = False
    """Whether events have been lost."""


class Listener:
    """Keeps watches on the directories and runs that a scanner knows.

    Directories in which runs appear and active runs come first, then what is quiet, as far as the
    limit goes: directories without runs, and finished runs, the newest first.

    Args:
        scanner: Knows what there is to listen to.
        mode: Whether to use events.
        max_watches: How many directories may be watched; None for no limit.
        wake: Called from another thread when there are hints, or none to be had any more.
        open_watcher: Makes what watches.
    """

    def __init__(
        self,
        scanner: RootScanner,
        mode: WatchMode,
        max_watches: int | None,
        wake: Callable[[], object],
        open_watcher: OpenWatcher = open_watcher,
    ) -> None:
        self.fallback: str | None = None
        """Why events are not used although they could be."""
        self.unwatched: list[str] = []
        """The active runs whose changes could be announced, but are not yet."""
        self._scanner = scanner
        self._max_watches = max_watches
        self._wake = wake
        self._lock = threading.Lock()
        self._hinted: set[str] = set()
        self._fresh: set[str] = set()
        self._has_lost = False
        self._resting: dict[str, None] = {}
        """What rests and is watched or about to be, the least important first."""
        self._new_resting: list[str] = []
        """What has come to rest since watches were adjusted last."""
        self._pending: list[str] = []
        """What rests and is about to be watched, the most important last."""
        self._leaves_out = False
        """Whether some of what rests is not watched."""
        self._expected: AbstractSet[str] = frozenset()
        """Runs whose changes have been announced, so that finding them proves nothing."""
        self._watcher: Watcher | None = None
        self._check = EventCheck()
        self._root_mount = scanner.filesystems.devices.root_mount
        self._everywhere = mode == "events"
        if self._everywhere or (mode == "auto" and self._root_mount.reach is Reach.LOCAL):
            try:
                self._watcher = open_watcher(_RUN_FILES, self)
            except OSError as error:
                self.fallback = f"no events: {error.strerror or error}"
            else:
                scanner.use_events(self._hears)

    @property
    def is_listening(self) -> bool:
        """Whether events are used."""
        return self._watcher is not None

    @property
    def hears_something(self) -> bool:
        """Whether watches have been set."""
        return self._watcher is not None and bool(self._watcher.watched)

    @property
    def hears_everything(self) -> bool:
        """Whether all runs are watched."""
        is_settled = not (self.unwatched or self._pending or self._leaves_out)
        return self.hears_something and is_settled

    @property
    def watched_resting(self) -> int:
        """How many finished runs, and directories without runs, are watched."""
        return len(self._resting) - len(self._pending)

    def hints(self) -> Hints:
        """Where something may have changed since the last call."""
        with self._lock:
            hinted, self._hinted = self._hinted, set()
            has_lost, self._has_lost = self._has_lost, False
        announced = self._locate(hinted)
        for path in announced.runs:
            self._check.announced(path)
        # What has happened since the last look, and before the watch was set, raised no event.
        fresh, self._fresh = self._locate(self._fresh), set()
        return Hints(
            announced.runs | fresh.runs,
            announced.directories | fresh.directories,
            announced.contents,
            has_lost,
        )

    def _locate(self, paths: set[str]) -> Hints:
        runs: set[str] = set()
        directories: set[str] = set()
        contents: set[str] = set()
        scanner = self._scanner
        for hint in paths:
            path = scanner.root + hint[len(scanner.real_root) :]
            above, name = os.path.split(path)
            if path in scanner:
                runs.add(path)
            if above in scanner and (name in _RUN_FILES or scanner.is_series(above)):
                runs.add(above)
                if name != STATUS:
                    contents.add(above)
                    continue
            directories |= {path, above}
        return Hints(runs, directories, frozenset(contents))

    @property
    def has_hints(self) -> bool:
        """Whether there is something to look at, or to listen to, right now."""
        return bool(self._hinted or self._fresh or self._has_lost or self._pending)

    def expect(self, runs: Iterable[str]) -> None:
        """Count no change of these runs as one that came without an event."""
        self._expected = frozenset(runs)

    def check_announced(self, path: str) -> None:
        """Record a change of the run at `path`, of which an event must tell if it is watched."""
        if path not in self._expected and self._hears(path):
            self._check.changed(path, time.monotonic())

    def release(self, path: str) -> None:
        """Stop watching `path`: it is gone, or another directory is there now."""
        if self._watcher is not None:
            self._watcher.discard(self._absolute(path))
        self._resting.pop(path, None)

    def add_resting(self, path: str) -> None:
        """Watch a finished run, or a directory without runs, as far as the limit allows."""
        if self._watcher is not None:
            self._new_resting.append(path)

    def adjust(self) -> None:
        """Listen to what the scanner knows now; or stop, if events do not come."""
        if self._watcher is None:
            return
        if self._root_mount != self._scanner.filesystems.devices.root_mount:
            self.fallback = "no events: the filesystem has changed"
        if self._check.fails(time.monotonic()):
            self.fallback = "changes came without events"
        directories = self._scanner.watchable_directories(everywhere=self._everywhere)
        runs = self._scanner.watchable_runs(everywhere=self._everywhere)
        needed = [*directories, *runs]
        limit = self._max_watches
        if limit is not None and len(needed) > limit:
            self.fallback = f"no events: {len(needed):,} directories, {limit:,} may be watched"
        if self.fallback is not None:
            self.close()
            return
        try:
            for path in needed:
                self._resting.pop(path, None)
                if not self._hears(path):
                    self._add(path)
        except OSError as error:
            self.fallback = f"no events: {error.strerror or error}"
            self.close()
            return
        self.unwatched = [path for path in runs if not self._hears(path)]
        self._choose_resting(None if limit is None else limit - len(needed))
        self.add_pending()

    def _add(self, path: str) -> None:
        """Watch a directory.

        Raises:
            OSError: No more directories may be watched.
        """
        absolute = self._absolute(path)
        if self._watcher is not None and self._watcher.add(absolute):
            self._fresh.add(absolute)

    def _choose_resting(self, room: int | None) -> None:
        """Choose which of what rests is watched: `room` of them, None without a limit."""
        scanner = self._scanner
        new, self._new_resting = self._new_resting, []
        for path in self._newest(new, room):
            if scanner.is_watchable(path, everywhere=self._everywhere):
                self._resting.pop(path, None)
                self._resting[path] = None
                if not self._hears(path):
                    self._pending.append(path)
            else:
                self._leaves_out = True
        if room is not None and len(self._resting) > room:
            self._leaves_out = True
            for path in list(islice(self._resting, len(self._resting) - room)):
                del self._resting[path]
                if self._watcher is not None:
                    self._watcher.discard(self._absolute(path))

    def _newest(self, paths: list[str], room: int | None) -> Iterable[str]:
        """Those of `paths` that still rest and that there is room for, the newest last."""
        since = {
            path: moment
            for path in paths
            if (moment := self._scanner.resting_since(path)) is not None
        }
        most = len(since) if room is None else room
        self._leaves_out |= len(since) > most
        return reversed(heapq.nlargest(most, since, key=since.__getitem__))

    def add_pending(self) -> None:
        """Set some of the watches that have been chosen, the most important first."""
        for _ in range(min(_WATCHES_PER_STEP, len(self._pending))):
            path = self._pending.pop()
            if path not in self._resting or self._hears(path):
                continue
            try:
                self._add(path)
            except OSError:
                # Other programs have taken the rest of what the user may have.
                self._max_watches = len(self._watcher.watched) if self._watcher else 0
                self._pending, self._leaves_out = [], True
                return

    def close(self) -> None:
        """Stop listening."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
            self._resting, self._pending = {}, []
            self._scanner.use_events(None)
            self.unwatched = []

    def _hears(self, path: str) -> bool:
        return self._watcher is not None and self._absolute(path) in self._watcher.watched

    def _absolute(self, path: str) -> str:
        return self._scanner.real_root + path[len(self._scanner.root) :]

    # What is called from the watching threads.

    def hint(self, paths: set[str]) -> None:
        """Something may have changed at these paths."""
        with self._lock:
            self._hinted |= paths
        self._wake()

    def lose(self) -> None:
        """Events have been lost: anything may have changed."""
        with self._lock:
            self._has_lost = True
        self._wake()

    def fail(self, reason: str) -> None:
        """No more events come."""
        self.fallback = reason
        self._wake()
