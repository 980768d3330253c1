"""The recent results of a test, as its newest runs carry them."""

from __future__ import annotations

import enum
from itertools import pairwise
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.status_info import StatusInfo

MAX_RESULTS = 10
"""Results of a test that are told, the last ones; the newest runs of each test carry a past, this
many results and this many other runs."""
CLEANED = "cleaned away"
"""What is said of a run that is no longer in the tree."""
_MOST_STEADY_FLIPS = 2
"""Flips of a test that broke and was fixed."""


class Change(enum.Enum):
    """What the last result of a test says, compared with the one before."""

    BROKE = "broke"
    """It failed; the one before passed, or failed in another way."""
    STILL = "still"
    """Both failed alike."""
    FIXED = "fixed"
    """It passed; the one before failed."""


class Moment(NamedTuple):
    """A run that ended, and when."""

    path: str
    time: float | None
    """Seconds since 1970; None if unknown."""
    is_cleaned: bool = False
    """Whether the run is no longer in the tree."""


class CleanedResult(NamedTuple):
    """The result of a run that is no longer in the tree."""

    path: str
    """Where it was; another run may be there now."""
    category: Category
    started: float | None
    """When its first status was set, in seconds since 1970."""
    current: StatusInfo
    """Its last status."""
    problem: StatusInfo | None
    """The status that explains its failure."""


class Past(NamedTuple):
    """The last results of a test, up to one of its runs.

    All but `results` is said of the last result of a test alone.
    """

    results: tuple[Category, ...]
    """At most `MAX_RESULTS` of `PASSED`, `FAILED` and `ERROR`, the newest last."""
    is_last: bool = False
    """Whether the run is the last result of its test."""
    change: Change | None = None
    """What that result says; None if it passed as the one before, or there is none before."""
    since: Moment | None = None
    """The first of the failures alike that the test has had in a row until now."""
    passed: Moment | None = None
    """The last time that it passed, if it has failed since."""
    cleaned: tuple[CleanedResult, ...] = ()
    """What is known of the runs of the test that are no longer in the tree, the newest last."""

    @property
    def is_flaky(self) -> bool:
        """Whether the test goes to and fro within its last results.

        It has broken and been fixed, or the other way round, from one result to the next; or it has
        flipped more than twice. A test that was broken for a while and then fixed is not flaky.
        """
        if not self.is_last:
            return False
        failed = [category.is_problem for category in self.results]
        flips = [one != other for one, other in pairwise(failed)]
        return sum(flips) > _MOST_STEADY_FLIPS or any(map(all, pairwise(flips)))
