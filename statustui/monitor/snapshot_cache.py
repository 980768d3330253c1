"""Snapshots of finished runs from an earlier look at the same root.

A snapshot is used while the signature of the status file is the same, so that one `stat` replaces
reading the run. What is stored is JSON, a column for each field, compressed: it loads fast, and
loading it executes nothing.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from zlib import crc32

from statustui.core.categories import Category
from statustui.core.reading import Signature
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.states import STATES
from statustui.core.status_info import StatusInfo
from statustui.core.times import Time
from statustui.monitor.snapshot import ONE_STEP_BYTES, RunSnapshot, is_racy

_FORMAT = 1
_MAX_BYTES = 1 << 26
"""Size of the largest cache that is stored, compressed."""
_MAX_JSON_BYTES = 1 << 30
_MIN_NEW_RUNS = 20
_MIN_NEW_SHARE = 0.02
"""A cache is saved once it lacks at least this many runs and this share of the root's runs."""
_ZONE_BEGIN, _ZONE_END, _MONTH = 631_152_000, 2_208_988_800, 2_629_746
"""The years 1990 to 2040, in which local times are compared month by month, in seconds."""
_DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError)
"""Errors that a damaged cache can cause."""
_CATEGORIES = {category.value: category for category in Category}
_COLUMNS = (
    *("path", "kind", "inode", "size", "modified", "changed", "metadata", "current", "category"),
    *("problem", "result", "count", "seen", "started", "stage", "recovered", "status_result"),
    "results_file",
)


class SnapshotCache:
    """The cached snapshots of one root.

    Args:
        data: What `encode` made; None, or anything else, for no snapshots.
    """

    def __init__(self, data: bytes | None = None) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}
        self._statuses: list[StatusInfo | None] = []
        self._metadata: list[RunMetadata] = []
        self._seen: list[frozenset[str]] = []
        if data is not None:
            try:
                self._load(json.loads(zlib.decompressobj().decompress(data, _MAX_JSON_BYTES)))
            except (*_DAMAGE, zlib.error, RecursionError):
                self._rows = {}

    def __len__(self) -> int:
        """How many snapshots there are."""
        return len(self._rows)

    def get(self, place: RunDir, signature: Signature, device: int) -> RunSnapshot | None:
        """Return the snapshot of a run; None if none was saved for this version of its file.

        Args:
            place: Where the run is.
            signature: The signature of its status file.
            device: The device that the file is on.
        """
        row = self._rows.get(place.path[len(place.root) :])
        if row is None or row[2:6] != signature:
            return None
        try:
            return self._build(place, row, signature, device)
        except _DAMAGE:
            return None

    def _load(self, document: Mapping[str, Any]) -> None:
        if document["format"] != _FORMAT or document["zone"] != _zone():
            return
        self._metadata = [RunMetadata(*map(str, one)) for one in document["all_metadata"]]
        self._seen = [frozenset(map(str, one)) for one in document["all_seen"]]
        statuses = zip(*document["statuses"], strict=True)
        self._statuses = [
            StatusInfo.read(str(state), str(note), _read_time(at)) for state, note, at in statuses
        ]
        rows = zip(*(document[name] for name in _COLUMNS), strict=True)
        self._rows = {row[0]: row for row in rows}

    def _build(
        self, place: RunDir, row: tuple[Any, ...], signature: Signature, device: int
    ) -> RunSnapshot | None:
        (_path, kind, *_signature, metadata_at, current_at, category, problem_at) = row[:10]
        (result, count, seen_at, started, stage, recovered_at, *results) = row[10:]
        status_result, results_file = results
        current, metadata = self._statuses[current_at], self._metadata[metadata_at]
        if kind != place.kind or current is None:
            return None
        run = Run(
            root=place.root,
            path=place.path,
            id=place.id,
            metadata=metadata,
            kind=place.kind,
            current=current,
            category=_CATEGORIES[category],
            problem=None if problem_at is None else self._statuses[problem_at],
            result=result,
            status_count=count,
            seen=self._seen[seen_at],
            started=started,
            updated_at=current.timestamp,
            error=None,
            stage=stage,
            recovered=None if recovered_at is None else self._statuses[recovered_at],
            status_result=status_result,
            results_file=results_file,
        )
        return RunSnapshot(run, metadata, signature, device, is_stored=True)


