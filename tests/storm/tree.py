"""The tree that the storm goes over: where runs may be, and how it begins."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass

STATES = (
    *("CREATED", "SCHEDULED", "BUILDING", "BUILD_DONE", "RUNNING", "RUN_DONE", "RESULTS"),
    *("RUN_USER", "COMPLETE", "COMPLETE", "COMPLETE", "SKIPPED", "ABORTED", "CANCELLED"),
    *("RUN_FAILED", "RUN_TIMEOUT", "BUILD_FAILED", "RUN_ERROR", "ENV_FAILED", "SCHED_ERROR"),
    *("INFO", "WARNING", "ODD_FAILED", "SOMETHING_ELSE"),
)
"""States that are written, some of which nobody knows."""

LINE = 40
"""Bytes that a line of `line` has at the least."""


@dataclass(frozen=True)
class Tree:
    """Two roots below `base`, a working directory and a plain tree, and room beside them."""

    base: str
    runs: list[str]
    """Where runs are, or may be."""
    folders: list[str]
    """Folders of the plain tree in which there are runs."""

    @property
    def working_dir(self) -> str:
        """A root: a working directory."""
        return f"{self.base}/wd"

    @property
    def plain(self) -> str:
        """A root: folders of runs, some of them nested."""
        return f"{self.base}/plain"

    @property
    def roots(self) -> tuple[str, str]:
        """What is watched."""
        return self.working_dir, self.plain

    @property
    def aside(self) -> str:
        """Where what is moved away is meanwhile."""
        return f"{self.base}/aside"


def tree_at(base: str, runs: int) -> Tree:
    """The tree of about so many `runs` below `base`, whether it is there or not."""
    wd, plain = f"{base}/wd", f"{base}/plain"
    folders = [*(f"{plain}/f{number}" for number in range(5)), f"{plain}/f0/deep"]
    inside = [f"{wd}/test_runs/{number:07}" for number in range(1, runs // 2)]
    inside += [f"{wd}/series/{number}" for number in range(1, runs // 20)]
    each = max(1, (runs - len(inside)) // len(folders))
    inside += [f"{folder}/r{number}" for folder in folders for number in range(each)]
    return Tree(base, inside, folders)


def make_tree(base: str, runs: int, rng: random.Random, age: float) -> Tree:
    """Make the tree, half of it old: what has not been written to for long is looked at rarely."""
    tree = tree_at(base, runs)
    os.makedirs(tree.aside)
    for number, run in enumerate(tree.runs):
        os.makedirs(run)
        large = (0, 70_000, 1_100_000)[(number % 16 == 1) + (number % 64 == 1)]
        when = time.time() - rng.choice([0.0, age])
        write(f"{run}/status", content(rng, large or rng.randint(100, 400), when))
        os.utime(f"{run}/status", (when, when))
        if tree.working_dir in run:
            write(f"{run}/attributes", b'{"name": "name%d", "user": "mia"}' % number)
        if "/series/" in run:
            _link_members(run, tree, rng)
    for name in ("builds", "jobs"):
        os.makedirs(f"{tree.working_dir}/{name}/inner")
        write(f"{tree.working_dir}/{name}/inner/status", content(rng, 100, time.time()))
    return tree


def _link_members(series: str, tree: Tree, rng: random.Random) -> None:
    """Give a series some runs, by links as Pavilion makes them."""
    os.makedirs(f"{series}/test_sets/all")
    for run in rng.sample([run for run in tree.runs if "/test_runs/" in run], 5):
        name = os.path.basename(run)
        os.symlink(f"../../../../test_runs/{name}", f"{series}/test_sets/all/{name}")


def write(path: str, data: bytes) -> None:
    """Write a new file, or an old one anew; of a FIFO no reader is waited for."""
    with open(path, "wb", opener=at_once) as file:
        file.write(data)


def at_once(path: str, flags: int) -> int:
    """Open a file without waiting for anybody."""
    return os.open(path, flags | os.O_NONBLOCK, 0o644)


def line(rng: random.Random, when: float, size: int = 0) -> bytes:
    """A status line, of `size` bytes if that is not too few."""
    state = rng.choice(STATES)
    note = f"n{rng.randrange(10**6):06}"
    if state == "COMPLETE":
        note += f" result: {rng.choice(['PASS', 'FAIL', 'ERROR'])}"
    start = f"{when:.3f} {state} "
    note = note if not size else note.rjust(size - len(start) - 1, "x")
    return f"{start}{note}\n".encode()


def content(rng: random.Random, size: int, when: float) -> bytes:
    """Status lines of `size` bytes together, the last of them often a large one."""
    lines, left = [], size
    while left > 3 * LINE + 60:
        lines.append(line(rng, when, rng.choice([60, 80, 90]) if left < 2000 else 2000))
        left -= len(lines[-1])
    lines.append(line(rng, when, left))
    return b"".join(lines)
