"""Muted failures in filters of the command line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from statustui.core.mutes import Mute
from statustui.settings.mute_file import save_mutes
from statustui.settings.session_state import state_directory
from tests.terminal import STATUSTUI
from tests.trees import write_run


def test_a_filter_selects_the_runs_that_the_monitor_has_as_muted(tmp_path: Path) -> None:
    """By what it has saved for the root; without such a filter nothing changes."""
    for name in ("one", "two"):
        write_run(tmp_path / name, f"RUN_ERROR lost by {name}")
    signature = "RUN_ERROR: lost by one"
    save_mutes(state_directory(), str(tmp_path), [Mute(".", signature, "failure")], [])
    counts = []
    for options in (("-F", "muted"), ("-F", "!muted problem"), ()):
        done = subprocess.run(
            [*STATUSTUI, "list", "--jsonl", *options, "."],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env=os.environ,
            check=True,
        )
        counts.append([name for name in ("one", "two") if f"by {name}" in done.stdout])
    assert counts == [["one"], ["two"], ["one", "two"]]
