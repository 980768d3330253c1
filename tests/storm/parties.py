"""The views of the program that are compared: followers, a fresh list, and the monitor's screen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.terminal import STATUSTUI, Terminal

Said = Mapping[str, Mapping[str, Any]]
"""Path of a run -> the JSON object that is said of it."""

OPTIONS = ("--stale", "99999d", "--max-checks", "4000")
"""No run stalls: its age would stand in front of its note."""


_AT_HOME = dict.fromkeys(("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), "/nonexistent")
"""No settings of whoever runs it."""


class Event(NamedTuple):
    """A line of a follower."""

    when: float
    """When it came, in seconds since 1970."""
    path: str
    said: Mapping[str, Any]


class Follower:
    """``list --follow --jsonl``, and what it has said so far, replayed."""

    def __init__(self, roots: tuple[str, ...], mode: str, errors: Path) -> None:
        """Start it; its standard error goes to the file `errors`."""
        self.name = f"list --follow, {mode}"
        self.events: list[Event] = []
        self._said: dict[str, Mapping[str, Any]] = {}
        self._lock = threading.Lock()
        self._errors = errors
        self._record = errors.with_suffix(f".{mode}.said")
        command = [*STATUSTUI, "list", "--follow", "--jsonl", "--watch", mode, *OPTIONS, *roots]
        with errors.open("wb") as file:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=file, env=os.environ | _AT_HOME
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._record.open("wb") as record:
            for line in self._process.stdout:
                record.write(f"{time.time():.3f} ".encode() + line)
                self._take(json.loads(line))

    def _take(self, said: Mapping[str, Any]) -> None:
        """Take in a line."""
        with self._lock:
            self.events.append(Event(time.time(), said["path"], said))
            if said.get("removed"):
                self._said.pop(said["path"], None)
            else:
                self._said[said["path"]] = said

    @property
    def said(self) -> Said:
        """What it says of each run now."""
        with self._lock:
            return dict(self._said)

    @property
    def trouble(self) -> str:
        """What it has written to standard error."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Listing(NamedTuple):
    """What a fresh ``list --json`` has said."""

    said: Said
    status: int
    trouble: str


def list_afresh(roots: tuple[str, ...]) -> Listing:
    """Run ``list --json``, which keeps what it reads for the next time."""
    command = [*STATUSTUI, "list", "--json", "--stale", "99999d", *roots]
    env = (
        os.environ | _AT_HOME | {"XDG_CACHE_HOME": os.path.join(os.path.dirname(roots[0]), "cache")}
    )
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=600, env=env
    )
    runs = json.loads(done.stdout)["runs"] if done.stdout else []
    return Listing({run["path"]: run for run in runs}, done.returncode, done.stderr)


class Row(NamedTuple):
    """What the screen says of a run."""

    id: str
    name: str
    state: str
    note: str


class Screen:
    """The monitor in a terminal that is high enough for all runs."""

    def __init__(self, roots: tuple[str, ...], lines: int, mode: str) -> None:
        """Start it, and take in what it draws."""
        self.name = f"monitor, {mode}"
        command = [*STATUSTUI, "--watch", mode, *OPTIONS, *roots]
        self._terminal = Terminal(command, 130, lines, **_AT_HOME)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                self._terminal.read_for(0.2)

    @property
    def lines(self) -> list[str]:
        """What it shows."""
        with self._lock:
            return self._terminal.lines

    @property
    def output(self) -> bytes:
        """All that it has sent."""
        with self._lock:
            return self._terminal.output

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return os.path.exists(f"/proc/{self._terminal.pid}/exe")

    @property
    def rows(self) -> list[Row]:
        """What it says of the runs."""
        lines = self.lines
        at = next((number for number, line in enumerate(lines) if " ID " in line), None)
        if at is None:
            return []
        titles = ("ID", "NAME", "STATE", "RESULT", "NOTE")
        starts = [lines[at].find(title) for title in titles]
        ends = [*starts[1:], None]
        cells = [
            [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
            for line in lines[at + 1 :]
            if re.match(r"[ •+]\S ", line)
        ]
        return [
            Row(cell[0], cell[1], re.sub(r"(^| )[!~^]$", "", cell[2]), cell[4]) for cell in cells
        ]

    def close(self) -> str:
        """End it with `q`.

        Returns:
            What is on the screen then, if it has not ended well.
        """
        self._stopped.set()
        self._reader.join()
        try:
            self._terminal.press("q")
            status = self._terminal.wait_for_end()
            return "" if status == 0 else "\n".join(self._terminal.lines)
        finally:
            self._terminal.close()
