"""Ends that are not by a key: no broken terminal, and no process left behind."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from statustui.startup.crash_report import report_crash
from tests.slow import slow
from tests.terminal import STATUSTUI, Terminal, terminal
from tests.trees import append, write_run
from tests.waiting import wait_until

MOUSE_OFF, SCREEN_BACK, CURSOR_BACK = b"\x1b[?1000l", b"\x1b[?1049l", b"\x1b[?25h"


def is_restored(screen: Terminal) -> bool:
    """Whether the last that was sent leaves the terminal as it was."""
    out = screen.output
    return (
        out.rfind(SCREEN_BACK) > out.rfind(b"\x1b[?1049h")
        and out.rfind(CURSOR_BACK) > out.rfind(b"\x1b[?25l")
        and out.rfind(MOUSE_OFF) >= out.rfind(b"\x1b[?1000h")
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, slow(signal.SIGHUP)])
def test_a_signal_ends_it_and_restores_the_terminal(tmp_path: Path, number: signal.Signals) -> None:
    """With the exit status that shells have for it, also with a run open."""
    write_run(tmp_path / "one", "RUNNING on a node")
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for_runs(1)
        screen.press("\r")
        screen.wait_for("History")
        os.kill(screen.pid, number)
        assert screen.wait_for_end() == 128 + number
        assert is_restored(screen)


def test_a_signal_before_the_first_frame_restores_the_terminal_too(tmp_path: Path) -> None:
    """While the rest of the program is being imported."""
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for("looking for runs")
        os.kill(screen.pid, signal.SIGTERM)
        assert screen.wait_for_end() == 143
        assert is_restored(screen)


@pytest.mark.slow
def test_a_signal_behind_the_screen_still_ends_it(tmp_path: Path) -> None:
    """While what the demo has written is deleted."""
    command = [*STATUSTUI, "demo", "--runs", "3000"]
    with terminal(command, 80, 24, TMPDIR=str(tmp_path)) as screen:
        screen.wait_for("events")
        screen.press("q")
        screen.wait_until(lambda: is_restored(screen), "the terminal back")
        os.kill(screen.pid, signal.SIGTERM)
        assert screen.wait_for_end() in {0, 143}
        assert b"internal error" not in screen.output


def is_gone(pid: int) -> Callable[[], bool]:
    """Tells whether a child of ours has ended."""
    return lambda: os.waitpid(pid, os.WNOHANG)[0] == pid


@pytest.mark.parametrize("ignored", [[], ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]])
def test_no_process_stays_when_the_connection_is_lost(tmp_path: Path, ignored: list[str]) -> None:
    """Not even one that was told to ignore it, as by nohup: it would read the end for ever."""
    write_run(tmp_path / "one", "RUNNING on a node")
    with terminal([*ignored, *STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for_runs(1)
        screen.hang_up()
        wait_until(is_gone(screen.pid), "the program to end")
        screen.status = 0


def test_it_can_be_suspended_and_comes_back(tmp_path: Path) -> None:
    """As any program that a shell has started; the terminal is the shell's meanwhile."""
    run = write_run(tmp_path / "one", "RUNNING on a node")
    with terminal(["bash", "--norc", "--noprofile", "-i"], PS1="ready$ ") as screen:
        screen.wait_for("ready$")
        screen.press(f"{sys.executable} -m statustui {tmp_path}\r")
        screen.wait_for_runs(1)
        screen.press("\x1a")
        screen.wait_until(lambda: is_restored(screen), "the terminal back")
        screen.wait_for("Stopped")
        with (run / "status").open("a") as status:
            status.write("1795000900.0 RUN_TIMEOUT meanwhile\n")
        screen.press("fg\r")
        screen.wait_for("meanwhile")
        screen.wait_for("AGE")
        screen.wait_for("1 failed")
        screen.press("q")
        screen.wait_until(
            lambda: is_restored(screen) and b"ready$" in screen.output.rpartition(SCREEN_BACK)[2],
            "the shell back",
        )
        screen.press("exit\r")
        assert screen.wait_for_end() == 0
        assert is_restored(screen)


CRASHING = """
import sys
import time
from statustui.tui.widgets.run_table import RunTable
def fail(self, y):
    password = "hunter2"
    raise RuntimeError("no such \\x1b[2Jline")
RunTable.render_line = fail
from statustui.__main__ import main
sys.argv[0] = "statustui"
main()
"""


def test_a_crash_leaves_a_report_and_two_lines(tmp_path: Path) -> None:
    """And the terminal as it was; no value of a variable is told."""
    write_run(tmp_path / "tree" / "one", "RUNNING on a node")
    state = tmp_path / "state"
    command = [sys.executable, "-c", CRASHING, str(tmp_path / "tree")]
    with terminal(command, 200, 24, XDG_STATE_HOME=str(state)) as screen:
        assert screen.wait_for_end() == 70
        assert is_restored(screen)
        words = screen.output.rpartition(SCREEN_BACK)[2]
    assert b"internal error: RuntimeError: no such \\x1b[2Jline" in words
    (report,) = (state / "statustui").glob("crash-*")
    assert str(report).encode() in words
    assert words.count(b"\n") == 2
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text()
    assert "RuntimeError" in text
    assert "render_line" in text or "fail" in text
    assert str(tmp_path / "tree") not in text


def test_a_crash_of_a_plain_command_is_told_alike(tmp_path: Path) -> None:
    """Never with a traceback."""
    program = (
        "import sys, statustui.cli.output as r\n"
        "def fail(*_): raise RuntimeError('no table')\n"
        "r.table = fail\n"
        "from statustui.cli.main import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "list", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path / "state")},
    )
    assert done.returncode == 70
    assert done.stderr.count("\n") == 2
    assert "Traceback" not in done.stderr


