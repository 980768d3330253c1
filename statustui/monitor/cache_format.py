"""How the finished runs of one root are stored for later sessions.

What is stored is a line of JSON, with what many runs share, the notes that runs have, and blocks of
runs with a column for each of their fields. Notes and blocks are each compressed by themselves: a
block loads fast and takes little memory meanwhile, very many runs are built of it at once, and
loading it executes nothing. Blocks of runs with problems come before all others, and the newest
first.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import time
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

from statustui.core.categories import Category
from statustui.core.outline import StateDigest
from statustui.core.run import Kind, RunMetadata

_FORMAT = f"6 {sys.byteorder}"
DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError, zlib.error, RecursionError)
"""Errors that a damaged cache can cause."""
IN_TEXT = 0xFFFF_FFFF
"""In place of the number of a note."""
NEVER = math.nan
"""When a run began that has not begun."""
_MAX_PLAIN_BYTES = 1 << 30
_ZONE_BEGIN, _ZONE_END, _MONTH = 631_152_000, 2_208_988_800, 2_629_746
"""The years 1990 to 2040, in which local times are compared month by month, in seconds."""
_KINDS: dict[str, Kind] = {"test": "test", "plain": "plain"}
_CATEGORIES = {category.value: category for category in Category}

_Column: TypeAlias = "array[Any]"


class Columns(NamedTuple):
    """An item of each column for each run.

    The last five stand for the lines of an `Outline`. If it has the line of a problem or of what
    the run recovered from, or a time in another form, the text has them, and `note_at` is
    `IN_TEXT`.
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
    def empty(cls) -> Columns:
        """Return columns without items."""
        return cls(*[array(code) for code in "QQqqIIdddIQ"])


_ROW_BYTES = sum(column.itemsize for column in Columns.empty())


class StoredBlock(NamedTuple):
    """What the line of JSON says of one block."""

    packed: int
    """Bytes that it takes."""
    size: int
    """Bytes that it takes when it is not compressed."""
    runs: int
    """Number of its runs."""
    path_bytes: int
    """Bytes of their paths."""
    are_problems: bool
    """Whether all of them have a problem; else none has."""

    @classmethod
    def read(cls, values: Iterable[Any]) -> StoredBlock:
        """Return what JSON holds of a block.

        Raises:
            Exception: This is not possible.
        """
        packed, size, runs, path_bytes, are_problems = map(int, values)
        if runs <= 0 or runs * _ROW_BYTES > size:
            raise ValueError(runs)
        return cls(packed, size, runs, path_bytes, bool(are_problems))


class Head(NamedTuple):
    """The line of JSON."""

    saved: float
    """When the runs were saved, in seconds since 1970."""
    digests: Sequence[StateDigest]
    shared: Sequence[tuple[Kind, RunMetadata]]
    """Kinds and metadata."""
    notes: tuple[int, int]
    """Bytes that the notes take, compressed and not."""
    blocks: Sequence[StoredBlock]

    @property
    def runs(self) -> int:
        """Number of the runs in all blocks."""
        return sum(block.runs for block in self.blocks)


class Opened(NamedTuple):
    """A cache of which no block is loaded yet."""

    head: Head
    notes: Sequence[str]
    blocks: Iterator[tuple[bytes, StoredBlock]]
    """Each block when it is not compressed, and what is stored of it beside; raises an error of
    `DAMAGE` at the first one that is damaged."""


class Block(NamedTuple):
    """The runs of one block."""

    columns: Columns
    below: str
    """The part of each path that follows that of the root, with a NUL between two of them."""
    text: bytes


def open_cache(data: bytes | None) -> Opened:
    """Return what a `CacheWriter` has made, if it is that; else a cache without runs."""
    if data is not None:
        with contextlib.suppress(*DAMAGE):
            end = data.index(b"\n") + 1
            head = read_head(data[:end])
            sizes = [head.notes, *((block.packed, block.size) for block in head.blocks)]
            parts = unpack(memoryview(data)[end:], sizes)
            return Opened(head, read_notes(next(parts)), zip(parts, head.blocks, strict=True))
    return Opened(Head(0.0, (), (), (0, 0), ()), (), iter(()))


def pack(parts: Sequence[bytes | bytearray | _Column]) -> tuple[bytes, int]:
    """Return parts as one compressed text, and how many bytes it has when it is not compressed."""
    compressor = zlib.compressobj(1)
    # One after the other, so that other threads get their turn in between.
    packed = [compressor.compress(part) for part in parts]
    size = sum(memoryview(part).nbytes for part in parts)
    return b"".join([*packed, compressor.flush()]), size


def unpack(data: memoryview, sizes: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Yield the parts of what is stored, one after the other.

    Args:
        data: All parts, each compressed by itself.
        sizes: How many bytes each takes, compressed and not.

    Raises:
        ValueError: One of them has another size.
        zlib.error: One of them is damaged.
    """
    start = 0
    for packed, size in sizes:
        stream = zlib.decompressobj()
        plain = stream.decompress(data[start : start + packed], max(1, size))
        if not stream.eof or len(plain) != size:
            raise ValueError(size)
        start += packed
        yield plain


def unpack_block(plain: bytes, stored: StoredBlock) -> Block:
    """Return the runs of a block.

    Args:
        plain: The block when it is not compressed.
        stored: What is stored of it beside.

    Raises:
        ValueError: It has another length.
    """
    columns = Columns.empty()
    end = 0
    for column in columns:
        size = stored.runs * column.itemsize
        column.frombytes(plain[end : end + size])
        end += size
    text = plain[end + stored.path_bytes :]
    if columns.text_ends[-1] != len(text):
        raise ValueError(len(text))
    return Block(columns, os.fsdecode(plain[end : end + stored.path_bytes]), text)


def write_notes(notes: Iterable[str]) -> bytes:
    """Return notes as they are compressed."""
    # Each by itself, so that other threads get their turn in between.
    return ",".join(map(json.dumps, notes)).encode()


def read_notes(plain: bytes) -> list[str]:
    """Return the notes of which `write_notes` has made this.

    Raises:
        ValueError: It is not valid.
    """
    # Many runs have the same note, also those that are read from files.
    return [sys.intern(str(note)) for note in json.loads(b"[%b]" % plain)]


def write_head(head: Head) -> bytes:
    """Return the line of JSON with its end."""
    values = {
        "format": _FORMAT,
        "zone": _zone(),
        "saved": head.saved,
        "digests": [_write_digest(digest) for digest in head.digests],
        "shared": head.shared,
        "notes": head.notes,
        "blocks": head.blocks,
    }
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def read_head(line: bytes) -> Head:
    """Return what `write_head` has written.

    Raises:
        ValueError: It has another format, was written in another time zone, or would take too much
            memory.
        Exception: It is not valid.
    """
    values = json.loads(line)
    if (values["format"], values["zone"]) != (_FORMAT, _zone()):
        raise ValueError(values["format"])
    packed, size = map(int, values["notes"])
    blocks = [StoredBlock.read(one) for one in values["blocks"]]
    if size + sum(block.size for block in blocks) > _MAX_PLAIN_BYTES:
        raise ValueError(size)
    return Head(
        float(values["saved"]),
        [_read_digest(*one) for one in values["digests"]],
        [(_KINDS[kind], RunMetadata(*map(str, one))) for kind, one in values["shared"]],
        (packed, size),
        blocks,
    )


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


def _zone() -> int:
    """Return a checksum of the local time, which decides what times without a zone mean."""
    months = range(_ZONE_BEGIN, _ZONE_END, _MONTH)
    return crc32(repr([time.localtime(moment).tm_gmtoff for moment in months]).encode())
