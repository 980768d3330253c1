"""A filter that takes too long, through real processes."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import run_command
from tests.terminal import STATUSTUI, Terminal, terminal
from tests.trees import append, write_run

SLOW = 'note~"(a+)+$"'
NOTE = f"RUN_FAILED {'a' * 40}!"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three runs with a note that is short, and long enough."""
    for number in range(3):
        write_run(tmp_path / f"r{number}", NOTE)
    return tmp_path


@pytest.mark.parametrize(
    "command", [["list"], ["list", "--json"], ["list", "--follow"], ["wait", "--timeout", "2"]]
)
def test_a_command_says_so_and_exits_with_two(tree: Path, command: list[str]) -> None:
    """The message marks the term, and no partial list is printed."""
    done = run_command(*command, str(tree), "-F", SLOW)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "statustui: the filter is given up: this takes too long",
        f"  {SLOW}",
        f"  {' ' * 6}^",
    ]


@pytest.mark.parametrize("command", [["list", "--follow"], ["wait"]])
def test_a_run_that_comes_later_can_make_it_slow(tmp_path: Path, command: list[str]) -> None:
    """The command then exits."""
    run = write_run(tmp_path / "one", "RUNNING short")
    write_run(tmp_path / "two", "RUNNING aa")
    started = [*STATUSTUI, *command, str(tmp_path), "-F", SLOW, "--interval", "0.1"]
    with terminal(started, columns=120) as screen:
        screen.wait_for("aa" if "list" in command else "0 of 1 finished")
        append(run, NOTE)
        assert screen.wait_for_end() == 2
        assert b"this takes too long" in screen.output


def type_the_filter(screen: Terminal) -> None:
    """Type the filter letter by letter; the last letters make it slow."""
    screen.wait_for_runs(3)
    screen.wait_for("Filter")
    screen.press("/")
    screen.press(SLOW)


ENDS: dict[str, tuple[Callable[[Terminal], None], int]] = {
    "ctrl-q": (lambda screen: screen.press("\x11"), 0),
    "term": (lambda screen: os.kill(screen.pid, signal.SIGTERM), 143),
}


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
def test_the_monitor_ends_while_somebody_types_it(tree: Path, end: str) -> None:
    """By a key or a signal right after the last letter."""
    act, status = ENDS[end]
    with terminal([*STATUSTUI, str(tree)]) as screen:
        type_the_filter(screen)
        act(screen)
        assert screen.wait_for_end() == status
        assert re.search(rb"\x1b\[\?1049l", screen.output)


@pytest.mark.slow
@pytest.mark.slow
def test_the_monitor_says_so_and_goes_on(tree: Path) -> None:
    """Also with a filter of the configuration; other filters still work."""
    config = tree.parent / "config.toml"
    config.write_text(f"[views]\n1 = '{SLOW}'\n")
    with terminal([*STATUSTUI, "--config", str(config), str(tree)]) as screen:
        type_the_filter(screen)
        screen.wait_for("↑ this takes too long")
        screen.press("\x1b")
        screen.wait_until_gone("too long")
        screen.press("1")
        screen.wait_for("↑ this takes too long")
        screen.press("\x1b")
        screen.wait_until_gone("too long")
        screen.press("/r1")
        screen.wait_for("1 of 3 listed")
        append(tree / "r1", "RUNNING again")
        screen.wait_for("again")
        screen.press("\x11")
        assert screen.wait_for_end() == 0
