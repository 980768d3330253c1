"""The snapshots of the runs of one root: reading, judging and removing them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing

from statustui.core.reading import size_in, written_in
from statustui.core.run import Run, RunDir
from statustui.monitor.cache_keeper import CacheKeeper
from statustui.monitor.capacity import Capacity
from statustui.monitor.directories import Directories
from statustui.monitor.findings import (
    Finding,
    PathReleased,
    PathsRest,
    RunRemoved,
    RunsChanged,
    StatusFileChanged,
)
from statustui.monitor.first_read import FirstReader
from statustui.monitor.fs.near import Near
from statustui.monitor.fs.presence import IS_GONE, RootLostError
from statustui.monitor.fs.tree_policy import TreePolicy
from statustui.monitor.jobs import Jobs, Looks
from statustui.monitor.pasts import Pasts, keep_past
from statustui.monitor.poll_policy import Settings
from statustui.monitor.run_reader import RunReader
from statustui.monitor.schedule import Schedule
from statustui.monitor.series import AllSeries
from statustui.monitor.shown_runs import ShownRuns
from statustui.monitor.snapshot import RunSnapshot
from statustui.monitor.stalls import Stalls, keep_stall
from statustui.monitor.unreadable import UnreadableParts
from statustui.monitor.usage import UsageCounter

_FEW = 16
"""Runs for which opening the directory around them does not pay."""
_RACY_DELAY = 3.1
"""Seconds from a change until an unconditional reread: a second change within one tick of the
filesystem's clock can leave the size and all times of a file the same."""


