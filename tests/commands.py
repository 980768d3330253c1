"""The command line, run in processes that need not import it first.

A process that has imported all commands is started once for each worker. It forks for every
command, which takes a sixth of the time of a new interpreter.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.terminal import STATUSTUI

_TIMEOUT = 60.0
"""Seconds that a command may take."""


class _Server:
    """The process that forks, and the way to it."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair()
        env = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.command_server", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=env,
                cwd=Path(__file__).parent.parent,
            )
        self._channel.settimeout(_TIMEOUT)
        atexit.register(self._end)

    def _end(self) -> None:
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def run(self, arguments: tuple[str, ...], cwd: Path | None) -> subprocess.CompletedProcess[str]:
        """Run a command in the environment of this process, and return what it printed."""
        request = {"arguments": arguments, "cwd": str(cwd or Path.cwd()), "env": dict(os.environ)}
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as wanted,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            json.dump(request, wanted)
            wanted.seek(0)
            socket.send_fds(self._channel, [b"r"], [wanted.fileno(), out.fileno(), err.fileno()])
            (status,) = struct.unpack("i", self._channel.recv(4, socket.MSG_WAITALL))
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(
                arguments, status, out.read().decode(), err.read().decode()
            )


_server = cache(_Server)


def run_command(
    *arguments: str, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run statustui to its end.

    With variables of the environment, or an installed program, it is a new interpreter.
    """
    if not env and STATUSTUI[0] == sys.executable:
        return _server().run(arguments, cwd)
    return subprocess.run(
        [*STATUSTUI, *arguments],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        cwd=cwd,
        env=os.environ | env,
        check=False,
    )
