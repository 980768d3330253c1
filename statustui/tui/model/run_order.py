"""Many runs in order, without a stored key for each."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import accumulate, chain, islice

from statustui.core.order import Key, natural, sort_in_place, sort_key
from statustui.core.run import Run

_CHUNK = 1000
"""Runs in a new chunk; a chunk of twice as many is split."""
SLICE = 10_000
"""Runs that are handled between two pauses of a long piece of work."""
_MAX_AT_ONCE = 150_000
"""Runs that are sorted without a pause."""


class RunOrder:
    """Runs in the order of a sort key, in chunks.

    The key of a run is computed when it is compared: adding or removing a run computes about a
    dozen, and none is kept.

    Args:
        key: The sort key; no two runs have the same.
        runs: The first runs, in order.
    """

    def __init__(self, key: Callable[[Run], Key], runs: Sequence[Run] = ()) -> None:
        self._key = key
        self._chunks = [list(runs[start : start + _CHUNK]) for start in range(0, len(runs), _CHUNK)]
        self._lasts = [key(chunk[-1]) for chunk in self._chunks]
        """The key of the last run in each chunk."""
        self._starts: list[int] = []
        """The index of the first run in each chunk; empty if it must be computed again."""
        self._size = len(runs)

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
    """The paths of all runs by id: the order of runs that are equal in everything else.

    It is brought up to date when it is used.

    Args:
        runs: Path -> run.
    """

    def __init__(self, runs: Mapping[str, Run]) -> None:
        self._runs = runs
        self._paths: list[str] = []
        self._new: dict[str, None] = {}
        self._gone: set[str] = set()

    def add(self, path: str) -> None:
        """Add the path of a run that is new among the runs."""
        if path in self._gone:
            self._gone.remove(path)
        else:
            self._new[path] = None

    def discard(self, path: str) -> None:
        """Remove the path of a run."""
        if path in self._new:
            del self._new[path]
        else:
            self._gone.add(path)

    def sorted_runs(self) -> list[Run]:
        """Return all runs, by id."""
        paths = self._paths
        if self._gone:
            paths = [path for path in paths if path not in self._gone]
        if self._new:
            new = sorted(self._new, key=self._key)
            if paths and self._key(new[-1]) < self._key(paths[0]):
                paths = new + paths
            else:
                is_after = not paths or self._key(paths[-1]) < self._key(new[0])
                paths = paths + new
                if not is_after:
                    paths.sort(key=self._key)
        self._paths, self._new, self._gone = paths, {}, set()
        return [self._runs[path] for path in paths]

    def _key(self, path: str) -> tuple[str, str]:
        return natural(self._runs[path].id), path


def sort_in_slices(runs: list[Run], sort: str) -> Generator[None, None, list[Run]]:
    """Sort runs that are in the order of their ids.

    Args:
        runs: The runs; the list may be changed.
        sort: The name of the sort key.

    Yields:
        None, wherever the caller may pause.

    Returns:
        The runs in order.
    """
    if len(runs) <= _MAX_AT_ONCE:
        sort_in_place(runs, sort)
        return runs
    slices = []
    for start in range(0, len(runs), SLICE):
        part = runs[start : start + SLICE]
        sort_in_place(part, sort)
        slices.append(part)
        yield
    merged = heapq.merge(*slices, key=sort_key(sort))
    ordered: list[Run] = []
    while part := list(islice(merged, SLICE)):
        ordered += part
        yield
    return ordered
