"""Finished runs from an earlier look at the same root.

A run is used while the signature of its status file is the same, so that one `stat` replaces
reading it. What is stored is a line of JSON, with what many runs share, and a column for each field
of the runs: it loads fast, and loading it executes nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any
from zlib import crc32

from statustui.core.categories import Category
from statustui.core.job_verdict import is_open
from statustui.core.outline import Outline, StateDigest, build_outlined, outline_of
from statustui.core.reading import signature_of, unpack_signature
from statustui.core.run import Kind, Run, RunDir, RunMetadata
from statustui.monitor.outlined_run import OutlinedRun, is_certain
from statustui.monitor.snapshot import ONE_STEP_BYTES, RunSnapshot

_FORMAT = f"3 {sys.byteorder}"
_MAX_BYTES = 1 << 26
"""Size of the largest cache that is stored, compressed."""
_MAX_PLAIN_BYTES = 1 << 30
_BLOCK = 16
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
_TYPECODES = "QQqqIIQ"
"""Types of the columns: inode, size, times of modification and change, number of the digest, number
of the kind and metadata, and end of the text."""


class SnapshotCache:
    """The cached runs of one root.

    Args:
        data: What a `CacheWriter` has made; None, or anything else, for no runs.
    """

    def __init__(self, data: bytes | None = None) -> None:
        self.saved_at: float | None = None
        """When it was saved, in seconds since 1970; None without any runs."""
        self._rows: dict[str, int] = {}
        self._columns = [array(code) for code in _TYPECODES]
        self._digests: list[StateDigest] = []
        self._are_judged: list[bool] = []
        """Number of a digest -> whether it decides the category of a run."""
        if data is not None:
            try:
                self._load(zlib.decompressobj().decompress(data, _MAX_PLAIN_BYTES))
            except (*_DAMAGE, zlib.error, RecursionError):
                self._rows, self.saved_at = {}, None
                self._columns = [array(code) for code in _TYPECODES]

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._rows)

    def get(self, place: RunDir, state: os.stat_result) -> OutlinedRun | None:
        """Return a run; None if none was saved for this version of its status file.

        Args:
            place: Where the run is.
            state: The state of its status file.
        """
        if not self.holds(place, state):
            return None
        row = self._rows[place.path[len(place.root) :]]
        _kind, metadata = self._metadata[self._columns[5][row]]
        signature = signature_of(state)
        outline = self._outline(row)
        return OutlinedRun(place, outline, signature, state.st_dev, state.st_uid, metadata, True)

    def holds(self, place: RunDir, state: os.stat_result) -> bool:
        """Return whether `get` would return a run."""
        row = self._rows.get(place.path[len(place.root) :])
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
        find, digest_at, are_judged = self._rows.get, self._columns[4], self._are_judged
        is_same = self._is_same
        rows: list[int] = []
        for place in places:
            row = find(place.path[len(place.root) :])
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
            if len(rows) == _BLOCK:
                yield rows
                rows = []
        yield rows

    def _is_same(self, row: int, place: RunDir, state: os.stat_result) -> bool:
        """Return whether a run is of the saved kind, and its status file of the saved version."""
        inodes, sizes, modified, changed, _digest_at, shared_at, _ends = self._columns
        # This is asked once for each run, and takes half as long as making a signature.
        return (
            changed[row] == state.st_ctime_ns
            and modified[row] == state.st_mtime_ns
            and sizes[row] == state.st_size
            and inodes[row] == state.st_ino
            and self._metadata[shared_at[row]][0] == place.kind
        )

    def count(self, rows: Iterable[int]) -> Counter[Category]:
        """Return how many runs of some rows are in each category."""
        counted: Counter[Category] = Counter()
        for digest_at, count in Counter(map(self._columns[4].__getitem__, rows)).items():
            counted[self._digests[digest_at].category] += count
        return counted

    def at(self, rows: Iterable[int], root: str = "") -> Iterator[OutlinedRun]:
        """Yield the runs of some rows as they were saved, without their devices and owners."""
        paths = list(self._rows)
        inodes, sizes, modified, changed, *_others = self._columns
        for row in rows:
            place, metadata = self._place(row, paths[row], root)
            signature = inodes[row], sizes[row], modified[row], changed[row]
            yield OutlinedRun(place, self._outline(row), signature, 0, 0, metadata, True)

    def paths(self, rows: Iterable[int], root: str) -> Iterator[str]:
        """Yield the paths of the runs of some rows, below a root as the user gave it."""
        paths = list(self._rows)
        return (root + paths[row] for row in rows)

    def runs(self, root: str, leave_out: Container[str] = ()) -> Iterator[Run]:
        """Yield all runs as they were saved: first what has failed, each the last written first.

        The root itself is left out: its id is the name of the directory that it leads to.

        Args:
            root: The root, as the user gave it.
            leave_out: The paths of runs to leave out.
        """
        modified = self._columns[2]
        paths = list(self._rows)
        rows = [row for row, path in enumerate(paths) if root + path not in leave_out]
        rows.sort(key=modified.__getitem__, reverse=True)
        is_problem = [digest.category.is_problem for digest in self._digests]
        digest_at = self._columns[4]
        rows.sort(key=lambda row: not is_problem[digest_at[row]])
        for row in rows:
            place, metadata = self._place(row, paths[row], root)
            try:
                run = build_outlined(place, metadata, self._outline(row))
            except _DAMAGE:
                continue
            if run is not None and run.path != root:
                yield run

    def _place(self, row: int, below: str, root: str) -> tuple[RunDir, RunMetadata]:
        """Return where the run of a row is, below a root, and its metadata."""
        kind, metadata = self._metadata[self._columns[5][row]]
        path = root + below
        return RunDir(root, path, path.rpartition("/")[2], kind), metadata

    def _outline(self, row: int) -> Outline:
        digest_at, ends = self._columns[4], self._columns[6]
        text = self._text[ends[row - 1] if row else 0 : ends[row]]
        return Outline(self._digests[digest_at[row]], text)

    def _load(self, data: bytes) -> None:
        end = data.index(b"\n") + 1
        shared = json.loads(data[:end])
        if (shared["format"], shared["zone"]) != (_FORMAT, _zone()):
            return
        digests = [_read_digest(*one) for one in shared["digests"]]
        metadata = [(_KINDS[kind], RunMetadata(*map(str, one))) for kind, one in shared["metadata"]]
        count = int(shared["count"])
        columns: list[array[int]] = []
        for code in _TYPECODES:
            column = array(code)
            size = count * column.itemsize
            column.frombytes(data[end : end + size])
            columns.append(column)
            end += size
        paths_end = end + int(shared["paths"])
        paths = os.fsdecode(data[end:paths_end]).split("\0")
        if max(columns[4]) >= len(digests) or max(columns[5]) >= len(metadata):
            return
        self._columns, self._digests, self._metadata = columns, digests, metadata
        self._are_judged = [
            is_certain(one) and not is_open(one.category, one.stage) for one in digests
        ]
        self._text = data[paths_end:]
        self._rows = dict(zip(paths, range(count), strict=True))
        self.saved_at = float(shared["saved"])


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
        self._columns = [array(code) for code in _TYPECODES]
        self._digests: dict[StateDigest, int] = {}
        self._metadata: dict[tuple[str, RunMetadata], int] = {}
        self._paths = bytearray()
        self._text = bytearray()

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._columns[0])

    def add(self, run: OutlinedRun) -> None:
        """Add a cacheable run of the root."""
        place, (digest, text), signature = run.place, run.outline, run.signature
        self._text += text
        self._paths += b"\0" + os.fsencode(place.path[len(place.root) :])
        shared = place.kind, run.metadata
        row = (
            *signature,
            self._digests.setdefault(digest, len(self._digests)),
            self._metadata.setdefault(shared, len(self._metadata)),
            len(self._text),
        )
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def finish(self) -> bytes | None:
        """Return the runs for storage; None above `_MAX_BYTES`."""
        shared = {
            "format": _FORMAT,
            "zone": _zone(),
            "saved": time.time(),
            "count": len(self),
            "paths": max(0, len(self._paths) - 1),
            "digests": [_write_digest(digest) for digest in self._digests],
            "metadata": list(self._metadata),
        }
        head = json.dumps(shared, separators=(",", ":")).encode()
        compressor = zlib.compressobj(1)
        # One part after the other, so that other threads get their turn in between.
        packed = [compressor.compress(head + b"\n")]
        packed += [compressor.compress(column.tobytes()) for column in self._columns]
        packed += [compressor.compress(part) for part in (self._paths[1:], self._text)]
        data = b"".join([*packed, compressor.flush()])
        return data if len(data) <= _MAX_BYTES else None


def _zone() -> int:
    """Return a checksum of the local time, which decides what times without a zone mean."""
    months = range(_ZONE_BEGIN, _ZONE_END, _MONTH)
    return crc32(repr([time.localtime(moment).tm_gmtoff for moment in months]).encode())


NO_CACHE = SnapshotCache()
"""A cache without runs."""
