"""Hosts for which ssh asks its user: once for each connection to the host."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from statustui.core.address import parse_address
from statustui.remote.link import Link, Place, ask_for_link
from statustui.remote.logins import Logins
from statustui.remote.private_directory import PrivateDirectory
from statustui.remote.ssh_process import ConnectionFailed
from tests.cli.test_compare import two_nights
from tests.processes import children
from tests.remote.server import PASSPHRASE, Server
from tests.terminal import STATUSTUI, Terminal, terminal
from tests.trees import append, write_run
from tests.waiting import wait_until

PASSED = "COMPLETE The test completed with result: PASS"
QUESTION = "Enter passphrase"


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for sockets, with a path that is short enough."""
    path = Path(tempfile.mkdtemp(prefix="st-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    yield path
    shutil.rmtree(path)


def questions(screen: Terminal) -> int:
    """How often ssh has asked so far."""
    return screen.output.count(QUESTION.encode())


def answer(screen: Terminal, number: int = 1, words: str = PASSPHRASE) -> None:
    """Wait for a question, by its number, and answer it."""
    screen.wait_until(lambda: questions(screen) == number, f"question {number}")
    screen.press(f"{words}\n")


@pytest.mark.slow
def test_a_password_is_asked_before_the_screen_and_again_with_r(
    server: Server, runtime: Path, tmp_path: Path
) -> None:
    """Not for another agent on the same connection, and never behind the screen."""
    run = write_run(tmp_path / "wd" / "7", "RUNNING step 1")
    with terminal([*STATUSTUI, f"locked:{tmp_path}/wd"], 150) as screen:
        screen.wait_for("Authorised users only!")
        answer(screen)
        screen.wait_for("1 run, ")
        [socket] = runtime.glob("statustui-ssh-*/*")
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        [agent] = server.agents()
        os.kill(agent, signal.SIGKILL)
        wait_until(lambda: agent not in server.agents() and server.agents(), "another agent")
        append(run, "RUNNING step 2")
        screen.wait_for("step 2")
        server.cut()
        screen.wait_for("r lets ssh ask for a password")
        # What was known stays in view.
        screen.wait_for("step 2")
        assert questions(screen) == 1
        screen.press("r")
        openings = screen.output.count(b"\x1b[?1049h")
        for number in (2, 3, 4):
            answer(screen, number, "wrong")
        # The screen is back, and has the keys.
        screen.wait_until(lambda: screen.output.count(b"\x1b[?1049h") > openings, "the screen")
        append(run, "RUN_ERROR step 3")
        screen.press("r")
        answer(screen, 5)
        screen.wait_for("step 3")
        screen.press("q")
        assert screen.wait_for_end(within=10) == 0
    wait_until(lambda: not server.connections(), "the connections to end")
    assert not list(runtime.iterdir())


@pytest.mark.slow
def test_nothing_outlives_a_program_that_is_killed(
    server: Server, runtime: Path, tmp_path: Path
) -> None:
    """Neither process nor socket; the next one removes its directory."""
    write_run(tmp_path / "7", "RUNNING step 1")
    with terminal([*STATUSTUI, f"locked:{tmp_path}"], 120) as screen:
        screen.wait_for(QUESTION)
        screen.press("\x03")
        assert screen.wait_for_end(within=10) == 130
    assert not list(runtime.iterdir())
    for _ in range(2):
        with terminal([*STATUSTUI, f"locked:{tmp_path}"], 120) as screen:
            answer(screen)
            screen.wait_for("1 run, ")
            os.kill(screen.pid, signal.SIGKILL)
            wait_until(lambda: not server.connections(), "the connections to end")
        wait_until(lambda: not list(runtime.glob("*/*")), "the socket to go")
        assert len(list(runtime.iterdir())) == 1


@pytest.mark.slow
def test_commands_ask_once_for_all_of_their_connections(
    server: Server, runtime: Path, tmp_path: Path
) -> None:
    """Also at the end of a long wait, when nobody is there to answer."""
    tree = tmp_path / "tree"
    two_nights(tree)
    compare = ["compare", f"locked:{tree}", "--with", f"locked:{tree}"]
    wait = ["wait", f"locked:{tmp_path}/wd", "--report", f"{tmp_path}/report.md"]
    run = write_run(tmp_path / "wd" / "7", "RUNNING a")
    for command, status in ((compare, 0), (wait, 0)):
        with terminal([*STATUSTUI, *command], 120) as screen:
            answer(screen)
            if command is wait:
                wait_until(server.agents, "an agent")
                append(run, PASSED)
            assert screen.wait_for_end(within=60) == status, str(screen)
            assert questions(screen) == 1
    assert "# Report on " in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert not list(runtime.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("runtime")
def test_a_server_may_allow_one_session_for_each_connection(server: Server, tmp_path: Path) -> None:
    """Then ssh asks for each."""
    assert server
    write_run(tmp_path / "7", PASSED)
    with terminal([*STATUSTUI, "list", f"single:{tmp_path}"], 120) as screen:
        answer(screen)
        answer(screen, 2)
        screen.wait_for("COMPLETE")
        assert screen.wait_for_end(within=10) == 0


# A stand-in for ssh that lets in by itself, but nothing that must not ask.
MASTER = """
import os, sys
# The first of several values counts.
options = dict(word.split("=", 1) for word in reversed(sys.argv) if "=" in word)
path = options.get("ControlPath", "")
if options["ControlMaster"] == "yes":
    open(path, "x").close()
elif options["BatchMode"] == "yes" and not os.path.exists(path):
    sys.exit("Permission denied (password).")
os.execvp("sh", ["sh", "-c", sys.argv[-1]])
"""


@pytest.mark.slow
def test_a_login_lets_others_through_until_it_ends(
    ssh: Callable[..., None], runtime: Path, tmp_path: Path
) -> None:
    """It is made once; when it has gone the next connection needs the user again."""
    ssh(MASTER)
    before = set(children(os.getpid()))
    place, address = Place([f"host:{tmp_path}"]), parse_address("host:wd")
    assert address is not None
    logins = Logins()
    with pytest.raises(ConnectionFailed) as refused:
        Link(place, logins)
    assert refused.value.needs_user
    ask_for_link(place, logins, tell=print).close()
    assert logins.ask(address, print)
    [login] = set(children(os.getpid())) - before
    # Ctrl-C in a pager.
    os.kill(login, signal.SIGINT)
    Link(place, logins).close()
    os.kill(login, signal.SIGKILL)
    with pytest.raises(ConnectionFailed):
        Link(place, logins)
    assert logins.ask(address, print)
    logins.close()
    wait_until(lambda: before.issuperset(children(os.getpid())), "the logins to end")
    assert not list(runtime.iterdir())
    assert not logins.ask(address, print)


def test_who_is_not_let_in_gets_to_know_why(ssh: Callable[..., None], runtime: Path) -> None:
    """In the words of ssh; without a place for sockets each connection asks by itself."""
    place, address = Place(["host:wd"]), parse_address("host:wd")
    assert address is not None
    ssh("import sys; sys.exit('Permission denied, please try again.')")
    logins = Logins()
    with pytest.raises(ConnectionFailed, match="Permission denied, please"):
        ask_for_link(place, logins, tell=print)
    logins.close()
    assert not list(runtime.iterdir())


def test_private_directories_of_the_dead_are_removed(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the living stay, and whatever else is there."""
    living, dead = PrivateDirectory(), PrivateDirectory()
    Path(dead.path, "1").touch()
    os.close(dead._lock)  # noqa: SLF001 - as the end of a process does
    (runtime / "statustui-ssh-link").symlink_to(living.path)
    (runtime / "other").mkdir()
    another = PrivateDirectory()
    assert {path.name for path in runtime.iterdir()} == {
        *("statustui-ssh-link", "other"),
        *(os.path.basename(one.path) for one in (living, another)),
    }
    assert len(another.path) < 60
    living.close()
    another.close()
    for name in ("statustui-ssh-link", "other"):
        assert os.path.lexists(runtime / name)
    monkeypatch.setenv("XDG_RUNTIME_DIR", f"{runtime}/with space")
    elsewhere = PrivateDirectory()
    assert os.path.dirname(elsewhere.path) == "/tmp"  # noqa: S108 - where it is, if not there
    elsewhere.close()
    assert not os.path.exists(elsewhere.path)
