"""A simulated campaign of tests, night after night.

Each night runs the same tests. Some break, stay broken, are mended, flap, measure something else,
or become slower; some are dropped, and some are new. The same seed gives the same nights.
"""

from __future__ import annotations

import heapq
import itertools
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from statustui.core.states import STATES
from statustui.core.working_dir import SERIES, TEST_RUNS
from statustui.demo.fates import Fate, Fates, plan_fates
from statustui.demo.lives import (
    SUITES,
    PlannedRun,
    PlannedSeries,
    Step,
    links_to_series,
    plan_itself,
)
from statustui.demo.night_maker import NightMaker
from statustui.demo.tree_writer import TreeWriter

_DAY = 86_400.0
_BRIEF = (60.0, 180.0)
_LONG = (180.0, 480.0)
"""Shortest and longest usual durations of the tests that start at once, and of the other half."""
_COMPILERS = ("gcc", "intel", "cray")
_SUITE = "campaign"
_MODULES = ("gcc/12.2", "openmpi/4.1.5")
_LAST_MODULES = ("gcc/12.2", "openmpi/5.0.1")
"""The modules of the last night."""


class _Test(NamedTuple):
    """A test of the campaign."""

    name: str
    seconds: float
    """How long it usually takes."""
    fates: Fates


class Nights:
    """A simulated campaign in one working directory.

    Args:
        path: The working directory; it is created if it is missing.
        nights: Number of nights; they begin 24 hours apart.
        runs: Number of tests.
        seed: The same seed gives the same nights.
        done: How much of the last night is over, from 0 to 1.
    """

    def __init__(self, path: str, nights: int, runs: int, seed: int, *, done: float = 1.0) -> None:
        self._writer = TreeWriter(path)
        self._nights = nights
        self._seed = seed
        self._done = done
        dice = random.Random(seed)  # noqa: S311 - not for cryptography
        names = list(itertools.islice(_names(), runs))
        dice.shuffle(names)
        fates = plan_fates(dice, runs, nights)
        # Those that differ from night to night come last, so that they let no others wait longer.
        nodes = -(-runs // 2)
        self._nodes = [f"cn{number:04}" for number in range(117, 117 + nodes)]
        self._tests = [
            _Test(name, dice.uniform(*(_BRIEF if number < nodes else _LONG)), fate)
            for number, (name, fate) in enumerate(zip(names, fates, strict=True))
        ]
        counts = [sum(fate is not None for fate in night) for night in zip(*fates, strict=True)]
        self._first_ids = list(itertools.accumulate(counts, initial=1))
        """The id of the first run of each night."""

    def fill(self, now: float) -> None:
        """Write all nights, the last one as far as it is over at `now` (seconds since 1970)."""
        last = self._plan(self._nights - 1)
        length = max(map(_end_of, (last.itself, *last.runs))) - last.begin
        end = last.begin + self._done * length
        for night in range(self._nights):
            series = self._plan(night)
            for run in (series.itself, *series.runs):
                self._writer.add(run)
            until = min(end, series.begin + _DAY - 1)
            self._writer.write_until(until, lambda moment: now - (end - moment))

    def work(self, speed: float, wait: Callable[[float], bool]) -> None:
        """Go on with the last night until `wait` returns True; see `TreeWriter.play`."""
        self._writer.play(speed, wait)

    def _plan(self, night: int) -> PlannedSeries:
        """Plan one night; the same one at each call."""
        begin = night * _DAY
        free = [(begin, node) for node in self._nodes]
        runs: list[PlannedRun] = []
        for test in self._tests:
            fate = test.fates[night]
            if fate is None:
                continue
            run_id, start = self._first_ids[night] + len(runs), begin + 1 + 0.3 * len(runs)
            free_at, node = free[0]
            steps = fate.life(self._maker(test, fate, run_id, node, night))
            steps, free_at = _wait_for_node(start, steps, free_at)
            heapq.heapreplace(free, (free_at, node))
            directory = os.path.join(TEST_RUNS, str(run_id))
            links = links_to_series(directory, os.path.join(SERIES, str(night + 1)), _SUITE)
            runs.append(PlannedRun(directory, start, tuple(steps), links))
        end = max(map(_end_of, runs), default=begin)
        itself = plan_itself(night + 1, begin, _SUITE, len(runs), seconds=end - begin)
        return PlannedSeries(begin, itself, tuple(runs))

    def _maker(self, test: _Test, fate: Fate, run_id: int, node: str, night: int) -> NightMaker:
        return NightMaker(
            dice=random.Random(f"{self._seed} {test.name}"),  # noqa: S311 - as above
            id=run_id,
            name=test.name,
            host=node,
            luck=random.Random(f"{self._seed} {night} {test.name}"),  # noqa: S311 - as above
            seconds=test.seconds * fate.pace,
            value=fate.value,
            modules=_LAST_MODULES if night == self._nights - 1 else _MODULES,
        )


def _names() -> Iterator[str]:
    """Yield the names of tests, without end."""
    tests = [f"{suite}.{test}" for suite, tests in SUITES.items() for test in tests]
    for compiler in _COMPILERS:
        yield from (f"{test}.{compiler}" for test in tests)
    for number in itertools.count(2):
        yield from (f"{test}.gcc.{number}" for test in tests)


def _wait_for_node(begin: float, steps: Sequence[Step], free_at: float) -> tuple[list[Step], float]:
    """Return the steps of a run that begins then, and waits until its node is free.

    Returns:
        The steps, and when the node is free again; both times in simulated seconds.
    """
    steps, moment = list(steps), begin
    for index, step in enumerate(steps):
        moment += step.delay
        if step.state == STATES.PREPPING_RUN:
            start = max(moment, free_at)
            steps[index] = replace(step, delay=step.delay + start - moment)
            end = start + sum(later.delay for later in steps[index + 1 :])
            return steps, end
    return steps, free_at


def _end_of(run: PlannedRun) -> float:
    """Return when a run ends, in simulated seconds."""
    return run.begin + sum(step.delay for step in run.steps)
