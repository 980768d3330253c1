"""Time from the command to what is first on screen, against a bare Textual app with one label.

    python benchmarks/startup.py [RUNS [PROGRAM]]

Prints the median milliseconds to the painted frame and to the first real one, on trees of 100 and
of RUNS runs (10,000 by default). The goals are 2 x `python -c pass` and 1.25 x the bare app. With a
PROGRAM, as `dist/statustui.pyz`, that is measured too, once it has unpacked itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

from screen import screen
from tree import tree

ROUNDS = 15

BARE = """
from textual.app import App
from textual.widgets import Label
class Bare(App):
    def compose(self):
        yield Label("a bare label")
Bare().run()
"""


def time_to(command: Sequence[str], text: bytes) -> float:
    """Seconds until `text` is on screen."""
    with screen(command) as program:
        return program.wait_for(text)


def time_of(command: Sequence[str]) -> float:
    """Seconds that a command takes."""
    start = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - start


def main() -> None:
    """Measure everything in turns, and compare."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    # As where it is installed, every module has been compiled before.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    python = [sys.executable]
    installed = sys.argv[2:3]
    times: dict[str, list[float]] = {}
    with tree(100) as small, tree(runs) as large:
        ours = [*python, "-m", "statustui"]
        measured = [
            ("python -c pass", [*python, "-c", "pass"], b""),
            ("frame painted", [*ours, str(small)], b"looking for runs"),
            ("bare Textual app", [*python, "-c", BARE], b"a bare label"),
            ("first real frame, 100 runs", [*ours, str(small)], b"NOTE"),
            (f"first real frame, {runs} runs", [*ours, str(large)], b"NOTE"),
        ]
        if installed:
            time_to([*installed, str(small)], b"NOTE")
            measured += [
                ("frame painted, installed", [*installed, str(small)], b"looking for runs"),
                ("first real frame, installed", [*installed, str(small)], b"NOTE"),
            ]
        for _ in range(ROUNDS):
            for name, command, text in measured:
                taken = time_to(command, text) if text else time_of(command)
                times.setdefault(name, []).append(taken)
    nothing, bare = median(times["python -c pass"]), median(times["bare Textual app"])
    for name, all_of_them in times.items():
        taken = median(all_of_them)
        peer = nothing if "pass" in name or "painted" in name else bare
        print(f"{name:<30} {1000 * taken:6.0f} ms  ratio {taken / peer:.2f}")


if __name__ == "__main__":
    main()
