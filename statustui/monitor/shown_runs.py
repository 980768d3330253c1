"""The runs of a cache that were shown, until they are checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from statustui.core.run import Run
from statustui.monitor.cache_stream import CacheStream
from statustui.monitor.snapshot import RunSnapshot


class ShownRuns:
    """The snapshots of runs that no sweep has come to yet, by path.

    Args:
        cache: Where they come from.
    """

    def __init__(self, cache: CacheStream) -> None:
        self._cache = cache
        self._snapshots: dict[str, RunSnapshot] = {}
        self._room = 0
        """How many of them there were when the dictionary was made."""

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._snapshots)

    def __iter__(self) -> Iterator[Run]:
        """Yield the runs."""
        return (snapshot.run for snapshot in self._snapshots.values())

    @property
    def device(self) -> int:
        """Number of the device that they are taken to be on."""
        return self._cache.device

    def add(self, snapshots: Iterable[RunSnapshot]) -> list[Run]:
        """Add runs, and return them; leave out those at a path that there is already."""
        known = self._snapshots
        new = [one.run for one in snapshots if known.setdefault(one.run.path, one) is one]
        self._room = len(known)
        return new

    def get(self, path: str) -> RunSnapshot | None:
        """Return the run at `path`; None if there is none."""
        return self._snapshots.get(path)

    def pop(self, path: str) -> Run | None:
        """Remove and return the run at `path`; None if there is none."""
        snapshot = self._snapshots.pop(path, None)
        if snapshot is None:
            return None
        if 4 * len(self._snapshots) < self._room:
            # A dictionary does not become smaller by itself.
            self._snapshots = dict(self._snapshots)
            self._room = len(self._snapshots)
        return snapshot.run

    def path_of(self, path: str) -> str:
        """Return `path` as the run there has it, so that it is in memory once."""
        snapshot = self._snapshots.get(path)
        return path if snapshot is None else snapshot.run.path

    def clear(self) -> None:
        """Remove all runs."""
        self._snapshots = {}
