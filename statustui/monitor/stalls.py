"""Find runs that seem to have stalled, by the age of their logs and by comparison with others.

No scheduler is asked. A run is first checked when it has been in its state for as long as it may,
then repeatedly until something happens.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from heapq import heapify, heappush, heapreplace
from typing import TypeAlias

from statustui.core.durations import (
    MAX_PEERS,
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
from statustui.monitor.due_queue import DueQueue
from statustui.monitor.fs.prober import CallTarget, Prober
from statustui.monitor.snapshot import MAX_PEER_STATUS_BYTES, read_history

_DURATIONS_TTL = 600.0
"""Seconds after which the usual durations are learned again."""
_MIN_RECHECK_SECONDS = 10.0
"""Least time between two checks of a stalled run, in seconds."""
_RECHECK_SHARE = 0.02
"""The same as a share of the time since the run's last sign of life."""
_MAX_CHECKS_PER_REVIEW = 100
"""Runs that one review checks at most."""
_MAX_PROBE_SECONDS = 0.5
"""Time limit of a call on a file behind a link, in seconds."""

_Peer: TypeAlias = "tuple[float, str]"
"""When a finished run got its last status, in seconds since 1970, 0 if unknown, and its path."""


class Peers:
    """The usual durations of the states of one tree, learned from its finished runs.

    Those that ended last count, in whatever order they are found.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, list[_Peer]] = {}
        self._all: list[_Peer] = []
        self._durations: dict[str, tuple[float, StateDurations]] = {}

    def add(self, run: Run) -> None:
        """Add a run to compare others with."""
        peer = run.updated_at or 0.0, run.path
        _keep_last(self._all, peer)
        # In a plain tree each run has a name of its own.
        if run.kind == "test" and run.name:
            of_name = self._by_name.get(run.name)
            if of_name is None:
                of_name = self._by_name[run.name] = []
            _keep_last(of_name, peer)

    def forget(self, run: Run) -> None:
        """Remove a run that no longer exists or has got another name."""
        _drop(self._all, run.path)
        of_name = self._by_name.get(run.name)
        if of_name is not None:
            _drop(of_name, run.path)
            if not of_name:
                del self._by_name[run.name]
                self._durations.pop(run.name, None)

    def usual(self, run: Run, now: float) -> tuple[StateDuration | None, str]:
        """Return how long the peers of a run stayed in its state, and a phrase that names them."""
        state = run.current.state
        if run.kind == "test" and run.name in self._by_name:
            found = self._learn(run.name, self._by_name[run.name], now).by_state.get(state)
            if found is not None:
                return found, "of this name"
        return self._learn("", self._all, now).by_state.get(state), "here"

    def _learn(self, name: str, peers: Iterable[_Peer], now: float) -> StateDurations:
        known = self._durations.get(name)
        if known is None or now - known[0] > _DURATIONS_TTL:
            known = now, StateDurations.learn(_timelines(path for _ended, path in peers))
            self._durations[name] = known
        return known[1]


def _keep_last(peers: list[_Peer], peer: _Peer) -> None:
    """Add a run to a heap of those that ended last; this is done for each finished run.

    One that is in it already must not have got an earlier time.
    """
    if len(peers) == MAX_PEERS and peer <= peers[0]:
        return
    _drop(peers, peer[1])
    if len(peers) == MAX_PEERS:
        heapreplace(peers, peer)
    else:
        heappush(peers, peer)


def _drop(peers: list[_Peer], path: str) -> None:
    """Remove a run from a heap, if it is there."""
    for number, (_ended, other) in enumerate(peers):
        if other == path:
            del peers[number]
            heapify(peers)
            return


def _timelines(paths: Iterable[str]) -> Iterator[StateTimeline]:
    for path in paths:
        status_path = f"{path}/{STATUS}"
        with contextlib.suppress(OSError):
            if os.lstat(status_path).st_size <= MAX_PEER_STATUS_BYTES:
                yield timeline_of(read_history(status_path))


def last_sign_of_life(run: Run, prober: Prober) -> float:
    """Return the time of a run's last sign of life: a status, or a line in a log.

    Args:
        run: The run, whose last status has a time.
        prober: Checks logs that may be behind a link, such as ``job``. The owner of the run may
            have the link lead to a filesystem that does not answer; its logs are then ignored.

    Returns:
        Seconds since 1970.
    """
    signs = [run.updated_at or 0.0]
    linked = defaultdict(list)
    for path in log_paths(run.place):
        folder = os.path.dirname(path)
        if folder == run.path:
            signs += _write_time(path)
        else:
            linked[folder].append(path)
    for folder, paths in linked.items():
        with contextlib.suppress(OSError):
            own, around = os.lstat(folder), os.lstat(run.path)
            if stat.S_ISDIR(own.st_mode) and own.st_dev == around.st_dev:
                signs += _write_times(paths)
            else:
                target = CallTarget.link(folder, around.st_uid)
                signs += prober.call(partial(_write_times, paths), target)
    return max(signs)


def _write_times(paths: Sequence[str]) -> list[float]:
    return [when for path in paths for when in _write_time(path)]


def _write_time(path: str) -> list[float]:
    """Return when the regular file at `path` was written, in seconds since 1970, if it exists."""
    with contextlib.suppress(OSError):
        state = os.lstat(path)
        if stat.S_ISREG(state.st_mode):
            return [state.st_mtime]
    return []


class Stalls:
    """Finds the stalled runs of one tree.

    Args:
        stale_after: How long a run may stay in a state before it can count as stalled.
        clock: Returns the time in seconds since 1970.
    """

    def __init__(self, stale_after: StaleAfter, clock: Callable[[], float]) -> None:
        self._stale_after = stale_after
        self._clock = clock
        self._peers = Peers()
        self._prober = Prober(_MAX_PROBE_SECONDS)
        self._due = DueQueue()
        """When to check a run next, in seconds since 1970."""

    def add(self, run: Run, before: Run | None = None) -> None:
        """Add a new run, or replace what it was `before`."""
        if before is not None:
            self._peers.forget(before)
        if run.updated_at is not None and may_stall(run):
            due = run.updated_at + self._stale_after.of(run.current.state)
            self._due.schedule_no_later(run.path, due)
        elif run.kind != "series":
            self._peers.add(run)

    def add_finished(self, runs: Iterable[Run]) -> None:
        """Add new runs that have finished, none of them a series."""
        for run in runs:
            self._peers.add(run)

    def review_due(self, get: Callable[[str], Run | None]) -> Iterator[Run]:
        """Check the runs that are due.

        Args:
            get: Returns the known run at a path, None if it no longer exists.

        Yields:
            The runs that have stalled, or are no longer stalled.
        """
        now = self._clock()
        for _ in range(_MAX_CHECKS_PER_REVIEW):
            path = self._due.pop_next(now)
            if path is None:
                return
            run = get(path)
            if run is None or run.updated_at is None or not may_stall(run):
                continue
            stall, due = self.judge(run, now)
            self._due.schedule_no_later(path, due)
            if stall != run.stall:
                yield run._replace(stall=stall)

    def close(self) -> None:
        """End the thread that reads files behind links."""
        self._prober.close()

    def forget(self, run: Run) -> None:
        """Remove a run."""
        self._peers.forget(run)
        self._due.remove(run.path)

    def judge(self, run: Run, now: float) -> tuple[Stall | None, float]:
        """Return why a run counts as stalled, and the time of its next check.

        Args:
            run: The run.
            now: The time in seconds since 1970.

        Returns:
            The reasons, None if it has not stalled; and a time in seconds since 1970.
        """
        state = run.current.state
        patience = self._stale_after.of(state)
        if run.updated_at is not None and now - run.updated_at <= patience:
            # A log can only be a later sign of life.
            return None, run.updated_at + patience
        since = last_sign_of_life(run, self._prober)
        if now - since <= patience:
            return None, since + patience
        usual, whose = self._peers.usual(run, now)
        due = since + limit_of(patience, usual)
        if now <= due:
            return None, min(due, now + _DURATIONS_TTL)
        stall = make_stall(run, since, stale_after=patience, usual=usual, peers=whose)
        return stall, now + max(_MIN_RECHECK_SECONDS, (now - since) * _RECHECK_SHARE)


def keep_stall(run: Run, before: Run | None) -> Run:
    """Return a run that has been read again, still stalled if it has had no status since `before`.

    A log that has grown meanwhile is found by the next check.
    """
    if before is None or before.stall is None or not may_stall(run):
        return run
    is_unmoved = (run.current, run.status_count) == (before.current, before.status_count)
    return run._replace(stall=before.stall) if is_unmoved else run


def mark_stalled(runs: Sequence[Run], stale_after: StaleAfter, now: float) -> Iterator[Run]:
    """Yield the runs of one tree, the stalled ones with their reasons.

    Args:
        runs: The runs.
        stale_after: How long a run may stay in a state before it can count as stalled.
        now: The time in seconds since 1970.
    """
    stalls = Stalls(stale_after, lambda: now)
    for run in runs:
        stalls.add(run)
    try:
        for run in runs:
            stall = stalls.judge(run, now)[0] if may_stall(run) else None
            yield run if stall is None else run._replace(stall=stall)
    finally:
        stalls.close()
