"""Hours of a monitor's life in a shorter time: whether memory, files or threads grow.

    python benchmarks/soak.py [SECONDS]

Pretend clusters write at high speed below one root. Every few seconds one of them is killed in the
middle of a write, its directory is deleted, and another one begins in its place. Runs with names of
500 kB and long notes come and go every second. Meanwhile keys are pressed at random in a monitor of
160x45 on that root. What it holds is measured from a quarter of the time on; the exit status is 1
if the median of the last quarter is above that of the second one by more than 16 MiB of memory, 8
open files or 6 threads. By default it runs for an hour.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from measuring import STATUSTUI
from screen import Screen, screen

RUNS, SPEED = 150, 30.0
PLACES = 3
KEYS = (
    *("j", "k", "j", "j", "G", "g", "\x1b[6~", "\x1b[5~", "e", "E", "u", "s", "S", "t", "!", " "),
    *("\r", "\r", "\t", "]", "[", "}", "!", "f", "w", "T", "n", "N", "h", "h", "\x1b", "y", "Y"),
    *("/a\r", "/x\x1b", "?", "r"),
)
FIRST = (
    "\r",
    "\t",
    "\t",
    "?",
    "\x1b",
    "h",
    "?",
    "\x1b",
    "Y",
    "\x1b",
    "c",
    "\x1b",
    "/a",
    "\x1b",
    "t",
    "!",
    "!",
)
"""Keys that open each screen once, before anything is measured: its code is imported then."""
CLUSTER = "import sys; from statustui.demo.cluster import Cluster; \
from statustui.demo.process import serve; \
serve(lambda path: Cluster(path, int(sys.argv[2]), int(sys.argv[3])), sys.argv[1], \
float(sys.argv[4]), remove=False)"
NAME, CHURN = 500_000, 20
"""Characters of the names of the runs that come and go, and how many of them there are."""
MEBI = 1 << 20
BOUNDS = {"MiB": 16.0, "files": 8.0, "threads": 6.0}


class Sample(NamedTuple):
    """What the monitor holds at one moment."""

    mebibytes: float
    files: int
    threads: int


def sample(monitor: Screen) -> Sample:
    """Measure it."""
    proc = Path("/proc", str(monitor.pid))
    return Sample(
        monitor.memory() / MEBI, len(list((proc / "fd").iterdir())), len(os.listdir(proc / "task"))
    )


class Clusters:
    """Pretend clusters at work below one root."""

    def __init__(self, root: Path, dice: random.Random) -> None:
        """Start them."""
        self._root = root
        self._dice = dice
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        for number in range(PLACES):
            self._start(number)

    def _start(self, number: int) -> None:
        place = self._root / f"cluster{number}"
        seed = self._dice.randrange(1_000_000)
        command = [sys.executable, "-c", CLUSTER, str(place), str(RUNS), str(seed), str(SPEED)]
        self._running[number] = subprocess.Popen(command)

    def replace_one(self) -> None:
        """Kill one, delete what it has written, and start another in its place."""
        number = self._dice.randrange(PLACES)
        self._running[number].kill()
        self._running[number].wait()
        shutil.rmtree(self._root / f"cluster{number}", ignore_errors=True)
        self._start(number)

    def stop(self) -> None:
        """Kill all."""
        for process in self._running.values():
            process.kill()
            process.wait()


class Churn:
    """Runs with long names that come and go."""

    def __init__(self, root: Path) -> None:
        """Make none yet."""
        self._runs = root / "churn" / "test_runs"
        self._turn = 0

    def turn(self) -> None:
        """Delete those that are there, and make others."""
        shutil.rmtree(self._runs, ignore_errors=True)
        self._turn += 1
        for number in range(CHURN):
            run = self._runs / f"{self._turn * CHURN + number}"
            run.mkdir(parents=True)
            name = f"{run.name}{'n' * NAME}"
            (run / "attributes").write_text(json.dumps({"name": name}), encoding="utf-8")
            state = "RUNNING" if number % 2 else "RUN_FAILED"
            note = f"{run.name} {'x' * 4000}"
            (run / "status").write_text(f"{time.time():.6f} {state} {note}\n", encoding="utf-8")


def soak(seconds: float) -> list[Sample]:
    """Let a monitor live for so long; what it held, from a quarter of the time on."""
    dice = random.Random(1)  # noqa: S311 - nothing secret
    samples = []
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        clusters, churn = Clusters(root, dice), Churn(root)
        try:
            with screen([*STATUSTUI, str(root)], 160, 45) as monitor:
                monitor.read(1.0, 10.0)
                for keys in FIRST:
                    monitor.press(keys)
                    monitor.read(0.3, 2.0)
                begin = time.monotonic()
                sampled = replaced = churned = begin
                while (now := time.monotonic()) < begin + seconds:
                    monitor.press(dice.choice(KEYS))
                    monitor.read(0.05, 0.3)
                    if now > replaced + 7:
                        clusters.replace_one()
                        replaced = now
                    if now > churned + 1:
                        churn.turn()
                        churned = now
                    if now > begin + seconds / 4 and now > sampled + 1:
                        samples.append(sample(monitor))
                        sampled = now
                os.kill(monitor.pid, signal.SIGTERM)
                monitor.read(1.0, 10.0)
        finally:
            clusters.stop()
    return samples


def main() -> int:
    """Print what was held, and whether it has grown."""
    samples = soak(float(sys.argv[1]) if len(sys.argv) > 1 else 3600.0)
    third = len(samples) // 3
    has_grown = False
    for (name, bound), values in zip(BOUNDS.items(), zip(*samples, strict=True), strict=True):
        early, late = median(values[:third]), median(values[-third:])
        has_grown = has_grown or late - early > bound
        print(f"{name:<8} {early:7.1f} -> {late:7.1f}, at most {max(values):7.1f}  [+{bound:.0f}]")
    return int(has_grown)


if __name__ == "__main__":
    sys.exit(main())
