"""Reading one run as a sweep does for the first time."""

from __future__ import annotations

from statustui.core.run import RunDir
from statustui.monitor.first_read import FirstReader
from statustui.monitor.snapshot import RunSnapshot
from statustui.monitor.snapshot_cache import SnapshotCache


def read_first(
    place: RunDir, *, with_metadata: bool = True, cache: SnapshotCache | None = None
) -> RunSnapshot | None:
    """Read one run as `FirstReader.read` does."""
    return FirstReader(with_metadata=with_metadata, cache=cache).read(place)
