"""Fixtures with monitors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings
from tests.monitor.recorder import RunRecorder, Watch


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watch roots until the end of the test."""
    monitors: list[Monitor] = []

    def start(*roots: Path, settings: Settings | None = None) -> RunRecorder:
        recorder = RunRecorder()
        monitors.append(Monitor([str(root) for root in roots], settings))
        monitors[-1].start(recorder.apply_batch)
        return recorder

    yield start
    for monitor in monitors:
        monitor.stop()
