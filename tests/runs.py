"""Runs for tests, without files."""

from __future__ import annotations

import os

from statustui.core.run import Kind, Run, RunDir, RunMetadata
from statustui.core.run_builder import make_run
from statustui.core.status_summary import StatusSummary


def make(  # noqa: PLR0913 - one argument for each thing a run can differ in
    path: str,
    *statuses: str,
    name: str = "suite.test",
    user: str = "",
    series: str = "",
    kind: Kind = "test",
    start: float = 1000.0,
) -> Run:
    """A run whose statuses, each given as ``STATE note``, are a second apart from `start` on."""
    lines = [f"{start + second} {status}\n" for second, status in enumerate(statuses)]
    block = "".join(lines).encode()
    place = RunDir("r", path, os.path.basename(path), kind)
    return make_run(place, RunMetadata(name, user, series), StatusSummary().add(block, len(block)))
