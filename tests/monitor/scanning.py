"""A scanner without its thread, for tests that decide when it checks what."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from stat import S_ISDIR

import pytest

from statustui.core.run import Run
from statustui.monitor.batch import Batch
from statustui.monitor.change_buffer import ChangeBuffer
from statustui.monitor.events.listener import Listener
from statustui.monitor.findings import (
    Finding,
    PathReleased,
    PathsRest,
    RunRemoved,
    RunsChanged,
    StatusFileChanged,
)
from statustui.monitor.fs.mounts import Mount, reach_of
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_scanner import RootScanner


def pass_on(finding: Finding, listener: Listener) -> None:
    """Pass a finding to a listener, as the poll loop does."""
    if isinstance(finding, StatusFileChanged):
        listener.check_announced(finding.path)
    elif isinstance(finding, PathReleased):
        listener.unwatch(finding.path)
    elif isinstance(finding, PathsRest):
        listener.add_resting(finding.paths)


def changed_runs(findings: Iterable[Finding]) -> Iterator[Run]:
    """The runs that were found or have changed, in order."""
    for finding in findings:
        if isinstance(finding, RunsChanged):
            yield from finding.runs


class ScannerDriver:
    """A scanner of `root` and its findings, which are passed on to `listener` if there is one."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        self.batches: list[Batch] = []
        self.findings: list[Finding] = []
        self.listener: Listener | None = None
        self.stopped = threading.Event()
        self.scanner = RootScanner(str(root), settings or Settings(), self.stopped)

    def sweep_all(self) -> None:
        """Check everything."""
        sweep = self.scanner.sweep(math.inf, everything=True)
        self.apply(chain(sweep, self.scanner.review_jobs()))

    def check(self, *runs: Path) -> None:
        """Check these runs."""
        self.apply(self.scanner.check([str(run) for run in runs]))

    def read_on(self, *, hurry: bool = True) -> None:
        """Read the next part of the long file that is due."""
        self.apply(self.scanner.read_on(hurry=hurry))

    def apply(self, findings: Iterable[Finding]) -> None:
        """Run a scan, and keep its findings and a batch of its changes."""
        buffer = ChangeBuffer()
        for finding in findings:
            self.findings.append(finding)
            for run in changed_runs([finding]):
                buffer.add_run(run)
            if isinstance(finding, RunRemoved):
                buffer.remove_run(finding.path)
            elif self.listener is not None:
                pass_on(finding, self.listener)
        if buffer:
            self.batches.append(buffer.take())

    def attach(self, listener: Listener) -> None:
        """Pass all findings, past and future, on to a listener."""
        self.listener = listener
        for finding in self.findings:
            pass_on(finding, listener)

    @property
    def changed(self) -> list[str]:
        """Paths of the runs whose status file was found to have changed."""
        return [one.path for one in self.findings if isinstance(one, StatusFileChanged)]

    def states(self) -> dict[str, str]:
        """Return name of each run directory -> current state, after all batches."""
        states: dict[str, str] = {}
        for batch in self.batches:
            for path in batch.removed:
                states.pop(os.path.basename(path), None)
            states |= {os.path.basename(run.path): run.current.state for run in batch.changed}
        return states


def put_on_filesystem(monkeypatch: pytest.MonkeyPatch, filesystem: str) -> None:
    """Make every path seem to be on a filesystem of this type."""
    mounts = [Mount("/", filesystem, reach_of(filesystem))]
    monkeypatch.setattr("statustui.monitor.fs.mounts.read_mounts", lambda: mounts)


def move_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every directory seem to be on another device."""
    stat = os.stat

    def elsewhere(
        path: str, *, dir_fd: int | None = None, follow_symlinks: bool = True
    ) -> os.stat_result:
        state = stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        if not S_ISDIR(state.st_mode):
            return state
        fields = list(state)
        fields[2] += 1
        times = {"st_mtime_ns": state.st_mtime_ns, "st_ctime_ns": state.st_ctime_ns}
        return os.stat_result(fields, times | {"st_mtime": state.st_mtime})

    monkeypatch.setattr("statustui.monitor.directories.os.stat", elsewhere)
