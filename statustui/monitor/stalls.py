"""Which runs seem to have stalled, compared with others of their name and by the age of their logs.

No scheduler is asked. A run is looked into only once it has been in its state for as long as it may
be, and then ever again until it moves.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import stat
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from statustui.core.durations import (
    StaleAfter,
    StateDuration,
    StateDurations,
    limit_of,
    make_stall,
    may_stall,
)
from statustui.core.logs import log_paths
from statustui.core.run import Run, Stall
from statustui.core.timeline import StateTimeline, timeline_of
from statustui.core.working_dir import STATUS
from statustui.monitor.fs.prober import About, Prober
from statustui.monitor.snapshot import read_history

_PEERS = 20
"""Runs that one is compared with at the most: those that were met last."""
_LARGEST = 1 << 18
"""Bytes: a larger status file is not read for comparison."""
_FRESHNESS = 600.0
"""Seconds for which what is usual is remembered."""
_ANEW = 10.0
"""Seconds between two looks at the logs of a run that has stalled, at least."""
_SHARE = 0.02
"""The same as a share of the time for which it has given no sign of life."""
_SLACK = 1000
"""Entries of the queue that may be there for runs that are gone, beside as many as for others."""
_MOST = 100
"""Runs that are looked into at a time."""


_PROBE = 0.5
"""Seconds that a look behind a link of a run may take."""


class Peers:
    """What is usual for the runs of one tree, learned from the files of those that are over."""

    def __init__(self) -> None:
        """Start without runs."""
        self._paths: dict[str, deque[str]] = {}
        self._all: deque[str] = deque(maxlen=_PEERS)
        self._durations: dict[str, tuple[float, StateDurations]] = {}

    def add(self, run: Run) -> None:
        """Take note of a run that serves for comparison."""
        self._all.append(run.path)
        # In a plain tree each run has a name of its own.
        if run.kind == "test" and run.name:
            paths = self._paths.get(run.name)
            if paths is None:
                paths = self._paths[run.name] = deque(maxlen=_PEERS)
            paths.append(run.path)

    def forget(self, run: Run) -> None:
        """Take note that a run is gone, or has another name now."""
        if run.path in self._all:
            self._all = _without(self._all, run.path)
        paths = self._paths.get(run.name, ())
        if run.path in paths:
            self._paths[run.name] = _without(paths, run.path)
            if not self._paths[run.name]:
                del self._paths[run.name]
                self._durations.pop(run.name, None)

    def usual(self, run: Run, now: float) -> tuple[StateDuration | None, str]:
        """How long its peers stayed in its state, and which ones they are, in words."""
        state = run.current.state
        if run.kind == "test" and run.name in self._paths:
            found = self._learn(run.name, self._paths[run.name], now).by_state.get(state)
            if found is not None:
                return found, "of this name"
        return self._learn("", self._all, now).by_state.get(state), "here"

    def _learn(self, name: str, paths: Iterable[str], now: float) -> StateDurations:
        known = self._durations.get(name)
        if known is None or now - known[0] > _FRESHNESS:
            known = now, StateDurations.learn(_timelines(paths))
            self._durations[name] = known
        return known[1]


def _without(paths: Iterable[str], path: str) -> deque[str]:
    return deque((one for one in paths if one != path), maxlen=_PEERS)


def _timelines(paths: Iterable[str]) -> Iterator[StateTimeline]:
    for path in set(paths):
        status_path = f"{path}/{STATUS}"
        with contextlib.suppress(OSError):
            if os.lstat(status_path).st_size <= _LARGEST:
                yield timeline_of(read_history(status_path))


def last_sign(run: Run, prober: Prober) -> float:
    """When a run gave its last sign of life: a status, or a line in a log.

    Args:
        run: The run, whose last status has a time.
        prober: Looks at logs that may be behind a link, such as ``job``: whoever owns the run may
            have it lead to a filesystem that does not answer. Such logs give no sign then.

    Returns:
        Seconds since 1970.
    """
    signs = [run.updated_at or 0.0]
    linked = defaultdict(list)
    for path in log_paths(run.place):
        folder = os.path.dirname(path)
        if folder == run.path:
            signs += _written(path)
        else:
            linked[folder].append(path)
    user = _owner_of(run.path) if linked else None
    for folder, paths in linked.items():
        with contextlib.suppress(OSError):
            signs += prober.call(partial(_all_written, paths), About.link(folder, user))
    return max(signs)


def _owner_of(path: str) -> int | None:
    try:
        return os.lstat(path).st_uid
    except OSError:  # pragma: no cover - gone in this very moment
        return None


def _all_written(paths: Sequence[str]) -> list[float]:
    return [when for path in paths for when in _written(path)]


def _written(path: str) -> list[float]:
    """When the regular file at `path` was written to, in seconds since 1970, if there is one."""
    with contextlib.suppress(OSError):
        state = os.lstat(path)
        if stat.S_ISREG(state.st_mode):
            return [state.st_mtime]
    return []


class Stalls:
    """Finds the stalled ones among the runs of one tree.

    Args:
        patience: For how long a run may sit in a state at least.
        clock: Gives the time in seconds since 1970.
    """

    def __init__(self, patience: StaleAfter, clock: Callable[[], float]) -> None:
        """Start without runs."""
        self._patience = patience
        self._clock = clock
        self._peers = Peers()
        self._prober = Prober(_PROBE)
        self._queue: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        """Path of a run -> when it is looked into, in seconds since 1970."""

    def add(self, run: Run, before: Run | None = None) -> None:
        """Add a run that is new, or replace what it was `before`."""
        if before is not None and before.name != run.name:
            self._peers.forget(before)
        if run.updated_at is not None and may_stall(run):
            self._look_into(run.path, run.updated_at + self._patience.of(run.current.state))
        elif run.kind != "series":
            self._peers.add(run)

    def review(self, get: Callable[[str], Run | None]) -> Iterator[Run]:
        """Look into those runs whose time has come.

        Args:
            get: Gives what is known of the run at a path, None if there is none any more.

        Yields:
            The runs that have stalled now, or do so no longer.
        """
        now = self._clock()
        looks = 0
        while looks < _MOST and self._queue and self._queue[0][0] <= now:
            due, path = heapq.heappop(self._queue)
            if self._due.get(path) != due:
                continue
            looks += 1
            del self._due[path]
            run = get(path)
            if run is None or run.updated_at is None or not may_stall(run):
                continue
            stall, due = self.judge(run, now)
            self._look_into(path, due)
            if stall != run.stall:
                yield run._replace(stall=stall)

    def _look_into(self, path: str, due: float) -> None:
        """Have a look at a run when it is due, or before: what has moved is looked at in vain."""
        if due < self._due.get(path, float("inf")):
            self._due[path] = due
            heapq.heappush(self._queue, (due, path))

    def close(self) -> None:
        """Let the thread that looks behind links end."""
        self._prober.close()

    def forget(self, run: Run) -> None:
        """Take note that a run is gone."""
        self._peers.forget(run)
        self._due.pop(run.path, None)
        if len(self._queue) > _SLACK + 2 * len(self._due):
            self._queue = [(due, path) for path, due in self._due.items()]
            heapq.heapify(self._queue)

    def judge(self, run: Run, now: float) -> tuple[Stall | None, float]:
        """Whether a run has stalled, and when to look into it again, in seconds since 1970."""
        state = run.current.state
        patience = self._patience.of(state)
        if run.updated_at is not None and now - run.updated_at <= patience:
            # A log can only be a later sign of life.
            return None, run.updated_at + patience
        since = last_sign(run, self._prober)
        if now - since <= patience:
            return None, since + patience
        usual, whose = self._peers.usual(run, now)
        due = since + limit_of(patience, usual)
        if now <= due:
            return None, min(due, now + _FRESHNESS)
        stall = make_stall(run, since, stale_after=patience, usual=usual, peers=whose)
        return stall, now + max(_ANEW, (now - since) * _SHARE)


def mark_stalled(runs: Sequence[Run], patience: StaleAfter, now: float) -> Iterator[Run]:
    """The same runs, of one tree, those that have stalled marked as such."""
    stalls = Stalls(patience, lambda: now)
    for run in runs:
        stalls.add(run)
    try:
        for run in runs:
            stall = stalls.judge(run, now)[0] if may_stall(run) else None
            yield run if stall is None else run._replace(stall=stall)
    finally:
        stalls.close()
