"""The results of the test of one run, kept current."""

from __future__ import annotations

from collections.abc import Mapping

from statustui.core.cleaned_results import run_of
from statustui.core.past import chronological, name_of, outcome
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.tui.model.peers import runs_of_test


class PastResults:
    """The results of the test of one run.

    Args:
        runs: Path -> run, of all runs.
    """

    def __init__(self, runs: Mapping[str, Run]) -> None:
        self._runs = runs
        self._run: Run | None = None
        self._alike: dict[str, Run] = {}
        """Path -> run of the test."""

    def set_run(self, run: Run) -> list[Run]:
        """Collect the runs of the test of a run, and return them."""
        found = runs_of_test(self._runs.values(), run)
        self._run, self._alike = run, {one.path: one for one in found}
        return found

    def apply_batch(self, batch: Batch) -> bool:
        """Take in the changes that concern the test, and return whether there are any."""
        if self._run is None:
            return False
        paths = (*batch.removed, *(run.path for run in batch.changed))
        gone = [self._alike.pop(path) for path in paths if path in self._alike]
        found = runs_of_test(batch.changed, self._run)
        self._alike.update((run.path, run) for run in found)
        return bool(gone or found)

    @property
    def results(self) -> list[Run]:
        """The results, in chronological order; also of runs that were cleaned away."""
        results = [run for run in self._alike.values() if outcome(run) is not None]
        return sorted([*results, *self._cleaned()], key=chronological)

    def _cleaned(self) -> list[Run]:
        """Return the runs that were cleaned away, which the newest runs of the test tell of."""
        name = None if self._run is None else name_of(self._run)
        pasts = (run.past for run in self._alike.values())
        found = {
            (one.path, one.started): one
            for told in {past.cleaned for past in pasts if past is not None}
            for one in told
        }
        known = {(run.path, run.started) for run in self._alike.values()}
        return [] if name is None else [run_of(found[key], name) for key in found.keys() - known]

    def beside(self, path: str, step: int) -> Run | None:
        """Return the result after the run at `path`, or (-1) before it.

        Returns:
            The result; that of a run that was cleaned away only if there is no other; or None.
        """
        run = self._runs.get(path)
        if run is None:
            return None
        key = chronological(run)
        if step > 0:
            further = [one for one in self.results if chronological(one) > key]
        else:
            further = [one for one in reversed(self.results) if chronological(one) < key]
        there = (one for one in further if not one.is_cleaned)
        return next(there, further[0] if further else None)
