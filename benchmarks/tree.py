"""Trees for the benchmarks: many runs, most of them finished, in the shapes that real trees have.

    python benchmarks/tree.py DIRECTORY RUNS [bare|short|real]

writes a tree that stays, for `--tree DIRECTORY` of the other scripts, and prints how long it took.

    bare   a status file of 13 lines for each run
    short  a status file of 6 lines for each run
    real   13 lines, and what Pavilion 2.4 writes beside them: attributes, results, logs, links to
           the job and to the series

A working directory has 100,000 runs at most: a larger tree has several. One run in ten can still
change, but no more than 10,000 in all.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

Shape = Literal["bare", "short", "real"]
SHAPES: tuple[Shape, ...] = get_args(Shape)

_LONG_LIFE = (
    "STATUS_CREATED Created status file.",
    "CREATED Test directory and status file created.",
    "BUILD_CREATED Builder created.",
    "CREATED Test directory setup complete.",
    "BUILD_REUSED Build reused.",
    "FINALIZED Test Run Finalized.",
    "SCHEDULED Test kicked off.",
    "RUN_READY Started run script",
    "RUNNING Starting the run script.",
    "RUN_USER phase 1",
)
_SHORT_LIFE = ("CREATED made", "SCHEDULED in the queue", "RUNNING on a node")
_END = ("RUN_DONE Test run has completed.", "RESULTS Parsing 12 result types.")
_VERDICTS = ("PASS", "PASS", "PASS", "PASS", "PASS", "FAIL")
_STEP = 20
"""Seconds between two statuses of a run."""
_DIRECTORY_SIZE, _SERIES_SIZE, _JOB_SIZE = 100_000, 500, 50
"""Runs in a working directory, a series and a job."""
_MEMBERS = "test_sets/0.bench"
"""Where the links of a series to its runs are."""
_ACTIVE_SHARE, _MAX_ACTIVE = 10, 10_000
_BLOCK = 2_000
"""Runs that a process writes in one go."""
_MAX_FRESH = 3.5
"""Seconds for which the cache does not trust what has just been written."""


class Tree(NamedTuple):
    """A tree of runs that are numbered from 1 on."""

    root: Path
    runs: int
    shape: Shape = "bare"

    @property
    def working_dirs(self) -> list[Path]:
        """The working directories: the root itself, or those in it."""
        if self.runs <= _DIRECTORY_SIZE:
            return [self.root]
        count = -(-self.runs // _DIRECTORY_SIZE)
        return [self.root / f"working_dir{number}" for number in range(1, count + 1)]

    @property
    def test_runs(self) -> list[Path]:
        """The directories in which the runs are."""
        return [working_dir / "test_runs" for working_dir in self.working_dirs]

    @property
    def active(self) -> range:
        """The numbers of the runs that can still change."""
        step = max(_ACTIVE_SHARE, self.runs // _MAX_ACTIVE)
        return range(step, self.runs + 1, step)

    def run(self, number: int) -> Path:
        """Return the directory of a run."""
        return self.test_runs[(number - 1) // _DIRECTORY_SIZE] / str(number)


class _Directory(NamedTuple):
    """An open directory of runs, and how to write them."""

    descriptor: int
    tree: Tree
    now: float

    def write_file(self, name: str, text: str, at: float) -> None:
        """Write a file that was last changed at a time in the past."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o644, dir_fd=self.descriptor)
        os.write(descriptor, text.encode())
        os.utime(descriptor, (at, at))
        os.close(descriptor)

    def write_run(self, number: int) -> None:
        """Write a run: its status file, and what is beside it."""
        os.mkdir(str(number), dir_fd=self.descriptor)
        is_active = number in self.tree.active
        verdict = _VERDICTS[number % len(_VERDICTS)]
        end = () if is_active else (*_END, f"COMPLETE The test completed with result: {verdict}")
        life = (*(_SHORT_LIFE if self.tree.shape == "short" else _LONG_LIFE), *end)
        start = self.now - (600 if is_active else 86400 + number % 86400)
        lines = [f"{start + _STEP * step:.6f} {status}\n" for step, status in enumerate(life)]
        ended = start + _STEP * len(life)
        self.write_file(f"{number}/status", "".join(lines), ended)
        if self.tree.shape == "real":
            self._write_others(number, start, None if is_active else (verdict, ended))

    def _write_others(self, number: int, start: float, result: tuple[str, float] | None) -> None:
        """Write what Pavilion 2.4 writes beside the status file of a run."""
        name = f"suite.test{number % 40}"
        attributes = {
            "name": name,
            "id": number,
            "user": "amara",
            "sys_name": "bench",
            "uuid": "0" * 32,
        }
        self.write_file(f"{number}/attributes", json.dumps(attributes), start)
        self.write_file(f"{number}/build.log", "cc -O2 -c main.c\n" * 40, start)
        self.write_file(f"{number}/run.log", "step\n" * 40, start + 200)
        series, job = _series(number), _job(number)
        for target, link in (
            (f"../../{series}", f"{number}/series"),
            (f"../../{job}", f"{number}/job"),
            (f"../../../../test_runs/{number}", f"../{series}/{_MEMBERS}/{number}"),
            (f"../../../test_runs/{number}", f"../{job}/tests/{number}"),
        ):
            os.symlink(target, link, dir_fd=self.descriptor)
        if result is not None:
            verdict, ended = result
            results = {"name": name, "id": number, "result": verdict, "per_file": {}}
            self.write_file(f"{number}/results.json", json.dumps(results), ended - 1)
            self.write_file(f"{number}/RUN_COMPLETE", "", ended)


