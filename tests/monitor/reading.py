"""Reading runs as a sweep does for the first time, and which of their files are opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from statustui.core.reading import open_checked
from statustui.core.run import RunDir
from statustui.monitor.first_read import FirstReader
from statustui.monitor.snapshot import RunSnapshot
from statustui.monitor.snapshot_cache import SnapshotCache


def read_first(
    place: RunDir, *, with_metadata: bool = True, cache: SnapshotCache | None = None
) -> RunSnapshot | None:
    """Read one run as `FirstReader.read` does."""
    return FirstReader(with_metadata=with_metadata, cache=cache).read(place)


def record_opens(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of the runs whose status files are opened from now on."""
    opened: list[str] = []

    def open_recorded(path: str, around: int | None) -> int:
        opened.append(Path(path).parent.name)
        return open_checked(path, around)

    monkeypatch.setattr("statustui.monitor.first_read.open_checked", open_recorded)
    return opened
