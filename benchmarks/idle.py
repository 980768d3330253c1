"""What watching costs while nothing changes.

    python benchmarks/idle.py [RUNS]...

Prints the share of a core and the checks a second over half a minute, on trees of 1,000, 10,000
and 100,000 runs of which one in ten is active, with events and with polling. The goals are 0.7 %
at 10,000 and 3 % at 100,000 runs.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from tree import tree

from statustui.__main__ import relax_collector
from statustui.monitor import run_reader, snapshot
from statustui.monitor.batch import Batch
from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings, WatchMode

SECONDS = 30.0


class Counter:
    """Counts the checks of runs on a local disk."""

    def __init__(self) -> None:
        """Stand in front of the function that checks a run."""
        self.calls = 0
        self._check = snapshot.is_unchanged
        setattr(run_reader, "is_unchanged", self._count)  # noqa: B010 - a name that it imports

    def _count(self, known: snapshot.RunSnapshot) -> bool:
        self.calls += 1
        return self._check(known)


def measure(root: Path, runs: int, mode: WatchMode, counter: Counter) -> None:
    """Print the figures for one way of watching."""
    swept = threading.Event()
    last: list[Batch] = []

    def take(batch: Batch) -> None:
        last[:] = [batch]
        if batch.health and batch.health[0].swept:
            swept.set()

    monitor = Monitor([str(root)], Settings(mode))
    monitor.start(take)
    swept.wait()
    time.sleep(10)  # for the watches to be set up
    cpu, checks, start = time.process_time(), counter.calls, time.monotonic()
    time.sleep(SECONDS)
    passed = time.monotonic() - start
    cpu, checks = time.process_time() - cpu, counter.calls - checks
    monitor.stop()
    health = last[0].health[0]
    print(
        f"{runs:>7} runs  {health.mode:<8} every {health.interval:4.1f} s"
        f"  CPU {100 * cpu / passed:5.2f} %  {checks / passed:7.0f} checks/s"
    )


def main() -> None:
    """Measure for each number of runs on the command line."""
    relax_collector()
    counter = Counter()
    modes: tuple[WatchMode, ...] = ("events", "poll")
    for runs in map(int, sys.argv[1:] or ["1000", "10000", "100000"]):
        with tree(runs) as root:
            for mode in modes:
                measure(root, runs, mode, counter)


if __name__ == "__main__":
    main()