def _series(number: int) -> str:
    return f"series/{1 + (number - 1) // _SERIES_SIZE}"


def _job(number: int) -> str:
    return f"jobs/{1 + (number - 1) // _JOB_SIZE:032x}"


def _write_block(tree: Tree, now: float, first: int) -> None:
    """Write the runs of one block, which begins with the number `first`."""
    descriptor = os.open(tree.run(first).parent, os.O_RDONLY | os.O_DIRECTORY)
    directory = _Directory(descriptor, tree, now)
    for number in range(first, min(first + _BLOCK, tree.runs + 1)):
        directory.write_run(number)
    os.close(descriptor)


def _write_containers(tree: Tree, now: float) -> None:
    """Write the series and the jobs, without the links to their runs."""
    for number in range(1, tree.runs + 1, _SERIES_SIZE):
        series = tree.run(number).parent.parent / _series(number)
        (series / _MEMBERS).mkdir(parents=True)
        (series / "status").write_text(f"{now - 9e4:.6f} ALL_STARTED all\n", encoding="ascii")
        (series / "ALL_TESTS_STARTED").touch()
    for number in range(1, tree.runs + 1, _JOB_SIZE):
        job = tree.run(number).parent.parent / _job(number)
        (job / "tests").mkdir(parents=True)
        info = {"id": str(number), "sys_name": "bench"}
        (job / "info").write_text(json.dumps(info), encoding="ascii")
        (job / "kickoff.log").touch()


def write_tree(tree: Tree) -> None:
    """Write a tree, with as many processes as there are processors."""
    now = time.time()
    for directory in tree.test_runs:
        directory.mkdir(parents=True)
    if tree.shape == "real":
        _write_containers(tree, now)
    blocks = [(tree, now, first) for first in range(1, tree.runs + 1, _BLOCK)]
    with multiprocessing.Pool() as pool:
        pool.starmap(_write_block, blocks, chunksize=1)
    os.sync()


@contextlib.contextmanager
def temporary_tree(runs: int, shape: Shape = "bare", on: str | None = None) -> Iterator[Tree]:
    """Yield a new tree, and remove it after the block.

    Args:
        runs: How many runs it has.
        shape: What there is of each run.
        on: The directory in which to make it; None for that of temporary files.
    """
    tree = Tree(Path(tempfile.mkdtemp(prefix="statustui-benchmark-", dir=on)), runs, shape)
    try:
        write_tree(tree)
        yield tree
    finally:
        # Several times as fast as `shutil.rmtree`.
        subprocess.run(["rm", "-rf", tree.root], check=True)  # noqa: S607 - the machine's


def existing_tree(root: Path) -> Tree:
    """Return a tree that `write_tree` has made, wherever it is mounted now."""
    directories = [root / "test_runs", *root.glob("working_dir*/test_runs")]
    found = [directory for directory in directories if directory.is_dir()]
    runs = sum(len(os.listdir(directory)) for directory in found)
    return Tree(root, runs, "real" if (found[0].parent / "series").exists() else "bare")


def append(run: Path, status: str) -> None:
    """Append a status to a run."""
    with (run / "status").open("a") as file:
        file.write(f"{time.time():.6f} {status}\n")


def tree_parser(description: str | None, sizes: Sequence[int]) -> argparse.ArgumentParser:
    """Return a parser for what `trees` needs.

    Args:
        description: The documentation of the script.
        sizes: The numbers of runs to measure if none are given.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", type=int, default=sizes, metavar="RUNS")
    parser.add_argument("--on", metavar="DIR", help="make the trees in DIR, such as /dev/shm")
    parser.add_argument("--tree", metavar="DIR", help="measure a tree of tree.py, and keep it")
    return parser


def trees(options: argparse.Namespace, shapes: Sequence[Shape] = ("bare",)) -> Iterator[Tree]:
    """Yield the trees that the command line asks for, one after the other.

    Args:
        options: What `tree_parser` has parsed.
        shapes: The shapes of the trees of each size.
    """
    if options.tree is not None:
        yield existing_tree(Path(options.tree))
        return
    for runs in options.sizes:
        for shape in shapes:
            with temporary_tree(runs, shape, options.on) as tree:
                time.sleep(_MAX_FRESH)
                yield tree


def main() -> None:
    """Write a tree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path, metavar="DIRECTORY")
    parser.add_argument("runs", type=int, metavar="RUNS")
    parser.add_argument("shape", nargs="?", choices=SHAPES, default="bare")
    options = parser.parse_args()
    start = time.monotonic()
    write_tree(Tree(options.directory, options.runs, options.shape))
    print(f"{options.runs:,} runs in {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    main()
