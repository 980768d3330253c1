"""Change events of one root: which directories are watched, and whether events are reliable."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import NamedTuple

from statustui.core.working_dir import RUN_COMPLETE, STATUS
from statustui.monitor.events.check import EventCheck
from statustui.monitor.events.newest import newest
from statustui.monitor.events.platform import open_watcher
from statustui.monitor.events.watcher import OpenWatcher, Watcher
from statustui.monitor.fs.mounts import Reach
from statustui.monitor.poll_policy import WatchMode
from statustui.monitor.root_scanner import RootScanner

_RUN_FILES = frozenset({STATUS, RUN_COMPLETE, "attributes", "config", "results.json"})
"""Names of the files that a run is read from."""
_WATCHES_PER_STEP = 5000
"""Watches that are set at a time, so that checks of runs do not have to wait for long."""


class Hints(NamedTuple):
    """Where something may have changed."""

    runs: set[str]
    """Paths of runs."""
    directories: set[str]
    """Paths of directories, known or not."""
    contents: frozenset[str] = frozenset()
    """The runs of which files beside the status file may have changed."""
    has_lost_events: bool = False
    """Whether events have been lost."""


class Listener:
    """Keeps watches on the directories and runs that a scanner knows.

    Directories in which runs appear and active runs are watched first, then resting paths up to the
    limit: directories without runs, and finished runs, the newest first.

    Args:
        scanner: Knows the directories and runs.
        mode: Whether to use events.
        max_watches: How many directories may be watched; None for no limit.
        wake: Called from another thread when there are hints, or no more events will come.
        open_watcher: Opens the watcher.
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
        """Paths of active runs that could be watched but are not yet."""
        self._scanner = scanner
        self._max_watches = max_watches
        self._wake = wake
        self._lock = threading.Lock()
        self._hinted_paths: set[str] = set()
        self._newly_watched: set[str] = set()
        self._has_lost_events = False
        self._resting: dict[str, None] = {}
        """Resting paths that are watched or about to be, the least important first."""
        self._new_resting: list[str] = []
        """Paths that have come to rest since the watches were last updated, some of them twice."""
        self._pending: list[str] = []
        """Resting paths that are about to be watched, the most important last."""
        self._omits_resting = False
        """Whether some resting paths are not watched."""
        self._expected: AbstractSet[str] = frozenset()
        """Runs with an event already, whose changes are no test of whether events work."""
        self._watcher: Watcher | None = None
        self._check = EventCheck()
        self._root_mount = scanner.filesystems.devices.root_mount
        self._any_filesystem = mode == "events"
        if self._any_filesystem or (mode == "auto" and self._root_mount.reach is Reach.LOCAL):
            try:
                self._watcher = open_watcher(_RUN_FILES, self, self._locate)
            except OSError as error:
                self.fallback = f"no events: {error.strerror or error}"
            else:
                scanner.use_events(self._is_watched)

    @property
    def is_listening(self) -> bool:
        """Whether events are used."""
        return self._watcher is not None

    @property
    def has_watches(self) -> bool:
        """Whether watches have been set."""
        return self._watcher is not None and bool(self._watcher.watched)

    @property
    def watches_all_runs(self) -> bool:
        """Whether all runs are watched."""
        is_settled = not (self.unwatched or self._pending or self._omits_resting)
        return self.has_watches and is_settled

    @property
    def watched_resting(self) -> int:
        """Number of finished runs and directories without runs that are watched."""
        return len(self._resting) - len(self._pending)

    def take_hints(self) -> Hints:
        """Return where something may have changed since the last call."""
        with self._lock:
            hinted, self._hinted_paths = self._hinted_paths, set()
            has_lost_events, self._has_lost_events = self._has_lost_events, False
        announced = self._classify(hinted)
        for path in announced.runs:
            self._check.record_event(path)
        # A change between the last check and the setting of a watch has raised no event.
        newly_watched, self._newly_watched = self._newly_watched, set()
        return Hints(
            announced.runs.union(path for path in newly_watched if path in self._scanner),
            announced.directories | newly_watched,
            announced.contents,
            has_lost_events,
        )

    def _classify(self, paths: set[str]) -> Hints:
        runs: set[str] = set()
        directories: set[str] = set()
        contents: set[str] = set()
        scanner = self._scanner
        for path in paths:
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
        """Whether there are hints to follow or watches to set right now."""
        return bool(
            self._hinted_paths or self._newly_watched or self._has_lost_events or self._pending
        )

    def expect_changes(self, runs: Iterable[str]) -> None:
        """Accept changes of these runs until the next call: their events have come already."""
        self._expected = frozenset(runs)

    def check_announced(self, path: str) -> None:
        """Record a change of the run at `path`; an event must announce it if it is watched."""
        if path not in self._expected and self._is_watched(path):
            self._check.record_change(path, time.monotonic())

    def unwatch(self, path: str) -> None:
        """Stop watching `path`, which is gone or belongs to another directory now."""
        if self._watcher is not None:
            self._watcher.discard(path)
        self._resting.pop(path, None)

    def add_resting(self, paths: Iterable[str]) -> None:
        """Watch finished runs, or directories without runs, as far as the limit allows."""
        if self._watcher is not None:
            self._new_resting += paths

    def update_watches(self) -> None:
        """Watch what the scanner knows now; stop using events if they are not reliable."""
        watcher, scanner = self._watcher, self._scanner
        if watcher is None:
            return
        with scanner.between_calls():
            directories = scanner.watchable_directories(any_filesystem=self._any_filesystem)
            runs = scanner.unwatched_runs(watcher.watched, any_filesystem=self._any_filesystem)
            self._choose_watches(directories, runs)
        if self.fallback is not None:
            self.close()
            return
        try:
            for path in [*directories, *runs]:
                if path not in watcher.watched:
                    self._add(path)
        except OSError as error:
            self.fallback = f"no events: {error.strerror or error}"
            self.close()
            return
        self.unwatched = [path for path in runs if path not in watcher.watched]
        self.add_pending_watches()

    def _choose_watches(self, directories: Collection[str], runs: Collection[str]) -> None:
        """Choose what to watch beside some directories and runs, unless events are not reliable."""
        scanner = self._scanner
        if self._root_mount != scanner.filesystems.devices.root_mount:
            self.fallback = "no events: the filesystem has changed"
        if self._check.has_failed(time.monotonic()):
            self.fallback = "changes came without events"
        heard = sum(map(self._is_watched, scanner.active))
        needed = len(directories) + heard + len(runs)
        limit = self._max_watches
        if limit is not None and needed > limit:
            self.fallback = f"no events: {needed:,} directories, {limit:,} may be watched"
        if self.fallback is not None:
            return
        for path in self._resting.keys() & {*directories, *scanner.active}:
            del self._resting[path]
        self._choose_resting(None if limit is None else limit - needed)

    def _add(self, path: str) -> None:
        """Watch a directory.

        Raises:
            OSError: No more directories may be watched.
        """
        if self._watcher is not None and self._watcher.add(path):
            self._newly_watched.add(path)
        self._scanner.mark_answered()

    def _choose_resting(self, room: int | None) -> None:
        """Choose which resting paths to watch, at most `room` of them; None means no limit."""
        scanner = self._scanner
        new, self._new_resting = self._new_resting, []
        for path in self._newest(new, room):
            if scanner.is_watchable(path, any_filesystem=self._any_filesystem):
                self._resting.pop(path, None)
                self._resting[path] = None
                if not self._is_watched(path):
                    self._pending.append(path)
            else:
                self._omits_resting = True
        if room is not None and len(self._resting) > room:
            self._omits_resting = True
            dropped = list(islice(self._resting, len(self._resting) - room))
            for path in dropped:
                del self._resting[path]
                if self._watcher is not None:
                    self._watcher.discard(path)
            scanner.expect_no_events(dropped)

    def _newest(self, paths: list[str], room: int | None) -> Iterable[str]:
        """Return those of `paths` that still rest, at most `room` of them, the newest last."""
        chosen = newest(paths, self._scanner.resting_since, room)
        if room is None or len(chosen) <= room:
            return chosen
        self._omits_resting = True
        return chosen[1:]

    def add_pending_watches(self) -> None:
        """Set some of the watches that have been chosen, the most important first."""
        for _ in range(min(_WATCHES_PER_STEP, len(self._pending))):
            path = self._pending.pop()
            if path not in self._resting or self._is_watched(path):
                continue
            try:
                self._add(path)
            except OSError:
                # Other programs have used up the user's limit.
                self._max_watches = len(self._watcher.watched) if self._watcher else 0
                self._pending, self._omits_resting = [], True
                return

    def close(self) -> None:
        """Stop using events."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
            self._resting, self._pending = {}, []
            self._scanner.use_events(None)
            self.unwatched = []

    def _is_watched(self, path: str) -> bool:
        return self._watcher is not None and path in self._watcher.watched

    def _locate(self, path: str) -> str:
        return self._scanner.real_root + path[len(self._scanner.root) :]

    # Called from the threads of the watcher.

    def add_hints(self, paths: set[str]) -> None:
        """Receive paths at which something may have changed."""
        with self._lock:
            self._hinted_paths |= paths
        self._wake()

    def report_lost_events(self) -> None:
        """Receive that events have been lost, so that anything may have changed."""
        with self._lock:
            self._has_lost_events = True
        self._wake()

    def report_failure(self, reason: str) -> None:
        """Receive why no more events will come."""
        self.fallback = reason
        self._wake()
