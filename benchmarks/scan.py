"""First read and sweep of many runs, against a C program that makes the same system calls.

    python benchmarks/scan.py [RUNS]...

Prints microseconds a run, the best of some rounds that take turns, and the ratios. The goals are
2.5 for the first read and 2 for the sweep, at 100,000 runs with a warm cache.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tree import tree

from statustui.__main__ import relax_collector
from statustui.monitor.change_buffer import Outbox
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_scanner import RootScanner

ROUNDS = 5


def compiled(place: Path) -> Path:
    """Compile the C program."""
    program = place / "scan"
    source = Path(__file__).with_name("scan.c")
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)  # noqa: S607 - the machine's
    return program


def run_c(program: Path, what: str, root: Path) -> float:
    """Seconds that the C program takes."""
    done = subprocess.run([program, what, root / "test_runs"], check=True, capture_output=True)
    return float(done.stdout.split()[0])


def taking(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def make_sweeper(root: Path) -> RootScanner:
    """What looks at one root, without the thread around it."""
    outbox = Outbox(str(root), lambda _batch: None)
    return RootScanner(str(root), Settings("poll"), outbox, outbox.tell, threading.Event())


def measure(runs: int, program: Path) -> None:
    """Print the figures for so many runs."""
    times: dict[str, list[float]] = {name: [] for name in ("first", "c first", "sweep", "c sweep")}
    with tree(runs) as root:
        for _ in range(ROUNDS):
            sweeper = make_sweeper(root)
            times["c first"].append(run_c(program, "first", root))
            times["first"].append(taking(lambda: sweeper.sweep(runs, everything=True)))  # noqa: B023
            times["c sweep"].append(run_c(program, "sweep", root))
            times["sweep"].append(taking(lambda: sweeper.sweep(runs, everything=True)))  # noqa: B023
    for what in ("first", "sweep"):
        ours, peer = min(times[what]), min(times[f"c {what}"])
        each = 1e6 / runs
        print(
            f"{runs:>7} runs  {what:<5}  {ours * each:7.2f} us  C {peer * each:6.2f} us"
            f"  ratio {ours / peer:.2f}"
        )


def main() -> None:
    """Measure for each number of runs on the command line."""
    relax_collector()
    with tempfile.TemporaryDirectory() as place:
        program = compiled(Path(place))
        for runs in map(int, sys.argv[1:] or ["1000", "10000", "100000"]):
            measure(runs, program)


if __name__ == "__main__":
    main()
