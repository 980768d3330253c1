"""Build very many runs at once, of columns of what each is made of.

Of runs with ordinary status files this takes a fifth of the time of one run after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from statustui.core.outline import StateDigest
from statustui.core.run import Kind, Run, RunMetadata
from statustui.core.status_info import StatusInfo


class RunColumns(NamedTuple):
    """What some runs of one root are made of: an item of each column for each.

    They have `UsualLines`, and the names of their directories as ids.
    """

    paths: Sequence[str]
    kinds: Iterable[Kind]
    metadata: Iterable[RunMetadata]
    digests: Sequence[StateDigest]
    notes: Iterable[str]
    times: Sequence[float]
    started: Iterable[float]
    began: Iterable[float | None]


def build_all(root: str, columns: RunColumns) -> list[Run]:
    """Build the runs that `build_outlined` builds one by one.

    Args:
        root: The watched directory, as the user gave it.
        columns: What the runs are made of.
    """
    digests, paths = columns.digests, columns.paths
    states = map(attrgetter("last"), digests)
    current = list(map(StatusInfo.read, states, columns.notes, columns.times))
    results = list(map(attrgetter("result"), digests))
    stored: dict[str, Iterable[object]] = {
        "root": [root] * len(paths),
        "path": paths,
        "metadata": columns.metadata,
        "kind": columns.kinds,
        "current": current,
        "category": map(attrgetter("category"), digests),
        "problem": [
            None if digest.problem is None else status
            for digest, status in zip(digests, current, strict=True)
        ],
        "result": results,
        "status_count": map(attrgetter("status_count"), digests),
        "seen": map(attrgetter("seen"), digests),
        "started": columns.started,
        "updated_at": columns.times,
        "stage": map(attrgetter("stage"), digests),
        "status_result": results,
        "began": columns.began,
    }
    ordered = [stored[name] for name in Run._fields[: len(stored)]]
    # These are the fields that every run stores, so there is nothing that could be omitted.
    return list(map(partial(tuple.__new__, Run), zip(*ordered, strict=True)))