class KnownRuns:
    """The last snapshot of every run of one root; used by the thread of its scanner.

    Args:
        directories: The directories below the root.
        unreadable: The parts of the root that cannot be read.
        filesystems: The filesystems below the root.
        settings: How to watch.
        stopped: Set when reading is to end.
        keeper: Keeps the cache of the root.
        root: The root, as the user gave it.
        is_elsewhere: Returns whether the run at a path is not known to be gone if it is not found.
    """

    def __init__(  # noqa: PLR0913 - what it shares with its scanner
        self,
        *,
        directories: Directories,
        unreadable: UnreadableParts,
        filesystems: TreePolicy,
        settings: Settings,
        stopped: threading.Event,
        keeper: CacheKeeper,
        root: str,
        is_elsewhere: Callable[[str], bool],
    ) -> None:
        self.answered_at: float | None = None
        """When the filesystem last answered, on the monotonic clock; None while it is not used."""
        self.counter = UsageCounter()
        """What has been asked of the filesystem."""
        self.overdue: set[str] = set()
        """Paths of runs to check in the next sweep even if they are not due."""
        self._directories = directories
        self._unreadable = unreadable
        self._filesystems = filesystems
        self._stopped = stopped
        self._snapshots: dict[str, RunSnapshot] = {}
        policy = filesystems.policy
        self._keeper = keeper
        self._cache = keeper.stream(root)
        self.as_of: float | None = None
        """When the runs that `read_cache` has told of were saved, in seconds since 1970; None
        without any, before it has told of all, and once they are checked."""
        self._unchecked = ShownRuns(self._cache)
        """Runs of the cache that no sweep has come to yet."""
        self._first = FirstReader(shown=self._unchecked, is_shared=policy.threads > 1)
        self._reader = RunReader(
            self._snapshots,
            self.trusts_stat,
            policy.threads,
            self._first,
            settings.capacity or Capacity.of(),
            self.mark_answered,
        )
        self.schedule = Schedule(policy, self.written_at)
        self._stalls = Stalls(settings.stale_after, settings.clock)
        self._jobs = Jobs(
            Looks(settings.job_grace, settings.clock, settings.asker, beat=self.mark_answered)
        )
        self.series = AllSeries(settings.stale_after, settings.clock, unreadable.reasons)
        self._root = root
        self._former = keeper.former(root, is_elsewhere)
        self._pasts = Pasts(self._former, is_wanted=settings.tells_pasts)

    def close(self) -> None:
        """End the threads."""
        self._reader.close()
        self._stalls.close()
        self._jobs.close()

    def __len__(self) -> int:
        """Return the number of known runs, without series."""
        return len(self._snapshots) - len(self.series)

    def __contains__(self, path: str) -> bool:
        """Return whether `path` is a known run."""
        return path in self._snapshots

    def __iter__(self) -> Iterator[str]:
        """Yield the paths of all runs."""
        return iter(self._snapshots)

    @property
    def unanswered(self) -> str:
        """Why the scheduler has not answered when it was asked last; empty if it has."""
        return self._jobs.unanswered

    @property
    def cached_count(self) -> int:
        """Number of runs in the cache."""
        return len(self._cache)

    @property
    def unchecked_count(self) -> int:
        """Number of runs that are known from the cache alone."""
        return len(self._unchecked)

    @property
    def unread_count(self) -> int:
        """Number of new runs whose long status files have not been read completely yet."""
        return self._reader.unread_count

    @property
    def read_on_at(self) -> float:
        """When to continue with a long file, on the monotonic clock; infinite if there is none."""
        return self._reader.read_on_at

    def device(self, path: str) -> int:
        """Return the device number of the status file of a known run; 0 if it has no file."""
        return self._snapshots[path].device

    def written_at(self, paths: Iterable[str]) -> Iterator[float]:
        """Yield when the status file of each of these runs was written, in seconds since 1970.

        Yields:
            The time; 0 if there is no file.
        """
        snapshots = self._snapshots
        for path in paths:
            signature = snapshots[path].signature
            yield 0.0 if signature is None else written_in(signature) / 1e9

    def mark_answered(self) -> None:
        """Record that the filesystem has just answered."""
        self.answered_at = time.monotonic()

    def save_cache(self) -> None:
        """Save the snapshots for later sessions; to be called once every run has been read."""
        self._keeper.save_now_and_then(self._snapshots.values())

    def update_policy(self) -> None:
        """Apply the current policy of the filesystems."""
        policy = self._filesystems.policy
        self.schedule.policy = policy
        self._reader.use_threads(policy.threads)

    # Reading.

    def read_cache(self) -> Iterator[Finding]:
        """Yield the runs that were saved, as they were then; what has failed first."""
        if not self._cache:
            return
        self._directories.share_paths(self._unchecked.path_of)
        for snapshots in self._cache.snapshots():
            yield RunsChanged(self._unchecked.add(snapshots))
            if self._stopped.is_set():
                return
        self.as_of = self._cache.saved_at

    def drop_unchecked(self) -> Iterator[Finding]:
        """Remove the runs of the cache that a sweep of everything has not found."""
        for run in self._unchecked:
            if self._former is not None:
                self._former.replace(run, None)
            yield RunRemoved(run.path)
        self._unchecked.clear()
        # Later listings have the paths of those before.
        self._directories.share_paths(str)
        self.as_of = None

    def _take_unchecked(self, run: Run) -> Run | None:
        """Return what the cache has at the path of a run; keep the result if that is another."""
        shown = self._unchecked.pop(run.path)
        if shown is not None and shown.started != run.started and self._former is not None:
            self._former.replace(shown, run)
        return shown

    def check(self, paths: Collection[str]) -> Iterator[Finding]:
        """Check known runs, and read the changed ones."""
        self.counter.looks += len(paths)
        known = self._known(paths)
        if self._filesystems.policy.threads > 1:
            return self._read_known(known)
        with closing(Near()) as near:
            nearby = near if len(paths) > _FEW else None
            changed = self._reader.filter_changed(known, self.schedule.active, nearby)
            return self._read_known(list(changed))

    def reread(self, paths: Iterable[str]) -> Iterator[Finding]:
        """Read known runs from the start of their files, even if `stat` shows no change."""
        return self._read_known(self._known(paths), from_start=True)

    def read_on(self, *, hurry: bool) -> Iterator[Finding]:
        """Read the next part of the long file that is due.

        Args:
            hurry: Whether to read without a limit on the bytes per second of all files.
        """
        self.mark_answered()
        snapshot = self._reader.read_on(hurry=hurry)
        if snapshot is not None:
            yield from self._apply(snapshot, is_late=True)
            # A hint that came during the read has been consumed: check again.
            yield from self.check([snapshot.run.path])

    def _known(self, paths: Iterable[str]) -> Iterator[RunSnapshot]:
        for path in paths:
            snapshot = self._snapshots.get(path)
            if snapshot is not None:
                self.mark_answered()
                yield snapshot

    def _read_known(
        self, known: Iterable[RunSnapshot], *, from_start: bool = False
    ) -> Iterator[Finding]:
        """Read known runs; ignore one that is removed before its turn comes."""
        for snapshot in self._reader.read([one.run.place for one in known], from_start=from_start):
            if snapshot.run.path in self._snapshots:
                self.mark_answered()
                yield from self._apply(snapshot)
            if self._stopped.is_set():
                return

    def read_new(self, places: Iterable[RunDir]) -> Iterator[Finding]:
        """Read new runs."""
        try:
            for snapshots in self._reader.read_new(places):
                self.mark_answered()
                yield from self._add_new(snapshots)
                if self._stopped.is_set():
                    return
        finally:
            # Another directory may have the same path next time.
            self._first.close()

    def end_new(self) -> None:
        """Let what has read new runs end; to be called once all have been read."""
        self._reader.end_new()

    def _add_new(self, snapshots: Iterable[RunSnapshot]) -> Iterator[Finding]:
        """Store the snapshots of new runs; those of all that have finished at once."""
        finished: list[RunSnapshot] = []
        others: list[RunSnapshot] = []
        for snapshot in snapshots:
            (finished if self._is_new_and_finished(snapshot) else others).append(snapshot)
        if finished:
            yield from self._add_finished(finished)
        for snapshot in others:
            yield from self._apply(snapshot)

    def _add_finished(self, snapshots: Sequence[RunSnapshot]) -> Iterator[Finding]:
        """Store the snapshots of new runs that have finished, as `_apply` does one by one."""
        for device, path in {one.device: one.run.path for one in snapshots}.items():
            self._add_device(device, path)
        changed: list[Run] = []
        for snapshot in snapshots:
            run = snapshot.run
            shown = self._take_unchecked(run) if self._unchecked else None
            if shown is None or (shown is not run and shown != run):
                changed.append(run)
            elif shown is not run:
                # Let this and the store share one object.
                snapshot = snapshot._replace(run=shown)  # noqa: PLW2901 - the same otherwise
            self._snapshots[run.path] = snapshot
        # What is known is told before anything else can fail: it would not be told later.
        if changed:
            yield RunsChanged(changed)
        self._count_new(snapshots)
        runs = [snapshot.run for snapshot in snapshots]
        paths = [run.path for run in runs]
        self._stalls.add_finished(runs)
        self._pasts.add_new(paths)
        self.series.add_runs(paths)
        self.schedule.add_finished(paths, time.monotonic(), time.time())
        yield PathsRest(paths)

    def _is_new_and_finished(self, snapshot: RunSnapshot) -> bool:
        """Return whether a run is new and over, and is not to be read again soon."""
        run = snapshot.run
        return (
            run.path not in self._snapshots
            and run.is_over
            and snapshot.signature is not None
            and not snapshot.is_racy
            and not self._unreadable.reasons
        )

    def _apply(self, snapshot: RunSnapshot, *, is_late: bool = False) -> Iterator[Finding]:
        """Store the new snapshot of a run, and yield what has changed.

        Args:
            snapshot: The snapshot.
            is_late: Whether reading was postponed, so that its event may have come long before.
        """
        run = snapshot.run
        path = run.path
        known = self._snapshots.get(path)
        is_lost = known is not None and snapshot is not known and snapshot.signature is None
        if (
            known is not None
            and is_lost
            and (lost := self._handle_lost_run(known, snapshot)) is not None
        ):
            yield from lost
            return
        if snapshot.signature is not None:
            self._unreadable.remove(path)
        if snapshot is not known:
            self._count_read(snapshot, known)
            shown = self._take_unchecked(run)
            before = None if known is None else known.run
            # Let this and the store share one object.
            run = shown if shown == run else keep_past(keep_stall(run, before), before)
            if run is not snapshot.run:
                snapshot = snapshot._replace(run=run)
            self._snapshots[path] = snapshot
            if before is not None and before != run and not is_late:
                yield StatusFileChanged(path)
            if before != run:
                judged_before = None if before is None else self._jobs.judged(before)
                self._jobs.add(run, before)
                judged = self._jobs.judged(run)
                # A series is published after it has been judged by its runs.
                if not run.is_series and shown != judged:
                    yield RunsChanged((judged,))
                self._stalls.add(run, before)
                self._pasts.add(path, judged_before)
                self.series.add(judged)
            if known is None:
                self._add_device(snapshot.device, path)
            if snapshot.is_racy:
                self.schedule.schedule_reread(path, time.monotonic() + _RACY_DELAY)
        yield from self._schedule_run(self.series.judged(run), is_new=known is None)

    def _count_new(self, snapshots: Collection[RunSnapshot]) -> None:
        """Count the reading of new runs; a stored snapshot took a look only."""
        read = [one.signature for one in snapshots if one.signature and not one.is_stored]
        self.counter.looks += len(snapshots)
        self.counter.opens += len(read)
        self.counter.size += sum(map(size_in, read))

    def _count_read(self, snapshot: RunSnapshot, known: RunSnapshot | None) -> None:
        """Count the reading of a run; the look at a known one has been counted."""
        if known is None:
            self._count_new([snapshot])
        elif snapshot.signature is not None and not snapshot.is_stored:
            start = 0 if known.bookmark is None else known.bookmark.offset
            self.counter.opens += 1
            self.counter.size += max(0, size_in(snapshot.signature) - start)

    def _schedule_run(self, run: Run, *, is_new: bool = False) -> Iterator[Finding]:
        """Schedule the next check of a run; yield its path if it has just come to rest."""
        was_active = is_new or run.path in self.schedule.active
        self.schedule.add_run(run, time.monotonic(), time.time())
        if was_active and run.path not in self.schedule.active:
            yield PathsRest((run.path,))

    def _handle_lost_run(self, known: RunSnapshot, snapshot: RunSnapshot) -> list[Finding] | None:
        """Remove a known run that could not be read, or keep its last snapshot.

        Returns:
            What was removed; None if `snapshot`, which holds the error, is to be stored.
        """
        run = known.run
        try:
            failure = self._unreadable.failure_at(run.status_path)
            if failure is not None and failure.errno in IS_GONE:
                return self._handle_lost_status_file(run)
        except RootLostError:
            return []
        if failure is not None:
            self._keep_snapshot(run, failure)
        elif snapshot.run.is_missing:
            # The file was missing only for a moment.
            self.overdue.add(run.path)
        else:
            return None
        return []

    def _handle_lost_status_file(self, run: Run) -> list[Finding] | None:
        """Remove a run whose status file is gone.

        Returns:
            What was removed; None if the directory remains a run without a status file.

        Raises:
            RootLostError: The root itself cannot be reached.
        """
        if run.kind == "plain":
            return list(self.remove_run(run.path))
        failure = self._unreadable.failure_at(run.path)
        if failure is None:
            return None
        if failure.errno in IS_GONE:
            return list(self.remove_tree(run.path))
        self._keep_snapshot(run, failure)
        return []

    def _keep_snapshot(self, run: Run, failure: OSError) -> None:
        """Keep the last snapshot of a run that exists but cannot be reached."""
        self.schedule.activate(run.path)
        if not any(self._unreadable.above(run.path)):
            self._unreadable.add(run.path, failure)

    def remove_run(self, path: str) -> Iterator[Finding]:
        """Remove the run at `path`, but not the runs below its directory."""
        self._reader.forget(path)
        snapshot = self._snapshots.pop(path, None)
        if snapshot is not None:
            self.schedule.remove(path)
            self._stalls.forget(snapshot.run)
            self._pasts.add(path, self._jobs.judged(snapshot.run))
            self._jobs.forget(path)
            self.series.forget(path)
            self._directories.reset_run(path)
            yield RunRemoved(path)
        self._unreadable.remove(path)

    def remove_tree(self, top: str) -> Iterator[Finding]:
        """Remove a run or a directory, with all runs below it."""
        for path in self._directories.remove(top):
            yield from self.remove_run(path)
            yield PathReleased(path)

    def judge_series(self, paths: Iterable[str]) -> Iterator[Finding]:
        """List the links of the series among `paths`, and judge all series that have changed."""
        self.series.list_links(paths, self.trusts_stat)
        for run in self.series.review_changed(self.get):
            yield RunsChanged((run,))
            yield from self._schedule_run(run)
            if self._stopped.is_set():  # pragma: no cover - a race with the end
                return

    def review_stalls(self) -> Iterator[Finding]:
        """Yield the runs that have stalled, or are no longer stalled."""
        for run in self._stalls.review_due(self._by_its_files):
            self._snapshots[run.path] = self._snapshots[run.path]._replace(run=run)
            yield RunsChanged((self._jobs.judged(run),))

    def review_jobs(self) -> Iterator[Finding]:
        """Yield the runs of which their jobs make something else than before."""
        for run in self._jobs.review_due(self._by_its_files):
            self._pasts.add(run.path, run)
            self.series.add(run)
            yield RunsChanged((run,))
        yield from self.judge_series(())

    def review_pasts(self) -> Iterator[Finding]:
        """Yield the runs whose past has changed; to be called once all runs have been read."""
        for run in self._pasts.review_changed(self.get):
            snapshot = self._snapshots[run.path]
            # Let this and the store share one object, unless the run is judged by its job.
            is_same = self.get(run.path) is snapshot.run
            own = run if is_same else snapshot.run._replace(past=run.past)
            self._snapshots[run.path] = snapshot._replace(run=own)
            yield RunsChanged((run,))
        if self._former is not None:
            self._keeper.save_former_now_and_then(self._root, self._former)

    def get(self, path: str) -> Run | None:
        """Return the known run at `path`; None if there is none."""
        run = self._by_its_files(path)
        return None if run is None else self._jobs.judged(run)

    def _by_its_files(self, path: str) -> Run | None:
        """Return the known run at `path` without what its job makes of it."""
        snapshot = self._snapshots.get(path)
        return None if snapshot is None else snapshot.run

    def _add_device(self, device: int, path: str) -> None:
        if self._filesystems.add_device(device, path):
            self.update_policy()

    def trusts_stat(self, path: str) -> bool:
        """Return whether `stat` shows every change of the run at `path`."""
        return self._filesystems.trusts_stat(self._snapshots[path].device, path)
