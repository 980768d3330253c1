"""The picture of one root: finding its directories and runs, and checking them again."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator

from statustui.core.order import natural
from statustui.core.working_dir import Folder, root_folder, run_dir
from statustui.monitor.directories import Change, Directories
from statustui.monitor.findings import Finding, PathReleased, PathRests
from statustui.monitor.fs.presence import IS_GONE, RootLostError
from statustui.monitor.fs.tree_policy import TreePolicy
from statustui.monitor.known_runs import KnownRuns
from statustui.monitor.poll_policy import PollPolicy, Settings
from statustui.monitor.unreadable import UnreadableParts


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
        self.found = 0
        """Runs that have been found, read or not."""
        self.skipped: frozenset[str] = frozenset()
        """Real paths of directories that are left out."""
        self._stopped = stopped
        self._unlisted: list[str] = []
        self._directories = Directories(root_folder(root))
        self.unreadable = UnreadableParts(root, self._directories)
        self.filesystems = TreePolicy(root, self.real_root, settings)
        self._runs = KnownRuns(
            self._directories, self.unreadable, self.filesystems, settings, stopped
        )

    def close(self) -> None:
        """Let the threads end."""
        self._runs.close()

    def __len__(self) -> int:
        """How many runs are known, without series."""
        return len(self._runs)

    def __contains__(self, path: str) -> bool:
        """Whether there is a run at `path`."""
        return path in self._runs

    @property
    def policy(self) -> PollPolicy:
        """How much may be asked of the slowest filesystem below the root."""
        return self.filesystems.policy

    @property
    def active(self) -> set[str]:
        """Paths of the runs that can still change."""
        return self._runs.schedule.active

    @property
    def resting(self) -> dict[str, float]:
        """Path of each finished run -> when it was written to, in seconds since 1970."""
        return self._runs.schedule.resting

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
        return self._runs.read_on_at

    @property
    def has_read_all(self) -> bool:
        """Whether no run that has been found is still unknown because its file is long."""
        return not self._runs.put_off

    def use_events(self, is_heard: Callable[[str], bool] | None) -> None:
        """Check finished runs less often whose changes are announced by events.

        Args:
            is_heard: Whether changes of the run at a path are; None if there are no events.
        """
        self._runs.schedule.is_heard = is_heard

    @property
    def waiting_since(self) -> float | None:
        """When the filesystem answered last, on the monotonic clock; None while it is not asked."""
        return self._runs.answered_at

    def mark_answered(self) -> None:
        """Record that the filesystem has just answered, and may be asked again."""
        self._runs.mark_answered()

    def mark_idle(self) -> None:
        """Record that the filesystem is not asked any more."""
        self._runs.answered_at = None

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
        due = list(self._runs) if everything else self._runs.schedule.due(room, now, time.time())
        yield from self.check(due)
        overdue, self._runs.overdue = self._runs.overdue, set()
        yield from self.check(overdue)
        doubtful = self._runs.schedule.doubtful(max(1.0, room - len(due)), now)
        yield from self.read_again(doubtful)
        if not self._stopped.is_set():
            self.found = len(self) + self._runs.put_off
            yield from self._runs.review_stalls()

    def check(self, paths: Collection[str]) -> Iterator[Finding]:
        """Check known runs, and read those that have changed."""
        if self.unreadable.is_root_lost:
            return
        yield from self._runs.check(paths)
        yield from self._list_new()
        yield from self._runs.judge_series(paths)

    def read_again(self, paths: Collection[str]) -> Iterator[Finding]:
        """Read known runs from the start of their files, whatever `stat` says."""
        if self.unreadable.is_root_lost:
            return
        yield from self._runs.read_again(paths)
        yield from self._runs.judge_series(paths)

    def list_again(self, paths: Collection[str]) -> Iterator[Finding]:
        """List known directories, whatever their times of change."""
        for path in paths:
            if path in self._directories:
                self._directories.distrust(path)
                yield from self._list(path)
        yield from self._list_new()
        self._runs.series.list_links(self._runs.series.owners(paths), self._runs.trusts_stat)

    def read_on(self, *, hurry: bool) -> Iterator[Finding]:
        """Read on in a long file whose turn it is.

        Args:
            hurry: Whether there is nothing else to do.
        """
        if self.unreadable.is_root_lost:
            return
        yield from self._runs.read_on(hurry=hurry)
        yield from self._runs.judge_series(())

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
                self._runs.use_policy()
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
            yield from self._runs.drop(folder.path)
        elif folder.path not in self._runs:
            self._directories.expect_runs(os.path.dirname(folder.path))
            yield from self._runs.read_new([run_dir(self.root, folder)])
        for gone in change.gone:
            yield from self._runs.remove(gone)
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
        yield from self._runs.read_new(certain)

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
            if path in self._runs:
                self._runs.overdue.add(path)

    def _lose_directory(self, path: str, error: OSError) -> Iterator[Finding]:
        """Remove a directory that is gone, or keep the last picture of one that is not."""
        if path == self.root or error.errno not in IS_GONE:
            self.unreadable.add(path, error)
            return
        with contextlib.suppress(RootLostError):
            failure = self.unreadable.failure_at(path)
            if failure is not None and failure.errno in IS_GONE:
                yield from self._runs.remove(path)

    # What can be watched.

    def is_series(self, path: str) -> bool:
        """Whether there is a series at `path`."""
        return path in self._runs.series

    def watchable_runs(self, *, everywhere: bool) -> list[str]:
        """The active runs whose filesystem raises events, or all that can be read."""
        return [path for path in self.active if self.is_watchable(path, everywhere=everywhere)]

    def watchable_directories(self, *, everywhere: bool) -> list[str]:
        """The directories in which runs appear, chosen alike."""
        paths = self._directories.holding_runs
        found = [path for path in paths if self.is_watchable(path, everywhere=everywhere)]
        for path in self.active:
            if path in self._runs.series and self.is_watchable(path, everywhere=everywhere):
                found += self._runs.series.directories(path)
        return found

    def resting_since(self, path: str) -> float | None:
        """When a finished run was written to, in seconds since 1970.

        For a directory without runs it is infinite; for anything else, None.
        """
        since = self._runs.schedule.resting.get(path)
        if since is None and path in self._directories and path not in self._runs:
            return float("inf")
        return since

    def is_watchable(self, path: str, *, everywhere: bool) -> bool:
        """Whether the filesystem of a run or directory raises events.

        Args:
            path: The run or directory.
            everywhere: Whether any filesystem counts, as long as the path can be read.
        """
        if path in self._runs:
            device = self._runs.device(path)
        elif path in self._directories and path not in self.unreadable:
            device = self._directories[path].device
        else:
            return False
        return bool(device) and (everywhere or self.filesystems.raises_events(device, path))
