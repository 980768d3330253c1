"""Encode the finished runs of one root for later sessions: see `cache_format`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from itertools import compress, islice
from typing import NamedTuple

from statustui.core.outline import (
    LineColumns,
    StateDigest,
    UsualLines,
    UsualText,
    outline_of,
    usual_columns,
    usual_lines,
)
from statustui.core.reading import unpack_signature
from statustui.core.run import Kind, RunMetadata
from statustui.monitor.cache_format import (
    IN_TEXT,
    NEVER,
    Columns,
    Head,
    StoredBlock,
    pack,
    write_head,
    write_notes,
)
from statustui.monitor.counted_runs import KeptColumns
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.snapshot import ONE_STEP_BYTES, RunSnapshot

_MAX_BYTES = 1 << 26
"""Size of the largest cache that is stored, compressed."""
_STORED_TOGETHER = 1 << 15
"""Runs in a block of the store, at least, but for the last ones."""
_MIN_NEW_RUNS = 20
_MIN_NEW_SHARE = 0.02
"""A cache is saved once it lacks at least this many runs and this share of the root's runs."""
_ROWS_APART = 1000
"""Runs that are collected before they are divided into columns."""


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


class _Packed(NamedTuple):
    """A block as it is stored."""

    newest: int
    """When the status file of one of its runs was written last, in nanoseconds since 1970."""
    stored: StoredBlock
    data: bytes


class _BlockWriter:
    """Makes blocks of runs, one after the other.

    Args:
        are_problems: Whether all of the runs have a problem; else none has.
    """

    def __init__(self, *, are_problems: bool) -> None:
        self._are_problems = are_problems
        self._blocks: list[_Packed] = []
        """Those that are full."""
        self._begin()

    def _begin(self) -> None:
        self._columns = Columns.empty()
        self._rows: list[tuple[float, ...]] = []
        """Those that are not in the columns yet."""
        self._paths = bytearray()
        self._text = bytearray()

    def __len__(self) -> int:
        """How many runs there are."""
        waiting = len(self._columns.inodes) + len(self._rows)
        return waiting + sum(block.stored.runs for block in self._blocks)

    def add(self, below: str, row: tuple[float, ...], text: bytes) -> None:
        """Add a run.

        Args:
            below: The part of its path that follows that of the root.
            row: Its item of each column but the last.
            text: What the text has of it.
        """
        self._text += text
        self._paths += b"\0" + os.fsencode(below)
        self._rows.append((*row, len(self._text)))
        if len(self._rows) == _ROWS_APART:
            self._flush()

    def add_all(self, below: Sequence[str], columns: Iterable[Iterable[float]]) -> None:
        """Add runs of which the text has nothing, in columns of what `add` takes."""
        self._flush()
        ends = [len(self._text)] * len(below)
        for column, values in zip(self._columns, (*columns, ends), strict=True):
            column.extend(values)
        self._paths += b"\0" + os.fsencode("\0".join(below))
        self._flush()

    def _flush(self) -> None:
        """Add the latest rows to the columns, and these to the blocks once there are many."""
        for column, values in zip(self._columns, zip(*self._rows, strict=True), strict=False):
            column.extend(values)
        self._rows = []
        if len(self._columns.inodes) >= _STORED_TOGETHER:
            self._end()

    def _end(self) -> None:
        columns, paths = self._columns, self._paths[1:]
        data, size = pack([*columns, paths, self._text])
        count = len(columns.inodes)
        stored = StoredBlock(len(data), size, count, len(paths), self._are_problems)
        self._blocks.append(_Packed(max(columns.modified), stored, data))
        self._begin()

    def finish(self) -> list[_Packed]:
        """Return all blocks, that with the newest run first."""
        self._flush()
        if self._columns.inodes:
            self._end()
        return sorted(self._blocks, reverse=True, key=lambda block: block.newest)


