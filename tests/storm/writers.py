"""The processes that change the tree, and the record of what they did."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.storm.hand import Hand
from tests.storm.operations import OPERATIONS, targets
from tests.storm.tree import tree_at

_RATE = 40.0
"""Operations a second of one writer, on the average; it also rests."""
_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Plan:
    """What a storm is to be."""

    seconds: float
    seed: int
    names: Sequence[str] = tuple(OPERATIONS)
    """The operations that are done."""
    runs: int = 200
    writers: int = 3
    patience: float = 60.0
    """Seconds within which all views must agree after the end."""
    modes: Sequence[str] = ("events", "poll")
    """How the followers watch; the monitor watches like the first one."""
    age: float = 7200.0
    """Seconds for which half of the tree has not been written to at the beginning."""
    leaves_shut: float = 0.2
    """Share of what is shut that stays so."""


class Deed(NamedTuple):
    """One operation of one writer."""

    begun: float
    """In seconds since 1970, as is `ended`."""
    ended: float
    writer: str
    operation: str
    path: str
    other: str | None
    """A second path that it was done to."""
    failure: str
    """Why it was not possible, mostly because another writer came in between."""

    def concerns(self, path: str) -> bool:
        """Whether it was done to `path`, to something above it, or below it."""
        mine = f"{path}/"
        tops = [f"{top}/" for top in (self.path, self.other) if top is not None]
        return any(mine.startswith(top) or top.startswith(mine) for top in tops)

    def may_hide(self, path: str) -> bool:
        """Whether the run at `path` may be gone, or not be readable, for a while after it."""
        hides = OPERATIONS[self.operation].hides
        if hides == "below":
            # What is beside `test_runs` is of another kind without it.
            tops = (self.path.removesuffix("/test_runs"), self.other or self.path)
            return any(f"{path}/".startswith(f"{top}/") for top in tops)
        return hides == "this" and path == self.path


def start_writers(base: Path, plan: Plan) -> list[subprocess.Popen[bytes]]:
    """Start the processes; each ends when the storm is over."""
    program = [sys.executable, "-m", "tests.storm.writers", str(base)]
    what = [str(plan.runs), str(plan.seconds), ",".join(plan.names)]
    return [
        subprocess.Popen([*program, *what, f"{plan.seed}.{number}"], cwd=_REPOSITORY)
        for number in range(plan.writers)
    ]


def read_deeds(base: Path) -> list[Deed]:
    """What all writers have done, oldest first."""
    deeds = []
    for path in base.glob("deeds.*"):
        with path.open(encoding="utf-8") as file:
            deeds += [Deed(*json.loads(line)) for line in file]
    return sorted(deeds)


def _write(base: str, runs: int, seconds: float, names: Sequence[str], seed: str) -> None:
    """Do one operation after the other."""
    hand = Hand(random.Random(seed), tree_at(base, runs), seed)  # noqa: S311 - nothing secret
    chosen = [name for name in names for _ in range(OPERATIONS[name].weight)]
    end = time.monotonic() + seconds
    with open(f"{base}/deeds.{seed}", "w", encoding="utf-8") as record:
        while time.monotonic() < end and os.getppid() != 1:
            name = hand.rng.choice(chosen)
            path = hand.rng.choice(
                [hand.rng.choice(targets(hand.tree, kind)) for kind in OPERATIONS[name].targets]
            )
            begun, other, failure = time.time(), None, ""
            try:
                other = OPERATIONS[name].do(hand, path)
            except BlockingIOError:
                continue
            except OSError as error:
                failure = str(error)
            deed = Deed(begun, time.time(), seed, name, path, other, failure)
            print(json.dumps(deed), file=record)
            if hand.rng.random() < 0.01:
                hand.pause(2.0)
            time.sleep(hand.rng.expovariate(_RATE))


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4].split(","), sys.argv[5])
