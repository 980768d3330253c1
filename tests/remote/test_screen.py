"""The monitor in a terminal, on roots of other hosts."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_compare import add_run
from tests.remote.server import Server, descendants, is_agent
from tests.terminal import STATUSTUI, terminal
from tests.trees import append, write_run
from tests.waiting import wait_until

PASSED = "COMPLETE The test completed with result: PASS"
ASKING = """
import os, sys
if "BatchMode=yes" in sys.argv:
    sys.exit("me@host: Permission denied (publickey,keyboard-interactive).")
sys.stderr.write("Push the button of your token.\\n")
with open("/dev/tty", "r+b", buffering=0) as tty:
    tty.write(b"Password: ")
    if tty.readline() != b"secret\\n":
        sys.exit("me@host: Permission denied (keyboard-interactive).")
os.execvp("sh", ["sh", "-c", sys.argv[-1]])
"""


def agents_below(pid: int) -> list[int]:
    """The agents that a program has started on this host."""
    return list(filter(is_agent, descendants(pid)))


@pytest.mark.slow
def test_passwords_are_asked_before_the_screen_and_again_with_r(
    ssh: Callable[..., None], tmp_path: Path
) -> None:
    """By ssh itself, on the terminal; a wrong one is a visible state."""
    ssh(ASKING)
    run = write_run(tmp_path / "wd" / "7", "RUNNING step 1")
    with terminal([*STATUSTUI, f"me@host:{tmp_path}/wd"], 120) as screen:
        screen.wait_for("Push the button")
        screen.wait_for("Password:")
        screen.press("secret\n")
        screen.wait_for("1 run, events")
        [agent] = agents_below(screen.pid)
        os.kill(agent, signal.SIGKILL)
        screen.wait_for("r lets ssh ask for a password")
        # What was known stays in view.
        screen.wait_for("step 1")
        screen.press("r")
        screen.wait_for("Password:")
        screen.press("wrong\n")
        screen.wait_until_gone("Password")
        screen.wait_for("r lets ssh ask for a password")
        append(run, "RUN_ERROR step 2")
        screen.press("r")
        screen.wait_for("Password:")
        screen.press("secret\n")
        screen.wait_for("step 2")
        screen.press("q")
        assert screen.wait_for_end(within=10) == 0


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
