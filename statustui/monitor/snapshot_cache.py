"""Finished runs from an earlier look at the same root.

A run is used while the signature of its status file is the same, so that one `stat` replaces
reading it. What is stored is a line of JSON, with what many runs share, and blocks of runs with a
column for each of their fields, each compressed by itself: it loads fast and takes little memory
meanwhile, very many runs are built of it at once, and loading it executes nothing.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import math
import os
import sys
import time
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Sized
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

from statustui.core.categories import Category
from statustui.core.outline import (
    Outline,
    StateDigest,
    UsualLines,
    build_outlined,
    format_outline,
    outline_of,
    outline_with,
    usual_lines,
)
from statustui.core.reading import signature_of, unpack_signature
from statustui.core.run import Kind, Run, RunDir, RunMetadata
from statustui.core.run_columns import RunColumns, build_all
from statustui.monitor.counted_runs import KeptColumns
from statustui.monitor.outlined_run import OutlinedRun, is_settled
from statustui.monitor.snapshot import NO_METADATA, ONE_STEP_BYTES, RunSnapshot

_FORMAT = f"5 {sys.byteorder}"
_MAX_BYTES = 1 << 26
"""Size of the largest cache that is stored, compressed."""
_MAX_PLAIN_BYTES = 1 << 30
_STORED_TOGETHER = 1 << 15
"""Runs in a block of the store, at least, but for the last one."""
_SIFTED_AT_ONCE = 16
"""Runs that are found to be the same at a time: so few that it is never silent for long."""
_MIN_NEW_RUNS = 20
_MIN_NEW_SHARE = 0.02
"""A cache is saved once it lacks at least this many runs and this share of the root's runs."""
_ZONE_BEGIN, _ZONE_END, _MONTH = 631_152_000, 2_208_988_800, 2_629_746
"""The years 1990 to 2040, in which local times are compared month by month, in seconds."""
_DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError)
"""Errors that a damaged cache can cause."""
_CATEGORIES = {category.value: category for category in Category}
_KINDS: dict[str, Kind] = {"test": "test", "plain": "plain"}
_IN_TEXT = 0xFFFF_FFFF
"""In place of the number of a note."""
_NEVER = math.nan
"""When a run began that has not begun."""
_AT_ONCE = 2000
"""Runs that are built at once."""
_ROWS_APART = 1000
"""Runs that are collected before they are divided into columns."""


_Column: TypeAlias = "array[Any]"


class _Columns(NamedTuple):
    """An item of each column for each run.

    The last five stand for the lines of an `Outline`. If it has the line of a problem or of what
    the run recovered from, or a time in another form, the text has them, and `note_at` is
    `_IN_TEXT`.
    """

    inodes: _Column
    sizes: _Column
    modified: _Column
    """Times of modification of the status files, in nanoseconds since 1970, as of change."""
    changed: _Column
    digest_at: _Column
    """Number of the digest."""
    shared_at: _Column
    """Number of the kind and metadata."""
    started: _Column
    """When the run was made, in seconds since 1970, as the two that follow."""
    times: _Column
    """When its current status was set."""
    began: _Column
    note_at: _Column
    """Number of the note of that status."""
    text_ends: _Column

    @classmethod
    def empty(cls) -> _Columns:
        """Return columns without items."""
        return cls(*[array(code) for code in "QQqqIIdddIQ"])


