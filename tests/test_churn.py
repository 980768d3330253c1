"""Runs that come and go: nothing of them stays in a process that watches."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.monitor.follower import Follower, follower
from tests.trees import write_run
from tests.waiting import wait_until

RUNS = 40
"""Runs that come and go together."""
NAME = 500_000
"""Characters of their names."""
BOUND = 12 << 20
"""Bytes by which memory may vary: one set of runs has 20 MB of names, and eight of them go by."""


def memory(process: int) -> int:
    """Bytes that a process has in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def come_and_go(root: Path, following: Follower, turn: int) -> None:
    """Make some runs, and delete them when they have been seen."""
    deep = root / "plain" / "/".join(f"{turn}{'d' * 200}" for _ in range(10))
    for number in range(RUNS):
        run = write_run(root / "test_runs" / f"{turn}-{number}", f"RUN_ERROR {turn}{'x' * 4000}")
        name = f"{turn}-{number}" + "n" * NAME
        (run / "attributes").write_text(json.dumps({"name": name}), encoding="utf-8")
        write_run(deep / f"deep-{turn}-{number}", f"{turn}{'S' * 4000}")
    wait_until(lambda: len(following.runs) == 2 * RUNS)
    shutil.rmtree(root / "test_runs")
    shutil.rmtree(root / "plain")
    wait_until(lambda: not following.runs)
    following.seen.clear()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc")
def test_runs_with_long_names_that_come_and_go_leave_nothing_behind(tmp_path: Path) -> None:
    """The process is as large after twelve sets of them as after four."""
    with follower(tmp_path, "--interval", "0.2") as following:
        for turn in range(4):
            come_and_go(tmp_path, following, turn)
        early = memory(following.process.pid)
        for turn in range(4, 12):
            come_and_go(tmp_path, following, turn)
        assert memory(following.process.pid) - early < BOUND


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc")
def test_many_links_to_one_status_file_cost_its_note_once(tmp_path: Path) -> None:
    """Two thousand runs with a note of 16 kB in memory: 10 kB each are for all else of a run."""
    with follower(tmp_path, "--interval", "0.2") as following:
        one = write_run(tmp_path / "one", f"RUN_ERROR {'x' * 4000}\N{PILE OF POO}")
        wait_until(lambda: following.runs)
        early = memory(following.process.pid)
        for number in range(2000):
            (tmp_path / str(number)).mkdir()
            os.link(one / "status", tmp_path / str(number) / "status")
        wait_until(lambda: len(following.runs) == 2001)
        assert memory(following.process.pid) - early < 2000 * 10_000
