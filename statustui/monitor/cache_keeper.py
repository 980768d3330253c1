"""Loading and saving the cache of one root, without waiting for the filesystem that it is on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import TypeVar

from statustui.core.run import Run
from statustui.monitor.cache_store import CacheStore, RootIdentity
from statustui.monitor.cache_stream import CacheStream
from statustui.monitor.cache_writer import CacheWriter, is_worth_saving, outlined
from statustui.monitor.counted_runs import KeptColumns
from statustui.monitor.former_runs import FormerRuns, read_former
from statustui.monitor.fs.deadline import NoThreadError, ask, start_thread
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.snapshot import RunSnapshot
from statustui.monitor.snapshot_cache import SnapshotCache

_T = TypeVar("_T")
_MAX_LOAD_WAIT = 1.0
"""Seconds to wait for a store, which may be in a home that does not answer."""
_SAVE_INTERVAL = 600.0
"""Least time between two saves, in seconds."""
_SLICE = 500
"""Runs that are saved between two pauses: about ten milliseconds of work."""


class _Unhurried(list[_T]):
    """A list that leaves half of the time to other threads while it is gone through."""

    def __iter__(self) -> Iterator[_T]:
        rest = super().__iter__()
        start = time.monotonic()
        while some := list(islice(rest, _SLICE)):
            yield from some
            time.sleep(time.monotonic() - start)
            start = time.monotonic()


class CacheKeeper:
    """Keeps the cache of one root.

    Args:
        store: Where it is kept; None to keep none.
        real_path: The real path of the root.
    """

    def __init__(self, store: CacheStore | None, real_path: str) -> None:
        self._store = store
        self._real_path = real_path
        self._identity: RootIdentity | None = None
        self._saved_at = float("-inf")
        self._saved_runs: int | None = None
        """Number of runs last saved; None before the first save."""
        self._former_saved_at = float("-inf")

    def load(self, root: str) -> SnapshotCache:
        """Return what was saved for the root as it is now.

        Args:
            root: The root, as the user gave it.
        """
        return SnapshotCache(self._load(), root)

    def stream(self, root: str) -> CacheStream:
        """Return the same for a monitor."""
        data = self._load()
        return CacheStream(data, root, 0 if self._identity is None else self._identity.device)

    def _load(self) -> bytes | None:
        """Return the cache of the root as it is now; None if there is none."""
        if self._store is None:
            return None
        try:
            state = os.stat(self._real_path)
            self._identity = RootIdentity(self._real_path, state.st_dev, state.st_ino)
            return ask(partial(self._store.load, self._identity), _MAX_LOAD_WAIT)
        except OSError:
            # A store that does not answer is not asked to save either.
            self._identity = None
            return None

    def save(
        self,
        found: Collection[RunSnapshot | OutlinedRun],
        *,
        gone: int = 0,
        ahead: Iterable[KeptColumns] = (),
        loaded: SnapshotCache | None = None,
        rows: Sequence[int] = (),
    ) -> None:
        """Save runs, if many of them are new, or many are no longer there.

        Args:
            found: Runs of the root.
            gone: How many of the saved runs are no longer there.
            ahead: Further runs of the root, which are new.
            loaded: What `load` has returned, of which the `rows` are; None without any.
            rows: The rows of further runs, which are as they were loaded.
        """
        if self._store is None or self._identity is None:
            return
        writer = CacheWriter()
        stored_count = 0

        def find_new() -> Iterator[OutlinedRun]:
            nonlocal stored_count
            for one in found:
                if one.is_stored:
                    stored_count += 1
                elif (run := outlined(one)) is not None:
                    yield run

        writer.add_each(find_new())
        for kept in ahead:
            writer.add_all(kept)
        runs = len(writer) + stored_count + len(rows)
        new = len(writer) if self._saved_runs is None else abs(runs - self._saved_runs)
        if not is_worth_saving(new + gone, runs):
            return
        same = () if loaded is None else loaded.at(rows)
        stored = (outlined(one) for one in found if one.is_stored)
        writer.add_each(chain(filter(None, stored), same))
        data = writer.finish()
        if data is not None:
            self._saved_runs = len(writer)
            self._store.save(self._identity, data)

    def save_now_and_then(self, found: Iterable[RunSnapshot | OutlinedRun]) -> None:
        """Save snapshots in a thread of their own, at most every `_SAVE_INTERVAL` seconds.

        Args:
            found: Runs of the root, which this consumes at once.
        """
        now = time.monotonic()
        if self._identity is None or now < self._saved_at + _SAVE_INTERVAL:
            return
        self._saved_at = now
        try:
            start_thread(partial(self.save, _Unhurried(found)), "save cache")
        except NoThreadError:
            # A later call saves.
            return

    # The results of runs that are no longer there.

    def former(self, root: str, is_elsewhere: Callable[[str], bool]) -> FormerRuns | None:
        """Return what keeps the results of runs that are no longer there; None without a cache.

        Args:
            root: The root, as the user gave it.
            is_elsewhere: Returns whether the run at a path is not known to be gone.
        """
        if self._store is None or self._identity is None:
            return None
        read = partial(_read_former, self._store, self._identity, root)

        def load() -> list[Run]:
            try:
                return read()
            except OSError:
                return []

        return FormerRuns(load, is_elsewhere)

    def save_former(self, root: str, runs: Iterable[Run]) -> None:
        """Save runs that are no longer there, with those that another program has saved."""
        if self._store is None or self._identity is None:
            return
        try:
            known = _read_former(self._store, self._identity, root)
        except OSError:
            # What is saved there and not known here would be lost.
            return
        former = FormerRuns(lambda: known)
        former.update(runs)
        self._store.save(self._identity, former.encode(), "former")

    def save_former_now_and_then(self, root: str, former: FormerRuns) -> None:
        """Save as `save_now_and_then` does, if there is something new."""
        now = time.monotonic()
        if not former.has_changed or now < self._former_saved_at + _SAVE_INTERVAL:
            return
        self._former_saved_at = now
        try:
            start_thread(partial(self.save_former, root, list(former)), "save cache")
        except NoThreadError:
            # A later call saves.
            return
        former.mark_saved()


def _read_former(store: CacheStore, identity: RootIdentity, root: str) -> list[Run]:
    """Return the runs of a root that are no longer there, as they were saved.

    Raises:
        OSError: The store does not answer.
    """
    return read_former(ask(partial(store.load, identity, "former"), _MAX_LOAD_WAIT), root)
