"""The picture of one root: its directories and runs, and looking at them again."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator

from statustui.core.order import natural
from statustui.core.run import Kind, Label, Run, RunDir, make_unread_run
from statustui.core.working_dir import Folder, root_folder, run_dir
from statustui.monitor.crew import Crew
from statustui.monitor.directories import Directories
from statustui.monitor.filesystem import Devices, Reach
from statustui.monitor.outbox import Outbox
from statustui.monitor.pace import Settings, pace_of
from statustui.monitor.scan import Reading, is_unchanged, read
from statustui.monitor.schedule import Schedule
from statustui.monitor.series import AllSeries
from statustui.monitor.stalls import Stalls


class Sweeper:
    """Finds and reads the runs of one root, again and again; used by one thread.

    Args:
        root: The directory, as it is to be shown.
        settings: How to watch.
        outbox: Takes every change.
        tell: Called now and then while there is something in the outbox.
        stopped: Set when there is no need to go on.
    """

    def __init__(
        self,
        root: str,
        settings: Settings,
        outbox: Outbox,
        tell: Callable[[], None],
        stopped: threading.Event,
    ) -> None:
        """Find out what the root is on."""
        self.root = root
        self.real_root = os.path.realpath(root)
        self.busy_since: float | None = None
        """When the file call that is under way began, on the monotonic clock."""
        self.found = 0
        """Runs that have been found, read or not."""
        self.troubles: dict[str, str] = {}
        """Directory that cannot be read -> why."""
        self.forgotten: list[str] = []
        """Runs and directories that have been found to be gone, for whoever listens to them."""
        self.changed: list[str] = []
        """Known runs that have been found to have changed."""
        self.skip: frozenset[str] = frozenset()
        """Real paths of directories that are left out."""
        self._settings = settings
        self._outbox = outbox
        self._tell = tell
        self._stopped = stopped
        self._readings: dict[str, Reading] = {}
        self._unlisted: list[Folder] = []
        self._directories = Directories(root_folder(root))
        self._crew = Crew(self._read, 1)
        self._stalls = Stalls(settings.patience, settings.clock)
        self._series = AllSeries(settings.patience, settings.clock, self.troubles)
        self.devices = Devices(root, self.real_root)
        self.pace = pace_of(self.devices.slowest, settings)
        self._schedule = Schedule(self.pace)
        self._take_pace()

    def close(self) -> None:
        """Let the threads end."""
        self._crew.dismiss()

    def __len__(self) -> int:
        """How many runs are known."""
        return len(self._readings)

    def __contains__(self, path: str) -> bool:
        """Whether there is a run at `path`."""
        return path in self._readings

    @property
    def active(self) -> set[str]:
        """Paths of the runs that can still change."""
        return self._schedule.active

    # Looking.

    def beat(self) -> None:
        """Take note that the filesystem has just answered."""
        self.busy_since = time.monotonic()

    def sweep(self, room: float, *, everything: bool) -> None:
        """Look at whatever is due.

        Args:
            room: How many runs may be looked at.
            everything: Whether all of it is due.
        """
        now = time.monotonic()
        if everything:
            self._directories.distrust()
        due = list(self._readings) if everything else self._schedule.due(room, now, time.time())
        for path in self._directories.due(now):
            if path in self._directories:
                self._list(path)
        self._enter_new()
        self.check(due)
        if not self._stopped.is_set():
            self.found = len(self._readings)
            self._review()

    def _review(self) -> None:
        """Find out which runs have stalled."""
        for run in self._stalls.review(self._run_at):
            self.beat()
            self._readings[run.path] = self._readings[run.path]._replace(run=run)
            self._outbox.put(run)
            self._tell_if_due()

    def _tell_if_due(self) -> None:
        if self._outbox.is_due:
            self._tell()

    def _run_at(self, path: str) -> Run | None:
        reading = self._readings.get(path)
        return None if reading is None else reading.run

    def check(self, paths: Collection[str]) -> None:
        """Look at known runs again."""
        if self.root not in self.troubles:
            known = [self._readings[path] for path in paths if path in self._readings]
            if self.pace.threads == 1:
                known = list(self._changed_of(known))
            self._look_at([reading.run.place for reading in known])
            self._enter_new()
            self._judge_series(paths)

    def _judge_series(self, paths: Iterable[str]) -> None:
        """Look at the links of those of these runs that are series, and judge what has changed."""
        self._series.look(paths, self._trusts_stat)
        for run in self._series.review(self._run_at):
            self.beat()
            self._outbox.put(run)
            self._rest_or_stay(run, self._readings[run.path])
            self._tell_if_due()
            if self._stopped.is_set():
                return

    def list_anew(self, paths: Collection[str]) -> None:
        """List known directories, whatever their times of change."""
        for path in paths:
            if path in self._directories:
                self._directories.distrust(path)
                self._list(path)
        self._enter_new()
        self._series.look(self._series.owners(paths), self._trusts_stat)

    def _changed_of(self, known: Iterable[Reading]) -> Iterator[Reading]:
        """Those runs on a local disk that have changed, found out at the least cost."""
        for reading in known:
            self.busy_since = time.monotonic()
            try:
                if not is_unchanged(reading):
                    yield reading
            except OSError:
                yield reading

    def _look_at(self, places: list[RunDir]) -> None:
        for reading in self._crew.do(places):
            self.beat()
            self._take(reading)
            if self._stopped.is_set():
                return

    def _read(self, place: RunDir) -> Reading:
        known = self._readings.get(place.path)
        trust = known is not None and self._trusts_stat(place.path)
        try:
            return read(place, known, trust_stat=trust)
        except Exception as error:  # noqa: BLE001 - one run must not keep the others from being read
            run = make_unread_run(place, Label(), f"internal error: {error!r}")
            return Reading(run, run.label, None)

    def _take(self, reading: Reading) -> None:
        run = reading.run
        path = run.path
        known = self._readings.get(path)
        if reading is not known:
            if known is not None and reading.signature is None:
                if self._is_root_lost():
                    return
                if run.kind == "plain":
                    self._find_out_anew(run.place)
                    return
            self._readings[path] = reading
            if not run.is_series:
                self._outbox.put(run)
            self._stalls.meet(run)
            self._series.meet(run)
            if known is None:
                self._meet(reading.device, path)
            else:
                self.changed.append(path)
        self._rest_or_stay(self._series.picture(run), reading)
        self._tell_if_due()

    def _rest_or_stay(self, run: Run, reading: Reading) -> None:
        """Look at a run often, or leave it alone for a while if it has ended."""
        written = reading.signature[2] / 1e9 if reading.signature is not None else 0.0
        self._schedule.put(run, written, time.monotonic(), time.time())

    # Directories.

    def _list(self, path: str) -> None:
        """Look into a directory, and take in what has changed there."""
        self.beat()
        folder, device = self._directories[path]
        trust = self._reach(device, path) is not Reach.REMOTE
        try:
            change = self._directories.look(path, self.skip, trust_stat=trust)
        except OSError as error:
            self._lose(path, error)
            return
        self.troubles.pop(path, None)
        if path == self.root and device not in {0, self._directories[path].device}:
            self._meet_root()
        if change is None:
            return
        if change.is_run:
            self._forget(path)
            self._directories.expect_runs(os.path.dirname(path))
            self._look_at([run_dir(self.root, folder)])
            return
        for gone in change.gone:
            self._forget(gone)
        # The newest runs have the highest ids, and they are what somebody waits for.
        new = sorted(change.new, key=lambda one: natural(one.name), reverse=True)
        certain = [run_dir(self.root, one) for one in new if one.is_run]
        self.found = max(self.found, len(self._readings)) + len(certain)
        self._unlisted += [one for one in reversed(new) if not one.is_run]
        self._look_at(certain)

    def _enter_new(self) -> None:
        """Look into the directories that have been found, and those found in them."""
        while self._unlisted and not self._stopped.is_set():
            folder = self._unlisted.pop()
            self._directories.add(folder)
            self._list(folder.path)

    def _lose(self, path: str, error: OSError) -> None:
        """A directory cannot be read: gone, or for now."""
        is_gone = error.errno in {errno.ENOENT, errno.ENOTDIR}
        if is_gone and path != self.root:
            self._forget(path)
            return
        # Its runs stay in the picture, and the health says that it is an old one.
        self.troubles[path] = error.strerror or str(error)

    def _is_root_lost(self) -> bool:
        """Whether a run cannot be read because the whole root cannot."""
        try:
            os.stat(self.root)
        except OSError as error:
            self._lose(self.root, error)
            return True
        return False

    def _find_out_anew(self, place: RunDir) -> None:
        """The status file of a run is gone: find out what its directory is now."""
        self._forget(place.path)
        below: Kind | None = "plain" if place.kind == "plain" else None
        folder = Folder(place.path, os.path.basename(place.path), place.kind, below, False)
        self._unlisted.append(root_folder(self.root) if place.path == self.root else folder)

    def _forget(self, top: str) -> None:
        """Drop a run, or a directory with all runs below it."""
        paths = [top]
        while paths:
            path = paths.pop()
            if self._readings.pop(path, None) is not None:
                self._outbox.remove(path)
                self._schedule.drop(path)
                self._stalls.forget(path)
                self._series.forget(path)
            self.troubles.pop(path, None)
            self.forgotten.append(path)
            paths += self._directories.drop(path)

    # Filesystems.

    def _reach(self, device: int, path: str) -> Reach:
        """What a file is on; without one, what the root is on."""
        return self.devices.reach(device, path) if device else self.devices.root_mount.reach

    def _meet_root(self) -> None:
        """Find out what the root is on now, and go at the pace of that."""
        self.devices = Devices(self.root, self.real_root)
        self._take_pace()

    def _meet(self, device: int, path: str) -> None:
        """Take note of what a new run is on."""
        if device and device not in self.devices:
            self.devices.reach(device, path)
            self._take_pace()

    def _take_pace(self) -> None:
        """Go at the pace of the slowest filesystem there is below the root."""
        self.pace = self._schedule.pace = pace_of(self.devices.slowest, self._settings)
        if self._crew.size != self.pace.threads:
            self._crew.dismiss()
            self._crew = Crew(self._read, self.pace.threads)

    def _trusts_stat(self, path: str) -> bool:
        """Whether `stat` tells of every change of the run at `path`."""
        return self._reach(self._readings[path].device, path) is not Reach.REMOTE

    def is_series(self, path: str) -> bool:
        """Whether there is a series at `path`."""
        return path in self._series

    def watchable_runs(self, *, everywhere: bool) -> list[str]:
        """The active runs whose filesystem raises events, or all that can be read."""
        places = ((path, self._readings[path].device) for path in self._schedule.active)
        return [path for path, device in places if self._is_watchable(device, path, everywhere)]

    def watchable_directories(self, *, everywhere: bool) -> list[str]:
        """The directories in which runs appear, chosen alike."""
        paths = [path for path in self._directories.holding_runs() if path not in self.troubles]
        places = [(path, self._directories[path].device) for path in paths]
        for path in self._schedule.active:
            below = self._series.directories(path)
            places += [(one, self._readings[path].device) for one in below]
        return [path for path, device in places if self._is_watchable(device, path, everywhere)]

    def _is_watchable(self, device: int, path: str, everywhere: bool) -> bool:  # noqa: FBT001
        return bool(device) and (everywhere or self.devices.reach(device, path) is Reach.LOCAL)
