"""Runs to compare a run with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nlargest
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.durations import MAX_PEERS
from statustui.core.order import natural
from statustui.core.run import Run


def find_alike(runs: Iterable[Run], run: Run) -> Iterator[Run]:
    """Yield the other runs of the same test: those of the same name, kind and root."""
    name, root, path = run.name, run.root, run.path
    if run.kind != "test" or not name:
        return
    for other in runs:
        if (
            other.metadata.name == name
            and other.kind == "test"
            and other.root == root
            and other.path != path
        ):
            yield other


def find_peers(runs: Iterable[Run], run: Run) -> list[str]:
    """Return the paths of finished runs of the same name and root, the last to change first."""
    alike = (other for other in find_alike(runs, run) if other.is_finished)
    newest = nlargest(MAX_PEERS, alike, key=lambda other: other.updated_at or 0.0)
    return [other.path for other in newest]


def earlier_of(run: Run, peers: Iterable[Run]) -> list[Run]:
    """Return those of the peers of a run that began before it, in their order."""
    return [
        peer
        for peer in peers
        if peer.started is not None and run.started is not None and peer.started < run.started
    ]


class Reference(NamedTuple):
    """A run to compare another one with."""

    title: str
    """What it is to the other one, in two words."""
    run: Run


LAST_PASS, RUN_BEFORE, NEXT_PASS = "last pass", "run before", "next pass"


def find_references(runs: Iterable[Run], run: Run) -> list[Reference]:
    """Return the runs of the same name and root that a run is worth comparing with.

    First comes the last one before it that has passed; then the one right before it that has
    finished, and the first one after it that has passed, if those are others.
    """
    finished = [other for other in find_alike(runs, run) if other.is_finished]
    passed = [other for other in finished if other.category is Category.PASSED]
    chosen = (
        (LAST_PASS, max((one for one in passed if is_before(one, run)), default=None, key=_begin)),
        (
            RUN_BEFORE,
            max((one for one in finished if is_before(one, run)), default=None, key=_begin),
        ),
        (NEXT_PASS, min((one for one in passed if is_before(run, one)), default=None, key=_begin)),
    )
    return list(_distinct(chosen))


def _distinct(chosen: Iterable[tuple[str, Run | None]]) -> Iterator[Reference]:
    seen = set()
    for title, run in chosen:
        if run is not None and run.path not in seen:
            seen.add(run.path)
            yield Reference(title, run)


def is_before(run: Run, other: Run) -> bool:
    """Return whether a run began before another one; by their ids, if a time is unknown."""
    if run.started is None or other.started is None:
        return natural(run.id) < natural(other.id)
    return _begin(run) < _begin(other)


def _begin(run: Run) -> tuple[float, str]:
    return run.started or 0.0, natural(run.id)
