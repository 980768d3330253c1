"""The program in the terminals that people have, good and bad ones."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.terminal import STATUSTUI, Terminal, terminal
from tests.trees import append, write_run

pytestmark = pytest.mark.slow

COUNTS = "3 error"


@pytest.fixture
def tree(corpora: Path) -> str:
    """A real working directory."""
    return str(corpora / "pavilion-2.4")


SIXTEEN = {*range(30, 38), *range(39, 48), 49, *range(90, 98), *range(100, 108)}
"""The colours that every terminal has in its own palette, and those that it has by itself."""
MEBI = 1 << 20


@contextlib.contextmanager
def inside(multiplexer: str, term: str, place: Path) -> Iterator[Terminal]:
    """A shell in a multiplexer that says to be a `term`, in a terminal."""
    name = f"statustui-{os.getpid()}-{term}"
    shell = "env PS1=ready$ sh -i"
    if multiplexer == "tmux":
        command = ["tmux", "-L", name, "-f", "/dev/null"]
        option = ["set", "-g", "default-terminal", term, ";"]
        start = [*command, "start-server", ";", *option, "new-session", shell]
        end = [*command, "kill-server"]
    else:
        (place / "screenrc").write_text("altscreen on\n")
        start = ["screen", "-c", str(place / "screenrc"), "-U", "-T", term, "-S", name]
        start += shlex.split(shell)
        end = ["screen", "-S", name, "-X", "quit"]
    try:
        with terminal(start, 80, 24, TMUX="", STY="") as screen:
            yield screen
    finally:
        subprocess.run(end, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("multiplexer", "term"),
    [("tmux", "screen-256color"), ("tmux", "tmux-256color"), ("screen", "screen-256color")],
)
def test_it_is_at_home_in_a_multiplexer(
    tree: str, multiplexer: str, term: str, tmp_path: Path
) -> None:
    """Glyphs and keys arrive, and what was on the screen before comes back."""
    if shutil.which(multiplexer) is None:
        pytest.skip(f"{multiplexer} is not there")
    with inside(multiplexer, term, tmp_path) as screen:
        screen.wait_for("ready$")
        screen.press("echo be''fore\r")
        screen.wait_for("before")
        screen.press(f"{shlex.join(STATUSTUI)} {tree}; echo status $?\r")
        screen.wait_for(f"▲ {COUNTS}")
        screen.wait_for("20 runs, events")
        assert not any("before" in line for line in screen.lines)
        screen.press("jj\r")
        screen.wait_for("making the run has failed")
        screen.press("T")
        screen.wait_for("UTC")
        screen.press("q\x11")
        screen.wait_for("status 0")
        assert any("before" in line for line in screen.lines)


@pytest.mark.parametrize("term", ["xterm", "xterm-16color", "linux", "vt220"])
def test_sixteen_colours_are_enough(tree: str, term: str) -> None:
    """Those of the terminal's own palette, light or dark; nothing else is ever sent."""
    with terminal([*STATUSTUI, tree], TERM=term) as screen:
        screen.wait_for(COUNTS)
        screen.wait_for_runs(20)
        for keys, text in (
            ("\r", "why: RESULTS_ERROR"),
            ("\t\t", "results.json"),
            ("q?", "Type to narrow"),
        ):
            screen.press(keys)
            screen.wait_for(text)
        screen.press("bell")
        screen.wait_for("Bell on")
        renditions = re.findall(rb"\x1b\[([0-9;]*)m", screen.output)
        assert renditions
        numbers = {int(part or 0) for one in renditions for part in one.split(b";")}
        assert numbers <= {*range(10), *SIXTEEN}


def test_a_terminal_without_a_screen_is_told_of_the_list(tree: str) -> None:
    """In one line."""
    for term in ("dumb", ""):
        with terminal([*STATUSTUI, tree], 120, TERM=term) as screen:
            assert screen.wait_for_end() == 2
            assert screen.output.count(b"\n") == 1
            assert b"`statustui list`" in screen.output


