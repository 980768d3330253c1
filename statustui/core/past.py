"""The results of a test over time: which runs are results, of what, and what the last ones say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.failure_signature import failure_signature
from statustui.core.order import natural
from statustui.core.recent_results import MAX_RESULTS, Change, Moment, Past
from statustui.core.run import Run


class Name(NamedTuple):
    """What runs have in common that are runs of the same test."""

    root: str
    """The watched directory, as the user gave it."""
    name: str
    """Pavilion's name of the test; in a plain tree the path of the run under the root."""
    system: str = ""
    """The system that it ran on, as Pavilion calls it; empty if unknown."""


def name_of(run: Run) -> Name | None:
    """Return what a run is a run of; None for a series, and for a run without a name yet."""
    return None if run.is_series or not run.name else Name(run.root, run.name, run.system)


def outcome(run: Run) -> Category | None:
    """Return how a run ended: `PASSED`, `FAILED` or `ERROR`.

    Returns:
        The category; None if the run is no result: it is under way, was cancelled or skipped, or
        cannot be read.
    """
    category = run.category
    is_verdict = category is Category.PASSED or category.is_problem
    return category if is_verdict and run.error is None and run.has_ended else None


def chronological(run: Run) -> tuple[float, str, str]:
    """Return a key that sorts runs by their start, those without a time first.

    Ids do not tell the order: those of deleted runs are used again. They only decide between runs
    that started at the same time.
    """
    start = run.updated_at if run.started is None else run.started
    return float("-inf") if start is None else start, natural(run.id), run.path


def fail_alike(one: Run, other: Run) -> bool:
    """Return whether two runs have failed, and with the same failure signature."""
    signature = failure_signature(one)
    return bool(signature) and signature == failure_signature(other)


def past_at(results: Sequence[Run], index: int, before: Past | None = None) -> Past | None:
    """Return the past of one of the results of a test.

    Args:
        results: All results of the test, in chronological order.
        index: Which of them.
        before: The past of the result before from when that was the last one, if the results up to
            it are the same as then; it saves looking for where the failures began.

    Returns:
        The past; None if the run passed and is the only result, as that says nothing more.
    """
    told = past_before(results, index + 1)
    run = results[index]
    if told is None or index + 1 < len(results):
        return told
    if not run.category.is_problem:
        if not index:
            return None
        change = Change.FIXED if results[index - 1].category.is_problem else None
        return _share(told.results, is_last=True, change=change)
    is_still = index > 0 and fail_alike(results[index - 1], run)
    if before is not None and before.since is not None:
        since, passed = before.since if is_still else _moment(run), before.passed
    else:
        since, passed = _moment(_first_alike(results, index)), _last_passed(results, index)
    change = Change.STILL if is_still else Change.BROKE if index else None
    return Past(told.results, is_last=True, change=change, since=since, passed=passed)


def _first_alike(results: Sequence[Run], index: int) -> Run:
    """Return the first of the failures alike that lead to a result."""
    while index and fail_alike(results[index - 1], results[index]):
        index -= 1
    return results[index]


def _last_passed(results: Sequence[Run], end: int) -> Moment | None:
    """Return the last pass before the result `end`; None if there is none."""
    passed = (results[at] for at in range(end - 1, -1, -1) if not results[at].category.is_problem)
    return next(map(_moment, passed), None)


def past_before(results: Sequence[Run], end: int) -> Past | None:
    """Return the past of a run that is no result itself.

    Args:
        results: All results of its test, in chronological order.
        end: How many of them come before it.

    Returns:
        The past; None if no result comes before it.
    """
    told = results[max(0, end - MAX_RESULTS) : end]
    return _share(tuple(run.category for run in told)) if told else None


_share = lru_cache(4096)(Past)
"""Makes pasts of which many runs have the same: they share one object."""


def _moment(run: Run) -> Moment:
    """Return when a result came: of a failure, when that was reported."""
    failed_at = None if run.problem is None else run.problem.timestamp
    time = run.updated_at if failed_at is None else failed_at
    return Moment(run.path, time, run.is_cleaned)
