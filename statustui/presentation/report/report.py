"""All that a report says, whatever its format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from heapq import nlargest
from operator import itemgetter
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.comparison import MEANINGS, Comparison, Item, identity
from statustui.core.failure_signature import failure_signature
from statustui.core.logs import LogTail
from statustui.core.past import chronological, outcome
from statustui.core.run import Run
from statustui.core.work_times import seconds_at_work
from statustui.presentation.comparison import headline
from statustui.presentation.summary import count_categories, count_what, summarise

MAX_ROWS = 200
"""Tests of one list, or runs of one cause, in a report that is to be read: it names the rest."""
_SLOWEST = 10
"""Runs that are listed as the slowest."""
MAX_CAUSES = 100
"""Causes of failures in a report that is to be read: it says how many more there are."""
MAX_TAILS = 3
"""Runs of one cause whose logs are quoted in a report that is to be read."""


class Cause(NamedTuple):
    """Failures that are alike."""

    signature: str
    runs: tuple[Run, ...]
    """The runs that failed so, those that are new first, then the last ones."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is known of some runs, how they differ from earlier ones, and why they failed."""

    roots: Sequence[str]
    generated: datetime
    """When the runs were read, with its zone."""
    runs: Sequence[Run]
    """The runs that the report is about."""
    comparison: Comparison
    """Their last results, and what these were compared with."""
    expression: str = ""
    """The filter that chose the runs."""
    base: str = ""
    """The filter that chose what they were compared with; empty for the result before each."""
    tails: Mapping[str, LogTail] = field(default_factory=dict)
    """Path of a failed run -> the end of the log that explains its failure, as far as read."""
    unquoted: Collection[str] = frozenset()
    """Paths of the failed runs whose logs are not quoted, because there are so many."""
    incomplete: Sequence[tuple[str, str]] = ()
    """Path and error of each part that could not be read."""
    remark: str = ""
    """What else is to be known, such as that the runs had not ended in time."""

    @property
    def summary(self) -> str:
        """How many runs there are in each category, in one line."""
        return summarise(self.runs)

    @property
    def categories(self) -> list[tuple[Category, int]]:
        """The categories that have runs, the urgent ones first, each with their number."""
        counts = Counter(run.category for run in self.counted)
        return [(category, counts[category]) for category in Category if counts[category]]

    @property
    def counts(self) -> dict[str, int]:
        """Name of each category -> its number of runs."""
        return count_categories(Counter(run.category for run in self.counted))

    @cached_property
    def counted(self) -> Collection[Run]:
        """The runs that are counted: a series is none."""
        return count_what(self.runs)[0]

    @property
    def failing(self) -> list[tuple[str, str, str, str]]:
        """Root, name and system of each test that fails, and whether it is ``new`` or ``still``."""
        comparison = self.comparison
        lists = {"new": comparison.new, "still": comparison.still}
        return [
            (*identity(item.run), name)
            for name, items in lists.items()
            for item in items
            if item.run is not None
        ]

    @property
    def headline(self) -> str:
        """What has changed, in one line."""
        return headline(self.comparison)

    @cached_property
    def sections(self) -> list[tuple[str, str, tuple[Item, ...]]]:
        """Name, title and tests of each list that has any."""
        lists = self.comparison.told
        sections = [(name, MEANINGS[name], items) for name, items in lists.items() if items]
        if self.comparison.unfinished:
            sections.append(("unfinished", "under way", self.comparison.unfinished))
        return sections

    @cached_property
    def causes(self) -> list[Cause]:
        """The failures by what went wrong, the most frequent first."""
        return causes_of(self.comparison)

    def left_out(self, cause: Cause) -> int:
        """Return of how many runs of a cause the logs are not quoted, as there are so many."""
        return sum(run.path in self.unquoted for run in cause.runs)

    @cached_property
    def slowest(self) -> list[tuple[Run, float]]:
        """The results that were at work for longest, and for how many seconds."""
        measured = [
            (run, seconds)
            for pair in self.comparison.pairs
            if (run := pair.run) is not None and (seconds := seconds_at_work(run))
        ]
        return nlargest(_SLOWEST, measured, key=itemgetter(1))


def causes_of(comparison: Comparison) -> list[Cause]:
    """Return the failures of a comparison by what went wrong, the most frequent first."""
    found: dict[str, list[Run]] = {}
    for run in [*_newest_first(comparison.new), *_newest_first(comparison.still)]:
        found.setdefault(failure_signature(run) or run.category.value, []).append(run)
    causes = [Cause(signature, tuple(runs)) for signature, runs in found.items()]
    return sorted(causes, key=lambda cause: (-len(cause.runs), cause.signature))


def _newest_first(items: Iterable[Item]) -> list[Run]:
    runs = [item.run for item in items if item.run is not None]
    return sorted(runs, key=chronological, reverse=True)


def quoted_runs(causes: Iterable[Cause], count: int = MAX_TAILS) -> list[Run]:
    """Return the runs whose logs are quoted: the first `count` of each cause."""
    return [run for cause in causes for run in cause.runs[:count]]


def verdict_of(run: Run | None) -> str:
    """Return the category of a run that is compared by its result, in one word."""
    if run is None:
        return "missing"
    word: str = (outcome(run) or run.category).value
    return word
