"""A sweeper by itself, for tests that say when it looks."""

from __future__ import annotations

import math
import os
import threading
from pathlib import Path

import pytest

from statustui.monitor.batch import Batch
from statustui.monitor.change_buffer import Outbox
from statustui.monitor.fs.mounts import Mount, reach_of
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_scanner import RootScanner


class Sweeping:
    """A sweeper of `root`, and what it has handed out."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        """Look at nothing yet."""
        self.batches: list[Batch] = []
        self.stopped = threading.Event()
        outbox = Outbox(str(root), self.batches.append)
        self.sweeper = RootScanner(
            str(root), settings or Settings(), outbox, outbox.tell, self.stopped
        )
        self._outbox = outbox

    def look(self) -> None:
        """Look at everything."""
        self.sweeper.sweep(math.inf, everything=True)
        self._outbox.tell()

    def check(self, *runs: Path) -> None:
        """Look at these runs again."""
        self.sweeper.check([str(run) for run in runs])
        self._outbox.tell()

    def tell(self) -> None:
        """Take in what has been found."""
        self._outbox.tell()

    def states(self) -> dict[str, str]:
        """Name of each run directory -> current state, for somebody who has taken in all of it."""
        states: dict[str, str] = {}
        for batch in self.batches:
            for path in batch.removed:
                states.pop(os.path.basename(path), None)
            states |= {os.path.basename(run.path): run.current.state for run in batch.changed}
        return states


def put_on(monkeypatch: pytest.MonkeyPatch, filesystem: str) -> None:
    """Let everything seem to be on one filesystem."""
    mounts = [Mount("/", filesystem, reach_of(filesystem))]
    monkeypatch.setattr("statustui.monitor.fs.mounts.read_mounts", lambda: mounts)


def move_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every directory seem to be on another device."""
    stat = os.stat

    def elsewhere(path: str, *, follow_symlinks: bool = True) -> os.stat_result:
        state = stat(path, follow_symlinks=follow_symlinks)
        fields = list(state)
        fields[2] += 1
        times = {"st_mtime_ns": state.st_mtime_ns, "st_ctime_ns": state.st_ctime_ns}
        return os.stat_result(fields, times | {"st_mtime": state.st_mtime})

    monkeypatch.setattr("statustui.monitor.directories.os.stat", elsewhere)
