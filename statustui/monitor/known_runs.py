"""The pictures of the runs of one root: reading, judging and forgetting them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

from statustui.core.run import Run, RunDir
from statustui.monitor.directories import Directories
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
from statustui.monitor.poll_policy import Settings
from statustui.monitor.run_reader import RunReader
from statustui.monitor.schedule import Schedule
from statustui.monitor.series import AllSeries
from statustui.monitor.snapshot import RunSnapshot
from statustui.monitor.stalls import Stalls
from statustui.monitor.unreadable import UnreadableParts

_RACY_DELAY = 3.1
"""Seconds after a change until a run is read once more: a second change within the grain of the
filesystem's clock may have left every time and size as it was."""


class KnownRuns:
    """What is known of every run of one root; used by the thread of its scanner.

    Args:
        directories: The directories below the root.
        unreadable: The parts of the root that cannot be read.
        filesystems: The filesystems below the root.
        settings: How to watch.
        stopped: Set when reading is to end.
    """

    def __init__(
        self,
        directories: Directories,
        unreadable: UnreadableParts,
        filesystems: TreePolicy,
        settings: Settings,
        stopped: threading.Event,
    ) -> None:
        self.answered_at: float | None = None
        """When the filesystem answered last, on the monotonic clock; None while it is not asked."""
        self.overdue: set[str] = set()
        """Runs that are to be checked whatever the schedule says."""
        self._directories = directories
        self._unreadable = unreadable
        self._filesystems = filesystems
        self._stopped = stopped
        self._snapshots: dict[str, RunSnapshot] = {}
        policy = filesystems.policy
        self._reader = RunReader(self._snapshots, self.trusts_stat, policy.threads)
        self.schedule = Schedule(policy)
        self._stalls = Stalls(settings.stale_after, settings.clock)
        self.series = AllSeries(settings.stale_after, settings.clock, unreadable.reasons)

    def close(self) -> None:
        """Let the threads end."""
        self._reader.close()
        self._stalls.close()

    def __len__(self) -> int:
        """How many runs are known, without series."""
        return len(self._snapshots) - len(self.series)

    def __contains__(self, path: str) -> bool:
        """Whether there is a run at `path`."""
        return path in self._snapshots

    def __iter__(self) -> Iterator[str]:
        """Yield the paths of all runs."""
        return iter(self._snapshots)

    @property
    def put_off(self) -> int:
        """How many runs have been found but not read yet because their files are long."""
        return self._reader.new

    @property
    def read_on_at(self) -> float:
        """When there is a long file to read on, on the monotonic clock; infinite if none."""
        return self._reader.due_at

    def device(self, path: str) -> int:
        """Number of the device that the status file of a known run is on; 0 without one."""
        return self._snapshots[path].device

    def mark_answered(self) -> None:
        """Record that the filesystem has just answered, and may be asked again."""
        self.answered_at = time.monotonic()

    def use_policy(self) -> None:
        """Go by the policy of the filesystems as they are now."""
        policy = self._filesystems.policy
        self.schedule.policy = policy
        self._reader.use_threads(policy.threads)

    # Reading.

    def check(self, paths: Iterable[str]) -> Iterator[Finding]:
        """Check known runs, and read those that have changed."""
        known = self._known(paths)
        if self._filesystems.policy.threads == 1:
            known = self._reader.changed(known)
        return self._read_known(known)

    def read_again(self, paths: Iterable[str]) -> Iterator[Finding]:
        """Read known runs from the start of their files, whatever `stat` says."""
        return self._read_known(self._known(paths), anew=True)

    def read_on(self, *, hurry: bool) -> Iterator[Finding]:
        """Read on in a long file whose turn it is.

        Args:
            hurry: Whether there is nothing else to do.
        """
        self.mark_answered()
        snapshot = self._reader.read_on(hurry=hurry)
        if snapshot is not None:
            yield from self._apply(snapshot, is_late=True)
            # A hint about what was written meanwhile may have come too early.
            yield from self.check([snapshot.run.path])

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
                yield from self._apply(snapshot)
            if self._stopped.is_set():
                return

    def read_new(self, places: Iterable[RunDir]) -> Iterator[Finding]:
        """Read runs that have just been found."""
        for snapshot in self._reader.read(places):
            self.mark_answered()
            yield from self._apply(snapshot)
            if self._stopped.is_set():
                return

    def _apply(self, snapshot: RunSnapshot, *, is_late: bool = False) -> Iterator[Finding]:
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
            self._unreadable.remove(path)
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
                self.series.add(run)
            if snapshot.is_racy:
                self.schedule.doubt(path, time.monotonic() + _RACY_DELAY)
        yield from self._schedule_run(self.series.picture(run), snapshot, is_new=known is None)

    def _schedule_run(
        self, run: Run, snapshot: RunSnapshot, *, is_new: bool = False
    ) -> Iterator[Finding]:
        """Check a run often, or leave it alone for a while if it has finished."""
        written = snapshot.signature[2] / 1e9 if snapshot.signature is not None else 0.0
        was_active = is_new or run.path in self.schedule.active
        self.schedule.put(run, written, time.monotonic(), time.time())
        if was_active and run.path not in self.schedule.active:
            yield PathRests(run.path)

    def _lose_run(self, known: RunSnapshot, snapshot: RunSnapshot) -> list[Finding] | None:
        """Remove a known run that could not be read, or keep its last picture.

        Returns:
            What was removed; None if `snapshot`, which says why, is to be its picture.
        """
        run = known.run
        try:
            failure = self._unreadable.failure_at(run.status_path)
            if failure is not None and failure.errno in IS_GONE:
                return self._lose_status_file(run)
        except RootLostError:
            return []
        if failure is not None:
            self._keep_picture(run, failure)
        elif snapshot.run.is_missing:
            # The file was away for a moment.
            self.overdue.add(run.path)
        else:
            return None
        return []

    def _lose_status_file(self, run: Run) -> list[Finding] | None:
        """Remove a run whose status file is gone; None if its directory is to be shown without.

        Raises:
            RootLostError: The root itself cannot be reached; its last picture stays.
        """
        if run.kind == "plain":
            return list(self.drop(run.path))
        failure = self._unreadable.failure_at(run.path)
        if failure is None:
            return None
        if failure.errno in IS_GONE:
            return list(self.remove(run.path))
        self._keep_picture(run, failure)
        return []

    def _keep_picture(self, run: Run, failure: OSError) -> None:
        """Keep the last picture of a run that exists and cannot be reached."""
        self.schedule.watch(run.path)
        if not any(self._unreadable.above(run.path)):
            self._unreadable.add(run.path, failure)

    def drop(self, path: str) -> Iterator[Finding]:
        """Forget the run at `path`, whose directory may still hold others."""
        self._reader.forget(path)
        snapshot = self._snapshots.pop(path, None)
        if snapshot is not None:
            self.schedule.drop(path)
            self._stalls.forget(snapshot.run)
            self.series.forget(path)
            self._directories.drop_run(path)
            yield RunRemoved(path)
        self._unreadable.remove(path)

    def remove(self, top: str) -> Iterator[Finding]:
        """Forget a run, or a directory with all runs below it."""
        for path in self._directories.drop(top):
            yield from self.drop(path)
            yield PathReleased(path)

    def judge_series(self, paths: Iterable[str]) -> Iterator[Finding]:
        """List the links of those of these runs that are series, and judge what has changed."""
        self.series.list_links(paths, self.trusts_stat)
        for run in self.series.review(self.get):
            self.mark_answered()
            yield RunChanged(run)
            yield from self._schedule_run(run, self._snapshots[run.path])
            if self._stopped.is_set():  # pragma: no cover - the end comes in this very moment
                return

    def review_stalls(self) -> Iterator[Finding]:
        """Find the runs that have stalled, or do so no longer."""
        for run in self._stalls.review(self.get):
            self.mark_answered()
            self._snapshots[run.path] = self._snapshots[run.path]._replace(run=run)
            yield RunChanged(run)

    def get(self, path: str) -> Run | None:
        """Return the picture of the run at `path`; None if there is none."""
        snapshot = self._snapshots.get(path)
        return None if snapshot is None else snapshot.run

    def _add_device(self, device: int, path: str) -> None:
        if self._filesystems.add_device(device, path):
            self.use_policy()

    def trusts_stat(self, path: str) -> bool:
        """Whether `stat` tells of every change of the run at `path`."""
        return self._filesystems.trusts_stat(self._snapshots[path].device, path)
