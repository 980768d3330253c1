"""Read an unknown run with as few system calls as possible."""

from __future__ import annotations

import os
import stat

from statustui.core.quick_summary import summarise
from statustui.core.reading import open_regular, signature_of
from statustui.core.run import Run, RunDir
from statustui.core.status_summary import StatusSummary
from statustui.core.working_dir import read_metadata, user_name
from statustui.monitor.snapshot import NO_METADATA, ONE_STEP_BYTES, build_run, read_snapshot

_GROWTH = 256
"""Bytes that are read beyond the known size, to detect a file that has grown much."""


def read_first(place: RunDir, *, with_metadata: bool = True) -> Run:
    """Read the run at `place`, with the same result as `read_snapshot`.

    Never raises: an unreadable run holds the error.

    Args:
        place: Where the run is.
        with_metadata: Whether to read the files beside its status file, for its name, its series,
            and its user if that is not the owner of the status file.
    """
    found = _read_small(place.status_path)
    if found is None:
        return read_snapshot(place).run
    data, state = found
    has_free_name = place.kind == "plain"
    metadata = read_metadata(place) if with_metadata or has_free_name else NO_METADATA
    if not metadata.user:
        metadata = metadata._replace(user=user_name(state.st_uid))
    end = data.rfind(b"\n") + 1
    summary = summarise(data[:end], end) if end else StatusSummary()
    return build_run(place, metadata, summary, torn=data[end:], signature=signature_of(state))


def _read_small(path: str) -> tuple[bytes, os.stat_result] | None:
    """Return the content of a small regular file and its `fstat` result; None for other files."""
    try:
        state = os.lstat(path)
        if not stat.S_ISREG(state.st_mode) or state.st_size > ONE_STEP_BYTES:
            return None
        descriptor, state = open_regular(path, state=state)
    except OSError:
        return None
    try:
        data = os.pread(descriptor, state.st_size + _GROWTH, 0)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    # Leave out what was appended after `fstat`: the signature does not cover it.
    return (data[: state.st_size], state) if len(data) < state.st_size + _GROWTH else None
