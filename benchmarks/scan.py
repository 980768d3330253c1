"""The first look at a tree: whole processes, against C and against what one would type instead.

    python benchmarks/scan.py [RUNS]...

Compares `statustui list --summary` with a C program that makes the same system calls (`scan.c`) and
with `find | xargs tail | awk`, on trees of bare status files and on trees with Pavilion's other
files, with a warm cache. The processes take turns; the median of each counts. The goals are in
brackets. Then it prints what a sweep of unchanged runs costs inside the monitor.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from tree import tree

from statustui.__main__ import relax_collector
from statustui.monitor.findings import Finding
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_scanner import RootScanner

ROUNDS = 5
PIPELINE = (
    "find '{root}/test_runs' -name status -print0 | xargs -0 tail -qn1 | "
    "awk '{{ count[$2]++ }} END {{ for (state in count) print count[state], state }}'"
)


def compiled(place: Path) -> Path:
    """Compile the C program."""
    program = place / "scan"
    source = Path(__file__).with_name("scan.c")
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)  # noqa: S607 - the machine's
    return program


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def compare(commands: dict[str, list[str]]) -> dict[str, float]:
    """Name -> median seconds of commands that take turns."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(seconds(command))
    return {name: median(values) for name, values in times.items()}


def first_looks(runs: int, program: Path) -> None:
    """Print what a first look at a tree of each shape costs."""
    ours: dict[str, float] = {}
    for shape in ("bare", "real"):
        with tree(runs, shape=shape) as root:
            took = compare(
                {
                    "C": [str(program), "first", str(root / "test_runs")],
                    "shell": ["sh", "-c", PIPELINE.format(root=root)],
                    "list": [sys.executable, "-m", "statustui", "list", "--summary", str(root)],
                }
            )
        ours[shape] = took["list"]
        each = ", ".join(f"{name} {1e6 * took[name] / runs:.1f} us" for name in took)
        print(
            f"{runs:>7} runs, {shape}: {each}; list / C {took['list'] / took['C']:.2f}"
            f"{' [4]' if shape == 'bare' else ''}, list / shell {took['list'] / took['shell']:.2f}"
            f"{' [1.3]' if shape == 'bare' else ''}",
            flush=True,
        )
    print(f"{runs:>7} runs, real / bare: {ours['real'] / ours['bare']:.2f} [1.5]")


def exhaust(findings: Iterable[Finding]) -> float:
    """Seconds that it takes to find everything."""
    start = time.perf_counter()
    deque(findings, maxlen=0)
    return time.perf_counter() - start


def sweeps(runs: int, program: Path) -> None:
    """Print what a sweep of unchanged runs costs inside the monitor."""
    with tree(runs) as root:
        scanner = RootScanner(str(root), Settings("poll"), threading.Event())
        exhaust(scanner.sweep(runs, everything=True))
        ours = median(exhaust(scanner.sweep(runs, everything=True)) for _ in range(ROUNDS))
        command = [str(program), "sweep", str(root / "test_runs")]
        peer = median(seconds(command) for _ in range(ROUNDS))
    print(
        f"{runs:>7} runs, sweep {1e6 * ours / runs:.2f} us, C {1e6 * peer / runs:.2f} us:"
        f" {ours / peer:.2f} [2]"
    )


def main() -> None:
    """Measure for each number of runs on the command line."""
    relax_collector()
    with tempfile.TemporaryDirectory() as place:
        program = compiled(Path(place))
        for runs in map(int, sys.argv[1:] or ["20000", "100000"]):
            first_looks(runs, program)
            sweeps(runs, program)


if __name__ == "__main__":
    main()
