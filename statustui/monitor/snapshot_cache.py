"""Finished runs from an earlier look at the same root.

A run is used while the signature of its status file is the same, so that one `stat` replaces
reading it. How the runs are stored is in `cache_format`.
"""

from __future__ import annotations

import contextlib
import math
import os
import zlib
from array import array
from collections import Counter, deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Sized
from itertools import islice

from statustui.core.categories import Category
from statustui.core.outline import (
    Outline,
    StateDigest,
    UsualLines,
    build_outlined,
)
from statustui.core.reading import signature_of
from statustui.core.run import Kind, Run, RunDir, RunMetadata
from statustui.core.run_columns import RunColumns, build_all
from statustui.monitor.cache_format import (
    IN_TEXT,
    Columns,
    StoredBlock,
    read_head,
    read_notes,
    unpack,
    unpack_block,
)
from statustui.monitor.outlined_run import OutlinedRun, is_settled

_SIFTED_AT_ONCE = 16
"""Runs that are found to be the same at a time: so few that it is never silent for long."""
_DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError, zlib.error, RecursionError)
"""Errors that a damaged cache can cause."""
_AT_ONCE = 2000
"""Runs that are built at once."""


class SnapshotCache:
    """The cached runs of one root.

    Args:
        data: What a `CacheWriter` has made; None, or anything else, for no runs.
        root: The root, as the user gave it.
        is_lazy: Whether to leave it to `runs` to load the runs: until then, none is found.
    """

    def __init__(self, data: bytes | None = None, root: str = "", *, is_lazy: bool = False) -> None:
        self._root = root
        self._count = 0
        """Number of runs, loaded or not."""
        self.saved_at: float | None = None
        """When it was saved, in seconds since 1970; None without any runs."""
        self._known_count = 0
        """Number of loaded runs whose metadata was saved."""
        self._rows: dict[str, int] = {}
        """Path of a run -> where it is in the columns."""
        self._room = 0
        """How many runs it has had since it was made."""
        self._paths: list[str] = []
        """The path of each run."""
        self._columns = Columns.empty()
        self._text = bytearray()
        self._digests: Sequence[StateDigest] = ()
        self._shared: Sequence[tuple[Kind, RunMetadata]] = ()
        """Kinds and metadata."""
        self._notes: Sequence[str] = ()
        self._are_judged: Sequence[bool] = ()
        """Number of a digest -> whether it decides the category of a run."""
        self._loaded: list[tuple[range, bool]] = []
        """The rows of each block, and whether all of them have a problem."""
        self._stored: Iterator[tuple[bytes, StoredBlock]] = iter(())
        """The blocks that are not loaded yet."""
        if data is not None:
            with contextlib.suppress(*_DAMAGE):
                self._open(data)
        if not is_lazy:
            deque(self._blocks(), maxlen=0)

    def __len__(self) -> int:
        """How many runs there are, loaded or not."""
        return self._count

    @property
    def has_metadata(self) -> bool:
        """Whether the metadata of most runs was saved; those that were only counted have none."""
        return 2 * self._known_count > self._count

    def row_of(self, path: str) -> int | None:
        """Return the row of the run at a path; None if there is none."""
        return self._rows.get(path)

    def get(self, place: RunDir, state: os.stat_result) -> OutlinedRun | None:
        """Return a run; None if none was saved for this version of its status file.

        Args:
            place: Where the run is.
            state: The state of its status file.
        """
        if not (self._columns.digest_at and self.holds(place, state)):
            return None
        row = self._rows[place.path]
        _kind, metadata = self._shared[self._columns.shared_at[row]]
        signature = signature_of(state)
        outline = self._outline(row)
        return OutlinedRun(place, outline, signature, state.st_dev, state.st_uid, metadata, True)

    def holds(self, place: RunDir, state: os.stat_result) -> bool:
        """Return whether `get` would return a run."""
        row = self._rows.get(place.path)
        return row is not None and self._is_same(row, place, state)

    def sift(
        self, places: Iterable[RunDir], stat: Callable[[RunDir], os.stat_result]
    ) -> Iterator[list[int] | RunDir]:
        """Look for many runs, to count those that are as they were saved without building them.

        Args:
            places: Where the runs are.
            stat: Returns the state of a status file.

        Yields:
            The rows of those runs that `get` would return and whose category is certain, some at a
            time; the places of all others.
        """
        find, are_judged = self._rows.get, self._are_judged
        digest_at = self._columns.digest_at
        is_same = self._is_same
        rows: list[int] = []
        for place in places:
            row = find(place.path)
            if row is None or not are_judged[digest_at[row]]:
                yield place
                continue
            try:
                state = stat(place)
            except OSError:
                yield place
                continue
            if not is_same(row, place, state):
                yield place
                continue
            rows.append(row)
            if len(rows) == _SIFTED_AT_ONCE:
                yield rows
                rows = []
        yield rows

    def _is_same(self, row: int, place: RunDir, state: os.stat_result) -> bool:
        """Return whether a run is of the saved kind, and its status file of the saved version."""
        columns = self._columns
        # This is asked once for each run, and takes half as long as making a signature.
        return bool(
            columns.changed[row] == state.st_ctime_ns
            and columns.modified[row] == state.st_mtime_ns
            and columns.sizes[row] == state.st_size
            and columns.inodes[row] == state.st_ino
            and self._shared[columns.shared_at[row]][0] == place.kind
        )

    def count(self, rows: Iterable[int]) -> Counter[Category]:
        """Return how many runs of some rows are in each category."""
        counted: Counter[Category] = Counter()
        for digest_at, count in Counter(map(self._columns.digest_at.__getitem__, rows)).items():
            counted[self._digests[digest_at].category] += count
        return counted

    def at(self, rows: Iterable[int]) -> Iterator[OutlinedRun]:
        """Yield the runs of some rows as they were saved, without their devices and owners."""
        inodes, sizes, modified, changed, *_others = self._columns
        for row in rows:
            place, metadata = self._place(row)
            signature = inodes[row], sizes[row], modified[row], changed[row]
            yield OutlinedRun(place, self._outline(row), signature, 0, 0, metadata, True)

    def paths(self, rows: Iterable[int]) -> Iterator[str]:
        """Yield the paths of the runs of some rows."""
        return map(self._paths.__getitem__, rows)

    def runs(self, leave_out: Container[str] = ()) -> Iterator[dict[int, Run]]:
        """Yield all runs as they were saved by their rows, some at a time; load them if need be.

        What has failed comes first, and of that what was written last. If that is little, what was
        written last of the others in their first block follows. The root itself is left out: its id
        is the name of the directory that it leads to.

        Args:
            leave_out: The paths of runs to leave out.
        """
        paths = self._paths
        rows = (
            row
            for row in self._in_order()
            if paths[row] != self._root and paths[row] not in leave_out
        )
        while some := list(islice(rows, _AT_ONCE)):
            yield self._build(some)

    def _in_order(self) -> Iterator[int]:
        """Yield the rows of all runs; load a block once it is its turn."""
        problems: list[int] = []
        is_first = True
        for rows, are_problems in self._blocks():
            if are_problems:
                problems += rows
            elif is_first:
                is_first = False
                yield from self._newest_first(problems)
                # Sorting more of them would keep every other thread waiting.
                yield from self._newest_first(rows) if len(problems) < _AT_ONCE else rows
            else:
                yield from rows
        if is_first:
            yield from self._newest_first(problems)

    def _newest_first(self, rows: Sequence[int]) -> list[int]:
        return sorted(rows, key=self._columns.modified.__getitem__, reverse=True)

    def forget(self, path: str) -> Sequence[int] | None:
        """Forget a run; to be called only once all runs are loaded.

        Returns:
            The rows of the runs that are left, if these have moved to the rows from 0 on; else
            None.
        """
        if self._rows.pop(path, None) is None or 4 * len(self._rows) >= self._room:
            return None
        # Tables do not become smaller by themselves.
        self._room = len(self._rows)
        if self._paths:
            self._rows = dict(self._rows)
            return None
        left = list(self._rows.values())
        self._rows = {path: row for row, path in enumerate(self._rows)}
        self._columns = self._columns.at(left)
        return left

    def forget_outlines(self) -> None:
        """Give up what runs are built of, now that they have been, but for their signatures.

        Without a user, a run is not known well enough to be shown, and is built later: if there is
        any, nothing is given up.
        """
        if all(metadata.user for _kind, metadata in self._shared):
            kept = {"inodes", "sizes", "modified", "changed", "shared_at"}
            given_up = {name: array("d") for name in Columns._fields if name not in kept}
            self._columns = self._columns._replace(**given_up)
            self._text, self._paths = bytearray(), []

    def _build(self, rows: Sequence[int]) -> dict[int, Run]:
        """Build the runs of some rows, in their order; leave out those whose text is damaged."""
        note_at = self._columns.note_at
        usual = [row for row in rows if note_at[row] != IN_TEXT]
        built = dict(zip(usual, self._build_usual(usual), strict=True))
        if len(usual) == len(rows):
            return built
        runs = ((row, built.get(row) or self._build_one(row)) for row in rows)
        return {row: run for row, run in runs if run is not None}

    def _build_one(self, row: int) -> Run | None:
        """Build the run of a row; return None if its text is damaged."""
        place, metadata = self._place(row)
        return build_outlined(place, metadata, self._outline(row))

    def _build_usual(self, rows: Sequence[int]) -> list[Run]:
        """Build the runs of some rows whose lines are not in the text."""
        own = self._columns
        shared = [self._shared[own.shared_at[row]] for row in rows]
        columns = RunColumns(
            paths=[self._paths[row] for row in rows],
            kinds=[kind for kind, _metadata in shared],
            metadata=[metadata for _kind, metadata in shared],
            digests=[self._digests[own.digest_at[row]] for row in rows],
            notes=[self._notes[own.note_at[row]] for row in rows],
            times=[own.times[row] for row in rows],
            started=[own.started[row] for row in rows],
            began=[None if math.isnan(time := own.began[row]) else time for row in rows],
        )
        return build_all(self._root, columns)

    def _place(self, row: int) -> tuple[RunDir, RunMetadata]:
        """Return where the run of a row is, and its metadata."""
        kind, metadata = self._shared[self._columns.shared_at[row]]
        path = self._paths[row]
        return RunDir(self._root, path, path.rpartition("/")[2], kind), metadata

    def _outline(self, row: int) -> Outline:
        own = self._columns
        digest = self._digests[own.digest_at[row]]
        if own.note_at[row] == IN_TEXT:
            start = own.text_ends[row - 1] if row else 0
            return Outline(digest, bytes(self._text[start : own.text_ends[row]]))
        began = None if math.isnan(own.began[row]) else own.began[row]
        note = self._notes[own.note_at[row]]
        return Outline(digest, UsualLines(note, own.times[row], own.started[row], began))

    def _open(self, data: bytes) -> None:
        """Load what all runs share, and prepare to load their blocks."""
        end = data.index(b"\n") + 1
        head = read_head(data[:end])
        sizes = [head.notes, *((block.packed, block.size) for block in head.blocks)]
        parts = unpack(memoryview(data)[end:], sizes)
        self._notes = read_notes(next(parts))
        self._digests, self._shared = head.digests, head.shared
        self._are_judged = list(map(is_settled, head.digests))
        self._stored = zip(parts, head.blocks, strict=True)
        self._count = sum(block.runs for block in head.blocks)
        self.saved_at = head.saved

    def _blocks(self) -> Iterator[tuple[range, bool]]:
        """Yield the rows of each block, and whether all of them have a problem; load it if need be.

        A block that is damaged, and those after it, are as good as none.
        """
        yield from list(self._loaded)
        with contextlib.suppress(*_DAMAGE):
            for plain, stored in self._stored:
                self._load(plain, stored)
                yield self._loaded[-1]
        if len(self._paths) < self._count:
            self._count = len(self._paths)
            self._rows = {path: row for row, path in enumerate(self._paths)}

    def _load(self, plain: bytes, stored: StoredBlock) -> None:
        """Take in a block.

        Raises:
            ValueError: Something is wrong with it.
        """
        columns, below, text = unpack_block(plain, stored)
        last_note = max({*columns.note_at} - {IN_TEXT}, default=-1)
        highest = max(columns.digest_at), max(columns.shared_at), last_note
        tables: tuple[Sized, ...] = self._digests, self._shared, self._notes
        if any(one >= len(table) for one, table in zip(highest, tables, strict=True)):
            raise ValueError(highest)
        # An infinite time, or one that is no number, shows in the sum.
        certain = sum(columns.started), sum(columns.times)
        if any(map(math.isinf, columns.began)) or not all(map(math.isfinite, certain)):
            raise ValueError(certain)
        # Each path is in memory once, and is the one that its run has.
        root = self._root
        paths = f"{root}{below}".replace("\0", f"\0{root}").split("\0")
        rows = range(len(self._paths), len(self._paths) + stored.runs)
        self._rows.update(zip(paths, rows, strict=True))
        self._room = len(self._rows)
        if self._room != rows.stop:
            raise ValueError(self._room)
        if self._text:
            ends = [len(self._text) + end for end in columns.text_ends]
            columns = columns._replace(text_ends=array(columns.text_ends.typecode, ends))
        for own, new in zip(self._columns, columns, strict=True):
            own.extend(new)
        shared = Counter(columns.shared_at).items()
        self._known_count += sum(count for at, count in shared if self._shared[at][1].user)
        self._text += text
        self._paths += paths
        self._loaded.append((rows, stored.are_problems))


NO_CACHE = SnapshotCache()
"""A cache without runs."""