def is_cacheable(snapshot: RunSnapshot) -> bool:
    """Return whether a snapshot can be used later: of a finished run with a small status file.

    A series is never cached: its category depends on its runs. Nor is a run that is finished, or
    whose result is known, only by the files beside its status file: they may change without it.
    """
    run, signature = snapshot.run, snapshot.signature
    return (
        signature is not None
        and signature[1] <= ONE_STEP_BYTES
        and run.is_finished
        and run.error is None
        and not run.is_series
        and not run.has_run_complete
        and not run.is_abandoned
        and (run.stage != STATES.COMPLETE or run.status_result is not None)
        and not is_racy(signature)
    )


def is_worth_saving(new: int, runs: int) -> bool:
    """Return whether `new` uncached runs out of `runs` justify saving the cache."""
    return new >= max(_MIN_NEW_RUNS, _MIN_NEW_SHARE * runs)


def encode(snapshots: Iterable[RunSnapshot]) -> bytes | None:
    """Encode snapshots for storage; return None above `_MAX_BYTES`.

    Args:
        snapshots: Cacheable snapshots of one root.
    """
    table = _Table()
    rows = [table.row(snapshot) for snapshot in snapshots]
    columns = zip(*rows, strict=True) if rows else [()] * len(_COLUMNS)
    document = {
        "format": _FORMAT,
        "zone": _zone(),
        "all_metadata": list(table.metadata),
        "all_seen": [sorted(one) for one in table.seen],
        "statuses": table.statuses,
        **dict(zip(_COLUMNS, columns, strict=True)),
    }
    compressor = zlib.compressobj(1)
    parts = [compressor.compress(part.encode()) for part in _dump(document)]
    data = b"".join([*parts, compressor.flush()])
    return data if len(data) <= _MAX_BYTES else None


def _dump(document: Mapping[str, object]) -> Iterable[str]:
    """Yield JSON column by column, so that other threads get their turn in between."""
    separator = "{"
    for name, value in document.items():
        yield f'{separator}"{name}":{json.dumps(value, separators=(",", ":"))}'
        separator = ","
    yield "}"


_StoredTime: TypeAlias = "float | list[str | int] | None"


class _Table:
    """Turns snapshots into rows; what runs share is stored once and referred to by its index."""

    def __init__(self) -> None:
        self.metadata: dict[RunMetadata, int] = {}
        self.seen: dict[frozenset[str], int] = {}
        self.statuses: tuple[list[str], list[str], list[_StoredTime]] = ([], [], [])

    def row(self, snapshot: RunSnapshot) -> tuple[object, ...]:
        run = snapshot.run
        is_explained = run.problem is not None and run.problem is not run.current
        current = self._add_status(run.current)
        problem = self._add_status(run.problem) if is_explained else current
        return (
            run.path[len(run.root) :],
            run.kind,
            *(snapshot.signature or ()),
            self.metadata.setdefault(snapshot.metadata, len(self.metadata)),
            current,
            run.category.value,
            None if run.problem is None else problem,
            run.result,
            run.status_count,
            self.seen.setdefault(run.seen, len(self.seen)),
            run.started,
            run.stage,
            self._add_status(run.recovered),
            run.status_result,
            run.results_file,
        )

    def _add_status(self, status: StatusInfo | None) -> int | None:
        if status is None:
            return None
        states, notes, times = self.statuses
        states.append(status.state)
        notes.append(status.note)
        times.append(_stored_time(status.time))
        return len(states) - 1


def _zone() -> int:
    """Return a checksum of the local time, which decides what times without a zone mean."""
    months = range(_ZONE_BEGIN, _ZONE_END, _MONTH)
    return crc32(repr([time.localtime(moment).tm_gmtoff for moment in months]).encode())


def _stored_time(time_: Time) -> _StoredTime:
    return [time_.isoformat(), time_.fold] if isinstance(time_, datetime) else time_


def _read_time(stored: Any) -> Time:  # noqa: ANN401 - whatever JSON holds
    if isinstance(stored, list):
        written, fold = stored
        return datetime.fromisoformat(written).replace(fold=fold)
    return None if stored is None else float(stored)


NO_CACHE = SnapshotCache()
"""A cache without snapshots."""