class SnapshotCache:
    """The cached runs of one root.

    Args:
        data: What a `CacheWriter` has made; None, or anything else, for no runs.
        root: The root, as the user gave it.
    """

    def __init__(self, data: bytes | None = None, root: str = "") -> None:
        self._root = root
        self.saved_at: float | None = None
        """When it was saved, in seconds since 1970; None without any runs."""
        self._rows: dict[str, int] = {}
        """Path of a run -> where it is in the columns."""
        self._columns = _Columns.empty()
        self._text = b""
        self._digests: list[StateDigest] = []
        self._metadata: list[tuple[Kind, RunMetadata]] = []
        self._notes: list[str] = []
        self._are_judged: list[bool] = []
        """Number of a digest -> whether it decides the category of a run."""
        if data is not None:
            with contextlib.suppress(*_DAMAGE, zlib.error, RecursionError):
                self._load(data)

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._rows)

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
        _kind, metadata = self._metadata[self._columns.shared_at[row]]
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
            and self._metadata[columns.shared_at[row]][0] == place.kind
        )

    def count(self, rows: Iterable[int]) -> Counter[Category]:
        """Return how many runs of some rows are in each category."""
        counted: Counter[Category] = Counter()
        for digest_at, count in Counter(map(self._columns.digest_at.__getitem__, rows)).items():
            counted[self._digests[digest_at].category] += count
        return counted

    def at(self, rows: Iterable[int]) -> Iterator[OutlinedRun]:
        """Yield the runs of some rows as they were saved, without their devices and owners."""
        paths = list(self._rows)
        inodes, sizes, modified, changed, *_others = self._columns
        for row in rows:
            place, metadata = self._place(row, paths[row])
            signature = inodes[row], sizes[row], modified[row], changed[row]
            yield OutlinedRun(place, self._outline(row), signature, 0, 0, metadata, True)

    def paths(self, rows: Iterable[int]) -> Iterator[str]:
        """Yield the paths of the runs of some rows."""
        return map(list(self._rows).__getitem__, rows)

    def runs(self, leave_out: Container[str] = ()) -> Iterator[list[Run]]:
        """Yield all runs as they were saved, some at a time.

        What has failed comes first, and of that what was written last. If that is little, what was
        written last of the others follows. The root itself is left out: its id is the name of the
        directory that it leads to.

        Args:
            leave_out: The paths of runs to leave out.
        """
        modified, digest_at = self._columns.modified, self._columns.digest_at
        paths = list(self._rows)
        is_problem = [digest.category.is_problem for digest in self._digests]
        problems: list[int] = []
        others: list[int] = []
        for row, path in enumerate(paths):
            if path != self._root and path not in leave_out:
                (problems if is_problem[digest_at[row]] else others).append(row)
        problems.sort(key=modified.__getitem__, reverse=True)
        # Sorting all others would keep every other thread waiting.
        room = max(0, _AT_ONCE - len(problems))
        last = dict.fromkeys(heapq.nlargest(room, others, key=modified.__getitem__))
        rows = [*problems, *last, *(row for row in others if row not in last)]
        for start in range(0, len(rows), _AT_ONCE):
            yield self._build(paths, rows[start : start + _AT_ONCE])

    def forget_outlines(self) -> None:
        """Give up what runs are built of, now that they have been, but for their signatures.

        Without a user, a run is not known well enough to be shown, and is built later: if there is
        any, nothing is given up.
        """
        if all(metadata.user for _kind, metadata in self._metadata):
            kept = {"inodes", "sizes", "modified", "changed", "shared_at"}
            given_up = {name: array("d") for name in _Columns._fields if name not in kept}
            self._columns = self._columns._replace(**given_up)
            self._text = b""

    def _build(self, paths: Sequence[str], rows: Sequence[int]) -> list[Run]:
        """Build the runs of some rows, in their order; leave out those whose text is damaged."""
        note_at = self._columns.note_at
        usual = [row for row in rows if note_at[row] != _IN_TEXT]
        built = dict(zip(usual, self._build_usual(paths, usual), strict=True))
        runs = (built.get(row) or self._build_one(row, paths[row]) for row in rows)
        return [run for run in runs if run is not None]

    def _build_one(self, row: int, path: str) -> Run | None:
        """Build the run of a row; return None if its text is damaged."""
        place, metadata = self._place(row, path)
        return build_outlined(place, metadata, self._outline(row))

    def _build_usual(self, paths: Sequence[str], rows: Sequence[int]) -> list[Run]:
        """Build the runs of some rows whose lines are not in the text."""
        own = self._columns
        shared = [self._metadata[own.shared_at[row]] for row in rows]
        columns = RunColumns(
            paths=[paths[row] for row in rows],
            kinds=[kind for kind, _metadata in shared],
            metadata=[metadata for _kind, metadata in shared],
            digests=[self._digests[own.digest_at[row]] for row in rows],
            notes=[self._notes[own.note_at[row]] for row in rows],
            times=[own.times[row] for row in rows],
            started=[own.started[row] for row in rows],
            began=[None if math.isnan(time := own.began[row]) else time for row in rows],
        )
        return build_all(self._root, columns)

    def _place(self, row: int, path: str) -> tuple[RunDir, RunMetadata]:
        """Return where the run of a row is, and its metadata."""
        kind, metadata = self._metadata[self._columns.shared_at[row]]
        return RunDir(self._root, path, path.rpartition("/")[2], kind), metadata

    def _outline(self, row: int) -> Outline:
        own = self._columns
        digest = self._digests[own.digest_at[row]]
        if own.note_at[row] == _IN_TEXT:
            start = own.text_ends[row - 1] if row else 0
            return Outline(digest, self._text[start : own.text_ends[row]])
        began = None if math.isnan(own.began[row]) else own.began[row]
        note = self._notes[own.note_at[row]]
        return outline_with(digest, UsualLines(note, own.times[row], own.started[row], began))

    def _load(self, data: bytes) -> None:
        """Take in what was stored, unless something is wrong with it."""
        end = data.index(b"\n") + 1
        shared = json.loads(data[:end])
        if (shared["format"], shared["zone"]) != (_FORMAT, _zone()):
            return
        digests = [_read_digest(*one) for one in shared["digests"]]
        metadata = [(_KINDS[kind], RunMetadata(*map(str, one))) for kind, one in shared["metadata"]]
        parts = _unpack(memoryview(data)[end:], [shared["notes"], *shared["blocks"]])
        # Many runs have the same note, also those that are read from files.
        notes = [sys.intern(str(note)) for note in json.loads(b"[%b]" % next(parts))]
        columns = _Columns.empty()
        rows: dict[str, int] = {}
        text = bytearray()
        for plain, (_packed, _size, count, paths) in zip(parts, shared["blocks"], strict=True):
            begin = len(rows)
            end = 0
            for column in columns:
                size = count * column.itemsize
                column.frombytes(plain[end : end + size])
                end += size
            # Each path is in memory once, and is the one that its run has.
            below = os.fsdecode(plain[end : end + paths]).replace("\0", f"\0{self._root}")
            rows.update(
                zip(f"{self._root}{below}".split("\0"), range(begin, begin + count), strict=True)
            )
            text += plain[end + paths :]
        if {len(rows)} != set(map(len, columns)) or columns.text_ends[-1] != len(text):
            return
        last_note = max({*columns.note_at} - {_IN_TEXT}, default=-1)
        highest = max(columns.digest_at), max(columns.shared_at), last_note
        tables: tuple[Sized, ...] = digests, metadata, notes
        if any(one >= len(table) for one, table in zip(highest, tables, strict=True)):
            return
        # An infinite time, or one that is no number, shows in the sum.
        certain = sum(columns.started), sum(columns.times)
        if any(map(math.isinf, columns.began)) or not all(map(math.isfinite, certain)):
            return
        self._columns, self._digests, self._metadata = columns, digests, metadata
        self._are_judged = list(map(is_settled, digests))
        self._notes, self._text = notes, bytes(text)
        self.saved_at = float(shared["saved"])
        self._rows = rows


