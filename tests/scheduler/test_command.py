from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from statustui.scheduler import command
from statustui.scheduler.command import CommandRunner, NoAnswerError
from tests.processes import descendants, wait_until_ended
from tests.waiting import wait_until

run_command = CommandRunner()

Fake = Callable[[str], str]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """Makes a command from the text of a shell script."""

    def make(script: str) -> str:
        path = tmp_path / "fake"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return make


def test_output_and_exit_status(fake: Fake) -> None:
    """Output and exit status."""
    words = [fake('echo "$1; $2"; echo bad >&2; exit 3'), "a b", "$(id)"]
    output = run_command(words, {})
    assert (output.status, output.out, output.err) == (3, "a b; $(id)\n", "bad\n")


def test_variables_are_set_and_unset(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables are set and unset."""
    monkeypatch.setenv("SQUEUE_FORMAT", "%A")
    output = run_command(
        [fake("echo $SLURM_TIME_FORMAT ${SQUEUE_FORMAT-unset} $LC_ALL")],
        {"SLURM_TIME_FORMAT": "%s", "SQUEUE_FORMAT": ""},
    )
    assert output.out == "%s unset C\n"


def test_a_command_that_hangs_is_killed(fake: Fake, tmp_path: Path) -> None:
    """A command that hangs is killed with all that it has started."""
    pids = tmp_path / "pids"
    script = f"trap '' TERM\nsleep 600 & echo $! $$ > {pids}; wait; sleep 600"
    began = time.monotonic()
    with pytest.raises(NoAnswerError, match=r"no answer within 0\.5 s"):
        run_command([fake(script)], {}, 0.5)
    assert time.monotonic() - began < 5
    started = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
    assert len(started) == 2
    wait_until(lambda: all(map(is_gone, started)))


def test_a_runner_that_is_stopped(fake: Fake, tmp_path: Path) -> None:
    """The command that is under way is killed at once, and so is a later one."""
    runner, pid = CommandRunner(), tmp_path / "pid"
    words = [fake(f"echo $$ > {pid}; exec sleep 600")]
    ends: list[int] = []
    thread = threading.Thread(target=lambda: ends.append(runner(words, {}).status))
    thread.start()
    wait_until(lambda: pid.exists() and pid.read_text(encoding="utf-8").strip())
    runner.stop()
    thread.join(10)
    assert ends == [-9]
    assert runner(words, {}).status == -9


def is_gone(pid: int) -> bool:
    """Whether a process has ended, if perhaps nobody has waited for it yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return True
    return state.split()[0] == "Z"


def test_what_a_command_leaves_behind(fake: Fake, tmp_path: Path) -> None:
    """What a command leaves behind is killed."""
    pid = tmp_path / "pid"
    run_command([fake(f"sleep 600 > /dev/null 2>&1 & echo $! > {pid}")], {})
    wait_until(lambda: is_gone(int(pid.read_text(encoding="utf-8"))))


def test_an_endless_answer_is_given_up(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless answer is given up."""
    monkeypatch.setattr(command, "MAX_BYTES", 1000)
    with pytest.raises(NoAnswerError, match="too long"):
        run_command([fake("exec yes")], {})


def test_a_closed_output_does_not_end(fake: Fake) -> None:
    """A closed output does not end the time limit."""
    with pytest.raises(NoAnswerError, match="no answer"):
        run_command([fake("exec >&- 2>&-; sleep 600")], {}, 0.3)


def test_garbage_is_decoded(fake: Fake) -> None:
    """Garbage is decoded."""
    assert run_command([fake(r"printf '\377\000x'")], {}).out == "\ufffd\0x"


def test_a_missing_command_has_not_answered(tmp_path: Path) -> None:
    """A missing command has not answered."""
    with pytest.raises(NoAnswerError, match="no such command"):
        run_command([str(tmp_path / "none")], {})


def test_a_command_that_hangs_when_this_program_is_killed(fake: Fake, tmp_path: Path) -> None:
    """It is ended by somebody else, if this program cannot do so any more."""
    pid = tmp_path / "pid"
    words = [fake(f"trap '' TERM; echo $$ > {pid}; sleep 600")]
    lines = (
        "import os, threading, time",
        "from statustui.scheduler import command",
        "command._MARGIN = 0.0",
        f"run = lambda: command.CommandRunner()({words!r}, {{}}, 1.0)",
        "threading.Thread(target=run, daemon=True).start()",
        f"while not os.path.exists({str(pid)!r}): time.sleep(0.01)",
        "os._exit(0)",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, timeout=30)
    wait_until(lambda: (told := pid.read_text(encoding="utf-8")) and is_gone(int(told)))


def test_a_command_that_is_killed(fake: Fake) -> None:
    """A command that is killed has a negative status."""
    assert run_command([fake("kill -9 $$")], {}).status == -9


def test_nothing_is_left_of_a_killed_command(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where a busy machine takes longer to end it than anybody waits."""
    monkeypatch.setattr(command, "_END_SECONDS", 0.0)
    before = descendants(os.getpid())
    with pytest.raises(NoAnswerError, match="no answer"):
        run_command([fake("sleep 600")], {}, 0.1)
    wait_until_ended(before)
