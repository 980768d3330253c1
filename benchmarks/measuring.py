"""What the benchmarks share: taking turns, the peers, the programs' settings, and the report."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

PYTHON = [sys.executable]
STATUSTUI = [*PYTHON, "-m", "statustui"]
_MAX_READS = 300_000
"""Runs that are read in all rounds, unless one round reads more."""


class Figure(NamedTuple):
    """Something that was measured."""

    value: float
    unit: str
    budget: float | None = None
    """The largest value that is wanted."""

    def __str__(self) -> str:
        """Return the figure, its budget in brackets, and whether it is over that."""
        number = f"{self.value:,.0f}" if self.value >= 100 else f"{self.value:.3g}"  # noqa: PLR2004 - three digits
        if self.budget is None:
            return f"{number} {self.unit}"
        over = " over" if self.value > self.budget else ""
        return f"{number} {self.unit} [{self.budget:,g}]{over}"


def milliseconds(seconds: float, budget: float | None = None, until: str = "") -> Figure:
    """Return a time as a figure.

    Args:
        seconds: The time.
        budget: In milliseconds.
        until: What ended it, in a word.
    """
    return Figure(1000 * seconds, f"ms {until}".rstrip(), budget)


def report(name: str, *figures: Figure) -> None:
    """Print a line of figures."""
    print(f"{name:<46} {',  '.join(map(str, figures))}", flush=True)


def rounds(runs: int) -> int:
    """Return how often to measure something that reads this many runs."""
    return max(1, min(5, _MAX_READS // runs))


def take_turns(measures: Mapping[str, Callable[[], float]], count: int) -> dict[str, float]:
    """Measure everything in turns, so that a busy moment hits all alike.

    Args:
        measures: Name -> a function that returns what it measured.
        count: The number of turns.

    Returns:
        Name -> median.
    """
    values: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(count):
        for name, measure in measures.items():
            values[name].append(measure())
    return {name: median(all_of_them) for name, all_of_them in values.items()}


def process_seconds(command: Sequence[str], home: Path | None = None) -> float:
    """Return the wall-clock seconds of a whole process.

    Args:
        command: The program and its arguments.
        home: Where its settings and its cache are; None for an empty directory.
    """
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(new_home()) if home is None else home
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment(place))
        return time.perf_counter() - start


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a program that keeps its settings and its cache in `home`."""
    variables = dict.fromkeys(["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"], str(home))
    # As where it is installed, every module has been compiled before.
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        **variables,
    }


@contextlib.contextmanager
def new_home() -> Iterator[Path]:
    """Yield an empty directory for settings and cache, and remove it after the block."""
    with tempfile.TemporaryDirectory(prefix="statustui-home-") as home:
        yield Path(home)


@contextlib.contextmanager
def compiled_peer() -> Iterator[Callable[[str, Sequence[Path]], list[str]]]:
    """Compile `scan.c`; yield a function that makes its command line of a mode and directories."""
    with tempfile.TemporaryDirectory() as place:
        program = Path(place, "scan")
        source = Path(__file__).with_name("scan.c")
        subprocess.run(["cc", "-O2", "-o", program, source], check=True)  # noqa: S607 - the machine's
        yield lambda mode, directories: [str(program), mode, *map(str, directories)]