def _unpack(data: memoryview, sizes: Iterable[Sequence[int]]) -> Iterator[bytes]:
    """Yield the parts of what is stored, one after the other.

    Args:
        data: All parts, each compressed by itself.
        sizes: How many bytes each takes, compressed and not, and more that is not used here.

    Raises:
        ValueError: One of them has another size, or all are too large together.
        zlib.error: One of them is damaged.
    """
    room = _MAX_PLAIN_BYTES
    start = 0
    for packed, size, *_others in sizes:
        room -= size
        stream = zlib.decompressobj()
        plain = stream.decompress(data[start : start + packed], max(1, size))
        if room < 0 or not stream.eof or len(plain) != size:
            raise ValueError(size)
        start += packed
        yield plain


def _read_digest(category: str, *rest: Any) -> StateDigest:  # noqa: ANN401 - whatever JSON holds
    stage, result, count, seen, last, problem, recovered = rest
    return StateDigest(
        _CATEGORIES[category],
        str(stage),
        result,
        int(count),
        frozenset(map(str, seen)),
        str(last),
        problem,
        recovered,
        is_final=True,
    )


def _write_digest(digest: StateDigest) -> list[Any]:
    category, stage, result, count, seen, last, problem, recovered, _is_final = digest
    return [category.value, stage, result, count, sorted(seen), last, problem, recovered]


