"""Reading the status files of runs so that a long file does not delay the others."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from statustui.core.reading import PackedSignature, unpack_signature
from statustui.core.run import RunDir, RunMetadata
from statustui.core.run_builder import make_unread_run
from statustui.monitor.capacity import Capacity
from statustui.monitor.counted_runs import CountedRuns
from statustui.monitor.due_queue import DueQueue
from statustui.monitor.first_read import FirstReader
from statustui.monitor.fs.near import Near
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.read_ahead import Known, ReadAhead
from statustui.monitor.reader_pool import ReaderPool
from statustui.monitor.snapshot import (
    RunSnapshot,
    Steps,
    is_unchanged,
    read_in_steps,
    with_current_metadata,
)
from statustui.monitor.turns import Turn

_STEP_BYTES = 1 << 20
"""Bytes of a long file that are read at a time; other runs are checked in between."""
_FILE_BYTES_PER_SECOND = 2 << 20
"""Limit for one long file that is rewritten again and again."""
_TOTAL_BYTES_PER_SECOND = 8 << 20
"""Limit for all long files together."""


class _Task(NamedTuple):
    place: RunDir
    from_start: bool


class _LongRead(NamedTuple):
    """The long file that is being read."""

    place: RunDir
    steps: Steps


class RunReader:
    """Reads the runs of one tree; used by one thread.

    A short file, or a short addition to a long one, is read at once. Reading more is postponed: one
    file at a time, in steps, between which other runs can be checked. After such a read the file
    has to wait in proportion to its size, however often it is written.

    Args:
        known: Path -> last snapshot of a run.
        trusts_stat: Returns whether `stat` shows every change of the known run at a path.
        threads: How many runs are read at a time.
        first: Reads the runs that are not known.
        capacity: What the tree shares with others.
        on_wait: As `Turn` has it.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it shares with its tree and all others
        self,
        known: Mapping[str, RunSnapshot],
        trusts_stat: Callable[[str], bool],
        threads: int,
        first: FirstReader,
        capacity: Capacity,
        on_wait: Callable[[], object],
    ) -> None:
        self._known = known
        self._trusts_stat = trusts_stat
        self._first = first
        shown = Known(self._signatures, first.device)
        self._ahead = ReadAhead(capacity.processes, "snapshot", self._add_same, known=shown)
        self._same: list[RunDir] = []
        """Runs that are as they are shown, and have not been yielded."""
        self._turn = Turn(capacity.turns, on_wait)
        self._pool = ReaderPool(self._read_short, threads)
        self._postponed: dict[str, _Task] = {}
        self._due = DueQueue()
        """The postponed paths, due when they may be read."""
        self._not_before: dict[str, float] = {}
        """Path of a run with a long file -> earliest time of its next read, monotonic clock."""
        self._current: _LongRead | None = None
        self._next_read_at = float("-inf")
        """Earliest time of the next step of any long file, on the monotonic clock."""

    def use_threads(self, threads: int) -> None:
        """Read `threads` runs at a time from now on."""
        self._first.is_shared = threads > 1
        if self._pool.size != threads:
            before, self._pool = self._pool, ReaderPool(self._read_short, threads)
            before.close()

    def close(self) -> None:
        """End the threads, and give up the file that is being read."""
        self._pool.close()
        self._abandon_current()

    @property
    def unread_count(self) -> int:
        """Number of postponed runs without a snapshot, series included."""
        waiting = sum(path not in self._known for path in self._postponed)
        return waiting + (self._current is not None and self._current.place.path not in self._known)

    @property
    def read_on_at(self) -> float:
        """When to call `read_on`, on the monotonic clock; infinite if nothing is postponed."""
        due = self._due.next_due if self._current is None else float("-inf")
        return max(due, self._next_read_at)

    @staticmethod
    def filter_changed(
        known: Iterable[RunSnapshot], active: Container[str], near: Near | None
    ) -> Iterator[RunSnapshot]:
        """Yield those of the runs on a local disk that have changed; costs few system calls.

        Args:
            known: The runs.
            active: The paths of those that have not finished.
            near: Reaches the runs; None to use their paths.
        """
        for snapshot in known:
            try:
                may_go_on = snapshot.run.path in active
                if not is_unchanged(snapshot, may_go_on=may_go_on, near=near):
                    yield snapshot
            except OSError:
                yield snapshot

    def read(self, places: Iterable[RunDir], *, from_start: bool = False) -> Iterator[RunSnapshot]:
        """Read runs, and yield the snapshot of each one that is not postponed.

        Args:
            places: Where the runs are.
            from_start: Whether to read them from the start even if `stat` shows no change.
        """
        tasks = (_Task(place, from_start) for place in places)
        for task, snapshot in self._pool.map_unordered(filter(self._may_read_now, tasks)):
            if snapshot is None:
                self._postpone(task, time.monotonic())
            else:
                yield snapshot

    def read_new(self, places: Iterable[RunDir]) -> Iterator[Sequence[RunSnapshot]]:
        """Read runs that are not known, and yield the snapshots of those that are not postponed.

        Args:
            places: Where the runs are, those of one root.

        Yields:
            Some snapshots after the others.
        """
        if self._pool.size > 1:
            yield from ([snapshot] for snapshot in self.read(places))
            return
        self._same = []
        with contextlib.closing(self._ahead.read(places)) as ahead:
            for some in ahead:
                if some and isinstance(some[0], RunDir):
                    with self._turn:
                        snapshots = self._completed(some)
                else:
                    snapshots = self._completed(some)
                same, self._same = self._same, []
                yield [*self._as_shown(same), *snapshots]

    def end_new(self) -> None:
        """Let the processes end that have read new runs; to be called once all have been read."""
        self._ahead.close()

    def _add_same(self, runs: CountedRuns) -> None:
        self._same += runs.same

    def _signatures(self, places: Sequence[RunDir]) -> list[PackedSignature | None]:
        """Return the signatures of runs that are shown; None for the others."""
        return [None if one is None else one.signature for one in self._first.shown(places)]

    def _as_shown(self, places: Sequence[RunDir]) -> Iterable[RunSnapshot]:
        """Return runs that are as they are shown."""
        shown = self._first.shown(places)
        lost = [place for place, one in zip(places, shown, strict=True) if one is None]
        return chain(filter(None, shown), self._confirmed(lost))

    def _confirmed(self, places: Sequence[RunDir]) -> Sequence[RunSnapshot]:
        """Return the snapshots of runs that are shown, those that have changed read again."""
        confirmed = [(place, self._first.confirm(place)) for place in places]
        snapshots = [snapshot for _place, snapshot in confirmed if snapshot is not None]
        return [*snapshots, *self.read([place for place, found in confirmed if found is None])]

    def _completed(
        self, found: Sequence[RunDir | OutlinedRun | RunSnapshot]
    ) -> Sequence[RunSnapshot]:
        """Return the snapshots of runs that were read ahead; this is a hot path."""
        known = self._known
        done = [one for one in found if isinstance(one, RunSnapshot) and one.run.path not in known]
        if len(done) == len(found):
            return done
        places = []
        for one in found:
            if isinstance(one, RunDir):
                places.append(one)
            elif isinstance(one, OutlinedRun):
                is_known = one.place.path in known
                snapshot = None if is_known else self._first.complete(one)
                if snapshot is None:
                    places.append(one.place)
                else:
                    done.append(snapshot)
            elif one.run.path in known:
                places.append(one.run.place)
        return [*done, *self._confirmed(places)]

    def read_on(self, *, hurry: bool = False) -> RunSnapshot | None:
        """Read the next step of the long file that is due.

        Args:
            hurry: Whether to ignore the limit on bytes per second of all files.

        Returns:
            The snapshot, after the last step of a file; else None.
        """
        now = time.monotonic()
        if self._current is None:
            self._current = self._start_next(now)
        if self._current is None:
            return None
        place, steps = self._current
        done, snapshot = 0, None
        try:
            while done < _STEP_BYTES:
                done += next(steps)
        except StopIteration as end:
            snapshot = end.value
        except Exception as error:  # noqa: BLE001 - one run must not keep the others from being read
            snapshot = _failed_snapshot(place, error)
        if not hurry:
            self._next_read_at = now + done / _TOTAL_BYTES_PER_SECOND
        not_before = self._not_before.get(place.path, now)
        self._not_before[place.path] = not_before + done / _FILE_BYTES_PER_SECOND
        if snapshot is None:
            return None
        self._current = None
        return self._refreshed(snapshot)

    def forget(self, path: str) -> None:
        """Drop what is postponed for a run that has been removed."""
        self._postponed.pop(path, None)
        self._due.remove(path)
        self._not_before.pop(path, None)
        if self._current is not None and self._current.place.path == path:
            self._abandon_current()

    def _abandon_current(self) -> None:
        if self._current is not None:
            self._current.steps.close()
            self._current = None

    def _may_read_now(self, task: _Task) -> bool:
        """Return whether a run may be read now; postpone it if not."""
        now = time.monotonic()
        path = task.place.path
        is_waiting = path in self._postponed or (
            self._current is not None and self._current.place.path == path
        )
        if not is_waiting and self._not_before.get(path, now) <= now:
            return True
        self._postpone(task, now)
        return False

    def _postpone(self, task: _Task, now: float) -> None:
        path = task.place.path
        before = self._postponed.get(path)
        if before is None:
            self._due.schedule(path, max(now, self._not_before.get(path, now)))
        self._postponed[path] = (
            task if before is None else task._replace(from_start=task.from_start or before[1])
        )

    def _start_next(self, now: float) -> _LongRead | None:
        path = self._due.pop_next(now)
        if path is None:
            return None
        if self._not_before.get(path, now) > now:
            # It was postponed again while it was being read.
            self._due.schedule(path, self._not_before[path])
            return None
        task = self._postponed.pop(path)
        self._not_before[path] = now
        return _LongRead(task.place, self._steps(task))

    def _steps(self, task: _Task) -> Steps:
        path = task.place.path
        known = self._known.get(path)
        trust = known is not None and self._trusts_stat(path)
        return read_in_steps(task.place, known, trust_stat=trust, from_start=task.from_start)

    def _read_short(self, task: _Task) -> tuple[_Task, RunSnapshot | None]:
        """Read a run that takes a single step; return None as its snapshot if it takes more."""
        try:
            if task.place.path not in self._known:
                first = self._first.read(task.place)
                if first is not None:
                    return task, first
            steps = self._steps(task)
            try:
                next(steps)
            except StopIteration as end:
                return task, self._refreshed(end.value)
            steps.close()
        except Exception as error:  # noqa: BLE001 - as above
            return task, _failed_snapshot(task.place, error)
        return task, None

    def _refreshed(self, snapshot: RunSnapshot) -> RunSnapshot:
        """Return the snapshot, with fresh metadata if the status file has been replaced."""
        known = self._known.get(snapshot.run.path)
        if known is None or not _is_other_file(known, snapshot):
            return snapshot
        return with_current_metadata(snapshot)


def _failed_snapshot(place: RunDir, error: Exception) -> RunSnapshot:
    run = make_unread_run(place, RunMetadata(), f"internal error: {error!r}")
    return RunSnapshot(run, None)


def _is_other_file(known: RunSnapshot, snapshot: RunSnapshot) -> bool:
    """Return whether a status file was replaced or rewritten, not just appended to."""
    if snapshot is known:
        return False
    if known.signature is None or snapshot.signature is None:
        return known.signature != snapshot.signature
    inode, other_inode = (unpack_signature(one)[0] for one in (known.signature, snapshot.signature))
    return inode != other_inode or known.run.started != snapshot.run.started
