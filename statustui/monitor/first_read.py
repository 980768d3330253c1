"""Read an unknown run with as few system calls as possible."""

from __future__ import annotations

import os
import stat

from statustui.core.quick_run import quick_run
from statustui.core.reading import Signature, open_regular, signature_of
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.states import STATES
from statustui.core.status_summary import StatusSummary
from statustui.core.working_dir import read_metadata, with_owner
from statustui.monitor.marker_files import with_marker_files
from statustui.monitor.snapshot import (
    NO_METADATA,
    ONE_STEP_BYTES,
    RunSnapshot,
    build_run,
    has_newer_results,
    is_racy,
)
from statustui.monitor.snapshot_cache import NO_CACHE, SnapshotCache

_GROWTH = 256
"""Bytes that are read beyond the known size, to detect a file that has grown much."""


def read_first(
    place: RunDir, *, with_metadata: bool = True, cache: SnapshotCache = NO_CACHE
) -> RunSnapshot | None:
    """Read the run at `place`, with the same result as `read_snapshot`.

    Args:
        place: Where the run is.
        with_metadata: Whether to read the files beside its status file, for its name, its series,
            and its user if that is not the owner of the status file.
        cache: Snapshots from an earlier session.

    Returns:
        The snapshot; None if the status file is long, cannot be read, or is not a regular file.
    """
    path = place.status_path
    try:
        state = os.lstat(path)
        if not stat.S_ISREG(state.st_mode) or state.st_size > ONE_STEP_BYTES:
            return None
        if cache:
            known = cache.get(place, signature_of(state), state.st_dev)
            if known is not None:
                has_metadata = known.metadata.name or not with_metadata
                return known if has_metadata else _with_metadata(known, state)
        descriptor, state = open_regular(path, state=state)
        try:
            size = state.st_size
            data = os.pread(descriptor, size + _GROWTH, 0)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    if len(data) >= size + _GROWTH:
        return None
    # What costs little is always read: the name of a run in a plain tree, the number of a series.
    is_wanted = with_metadata or place.kind != "test"
    metadata = with_owner(read_metadata(place) if is_wanted else NO_METADATA, state.st_uid)
    signature = signature_of(state)
    # Leave out what was appended after `fstat`: the signature does not cover it.
    run = _build(place, metadata, data if len(data) == size else data[:size], signature)
    return RunSnapshot(run, metadata, signature, state.st_dev, is_racy=is_racy(signature))


def _with_metadata(known: RunSnapshot, state: os.stat_result) -> RunSnapshot:
    """Add name, series and user to a snapshot that was read without them."""
    metadata = with_owner(read_metadata(known.run.place), state.st_uid)
    run = known.run._replace(metadata=metadata)
    return known._replace(
        metadata=metadata, run=run, is_stored=known.is_stored and metadata == known.metadata
    )


def _build(place: RunDir, metadata: RunMetadata, data: bytes, signature: Signature) -> Run:
    """Build a run from the content of its status file, and from the files beside it."""
    run = quick_run(place, metadata, data)
    if run is not None:
        is_judged = run.stage != STATES.COMPLETE or run.is_series
        if is_judged or not has_newer_results(run, signature[2]):
            return with_marker_files(run, signature)
    end = data.rfind(b"\n") + 1
    summary = StatusSummary().add(data[:end], end) if end else StatusSummary()
    return build_run(place, metadata, summary, torn=data[end:], signature=signature)
