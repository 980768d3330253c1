"""Reading the files of runs, none of them at the cost of the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from statustui.core.run import RunDir, RunMetadata
from statustui.core.run_builder import make_unread_run
from statustui.monitor.reader_pool import ReaderPool
from statustui.monitor.schedule import Rotation
from statustui.monitor.snapshot import (
    RunSnapshot,
    Steps,
    is_unchanged,
    read_in_steps,
    with_current_metadata,
)

_TURN = 1 << 20
"""Bytes of a long file that are read between two looks at other runs."""
_RATE_OF_ONE = 2 << 20
"""Bytes a second that are read of one long file that is written anew again and again."""
_RATE_OF_ALL = 8 << 20
"""The same of all of them together."""


class _Task(NamedTuple):
    place: RunDir
    anew: bool


class _Turn(NamedTuple):
    """The long file that is being read."""

    place: RunDir
    steps: Steps


class RunReader:
    """Reads the runs of one tree; used by one thread.

    A short file, or what has been added to a long one, is read at once. What takes longer is put
    off until its turn comes: one file at a time, in pieces, between which others can be looked at.
    Whatever its writer does, a file that was read in pieces has to wait for its next turn in
    proportion to its size.

    Args:
        known: Path -> what was read of a run last.
        trusts_stat: Whether `stat` tells of every change of the known run at a path.
        threads: How many runs are read at a time.
    """

    def __init__(
        self, known: Mapping[str, RunSnapshot], trusts_stat: Callable[[str], bool], threads: int
    ) -> None:
        """Start with nothing to read."""
        self._known = known
        self._trusts_stat = trusts_stat
        self._crew = ReaderPool(self._try, threads)
        self._put_off: dict[str, _Task] = {}
        self._rotation = Rotation()
        """The paths of what is put off, due when they may be read."""
        self._rests_until: dict[str, float] = {}
        """Path of a run with a long file -> when that may be read again, on the monotonic clock."""
        self._turn: _Turn | None = None
        self._free_at = float("-inf")
        """When any long file may be read on."""

    def use_threads(self, threads: int) -> None:
        """Read so many runs at a time from now on."""
        if self._crew.size != threads:
            self._crew.dismiss()
            self._crew = ReaderPool(self._try, threads)

    def close(self) -> None:
        """Let the threads end, and what is being read be."""
        self._crew.dismiss()
        self._end_turn()

    @property
    def new(self) -> int:
        """How many runs that are not known yet have been put off; series count too."""
        waiting = sum(path not in self._known for path in self._put_off)
        return waiting + (self._turn is not None and self._turn.place.path not in self._known)

    @property
    def due_at(self) -> float:
        """When there is something to read on, on the monotonic clock; infinite if nothing is."""
        due = self._rotation.next_due if self._turn is None else float("-inf")
        return max(due, self._free_at)

    def changed(self, known: Iterable[RunSnapshot]) -> Iterator[RunSnapshot]:
        """Those of the runs on a local disk that have changed, found out at the least cost."""
        for snapshot in known:
            try:
                if not is_unchanged(snapshot):
                    yield snapshot
            except OSError:
                yield snapshot

    def read(self, places: Iterable[RunDir], *, anew: bool = False) -> Iterator[RunSnapshot]:
        """Read runs, or find that they have not changed; those that are put off are left out.

        Args:
            places: Where the runs are.
            anew: Whether to read them from the start, whatever `stat` says.
        """
        tasks = (_Task(place, anew) for place in places)
        for task, snapshot in self._crew.do(filter(self._is_free, tasks)):
            if snapshot is None:
                self._wait(task, time.monotonic())
            else:
                yield snapshot

    def read_on(self, *, hurry: bool = False) -> RunSnapshot | None:
        """Read on in the long file whose turn it is.

        Args:
            hurry: Whether the next turn may come at once.

        Returns:
            What was read, once all of it is.
        """
        now = time.monotonic()
        if self._turn is None:
            self._turn = self._next_turn(now)
        if self._turn is None:
            return None
        place, steps = self._turn
        done, snapshot = 0, None
        try:
            while done < _TURN:
                done += next(steps)
        except StopIteration as end:
            snapshot = end.value
        except Exception as error:  # noqa: BLE001 - as below
            snapshot = _failed(place, error)
        if not hurry:
            self._free_at = now + done / _RATE_OF_ALL
        rests_until = self._rests_until.get(place.path, now)
        self._rests_until[place.path] = rests_until + done / _RATE_OF_ONE
        if snapshot is None:
            return None
        self._turn = None
        return self._compared(snapshot)

    def forget(self, path: str) -> None:
        """Take note that a run is gone."""
        self._put_off.pop(path, None)
        self._rotation.drop(path)
        self._rests_until.pop(path, None)
        if self._turn is not None and self._turn.place.path == path:
            self._end_turn()

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.steps.close()
            self._turn = None

    def _is_free(self, task: _Task) -> bool:
        """Whether a run may be read now; if not, it is put off."""
        now = time.monotonic()
        path = task.place.path
        is_waiting = path in self._put_off or (
            self._turn is not None and self._turn.place.path == path
        )
        if not is_waiting and self._rests_until.get(path, now) <= now:
            return True
        self._wait(task, now)
        return False

    def _wait(self, task: _Task, now: float) -> None:
        path = task.place.path
        before = self._put_off.get(path)
        if before is None:
            self._rotation.put(path, max(now, self._rests_until.get(path, now)))
        self._put_off[path] = task if before is None else task._replace(anew=task.anew or before[1])

    def _next_turn(self, now: float) -> _Turn | None:
        for path in self._rotation.due(1, now):
            if self._rests_until.get(path, now) > now:
                # It was put off while it was being read.
                self._rotation.put(path, self._rests_until[path])
                return None
            task = self._put_off.pop(path)
            self._rests_until[path] = now
            return _Turn(task.place, self._steps(task))
        return None

    def _steps(self, task: _Task) -> Steps:
        path = task.place.path
        known = self._known.get(path)
        trust = known is not None and self._trusts_stat(path)
        return read_in_steps(task.place, known, trust_stat=trust, anew=task.anew)

    def _try(self, task: _Task) -> tuple[_Task, RunSnapshot | None]:
        """Read a run if it takes but one step."""
        try:
            steps = self._steps(task)
            try:
                next(steps)
            except StopIteration as end:
                return task, self._compared(end.value)
            steps.close()
        except Exception as error:  # noqa: BLE001 - one run must not keep the others from being read
            return task, _failed(task.place, error)
        return task, None

    def _compared(self, snapshot: RunSnapshot) -> RunSnapshot:
        """What was read; where it is of another file, all else beside it may be another too."""
        known = self._known.get(snapshot.run.path)
        if known is None or not _is_another(known, snapshot):
            return snapshot
        return with_current_metadata(snapshot)


def _failed(place: RunDir, error: Exception) -> RunSnapshot:
    run = make_unread_run(place, RunMetadata(), f"internal error: {error!r}")
    return RunSnapshot(run, run.metadata, None)


def _is_another(known: RunSnapshot, snapshot: RunSnapshot) -> bool:
    """Whether a status file is another one than before, and not the same with more in it."""
    if snapshot is known:
        return False
    if known.signature is None or snapshot.signature is None:
        return known.signature != snapshot.signature
    has_other_inode = known.signature[0] != snapshot.signature[0]
    return has_other_inode or known.run.started != snapshot.run.started
