"""Time from an append to the batch that tells of it, with events and with polling.

    python benchmarks/latency.py [RUNS]

Another process appends to running runs of a tree of RUNS (10,000 by default) at 10 and at 100
changes a second for some seconds each. The goal with events on a local disk is a median under
100 ms and a 99th percentile under 300 ms.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tree import tree

from statustui.__main__ import relax_collector
from statustui.monitor.batch import Batch
from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings, WatchMode

SECONDS = 15.0

WRITER = """
import random, sys, time
rate, seconds, paths = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
end = time.time() + seconds
while (now := time.time()) < end:
    with open(random.choice(paths), "a") as file:
        file.write(f"{time.time():.6f} RUN_USER x\\n")
    time.sleep(max(0, random.expovariate(rate) - (time.time() - now)))
"""


class Stopwatch:
    """Takes in batches and notes how old each change is when it arrives."""

    def __init__(self) -> None:
        """Start before the first sweep is over."""
        self.delays: list[float] = []
        self.is_ready = threading.Event()
        self.mode = ""

    def take(self, batch: Batch) -> None:
        """Take in a batch."""
        now = time.time()
        for run in batch.updated:
            if self.is_ready.is_set() and run.updated is not None:
                self.delays.append(now - run.updated)
        for health in batch.health:
            self.mode = health.mode
            if health.swept:
                self.is_ready.set()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values is."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(root: Path, mode: WatchMode, rate: float) -> None:
    """Print the figures for one way of watching and one rate of changes."""
    stopwatch = Stopwatch()
    monitor = Monitor([str(root)], Settings(mode))
    monitor.start(stopwatch.take)
    stopwatch.is_ready.wait()
    time.sleep(3)  # for the watches to be set up
    stopwatch.delays.clear()
    every = root / "test_runs"
    paths = [str(every / str(number) / "status") for number in range(10, 2010, 10)]
    cpu = time.process_time()
    subprocess.run([sys.executable, "-c", WRITER, str(rate), str(SECONDS), *paths], check=True)
    cpu = time.process_time() - cpu
    time.sleep(2)
    monitor.stop()
    delays = stopwatch.delays
    print(
        f"{stopwatch.mode:<8} {rate:>4.0f}/s  {len(delays):>5} changes"
        f"  median {1000 * percentile(delays, 0.5):6.0f} ms"
        f"  p99 {1000 * percentile(delays, 0.99):6.0f} ms  CPU {100 * cpu / SECONDS:.1f} %"
    )


def main() -> None:
    """Measure on one tree."""
    relax_collector()
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    modes: tuple[WatchMode, ...] = ("events", "poll")
    with tree(runs) as root:
        for mode in modes:
            for rate in (10.0, 100.0):
                measure(root, mode, rate)


if __name__ == "__main__":
    main()
