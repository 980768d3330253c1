"""What is measured of a run, its time at work and the numbers of its results, and what changed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from statustui.core.run import Run
from statustui.core.text import format_span
from statustui.core.work_times import seconds_at_work

DEFAULT_TOLERANCE = 0.2
"""Share by which a value may differ from the one before without being a change."""
_LEAST_SECONDS = 1.0
"""Difference in time at work below which nothing is slower or faster."""
MAX_VALUES, MAX_NAME = 200, 200
"""Numbers kept of the results of one run, and characters of their names: the file belongs to
another user."""
_MAX_DEPTH = 4
"""Objects within objects in which numbers are looked for."""
_LEAST_TRIMMED = 4
"""Number of earlier values from which the one farthest from their median is left out."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_RECORD = _words(
    """created duration finished fn id job_id job_info name pav_result_errors pav_version permute_on
    result return_value sched started sys_name test_version user uuid var"""
)
"""Keys by which Pavilion 2.1.1 and 2.4 describe the run itself in ``results.json``."""
_SETTINGS = _words(
    """core cores count id iterations iters job jobid loop loops n node nodes np nprocs nx ny nz pid
    port proc procs rank ranks seed size steps task tasks thread threads version"""
)
"""Last words of names of numbers that are given, not measured: they are not compared."""
_COSTS = _words(
    """cost delay drop dropped drops duration elapsed error errors failures hours latency min
    minutes mins ms msec nsec ns overhead residual runtime s sec secs seconds time times us usec
    wait wall walltime"""
)
"""Words in names of numbers of which less is better."""
_RATES = _words(
    """b bandwidth bw bytes flop flops gb gib gops hz iops kb kib kops mb mib mops ops speed tb
    throughput tib tops"""
)
"""Words in names of numbers of which more is better, whatever other words there are."""
_RATIOS = _words("per rate")
"""Words that make a rate of what is before them, unless that is a cost."""
_LEAST = "min"
"""Minutes, or the least of several values: before a ratio, the latter."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


Values: TypeAlias = "Mapping[str, float]"
"""The numbers of the results of a run by name; a dot stands between the names of nested objects."""


class Measures(NamedTuple):
    """What is measured of one run."""

    seconds: float | None = None
    """Its time at work; None if unknown."""
    values: Mapping[str, float] = {}
    """The numbers of its results."""


class Difference(NamedTuple):
    """A difference between two runs of a test that is larger than usual."""

    what: str
    """The name of a number of the results; empty for the time at work."""
    before: float
    after: float
    is_slower: bool
    """Whether it is a change for the worse."""

    def __str__(self) -> str:
        """Return the change in words: the value, the one before, and the difference in percent."""
        show = _number if self.what else format_span
        what = f"{self.what} " if self.what else ""
        share = ""
        if self.before:
            share = f" ({100 * (self.after - self.before) / abs(self.before):+.0f} %)"
        return f"{what}{show(self.after)}, before {show(self.before)}{share}"


def values_of(results: Mapping[str, Any]) -> Values:
    """Return the numbers in the object of a ``results.json``; it is empty if there is none."""
    return dict(_numbers(results))


def measures_of(run: Run, values: Values) -> Measures:
    """Return what is measured of a run, given the numbers of its results."""
    return Measures(seconds_at_work(run), values)


def _numbers(results: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the first `MAX_VALUES` finite numbers of results, each with its name."""
    left = MAX_VALUES
    stack: list[tuple[str, int, Any]] = [
        (str(name), 1, value) for name, value in results.items() if name not in _RECORD
    ][::-1]
    while stack and left:
        name, depth, value = stack.pop()
        if isinstance(value, Mapping) and depth < _MAX_DEPTH:
            inner = [(f"{name}.{key}", depth + 1, one) for key, one in value.items()]
            stack += inner[::-1]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                continue
            if math.isfinite(number) and len(name) <= MAX_NAME:
                left -= 1
                yield name, number


def is_less_better(name: str) -> bool | None:
    """Return whether less is better of a number of the results; None if it is not compared.

    Its name tells: ``latency_us`` and ``seconds_per_step`` are costs, ``MB_per_s`` is a rate, and
    ``nodes`` a setting. What tells nothing counts as a rate, as most results of benchmarks are.
    """
    words = [word.lower() for word in _WORD.findall(name.rpartition(".")[2])]
    if not words:
        return False
    ratio = next((place for place, word in enumerate(words) if word in _RATIOS), None)
    if any(map(_is_rate, words[:ratio])):
        return False
    if ratio is not None:
        return not _COSTS.isdisjoint({*words[:ratio]} - {_LEAST})
    if words[-1] in _SETTINGS:
        return None
    return not _COSTS.isdisjoint(words)


def _is_rate(word: str) -> bool:
    return word in _RATES or word.endswith(("flops", "iops"))


def usual_spread(values: Sequence[float]) -> float:
    """Return by how much earlier values of a test usually differ.

    That is their range; from four values on without the one farthest from their median, which may
    have been an accident.
    """
    if len(values) < 2:  # noqa: PLR2004 - one value has no range
        return 0.0
    kept = sorted(values)
    if len(kept) >= _LEAST_TRIMMED:
        median = kept[len(kept) // 2]
        kept.remove(max(kept, key=lambda value: abs(value - median)))
    return kept[-1] - kept[0]


def changes(
    after: Measures,
    before: Measures,
    earlier: Callable[[], Iterable[Measures]],
    tolerance: float = DEFAULT_TOLERANCE,
) -> list[Difference]:
    """Return what differs by more than the tolerance and by more than is usual.

    Args:
        after: What is measured of the one run.
        before: The same of the run that it is compared with.
        earlier: Returns the same of earlier runs of the test, `before` included; called only if
            something differs by more than the tolerance.
        tolerance: Share of the value before.
    """
    found = large_changes(after, before, tolerance)
    if not found:
        return []
    past = list(earlier())
    return [change for change in found if _is_unusual(change, past)]


def large_changes(after: Measures, before: Measures, tolerance: float) -> list[Difference]:
    """Return what differs by more than the tolerance, whether or not that is usual."""
    return [change for change in _differences(after, before) if _exceeds(change, tolerance)]


def _differences(after: Measures, before: Measures) -> Iterator[Difference]:
    if (
        after.seconds is not None
        and before.seconds is not None
        and abs(after.seconds - before.seconds) >= _LEAST_SECONDS
    ):
        yield Difference("", before.seconds, after.seconds, after.seconds > before.seconds)
    for name, value in after.values.items():
        former = before.values.get(name)
        is_cost = None if former in {None, value} else is_less_better(name)
        if former is not None and is_cost is not None:
            yield Difference(name, former, value, (value > former) is is_cost)


def _exceeds(change: Difference, tolerance: float) -> bool:
    return abs(change.after - change.before) > tolerance * abs(change.before)


def _is_unusual(change: Difference, past: Sequence[Measures]) -> bool:
    values = [
        value
        for one in past
        if (value := one.values.get(change.what) if change.what else one.seconds) is not None
    ]
    return abs(change.after - change.before) > usual_spread(values)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"  # noqa: PLR2004 - four digits
