"""Put failures aside, and take them back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice

from statustui.core.mutes import Mute, Mutes, Scope, mute_of
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.tui.model.store import RunStore

_SLICE = 500
"""Runs that are marked at a time, so that keys are handled meanwhile."""
Save = Callable[[Collection[Mute], Collection[Mute]], object]
"""Saves the mutes that are added, and those that are removed."""


class Muting:
    """Changes what is muted, and marks the runs that this concerns.

    Args:
        store: The runs.
        mutes: The mutes.
        save: Saves changes.
        on_change: Called with the runs that are marked, to draw them.
        later: Calls a function soon, after waiting keys.
    """

    def __init__(
        self,
        store: RunStore,
        mutes: Mutes,
        *,
        save: Save,
        on_change: Callable[[Batch], object],
        later: Callable[[Callable[[], object]], object],
    ) -> None:
        self._store = store
        self._mutes = mutes
        self._save = save
        self._on_change = on_change
        self._later = later
        self._unmarked: Iterator[str] = iter(())
        """Paths of runs that may have to be marked."""

    @property
    def known(self) -> list[Mute]:
        """All mutes, the newest first."""
        return list(self._mutes)[::-1]

    def count_runs(self) -> dict[Mute, int]:
        """Return for how many runs each mute holds."""
        counts = dict.fromkeys(self._mutes, 0)
        for run in self._muted_runs():
            for mute in self._mutes.of(run):
                counts[mute] += 1
        return counts

    def mute(self, runs: Iterable[Run], scope: Scope) -> None:
        """Put the failures of some runs aside; those without a failure are left out."""
        added = {mute_of(run, scope): None for run in runs if run.problem is not None}
        self._mutes.add(added)
        self._save(list(added), [])
        self._mark()

    def unmute(self, runs: Iterable[Run]) -> list[Mute]:
        """Take back all mutes that hold for some runs, and return them."""
        removed = list(dict.fromkeys(mute for run in runs for mute in self._mutes.of(run)))
        self.take_back(removed)
        return removed

    def take_back(self, removed: Collection[Mute]) -> None:
        """Take mutes back."""
        self._mutes.remove(removed)
        self._save([], removed)
        self._mark()

    def _muted_runs(self) -> Iterator[Run]:
        return (run for run in self._store.problems if run.is_muted)

    def _mark(self) -> None:
        """Mark the runs for which this has changed."""
        self._unmarked = iter([run.path for run in self._store.problems])
        self._mark_some()

    def _mark_some(self) -> None:
        """Mark some runs now, and the rest later."""
        paths = list(islice(self._unmarked, _SLICE))
        # Others may have changed meanwhile.
        runs = [run for path in paths if (run := self._store.runs.get(path)) is not None]
        marked = [after for run in runs if (after := self._mutes.mark(run)) is not run]
        batch = Batch(tuple(marked))
        self._store.apply(batch)
        if marked:
            self._on_change(batch)
        if len(paths) == _SLICE:
            self._later(self._mark_some)
