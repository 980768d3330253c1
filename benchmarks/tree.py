"""Trees for the benchmarks: many runs of about a dozen statuses each, bare or with other files.

    python benchmarks/tree.py DIRECTORY RUNS [bare|real]

writes one and leaves it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Shape = Literal["bare", "real"]
"""Status files alone, or with what Pavilion 2.4 writes beside them."""

_LIFE = (
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
_END = ("RUN_DONE Test run has completed.", "RESULTS Parsing 12 result types.")
_VERDICTS = ("PASS", "PASS", "PASS", "PASS", "PASS", "FAIL")
_OPEN = os.O_WRONLY | os.O_CREAT
SERIES_SIZE = 500


def _write(path: str, text: str, at: float) -> None:
    descriptor = os.open(path, _OPEN, 0o644)
    os.write(descriptor, text.encode())
    os.utime(descriptor, (at, at))
    os.close(descriptor)


def write_run(path: str, number: int, now: float, shape: Shape, *, is_active: bool) -> None:
    """Write a run as Pavilion 2.4 does: a status file with its life, and what is beside it."""
    os.mkdir(path)
    verdict = _VERDICTS[number % len(_VERDICTS)]
    end = () if is_active else (*_END, f"COMPLETE The test completed with result: {verdict}")
    start = now - (600 if is_active else 86400 + number % 86400)
    life = (*_LIFE, *end)
    lines = [f"{start + 20 * step:.6f} {status}\n" for step, status in enumerate(life)]
    ended = start + 20 * len(life)
    _write(f"{path}/status", "".join(lines), ended)
    if shape == "bare":
        return
    name = f"suite.test{number % 40}"
    attributes = {
        "name": name,
        "id": number,
        "user": "amara",
        "sys_name": "bench",
        "uuid": "0" * 32,
    }
    _write(f"{path}/attributes", json.dumps(attributes), start)
    _write(f"{path}/run.log", "step\n" * 40, ended)
    _write(f"{path}/build.log", "cc -O2 -c main.c\n" * 40, start)
    os.symlink(f"../../series/{1 + number // SERIES_SIZE}", f"{path}/series")
    if not is_active:
        results = {"name": name, "id": number, "result": verdict, "per_file": {}}
        _write(f"{path}/results.json", json.dumps(results), ended - 1)
        _write(f"{path}/RUN_COMPLETE", "", ended)


def write_tree(root: Path, runs: int, shape: Shape = "bare", active_share: float = 0.1) -> None:
    """Write a working directory with `runs` runs below `root`, finished but for a share of them."""
    now = time.time()
    every = round(1 / active_share) if active_share else 0
    test_runs = root / "test_runs"
    test_runs.mkdir(parents=True)
    for number in range(1, runs + 1):
        is_active = bool(every) and number % every == 0
        write_run(f"{test_runs}/{number}", number, now, shape, is_active=is_active)
    for number in range(1, 2 + runs // SERIES_SIZE) if shape == "real" else ():
        members = root / "series" / str(number) / "test_sets" / "0.bench"
        members.mkdir(parents=True)
        first = (number - 1) * SERIES_SIZE
        for run in range(max(1, first), min(runs + 1, first + SERIES_SIZE)):
            (members / str(run)).symlink_to(f"../../../../test_runs/{run}")
        (members.parents[1] / "ALL_TESTS_STARTED").touch()
        _write(f"{members.parents[1]}/status", f"{now - 9e4:.6f} ALL_STARTED all\n", now - 9e4)
    os.sync()


@contextlib.contextmanager
def tree(runs: int, active_share: float = 0.1, shape: Shape = "bare") -> Iterator[Path]:
    """A tree as `write_tree` makes it, below the directory for temporary files, for one block."""
    with tempfile.TemporaryDirectory(prefix="statustui-benchmark-") as place:
        write_tree(Path(place), runs, shape, active_share)
        yield Path(place)


if __name__ == "__main__":
    write_tree(Path(sys.argv[1]), int(sys.argv[2]), "real" if "real" in sys.argv[3:] else "bare")
