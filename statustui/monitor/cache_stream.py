"""The finished runs of an earlier session, for a monitor that shows them until they are checked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from statustui.monitor.cache_format import DAMAGE, open_cache
from statustui.monitor.cache_table import CacheTable
from statustui.monitor.snapshot import RunSnapshot

_AT_ONCE = 2000
"""Runs that are built at once."""


class CacheStream:
    """The cached runs of one root, which are loaded block by block and told once.

    Args:
        data: What a `CacheWriter` has made; None, or anything else, for no runs.
        root: The root, as the user gave it.
        device: Number of the device that the root is on.
    """

    def __init__(self, data: bytes | None, root: str, device: int) -> None:
        self._root = root
        self.device = device
        self._opened = open_cache(data)
        self.saved_at = self._opened.head.saved
        """When it was saved, in seconds since 1970."""
        self._count = self._opened.head.runs
        """Number of runs, told or not."""

    def __len__(self) -> int:
        """How many runs there are, told or not."""
        return self._count

    def snapshots(self) -> Iterator[list[RunSnapshot]]:
        """Yield the snapshots of all runs as they were saved, some at a time; to be called once.

        What has failed comes first, and of that what was written last. If that is little, what was
        written last of the others in their first block follows. The root itself is left out: its id
        is the name of the directory that it leads to.

        A block that is damaged, and those after it, are as good as none. A path that is in two
        blocks comes twice.
        """
        loaded = 0
        for table, in_order in self._in_order():
            loaded += len(in_order)
            rows = [row for row in in_order if table.paths[row] != self._root]
            for start in range(0, len(rows), _AT_ONCE):
                yield table.snapshots(rows[start : start + _AT_ONCE], self.device)
        self._count = loaded

    def _in_order(self) -> Iterator[tuple[CacheTable, Sequence[int]]]:
        """Yield the rows of all runs with their tables; load a block once it is its turn."""
        opened, self._opened = self._opened, open_cache(None)
        table, problems = CacheTable(self._root, opened), range(0)
        is_first = True
        with contextlib.suppress(*DAMAGE):
            for plain, stored in opened.blocks:
                rows = table.add(*table.unpack(plain, stored))
                if stored.are_problems:
                    problems = range(rows.stop)
                    continue
                # Sorting more of them would keep every other thread waiting.
                is_sorted = is_first and len(problems) < _AT_ONCE
                others = table.newest_first(rows) if is_sorted else rows
                yield table, [*table.newest_first(problems), *others]
                table, problems = CacheTable(self._root, opened), range(0)
                is_first = False
        yield table, table.newest_first(problems)
