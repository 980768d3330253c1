"""The picture of one root: finding its directories and runs, and checking them again."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator

from statustui.core.order import natural
from statustui.core.run import Run, RunDir
from statustui.core.working_dir import Folder, root_folder, run_dir
from statustui.monitor.directories import Change, Directories
from statustui.monitor.findings import (
    Finding,
    PathReleased,
    PathRests,
    RunChanged,
    RunRemoved,
    StatusFileChanged,
)
from statustui.monitor.fs.presence import IS_GONE, RootLostError
from statustui.monitor.fs.tree_policy import TreePolicy
from statustui.monitor.poll_policy import PollPolicy, Settings
from statustui.monitor.run_reader import RunReader
from statustui.monitor.schedule import Schedule
from statustui.monitor.series import AllSeries
from statustui.monitor.snapshot import RunSnapshot
from statustui.monitor.stalls import Stalls
from statustui.monitor.unreadable import UnreadableParts

_RACY_DELAY = 3.1
"""Seconds after a change until a run is read once more: a second change within the grain of the
filesystem's clock may have left every time and size as it was."""


class RootScanner:
    """Finds and reads the runs of one root, again and again; used by one thread.

    Every scanning method is a generator of what it finds, and scans as far as it is consumed.

    While the root cannot be read, the last picture of it stays, and so does that of a part that
    exists but cannot be read. A part that is gone is removed at once.

    Args:
        root: The directory, as the user gave it.
        settings: How to watch.
        stopped: Set when scanning is to end.
    """

    def __init__(self, root: str, settings: Settings, stopped: threading.Event) -> None:
        self.root = root
        self.real_root = os.path.realpath(root)
        self.busy_since: float | None = None
        """When the file call that is under way began, on the monotonic clock; None while idle."""
        self.found = 0
        """Runs that have been found, read or not."""
        self.skipped: frozenset[str] = frozenset()
        """Real paths of directories that are left out."""
        self._stopped = stopped
        self._snapshots: dict[str, RunSnapshot] = {}
        self._unlisted: list[str] = []
        self._overdue: set[str] = set()
        self._directories = Directories(root_folder(root))
        self.unreadable = UnreadableParts(root, self._directories)
        self.filesystems = TreePolicy(root, self.real_root, settings)
        self._reader = RunReader(self._snapshots, self._trusts_stat, self.policy.threads)
        self._stalls = Stalls(settings.stale_after, settings.clock)
        self._series = AllSeries(settings.stale_after, settings.clock, self.unreadable.reasons)
        self._schedule = Schedule(self.policy)

    def close(self) -> None:
        """Let the threads end."""
        self._reader.close()
        self._stalls.close()

    def __len__(self) -> int:
        """How many runs are known, without series."""
        return len(self._snapshots) - len(self._series)

    def __contains__(self, path: str) -> bool:
        """Whether there is a run at `path`."""
        return path in self._snapshots

    @property
    def policy(self) -> PollPolicy:
        """How much may be asked of the slowest filesystem below the root."""
        return self.filesystems.policy

    @property
    def active(self) -> set[str]:
        """Paths of the runs that can still change."""
        return self._schedule.active

    @property
    def resting(self) -> dict[str, float]:
        """Path of each finished run -> when it was written to, in seconds since 1970."""
        return self._schedule.resting

    @property
    def always_due(self) -> int:
        """How many runs and directories are checked in every sweep."""
        return len(self.active) + len(self._directories.holding_runs)

    @property
    def links(self) -> int:
        """Number of links that were not followed while runs were looked for."""
        return self._directories.links

    @property
    def read_on_at(self) -> float:
        """When there is a long file to read on, on the monotonic clock; infinite if none."""
        return self._reader.due_at

    @property
    def has_read_all(self) -> bool:
        """Whether no run that has been found is still unknown because its file is long."""
        return not self._reader.new

    def use_events(self, is_heard: Callable[[str], bool] | None) -> None:
        """Check finished runs less often whose changes are announced by events.

        Args:
            is_heard: Whether changes of the run at a path are; None if there are no events.
        """
        self._schedule.is_heard = is_heard

    def mark_answered(self) -> None:
        """Record that the filesystem has just answered, and may be asked again."""
        self.busy_since = time.monotonic()

    # Scanning.

    def sweep(self, room: float, *, everything: bool) -> Iterator[Finding]:
        """Check what is due.

        Args:
            room: How many runs and directories may be checked.
            everything: Whether all of them are due.
        """
        now = time.monotonic()
        if everything:
            self._directories.distrust()
        spare = room - self.always_due
        listed = self._directories.due(float("inf") if everything else spare / 2, now)
        for path in listed:
            if path in self._directories:
                yield from self._list(path)
            if self.unreadable.is_root_lost or self._stopped.is_set():
                return
        yield from self._list_new()
        room -= len(listed)
        due = list(self._snapshots) if everything else self._schedule.due(room, now, time.time())
        yield from self.check(due)
        overdue, self._overdue = self._overdue, set()
        yield from self.check(overdue)
        doubtful = self._schedule.doubtful(max(1.0, room - len(due)), now)
        yield from self.read_again(doubtful)
        if not self._stopped.is_set():
            self.found = len(self) + self._reader.new
            yield from self._review_stalls()

    def check(self, paths: Collection[str]) -> Iterator[Finding]:
        """Check known runs, and read those that have changed."""
        if self.unreadable.is_root_lost:
            return
        known = self._known(paths)
        if self.policy.threads == 1:
            known = self._reader.changed(known)
        yield from self._read_known(known)
        yield from self._list_new()
        yield from self._judge_series(paths)

    def read_again(self, paths: Collection[str]) -> Iterator[Finding]:
        """Read known runs from the start of their files, whatever `stat` says."""
        if self.unreadable.is_root_lost:
            return
        yield from self._read_known(self._known(paths), anew=True)
        yield from self._judge_series(paths)

    def list_again(self, paths: Collection[str]) -> Iterator[Finding]:
        """List known directories, whatever their times of change."""
        for path in paths:
            if path in self._directories:
                self._directories.distrust(path)
                yield from self._list(path)
        yield from self._list_new()
        self._series.list_links(self._series.owners(paths), self._trusts_stat)

    def read_on(self, *, hurry: bool) -> Iterator[Finding]:
        """Read on in a long file whose turn it is.

        Args:
            hurry: Whether there is nothing else to do.
        """
        if self.unreadable.is_root_lost:
            return
        self.mark_answered()
        snapshot = self._reader.read_on(hurry=hurry)
        if snapshot is not None:
            yield from self._apply_snapshot(snapshot, is_late=True)
            # A hint about what was written meanwhile may have come too early.
            yield from self.check([snapshot.run.path])

    def _review_stalls(self) -> Iterator[Finding]:
        for run in self._stalls.review(self._run_at):
            self.mark_answered()
            self._snapshots[run.path] = self._snapshots[run.path]._replace(run=run)
            yield RunChanged(run)

    def _run_at(self, path: str) -> Run | None:
        snapshot = self._snapshots.get(path)
        return None if snapshot is None else snapshot.run

    # Runs.

    def _known(self, paths: Iterable[str]) -> Iterator[RunSnapshot]:
        for path in paths:
            snapshot = self._snapshots.get(path)
            if snapshot is not None:
                self.mark_answered()
                yield snapshot

    def _read_known(self, known: Iterable[RunSnapshot], *, anew: bool = False) -> Iterator[Finding]:
        """Read known runs; one that is removed meanwhile does not come back as new."""
        for snapshot in self._reader.read([one.run.place for one in known], anew=anew):
            if snapshot.run.path in self._snapshots:
                self.mark_answered()
                yield from self._apply_snapshot(snapshot)
            if self._stopped.is_set():
                return

    def _read_new(self, places: Iterable[RunDir]) -> Iterator[Finding]:
        """Read runs that have just been found."""
        for snapshot in self._reader.read(places):
            self.mark_answered()
            yield from self._apply_snapshot(snapshot)
            if self._stopped.is_set():
                return

    def _apply_snapshot(self, snapshot: RunSnapshot, *, is_late: bool = False) -> Iterator[Finding]:
        """Take what has been read of a run into the picture.

        Args:
            snapshot: What has been read.
            is_late: Whether it was put off, so that a hint about it may be long gone.
        """
        run = snapshot.run
        path = run.path
        known = self._snapshots.get(path)
        is_lost = known is not None and snapshot is not known and snapshot.signature is None
        if known is not None and is_lost and (lost := self._lose_run(known, snapshot)) is not None:
            yield from lost
            return
        if snapshot.signature is not None:
            self.unreadable.remove(path)
        if snapshot is not known:
            self._snapshots[path] = snapshot
            if known is None:
                self._add_device(snapshot.device, path)
            elif known.run != run and not is_late:
                yield StatusFileChanged(path)
            if known is None or known.run != run:
                # A series is published once it has been judged by its runs.
                if not run.is_series:
                    yield RunChanged(run)
                self._stalls.add(run, None if known is None else known.run)
                self._series.add(run)
            if snapshot.is_racy:
                self._schedule.doubt(path, time.monotonic() + _RACY_DELAY)
        yield from self._schedule_run(self._series.picture(run), snapshot, is_new=known is None)

    def _schedule_run(
        self, run: Run, snapshot: RunSnapshot, *, is_new: bool = False
    ) -> Iterator[Finding]:
        """Check a run often, or leave it alone for a while if it has finished."""
        written = snapshot.signature[2] / 1e9 if snapshot.signature is not None else 0.0
        was_active = is_new or run.path in self.active
        self._schedule.put(run, written, time.monotonic(), time.time())
        if was_active and run.path not in self.active:
            yield PathRests(run.path)

    def _lose_run(self, known: RunSnapshot, snapshot: RunSnapshot) -> list[Finding] | None:
        """Remove a known run that could not be read, or keep its last picture.

        Returns:
            What was removed; None if `snapshot`, which says why, is to be its picture.
        """
        run = known.run
        try:
            failure = self.unreadable.failure_at(run.status_path)
            if failure is not None and failure.errno in IS_GONE:
                return self._lose_status_file(run)
        except RootLostError:
            return []
        if failure is not None:
            self._keep_picture(run, failure)
        elif snapshot.run.is_missing:
            # The file was away for a moment.
            self._overdue.add(run.path)
        else:
            return None
        return []

    def _lose_status_file(self, run: Run) -> list[Finding] | None:
        """Remove a run whose status file is gone; None if its directory is to be shown without.

        Raises:
            RootLostError: The root itself cannot be reached; its last picture stays.
        """
        if run.kind == "plain":
            return list(self._drop_run(run.path))
        failure = self.unreadable.failure_at(run.path)
        if failure is None:
            return None
        if failure.errno in IS_GONE:
            return list(self._remove(run.path))
        self._keep_picture(run, failure)
        return []

    def _keep_picture(self, run: Run, failure: OSError) -> None:
        """Keep the last picture of a run that exists and cannot be reached."""
        self._schedule.watch(run.path)
        if not any(self.unreadable.above(run.path)):
            self.unreadable.add(run.path, failure)

    def _drop_run(self, path: str) -> Iterator[Finding]:
        """Forget the run at `path`, whose directory may still hold others."""
        self._reader.forget(path)
        snapshot = self._snapshots.pop(path, None)
        if snapshot is not None:
            self._schedule.drop(path)
            self._stalls.forget(snapshot.run)
            self._series.forget(path)
            self._directories.drop_run(path)
            yield RunRemoved(path)
        self.unreadable.remove(path)

    def _remove(self, top: str) -> Iterator[Finding]:
        """Forget a run, or a directory with all runs below it."""
        for path in self._directories.drop(top):
            yield from self._drop_run(path)
            yield PathReleased(path)

    def _judge_series(self, paths: Iterable[str]) -> Iterator[Finding]:
        """List the links of those of these runs that are series, and judge what has changed."""
        self._series.list_links(paths, self._trusts_stat)
        for run in self._series.review(self._run_at):
            self.mark_answered()
            yield RunChanged(run)
            yield from self._schedule_run(run, self._snapshots[run.path])
            if self._stopped.is_set():  # pragma: no cover - the end comes in this very moment
                return

    # Directories.

    def _list(self, path: str) -> Iterator[Finding]:
        """List a directory if it has changed, and apply the changes."""
        self.mark_answered()
        before = self._directories[path]
        trusts_stat = self.filesystems.trusts_stat(before.device, path)
        try:
            change = self._directories.look(path, self.skipped, trust_stat=trusts_stat)
        except OSError as error:
            yield from self._lose_directory(path, error)
            return
        if self.unreadable.remove(path):
            self._distrust_below(path)
        now = self._directories[path]
        if path == self.root and before.inode and before != now:
            yield PathReleased(path)
            if before.device != now.device and self.filesystems.look_up_root():
                self._use_policy()
        if change is not None:
            yield from self._apply_change(now.folder, change)

    def _list_new(self) -> Iterator[Finding]:
        """List the directories that have been found, and those found in them."""
        while self._unlisted and not self._stopped.is_set():
            path = self._unlisted.pop()
            if path in self._directories:
                yield from self._list(path)

    def _apply_change(self, folder: Folder, change: Change) -> Iterator[Finding]:
        """Take what has changed in a directory into the picture."""
        if not (change.is_run or folder.is_run):
            yield from self._drop_run(folder.path)
        elif folder.path not in self._snapshots:
            self._directories.expect_runs(os.path.dirname(folder.path))
            yield from self._read_new([run_dir(self.root, folder)])
        for gone in change.gone:
            yield from self._remove(gone)
        for other in change.replaced:
            yield from self._replace(other)
        # The newest runs have the highest ids, and are of most interest.
        new = sorted(change.new, key=lambda one: natural(one.name), reverse=True)
        certain = [run_dir(self.root, one) for one in new if one.is_run]
        self.found = max(self.found, len(self)) + sum(one.kind != "series" for one in certain)
        for one in reversed(new):
            if not one.is_run:
                self._directories.add(one)
                self._unlisted.append(one.path)
                yield PathRests(one.path)
        yield from self._read_new(certain)

    def _replace(self, folder: Folder) -> Iterator[Finding]:
        """Scan another directory that has taken the place of a known one."""
        # Watches on the old directories hear nothing of the new ones.
        yield from [PathReleased(path) for path in self._directories.below(folder.path)]
        if folder.path in self._directories:
            self._distrust_below(folder.path)
            self._unlisted.append(folder.path)
        yield from self.read_again([folder.path])

    def _distrust_below(self, top: str) -> None:
        """Scan everything below a directory again, since changes may have been missed."""
        for path in self._directories.below(top):
            if path in self._directories:
                self._directories.distrust(path)
                if path != top:
                    self._unlisted.append(path)
            if path in self._snapshots:
                self._overdue.add(path)

    def _lose_directory(self, path: str, error: OSError) -> Iterator[Finding]:
        """Remove a directory that is gone, or keep the last picture of one that is not."""
        if path == self.root or error.errno not in IS_GONE:
            self.unreadable.add(path, error)
            return
        with contextlib.suppress(RootLostError):
            failure = self.unreadable.failure_at(path)
            if failure is not None and failure.errno in IS_GONE:
                yield from self._remove(path)

    # Filesystems.

    def _add_device(self, device: int, path: str) -> None:
        if self.filesystems.add_device(device, path):
            self._use_policy()

    def _use_policy(self) -> None:
        self._schedule.policy = self.policy
        self._reader.use_threads(self.policy.threads)

    def _trusts_stat(self, path: str) -> bool:
        """Whether `stat` tells of every change of the run at `path`."""
        return self.filesystems.trusts_stat(self._snapshots[path].device, path)

    # What can be watched.

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

    def resting_since(self, path: str) -> float | None:
        """When a finished run was written to, in seconds since 1970.

        For a directory without runs it is infinite; for anything else, None.
        """
        since = self._schedule.resting.get(path)
        if since is None and path in self._directories and path not in self._snapshots:
            return float("inf")
        return since

    def is_watchable(self, path: str, *, everywhere: bool) -> bool:
        """Whether the filesystem of a run or directory raises events.

        Args:
            path: The run or directory.
            everywhere: Whether any filesystem counts, as long as the path can be read.
        """
        snapshot = self._snapshots.get(path)
        if snapshot is not None:
            device = snapshot.device
        elif path in self._directories and path not in self.unreadable:
            device = self._directories[path].device
        else:
            return False
        return bool(device) and (everywhere or self.filesystems.raises_events(device, path))
