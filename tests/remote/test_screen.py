"""The monitor in a terminal, on roots of other hosts."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.cli.test_compare import add_run
from tests.remote.server import Server
from tests.terminal import STATUSTUI, terminal
from tests.trees import append, write_run
from tests.waiting import wait_until

PASSED = "COMPLETE The test completed with result: PASS"


@pytest.mark.slow
def test_two_hosts_in_one_list(server: Server, tmp_path: Path) -> None:
    """One that is cut off keeps its runs, the other one goes on; nothing outlives the program."""
    for name in ("one", "two"):
        write_run(tmp_path / name / "test_runs" / "7", "RUNNING on " + name)
        (tmp_path / name / "test_runs" / "7" / "run.log").write_text(f"log of {name}\n")
    roots = [f"quiet:{tmp_path}/one", f"noisy:{tmp_path}/two", "closed:wd"]
    with terminal([*STATUSTUI, *roots], 200, 30) as screen:
        for words in ("on one", "on two", "quiet:one", "noisy:two", "Connection refused"):
            screen.wait_for(words)
        assert len(server.agents()) == 2
        screen.press("\r\t")
        screen.wait_for("log of ")
        screen.press("q")
        server.stop()
        screen.wait_for("(quiet: ssh: connect to host")
        append(tmp_path / "two" / "test_runs" / "7", PASSED)
        server.start()
        screen.press("r")
        screen.wait_for("COMPLETE")
        wait_until(lambda: len(server.agents()) == 2, "both agents")
        os.kill(screen.pid, signal.SIGKILL)
        wait_until(lambda: not server.agents(), "the agents to end after a kill", 10)


@pytest.mark.slow
def test_runs_elsewhere_are_compared_and_drawn_over_time(server: Server, tmp_path: Path) -> None:
    """By their files on that host; what cannot be read without a connection is said."""
    before = add_run(tmp_path / "wd", 0, "hpcg.n4", days=1, gflops=80.0)
    run = add_run(tmp_path / "wd", 1, "hpcg.n4", gflops=40.0)
    for path, words in ((before, "fine"), (run, "nan")):
        (path / "run.log").write_text(f"residual is {words}\n", encoding="utf-8")
    with terminal([*STATUSTUI, f"quiet:{tmp_path}/wd"], 100, 30) as screen:
        screen.wait_for_runs(2)
        screen.press("x")
        screen.wait_for("waited 1.00s, ran 1m00s")
        screen.press("q=")
        screen.wait_for("gflops")
        screen.wait_for("residual is nan")
        server.stop()
        screen.wait_for("Connection refused")
        screen.wait_for("gflops")
        server.start()
        screen.press("r")
        screen.wait_until_gone("Connection refused")
        wait_until(server.agents, "a new agent")
        append(run, "COMPLETE The test completed with result: FAIL", time.time())
        screen.wait_for("FAILED")
