"""Finished runs from an earlier look at the same root.

A run is used while the signature of its status file is the same, so that one `stat` replaces
reading it. How the runs are stored is in `cache_format`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import cached_property

from statustui.core.categories import Category
from statustui.core.reading import PackedSignature, signature_of
from statustui.core.run import Run, RunDir
from statustui.monitor.cache_format import DAMAGE, open_cache
from statustui.monitor.cache_table import CacheTable
from statustui.monitor.outlined_run import OutlinedRun, is_settled


class SnapshotCache:
    """The cached runs of one root, found by their paths.

    They are unpacked when the first one is looked for; where several threads do that, `unpack` has
    to be called before. A block that is damaged, and those after it, are as good as none.

    Args:
        data: What a `CacheWriter` has made; None, or anything else, for no runs.
        root: The root, as the user gave it.
    """

    def __init__(self, data: bytes | None, root: str) -> None:
        self._opened = opened = open_cache(data)
        self._root = root
        self._rows: dict[str, int] = {}
        """Path of a run -> where it is in the table, once that is there."""
        self._are_judged = list(map(is_settled, opened.head.digests))
        """Number of a digest -> whether it decides the category of a run."""
        self._kinds = [kind for kind, _metadata in opened.head.shared]
        """Number of what runs share -> their kind."""
        self._named_kinds = [kind if known.user else "" for kind, known in opened.head.shared]
        """The same; empty for runs of which the metadata was not saved."""

    def unpack(self) -> None:
        """Unpack the runs, unless that has been done."""
        _ = self._table

    @cached_property
    def _table(self) -> CacheTable:
        table = CacheTable(self._root, self._opened)
        rows: dict[str, int] = {}
        try:
            for plain, stored in self._opened.blocks:
                block, paths = table.unpack(plain, stored)
                end = len(table) + len(paths)
                rows.update(zip(paths, range(len(table), end), strict=True))
                if len(rows) != end:
                    raise ValueError(end)
                table.add(block, paths)
        except DAMAGE:
            rows = {path: row for row, path in enumerate(table.paths)}
        self._rows = rows
        return table

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._table)

    def get(self, place: RunDir, state: os.stat_result) -> OutlinedRun | None:
        """Return a run; None if none was saved for this version of its status file.

        Args:
            place: Where the run is.
            state: The state of its status file.
        """
        table = self._table
        row = self._rows.get(place.path)
        if row is None or not self._is_same(row, place, state):
            return None
        _kind, metadata = table.shared[table.columns.shared_at[row]]
        signature, outline = signature_of(state), table.outline(row)
        return OutlinedRun(place, outline, signature, state.st_dev, state.st_uid, metadata, True)

    def signatures(
        self, places: Sequence[RunDir], *, are_built: bool = False
    ) -> list[PackedSignature | None]:
        """Return the signatures of the status files with which some runs need not be read.

        Args:
            places: Where the runs are.
            are_built: Whether they are built, which takes their metadata, or only counted, which
                takes a certain category.

        Returns:
            A signature for each run; None if it has to be read.
        """
        table = self._table
        if not self._rows:
            return [None] * len(places)
        kinds = self._named_kinds if are_built else self._kinds
        find, are_judged = self._rows.get, self._are_judged
        digest_at, shared_at = table.columns.digest_at, table.columns.shared_at
        rows = [find(place.path) for place in places]
        known = [
            row
            for row, place in zip(rows, places, strict=True)
            if row is not None
            and kinds[shared_at[row]] == place.kind
            and (place.path != place.root if are_built else are_judged[digest_at[row]])
        ]
        signatures: dict[int | None, PackedSignature]
        signatures = dict(zip(known, table.signatures(known), strict=True))
        return list(map(signatures.get, rows))

    def rows(self, places: Iterable[RunDir]) -> list[int]:
        """Return the rows of runs that were saved."""
        return [self._rows[place.path] for place in places]

    def _is_same(self, row: int, place: RunDir, state: os.stat_result) -> bool:
        """Return whether a run is of the saved kind, and its status file of the saved version."""
        columns = self._table.columns
        # This takes half as long as making a signature.
        return bool(
            columns.changed[row] == state.st_ctime_ns
            and columns.modified[row] == state.st_mtime_ns
            and columns.sizes[row] == state.st_size
            and columns.inodes[row] == state.st_ino
            and self._kinds[columns.shared_at[row]] == place.kind
        )

    def count(self, rows: Iterable[int]) -> Counter[Category]:
        """Return how many runs of some rows are in each category."""
        table = self._table
        counted: Counter[Category] = Counter()
        for digest_at, count in Counter(map(table.columns.digest_at.__getitem__, rows)).items():
            counted[table.digests[digest_at].category] += count
        return counted

    def at(self, rows: Iterable[int]) -> Iterator[OutlinedRun]:
        """Yield the runs of some rows as they were saved, without their devices and owners."""
        table = self._table
        for row in rows:
            place, metadata = table.place(row)
            outline, signature = table.outline(row), table.signature(row)
            yield OutlinedRun(place, outline, signature, 0, 0, metadata, True)

    def build(self, rows: Sequence[int]) -> dict[int, Run]:
        """Build the runs of some rows; leave out those whose text is damaged."""
        return self._table.build(rows)

    def paths(self, rows: Iterable[int]) -> Iterator[str]:
        """Yield the paths of the runs of some rows."""
        return map(self._table.paths.__getitem__, rows)

    def runs(self, leave_out: Container[str] = ()) -> Iterator[Run]:
        """Yield the runs as they were saved, except those at some paths, and the root itself.

        The id of the root is the name of the directory that it leads to, which is not saved.
        """
        table = self._table
        paths = table.paths
        rows = [row for row, path in enumerate(paths) if path not in leave_out]
        yield from (run for run in table.build(rows).values() if run.path != run.root)
