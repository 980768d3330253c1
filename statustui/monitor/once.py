"""Read trees once, with a time limit for filesystems that do not answer."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import NamedTuple

from statustui.core.durations import StaleAfter
from statustui.core.run import Run, RunDir
from statustui.core.working_dir import Survey, find_runs
from statustui.monitor.batch import Unread
from statustui.monitor.cache_keeper import CacheKeeper
from statustui.monitor.cache_store import CacheStore
from statustui.monitor.first_read import read_first
from statustui.monitor.fs.deadline import PATIENCE, Heartbeat, Question
from statustui.monitor.fs.mounts import Devices
from statustui.monitor.poll_policy import Settings, policy_for
from statustui.monitor.reader_pool import ReaderPool
from statustui.monitor.root_registry import RootRegistry
from statustui.monitor.series import judge_series
from statustui.monitor.snapshot import RunSnapshot, read_snapshot, unread_part
from statustui.monitor.stalls import mark_stalled

_MAX_CLAIM_WAIT = 1.0
"""Seconds to wait at most for the other roots to register their real paths."""


class Details(enum.Enum):
    """How much to read of each run; each level includes the one before."""

    STATUS = "status"
    """The status file and its owner."""
    METADATA = "metadata"
    """The files beside it too: name, user and series."""
    ALL = "all"
    """Also whether the run has stalled, compared with others of its name."""

    @classmethod
    def of(cls, fields: AbstractSet[str]) -> Details:
        """Return the level that is needed to count the runs that match a filter.

        Any field needs at least `METADATA`, which the members of a series depend on.

        Args:
            fields: The fields and flags that the filter uses.
        """
        if "stalled" in fields:
            return cls.ALL
        return cls.METADATA if fields else cls.STATUS


class Picture(NamedTuple):
    """What was found below some roots."""

    runs: list[Run]
    incomplete: list[Unread]
    """Each part of the roots that could not be read or listed."""
    unfollowed: dict[str, int]
    """Root without any runs -> number of links in it that were not followed."""
    keepers: list[tuple[CacheKeeper, list[RunSnapshot]]]
    """The cache of each root that was read to its end, and the snapshots that it may keep."""

    def save(self) -> None:
        """Save the caches of the roots that have many new finished runs."""
        for keeper, snapshots in self.keepers:
            keeper.save(snapshots)


def read_once(  # noqa: PLR0913 - what to read, how much, and how long to wait
    roots: Sequence[str],
    stale_after: StaleAfter,
    now: float,
    patience: float = PATIENCE,
    *,
    details: Details = Details.ALL,
    store: CacheStore | None = None,
    on_wait: Callable[[int], object] = lambda _read: None,
) -> Picture:
    """Find and read every run below `roots` once, each root in threads of its own.

    Where roots overlap, a run belongs to the innermost one. If a root stops answering, the result
    contains the runs that were read before.

    Args:
        roots: The directories.
        stale_after: How long a run may stay in a state before it can count as stalled.
        now: The time in seconds since 1970.
        patience: Seconds without an answer after which a root is given up.
        details: How much to read of each run.
        store: Where snapshots of earlier looks are; None to read everything.
        on_wait: Called with the number of runs read so far, a few times a second.

    Raises:
        OSError: No thread can be started.
    """
    roots = list(dict.fromkeys(roots))
    registry = RootRegistry(len(roots))
    claim = min(_MAX_CLAIM_WAIT, patience / 2)
    readers = [
        _RootReader(
            root,
            partial(_claim, registry, number, claim),
            stale_after,
            now,
            details=details,
            store=store,
        )
        for number, root in enumerate(roots)
    ]
    return _collect(readers, patience, on_wait)


def _collect(
    readers: Sequence[_RootReader], patience: float, on_wait: Callable[[int], object]
) -> Picture:
    """Run all readers at once, and return what they have read."""
    questions = [Question(reader.read, f"read {reader.root}") for reader in readers]
    runs: list[Run] = []
    incomplete: list[Unread] = []
    unfollowed: dict[str, int] = {}
    keepers: list[tuple[CacheKeeper, list[RunSnapshot]]] = []
    for reader, question in zip(readers, questions, strict=True):
        try:
            question.answer(patience, lambda: on_wait(sum(len(one.runs) for one in readers)))
            if reader.keeper is not None:
                keepers.append((reader.keeper, reader.snapshots))
        except OSError as error:
            reader.parts.append(Unread(reader.root, error.strerror or str(error)))
        # A reader that has been given up may still add runs: use those it has now.
        found = list(reader.runs)
        runs += found
        if reader.links and not found:
            unfollowed[reader.root] = reader.links
        incomplete += reader.parts
        incomplete += [part for run in found if run.error and (part := unread_part(run))]
    return Picture(runs, incomplete, unfollowed, keepers)


def _claim(
    registry: RootRegistry, number: int, patience: float, real_path: str
) -> frozenset[str] | None:
    """Return the real paths to leave out below a root; None if an earlier root is the same."""
    registry.claim(number, real_path, patience)
    return None if registry.is_taken(number) else registry.others(number)


class _RootReader:
    """Reads one root.

    Args:
        root: The directory, as the user gave it.
        claim: Given the real path of the root, returns the real paths to leave out below it; None
            if another reader reads the same directory.
        stale_after: How long a run may stay in a state before it can count as stalled.
        now: The time in seconds since 1970.
        details: How much to read of each run.
        store: Where snapshots of earlier looks are; None to read everything.
    """

    def __init__(  # noqa: PLR0913 - what to read, and how
        self,
        root: str,
        claim: Callable[[str], frozenset[str] | None],
        stale_after: StaleAfter,
        now: float,
        *,
        details: Details,
        store: CacheStore | None,
    ) -> None:
        self.root = root
        self.runs: list[Run] = []
        self.parts: list[Unread] = []
        self.links = 0
        """Number of links that were not followed."""
        self._stale_after = stale_after
        self._now = now
        self._claim = claim
        self._details = details
        self._store = store
        self.keeper: CacheKeeper | None = None
        """Keeps the cache of the root; None before that is loaded."""
        self.snapshots: list[RunSnapshot] = []
        """What has been read, if it may be stored."""

    def read(self, heartbeat: Heartbeat) -> None:
        """Read the root, on the thread of a `Question`.

        Raises:
            OSError: The root is not a directory, or cannot be read.
        """
        real_path = os.path.realpath(self.root)
        skipped = self._claim(real_path)
        if skipped is None:
            return
        heartbeat()

        def count_links(found: Survey) -> None:
            self.links += found.links
            heartbeat()

        run_dirs = find_runs(self.root, self._add_error, skipped, count_links)
        threads = policy_for(Devices(self.root, real_path).root_mount.reach, Settings()).threads
        with_metadata = self._details is not Details.STATUS
        self.keeper = CacheKeeper(self._store, real_path)
        cache = self.keeper.load()

        def read(place: RunDir) -> RunSnapshot:
            first = read_first(place, with_metadata=with_metadata, cache=cache)
            return read_snapshot(place) if first is None else first

        for snapshot in _read_all(run_dirs, read, threads):
            self.runs.append(snapshot.run)
            if self._store is not None:
                self.snapshots.append(snapshot)
            heartbeat()
        marked = self.runs
        if self._details is Details.ALL:
            marked = []
            for run in mark_stalled(self.runs, self._stale_after, self._now):
                marked.append(run)
                heartbeat()
        judged = []
        for run in judge_series(marked, self._add_error, self._stale_after, self._now):
            judged.append(run)
            heartbeat()
        self.runs = judged

    def _add_error(self, path: str, error: OSError) -> None:
        self.parts.append(Unread(path, error.strerror or str(error)))


def _read_all(
    run_dirs: Iterator[RunDir], read: Callable[[RunDir], RunSnapshot], threads: int
) -> Iterator[RunSnapshot]:
    """Yield the runs in `run_dirs`; with one thread in their order, else as they are read."""
    if threads == 1:
        yield from map(read, run_dirs)
        return
    pool: ReaderPool[RunDir, RunSnapshot] = ReaderPool(read, threads)
    try:
        yield from pool.map_unordered(run_dirs)
    finally:
        pool.close()