class CacheWriter:
    """Encodes runs for storage one after the other, without keeping them."""

    def __init__(self) -> None:
        self._digests: dict[StateDigest, int] = {}
        self._metadata: dict[tuple[Kind, RunMetadata], int] = {}
        self._notes: dict[str, int] = {}
        self._problems = _BlockWriter(are_problems=True)
        self._others = _BlockWriter(are_problems=False)

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._problems) + len(self._others)

    def add(self, run: OutlinedRun) -> None:
        """Add a cacheable run of the root."""
        place, outline, signature = run.place, run.outline, run.signature
        usual = usual_lines(outline)
        text = outline.lines if usual is None and isinstance(outline.lines, bytes) else b""
        lines = (0.0, 0.0, NEVER, IN_TEXT) if usual is None else self._number(usual)
        shared = place.kind, run.metadata
        digest_at = self._digests.setdefault(outline.digest, len(self._digests))
        shared_at = self._metadata.setdefault(shared, len(self._metadata))
        block = self._problems if outline.digest.category.is_problem else self._others
        block.add(place.path[len(place.root) :], (*signature, digest_at, shared_at, *lines), text)

    def _number(self, lines: UsualLines) -> tuple[float, float, float, int]:
        """Return the times in the lines of an outline, and the number of its note."""
        note_at = self._notes.setdefault(lines.note, len(self._notes))
        began = NEVER if lines.began is None else lines.began
        return lines.started, lines.time, began, note_at

    def add_each(self, runs: Iterable[OutlinedRun]) -> None:
        """Add cacheable runs of the root, of which there may be very many, as `add` does."""
        rest = iter(runs)
        while some := list(islice(rest, _ROWS_APART)):
            with_lines = [(run, run.outline.lines) for run in some]
            texts = [(run, one) for run, one in with_lines if isinstance(one, UsualText)]
            lines = [(run, one) for run, one in with_lines if isinstance(one, UsualLines)]
            if texts:
                own, unread = zip(*texts, strict=True)
                self.add_all(KeptColumns.of(own, usual_columns(unread)))
            if lines:
                own, read = zip(*lines, strict=True)
                self.add_all(KeptColumns.of(own, LineColumns(*zip(*read, strict=True))))
            for run, one in with_lines:
                if isinstance(one, bytes):
                    self.add(run)

    def add_all(self, kept: KeptColumns) -> None:
        """Add many runs of the root, as `add` does one by one."""
        places, notes = kept.places, self._notes
        # Comparing digests or metadata takes longer than comparing which objects they are.
        ids = list(map(id, kept.digests))
        digests = dict(zip(ids, kept.digests, strict=True))
        digest_at = {
            key: self._digests.setdefault(digest, len(self._digests))
            for key, digest in digests.items()
        }
        shared = [(place.kind, id(one)) for place, one in zip(places, kept.metadata, strict=True)]
        shared_at = {
            (kind, key): self._metadata.setdefault((kind, metadata), len(self._metadata))
            for (kind, key), metadata in dict(zip(shared, kept.metadata, strict=True)).items()
        }
        columns: tuple[Iterable[float], ...] = (
            *zip(*kept.signatures, strict=True),
            [digest_at[key] for key in ids],
            [shared_at[key] for key in shared],
            kept.started,
            kept.times,
            [NEVER if time is None else time for time in kept.began],
            [notes.setdefault(note, len(notes)) for note in kept.notes],
        )
        below = [place.path[len(place.root) :] for place in places]
        are_problems = {key: digest.category.is_problem for key, digest in digests.items()}
        chosen = [are_problems[key] for key in ids]
        others = [not is_problem for is_problem in chosen]
        for block, is_own in ((self._problems, chosen), (self._others, others)):
            if any(is_own):
                own = [compress(column, is_own) for column in columns]
                block.add_all(list(compress(below, is_own)), own)

    def finish(self) -> bytes | None:
        """Return the runs for storage; None above `_MAX_BYTES`."""
        blocks = [*self._problems.finish(), *self._others.finish()]
        notes, notes_size = pack([write_notes(self._notes)])
        head = Head(
            time.time(),
            list(self._digests),
            list(self._metadata),
            (len(notes), notes_size),
            [block.stored for block in blocks],
        )
        data = b"".join([write_head(head), notes, *(block.data for block in blocks)])
        return data if len(data) <= _MAX_BYTES else None
