"""Read an unknown run with as few system calls as possible."""

from __future__ import annotations

import os
import stat

from statustui.core.quick_summary import summarise
from statustui.core.reading import open_regular, signature_of
from statustui.core.run import RunDir
from statustui.core.status_summary import StatusSummary
from statustui.core.working_dir import read_metadata, user_name
from statustui.monitor.snapshot import (
    NO_METADATA,
    ONE_STEP_BYTES,
    RunSnapshot,
    build_run,
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
        cache: Snapshots from an earlier look at the root.

    Returns:
        The snapshot; None if the status file is long, cannot be read, or is not a regular file.
    """
    try:
        state = os.lstat(place.status_path)
        if not stat.S_ISREG(state.st_mode) or state.st_size > ONE_STEP_BYTES:
            return None
        known = cache.get(place, signature_of(state))
        if known is not None:
            has_metadata = known.metadata.name or not with_metadata
            return known if has_metadata else _with_metadata(known, state)
        found = _read_small(place.status_path, state)
    except OSError:
        return None
    if found is None:
        return None
    data, state = found
    has_free_name = place.kind == "plain"
    metadata = read_metadata(place) if with_metadata or has_free_name else NO_METADATA
    if not metadata.user:
        metadata = metadata._replace(user=user_name(state.st_uid))
    end = data.rfind(b"\n") + 1
    summary = summarise(data[:end], end) if end else StatusSummary()
    signature = signature_of(state)
    run = build_run(place, metadata, summary, torn=data[end:], signature=signature)
    return RunSnapshot(run, metadata, signature, state.st_dev, is_racy=is_racy(signature))


def _with_metadata(known: RunSnapshot, state: os.stat_result) -> RunSnapshot:
    """Return a snapshot that was read without the files beside the status file with these."""
    metadata = read_metadata(known.run.place)
    if not metadata.user:
        metadata = metadata._replace(user=user_name(state.st_uid))
    run = known.run._replace(metadata=metadata)
    return known._replace(metadata=metadata, run=run, is_stored=False)


def _read_small(path: str, state: os.stat_result) -> tuple[bytes, os.stat_result] | None:
    """Return the content of a small regular file and its `fstat` result.

    Raises:
        OSError: The file cannot be read.
    """
    descriptor, state = open_regular(path, state=state)
    try:
        data = os.pread(descriptor, state.st_size + _GROWTH, 0)
    finally:
        os.close(descriptor)
    # Leave out what was appended after `fstat`: the signature does not cover it.
    return (data[: state.st_size], state) if len(data) < state.st_size + _GROWTH else None