@pytest.mark.parametrize("redirection", ["2> {}", "2> /dev/null", "< /dev/null", "< {} 2>&1"])
def test_redirections_leave_the_screen_alone(tree: str, tmp_path: Path, redirection: str) -> None:
    """Errors go where they are sent, and keys come from the terminal."""
    (tmp_path / "file").touch()
    line = f"exec {shlex.join(STATUSTUI)} {tree} {redirection.format(tmp_path / 'file')}"
    with terminal(["sh", "-c", line]) as screen:
        screen.wait_for(f"▲ {COUNTS}")
        screen.press("\r")
        screen.wait_for("why: RESULTS_ERROR")
        screen.press("q")
        screen.wait_for_runs(20)
        screen.press("\x11")
        assert screen.wait_for_end() == 0
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.parametrize("line", ["exec setsid -w {} < /dev/null", "exec {} <&-"])
def test_it_is_no_good_without_any_terminal_to_read_keys_from(tree: str, line: str) -> None:
    """Output to a terminal alone makes no monitor."""
    program = f"{shlex.join(STATUSTUI)} {tree}"
    with terminal(["sh", "-c", line.format(program)], 120) as screen:
        screen.wait_for("no terminal to read keys from")


def test_a_terminal_that_does_not_block_gets_every_line(tmp_path: Path) -> None:
    """Some program before has left it in that mode, and nobody reads for a moment."""
    for number in range(60):
        write_run(tmp_path / f"{number:02}", f"RUN_TIMEOUT after {number} min {'x' * 120}")
    program = "import fcntl, os, sys; fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK | os.O_RDWR)"
    line = f"{sys.executable} -c '{program}'; exec {shlex.join(STATUSTUI)} {tmp_path}"
    with terminal(["sh", "-c", line], 200, 60) as screen:
        screen.wait_for_runs(60)
        for _ in range(3):
            screen.press("sS")
            time.sleep(0.5)
        screen.wait_until(lambda: sum("after" in line for line in screen.lines) == 55, "55 runs")


def test_the_terminal_knows_its_size_best(tree: str) -> None:
    """Whatever a shell has exported once."""
    with terminal([*STATUSTUI, tree], 100, 30, COLUMNS="20", LINES="5") as screen:
        screen.wait_for("20 runs, events")
        assert any(len(line) > 90 for line in screen.lines)
        assert "20 runs" in screen.lines[28]


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C"}, {"LC_ALL": "", "LANG": "de_DE.ISO-8859-1"}, {"TERM": "linux"}],
)
def test_without_utf_8_nothing_but_ascii_is_sent(tree: str, env: dict[str, str]) -> None:
    """By itself, from the first byte on; who knows better says so."""
    env = {"LC_CTYPE": "", **env}
    with terminal([*STATUSTUI, tree], 80, 24, **env) as screen:
        screen.wait_for(f"E {COUNTS}")
        screen.press("\r")
        screen.wait_for("why: RESULTS_ERROR")
        screen.press("q\x11")
        assert screen.wait_for_end() == 0
        assert screen.output.isascii()
    with terminal([*STATUSTUI, "--no-ascii", tree], 80, 24, **env) as screen:
        screen.wait_for(f"▲ {COUNTS}")


def line_starts(screen: Terminal, place: int, text: str) -> bool:
    """Whether a line of the screen starts with `text`."""
    return screen.lines[place].startswith(text)


def test_any_size_down_to_a_corner_in_a_storm(tmp_path: Path) -> None:
    """The picture fits the last size, and what changed in between is on it."""
    run = write_run(tmp_path / "one", "RUNNING on a node", start=time.time())
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        screen.wait_for_runs(1)
        for step in range(200):
            screen.resize(*[(40, 12), (300, 80), (80, 24), (10, 3), (1, 1)][step % 5])
            screen.read_for(0.005)
        append(run, "RUN_TIMEOUT in a storm", time.time())
        for columns, lines in ((300, 80), (40, 12)):
            screen.resize(columns, lines)
            screen.wait_for("in a storm")
            place = lines - 2
            screen.wait_until(partial(line_starts, screen, place, "1 run"), "the line above keys")
        screen.press("q")
        assert screen.wait_for_end() == 0


def test_bytes_that_are_no_text_are_no_keys(tree: str) -> None:
    """What a terminal in another encoding sends for an umlaut; the keys around it count."""
    with terminal([*STATUSTUI, tree]) as screen:
        screen.wait_for_runs(20)
        screen.press(b"\xffj\xfe\xfdj\xe4\r")
        screen.wait_for("making the run has failed")
        screen.press("q\x11")
        assert screen.wait_for_end() == 0


