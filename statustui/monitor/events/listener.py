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

_TELLING = frozenset({STATUS, RUN_COMPLETE, "attributes", "config", "results.json"})
"""Files of a run whose change can change its picture."""
_SLICE = 5000
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
    """Keeps watches on the directories and runs that a sweeper knows.

    Directories in which runs appear and active runs come first, then what is quiet, as far as the
    limit goes: directories without runs, and finished runs, the newest first.

    Args:
        sweeper: Knows what there is to listen to.
        mode: Whether to use events.
        max_watches: How many directories may be watched; None for no limit.
        wake: Called from another thread when there are hints, or none to be had any more.
        open_watcher: Makes what watches.
    """

    def __init__(
        self,
        sweeper: RootScanner,
        mode: WatchMode,
        max_watches: int | None,
        wake: Callable[[], object],
        open_watcher: OpenWatcher = open_watcher,
    ) -> None:
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
        self._has_lost = False
        self._quiet: dict[str, None] = {}
        """What is quiet and is watched or about to be, the least important first."""
        self._pending: list[str] = []
        """What is about to be, the most important last."""
        self._leaves_out = False
        """Whether some of what is quiet is not watched."""
        self._watcher: Watcher | None = None
        self._check = EventCheck()
        self._root_mount = sweeper.devices.root_mount
        self._everywhere = mode == "events"
        if self._everywhere or (mode == "auto" and self._root_mount.reach is Reach.LOCAL):
            try:
                self._watcher = open_watcher(_TELLING, self)
            except OSError as error:
                self.fallback = f"no events: {error.strerror or error}"
            else:
                sweeper.listen(self._hears)

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
    def quiet(self) -> int:
        """How many of the runs that are over, and directories without runs, are watched."""
        return len(self._quiet) - len(self._pending)

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
        sweeper = self._sweeper
        for hint in paths:
            path = sweeper.root + hint[len(sweeper.real_root) :]
            above, name = os.path.split(path)
            if path in sweeper:
                runs.add(path)
            if above in sweeper and (name in _TELLING or sweeper.is_series(above)):
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

    def compare(self, announced: AbstractSet[str] = frozenset()) -> None:
        """Take in what the sweeper has found, `announced` by hints or not."""
        sweeper = self._sweeper
        changed, sweeper.changed = sweeper.changed, []
        forgotten, sweeper.forgotten = sweeper.forgotten, []
        if self._watcher is None:
            return
        now = time.monotonic()
        for path in changed:
            if path not in announced and self._hears(path):
                self._check.changed(path, now)
        for path in forgotten:
            self._watcher.discard(self._absolute(path))
            self._quiet.pop(path, None)

    def adjust(self) -> None:
        """Listen to what the sweeper knows now; or stop, if events do not come."""
        if self._watcher is None:
            return
        if self._root_mount != self._sweeper.devices.root_mount:
            self.fallback = "no events: the filesystem has changed"
        if self._check.fails(time.monotonic()):
            self.fallback = "changes came without events"
        directories = self._sweeper.watchable_directories(everywhere=self._everywhere)
        runs = self._sweeper.watchable_runs(everywhere=self._everywhere)
        needed = [*directories, *runs]
        limit = self._max_watches
        if limit is not None and len(needed) > limit:
            self.fallback = f"no events: {len(needed):,} directories, {limit:,} may be watched"
        if self.fallback is not None:
            self.close()
            return
        try:
            for path in needed:
                self._quiet.pop(path, None)
                if not self._hears(path):
                    self._add(path)
        except OSError as error:
            self.fallback = f"no events: {error.strerror or error}"
            self.close()
            return
        self.unwatched = [path for path in runs if not self._hears(path)]
        self._choose_quiet(None if limit is None else limit - len(needed))
        self.settle()

    def _add(self, path: str) -> None:
        """Watch a directory.

        Raises:
            OSError: No more directories may be watched.
        """
        absolute = self._absolute(path)
        if self._watcher is not None and self._watcher.add(absolute):
            self._fresh.add(absolute)

    def _choose_quiet(self, room: int | None) -> None:
        """Choose what is quiet to be watched; there is `room` for so many, None without a limit."""
        sweeper = self._sweeper
        quiet, sweeper.quiet = sweeper.quiet, []
        for path in self._newest(quiet, room):
            if sweeper.is_watchable(path, everywhere=self._everywhere):
                self._quiet.pop(path, None)
                self._quiet[path] = None
                if not self._hears(path):
                    self._pending.append(path)
            else:
                self._leaves_out = True
        if room is not None and len(self._quiet) > room:
            self._leaves_out = True
            for path in list(islice(self._quiet, len(self._quiet) - room)):
                del self._quiet[path]
                if self._watcher is not None:
                    self._watcher.discard(self._absolute(path))

    def _newest(self, paths: list[str], room: int | None) -> Iterable[str]:
        """Those of `paths` that are still quiet and that there is room for, the newest last."""
        since = {
            path: moment
            for path in paths
            if (moment := self._sweeper.quiet_since(path)) is not None
        }
        most = len(since) if room is None else room
        self._leaves_out |= len(since) > most
        return reversed(heapq.nlargest(most, since, key=since.__getitem__))

    def settle(self) -> None:
        """Watch some of what is quiet and has been chosen, the most important first."""
        for _ in range(min(_SLICE, len(self._pending))):
            path = self._pending.pop()
            if path not in self._quiet or self._hears(path):
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
            self._quiet, self._pending = {}, []
            self._sweeper.listen(None)
            self.unwatched = []

    def _hears(self, path: str) -> bool:
        return self._watcher is not None and self._absolute(path) in self._watcher.watched

    def _absolute(self, path: str) -> str:
        return self._sweeper.real_root + path[len(self._sweeper.root) :]

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