def test_a_report_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In two lines as well."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    first, second = report_crash(ValueError("x"))
    assert first == "statustui: internal error: ValueError: x"
    assert "cannot write a report" in second


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not there")
def test_tmux_may_be_detached_and_attached_again(tmp_path: Path) -> None:
    """What has happened meanwhile is on the screen then, also in a terminal of another size."""
    run = write_run(tmp_path / "tree" / "one", "RUNNING on a node")
    tmux = ["tmux", "-L", f"statustui-{os.getpid()}", "-f", "/dev/null"]
    program = shlex.join([*STATUSTUI, str(tmp_path / "tree")])
    try:
        with terminal([*tmux, "new-session", "-s", "s", program], 80, 24, TMUX="") as screen:
            screen.wait_for_runs(1)
            screen.press("\x02d")
            assert screen.wait_for_end() == 0
        append(run, "RUN_TIMEOUT while nobody was there", time.time())
        with terminal([*tmux, "attach"], 160, 40, TMUX="") as screen:
            screen.wait_for("RUN_TIMEOUT")
            screen.wait_for("+ 1 new")
            screen.press("\r")
            screen.wait_for("why: RUN_TIMEOUT while nobody was there")
            screen.press("q\x11")
            assert screen.wait_for_end() == 0
    finally:
        subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


STOPPED = """
import os, subprocess, sys, termios
before = termios.tcgetattr(0)
child = subprocess.Popen(sys.argv[1:])
print(child.pid, file=open(os.environ["PID"], "w"), flush=True)
status = child.wait()
same = termios.tcgetattr(0) == before
print("ended", status, "as before" if same else "not as before", flush=True)
sys.stdin.read(1)
"""


def stopped_at(place: Path, run: Callable[[Terminal, int], None]) -> bytes:
    """What is said at the end of a program that `run` has pressed `q` in."""
    write_run(place / "tree" / "one", "RUNNING on a node")
    write_run(place / "tree" / "two", "RUNNING on a node")
    pid = place / "pid"
    command = [sys.executable, "-c", STOPPED, *STATUSTUI, str(place / "tree")]
    with terminal(command, PID=str(pid)) as screen:
        screen.wait_for_runs(2)
        run(screen, int(pid.read_text()))
        screen.wait_for("ended")
        screen.wait_for("before")
        return screen.output.rpartition(b"ended")[2].split(b"\r")[0]


def stop(screen: Terminal, pid: int, keys: bytes) -> None:
    """Type while the program is stopped for longer than it waits for the rest of a sequence."""
    os.kill(pid, signal.SIGSTOP)
    screen.press(keys)
    screen.read_for(0.3)
    os.kill(pid, signal.SIGCONT)


@pytest.mark.slow
def test_a_key_pressed_while_it_was_stopped_counts(tmp_path: Path) -> None:
    """However often, and the terminal is as it was before in the end."""

    def press(screen: Terminal, pid: int) -> None:
        for _ in range(3):
            stop(screen, pid, b"")
            screen.wait_for_runs(2)
        stop(screen, pid, b"q")

    assert stopped_at(tmp_path, press).split() == [b"0", b"as", b"before"]


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1, slow(2)])
def test_a_sequence_that_is_cut_by_a_stop_is_still_one(tmp_path: Path, cut: int) -> None:
    """Its beginning came before, its rest while the program was stopped."""
    end = b"\x1b[F"

    def press(screen: Terminal, pid: int) -> None:
        screen.press(end[:cut])
        stop(screen, pid, end[cut:] + b"\r")
        screen.wait_for("two")
        screen.wait_for("History")
        assert "two" in screen.lines[0]
        screen.press("q\x11")

    assert stopped_at(tmp_path, press).startswith(b" 0")


NO_THREAD = """
import sys, threading
start, left = threading.Thread.start, int(sys.argv[1])
def refuse(self):
    global left
    if left <= 0:
        raise RuntimeError("can't start new thread")
    left -= 1
    start(self)
threading.Thread.start = refuse
from statustui.__main__ import main
sys.argv = ["statustui", *sys.argv[2:]]
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("allowed", range(4))
def test_without_threads_it_ends_with_one_line(tmp_path: Path, allowed: int) -> None:
    """Whichever of them cannot be started; the terminal is as it was."""
    write_run(tmp_path / "one", "RUNNING on a node")
    command = [sys.executable, "-c", NO_THREAD, str(allowed), str(tmp_path)]
    with terminal(command, 120) as screen:
        assert screen.wait_for_end() == 2
        assert is_restored(screen)
        words = screen.output.rpartition(b"\x1b[")[2]
        assert words.count(b"\n") == 1
        assert b"no thread can be started" in words


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody without processes")
def test_a_user_who_may_have_no_more_processes_is_told_in_one_line(tmp_path: Path) -> None:
    """As with `ulimit -u`."""
    if shutil.which("setpriv") is None or shutil.which("prlimit") is None:
        pytest.skip("setpriv or prlimit is not there")
    write_run(tmp_path / "one", "RUNNING on a node")
    # Nobody else has this number; a process counts as a thread.
    user = str(59_000 + os.getpid() % 1000)
    command = ["setpriv", "--reuid", user, "--clear-groups", "--inh-caps=-all", "prlimit"]
    command += ["--nproc=2", *STATUSTUI, str(tmp_path)]
    with terminal(command, 120, HOME="/nonexistent") as screen:
        status = screen.wait_for_end()
        if b"ermission denied" in screen.output:
            pytest.skip("this checkout cannot be read by others")
        assert status == 2
        assert is_restored(screen)
        assert b"no thread can be started" in screen.output
