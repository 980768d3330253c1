"""Problems that are new, and which of them the user has not seen yet."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.monitor.batch import Batch

_SEEN_SECONDS = 5.0
"""Seconds for which a problem still counts as new after the user has seen it."""
_CLOCK_SKEW = 60.0
"""Seconds by which the clocks of two hosts may differ."""
_REMOVED_SECONDS = 7 * 86400.0
"""Seconds for which the problem of a removed run is remembered."""
_MAX_REMOVED = 10_000
_MAX_REMOVED_BYTES = 1 << 22
"""Removed runs that are remembered, and bytes of their paths and states; the oldest go first."""


class UnreadProblems:
    """Runs with a new problem that the user has not seen.

    A problem is seen when a key is pressed while it is in view. What is shown while nobody is
    there, or on a detached terminal, stays unread.
    """

    def __init__(self) -> None:
        self._seen_at: dict[str, float | None] = {}

    def __len__(self) -> int:
        return len(self._seen_at)

    def __contains__(self, path: str) -> bool:
        return path in self._seen_at

    def __iter__(self) -> Iterator[str]:
        return iter(self._seen_at)

    def add(self, paths: Iterable[str]) -> None:
        """Add the runs at these paths, as not seen yet."""
        self._seen_at.update(dict.fromkeys(paths))

    def discard(self, path: str) -> None:
        """Drop a run that is removed or has no problem any more."""
        self._seen_at.pop(path, None)

    def mark_seen(self, paths: Iterable[str], now: float) -> None:
        """Count the runs at these paths as seen at a time in seconds."""
        for path in paths:
            if self._seen_at.get(path, now) is None:
                self._seen_at[path] = now

    def drop_seen(self, now: float) -> bool:
        """Drop the runs that were seen some seconds ago.

        Returns:
            Whether there were any.
        """
        old = [
            path
            for path, seen_at in self._seen_at.items()
            if seen_at is not None and now - seen_at >= _SEEN_SECONDS
        ]
        for path in old:
            del self._seen_at[path]
        return bool(old)

    def clear(self) -> None:
        """Count all problems as seen."""
        self._seen_at.clear()


class _RemovedRun(NamedTuple):
    """What is remembered of a removed run."""

    problem: tuple[str, float | None]
    was_unread: bool
    removed_at: float
    """In seconds since 1970."""


class NewProblems(NamedTuple):
    """What a batch brings in problems."""

    new: list[Run]
    """Runs with a new problem."""
    returned: list[Run]
    """Runs that are back with the problem that was unread when they were removed."""


class NewProblemDetector:
    """Tells which problems are new, by the time of the status that explains each.

    A problem is new if its status is later than the start of watching, and than the problem that
    was known of the run before; other hosts' clocks may be a minute behind. A problem without a
    readable time is new when it is first seen. Nothing in the first scan of a root is new, nor is
    the problem of a run that was removed and is back with the same one. Series are left out: their
    members have the problems.

    Args:
        started: When watching began, in seconds since 1970.
    """

    def __init__(self, started: float) -> None:
        self._since = started - _CLOCK_SKEW
        self._removed: OrderedDict[str, _RemovedRun] = OrderedDict()
        self._removed_bytes = 0

    def __len__(self) -> int:
        """How many removed runs are remembered."""
        return len(self._removed)

    def detect(
        self,
        batch: Batch,
        runs: Mapping[str, Run],
        *,
        unread: UnreadProblems,
        scanned: Collection[str],
        now: float,
    ) -> NewProblems:
        """Find the new problems in a batch, before the store applies it.

        Args:
            batch: The changes.
            runs: Path -> run, as known without the batch.
            unread: The problems that the user has not seen yet.
            scanned: The roots whose first scan is done.
            now: The time in seconds since 1970.
        """
        self._drop_old(now)
        found = NewProblems([], [])
        # Nothing in a first scan is new.
        may_be_new = bool(scanned or self._removed)
        for run in batch.changed if may_be_new else ():
            before, removed = runs.get(run.path), self._recall(run.path)
            if run.problem is None or run.is_series or run.root not in scanned:
                continue
            if before is None and removed is not None and removed.problem == _key(run.problem):
                if removed.was_unread:
                    found.returned.append(run)
            elif self._is_new(run.problem, before, removed):
                found.new.append(run)
        changed = {run.path for run in batch.changed} if batch.removed else set()
        for path in batch.removed:
            lost = runs.get(path)
            if lost is not None and lost.problem is not None and path not in changed:
                self._remember(path, _RemovedRun(_key(lost.problem), path in unread, now))
        return found

    def _is_new(self, problem: StatusInfo, before: Run | None, removed: _RemovedRun | None) -> bool:
        time = problem.timestamp
        known = removed.problem if removed is not None else None
        if before is not None:
            known = _key(before.problem) if before.problem is not None else None
        if time is None:
            return known is None
        return time >= self._since and (known is None or known[1] is None or time > known[1])

    def _remember(self, path: str, removed: _RemovedRun) -> None:
        self._recall(path)
        self._removed[path] = removed
        self._removed_bytes += _size(path, removed)

    def _recall(self, path: str) -> _RemovedRun | None:
        """Return what is remembered of a removed run, and forget it."""
        removed = self._removed.pop(path, None)
        if removed is not None:
            self._removed_bytes -= _size(path, removed)
        return removed

    def _drop_old(self, now: float) -> None:
        while self._removed:
            path = next(iter(self._removed))
            is_recent = now - self._removed[path].removed_at < _REMOVED_SECONDS
            is_small = len(self._removed) <= _MAX_REMOVED
            if is_recent and is_small and self._removed_bytes <= _MAX_REMOVED_BYTES:
                break
            self._recall(path)


def _key(problem: StatusInfo) -> tuple[str, float | None]:
    return problem.state, problem.timestamp


def _size(path: str, removed: _RemovedRun) -> int:
    return sys.getsizeof(path) + sys.getsizeof(removed.problem[0])
