"""A log in the user's own pager and editor, in a terminal of its own."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.terminal import STATUSTUI, terminal
from tests.trees import write_run
from tests.waiting import wait_until

OTHER_SCREEN_ON, OTHER_SCREEN_OFF = b"\x1b[?1049h", b"\x1b[?1049l"
PAGER = """
import os, select, sys
path = sys.argv[1]
kept = os.environ.get("LESSSECURE")
try:
    print("secured:", kept, open(path).read(), flush=True)
    # A signal just before a call that waits for long would not end that call.
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        pass
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.stdin.readline()
"""


def test_a_log_is_handed_to_the_pager_and_the_screen_comes_back(tmp_path: Path) -> None:
    """Of the very file that was checked; keys for the pager do not reach the monitor."""
    run = write_run(tmp_path / "tree" / "one", "RUNNING on a node")
    (run / "run.log").write_text("step 3 of 5\n")
    (tmp_path / "pager.py").write_text(PAGER)
    pager = f"{sys.executable} '{tmp_path}/pager.py'"
    with terminal(
        [*STATUSTUI, str(tmp_path / "tree")], PAGER=pager, EDITOR="/no/such/editor"
    ) as screen:
        screen.wait_for_runs(1)
        screen.press("\r")
        screen.wait_for("v Pager")
        screen.press("v")
        screen.wait_for("secured: 1 step 3 of 5")
        assert OTHER_SCREEN_OFF in screen.output.partition(b"secured")[0]
        # Ctrl-c is for the pager.
        screen.press("\x03")
        screen.wait_for("interrupted")
        with (run / "status").open("a") as status:
            status.write("1795000900.0 RUN_TIMEOUT meanwhile\n")
        screen.press("q\r")
        screen.wait_for("FAILED")
        screen.wait_for("meanwhile")
        # The whole screen is drawn again.
        assert not any("secured" in line for line in screen.lines)
        assert OTHER_SCREEN_ON in screen.output.rpartition(b"interrupted")[2]
        screen.press("V")
        screen.wait_for("/no/such/editor: No such file or")
        screen.wait_for("History")
        screen.press("\x11")
        assert screen.wait_for_end() == 0


@pytest.mark.slow
def test_the_end_of_the_monitor_ends_the_pager(tmp_path: Path) -> None:
    """By a signal, while the pager has the terminal."""
    run = write_run(tmp_path / "tree" / "one", "RUNNING on a node")
    (run / "run.log").write_text("step 3 of 5\n")
    script = tmp_path / "pager.py"
    script.write_text("import os, time\nprint('pid', os.getpid(), '.', flush=True)\ntime.sleep(60)")
    pager = f"{sys.executable} {script}"
    with terminal([*STATUSTUI, str(tmp_path / "tree")], PAGER=pager) as screen:
        screen.wait_for_runs(1)
        screen.press("\r")
        screen.wait_for("v Pager")
        screen.press("v")
        shown = re.compile(rb"pid (\d+) \.")
        screen.wait_until(lambda: shown.search(screen.output) is not None, "the pager")
        os.kill(screen.pid, signal.SIGTERM)
        assert screen.wait_for_end() == 143
        found = shown.search(screen.output)
        assert found is not None
        command = Path(f"/proc/{int(found[1])}/cmdline")
        wait_until(lambda: not command.exists() or not command.read_bytes(), "the pager to end")


@pytest.mark.slow
def test_the_pager_can_be_suspended_with_the_monitor(tmp_path: Path) -> None:
    """Ctrl-z gives the terminal to the shell, and `fg` gives it back to the pager."""
    run = write_run(tmp_path / "tree" / "one", "RUNNING on a node")
    (run / "run.log").write_text("step 3 of 5\n")
    script = tmp_path / "pager.py"
    script.write_text("print('the', 'pager', flush=True)\nprint('it reads', input())\ninput()")
    pager = f"{sys.executable} {script}"
    shell = ["bash", "--norc", "--noprofile", "-i"]
    with terminal(shell, PS1="ready$ ", PAGER=pager) as screen:
        screen.wait_for("ready$")
        screen.press(f"{sys.executable} -m statustui {tmp_path}/tree\r")
        screen.wait_for_runs(1)
        screen.press("\r")
        screen.wait_for("v Pager")
        screen.press("v")
        screen.wait_for("the pager")
        screen.press("\x1a")
        screen.wait_until(
            lambda: b"ready$" in screen.output.partition(b"Stopped")[2], "the shell back"
        )
        before = len(screen.output)
        screen.press("fg\r")
        # A shell prints the command that it continues.
        screen.wait_until(lambda: b"-m statustui" in screen.output[before:], "the job to go on")
        screen.press("a line\r")
        screen.wait_for("it reads a line")
        screen.press("\r")
        screen.wait_until(
            lambda: b"Pager" in screen.output.rpartition(b"it reads")[2], "the monitor back"
        )
        before = len(screen.output)
        screen.press("\x11")
        screen.wait_until(lambda: b"ready$" in screen.output[before:], "the shell")
        screen.press("exit\r")
        assert screen.wait_for_end() == 0
