"""The results of a test over time: which runs are results, of what, and in which order."""

from __future__ import annotations

from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.failure_signature import failure_signature
from statustui.core.order import natural
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
    return None if run.is_series or not run.name else Name(run.root, run.name)


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