WRITER = """
import sys, time
end = time.monotonic() + 8
number = 0
while time.monotonic() < end:
    number += 1
    for run in sys.argv[1:]:
        with open(run + "/status", "a") as status:
            status.write(f"{time.time():.6f} RUN_USER step {number}\\n")
    time.sleep(0.02)
for run in sys.argv[1:]:
    with open(run + "/status", "a") as status:
        status.write(f"{time.time():.6f} RUN_TIMEOUT over now\\n")
"""


def test_a_connection_that_stalls_is_not_filled(tmp_path: Path) -> None:
    """Nobody reads for seconds: little is kept for later, and soon after all is up to date."""
    runs = [write_run(tmp_path / str(n), "RUNNING x", start=time.time()) for n in range(20)]
    with terminal([*STATUSTUI, str(tmp_path)], 160, 45) as screen:
        screen.wait_for("20 runs, events")
        before, sent = screen.memory, len(screen.output)
        subprocess.run([sys.executable, "-c", WRITER, *map(str, runs)], check=True, timeout=60)
        assert screen.memory - before < 8 * MEBI
        screen.wait_for("20 failed")
        # A frame that changes everything has about 20 kB; the stall has had time for forty.
        assert len(screen.output) - sent < 150_000
        screen.press("q")
        assert screen.wait_for_end() == 0


def test_a_terminal_that_takes_nothing_does_not_keep_it_alive(tmp_path: Path) -> None:
    """It ends within seconds when it is told to, though it cannot say so any more."""
    runs = [write_run(tmp_path / str(n), "RUNNING x", start=time.time()) for n in range(20)]
    with terminal([*STATUSTUI, str(tmp_path)], 160, 45) as screen:
        screen.wait_for_runs(20)
        for key in "sSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsSsS":
            screen.press(key)
            time.sleep(0.05)
        append(runs[0], "RUN_TIMEOUT x", time.time())
        os.kill(screen.pid, signal.SIGTERM)
        end = time.monotonic() + 12
        while not os.waitpid(screen.pid, os.WNOHANG)[0]:
            assert time.monotonic() < end
            time.sleep(0.05)
        screen.status = 0


def test_frozen_starved_and_flooded_it_comes_to_show_every_run(tmp_path: Path) -> None:
    """While runs are added it is stopped and continued at any moment, and others want the CPU."""
    rng = random.Random(7)  # noqa: S311 - no secret
    total = 20
    for number in range(total):
        write_run(tmp_path / str(number), "RUNNING x", start=time.time())
    with contextlib.ExitStack() as stack:
        for _ in range(2 * (os.cpu_count() or 1)):
            hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(hog.wait)
            stack.callback(hog.kill)
        screen = stack.enter_context(terminal([*STATUSTUI, str(tmp_path)], 100, 30))
        screen.wait_for_runs(20)
        for _ in range(30):
            for _ in range(rng.randint(1, 12)):
                write_run(tmp_path / str(total), "RUN_TIMEOUT y", start=time.time())
                total += 1
            for _ in range(rng.randint(0, 6)):
                os.kill(screen.pid, signal.SIGSTOP)
                time.sleep(rng.random() * 0.01)
                os.kill(screen.pid, signal.SIGCONT)
                screen.read_for(rng.random() * 0.01)
            # A terminal that takes nothing for a while is behind.
            time.sleep(rng.random() * 0.05)
        screen.wait_for(f"{total - 20} failed")
        screen.wait_for_runs(total)
        os.kill(screen.pid, signal.SIGSTOP)
        screen.press("q")
        os.kill(screen.pid, signal.SIGCONT)
        assert screen.wait_for_end() == 0


def test_each_notch_of_the_wheel_counts_from_the_first_list_on(tmp_path: Path) -> None:
    """As soon as there are rows, and in one piece or in several."""
    for number in range(1, 61):
        write_run(tmp_path / f"{number:02}", f"RUN_TIMEOUT after {number} min")
    with terminal([*STATUSTUI, str(tmp_path)]) as screen:
        row = re.compile(r"^ \S +\S+ +(\d\d) ")

        def shown() -> list[int]:
            return [int(match[1]) for line in screen.lines if (match := row.match(line))]

        # Runs that are read later may come between those that are shown at first.
        screen.wait_until(lambda: shown() == list(range(1, 20)), "all runs in order")
        screen.press("\x1b[<65;10;10M" * 3)
        screen.wait_until(lambda: shown() == list(range(10, 29)), "nine rows further down")
