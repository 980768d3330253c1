"""The picture of one root: its directories and runs, and looking at them again."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator

from statustui.core.order import natural
from statustui.core.run import Run, RunDir
from statustui.core.working_dir import Folder, root_folder, run_dir
from statustui.monitor.batch import Unread
from statustui.monitor.change_buffer import Outbox
from statustui.monitor.directories import Change, Directories
from statustui.monitor.fs.mounts import Devices, Reach
from statustui.monitor.fs.presence import IS_GONE, RootLostError, failure_below
from statustui.monitor.poll_policy import Settings, policy_for
from statustui.monitor.run_reader import Reader
from statustui.monitor.schedule import Schedule
from statustui.monitor.series import AllSeries
from statustui.monitor.snapshot import RunSnapshot
from statustui.monitor.stalls import Stalls

_MOST_UNREAD = 1000
"""Parts that cannot be read and are named."""
_QUIET = 3.1
"""Seconds after a change until a run is read once more: a second change within the grain of the
filesystem's clock may have left every time and size as it was."""


class RootScanner:
    """Finds and reads the runs of one root, again and again; used by one thread.

    While the root cannot be read, the last picture of it stays, and so does that of a part that is
    there but cannot be read. A part that is gone leaves at once.

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
        self.root = root
        self.real_root = os.path.realpath(root)
        self.busy_since: float | None = None
        """When the file call that is under way began, on the monotonic clock."""
        self.found = 0
        """Runs that have been found, read or not."""
        self.troubles: dict[str, str] = {}
        """Part that cannot be read, or the root itself -> why."""
        self.forgotten: list[str] = []
        """Runs and directories that have been found to be gone, for whoever listens to them."""
        self.changed: list[str] = []
        """Known runs that have been found to have changed."""
        self.quiet: list[str] = []
        """Runs that have been found to be over, and new directories without runs."""
        self.skip: frozenset[str] = frozenset()
        """Real paths of directories that are left out."""
        self._settings = settings
        self._outbox = outbox
        self._tell = tell
        self._stopped = stopped
        self._readings: dict[str, RunSnapshot] = {}
        self._unlisted: list[str] = []
        self._overdue: set[str] = set()
        self._directories = Directories(root_folder(root))
        self._reader = Reader(self._readings, self._trusts_stat, 1)
        self._stalls = Stalls(settings.stale_after, settings.clock)
        self._series = AllSeries(settings.stale_after, settings.clock, self.troubles)
        self.devices = Devices(root, self.real_root)
        self.pace = policy_for(self.devices.slowest, settings)
        self._schedule = Schedule(self.pace)
        self._set_pace()

    def close(self) -> None:
        """Let the threads end."""
        self._reader.close()
        self._stalls.close()

    def __len__(self) -> int:
        """How many runs are known, without series."""
        return len(self._readings) - len(self._series)

    def __contains__(self, path: str) -> bool:
        """Whether there is a run at `path`."""
        return path in self._readings

    @property
    def active(self) -> set[str]:
        """Paths of the runs that can still change."""
        return self._schedule.active

    @property
    def resting(self) -> dict[str, float]:
        """Path of each run that is over -> when it was written to, in seconds since 1970."""
        return self._schedule.resting

    @property
    def due_always(self) -> int:
        """How many runs and directories are looked at in every sweep."""
        return len(self.active) + len(self._directories.holding_runs)

    @property
    def unread(self) -> tuple[Unread, ...]:
        """The parts that cannot be read, the root first."""
        parts = sorted(self.troubles.items())[:_MOST_UNREAD]
        return tuple(Unread(path, error) for path, error in parts)

    @property
    def links(self) -> int:
        """Number of links that were not followed while runs were looked for."""
        return self._directories.links

    def listen(self, is_heard: Callable[[str], bool] | None) -> None:
        """Leave finished runs alone for longer whose changes are announced by events.

        Args:
            is_heard: Whether those of the run at a path are; None if there are no events.
        """
        self._schedule.is_heard = is_heard

    # Looking.

    def beat(self) -> None:
        """Take note that the filesystem has just answered."""
        self.busy_since = time.monotonic()

    def sweep(self, room: float, *, everything: bool) -> None:
        """Look at whatever is due.

        Args:
            room: How many runs and directories may be looked at.
            everything: Whether all of it is due.
        """
        now = time.monotonic()
        if everything:
            self._directories.distrust()
        spare = room - self.due_always
        listed = self._directories.due(float("inf") if everything else spare / 2, now)
        for path in listed:
            if path in self._directories:
                self._list(path)
            if self.root in self.troubles or self._stopped.is_set():
                return
        self._enter_new()
        room -= len(listed)
        looked_at = (
            list(self._readings) if everything else self._schedule.due(room, now, time.time())
        )
        self.check(looked_at)
        overdue, self._overdue = self._overdue, set()
        self.check(overdue)
        self.read_again(self._schedule.doubtful(max(1.0, room - len(looked_at)), now))
        if not self._stopped.is_set():
            self.found = len(self) + self._reader.new
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
        if self.root in self.troubles:
            return
        known = self._known(paths)
        if self.pace.threads == 1:
            known = self._reader.changed(known)
        self._read_all([reading.run.place for reading in known])
        self._enter_new()
        self._judge_series(paths)

    def _known(self, paths: Iterable[str]) -> Iterator[RunSnapshot]:
        for path in paths:
            reading = self._readings.get(path)
            if reading is not None:
                self.beat()
                yield reading

    def read_again(self, paths: Collection[str]) -> None:
        """Read known runs from the start of their files, whatever `stat` says."""
        if self.root in self.troubles:
            return
        self._read_all([reading.run.place for reading in self._known(paths)], anew=True)
        self._judge_series(paths)

    def _judge_series(self, paths: Iterable[str]) -> None:
        """Look at the links of those of these runs that are series, and judge what has changed."""
        self._series.look(paths, self._trusts_stat)
        for run in self._series.review(self._run_at):
            self.beat()
            self._outbox.put(run)
            self._rest_or_stay(run, self._readings[run.path])
            self._tell_if_due()
            if self._stopped.is_set():  # pragma: no cover - the end comes in this very moment
                return

    def list_anew(self, paths: Collection[str]) -> None:
        """List known directories, whatever their times of change."""
        for path in paths:
            if path in self._directories:
                self._directories.distrust(path)
                self._list(path)
        self._enter_new()
        self._series.look(self._series.owners(paths), self._trusts_stat)

    def _read_all(self, places: Iterable[RunDir], *, anew: bool = False) -> None:
        for reading in self._reader.read(places, anew=anew):
            self.beat()
            self._accept(reading)
            if self._stopped.is_set():
                return

    @property
    def goes_on_at(self) -> float:
        """When there is a long file to read on, on the monotonic clock; infinite if none."""
        return self._reader.due_at

    @property
    def has_met_all(self) -> bool:
        """Whether nothing that has been found is still unknown because its file is long."""
        return not self._reader.new

    def go_on(self, *, hurry: bool) -> None:
        """Read on in a long file whose turn it is.

        Args:
            hurry: Whether there is nothing else to do.
        """
        if self.root in self.troubles:
            return
        self.beat()
        reading = self._reader.go_on(hurry=hurry)
        if reading is not None:
            self._accept(reading, is_late=True)
            # What was written to it meanwhile may have been announced in vain.
            self.check([reading.run.path])

    def _accept(self, reading: RunSnapshot, *, is_late: bool = False) -> None:
        """Take what has been read of a run into the picture.

        Args:
            reading: What has been read.
            is_late: Whether it was put off, whatever it was read for.
        """
        run = reading.run
        path = run.path
        known = self._readings.get(path)
        is_lost = known is not None and reading is not known and reading.signature is None
        if known is not None and is_lost and self._has_left(known, reading):
            return
        if reading.signature is not None:
            self.troubles.pop(path, None)
        now = time.monotonic()
        if reading is not known:
            self._readings[path] = reading
            if known is None:
                self._meet(reading.device, path)
            elif known.run != run and not is_late:
                self.changed.append(path)
            if known is None or known.run != run:
                # The picture of a series is handed out once it has been judged by its runs.
                if not run.is_series:
                    self._outbox.put(run)
                self._stalls.meet(run, None if known is None else known.run)
                self._series.meet(run)
            if reading.is_racy:
                self._schedule.doubt(path, now + _QUIET)
        self._rest_or_stay(self._series.picture(run), reading, is_new=known is None)
        self._tell_if_due()

    def _rest_or_stay(self, run: Run, reading: RunSnapshot, *, is_new: bool = False) -> None:
        """Look at a run often, or leave it alone for a while if it has ended."""
        written = reading.signature[2] / 1e9 if reading.signature is not None else 0.0
        was_active = is_new or run.path in self.active
        self._schedule.put(run, written, time.monotonic(), time.time())
        if was_active and run.path not in self.active:
            self.quiet.append(run.path)

    def _has_left(self, known: RunSnapshot, reading: RunSnapshot) -> bool:
        """Whether a run that could not be read is gone, or its last picture stays."""
        run = known.run
        try:
            failure = self._failure_at(run.status_path)
            if failure is not None and failure.errno in IS_GONE:
                if run.kind == "plain":
                    self._drop(run.path)
                    return True
                failure = self._failure_at(run.path)
                if failure is None:
                    return False
                if failure.errno in IS_GONE:
                    self._forget(run.path)
                    return True
        except RootLostError:
            return True
        if failure is None:
            # Either the file itself cannot be read, or it was away for a moment.
            if reading.run.is_missing:
                self._overdue.add(run.path)
            return reading.run.is_missing
        self._schedule.active.add(run.path)
        if not any(self._troubled_above(run.path)):
            self.troubles[run.path] = failure.strerror or str(failure)
        return True

    def _failure_at(self, path: str) -> OSError | None:
        """Why something below the root cannot be reached, if it cannot.

        Raises:
            RootLostError: The root itself cannot; its last picture stays.
        """
        root = self._directories[self.root]
        try:
            return failure_below(self.root, (root.device, root.inode), path)
        except RootLostError as error:
            if error.errno == errno.ESTALE:
                self._directories.distrust(self.root)
            else:
                self.troubles[self.root] = error.strerror or str(error)
            raise

    def _troubled_above(self, path: str) -> Iterator[str]:
        """The directories above `path` that cannot be read."""
        while path != self.root and self.troubles:
            path = os.path.dirname(path)
            if path in self.troubles:
                yield path

    # Directories.

    def _list(self, path: str) -> None:
        """Look into a directory, and take in what has changed there."""
        self.beat()
        before = self._directories[path]
        trust = self._reach(before.device, path) is not Reach.REMOTE
        try:
            change = self._directories.look(path, self.skip, trust_stat=trust)
        except OSError as error:
            self._lose(path, error)
            return
        if self.troubles.pop(path, None) is not None:
            self._renew(path)
        now = self._directories[path]
        if path == self.root and before.inode and before != now:
            self.forgotten.append(path)
            if before.device != now.device:
                self._meet_root()
        if change is not None:
            self._take_in(now.folder, change)

    def _take_in(self, folder: Folder, change: Change) -> None:
        """Take what has changed in a directory into the picture."""
        if not (change.is_run or folder.is_run):
            self._drop(folder.path)
        elif folder.path not in self._readings:
            self._directories.expect_runs(os.path.dirname(folder.path))
            self._read_all([run_dir(self.root, folder)])
        for gone in change.gone:
            self._forget(gone)
        for other in change.replaced:
            self._replace(other)
        # The newest runs have the highest ids, and they are what somebody waits for.
        new = sorted(change.new, key=lambda one: natural(one.name), reverse=True)
        certain = [run_dir(self.root, one) for one in new if one.is_run]
        self.found = max(self.found, len(self)) + sum(one.kind != "series" for one in certain)
        for one in reversed(new):
            if not one.is_run:
                self._directories.add(one)
                self._unlisted.append(one.path)
                self.quiet.append(one.path)
        self._read_all(certain)

    def _replace(self, folder: Folder) -> None:
        """Another directory has taken the place of a known one: all of it may be different."""
        # What listens to the old ones hears nothing of the new ones.
        self.forgotten += self._directories.below(folder.path)
        if folder.path in self._directories:
            self._renew(folder.path)
            self._unlisted.append(folder.path)
        self.read_again([folder.path])

    def _renew(self, top: str) -> None:
        """Look at everything below a directory again, since changes may have been missed."""
        for path in self._directories.below(top):
            if path in self._directories:
                self._directories.distrust(path)
                if path != top:
                    self._unlisted.append(path)
            if path in self._readings:
                self._overdue.add(path)

    def _enter_new(self) -> None:
        """Look into the directories that have been found, and those found in them."""
        while self._unlisted and not self._stopped.is_set():
            path = self._unlisted.pop()
            if path in self._directories:
                self._list(path)

    def _lose(self, path: str, error: OSError) -> None:
        """A directory cannot be read: it is gone, or its last picture stays."""
        if path == self.root or error.errno not in IS_GONE:
            self.troubles[path] = error.strerror or str(error)
            return
        with contextlib.suppress(RootLostError):
            failure = self._failure_at(path)
            if failure is not None and failure.errno in IS_GONE:
                self._forget(path)

    def _drop(self, path: str) -> None:
        """Forget the run at `path`, whose directory may still hold others."""
        self._reader.forget(path)
        reading = self._readings.pop(path, None)
        if reading is not None:
            self._outbox.remove(path)
            self._schedule.drop(path)
            self._stalls.forget(reading.run)
            self._series.forget(path)
            self._directories.drop_run(path)
        self.troubles.pop(path, None)

    def _forget(self, top: str) -> None:
        """Forget a run, or a directory with all runs below it."""
        for path in self._directories.drop(top):
            self._drop(path)
            self.forgotten.append(path)

    # Filesystems.

    def _reach(self, device: int, path: str) -> Reach:
        """What a file is on; without one, what the root is on."""
        return self.devices.reach(device, path) if device else self.devices.root_mount.reach

    def _meet_root(self) -> None:
        """Find out what the root is on now, and go at the pace of that."""
        self.devices = Devices(self.root, self.real_root)
        self._set_pace()

    def _meet(self, device: int, path: str) -> None:
        """Take note of what a new run is on."""
        if device and device not in self.devices:
            self.devices.reach(device, path)
            self._set_pace()

    def _set_pace(self) -> None:
        """Go at the pace of the slowest filesystem there is below the root."""
        self.pace = self._schedule.pace = policy_for(self.devices.slowest, self._settings)
        self._reader.use(self.pace.threads)

    def _trusts_stat(self, path: str) -> bool:
        """Whether `stat` tells of every change of the run at `path`."""
        return self._reach(self._readings[path].device, path) is not Reach.REMOTE

    def is_series(self, path: str) -> bool:
        """Whether there is a series at `path`."""
        return path in self._series

    def watchable_runs(self, *, everywhere: bool) -> list[str]:
        """The active runs whose filesystem raises events, or all that can be read."""
        return [path for path in self.active if self.is_watchable(path, everywhere=everywhere)]

    def watchable_directories(self, *, everywhere: bool) -> list[str]:
        """The directories in which runs appear, chosen alike."""
        paths = self._directories.holding_runs
        found = [path for path in paths if self.is_watchable(path, everywhere=everywhere)]
        for path in self.active:
            if path in self._series and self.is_watchable(path, everywhere=everywhere):
                found += self._series.directories(path)
        return found

    def quiet_since(self, path: str) -> float | None:
        """When a run that is over was written to, in seconds since 1970.

        For a directory without runs it is infinite; for what is neither, None.
        """
        since = self._schedule.resting.get(path)
        if since is None and path in self._directories and path not in self._readings:
            return float("inf")
        return since

    def is_watchable(self, path: str, *, everywhere: bool) -> bool:
        """Whether the filesystem of a run or directory raises events."""
        reading = self._readings.get(path)
        if reading is not None:
            return self._raises_events(reading.device, path, everywhere)
        is_known = path in self._directories and path not in self.troubles
        return is_known and self._raises_events(self._directories[path].device, path, everywhere)

    def _raises_events(self, device: int, path: str, everywhere: bool) -> bool:  # noqa: FBT001
        return bool(device) and (everywhere or self.devices.reach(device, path) is Reach.LOCAL)
