"""Nothing in a watched tree is changed: a trace of every system call of a long session."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.terminal import STATUSTUI, terminal
from tests.trees import append, write_run

STRACE = shutil.which("strace")
CALLS = "trace=%file,%desc"

CHANGING = re.compile(
    r"\b(creat|mkdir|rename|link|symlink|unlink|rmdir|mknod|(f|l)?chmod|(f|l)?chown|utime|futimes"
    r"|(f)?truncate|fallocate|(f|l)?setxattr|(f|l)?removexattr|flock|p?write|sendfile|copy_file"
    r"|fsync|fdatasync)\w*\("
)
LOCKING = re.compile(r"F_(OFD_)?SETLK|F_SETLEASE|F_NOTIFY")
OPENING = re.compile(r"\bopen(at2?)?\(")
WRITING = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)")


def changes(trace: str, tree: Path) -> list[str]:
    """The lines of a trace that change something in a tree, or lock it."""
    return [
        line
        for line in trace.splitlines()
        if str(tree) in line
        and (
            CHANGING.search(line.partition("=")[0])
            or LOCKING.search(line)
            or (OPENING.search(line) and WRITING.search(line))
        )
    ]


def plant(tree: Path) -> Path:
    """A tree with all that there is to look at; its first run."""
    run = write_run(tree / "test_runs" / "1", "CREATED a", "RUNNING b", "RUN_TIMEOUT c")
    (run / "run.log").write_text("step 1\nfatal: no more nodes\n" * 500)
    (run / "kickoff.log").write_text("Submitted\n")
    (run / "results.json").write_text('{"gflops": 12.5, "nodes": ["a", "b"]}')
    (run / "attributes").write_text('{"name": "suite.test"}')
    write_run(tree / "test_runs" / "2", "RUNNING b")
    write_run(tree / "series" / "1", "ALL_STARTED all")
    (tree / "test_runs" / "3").mkdir()
    return run


@pytest.mark.slow
@pytest.mark.skipif(STRACE is None, reason="strace is not there")
def test_a_long_session_changes_nothing(tmp_path: Path) -> None:
    """With drill-down, logs, searches, results, preview and copying; and the plain commands too."""
    tree, trace = tmp_path / "tree", tmp_path / "trace"
    run = plant(tree)
    strace = [str(STRACE), "-f", "-y", "-qq", "-e", CALLS, "-o", str(trace)]
    with terminal([*strace, *STATUSTUI, str(tree)], 160, 45) as screen:
        screen.wait_for_runs(3)
        for keys, text in (
            ("\r", "why: RUN_TIMEOUT"),
            ("\r", "First error"),
            ("g", "500"),
            ("!", "▸fatal"),
            ("/step\r", "▸step"),
            ("}", "Submitted"),
            ("\t", "gflops  12.5"),
            ("]", "RUNNING  2"),
            ("q", "Filter"),
            ("sS!", "listed"),
        ):
            screen.press(keys)
            if text != "500":
                screen.wait_for(text)
        append(run, "RUN_ERROR at last", time.time())
        screen.wait_for("at last")
        screen.press("yYp\x11")
        assert screen.wait_for_end() == 0
    session = trace.read_text(errors="replace")
    assert len(re.findall(rf'open(?:at)?\(.*"{run}/status".*O_RDONLY', session)) > 1
    assert f"{run}/run.log" in session
    assert f"{run}/results.json" in session
    assert changes(session, tree) == []
    for command in (
        ["list", "--json", str(tree)],
        ["history", str(run)],
        ["compare", str(tree)],
        ["report", "--format", "html", str(tree)],
        ["wait", "--timeout", "2", str(tree)],
    ):
        traced = [*strace, *STATUSTUI, *command]
        subprocess.run(traced, capture_output=True, timeout=60, check=False)
        session = trace.read_text(errors="replace")
        assert f"{run}/status" in session
        assert changes(session, tree) == []


@pytest.mark.skipif(STRACE is None, reason="strace is not there")
@pytest.mark.parametrize(
    "program",
    [
        "open(path, 'a').write('x')",
        "import os; os.rename(path, path + '.old')",
        "import os; os.utime(path)",
        "import os; os.mkdir(path + '.d')",
        "import fcntl; fcntl.flock(open(path), fcntl.LOCK_SH)",
        "import fcntl; fcntl.lockf(open(path, 'r+'), fcntl.LOCK_EX)",
    ],
)
def test_the_trace_shows_a_change(tmp_path: Path, program: str) -> None:
    """The check above can fail."""
    path = plant(tmp_path / "tree") / "status"
    trace = tmp_path / "trace"
    command = [str(STRACE), "-f", "-y", "-qq", "-e", CALLS, "-o", str(trace)]
    script = f"path = {str(path)!r}; {program}"
    subprocess.run([*command, sys.executable, "-c", script], check=True, timeout=60)
    assert changes(trace.read_text(errors="replace"), tmp_path / "tree")


@pytest.mark.slow
def test_reading_leaves_no_time_of_access(tmp_path: Path) -> None:
    """In files of one's own; even where the mount would keep them."""
    run = plant(tmp_path)
    files = [path for path in run.iterdir() if path.is_file()]
    long_ago = 1_000_000_000
    for path in files:
        # A time of access before that of the last change is renewed by every plain reading.
        os.utime(path, (long_ago, long_ago + 10))
    with terminal([*STATUSTUI, str(tmp_path)], 160, 45) as screen:
        screen.wait_for("why: RUN_TIMEOUT")
        screen.press("\r")
        screen.wait_for("no more nodes")
        screen.press("\t\t")
        screen.wait_for("gflops")
        screen.press("\x11")
        assert screen.wait_for_end() == 0
    assert {path.stat().st_atime for path in files} == {long_ago}
