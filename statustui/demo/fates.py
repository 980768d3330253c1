"""What becomes of the tests of a simulated campaign, night by night."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from statustui.demo.lives import (
    Step,
    cannot_be_judged,
    fails_to_build,
    lacks_its_environment,
    passes,
    runs_too_long,
)
from statustui.demo.night_maker import NightMaker, fails

Life: TypeAlias = Callable[[NightMaker], list[Step]]


class Fate(NamedTuple):
    """What becomes of one test in one night."""

    life: Life = passes
    pace: float = 1.0
    """Its duration, as a multiple of the usual one."""
    value: float = 1.0
    """The figure that it measures, as a multiple of the usual one."""


Fates: TypeAlias = list["Fate | None"]
"""The fates of one test, one for each night, oldest first; None where it is not run."""
Role: TypeAlias = Callable[[random.Random, Iterator[Life], int], Fates]
"""Returns the fates of one test, at least as many as there are nights."""

_WELL = Fate()
_CAUSES = (fails, lacks_its_environment, fails_to_build, runs_too_long, cannot_be_judged)


def _breaks(_dice: random.Random, causes: Iterator[Life], nights: int) -> Fates:
    return [*[_WELL] * nights, Fate(next(causes))]


def _stays_broken(dice: random.Random, causes: Iterator[Life], nights: int) -> Fates:
    return [*[_WELL] * nights, *[Fate(next(causes))] * dice.randint(2, 4)]


def _is_fixed(dice: random.Random, causes: Iterator[Life], nights: int) -> Fates:
    return [*[_WELL] * nights, *[Fate(next(causes))] * dice.randint(1, 3), _WELL]


def _flaps(dice: random.Random, _causes: Iterator[Life], nights: int) -> Fates:
    cycle = [Fate(fails), _WELL, _WELL, Fate(fails), _WELL]
    shift = dice.randrange(len(cycle))
    return [cycle[(night + shift) % len(cycle)] for night in range(nights)]


def _slows_down(_dice: random.Random, _causes: Iterator[Life], nights: int) -> Fates:
    return [*[_WELL] * nights, Fate(pace=1.7)]


def _is_dropped(_dice: random.Random, _causes: Iterator[Life], nights: int) -> Fates:
    return [*[_WELL] * nights, None]


def _is_added(_dice: random.Random, _causes: Iterator[Life], nights: int) -> Fates:
    return [*[None] * nights, _WELL]


def _fails_in_another_way(_dice: random.Random, causes: Iterator[Life], nights: int) -> Fates:
    return [*[_WELL] * nights, Fate(next(causes)), Fate(next(causes))]


def _speeds_up(_dice: random.Random, _causes: Iterator[Life], nights: int) -> Fates:
    return [*[_WELL] * nights, Fate(pace=0.6)]


def _loses_value(_dice: random.Random, _causes: Iterator[Life], nights: int) -> Fates:
    return [*[_WELL] * nights, Fate(value=0.7)]


def _slows_slowly(_dice: random.Random, _causes: Iterator[Life], nights: int) -> Fates:
    return [Fate(pace=1.08**night) for night in range(nights)]


def _drifts(_dice: random.Random, _causes: Iterator[Life], nights: int) -> Fates:
    return [Fate(value=0.97**night) for night in range(nights)]


def _was_mended(dice: random.Random, causes: Iterator[Life], nights: int) -> Fates:
    failures: Fates = [Fate(next(causes))] * dice.randint(1, 3)
    return [*[_WELL] * nights, *failures, _WELL, _WELL]


_ROLES: dict[Role, int] = {
    _breaks: 3,
    _stays_broken: 3,
    _is_fixed: 2,
    _flaps: 2,
    _slows_down: 2,
    _is_dropped: 1,
    _is_added: 1,
    _fails_in_another_way: 1,
    _speeds_up: 1,
    _loses_value: 1,
    _slows_slowly: 1,
    _drifts: 1,
    _was_mended: 1,
}
"""Role -> how many of forty tests have it; the first ones if there are fewer tests than roles."""
_OUT_OF = 40


def plan_fates(dice: random.Random, tests: int, nights: int) -> list[Fates]:
    """Plan what becomes of some tests; the first ones, about a half, always pass."""
    roles: list[Role] = []
    for role, count in _ROLES.items():
        roles += [role] * max(1, count * tests // _OUT_OF)
    causes = itertools.cycle(_CAUSES)
    fates = [role(dice, causes, nights)[-nights:] for role in roles[:tests]]
    dice.shuffle(fates)
    steady: list[Fates] = [[_WELL] * nights for _ in range(tests - len(fates))]
    return [*steady, *fates]
