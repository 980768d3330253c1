"""Results of runs that are no longer in the tree, as runs of which only that is known."""

from __future__ import annotations

from collections.abc import Iterable

from statustui.core.past import Name, chronological, fail_alike, outcome
from statustui.core.recent_results import MAX_RESULTS, CleanedResult
from statustui.core.run import Run, RunMetadata
from statustui.core.status_info import StatusInfo

_MAX_NOTE = 300
"""Characters that are kept of a note: no more of it is compared."""


def is_kept(run: Run) -> bool:
    """Return whether something is kept of a run that is no longer in the tree."""
    return run.kind == "test" and bool(run.name) and outcome(run) is not None


def result_of(run: Run) -> CleanedResult | None:
    """Return what is kept of a run that is no longer in the tree; None if it is no result."""
    category = outcome(run)
    if category is None or not is_kept(run):
        return None
    current = _shortened(run.current)
    problem = None if run.problem is None else _shortened(run.problem)
    return CleanedResult(run.path, category, run.started, current, problem)


def _shortened(status: StatusInfo) -> StatusInfo:
    """Return a status of which many copies can be kept; its time does not depend on the zone."""
    return StatusInfo.read(status.state, status.note[:_MAX_NOTE], status.timestamp)


def run_of(result: CleanedResult, name: Name) -> Run:
    """Return the run that a result was one of."""
    category, current = result.category, result.current
    return Run(
        root=name.root,
        path=result.path,
        metadata=RunMetadata(name.name, system=name.system),
        kind="test",
        current=current,
        category=category,
        problem=result.problem,
        result=None,
        status_count=1,
        seen=frozenset((current.state,)),
        started=result.started,
        updated_at=current.timestamp,
        error=None,
        stage=current.state,
        status_result=None,
        began=None,
        is_cleaned=True,
    )


def is_another(before: Run, now: Run | None) -> bool:
    """Return whether a run that was known is no longer where it was.

    Args:
        before: The run.
        now: What is at its path now; None for nothing.
    """
    if now is None:
        return True
    return None not in {before.started, now.started} and before.started != now.started


def worth_keeping(runs: Iterable[Run]) -> list[Run]:
    """Return the runs of a test that tell its past: all others change nothing of it.

    Args:
        runs: Results of one test.

    Returns:
        In chronological order, the last `MAX_RESULTS`; before them the first of the failures alike
        that lead to these, and the last pass before that.
    """
    results = sorted(runs, key=chronological)
    kept = results[-MAX_RESULTS:]
    before = results[:-MAX_RESULTS]
    if kept and kept[0].category.is_problem:
        first = kept[0]
        while before and fail_alike(before[-1], first):
            first = before.pop()
        passed = [run for run in before if not run.category.is_problem]
        kept[:0] = [*passed[-1:], *([] if first is kept[0] else [first])]
    return kept
