"""A comparison in one line, and as a JSON object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from statustui.core.categories import Category
from statustui.core.comparison import MEANINGS, Comparison, Item
from statustui.core.past import outcome
from statustui.core.recent_results import CLEANED
from statustui.core.run import Run
from statustui.core.text import count

_MAX_NAMED = 3
"""Names of tests that are still broken in the line that says that nothing has changed."""


def headline(comparison: Comparison) -> str:
    """Return how many tests are in each list, or that nothing has changed, in one line.

    Names in it are not made safe for any format.
    """
    pairs = comparison.pairs
    total = count(len(pairs), "name")
    parts = [count_items(name, len(items)) for name, items in comparison.told.items() if items]
    if not pairs:
        said = "Nothing to compare: there is no run"
    elif not comparison.has_base:
        new = f", {count_items('new', len(comparison.new))}" if comparison.new else ""
        said = f"Nothing to compare with: {total} without an earlier result{new}"
    elif comparison.has_changed:
        said = f"{total}: {', '.join(parts)}"
    else:
        said = f"Nothing has changed in {total}{_as_before(comparison)}"
    if comparison.unfinished:
        said += f"; {len(comparison.unfinished):,} under way"
    if comparison.repeated:
        repeated = count(len(comparison.repeated), "name")
        said += f"; {repeated} with several results, of which the last counts"
    return said


def _as_before(comparison: Comparison) -> str:
    """Return how many tests have passed again, and which are still broken."""
    still = comparison.still
    passed = sum(
        pair.run is not None and outcome(pair.run) is Category.PASSED for pair in comparison.pairs
    )
    said = f": {passed:,} passed as before"
    if still:
        names = [item.name for item in still[:_MAX_NAMED]]
        more = [f"and {len(still) - _MAX_NAMED:,} more"] if len(still) > _MAX_NAMED else []
        said += f", {len(still):,} still failing ({', '.join([*names, *more])})"
    return said


def place_of(run: Run) -> str:
    """Return the path of a run, and that nothing is there any more if it was cleaned away."""
    return f"{run.path}, {CLEANED}" if run.is_cleaned else run.path


def count_items(name: str, number: int) -> str:
    """Return how many tests are in the list `name` of a comparison, in words."""
    return count(number, "new failure") if name == "new" else f"{number:,} {MEANINGS[name]}"


def comparison_object(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as a JSON object, as ``compare --json`` prints it."""
    return {
        **{name: _item_objects(items) for name, items in comparison.lists.items()},
        "unfinished": _item_objects(comparison.unfinished),
        "repeated": [
            {"name": pair.name.name, "runs": pair.runs, "base_runs": pair.base_runs}
            for pair in comparison.repeated
        ],
    }


def _item_objects(items: Iterable[Item]) -> list[dict[str, str | None]]:
    return [
        {
            "name": item.name,
            "run": item.run and item.run.path,
            **_base_object(item.base),
            "cause": item.cause,
        }
        for item in items
    ]


def _base_object(base: Run | None) -> dict[str, str | None]:
    """Return the path of a base, null if nothing is there any more, and then where it was."""
    if base is not None and base.is_cleaned:
        return {"base": None, "base_cleaned": base.path}
    return {"base": base and base.path}
