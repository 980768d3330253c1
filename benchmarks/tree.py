"""Trees for the benchmarks: many runs of about six lines each."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_LIFE = ("CREATED Created status file.", "SCHEDULED in the queue", "RUNNING on cn0117")
_END = ("RUN_DONE Running is complete.", "RESULTS Parsing 12 result types.")
_VERDICTS = ("PASS", "PASS", "PASS", "PASS", "PASS", "FAIL")


def write_run(path: Path, number: int, now: float, *, is_active: bool) -> None:
    """Write a run as Pavilion 2.4 does: a status file, and attributes with its name."""
    path.mkdir(parents=True)
    life = [*_LIFE, "RUN_USER phase 1", "RUN_USER phase 2", "RUN_USER phase 3"]
    if not is_active:
        verdict = _VERDICTS[number % len(_VERDICTS)]
        life = [*_LIFE, *_END, f"COMPLETE The test completed with result: {verdict}"]
    start = now - (600 if is_active else 86400 + number)
    lines = [f"{start + 20 * step:.6f} {status}\n" for step, status in enumerate(life)]
    (path / "status").write_text("".join(lines))
    os.utime(path / "status", (now, start + 100))
    (path / "attributes").write_text(f'{{"name": "suite.test{number % 40}", "id": {number}}}')


@contextlib.contextmanager
def tree(runs: int, active_share: float = 0.1) -> Iterator[Path]:
    """A working directory with so many runs, finished but for a share, until the block ends.

    It is made once below the directory for temporary files, and lasts as long as the process.
    """
    with tempfile.TemporaryDirectory(prefix="statustui-benchmark-") as place:
        root = Path(place)
        now = time.time()
        every = round(1 / active_share) if active_share else 0
        for number in range(1, runs + 1):
            is_active = bool(every) and number % every == 0
            write_run(root / "test_runs" / str(number), number, now, is_active=is_active)
        os.sync()
        yield root
