"""Adaptive polling of one root: the source of truth.

Directories in which runs appear, and runs that can still change, are looked at in every sweep;
finished runs in turns, ever less often the longer nothing has happened to them.
"""

from __future__ import annotations

import errno
import heapq
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from statustui.core.query import natural
from statustui.core.run import Kind, Run, RunDir
from statustui.core.states import Category, categorise
from statustui.core.working_dir import Folder, root_folder, run_dir, survey
from statustui.monitor.batch import Batch, Deliver, RootHealth
from statustui.monitor.crew import Crew
from statustui.monitor.filesystem import Mount, Reach, mount_of, read_mounts
from statustui.monitor.notify import Notifier, watch_limit
from statustui.monitor.scan import Reading, read

_BATCH_RUNS = 500
_BATCH_SECONDS = 0.1
"""What has been read is handed out after so many runs or seconds."""

_TICK = {Reach.LOCAL: 1.0, Reach.COHERENT: 2.0, Reach.REMOTE: 2.0}
_BEHIND_EVENTS = 5.0
"""Seconds between two sweeps."""
_REST = {Reach.LOCAL: 60.0, Reach.COHERENT: 300.0, Reach.REMOTE: 300.0}
"""Seconds after which a finished run is looked at again at the latest."""
_REST_SHARE = 0.1
"""A finished run is left alone for this share of the time for which nothing has happened."""
_CHECKS = {Reach.LOCAL: 10_000.0, Reach.COHERENT: 500.0, Reach.REMOTE: 500.0}
"""Checks a second that are not exceeded."""
_THREADS = {Reach.LOCAL: 1, Reach.COHERENT: 8, Reach.REMOTE: 8}
_BARREN_REST = 10.0
"""Seconds between two looks at a directory without runs, unless it is a new one."""
_LISTING_SHARE = 0.05
"""Share of the time that goes into listing one large directory again and again."""
_FRESH = 2.0
"""Seconds for which a directory's time of change may miss a further change."""
_GAP = 5.0
"""Seconds that the program must have been stopped for everything to be looked at again."""
_UNANNOUNCED = 3
"""Changes without an event, from which on events are not relied on."""
_EVENT_DELAY = 2.0
"""Seconds that the event of a change may take after the change has been seen."""

