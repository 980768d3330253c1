"""Many runs in order, without a stored key for each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, chain, islice
from typing import Any, TypeAlias, TypeVar

from statustui.core.order import SORT_KEYS, Key, sort_by_id, sort_by_id_and, sort_key
from statustui.core.run import Run

_T = TypeVar("_T")
_CHUNK = 1000
"""Runs in a new chunk; a chunk of twice as many is split."""
SLICE = 4_000
"""Runs that are handled between two pauses of a long piece of work."""
MAX_AT_ONCE = 150_000
"""Runs that are sorted without a pause, and arranged mostly in less time than a key may take."""
_SAMPLE_STEP = 251
"""One of so many runs is compared to tell where slices of the sorted runs begin: a prime number, as
runs that are alike can follow each other at regular intervals."""

Parts: TypeAlias = list[list[Run]]
"""Runs in order, in lists that follow each other, none of which is empty."""


class RunOrder:
    """Runs in the order of a sort key, in chunks.

    The key of a run is computed when it is compared: adding or removing a run computes about a
    dozen, and none is kept.

    Args:
        key: The sort key; no two runs have the same.
        parts: The first runs, which this keeps and changes; see `cut`.
    """

    def __init__(self, key: Callable[[Run], Key], parts: Iterable[list[Run]] = ()) -> None:
        self._key = key
        self._chunks = list(parts)
        self._lasts = [key(chunk[-1]) for chunk in self._chunks]
        """The key of the last run in each chunk."""
        self._starts: list[int] = []
        """The index of the first run in each chunk; empty if it must be computed again."""
        self._size = sum(map(len, self._chunks))

    @property
    def parts(self) -> Parts:
        """The runs in order; only what adds to or removes from them may change these lists."""
        return list(self._chunks)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Run]:
        return chain.from_iterable(self._chunks)

    def __reversed__(self) -> Iterator[Run]:
        return chain.from_iterable(map(reversed, reversed(self._chunks)))

    def slice(self, start: int, stop: int) -> list[Run]:
        """Return the runs from index `start`, which is not negative, up to but without `stop`."""
        starts = self._find_starts()
        number = bisect_right(starts, start) - 1
        runs: list[Run] = []
        while number < len(self._chunks) and starts[number] < stop:
            first = starts[number]
            runs += self._chunks[number][max(0, start - first) : stop - first]
            number += 1
        return runs

    def index(self, run: Run) -> int | None:
        """Return the index of a run; None if it is not here."""
        number, place = self._find(self._key(run))
        if not self._has(run, number, place):
            return None
        return self._find_starts()[number] + place

    def add(self, run: Run) -> None:
        """Add a run that is not here yet."""
        key = self._key(run)
        number, place = self._find(key)
        self._size += 1
        self._starts = []
        if number == len(self._chunks):
            # It comes after all others.
            if not number:
                self._chunks, self._lasts = [[run]], [key]
                return
            number -= 1
            place = len(self._chunks[number])
            self._lasts[number] = key
        chunk = self._chunks[number]
        chunk.insert(place, run)
        if len(chunk) >= 2 * _CHUNK:
            self._chunks[number : number + 1] = [chunk[:_CHUNK], chunk[_CHUNK:]]
            self._lasts.insert(number, self._key(chunk[_CHUNK - 1]))

    def discard(self, run: Run) -> bool:
        """Remove a run; return whether it was here."""
        number, place = self._find(self._key(run))
        if not self._has(run, number, place):
            return False
        chunk = self._chunks[number]
        del chunk[place]
        self._size -= 1
        self._starts = []
        if not chunk:
            del self._chunks[number], self._lasts[number]
        elif place == len(chunk):
            self._lasts[number] = self._key(chunk[-1])
        return True

    def replace(self, run: Run) -> bool:
        """Put a run in the place of one with the same key; return whether there was any."""
        number, place = self._find(self._key(run))
        if not self._has(run, number, place):
            return False
        self._chunks[number][place] = run
        return True

    def _find(self, key: Key) -> tuple[int, int]:
        """Return the number of a chunk, and the place in it, where `key` is or would be."""
        number = bisect_left(self._lasts, key)
        if number == len(self._chunks):
            return number, 0
        return number, bisect_left(self._chunks[number], key, key=self._key)

    def _has(self, run: Run, number: int, place: int) -> bool:
        return number < len(self._chunks) and self._chunks[number][place].path == run.path

    def _find_starts(self) -> list[int]:
        if not self._starts:
            self._starts = list(accumulate(map(len, self._chunks[:-1]), initial=0))
        return self._starts


class IdOrder:
    """All runs by id: the order of runs that are equal in everything else.

    New runs are sorted in when the order is asked for.

    Args:
        runs: Path -> run.
    """

    def __init__(self, runs: Mapping[str, Run]) -> None:
        self._runs = runs
        self._sorted = RunOrder(_BY_ID)
        self._new: dict[str, None] = {}
        """Paths of the runs that are not among the sorted ones."""

    def add(self, path: str) -> None:
        """Add a run that is new among the runs, by its path."""
        self._new[path] = None

    def add_all(self, paths: Iterable[str]) -> None:
        """Add all runs that are new among the runs, by their paths."""
        self._new.update(dict.fromkeys(paths))

    def replace(self, run: Run) -> None:
        """Replace the run at the same path."""
        if run.path not in self._new:
            self._sorted.replace(run)

    def discard(self, run: Run) -> None:
        """Remove a run."""
        if run.path in self._new:
            del self._new[run.path]
        else:
            self._sorted.discard(run)

    def sort(self) -> Generator[None, None, Parts]:
        """Return all runs, by id.

        Yields:
            None, wherever the caller may pause; the runs must not change meanwhile.
        """
        if self._new:
            new = yield from sort_parts((yield from self._take_new()), _BY_ID, sort_by_id)
            parts = yield from _merge_by_id([*self._sorted.parts, *new])
            self._sorted, self._new = RunOrder(_BY_ID, parts), {}
        copies: Parts = []
        for some in slices_of(self._sorted.parts):
            copies += map(list, some)
            yield
        return copies

    def _take_new(self) -> Generator[None, None, Parts]:
        """Return the runs that are not among the sorted ones."""
        parts: Parts = []
        paths = iter(self._new)
        while some := [self._runs[path] for path in islice(paths, SLICE)]:
            parts += cut(some)
            yield
        return parts


_BY_ID = sort_key("id")


def sort_in_slices(parts: Parts, sort: str) -> Generator[None, None, Parts]:
    """Sort runs that are in the order of their ids.

    Args:
        parts: The runs.
        sort: The name of the sort key.

    Yields:
        None, wherever the caller may pause.

    Returns:
        The runs in order.
    """
    keys = SORT_KEYS[sort]
    if not keys:
        return parts
    return (
        yield from sort_parts(
            parts, lambda run: tuple([key(run) for key in keys]), partial(sort_by_id_and, sort)
        )
    )


def sort_parts(
    parts: list[list[_T]], key: Callable[[_T], Any], sort: Callable[[Sequence[_T]], list[_T]]
) -> Generator[None, None, list[list[_T]]]:
    """Sort runs, or anything else; those with the same key stay as they are.

    Very many are first dealt out to slices that follow each other, by the keys of some of them.

    Args:
        parts: The runs, in some parts.
        key: Returns the key of a run.
        sort: Returns some runs sorted by that key.

    Yields:
        None, wherever the caller may pause.

    Returns:
        The runs in order, in other parts.
    """
    if sum(map(len, parts)) <= MAX_AT_ONCE:
        return cut(sort(list(chain.from_iterable(parts))))
    samples = sorted(
        key(run)
        for number, part in enumerate(parts)
        for run in part[number % _SAMPLE_STEP :: _SAMPLE_STEP]
    )
    bounds = sorted(set(samples[:: max(1, SLICE // _SAMPLE_STEP)]))
    yield
    # Between two bounds there is a slice of runs, and one of those that are equal to a bound.
    slices: list[list[_T]] = [[] for _ in range(2 * len(bounds) + 1)]
    for some in slices_of(parts):
        for run in chain.from_iterable(some):
            own = key(run)
            place = bisect_left(bounds, own)
            is_bound = place < len(bounds) and bounds[place] == own
            slices[2 * place + is_bound].append(run)
        yield
    ordered: list[list[_T]] = []
    for number, runs in enumerate(slices):
        ordered += cut(runs if number % 2 else sort(runs))
        yield
    return ordered


def _merge_by_id(parts: Parts) -> Generator[None, None, Parts]:
    """Merge lists of runs, each of which is in the order of their ids; see `sort_parts`.

    Runs mostly come in that order, so that few lists overlap.
    """
    spans = sorted((_BY_ID(part[0]), _BY_ID(part[-1]), number) for number, part in enumerate(parts))
    ends = accumulate((last for _first, last, _number in spans), max)
    begins = [first for first, _last, _number in spans[1:]]
    merged: Parts = []
    overlapping: Parts = []
    for (_first, _last, number), end, following in zip(spans, ends, [*begins, None], strict=True):
        overlapping.append(parts[number])
        if following is None or end < following:
            if len(overlapping) > 1:
                overlapping = yield from sort_parts(overlapping, _BY_ID, sort_by_id)
            merged += overlapping
            overlapping = []
    return merged


def slices_of(parts: list[list[_T]]) -> Iterator[list[list[_T]]]:
    """Yield parts that hold about as many runs together as a `SLICE`."""
    step = max(1, SLICE // _CHUNK)
    return (parts[start : start + step] for start in range(0, len(parts), step))


def cut(runs: Sequence[_T]) -> list[list[_T]]:
    """Return runs that are in order in parts of a good size."""
    return [list(runs[start : start + _CHUNK]) for start in range(0, len(runs), _CHUNK)]
