"""Runs to compare a run with."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from heapq import nlargest
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.durations import MAX_PEERS
from statustui.core.past import chronological, name_of
from statustui.core.run import Run


def runs_of_test(runs: Iterable[Run], run: Run) -> list[Run]:
    """Return all runs of the test of a run; none in a plain tree, or without a name."""
    if run.kind != "test" or not run.name:
        return []
    # There may be very many runs: compare what tells most of them apart first.
    alike = (one for one in runs if one.metadata.name == run.metadata.name and one.kind == "test")
    name = name_of(run)
    return [one for one in alike if name_of(one) == name]


def _is_peer(other: Run, run: Run) -> bool:
    return other.is_finished and other.path != run.path


def find_peers(runs: Iterable[Run], run: Run) -> list[str]:
    """Return the paths of finished runs of the same test, the last to change first."""
    alike = (other for other in runs_of_test(runs, run) if _is_peer(other, run))
    newest = nlargest(MAX_PEERS, alike, key=lambda other: other.updated_at or 0.0)
    return [other.path for other in newest]


class Reference(NamedTuple):
    """A run to compare another one with."""

    title: str
    """What it is to the other one, in two words."""
    run: Run


LAST_PASS, RUN_BEFORE, NEXT_PASS = "last pass", "run before", "next pass"


def find_references(runs: Iterable[Run], run: Run) -> list[Reference]:
    """Return the runs of the same test that a run is worth comparing with.

    First comes the last one before it that has passed; then the one right before it that has
    finished, and the first one after it that has passed, if those are others.
    """
    here = chronological(run)
    finished = sorted(
        (other for other in runs_of_test(runs, run) if _is_peer(other, run)), key=chronological
    )
    before = finished[: bisect_left(finished, here, key=chronological)]
    after = finished[len(before) :]
    chosen = (
        (LAST_PASS, _first_pass(reversed(before))),
        (RUN_BEFORE, before[-1] if before else None),
        (NEXT_PASS, _first_pass(after)),
    )
    return list(_distinct(chosen))


def _distinct(chosen: Iterable[tuple[str, Run | None]]) -> Iterator[Reference]:
    seen = set()
    for title, run in chosen:
        if run is not None and run.path not in seen:
            seen.add(run.path)
            yield Reference(title, run)


def _first_pass(runs: Iterable[Run]) -> Run | None:
    return next((run for run in runs if run.category is Category.PASSED), None)
