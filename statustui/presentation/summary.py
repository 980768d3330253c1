"""How many runs are in each category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from statustui.core.categories import Category
from statustui.core.run import Run


def count_categories(counts: Mapping[Category, int]) -> dict[str, int]:
    """Return the number of runs in each category by its name, also in empty ones."""
    return {category.value: counts.get(category, 0) for category in Category}


def summarise(runs: Sequence[Run], further: Mapping[Category, int] = MappingProxyType({})) -> str:
    """Return the number of runs, and those in each category, in one line.

    Args:
        runs: The runs.
        further: The number of further runs in each category.
    """
    counts = Counter(further)
    counted, what = count_what(runs, counts.total())
    counts.update(run.category for run in counted)
    words = [f"{count:,} {name}" for name, count in count_categories(counts).items() if count]
    said = f"{counts.total():,} {what}"
    return f"{said}: {', '.join(words)}" if words else said


def count_what(runs: Collection[Run], further: int = 0) -> tuple[Collection[Run], str]:
    """Return the runs to count and what to call them; series only if there is nothing else.

    A series is a container of runs, and not counted as a run itself.

    Args:
        runs: The runs.
        further: The number of further runs.
    """
    counted = [run for run in runs if not run.is_series]
    if runs and not counted and not further:
        return runs, "series"
    return counted, "run" if len(counted) + further == 1 else "runs"
