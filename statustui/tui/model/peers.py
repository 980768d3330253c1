"""Runs to compare a run with."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest

from statustui.core.durations import MAX_PEERS
from statustui.core.run import Run


def find_peers(runs: Iterable[Run], run: Run) -> list[str]:
    """Return the paths of finished runs of the same name and root, the last to change first."""
    if run.kind != "test" or not run.name:
        return []
    alike = (
        other
        for other in runs
        if other.metadata.name == run.metadata.name
        and other.kind == run.kind
        and other.path != run.path
        and other.root == run.root
        and other.is_finished
    )
    newest = nlargest(MAX_PEERS, alike, key=lambda other: other.updated_at or 0.0)
    return [other.path for other in newest]
