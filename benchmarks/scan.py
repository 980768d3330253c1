"""The first and the second look at a tree: whole processes, against C and against the shell.

    python benchmarks/scan.py [RUNS]... [--on DIR | --tree DIR]

Compares `statustui list --summary` with a C program that makes the same system calls (`scan.c`)
and with the pipeline of `find`, `xargs tail` and `awk` that one would type instead. The first look
is taken with `--no-cache`, and with an empty cache, which it fills; the second look finds a filled
cache. The trees have bare status files, or Pavilion's other files beside them. The processes take
turns, with a warm cache of the kernel, and the median counts. Budgets are in brackets.

For a slow filesystem, make the trees on it with `--on`, or write one with `tree.py` into what is
mounted there, and give its place on the mount with `--tree`.

The last line of a bare tree is what a sweep of unchanged runs costs inside the monitor.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from measuring import (
    STATUSTUI,
    Figure,
    compiled_peer,
    new_home,
    process_seconds,
    report,
    rounds,
    take_turns,
)
from tree import Tree, tree_parser, trees

from statustui.__main__ import relax_collector
from statustui.monitor.findings import Finding
from statustui.monitor.poll_policy import Settings
from statustui.monitor.root_scanner import RootScanner

PIPELINE = (
    'find "$1" -name status -print0 | xargs -0 tail -qn1 | '
    "awk '{ count[$2]++ } END { for (state in count) print count[state], state }'"
)
OVER_C, OVER_SHELL, SECOND_OVER_C, REAL_OVER_BARE, SWEEP_OVER_C = 4.0, 1.3, 2.5, 1.5, 2.0
Peer = Callable[[str, Sequence[Path]], list[str]]


def take_looks(tree: Tree, peer: Peer) -> dict[str, float]:
    """Return the median seconds of every kind of look at a tree, and of the peers."""
    ours = [*STATUSTUI, "list", "--summary", str(tree.root)]
    commands = {
        "C first": peer("first", tree.test_runs),
        "C sweep": peer("sweep", tree.test_runs),
        "shell": ["sh", "-c", PIPELINE, "sh", str(tree.root)],
        "first, no cache": [*ours, "--no-cache"],
        "first, cache saved": ours,
    }
    with new_home() as home:
        process_seconds(ours, home)
        if not any(home.rglob("*.cache")):
            print("no cache was saved: the second look is a first one")
        measures = {name: partial(process_seconds, one) for name, one in commands.items()}
        measures["second"] = partial(process_seconds, ours, home)
        return take_turns(measures, rounds(tree.runs))


def compare_looks(tree: Tree, took: dict[str, float]) -> None:
    """Print what the looks at a tree cost, and their ratios to the peers."""
    is_bare = tree.shape == "bare"
    for name, seconds in took.items():
        each = Figure(1e6 * seconds / tree.runs, "us a run")
        ratios: list[Figure] = []
        if name.startswith("first"):
            ratios = [
                Figure(seconds / took["C first"], "x C", OVER_C if is_bare else None),
                Figure(seconds / took["shell"], "x shell", OVER_SHELL if is_bare else None),
            ]
        elif name == "second":
            ratios = [Figure(seconds / took["C sweep"], "x C sweep", SECOND_OVER_C)]
        report(f"{tree.runs:,} {tree.shape}: {name}", each, *ratios)


def exhaust(findings: Iterable[Finding]) -> float:
    """Return the seconds that it takes to find everything."""
    start = time.perf_counter()
    deque(findings, maxlen=0)
    return time.perf_counter() - start


def compare_sweeps(tree: Tree, c_seconds: float) -> None:
    """Print what a sweep of unchanged runs costs inside the monitor."""
    scanner = RootScanner(str(tree.root), Settings("poll"), threading.Event())
    exhaust(scanner.sweep(tree.runs, everything=True))
    seconds = median(
        exhaust(scanner.sweep(tree.runs, everything=True)) for _ in range(rounds(tree.runs))
    )
    scanner.close()
    report(
        f"{tree.runs:,} {tree.shape}: sweep of the monitor",
        Figure(1e6 * seconds / tree.runs, "us a run"),
        Figure(seconds / c_seconds, "x C sweep", SWEEP_OVER_C),
    )


def main() -> None:
    """Measure trees of both shapes."""
    relax_collector()
    options = tree_parser(__doc__, [20_000, 100_000]).parse_args()
    with compiled_peer() as peer:
        bare: dict[int, float] = {}
        for tree in trees(options, ("bare", "real")):
            took = take_looks(tree, peer)
            compare_looks(tree, took)
            first = took["first, no cache"]
            if tree.shape == "bare":
                bare[tree.runs] = first
                compare_sweeps(tree, took["C sweep"])
            elif tree.runs in bare:
                ratio = Figure(first / bare[tree.runs], "x bare", REAL_OVER_BARE)
                report(f"{tree.runs:,} real: first, no cache", ratio)


if __name__ == "__main__":
    main()
