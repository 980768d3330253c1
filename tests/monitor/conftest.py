"""Monitors for tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings
from tests.monitor.picture import Picture, Watch


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watch roots until the test is over."""
    monitors: list[Monitor] = []

    def start(*roots: Path, settings: Settings | None = None) -> Picture:
        picture = Picture()
        monitors.append(Monitor([str(root) for root in roots], settings))
        monitors[-1].start(picture.take)
        return picture

    yield start
    for monitor in monitors:
        monitor.stop()
