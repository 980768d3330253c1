"""Filesystems that do not answer, or not in every part: nothing hangs, and nothing is hushed up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands import run_command
from tests.monitor.surroundings import Mirror, mirror, namespace
from tests.terminal import STATUSTUI, terminal
from tests.trees import append, write_run
from tests.waiting import DEADLINE, wait_until

PASSED = "COMPLETE The test completed with result: PASS"


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Mirror]:
    """A tree of one run, on a filesystem that has stopped answering."""
    with mirror(tmp_path / "fuse") as place:
        write_run(place.behind / "lost", PASSED)
        place.hang()
        yield place


def ended(*command: str, start: Sequence[str] = (), **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command that has to end by itself."""
    if not start:
        return run_command(*command, cwd=None, **env)
    return subprocess.run(
        [*start, *STATUSTUI, *command],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env=os.environ | env,
        check=False,
    )


@contextmanager
def started(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on for a while, as a shell starts it; it is ended afterwards."""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_list_gives_up_a_root_and_prints_the_others(tmp_path: Path, silent: Mirror) -> None:
    """The missing one is named, also in JSON; the exit status is 2."""
    good = write_run(tmp_path / "good", PASSED).parent / "good"
    roots = [str(silent.place), str(good)]
    done = ended("list", "--patience", "1", *roots)
    assert (done.returncode, done.stderr) == (2, f"statustui: {silent.place}: not answering\n")
    assert "PASS" in done.stdout
    answer = json.loads(ended("list", "--json", "--patience", "1", *roots).stdout)
    assert answer["incomplete"] == [{"path": str(silent.place), "error": "not answering"}]
    assert [run["path"] for run in answer["runs"]] == [str(good)]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["history"], "{}/lost: not answering"),
        (
            ["set", "--", "{}/lost", "RUNNING"],
            "{}/lost: not answering; the status may or may not be",
        ),
        (["wait"], "{}: not answering"),
        (["list", "--follow"], "{}: not answering"),
        ([], "{}: not answering"),
    ],
)
def test_every_command_gives_up_what_does_not_answer(
    silent: Mirror, command: list[str], told: str
) -> None:
    """After its patience, with a line that says what it is."""
    place = str(silent.place)
    words = [word.format(place) for word in command]
    if "set" in command:
        words.insert(1, "--patience=1")
    else:
        words += ["--patience=1", f"{place}/lost" if command == ["history"] else place]
    done = ended(*words)
    assert (done.returncode, done.stdout.count("lost")) == (2, 0)
    assert done.stderr.startswith(f"statustui: {told.format(place)}")
    assert done.stderr.count("\n") == 1


def test_waiting_goes_on_without_a_root_that_does_not_answer(
    tmp_path: Path, silent: Mirror
) -> None:
    """Until all that can be seen has ended; then the exit status is 2."""
    run = write_run(tmp_path / "good", "RUNNING x")
    command = [*STATUSTUI, "wait", "--patience=1", str(run), str(silent.place)]
    with started(command) as it:
        assert it.stderr is not None
        assert it.stdout is not None
        assert it.stderr.readline() == f"statustui: {silent.place}: not answering\n"
        assert it.poll() is None
        append(run, PASSED, time.time())
        assert it.wait(DEADLINE) == 2
        assert it.stdout.read() == "1 run: 1 passed\n"


def test_a_root_that_answers_again_is_waited_for_like_any_other(
    tmp_path: Path, silent: Mirror
) -> None:
    """It is said, and the exit status does not suffer from it."""
    run = write_run(tmp_path / "good", "RUNNING x")
    command = [*STATUSTUI, "wait", "--patience=1", str(run), str(silent.place)]
    with started(command) as it:
        assert it.stderr is not None
        assert it.stdout is not None
        assert it.stderr.readline() == f"statustui: {silent.place}: not answering\n"
        silent.go_on()
        assert it.stderr.readline() == f"statustui: {silent.place}: answers again\n"
        append(run, PASSED, time.time())
        assert it.wait(DEADLINE) == 0
        assert it.stdout.read() == "2 runs: 2 passed\n"


def test_the_time_of_waiting_is_over_whatever_hangs(silent: Mirror) -> None:
    """The root, or the configuration: long before the patience is."""
    timed_out = ended("wait", "--timeout=1", "--patience=1d", str(silent.place))
    assert timed_out.returncode == 124
    assert f"{silent.place}: not completely scanned yet" in timed_out.stderr
    home = {"XDG_CONFIG_HOME": str(silent.place)}
    assert ended("wait", "--timeout=1", "--patience=1d", "/proc/self", **home).returncode in {
        0,
        124,
    }


def test_a_configuration_that_does_not_answer_is_a_warning(tmp_path: Path, silent: Mirror) -> None:
    """Unless it is named."""
    write_run(tmp_path / "tree" / "a", PASSED)
    tree = str(tmp_path / "tree")
    done = ended("list", "--patience=1", tree, XDG_CONFIG_HOME=str(silent.place))
    assert (done.returncode, done.stdout.count("COMPLETE")) == (0, 1)
    assert done.stderr == f"statustui: {silent.place}/statustui/config.toml: not answering\n"
    named = ended("list", "--patience=1", f"--config={silent.place}/c.toml", tree)
    assert (named.returncode, named.stdout) == (2, "")
    assert named.stderr == f"statustui: {silent.place}/c.toml: not answering\n"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)]
)
@pytest.mark.parametrize("command", [["list"], ["wait"], ["history"]])
def test_a_signal_ends_what_waits_for_an_answer(
    silent: Mirror, command: list[str], number: int, status: int
) -> None:
    """At once, though a thread is stuck in a call."""
    with started([*STATUSTUI, *command, "--patience=1d", str(silent.place)]) as it:
        wait_until(lambda: len(os.listdir(f"/proc/{it.pid}/task")) > 1, "a thread that asks")
        it.send_signal(number)
        assert it.wait(DEADLINE) == status


def test_completion_looks_at_no_root(silent: Mirror) -> None:
    """It answers whatever has been typed before."""
    words = f"statustui list {silent.place} --config {silent.place}/c.toml --su"
    done = ended(_STATUSTUI_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="5")
    assert done.stdout.splitlines() == ["plain,--summary"]


@contextmanager
def unreadable(path: Path) -> Iterator[tuple[str, ...]]:
    """Makes a path unreadable; gives the start of a command to which that applies."""
    start = tuple(namespace(flags="-U"))
    mode = path.stat().st_mode & 0o777
    path.chmod(0)
    try:
        yield start
    finally:
        path.chmod(mode)


COMMANDS = (
    ["list"],
    ["list", "--exit-status"],
    ["list", "--json"],
    ["list", "--jsonl"],
    ["list", "--summary"],
    ["wait"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("part", ["test_runs", "test_runs/1/status"])
def test_a_picture_that_is_not_whole_is_no_success(
    tmp_path: Path, command: list[str], part: str
) -> None:
    """The part is named on standard error; 2 goes before the 1 of a run with a problem."""
    write_run(tmp_path / "test_runs" / "1", PASSED)
    write_run(tmp_path / "other" / "2", "RUN_FAILED x")
    with unreadable(tmp_path / part) as start:
        done = ended(*command, str(tmp_path), start=start)
    assert (done.returncode, done.stderr) == (
        2,
        f"statustui: {tmp_path}/{part}: Permission denied\n",
    )
    assert "failed" in done.stdout or "FAILED" in done.stdout
    assert ended(*command, str(tmp_path)).stderr == ""


def test_following_ends_with_2_while_a_part_cannot_be_read(tmp_path: Path) -> None:
    """When it is interrupted; the rest has been printed."""
    write_run(tmp_path / "a" / "1", PASSED)
    write_run(tmp_path / "b" / "2", PASSED)
    with (
        unreadable(tmp_path / "a") as start,
        started([*start, *STATUSTUI, "list", "--follow", str(tmp_path)]) as it,
    ):
        assert it.stdout is not None
        assert it.stderr is not None
        assert it.stdout.readline().split()[1] == "2"
        assert it.stderr.readline() == f"statustui: {tmp_path}/a: Permission denied\n"
        it.send_signal(signal.SIGINT)
        assert it.wait(DEADLINE) == 2


def test_what_is_refused_is_no_missing_part(tmp_path: Path) -> None:
    """A status that is a link or a FIFO, a log and a job that lead nowhere."""
    for number, target in enumerate(["/dev/zero", "status"], 1):
        place = tmp_path / "test_runs" / str(number)
        place.mkdir(parents=True)
        (place / "status").symlink_to(target)
    run = write_run(tmp_path / "test_runs" / "3", PASSED)
    (run / "job").symlink_to("/nowhere/at/all")
    (run / "run.log").symlink_to("/root/.secret")
    done = ended("list", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_monitor_opens_whatever_hangs(tmp_path: Path, silent: Mirror) -> None:
    """Beside a good root; with the configuration, and what is remembered, out of reach."""
    good = write_run(tmp_path / "good", "RUNNING on a node")
    command = [*STATUSTUI, str(good), str(silent.place)]
    home = str(silent.place)
    with terminal(command, 100, 24, XDG_CONFIG_HOME=home, XDG_STATE_HOME=home) as screen:
        screen.wait_for("on a node")
        screen.press("\x11")
        assert screen.wait_for_end(10) == 0
