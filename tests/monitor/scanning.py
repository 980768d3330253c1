"""A scanner by itself, for tests that say when it looks."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from statustui.monitor.batch import Batch
from statustui.monitor.change_buffer import ChangeBuffer
from statustui.monitor.events.listener import Listener
from statustui.monitor.findings import (
    Finding,
    PathReleased,
    PathRests,
    RunChanged,
    RunRemoved,
    StatusFileChanged,
)
from statustui.monitor.fs.mounts import Mount, reach_of
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_scanner import RootScanner


def hand_on(finding: Finding, listener: Listener) -> None:
    """Tell a listener of what has been found, as the loop of a poller does."""
    if isinstance(finding, StatusFileChanged):
        listener.check_announced(finding.path)
    elif isinstance(finding, PathReleased):
        listener.unwatch(finding.path)
    elif isinstance(finding, PathRests):
        listener.add_resting(finding.path)


class Sweeping:
    """A scanner of `root`, and what it has found; `listener` hears of it, if it is set."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        """Scan nothing yet."""
        self.batches: list[Batch] = []
        self.findings: list[Finding] = []
        self.listener: Listener | None = None
        self.stopped = threading.Event()
        self.scanner = RootScanner(str(root), settings or Settings(), self.stopped)

    def look(self) -> None:
        """Check everything."""
        self.apply(self.scanner.sweep(math.inf, everything=True))

    def check(self, *runs: Path) -> None:
        """Check these runs."""
        self.apply(self.scanner.check([str(run) for run in runs]))

    def read_on(self, *, hurry: bool = True) -> None:
        """Read on in a long file whose turn it is."""
        self.apply(self.scanner.read_on(hurry=hurry))

    def apply(self, findings: Iterable[Finding]) -> None:
        """Scan, and hand what is found on as a batch and to the listener."""
        buffer = ChangeBuffer()
        for finding in findings:
            self.findings.append(finding)
            if isinstance(finding, RunChanged):
                buffer.add_run(finding.run)
            elif isinstance(finding, RunRemoved):
                buffer.remove_run(finding.path)
            elif self.listener is not None:
                hand_on(finding, self.listener)
        if buffer:
            self.batches.append(buffer.take())

    def attach(self, listener: Listener) -> None:
        """Let a listener hear of everything that has been found, and will be."""
        self.listener = listener
        for finding in self.findings:
            hand_on(finding, listener)

    @property
    def changed(self) -> list[str]:
        """The runs whose status file was found to have changed."""
        return [one.path for one in self.findings if isinstance(one, StatusFileChanged)]

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