_OVER = frozenset(
    {Category.ERROR, Category.FAILED, Category.CANCELLED, Category.SKIPPED, Category.PASSED}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to watch; None stands for what suits the filesystem."""

    watch: Literal["auto", "events", "poll"] = "auto"
    interval: float | None = None
    """Seconds between two sweeps."""
    max_checks: float | None = None
    """Checks a second."""


@dataclass(slots=True)
class _Parent:
    """A directory below which there are runs, or may be."""

    folder: Folder
    changed: int = -1
    """Its time of change in nanoseconds when it was last listed; -1 to list it in any case."""
    due: float = 0.0
    """When to look at it again, on the monotonic clock."""
    children: frozenset[str] = frozenset()
    """Paths of the runs and directories in it."""


class Poller:
    """Keeps the picture of one root.

    Args:
        root: The directory, as it is to be shown.
        skip: Real paths of directories below it that are left out.
        settings: How to watch.
        deliver: Takes the batches, on the poller's thread.
    """

    def __init__(
        self, root: str, skip: frozenset[str], settings: Settings, deliver: Deliver
    ) -> None:
        """Prepare to watch `root`."""
        self.root = root
        self.busy_since: float | None = None
        """When the file call that is under way began, on the monotonic clock."""
        self._skip = skip
        self._settings = settings
        self._deliver = deliver
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._hinted: set[str] = set()
        self._look_now = False
        self._parents: dict[str, _Parent] = {}
        self._readings: dict[str, Reading] = {}
        self._active: set[str] = set()
        self._resting: list[tuple[float, str]] = []
        self._unlisted: list[Folder] = []
        self._changed: list[Run] = []
        self._removed: list[str] = []
        self._troubles: dict[str, str] = {}
        self._handed_out_at = 0.0
        self._swept_at = float("-inf")
        self._real_root = root
        self._last_wall = time.time()
        self._mount = Mount("", "unknown", Reach.REMOTE)
        self._crew: Crew[RunDir, Reading] | None = None
        self._notifier: Notifier | None = None
        self._fallback: str | None = None
        self._announced = 0
        self._suspects: dict[str, float] = {}
        self._unannounced = 0
        self._hint_under_way: set[str] = set()
        self._health = RootHealth(root)
        self._told: RootHealth | None = None

    # What other threads call.

    def start(self) -> None:
        """Begin, in a thread that does not keep the program from ending."""
        threading.Thread(target=self._run, name=f"poll {self.root}", daemon=True).start()

    def stop(self) -> None:
        """End after the file call that is under way."""
        self._stopped.set()
        self._wake.set()

    def look_now(self) -> None:
        """Look at everything again, now."""
        self._look_now = True
        self._wake.set()

    def report_silence(self, now: float, patience: float) -> None:
        """Tell for how long the filesystem has not answered, if that is longer than `patience`.

        Args:
            now: The time on the monotonic clock.
            patience: Seconds.
        """
        busy_since = self.busy_since
        silent = None
        if busy_since is not None and now - busy_since > patience:
            silent = now - busy_since
        if silent is not None:
            self._told = replace(self._health, silent=silent)
            self._deliver(Batch(health=(self._told,)))

    def _hint(self, paths: set[str]) -> None:
        with self._lock:
            self._hinted |= paths
        self._wake.set()

    def _events_failed(self, reason: str) -> None:
        self._fallback = reason
        self._wake.set()

    # The thread.

    def _run(self) -> None:
        self._begin()
        while not self._stopped.is_set():
            self._wake.clear()
            self._step()
            self.busy_since = None
            if not self._hinted:
                self._wake.wait(self._pause())
        if self._notifier is not None:
            self._notifier.stop()
        if self._crew is not None:
            self._crew.dismiss()

    def _begin(self) -> None:
        self._beat()
        self._real_root = os.path.realpath(self.root)
        self._find_out_mount()
        self._crew = Crew(self._read, _THREADS[self._mount.reach])
        self._parents[self.root] = _Parent(root_folder(self.root))

    def _find_out_mount(self) -> None:
        self._mount = mount_of(self._real_root, read_mounts())
        wants_events = self._settings.watch == "events" or (
            self._settings.watch == "auto" and self._mount.reach is Reach.LOCAL
        )
        if wants_events:
            self._notifier = Notifier(self._hint, self._events_failed)

    def _beat(self) -> None:
        self.busy_since = time.monotonic()

    def _step(self) -> None:
        """Follow the hints, and sweep if it is time to."""
        self._drop_events_if_they_fail()
        self._follow_hints()
        now = time.monotonic()
        woken = time.time() - self._last_wall > _GAP + self._interval
        self._last_wall = time.time()
        if self._look_now or woken:
            self._look_now = False
            self._sweep(everything=True)
        elif now - self._swept_at >= self._interval:
            self._sweep(everything=False)
        else:
            self._check(self._unwatched())
            self._enter_new()
        self._watch_events()
        self._hand_out()

    def _pause(self) -> float:
        rest = self._swept_at + self._interval - time.monotonic()
        # What is not watched yet is looked at as if there were no events.
        return max(0.01, min(rest, self._tick) if self._unwatched() else rest)

    @property
    def _tick(self) -> float:
        return self._settings.interval or _TICK[self._mount.reach]

    @property
    def _max_checks(self) -> float:
        return self._settings.max_checks or _CHECKS[self._mount.reach]

    @property
    def _interval(self) -> float:
        """Seconds between two sweeps: stretched when there is more to do than is allowed."""
        wanted = self._tick
        if self._notifier is not None and self._notifier.watched:
            wanted = self._settings.interval or _BEHIND_EVENTS
        return max(wanted, len(self._active) / self._max_checks)

    # Sweeping.

    def _sweep(self, *, everything: bool) -> None:
        now = self._swept_at = time.monotonic()
        known = set(self._readings)
        for path in list(self._parents):
            parent = self._parents.get(path)
            if parent is not None and (everything or parent.due <= now):
                self._list(parent)
        self._enter_new()
        self._check(known if everything else self._due(now, known))
        self._enter_new()
        self._health = replace(self._health, swept=True)

    def _due(self, now: float, known: set[str]) -> list[str]:
        """The active runs, and as many finished ones as there is room for."""
        due = [path for path in self._active if path in known]
        room = max(1.0, self._max_checks * self._interval - len(due))
        while self._resting and self._resting[0][0] <= now and room > 0:
            _, path = heapq.heappop(self._resting)
            if path in self._readings and path not in self._active:
                due.append(path)
                room -= 1
        return due

    def _check(self, paths: Iterable[str]) -> None:
        """Look at known runs again."""
        places = [self._readings[path].place for path in paths if path in self._readings]
        self._look_at(places)

    def _look_at(self, places: list[RunDir]) -> None:
        crew = self._crew
        if crew is None or not places:
            return
        for reading in crew.do(places):
            self._beat()
            self._take(reading)
            if self._stopped.is_set():
                return

    def _read(self, place: RunDir) -> Reading:
        trust = self._mount.reach is not Reach.REMOTE
        return read(place, self._readings.get(place.path), trust_stat=trust)

    def _take(self, reading: Reading) -> None:
        path = reading.place.path
        known = self._readings.get(path)
        if reading is not known:
            if reading.signature is None and reading.place.kind != "test" and known is not None:
                self._resurvey(reading.place)
                return
            self._readings[path] = reading
            self._changed.append(reading.run)
            self._suspect(path, known)
        self._schedule(path, reading)
        if len(self._changed) >= _BATCH_RUNS or (
            self._changed and time.monotonic() - self._handed_out_at > _BATCH_SECONDS
        ):
            self._hand_out()

    def _schedule(self, path: str, reading: Reading) -> None:
        run = reading.run
        is_over = run.error is None and categorise(run.current.state, run.result) in _OVER
        if not is_over:
            self._active.add(path)
            return
        self._active.discard(path)
        age = 0.0 if run.updated is None else time.time() - run.updated
        rest = min(_REST[self._mount.reach], max(self._tick, age * _REST_SHARE))
        heapq.heappush(self._resting, (time.monotonic() + rest, path))

    # Directories.

    def _list(self, parent: _Parent) -> None:
        """List a directory again if it may have changed."""
        self._beat()
        now = time.monotonic()
        path = parent.folder.path
        try:
            changed = os.stat(path).st_mtime_ns
            if changed == parent.changed and self._mount.reach is not Reach.REMOTE:
                parent.due = now if self._has_runs(parent) else now + _barren_rest(changed)
                return
            found = survey(parent.folder, self._skip)
        except OSError as error:
            self._lose(parent, error)
            return
        self._troubles.pop(path, None)
        cost = time.monotonic() - now
        # A second change within the clock's grain would leave the time as it is.
        settled = time.time() - changed / 1e9 > _FRESH
        parent.changed = changed if settled else -1
        parent.due = now + cost / _LISTING_SHARE
        if found.is_run:
            self._forget(path)
            self._look_at([run_dir(self.root, parent.folder)])
            return
        self._compare(parent, found.folders)
        if not self._has_runs(parent):
            parent.due = now + _barren_rest(changed)

    def _has_runs(self, parent: _Parent) -> bool:
        return (
            parent.folder.path == self.root
            or parent.folder.below in {"test", "series"}
            or any(child in self._readings for child in parent.children)
        )

    def _compare(self, parent: _Parent, folders: list[Folder]) -> None:
        """Take in what is in a directory now."""
        children = frozenset(folder.path for folder in folders)
        gone = parent.children - children
        new = [folder for folder in folders if folder.path not in parent.children]
        parent.children = children
        for path in gone:
            self._forget(path)
        # The newest runs have the highest ids, and they are what somebody waits for.
        new.sort(key=lambda folder: natural(folder.name), reverse=True)
        certain = [folder for folder in new if folder.is_run]
        self._health = replace(self._health, found=self._health.found + len(certain))
        self._look_at([run_dir(self.root, folder) for folder in certain])
        self._unlisted += [folder for folder in reversed(new) if not folder.is_run]

    def _enter_new(self) -> None:
        """List the directories that have been found, and those found in them."""
        while self._unlisted and not self._stopped.is_set():
            folder = self._unlisted.pop()
            self._parents[folder.path] = _Parent(folder)
            self._list(self._parents[folder.path])

    def _lose(self, parent: _Parent, error: OSError) -> None:
        """A directory cannot be read: gone, or for now."""
        path = parent.folder.path
        parent.changed = -1
        is_gone = error.errno in {errno.ENOENT, errno.ENOTDIR}
        if is_gone and path != self.root:
            self._forget(path)
            return
        # Its runs stay in the picture, and the health says that it is an old one.
        self._troubles[path] = error.strerror or str(error)

    def _resurvey(self, place: RunDir) -> None:
        """The status file of a run is gone: find out what its directory is now."""
        self._forget(place.path)
        below: Kind | None = "plain" if place.kind == "plain" else None
        folder = Folder(place.path, os.path.basename(place.path), place.kind, below, False)
        if place.path == self.root:
            folder = root_folder(self.root)
        self._unlisted.append(folder)

    def _forget(self, top: str) -> None:
        """Drop a run, or a directory with all runs below it."""
        paths = [top]
        while paths:
            path = paths.pop()
            if self._readings.pop(path, None) is not None:
                self._removed.append(path)
                self._active.discard(path)
            self._troubles.pop(path, None)
            parent = self._parents.pop(path, None)
            if parent is not None:
                paths += parent.children

    # Events.

    def _absolute(self, path: str) -> str:
        return self._real_root + path[len(self.root) :]

    def _unwatched(self) -> list[str]:
        """The active runs whose changes no event announces, if events are used at all."""
        if self._notifier is None:
            return []
        watched = self._notifier.watched
        return [path for path in self._active if self._absolute(path) not in watched]

    def _watch_events(self) -> None:
        """Watch the directories of active runs and those in which runs appear."""
        if self._notifier is None:
            return
        parents = [path for path, parent in self._parents.items() if self._has_runs(parent)]
        paths = frozenset(map(self._absolute, [*parents, *self._active]))
        limit = watch_limit()
        if limit is not None and len(paths) > limit:
            self._fallback = f"no events: {len(paths):,} directories, {limit:,} may be watched"
            return
        self._notifier.watch(paths)

    def _follow_hints(self) -> None:
        with self._lock:
            hinted, self._hinted = self._hinted, set()
        runs: set[str] = set()
        parents: set[str] = set()
        for hint in hinted:
            path = self.root + hint[len(self._real_root) :]
            above = os.path.dirname(path)
            if above in self._readings:
                runs.add(above)
            elif path in self._readings:
                runs.add(path)
                parents.add(above)
            else:
                parents |= {path, above}
        for path in parents & self._parents.keys():
            self._parents[path].changed = -1
            self._list(self._parents[path])
        for path in runs:
            self._announced += self._suspects.pop(path, None) is None
        self._hint_under_way = runs
        self._check(runs)
        self._hint_under_way = set()
        self._enter_new()

    def _suspect(self, path: str, known: Reading | None) -> None:
        """Remember a change of a watched run that no event has announced so far."""
        if self._notifier is None or known is None or path in self._hint_under_way:
            return
        if self._absolute(path) in self._notifier.watched:
            self._suspects.setdefault(path, time.monotonic())

    def _drop_events_if_they_fail(self) -> None:
        overdue = time.monotonic() - _EVENT_DELAY
        late = [path for path, since in self._suspects.items() if since < overdue]
        for path in late:
            del self._suspects[path]
        self._unannounced += len(late)
        if self._unannounced >= _UNANNOUNCED and self._unannounced > self._announced:
            self._fallback = "changes came without events"
        if self._notifier is not None and self._fallback is not None:
            self._notifier.stop()
            self._notifier = None
            self._suspects.clear()

    # Handing out.

    def _hand_out(self) -> None:
        """Tell what has changed since the last time."""
        self._handed_out_at = time.monotonic()
        troubles = list(self._troubles.items())
        health = replace(
            self._health,
            mode="events" if self._notifier is not None else "polling",
            interval=self._interval,
            filesystem=self._mount.type,
            found=max(self._health.found, len(self._readings)),
            read=len(self._readings),
            unreachable=self.root in self._troubles,
            problem=_describe(troubles, self.root),
            fallback=self._fallback,
            silent=None,
        )
        if health.swept:
            health = replace(health, found=health.read)
        updated, removed = tuple(self._changed), tuple(self._removed)
        self._changed, self._removed = [], []
        self._health = health
        if (updated or removed or health != self._told) and not self._stopped.is_set():
            self._told = health
            self._deliver(Batch(updated, removed, (health,)))


def _barren_rest(changed: int) -> float:
    """Seconds to leave a directory without runs alone, given its time of change in nanoseconds."""
    return min(_BARREN_REST, max(0.0, time.time() - changed / 1e9) * _REST_SHARE)


def _describe(troubles: list[tuple[str, str]], root: str) -> str | None:
    """One line on what cannot be read."""
    if not troubles:
        return None
    path, reason = next((one for one in troubles if one[0] == root), troubles[0])
    more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
    return f"{path}: {reason}{more}"
