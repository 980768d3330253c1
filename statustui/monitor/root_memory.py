"""What is kept of one root between two looks at it, by what reads trees once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TypeAlias

from statustui.core.run import Run
from statustui.monitor.cache_keeper import CacheKeeper
from statustui.monitor.cache_store import CacheStore
from statustui.monitor.counted_runs import KeptColumns
from statustui.monitor.former_runs import FormerRuns
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.snapshot import RunSnapshot

Found: TypeAlias = OutlinedRun | RunSnapshot


class RootMemory:
    """The cache of one root: its finished runs, and the results of runs that are no longer there.

    Args:
        store: Where it is kept; None to keep none.
        root: The root, as the user gave it.
        real_path: The real path of the root.
        is_elsewhere: Returns whether the run at a path is not known to be gone if it is not found.
    """

    def __init__(
        self,
        store: CacheStore | None,
        root: str,
        real_path: str,
        is_elsewhere: Callable[[str], bool],
    ) -> None:
        self._root = root
        self._is_elsewhere = is_elsewhere
        self._keeper = CacheKeeper(store, real_path)
        self.cache = self._keeper.load(root)
        """The runs of an earlier look."""
        self.rows: list[int] = []
        """The rows of the cache with runs that are as they were, and are in no other list."""
        self.counted_ahead: list[KeptColumns] = []
        """Runs that are not as they were, and are only counted."""
        self.found: list[Found] = []
        """All other runs of the root."""
        self._former = self._keeper.former(root, is_elsewhere)
        self._gone: int | None = None
        """How many runs of the cache are no longer there; None before that is known."""

    def former(self) -> FormerRuns | None:
        """Return the last results of the runs that are no longer there; None without a cache.

        To be called once all runs of the root have been found.
        """
        self._find_gone()
        return self._former

    def save(self) -> None:
        """Save the runs, if many of them are new, or many are no longer there."""
        gone = self._find_gone()
        former = self._former
        if former is not None and former.has_changed:
            self._keeper.save_former(self._root, former)
            former.mark_saved()
        self._keeper.save(
            self.found, gone=gone, ahead=self.counted_ahead, loaded=self.cache, rows=self.rows
        )

    def _find_gone(self) -> int:
        """Keep the results of the runs that are no longer there, and return how many these are."""
        if self._gone is None:
            self._gone = 0 if self._former is None else self._compare(self._former)
        return self._gone

    def _compare(self, former: FormerRuns) -> int:
        """Compare what was found with the cache, and with the runs that were gone before."""
        stored = [_path_of(one) for one in self.found if one.is_stored]
        before: dict[str, Run] = {}
        if len(stored) + len(self.rows) < len(self.cache):
            same = {*stored, *self.cache.paths(self.rows)}
            before = {run.path: run for run in self.cache.runs(leave_out=same)}
        paths = {*before, *(run.path for run in former)}
        ahead = (run for kept in self.counted_ahead for run in kept.outlined(paths))
        now = _at(paths, chain(self.found, ahead))
        for path, run in now.items():
            if run is not None:
                former.replace(before.pop(path, None), run)
        missing = [run for path, run in before.items() if path not in now]
        gone = [run for run in missing if not self._is_elsewhere(run.path)]
        for run in gone:
            former.replace(run, None)
        return len(gone)


def _path_of(found: Found) -> str:
    return found.run.path if isinstance(found, RunSnapshot) else found.place.path


def _at(paths: set[str], found: Iterable[Found]) -> dict[str, Run | None]:
    """Return path -> the run that was found there; None if it takes more to build it."""
    if not paths:
        return {}
    there = [one for one in found if _path_of(one) in paths]
    return {
        _path_of(one): one.run if isinstance(one, RunSnapshot) else one.build() for one in there
    }
