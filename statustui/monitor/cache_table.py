"""Cached runs in columns, of which they are built."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence, Sized

from statustui.core.outline import Outline, UsualLines, build_outlined
from statustui.core.reading import PackedSignature, Signature, pack_signatures
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_columns import RunColumns, build_all
from statustui.monitor.cache_format import (
    IN_TEXT,
    Block,
    Columns,
    Opened,
    StoredBlock,
    unpack_block,
)
from statustui.monitor.snapshot import RunSnapshot, make_stored_snapshots


class CacheTable:
    """The runs of some blocks of a cache.

    Args:
        root: The root, as the user gave it.
        opened: The cache.
    """

    def __init__(self, root: str, opened: Opened) -> None:
        self._root = root
        self.digests, self.shared = opened.head.digests, opened.head.shared
        self._notes = opened.notes
        self.paths: list[str] = []
        """The path of each run."""
        self.columns = Columns.empty()
        self._text = bytearray()

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self.paths)

    def unpack(self, plain: bytes, stored: StoredBlock) -> tuple[Block, list[str]]:
        """Return a block, and the path of each of its runs.

        Raises:
            ValueError: Something is wrong with it.
        """
        block = unpack_block(plain, stored)
        columns = block.columns
        last_note = max({*columns.note_at} - {IN_TEXT}, default=-1)
        highest = max(columns.digest_at), max(columns.shared_at), last_note
        tables: tuple[Sized, ...] = self.digests, self.shared, self._notes
        if any(one >= len(table) for one, table in zip(highest, tables, strict=True)):
            raise ValueError(highest)
        # An infinite time, or one that is no number, shows in the sum.
        certain = sum(columns.started), sum(columns.times)
        if any(map(math.isinf, columns.began)) or not all(map(math.isfinite, certain)):
            raise ValueError(certain)
        # Each path is in memory once, and is the one that its run has.
        root = self._root
        paths = f"{root}{block.below}".replace("\0", f"\0{root}").split("\0")
        if not len({*paths}) == len(paths) == stored.runs:
            raise ValueError(len(paths))
        return block, paths

    def add(self, block: Block, paths: Sequence[str]) -> range:
        """Add what `unpack` has returned; return its rows."""
        columns = block.columns
        if self._text:
            ends = [len(self._text) + end for end in columns.text_ends]
            columns = columns._replace(text_ends=array(columns.text_ends.typecode, ends))
        for own, new in zip(self.columns, columns, strict=True):
            own.extend(new)
        self._text += block.text
        self.paths += paths
        return range(len(self.paths) - len(paths), len(self.paths))

    def newest_first(self, rows: Sequence[int]) -> list[int]:
        """Return rows in the order in which the status files were written, the latest first."""
        return sorted(rows, key=self.columns.modified.__getitem__, reverse=True)

    def signature(self, row: int) -> Signature:
        """Return the signature of the status file of a row."""
        inodes, sizes, modified, changed, *_others = self.columns
        return inodes[row], sizes[row], modified[row], changed[row]

    def signatures(self, rows: Sequence[int]) -> list[PackedSignature]:
        """Return the packed signatures of the status files of some rows."""
        signatures = ([column[row] for row in rows] for column in self.columns[:4])
        return pack_signatures(*signatures)

    def place(self, row: int) -> tuple[RunDir, RunMetadata]:
        """Return where the run of a row is, and its metadata."""
        kind, metadata = self.shared[self.columns.shared_at[row]]
        path = self.paths[row]
        return RunDir(self._root, path, path.rpartition("/")[2], kind), metadata

    def outline(self, row: int) -> Outline:
        """Return the outline of the status file of a row."""
        own = self.columns
        digest = self.digests[own.digest_at[row]]
        if own.note_at[row] == IN_TEXT:
            start = own.text_ends[row - 1] if row else 0
            return Outline(digest, bytes(self._text[start : own.text_ends[row]]))
        began = None if math.isnan(own.began[row]) else own.began[row]
        note = self._notes[own.note_at[row]]
        return Outline(digest, UsualLines(note, own.times[row], own.started[row], began))

    def snapshots(self, rows: Sequence[int], device: int) -> list[RunSnapshot]:
        """Return the snapshots of some rows; leave out those whose text is damaged.

        Args:
            rows: The rows.
            device: Number of the device that the status files are on.
        """
        built = self.build(rows)
        return list(make_stored_snapshots(built.values(), self.signatures([*built]), device))

    def build(self, rows: Sequence[int]) -> dict[int, Run]:
        """Build the runs of some rows, in their order; leave out those whose text is damaged."""
        note_at = self.columns.note_at
        usual = [row for row in rows if note_at[row] != IN_TEXT]
        built = dict(zip(usual, self._build_usual(usual), strict=True))
        if len(usual) == len(rows):
            return built
        runs = ((row, built.get(row) or self._build_one(row)) for row in rows)
        return {row: run for row, run in runs if run is not None}

    def _build_one(self, row: int) -> Run | None:
        """Build the run of a row; return None if its text is damaged."""
        place, metadata = self.place(row)
        return build_outlined(place, metadata, self.outline(row))

    def _build_usual(self, rows: Sequence[int]) -> list[Run]:
        """Build the runs of some rows whose lines are not in the text."""
        own = self.columns
        shared = [self.shared[own.shared_at[row]] for row in rows]
        columns = RunColumns(
            paths=[self.paths[row] for row in rows],
            kinds=[kind for kind, _metadata in shared],
            metadata=[metadata for _kind, metadata in shared],
            digests=[self.digests[own.digest_at[row]] for row in rows],
            notes=[self._notes[own.note_at[row]] for row in rows],
            times=[own.times[row] for row in rows],
            started=[own.started[row] for row in rows],
            began=[None if math.isnan(time := own.began[row]) else time for row in rows],
        )
        return build_all(self._root, columns)
