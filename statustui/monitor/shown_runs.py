"""The runs of a cache that were shown, until they are checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from statustui.core.run import Run
from statustui.monitor.snapshot_cache import NO_CACHE, SnapshotCache


class ShownRuns:
    """Runs by their rows in a cache, which takes less memory than another dictionary by path.

    Args:
        cache: Where they come from.
    """

    def __init__(self, cache: SnapshotCache) -> None:
        self._cache = cache
        self._runs: list[Run | None] = [None] * len(cache)
        self._count = 0

    def __len__(self) -> int:
        """How many runs there are."""
        return self._count

    def __iter__(self) -> Iterator[Run]:
        """Yield the runs."""
        return (run for run in self._runs if run is not None)

    def add(self, runs: Mapping[int, Run]) -> None:
        """Add runs that `SnapshotCache.runs` has yielded."""
        for row, run in runs.items():
            self._count += self._runs[row] is None
            self._runs[row] = run

    def get(self, path: str) -> Run | None:
        """Return the run at `path`; None if there is none."""
        row = self._cache.row_of(path)
        return None if row is None else self._runs[row]

    def pop(self, path: str) -> Run | None:
        """Remove and return the run at `path`; None if there is none."""
        row = self._cache.row_of(path)
        run = None if row is None else self._runs[row]
        if row is not None and run is not None:
            self._runs[row] = None
            self._count -= 1
            # Nobody asks for it again, and very many of them take memory.
            left = self._cache.forget(path)
            if left is not None:
                self._runs = [self._runs[row] for row in left]
        return run

    def path_of(self, path: str) -> str:
        """Return `path` as the run there has it, so that it is in memory once."""
        run = self.get(path)
        return path if run is None else run.path

    def clear(self) -> None:
        """Remove all runs, and give up the cache."""
        self._cache, self._runs, self._count = NO_CACHE, [], 0
