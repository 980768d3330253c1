"""Choose the newest of very many paths in steps that are usually short.

Sorting all of them at once would keep every other thread waiting meanwhile.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import itemgetter

_AT_ONCE = 10_000
"""About how many paths are sorted at once."""
_SAMPLES = 8
"""Moments by which each part of that size is delimited."""


def newest(
    paths: Sequence[str], moment_of: Callable[[str], float | None], room: int | None
) -> list[str]:
    """Return the newest of some paths, the newest last.

    Args:
        paths: The paths, some of them twice; of those from the same moment, the first are the
            newest.
        moment_of: Returns the moment that a path is from; None to leave it out.
        room: How many are wanted; None for all. One more is returned if there are more.
    """
    moments = array("d")
    for path in paths:
        moment = moment_of(path)
        moments.append(math.nan if moment is None else moment)
    bounds = _bounds(moments)
    counts = [0] * (len(bounds) + 1)
    for moment in moments:
        if not math.isnan(moment):
            counts[bisect_left(bounds, moment)] += 1
    wanted = len(paths) if room is None else room + 1
    chosen: list[str] = []
    first = len(counts)
    # A path that comes twice is counted twice.
    while first and len(chosen) < wanted:
        last, found = first, 0
        while first and found < wanted - len(chosen):
            first -= 1
            found += counts[first]
        chosen = _in_order(paths, moments, bounds, range(first, last)) + chosen
    return chosen[max(0, len(chosen) - wanted) :]


def _bounds(moments: array[float]) -> list[float]:
    """Return moments between which there are about `_AT_ONCE` others."""
    step = max(1, _AT_ONCE // _SAMPLES)
    samples = sorted(moment for moment in moments[::step] if not math.isnan(moment))
    return sorted(set(samples[_SAMPLES::_SAMPLES]))


def _in_order(
    paths: Sequence[str], moments: Sequence[float], bounds: Sequence[float], numbers: range
) -> list[str]:
    """Return the paths of the parts with these numbers, each once, the newest last."""
    parts: list[list[tuple[float, str]]] = [[] for _ in numbers]
    for moment, path in zip(reversed(moments), reversed(paths), strict=True):
        if not math.isnan(moment) and (number := bisect_left(bounds, moment)) in numbers:
            parts[number - numbers.start].append((moment, path))
    ordered: list[str] = []
    for part in parts:
        part.sort(key=itemgetter(0))
        newest_first = dict.fromkeys(path for _moment, path in reversed(part))
        ordered += reversed(newest_first)
        part.clear()
    return ordered
