"""Scanning one root: finding its directories and runs, and checking them again."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Container, Iterable, Iterator

from statustui.core.order import natural
from statustui.core.working_dir import Folder, root_folder, run_dir, run_dirs
from statustui.monitor.cache_keeper import CacheKeeper
from statustui.monitor.directories import Directories, DirectoryChange
from statustui.monitor.findings import Finding, PathReleased, PathsRest
from statustui.monitor.fs.presence import IS_GONE, RootLostError
from statustui.monitor.fs.tree_policy import TreePolicy
from statustui.monitor.known_runs import KnownRuns
from statustui.monitor.poll_policy import PollPolicy, Settings
from statustui.monitor.root_registry import is_inside
from statustui.monitor.unreadable import UnreadableParts
from statustui.monitor.usage import Usage


class RootScanner:
    """Finds and reads the runs of one root, again and again; used by one thread.

    Every scanning method is a generator of findings; it scans only as far as it is consumed.

    While the root cannot be read, all its runs keep their last state, and so do the runs of a part
    that exists but cannot be read. A part that is gone is removed at once.

    Args:
        root: The directory, as the user gave it.
        settings: How to watch.
        stopped: Set to end scanning.
    """

    def __init__(self, root: str, settings: Settings, stopped: threading.Event) -> None:
        self.root = root
        self.real_root = os.path.realpath(root)
        self.found = 0
        """Number of runs that have been found, read or not."""
        self.skipped: frozenset[str] = frozenset()
        """Real paths of directories to leave out."""
        self._stopped = stopped
        self._to_list: list[str] = []
        self._directories = Directories(root_folder(root))
        self.unreadable = UnreadableParts(root, self._directories)
        self.filesystems = TreePolicy(root, self.real_root, settings)
        self._runs = KnownRuns(
            directories=self._directories,
            unreadable=self.unreadable,
            filesystems=self.filesystems,
            settings=settings,
            stopped=stopped,
            keeper=CacheKeeper(settings.store, self.real_root),
            root=root,
            is_elsewhere=self._is_elsewhere,
        )

    def close(self) -> None:
        """End the threads."""
        self._runs.close()

    def __len__(self) -> int:
        """Return the number of known runs, without series."""
        return len(self._runs)

    def __contains__(self, path: str) -> bool:
        """Return whether `path` is a known run."""
        return path in self._runs

    @property
    def policy(self) -> PollPolicy:
        """The policy for the slowest filesystem below the root."""
        return self.filesystems.policy

    @property
    def active(self) -> set[str]:
        """Paths of the runs that can still change."""
        return self._runs.schedule.active

    @property
    def resting_count(self) -> int:
        """Number of finished runs."""
        return self._runs.schedule.resting.count

    @property
    def always_due(self) -> float:
        """Number of runs and directories that are checked in every sweep, on an average."""
        return self._runs.schedule.always_due + len(self._directories.holding_runs)

    @property
    def quiet_rest(self) -> float | None:
        """Seconds between two checks of quiet runs under way; None if there are none."""
        return self._runs.schedule.quiet_rest

    @property
    def links(self) -> int:
        """Number of symbolic links that were not followed in the search for runs."""
        return self._directories.links

    @property
    def read_on_at(self) -> float:
        """When to call `read_on`, on the monotonic clock; infinite if no long file can be read."""
        return float("inf") if self.unreadable.is_root_lost else self._runs.read_on_at

    @property
    def unchecked_count(self) -> int:
        """Number of runs that are known from the cache alone."""
        return self._runs.unchecked_count

    @property
    def read_count(self) -> int:
        """Number of runs that have been read; while the cache is read, how many of it are told."""
        return len(self) or (self.unchecked_count if self.as_of is None else 0)

    @property
    def as_of(self) -> float | None:
        """When the runs of the cache were saved, in seconds since 1970; None once checked."""
        return self._runs.as_of

    @property
    def unanswered(self) -> str:
        """Why the scheduler has not answered when it was asked last; empty if it has."""
        return self._runs.unanswered

    @property
    def usage(self) -> Usage:
        """What has been asked of the filesystem; may be read on any thread."""
        return self._runs.counter.usage

    @property
    def has_read_all(self) -> bool:
        """Whether every run that was found has been read; long files are read later."""
        return not self._runs.unread_count

    def save_cache(self) -> None:
        """Save what is known for later sessions; to be called once all runs have been read."""
        self._runs.save_cache()

    def use_events(self, is_announced: Callable[[str], bool] | None) -> None:
        """Check finished runs less often if events announce their changes.

        Args:
            is_announced: Returns whether events announce the changes of the run at a path; None if
                no events are used.
        """
        schedule = self._runs.schedule
        schedule.is_announced = is_announced
        if is_announced is None:
            self.expect_no_events(list(schedule.resting))

    def expect_no_events(self, paths: Iterable[str]) -> None:
        """Check soon the finished runs among `paths`, which events no longer announce."""
        self._runs.schedule.expect_no_events(paths, time.monotonic(), time.time())

    @property
    def waiting_since(self) -> float | None:
        """When the filesystem last answered, on the monotonic clock; None while it is not used."""
        return self._runs.answered_at

    def mark_answered(self) -> None:
        """Record that the filesystem has just answered."""
        self._runs.mark_answered()

    def mark_idle(self) -> None:
        """Record that no call on the filesystem is under way."""
        self._runs.answered_at = None

    @contextlib.contextmanager
    def between_calls(self) -> Iterator[None]:
        """Count the time as no wait for the filesystem, as no call on it is under way."""
        self.mark_idle()
        try:
            yield
        finally:
            self.mark_answered()

    # Scanning.

    def read_cache(self) -> Iterator[Finding]:
        """Yield the runs that an earlier session has saved, for the first sweep to check."""
        self.found = self._runs.cached_count
        yield from self._runs.read_cache()
        self.found = 0

    def sweep(self, room: float, *, everything: bool) -> Iterator[Finding]:
        """Check the runs and directories that are due.

        Args:
            room: How many runs and directories may be checked.
            everything: Whether to check all of them.
        """
        now = time.monotonic()
        if everything:
            self._directories.invalidate()
        spare = room - self.always_due
        listed = self._directories.due(float("inf") if everything else spare / 2, now)
        room -= len(listed)
        # These are chosen before new runs are read, which need no check in the same sweep.
        due = (
            list(self._runs) if everything else self._runs.schedule.due_runs(room, now, time.time())
        )
        yield from self._list_all(listed)
        if self._is_over():
            return
        yield from self.check(due)
        overdue, self._runs.overdue = self._runs.overdue, set()
        yield from self.check(overdue)
        if self._is_over():
            return
        doubtful = self._runs.schedule.due_rereads(max(1.0, room - len(due)), now)
        yield from self.reread(doubtful)
        if not self._stopped.is_set():
            self.found = len(self) + self._runs.unread_count
            yield from self._runs.drop_unchecked()
            yield from self._runs.review_stalls()

    def _is_over(self) -> bool:
        """Return whether a sweep need not go on."""
        return self.unreadable.is_root_lost or self._stopped.is_set()

    def review_jobs(self) -> Iterator[Finding]:
        """Yield the runs of which their jobs make something else; to be called after a sweep."""
        if not self._is_over():
            yield from self._runs.review_jobs()

    def check(self, paths: Collection[str]) -> Iterator[Finding]:
        """Check known runs, and read the changed ones."""
        if self.unreadable.is_root_lost:
            return
        yield from self._runs.check(paths)
        yield from self._list_all(())
        yield from self._runs.judge_series(paths)

    def reread(self, paths: Collection[str]) -> Iterator[Finding]:
        """Read known runs from the start of their files, even if `stat` shows no change."""
        if self.unreadable.is_root_lost:
            return
        yield from self._runs.reread(paths)
        yield from self._runs.judge_series(paths)

    def relist(self, paths: Collection[str]) -> Iterator[Finding]:
        """List known directories, even if `stat` shows no change."""
        for path in paths:
            if path in self._directories:
                self._directories.invalidate(path)
        yield from self._list_all(paths)
        self._runs.series.list_links(self._runs.series.owners(paths), self._runs.trusts_stat)

    def read_on(self, *, hurry: bool) -> Iterator[Finding]:
        """Read the next part of the long file that is due.

        Args:
            hurry: Whether to read without a limit on the bytes per second of all files.
        """
        if self.unreadable.is_root_lost:
            return
        yield from self._runs.read_on(hurry=hurry)
        yield from self._runs.judge_series(())

    def review_pasts(self) -> Iterator[Finding]:
        """Yield the runs whose past has changed; to be called once all runs have been read."""
        yield from self._runs.review_pasts()

    def _is_elsewhere(self, path: str) -> bool:
        """Return whether the run at a path is left out, or in a part that cannot be read."""
        real = self.real_root + path.removeprefix(self.root)
        return is_inside(real, self.skipped) or any(self.unreadable.above(path))

    # Directories.

    def _list(self, path: str) -> Iterator[Finding]:
        """List a directory if it has changed, and yield the changes."""
        self.mark_answered()
        self._runs.counter.looks += 1
        before = self._directories[path]
        trusts_stat = self.filesystems.trusts_stat(before.device, path)
        try:
            change = self._directories.list_if_changed(path, self.skipped, trust_stat=trusts_stat)
        except OSError as error:
            yield from self._handle_lost_directory(path, error)
            return
        if self.unreadable.remove(path):
            self._invalidate_below(path)
        now = self._directories[path]
        if path == self.root and before.inode and before != now:
            yield PathReleased(path)
            if before.device != now.device and self.filesystems.reload():
                self._runs.update_policy()
        if change is not None:
            try:
                yield from self._apply_change(now.folder, change)
            except BaseException:
                # The next listing reports what has not been applied.
                self._directories.forget_children(path)
                raise

    def _list_all(self, paths: Iterable[str]) -> Iterator[Finding]:
        """List directories, all new ones, and those that are found in them."""
        try:
            for path in paths:
                if path in self._directories:
                    yield from self._list(path)
                if self._is_over():
                    return
            while self._to_list and not self._stopped.is_set():
                path = self._to_list.pop()
                if path in self._directories:
                    yield from self._list(path)
        finally:
            self._runs.end_new()

    def _apply_change(self, folder: Folder, change: DirectoryChange) -> Iterator[Finding]:
        """Add and remove the runs and directories that appeared and vanished in a directory."""
        if not (change.is_run or folder.is_run):
            yield from self._runs.remove_run(folder.path)
        elif folder.path not in self._runs:
            self._directories.expect_runs(os.path.dirname(folder.path))
            yield from self._runs.read_new([run_dir(self.root, folder)])
        for gone in change.gone:
            yield from self._runs.remove_tree(gone)
        for path in change.replaced:
            yield from self._replace(path)
        for path in change.of_other_kind:
            yield from self._runs.remove_tree(path)
            self._to_list.append(folder.path)
        kind = folder.below
        count = len(change.new_runs) if kind != "series" else 0
        self.found = max(self.found, len(self)) + count
        for one in sorted(change.new, key=lambda one: natural(one.name)):
            self._directories.add(one)
            self._to_list.append(one.path)
            yield PathsRest((one.path,))
        if kind is not None and change.new_runs:
            # The newest runs matter most.
            yield from self._runs.read_new(run_dirs(self.root, change.new_runs, kind))

    def _replace(self, path: str) -> Iterator[Finding]:
        """Scan a directory whose path belonged to another directory before."""
        # The watches on the old directories report nothing about the new ones.
        yield from [PathReleased(one) for one in self._directories.below(path)]
        if path in self._directories:
            self._invalidate_below(path)
            self._to_list.append(path)
        yield from self.reread([path])

    def _invalidate_below(self, top: str) -> None:
        """Scan everything below a directory again: changes may have been missed."""
        for path in self._directories.below(top):
            if path in self._directories:
                self._directories.invalidate(path)
                if path != top:
                    self._to_list.append(path)
            if path in self._runs:
                self._runs.overdue.add(path)

    def _handle_lost_directory(self, path: str, error: OSError) -> Iterator[Finding]:
        """Remove a directory that is gone; record one that exists as unreadable."""
        if path == self.root or error.errno not in IS_GONE:
            self.unreadable.add(path, error)
            return
        with contextlib.suppress(RootLostError):
            failure = self.unreadable.failure_at(path)
            if failure is not None and failure.errno in IS_GONE:
                yield from self._runs.remove_tree(path)

    # What can be watched for events.

    def is_series(self, path: str) -> bool:
        """Return whether there is a series at `path`."""
        return path in self._runs.series

    def unwatched_runs(self, watched: Container[str], *, any_filesystem: bool) -> list[str]:
        """Return the active runs that are not watched although they are `is_watchable`."""
        return [
            path
            for path in self.active
            if path not in watched and self.is_watchable(path, any_filesystem=any_filesystem)
        ]

    def watchable_directories(self, *, any_filesystem: bool) -> list[str]:
        """Return the directories in which runs appear that `is_watchable`."""
        paths = self._directories.holding_runs
        found = [path for path in paths if self.is_watchable(path, any_filesystem=any_filesystem)]
        for path in self._runs.series:
            if path in self.active and self.is_watchable(path, any_filesystem=any_filesystem):
                found += self._runs.series.directories(path)
        return found

    def resting_since(self, path: str) -> float | None:
        """Return when a finished run was written, in seconds since 1970.

        Returns:
            The time; infinity for a directory without runs, None for anything else.
        """
        if path in self._runs.schedule.resting:
            return next(self._runs.written_at((path,)))
        is_directory = path in self._directories and path not in self._runs
        return float("inf") if is_directory else None

    def is_watchable(self, path: str, *, any_filesystem: bool) -> bool:
        """Return whether a run or directory can be watched for events.

        Args:
            path: The run or directory.
            any_filesystem: Whether to accept filesystems that may not raise every event.
        """
        if path in self._runs:
            device = self._runs.device(path)
        elif path in self._directories and path not in self.unreadable:
            device = self._directories[path].device
        else:
            return False
        return bool(device) and (any_filesystem or self.filesystems.raises_events(device, path))
