"""The screen on a line of 64 KiB a second that takes 200 ms."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import children
from tests.terminal import STATUSTUI, terminal
from tests.trees import append, write_run

RELAY = """
import os, subprocess, sys, threading, time
def pump(source, target):
    due = time.monotonic()
    while data := os.read(source, 4096):
        due = max(due, time.monotonic()) + len(data) / (64 << 10)
        time.sleep(max(0, due + 0.1 - time.monotonic()))
        while data:
            data = data[os.write(target, data):]
    os.close(target)
agent = subprocess.Popen(["sh", "-c", sys.argv[-1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
back = threading.Thread(target=pump, args=(agent.stdout.fileno(), 1))
back.start()
threading.Thread(target=pump, args=(0, agent.stdin.fileno()), daemon=True).start()
back.join()
"""


@pytest.mark.slow
def test_keys_wait_for_no_byte_of_the_line(ssh: Callable[..., None], tmp_path: Path) -> None:
    """They are drawn while it is stopped; what changes is seen when it goes on."""
    ssh(RELAY)
    for number in range(100):
        write_run(tmp_path / f"{number:03}", f"RUNNING step {number}")
    write_run(tmp_path / "failed", "RUN_ERROR no space")
    with terminal([*STATUSTUI, f"host:{tmp_path}"], 100, 30) as screen:
        screen.wait_for_runs(101)
        [relay] = children(screen.pid)
        os.kill(relay, signal.SIGSTOP)
        screen.press("!")
        screen.wait_until_gone("step ")
        screen.wait_for("no space")
        screen.press("!G")
        screen.wait_for("step 99")
        screen.press("/note=*77\r")
        screen.wait_until_gone("step 99")
        screen.wait_for("step 77")
        append(tmp_path / "077", "RUN_TIMEOUT after 77")
        os.kill(relay, signal.SIGCONT)
        screen.wait_for("RUN_TIMEOUT")
        screen.press("q")
        assert screen.wait_for_end(within=10) == 0
