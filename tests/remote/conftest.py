"""An sshd for all tests of this folder, and paths on which its ssh comes first."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from statustui.monitor.poll_policy import Settings
from tests.processes import descendants, wait_until_ended
from tests.remote.server import Server, find_sshd, stand_in
from tests.remote.watched import Watched
from tests.waiting import wait_until


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server | None]:
    sshd = find_sshd()
    if sshd is None:
        yield None
        return
    server = Server(tmp_path_factory.mktemp("sshd"), sshd)
    yield server
    server.stop()


@pytest.fixture
def server(_server: Server | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The sshd, whose ssh is first on the PATH."""
    if _server is None:
        pytest.skip("there is no sshd")
    monkeypatch.setenv("PATH", f"{_server.bin}:{os.environ['PATH']}")
    _server.start()
    yield _server
    _server.cut()


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a stand-in for ssh on the PATH: see `stand_in`."""

    def put(text: str = "", *, shell: str = "sh") -> None:
        folder = stand_in(tmp_path / "stand_in", text, shell=shell)
        if not os.environ["PATH"].startswith(f"{folder}:"):
            monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return put


@pytest.fixture
def watch() -> Iterator[Callable[..., Watched]]:
    """Starts sources, and looks whether they leave anything behind."""
    started: list[Watched] = []
    # An sshd, say.
    before = set(descendants(os.getpid()))

    def begin(root: str, settings: Settings | None = None) -> Watched:
        started.append(Watched(root, settings))
        return started[-1]

    yield begin
    for watched in started:
        watched.source.stop()
    wait_until_ended(before)
    wait_until(
        lambda: not any(one.name.startswith("remote") for one in threading.enumerate()),
        "the threads to end",
    )
