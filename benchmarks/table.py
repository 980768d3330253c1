"""What the table of runs costs: time from key to frame, and bytes to the terminal.

    python benchmarks/table.py [RUNS]... [--on DIR | --tree DIR] [--seconds S]

Runs the monitor in a pseudo-terminal of 80x24 on a tree of each size. For each key it prints the
time to the first byte, the time to the last one and the number of bytes; for a letter of a filter
also the time until the list is narrowed for the first time. Then follow the longest silence while
keys are pressed and the order changes, what changes of runs cost, and the time from `q` to the end.
At last the first frames of the largest tree are compared with those of the smallest one. Budgets
are in brackets.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from measuring import STATUSTUI, Figure, milliseconds, report
from screen import Answer, Screen, screen
from tree import Tree, append, tree_parser, trees

NARROWED = rb"[0-9,]+ of [0-9,]+ [^\x1b]*listed"
"""What the line above the keys says while not all runs are listed."""
BACKSPACE = "\x7f"
LINK = 32 * 1024
"""Bytes a second of a slow link."""
VISIBLE = 16
"""Runs that are in view together."""
KEYS_PER_SECOND = 30.0
PAGE_BYTES, IN_PLACE_BYTES = 3000.0, 300.0
LIST_MS, NARROWED_MS, WHOLE_MS, QUIT_MS = 60.0, 50.0, 150.0, 1000.0
BUDGETED_RUNS = 100_000
"""Largest tree for which the budgets in milliseconds hold; more is done in slices."""
KEYS_RATIO = 1.3

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


class Key(NamedTuple):
    """A key that is pressed several times."""

    name: str
    keys: str
    times: int
    """After that many times, the list is as it was."""
    milliseconds: float | None = None
    """Budget to the last byte."""
    bytes: float | None = None


KEYS = (
    Key("one line down", "j", 12, None, PAGE_BYTES),
    Key("page down", "\x1b[6~", 10, None, PAGE_BYTES),
    Key("to the end", "G", 1),
    Key("to the top", "g", 1),
    Key("problems only", "!", 4, LIST_MS),
    Key("next sort key", "s", 6, LIST_MS),
    Key("next grouping", "t", 6, LIST_MS),
    Key("over time, and back", "x", 6),
)


class Table:
    """A monitor on a tree, and what it is asked.

    Args:
        monitor: The monitor, which has read everything.
        tree: What it has read.
        seconds: How long each storm of changes lasts; the marks of a change are gone after that.
    """

    def __init__(self, monitor: Screen, tree: Tree, seconds: float) -> None:
        self._monitor = monitor
        self._tree = tree
        self._seconds = seconds
        self._quiet = max(0.3, tree.runs / 300_000)
        """Seconds without a byte after which an answer is over."""
        self.first_frames: dict[str, float] = {}

    def _report(self, name: str, *figures: Figure) -> None:
        report(f"{self._tree.runs:,} runs: {name}", *figures)

    def _budget(self, budget: float | None) -> float | None:
        """Return a budget in milliseconds, if it holds for a tree of this size."""
        return budget if self._tree.runs <= BUDGETED_RUNS else None

    def _press(self, keys: str) -> Answer:
        self._monitor.press(keys)
        return self._monitor.read(self._quiet, first=30 * self._quiet)

    def _read_all(self) -> Answer:
        """Read until even what is done in slices has been drawn."""
        return self._monitor.read(5 * self._quiet, 10 * self._quiet)

    def measure_keys(self) -> None:
        """Press each key, and print its times and bytes."""
        for key in KEYS:
            answers = [self._press(key.keys) for _ in range(key.times)]
            self.first_frames[key.name] = median(one.first for one in answers)
            last = median(max(one.first, one.seconds) for one in answers)
            self._report(
                key.name,
                milliseconds(self.first_frames[key.name], until="first byte"),
                milliseconds(last, self._budget(key.milliseconds), "last byte"),
                Figure(median(len(one.data) for one in answers), "bytes", key.bytes),
            )

    def measure_filter(self) -> None:
        """Type a filter and remove it, and print the times."""
        self._press("/")
        for name in ("filter: first letter", "filter: next letter"):
            self._monitor.press("7")
            listed = re.findall(NARROWED, self._read_all().data)[-1]
            self._monitor.press(BACKSPACE)
            self._read_all()
            start = time.monotonic()
            self._monitor.press("7")
            first = self._monitor.wait_for(b"(?s).")
            self._monitor.wait_for(NARROWED)
            narrowed = time.monotonic() - start
            self._monitor.wait_for(re.escape(listed))
            whole = time.monotonic() - start
            self._read_all()
            self.first_frames[name] = first
            self._report(
                name,
                milliseconds(first, until="echo"),
                milliseconds(narrowed, self._budget(NARROWED_MS), "narrowed"),
                milliseconds(whole, self._budget(WHOLE_MS), "whole"),
            )
        away = self._press("\x1b")
        self._report("filter: away", milliseconds(away.seconds, until="last byte"))

    def measure_silence(self) -> None:
        """Change the list while keys are pressed, and print the longest silence."""
        for key in KEYS:
            if key.milliseconds is None:
                continue
            self._press("g")
            # Down and up in turns: each of them draws something in any list.
            with held(self._monitor, "jk"):
                self._monitor.read(1.0, 1.0)
                self._monitor.press(key.keys)
                answer = self._monitor.read(5 * self._quiet, 5 * self._quiet)
            self._report(
                f"longest silence, {key.name}", milliseconds(answer.longest_silence, LIST_MS)
            )
            # Back to the list as it was.
            for _ in range(key.times - 1):
                self._press(key.keys)

    def measure_link(self) -> None:
        """Hold the down key on a slow link, and print how long the screen needs to settle."""
        with held(self._monitor):
            self._monitor.read(0.5, 2.0, LINK)
        answer = self._monitor.read(self._quiet, 20.0, LINK)
        self._report("settles after a held key, at 32 KiB/s", milliseconds(answer.seconds, 250))

    def measure_changes(self) -> None:
        """Change runs in view and out of view, and print the bytes."""
        in_view, elsewhere, *_ = (self._tree.run(number) for number in self._tree.active)
        self._press("g")
        # By time: what has just changed is at the top.
        self._press("sg")
        append(in_view, "RUN_USER first")
        self._monitor.read(self._seconds, self._seconds)
        append(in_view, "RUN_USER again")
        answer = self._monitor.read(0.8, 10.0, first=8.0)
        self._report("a run in view changes", Figure(len(answer.data), "bytes", IN_PLACE_BYTES))
        self._monitor.read(self._seconds, self._seconds)
        self._press("G")
        # Until the key holds no changes back any more.
        self._monitor.read(self._seconds, self._seconds)
        append(elsewhere, "RUN_USER elsewhere")
        answer = self._monitor.read(2.0, 4.0)
        self._report("a run out of view changes", Figure(len(answer.data), "bytes", 0))

    def measure_storms(self) -> None:
        """Have another process make 1,000 changes a second, and print what they cost."""
        runs = [self._tree.run(number) for number in self._tree.active]
        self._storm("1,000 changes/s anywhere", runs, "anywhere")
        for run in runs[:VISIBLE]:
            append(run, "RUN_USER visible")
        self._press("/visible\rg")
        self._monitor.read(1.0, 8.0)
        self._storm("1,000 changes/s in view", runs[:VISIBLE], "visible")
        self._press("\x1b")

    def _storm(self, name: str, runs: Sequence[Path], word: str) -> None:
        """Print bytes and processor time while many changes are made, with `word` in the notes."""
        names = "\n".join(str(run / "status") for run in runs)
        command = [sys.executable, "-c", WRITER, "1000", str(self._seconds), word]
        writer = threading.Thread(
            target=subprocess.run, args=(command,), kwargs={"input": names, "text": True}
        )
        writer.start()
        before = self._monitor.cpu()
        answer = self._monitor.read(self._seconds, self._seconds)
        percent = 100 * (self._monitor.cpu() - before) / self._seconds
        writer.join()
        self._monitor.read(self._seconds, self._seconds)
        kibibytes = len(answer.data) / self._seconds / 1024
        self._report(name, Figure(kibibytes, "KiB/s", 30), Figure(percent, "% of a core"))

    def measure_quit(self) -> None:
        """Sort once more and quit, and print how long that took."""
        self._monitor.press("s")
        self._report("q to the end, while it sorts", milliseconds(self._monitor.quit(), QUIT_MS))


@contextlib.contextmanager
def held(monitor: Screen, keys: str = "j") -> Iterator[None]:
    """Hold a key until the block ends, or press several in turns."""
    stop = threading.Event()

    def hold() -> None:
        for key in itertools.cycle(keys):
            if stop.wait(1 / KEYS_PER_SECOND):
                return
            monitor.press(key)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        stop.set()
        holder.join()


def measure(tree: Tree, seconds: float) -> dict[str, float]:
    """Print the figures on one tree; return the seconds to the first frames."""
    with screen([*STATUSTUI, str(tree.root)]) as monitor:
        table = Table(monitor, tree, seconds)
        monitor.settle(tree.runs)
        table.measure_keys()
        table.measure_filter()
        table.measure_silence()
        table.measure_link()
        table.measure_changes()
        table.measure_storms()
        table.measure_quit()
    return table.first_frames


def main() -> None:
    """Measure on each tree, and compare."""
    parser = tree_parser(__doc__, [1000, 100_000])
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a storm of changes")
    options = parser.parse_args()
    results = [measure(tree, options.seconds) for tree in trees(options)]
    for name, seconds in results[0].items() if len(results) > 1 else ():
        ratio = Figure(results[-1][name] / seconds, "x the smallest tree", KEYS_RATIO)
        report(f"{name}: first frame", ratio)


if __name__ == "__main__":
    main()
