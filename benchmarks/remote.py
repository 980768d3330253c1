"""Roots on other hosts: bytes and times of an agent, beside the same screen drawn over SSH.

    python benchmarks/remote.py [RUNS]... [--on DIR | --tree DIR] [--seconds S]

The other host is this one; a relay in place of ssh can make the line slow. Bytes do not depend on
the machine, times do.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from measuring import STATUSTUI, Figure, milliseconds, report
from screen import screen
from tree import Tree, append, tree_parser, trees

from statustui.monitor.batch import Batch
from statustui.monitor.poll_policy import Settings
from statustui.remote.link import Link, Place
from statustui.remote.source import RemoteSource

_CHANGES = 5
_BYTES_OF_RUN = 300
"""Budget of one changed run, in bytes."""
_BYTES_OF_PICTURE = 3e6
"""Budget of the first picture of 100,000 runs, in bytes."""
_BYTES_OF_IDLE = 20
"""Budget of a second without changes, in bytes."""
_CHANGE_MS = 1000.0
"""Budget of the time until a change is here, in milliseconds."""
_LINES = {"this host": (0, 0.0), "64 KiB/s, 200 ms": (64 << 10, 0.2)}
"""Bytes a second, 0 for no limit, and seconds that the bytes of one direction take."""
_RELAY = """\
#!{python}
import os, subprocess, sys, threading, time
rate, delay = {rate}, {delay}
def pump(source, target):
    due = time.monotonic()
    while data := os.read(source, 4096):
        due = max(due, time.monotonic()) + (len(data) / rate if rate else 0)
        time.sleep(max(0, due + delay / 2 - time.monotonic()))
        while data:
            data = data[os.write(target, data):]
    os.close(target)
agent = subprocess.Popen(["sh", "-c", sys.argv[-1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
back = threading.Thread(target=pump, args=(agent.stdout.fileno(), 1))
back.start()
threading.Thread(target=pump, args=(0, agent.stdin.fileno()), daemon=True).start()
back.join()
"""


@contextmanager
def line(rate: int, delay: float) -> Iterator[None]:
    """Have ssh lead to this host, over a line of a rate and a delay."""
    before = os.environ["PATH"]
    with tempfile.TemporaryDirectory() as folder:
        ssh = Path(folder) / "ssh"
        ssh.write_text(_RELAY.format(python=sys.executable, rate=rate, delay=delay))
        ssh.chmod(0o755)
        os.environ["PATH"] = f"{folder}:{before}"
        try:
            yield
        finally:
            os.environ["PATH"] = before


class Picture:
    """The runs of an agent, as they come."""

    def __init__(self, root: str) -> None:
        begin = time.monotonic()
        self.place = Place([root])
        link = Link(self.place)
        self.connected = time.monotonic() - begin
        self.program = link.sizes[0]
        self.runs = 0
        self.urgent: float | None = None
        self.complete: float | None = None
        self._begin = time.monotonic()
        self.source = RemoteSource(self.place, Settings(), link)
        self.source.start(self._receive)

    def _receive(self, batch: Batch) -> None:
        self.runs += len(batch.changed)
        if self.urgent is None and any(run.category.is_problem for run in batch.changed):
            self.urgent = time.monotonic() - self._begin
        if self.complete is None and any(health.swept for health in batch.health):
            self.complete = time.monotonic() - self._begin

    def wait(self) -> None:
        """Wait for the whole of the first picture."""
        while self.complete is None:
            time.sleep(0.01)

    @property
    def received(self) -> int:
        """Bytes received so far."""
        return self.source.sizes[1]


def measure(tree: Tree, name: str, seconds: float) -> None:
    """Print the figures of one tree over one line."""
    active = tree.run(next(iter(tree.active)))
    picture = Picture(f"host:{tree.root}")
    picture.wait()
    label = f"{tree.runs:,} runs, {name}"
    report(f"{label}: an agent", milliseconds(picture.connected), Figure(picture.program, "B sent"))
    report(
        f"{label}: first picture",
        milliseconds(picture.urgent or 0.0, until="to a problem"),
        milliseconds(picture.complete or 0.0, until="to all"),
        Figure(picture.received, "B", _BYTES_OF_PICTURE),
    )
    times, sizes = [], []
    for number in range(_CHANGES):
        received, seen = picture.received, picture.runs
        append(active, f"RUN_USER step {number}")
        begin = time.monotonic()
        while picture.runs == seen:
            time.sleep(0.001)
        times.append(time.monotonic() - begin)
        time.sleep(1)
        sizes.append(picture.received - received)
    report(
        f"{label}: a change",
        milliseconds(median(times), _CHANGE_MS),
        Figure(max(sizes), "B at most", _BYTES_OF_RUN),
    )
    received = picture.received
    time.sleep(seconds)
    rate = (picture.received - received) / seconds
    report(f"{label}: nothing changes", Figure(rate, "B/s", _BYTES_OF_IDLE))
    picture.source.stop()


def measure_screen(tree: Tree) -> None:
    """Print what the same screen sends to a terminal: what SSH would carry."""
    active = tree.run(next(iter(tree.active)))
    append(active, "RUN_USER in view")
    with screen([*STATUSTUI, str(tree.root)]) as monitor:
        first = monitor.settle(tree.runs)
        monitor.press('/"in view"\r')
        monitor.read(0.5, 5.0)
        append(active, "RUN_USER changed in view")
        change = monitor.read(3.0, 3.0)
        monitor.press("t")
        page = monitor.read(1.0, 5.0)
    report(
        f"{tree.runs:,} runs, drawn over SSH",
        Figure(len(first.data), "B first picture"),
        Figure(len(change.data), "B a change"),
        Figure(len(page.data), "B another grouping"),
    )


def main() -> None:
    """Measure each tree over all lines."""
    parser = tree_parser(__doc__, [1_000, 100_000])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long nothing changes")
    options = parser.parse_args()
    for tree in trees(options):
        for name, (rate, delay) in _LINES.items():
            with line(rate, delay):
                measure(tree, name, options.seconds)
        measure_screen(tree)


if __name__ == "__main__":
    main()
