"""Time from an append to a run in view until it is on screen, with events and with polling.

    python benchmarks/latency.py [RUNS]... [--on DIR | --tree DIR] [--seconds S]

Runs the monitor in a pseudo-terminal, on its own and while another process appends to 100 other
runs a second. Budgets, in brackets, hold with events on a local disk.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from statistics import quantiles

from measuring import STATUSTUI, Figure, milliseconds, report
from screen import screen
from tree import Tree, append, tree_parser, trees

VISIBLE = 16
"""Runs that are in view together."""
GAP = 0.2
"""Seconds between two appends at most."""
BUDGETS = (60.0, 150.0)
"""Milliseconds until half and until 99 % of the appends are on screen."""
BUSY = 100
"""Appends to other runs a second."""

WRITER = """
import random, sys, time
rate, paths = float(sys.argv[1]), sys.argv[2:]
while True:
    time.sleep(random.expovariate(rate))
    with open(random.choice(paths), "a") as file:
        file.write(f"{time.time():.6f} RUN_USER x\\n")
"""


def measure(tree: Tree, mode: str, seconds: float, *, is_busy: bool) -> None:
    """Print the figures for one way of watching, and for other runs that change or do not."""
    dice = random.Random(1)  # noqa: S311 - nothing secret
    active = [tree.run(number) for number in tree.active]
    in_view, others = active[:VISIBLE], active[VISIBLE:]
    for run in in_view:
        append(run, "RUN_USER in view")
    with screen([*STATUSTUI, "--watch", mode, str(tree.root)]) as monitor:
        monitor.settle(tree.runs)
        monitor.press('/"in view"\rg')
        monitor.read(0.5, 5.0)
        paths = [str(run / "status") for run in others]
        command = [sys.executable, "-c", WRITER, str(BUSY), *paths]
        writer = subprocess.Popen(command) if is_busy else None
        delays: list[float] = []
        end = time.monotonic() + seconds
        # Percentiles take two at least.
        while len(delays) < 2 or time.monotonic() < end:  # noqa: PLR2004 - as above
            gap = dice.uniform(0, GAP)
            monitor.read(gap, gap)
            word = f"{dice.randrange(1 << 32):08x}"
            append(dice.choice(in_view), f"RUN_USER {word} in view")
            delays.append(monitor.wait_for(word.encode()))
        if writer is not None:
            writer.kill()
            writer.wait()
    percentiles = quantiles(delays, n=100, method="inclusive")
    median_ms, p99_ms = BUDGETS if mode == "events" else (None, None)
    report(
        f"{tree.runs:,} runs, {mode}{', others change' if is_busy else ''}",
        Figure(len(delays), "appends"),
        milliseconds(percentiles[49], median_ms, "median"),
        milliseconds(percentiles[98], p99_ms, "p99"),
    )


def main() -> None:
    """Measure on each tree."""
    parser = tree_parser(__doc__, [10_000])
    parser.add_argument("--seconds", type=float, default=15.0, help="how long to append")
    options = parser.parse_args()
    for tree in trees(options):
        for mode in ("events", "poll"):
            for is_busy in (False, True):
                measure(tree, mode, options.seconds, is_busy=is_busy)


if __name__ == "__main__":
    main()