def outlined(found: RunSnapshot | OutlinedRun) -> OutlinedRun | None:
    """Return a run as it is cached; None if it cannot be used later.

    A series is never cached: its category depends on its runs. Nor is a run that is finished, or
    whose result is known, only by the files beside its status file: they may change without it.
    """
    if isinstance(found, RunSnapshot):
        run = found.run
        if found.signature is None or not run.is_finished:
            return None
        signature = unpack_signature(found.signature)
        if signature[1] > ONE_STEP_BYTES:
            return None
        outline = outline_of(run)
        if outline is None:
            return None
        found = OutlinedRun(
            run.place, outline, signature, found.device, 0, found.metadata, found.is_stored
        )
    return found if found.is_cacheable else None


def is_worth_saving(new: int, runs: int) -> bool:
    """Return whether `new` uncached runs out of `runs` justify saving the cache."""
    return new >= max(_MIN_NEW_RUNS, _MIN_NEW_SHARE * runs)


class CacheWriter:
    """Encodes runs for storage one after the other, without keeping them."""

    def __init__(self) -> None:
        self._digests: dict[StateDigest, int] = {}
        self._metadata: dict[tuple[str, RunMetadata], int] = {}
        self._notes: dict[str, int] = {}
        self._blocks: list[bytes] = []
        self._sizes: list[tuple[int, int, int, int]] = []
        """Of each block: its bytes, compressed and not, its number of runs, the bytes of paths."""
        self._count = 0
        """Number of runs in the blocks."""
        self._text_size = 0
        """Bytes of the texts in the blocks."""
        self._begin_block()

    def _begin_block(self) -> None:
        self._columns = _Columns.empty()
        self._rows: list[tuple[float, ...]] = []
        """Those that are not in the columns yet."""
        self._paths = bytearray()
        self._text = bytearray()

    def __len__(self) -> int:
        """How many runs there are."""
        return self._count + len(self._columns.inodes) + len(self._rows)

    def add(self, run: OutlinedRun) -> None:
        """Add a cacheable run of the root, if its lines can be read back."""
        place, outline, signature = run.place, run.outline, run.signature
        lines = self._number(outline)
        if lines is None:
            text = format_outline(outline)
            if text is None:
                return
            self._text += text
            lines = 0.0, 0.0, _NEVER, _IN_TEXT
        self._paths += b"\0" + os.fsencode(place.path[len(place.root) :])
        shared = place.kind, run.metadata
        digest_at = self._digests.setdefault(outline.digest, len(self._digests))
        shared_at = self._metadata.setdefault(shared, len(self._metadata))
        text_end = self._text_size + len(self._text)
        self._rows.append((*signature, digest_at, shared_at, *lines, text_end))
        if len(self._rows) == _ROWS_APART:
            self._flush()

    def _number(self, outline: Outline) -> tuple[float, float, float, int] | None:
        """Return the times in an outline and the number of its note; None if it needs its text."""
        usual = usual_lines(outline)
        if usual is None:
            return None
        note, time, started, began = usual
        note_at = self._notes.setdefault(note, len(self._notes))
        return started, time, _NEVER if began is None else began, note_at

    def add_all(self, kept: KeptColumns) -> None:
        """Add many runs of the root, as `add` does one by one."""
        self._flush()
        places, notes = kept.places, self._notes
        # Comparing digests takes longer than comparing which objects they are.
        ids = list(map(id, kept.digests))
        digest_at = {
            key: self._digests.setdefault(digest, len(self._digests))
            for key, digest in dict(zip(ids, kept.digests, strict=True)).items()
        }
        kinds = [place.kind for place in places]
        shared_at = {
            kind: self._metadata.setdefault((kind, NO_METADATA), len(self._metadata))
            for kind in set(kinds)
        }
        columns: tuple[Iterable[float], ...] = (
            *zip(*kept.signatures, strict=True),
            map(digest_at.__getitem__, ids),
            map(shared_at.__getitem__, kinds),
            kept.started,
            kept.times,
            [_NEVER if time is None else time for time in kept.began],
            [notes.setdefault(note, len(notes)) for note in kept.notes],
            [self._text_size + len(self._text)] * len(places),
        )
        for column, values in zip(self._columns, columns, strict=True):
            column.extend(values)
        below = "\0".join([place.path[len(place.root) :] for place in places])
        self._paths += b"\0" + os.fsencode(below)
        self._flush()

    def _flush(self) -> None:
        """Add the latest rows to the columns, and these to the blocks once there are many."""
        for column, values in zip(self._columns, zip(*self._rows, strict=True), strict=False):
            column.extend(values)
        self._rows = []
        if len(self._columns.inodes) >= _STORED_TOGETHER:
            self._end_block()

    def _end_block(self) -> None:
        count, paths = len(self._columns.inodes), self._paths[1:]
        data, size = _pack([*self._columns, paths, self._text])
        self._blocks.append(data)
        self._sizes.append((len(data), size, count, len(paths)))
        self._count += count
        self._text_size += len(self._text)
        self._begin_block()

    def finish(self) -> bytes | None:
        """Return the runs for storage; None above `_MAX_BYTES`."""
        self._flush()
        if self._columns.inodes:
            self._end_block()
        # Each by itself, so that other threads get their turn in between.
        notes, notes_size = _pack([",".join(map(json.dumps, self._notes)).encode()])
        shared = {
            "format": _FORMAT,
            "zone": _zone(),
            "saved": time.time(),
            "digests": [_write_digest(digest) for digest in self._digests],
            "metadata": list(self._metadata),
            "notes": (len(notes), notes_size),
            "blocks": self._sizes,
        }
        head = json.dumps(shared, separators=(",", ":")).encode() + b"\n"
        data = b"".join([head, notes, *self._blocks])
        return data if len(data) <= _MAX_BYTES else None


def _pack(parts: Sequence[bytes | bytearray | _Column]) -> tuple[bytes, int]:
    """Return parts as one compressed text, and how many bytes it has when it is not compressed."""
    compressor = zlib.compressobj(1)
    # One after the other, so that other threads get their turn in between.
    packed = [compressor.compress(part) for part in parts]
    size = sum(memoryview(part).nbytes for part in parts)
    return b"".join([*packed, compressor.flush()]), size


def _zone() -> int:
    """Return a checksum of the local time, which decides what times without a zone mean."""
    months = range(_ZONE_BEGIN, _ZONE_END, _MONTH)
    return crc32(repr([time.localtime(moment).tm_gmtoff for moment in months]).encode())


NO_CACHE = SnapshotCache()
"""A cache without runs."""
