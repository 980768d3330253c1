"""What the table of runs costs: time from key to frame, and bytes to the terminal.

    python benchmarks/table.py [RUNS]...

Runs the monitor in a pseudo-terminal of 80x24 on trees of 1,000 and 100,000 runs. The goals are in
brackets behind the figures.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from screen import Screen, screen
from tree import tree

QUIET = 0.12
"""Seconds without a byte after which a frame is over."""
IDLE = 30.0
STORM = 10.0
LINK = 32 * 1024

WRITER = """
import random, sys, time
rate, seconds, word = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
paths = sys.stdin.read().split()
start = time.time()
done = 0
while (passed := time.time() - start) < seconds:
    while done < passed * rate:
        with open(random.choice(paths), "a") as file:
            file.write(f"{time.time():.6f} RUN_USER {word} {random.randrange(1000)}\\n")
        done += 1
    time.sleep(0.005)
"""


def append(path: Path, status: str) -> None:
    """Append a status to a run."""
    with (path / "status").open("a") as file:
        file.write(f"{time.time():.6f} {status}\n")


def key_times(monitor: Screen, keys: str, count: int) -> tuple[float, float]:
    """Median seconds from a key to the end of its frame, and median bytes."""
    answers = []
    for _ in range(count):
        monitor.press(keys)
        answers.append(monitor.read(QUIET, first=2.0))
    return median(one.seconds for one in answers), median(len(one.data) for one in answers)


def storm(monitor: Screen, paths: list[Path], rate: float, word: str) -> str:
    """Bytes and processor time while many changes are made, with `word` in their notes."""
    names = "\n".join(str(path / "status") for path in paths)
    command = [sys.executable, "-c", WRITER, str(rate), str(STORM), word]
    writer = threading.Thread(
        target=subprocess.run, args=(command,), kwargs={"input": names, "text": True}
    )
    writer.start()
    cpu = monitor.cpu()
    size, start = 0, time.monotonic()
    while time.monotonic() < start + STORM:
        size += len(monitor.read(QUIET, STORM).data)
    passed = time.monotonic() - start
    cpu = monitor.cpu() - cpu
    writer.join()
    monitor.read(1.0, 5.0)
    return f"{size / passed / 1024:5.1f} KiB/s  CPU {100 * cpu / passed:4.1f} %"


def measure(root: Path, runs: int) -> dict[str, float]:
    """Print the figures on one tree; the key times."""
    test_runs = root / "test_runs"
    times: dict[str, float] = {}
    say: Callable[[str], None] = lambda text: print(f"{runs:>7} runs  {text}", flush=True)  # noqa: E731
    with screen([sys.executable, "-m", "statustui", str(root)]) as monitor:
        say(f"all runs on screen after {monitor.wait_for(b'events'):.2f} s")
        monitor.read(2.0, 10.0)
        for name, keys, count, goal in (
            ("one line down", "j", 12, "700 bytes"),
            ("page down", "\x1b[6~", 10, "5,000 bytes"),
            ("to the end", "G", 1, ""),
            ("to the top", "g", 1, ""),
            ("problems only", "!", 4, ""),
            ("filter: first letter", "/7", 1, ""),
            ("filter: next letter", "7", 1, ""),
            ("filter: away", "\x1b", 1, ""),
            ("next sort key", "s", 6, ""),
        ):
            seconds, size = key_times(monitor, keys, count)
            times[name] = seconds
            say(f"{name:<22} {1000 * seconds:6.1f} ms  {size:6.0f} bytes  [{goal}]")
        monitor.press("g")
        monitor.read(1.0, 8.0)
        # By time: what has just changed is at the top.
        monitor.press("sg")
        append(test_runs / "10", "RUN_USER first")
        monitor.read(6.0, 9.0)
        append(test_runs / "10", "RUN_USER again")
        answer = monitor.read(0.8, 3.0)
        say(f"a visible run changes: {len(answer.data)} bytes  [700]")
        monitor.read(6.0, 9.0)
        monitor.press("G")
        monitor.read(1.0, 3.0)
        append(test_runs / "20", "RUN_USER elsewhere")
        say(f"a run out of view changes: {len(monitor.read(2.0, 4.0).data)} bytes  [0]")
        cpu, start = monitor.cpu(), time.monotonic()
        size = len(monitor.read(IDLE, IDLE).data)
        cpu, passed = monitor.cpu() - cpu, time.monotonic() - start
        say(f"idle: {size / passed:.0f} bytes/s  CPU {100 * cpu / passed:.2f} %")
        anywhere = [test_runs / str(number) for number in range(10, runs, 10)]
        say(f"1,000 changes/s anywhere:  {storm(monitor, anywhere, 1000, 'anywhere')}")
        visible = [test_runs / str(number) for number in range(10, 170, 10)]
        for path in visible:
            append(path, "RUN_USER visible")
        monitor.press("/visible\rg")
        monitor.read(1.0, 8.0)
        say(f"1,000 changes/s in view:   {storm(monitor, visible, 1000, 'visible')}  [30 KiB/s]")
        monitor.press("\x1b")
        held(monitor, say)
    return times


def held(monitor: Screen, say: Callable[[str], None]) -> None:
    """Hold the down key on a slow link, and see how long the screen needs to settle."""
    stop = threading.Event()

    def hold() -> None:
        while not stop.wait(1 / 30):
            monitor.press("j")

    holder = threading.Thread(target=hold)
    holder.start()
    monitor.read(0.5, 2.0, LINK)
    stop.set()
    holder.join()
    answer = monitor.read(0.25, 20.0, LINK)
    say(f"down key held for 2 s at 32 KiB/s: settles in {answer.seconds:.2f} s  [0.25]")


def main() -> None:
    """Measure for each number of runs on the command line, and compare."""
    results = []
    for runs in map(int, sys.argv[1:] or ["1000", "100000"]):
        with tree(runs) as root:
            results.append(measure(root, runs))
    first, last = results[0], results[-1]
    for name in first:
        print(f"{name:<22} ratio {last[name] / first[name]:.2f}  [1.3]")


if __name__ == "__main__":
    main()
