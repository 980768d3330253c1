"""The runs of a series, as a list of their own."""

from __future__ import annotations

from collections.abc import Mapping

from statustui.core.run import Run
from statustui.core.series import is_member
from statustui.monitor.batch import Batch
from statustui.tui.model.store import RunStore


class SeriesMembers:
    """Picks the runs of one series out of all runs, and keeps them up to date.

    Args:
        runs: Path -> run, all that are known.
    """

    def __init__(self, runs: Mapping[str, Run]) -> None:
        self.store = RunStore("id")
        """The runs of the series."""
        self._runs = runs
        self._series: Run | None = None
        self._linked: frozenset[str] | None = None
        """Paths of the runs that the series links to; None while they are not known."""

    def set_series(self, series: Run) -> tuple[Run, ...]:
        """Collect the runs of a series, and drop those of the one before.

        Returns:
            The runs.
        """
        self._series = series
        members, known = series.members, self._runs
        self._linked = None if members is None else frozenset(members.paths)
        paths = known if self._linked is None else self._linked & known.keys()
        mine = tuple(known[path] for path in paths if self._has(series, known[path]))
        stay = {run.path for run in mine}
        others = tuple(path for path in self.store.runs if path not in stay)
        return self._apply(Batch(mine, others))

    def update(self, series: Run) -> tuple[Run, ...]:
        """Collect the runs again if the series links to other ones than before.

        Returns:
            The runs, if they were collected.
        """
        before, members = self._series, series.members
        known = None if before is None or before.members is None else before.members.paths
        if members is None or members.paths == known:
            self._series = series
            return ()
        return self.set_series(series)

    def apply_batch(self, batch: Batch) -> tuple[Run, ...]:
        """Apply the changes in a batch that concern the series.

        Returns:
            The changed runs of the series.
        """
        series = self._series
        if series is None:
            return ()
        mine = tuple(run for run in batch.changed if self._has(series, run))
        return self._apply(Batch(mine, batch.removed))

    def _has(self, series: Run, run: Run) -> bool:
        if self._linked is None:
            return run.kind == "test" and (run.root, run.series) == (series.root, series.series)
        return run.path in self._linked and is_member(run, series)

    def _apply(self, batch: Batch) -> tuple[Run, ...]:
        removed = tuple(path for path in batch.removed if path in self.store.runs)
        if batch.changed or removed:
            self.store.apply(Batch(batch.changed, removed))
        return batch.changed
