"""What looking into one run costs: time to open, against `less +G`, and bytes for what comes.

    python benchmarks/history.py

Runs both in a pseudo-terminal of 80x24, on a history of 100,000 lines and a log of 1 GB. The
monitor is running already when a run, or its log, is opened; `less` is started for each file.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from measuring import STATUSTUI
from screen import CHECKED, Screen, screen

LINES = 100_000
LOG = 1_000_000_000
QUIET = 0.2
"""Seconds without a byte after which a frame is over."""
ROUNDS = 5
ERROR = b"solver.c:12: error: too few arguments\n"


def write_run(run: Path) -> None:
    """Write a run with a long history and a large log, whose first error is in its middle."""
    run.mkdir(parents=True)
    start = time.time() - LINES
    with (run / "status").open("w") as file:
        for number in range(LINES):
            file.write(f"{start + number:.6f} RUN_USER step {number} of {LINES}\n")
    line = b"[ 42%] Building C object src/kernel_avx512.c.o with all the usual flags\n"
    block = line * (LOG // 2 // len(line))
    with (run / "run.log").open("wb") as log:
        log.write(block)
        log.write(ERROR)
        log.write(block)
        log.write(b"the last line of the log\n")


def opening(command: list[str], text: bytes) -> float:
    """Seconds from the start of a program until `text` is on its screen."""
    with screen(command) as terminal:
        return terminal.wait_for(text)


def press(monitor: Screen, keys: str, text: bytes) -> float:
    """Seconds from keys to `text` on the screen; what comes after it is read too."""
    monitor.press(keys)
    seconds = monitor.wait_for(text)
    monitor.read(QUIET)
    return seconds


def append(path: Path, text: str) -> None:
    """Append to a file, as a program would that writes line by line."""
    with path.open("a") as file:
        file.write(text)


def measure(run: Path) -> None:
    """Print the figures."""
    less = median(
        opening(["less", "+G", str(run / "status")], b"step 99999 of") for _ in range(ROUNDS)
    )
    less_log = median(
        opening(["less", "+G", str(run / "run.log")], b"the last line") for _ in range(ROUNDS)
    )
    with screen([*STATUSTUI, str(run.parent)]) as monitor:
        monitor.wait_for(CHECKED)
        monitor.read(1.0)
        times: dict[str, list[float]] = {"history": [], "log": []}
        for _ in range(ROUNDS):
            times["history"].append(press(monitor, "\r", b"step 99999 of"))
            monitor.read(1.5)
            times["log"].append(press(monitor, "\r", b"the last line"))
            monitor.press("q")
            monitor.read(QUIET)
        history, log = median(times["history"]), median(times["log"])
        print(f"history of {LINES:,} lines: {history * 1000:.0f} ms, less +G {less * 1000:.0f} ms")
        print(f"ratio {history / less:.2f}")
        print(f"log of {LOG:,} bytes: {log * 1000:.0f} ms, less +G {less_log * 1000:.0f} ms")
        print(f"ratio {log / less_log:.2f}")
        monitor.press("\r")
        monitor.read(2.0)
        for name, path, line in (
            ("status", run / "status", f"{time.time():.6f} RUN_USER one more\n"),
            ("line of the log", run / "run.log", "one more line\n"),
        ):
            sizes = []
            for _ in range(ROUNDS):
                append(path, line)
                sizes.append(len(monitor.read(1.0, first=6.0).data))
            print(f"bytes to the terminal for one appended {name}: {median(sizes):.0f}")
            monitor.press("\r")
            monitor.read(2.0)
        start = time.monotonic()
        monitor.press("!")
        monitor.wait_for(b"too few arguments")
        print(f"first error, in the middle of the log: {time.monotonic() - start:.2f} s")


def main() -> None:
    """Measure in a temporary directory."""
    with tempfile.TemporaryDirectory() as directory:
        run = Path(directory, "tree", "1")
        write_run(run)
        measure(run)


if __name__ == "__main__":
    main()
