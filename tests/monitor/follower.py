"""A process that follows a tree with ``list --follow --jsonl``."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.terminal import STATUSTUI


class Follower:
    """Runs `command`, and records what it prints."""

    def __init__(self, command: Sequence[str]) -> None:
        self._runs: dict[str, dict[str, Any]] = {}
        self.seen: dict[str, list[dict[str, Any]]] = {}
        """Name of the run directory -> all its run objects."""
        self.errors: list[str] = []
        """Lines on standard error."""
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._readers = [
            threading.Thread(target=target) for target in (self._take_lines, self._take_errors)
        ]
        for reader in self._readers:
            reader.start()

    def _take_lines(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer = json.loads(line)
            name = os.path.basename(answer["path"])
            if answer.get("removed"):
                del self._runs[name]
            else:
                self._runs[name] = answer
                self.seen.setdefault(name, []).append(answer)

    def _take_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors.append(line)

    def end(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    @property
    def runs(self) -> dict[str, dict[str, Any]]:
        """Name of the run directory -> its latest run object."""
        return self._runs.copy()

    def states(self) -> dict[str, str]:
        """Return name of each run directory -> current state."""
        return {name: run["state"] for name, run in self.runs.items()}


@contextlib.contextmanager
def follower(root: Path, *options: str, inside: Sequence[str] = ()) -> Iterator[Follower]:
    """Follow `root` in a process, started by the command `inside`; kill it afterwards."""
    command = [*inside, *STATUSTUI, "list", "--follow", "--jsonl", str(root), *options]
    following = Follower(command)
    try:
        yield following
    finally:
        following.end()
