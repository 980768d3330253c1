"""How one run differs from another one: its times, results and attributes, and its logs.

Nothing here reads a file: `statustui.monitor.run.comparison` does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from statustui.core.config_values import format_value, without
from statustui.core.durations import BRIEF
from statustui.core.log_partings import Parting
from statustui.core.timeline import StateTimeline

Values: TypeAlias = Mapping[str, Any]
"""Dotted name -> a JSON value without others in it, or a list of such values."""

MAX_ROWS = 500
"""Differing values that are kept."""
_MAX_TEXT = 500
"""Characters kept of a value."""

_ALWAYS_DIFFER = frozenset(
    {
        *("id", "full_id", "uuid", "sid", "created", "started", "finished", "permute_base"),
        *("job_info.id", "job_info.pid", "job_info.uniq_id", "job_info.jobid"),
    }
)
"""Values of Pavilion's files that no two runs share: ids, and times of day."""
_ATTRIBUTES = ("job_info", "sched", "sys_name", "test_version", "pav_version", "user", "name")
"""What ``results.json`` of Pavilion 2.4 says of where and how a run ran; the rest are results."""
_VARIABLES = ("permute_on", "var")
"""What ``results.json`` says of the variables of the test: attributes too."""


class TimeRow(NamedTuple):
    """How long two runs were in a state, in seconds; None for a run that never was."""

    state: str
    here: float | None
    there: float | None

    @property
    def change(self) -> float | None:
        """By how much the one run took longer, as a share of the other; None if unknown."""
        return change_of(self.here, self.there)


class ValueRow(NamedTuple):
    """A value in which two runs differ, as text; None for a run without it."""

    name: str
    here: str | None
    there: str | None
    change: float | None = None
    """By how much the one is larger, as a share of the other; None unless both are numbers."""


class ValueComparison(NamedTuple):
    """Values of two runs."""

    rows: tuple[ValueRow, ...] = ()
    """The values that differ, in the order of the one run, then those of the other run only."""
    alike: int = 0
    """How many values are the same in both."""
    left_out: int = 0
    """How many more differ."""


class LogComparison(NamedTuple):
    """A log of two runs."""

    title: str
    partings: tuple[Parting, ...]
    missing: str = ""
    """Which run has no such log, or cannot read it: ``here``, ``there``; empty if both have it."""
    is_cut: bool = False
    """Whether only the beginnings of the logs were compared."""

    @property
    def is_alike(self) -> bool:
        """Whether the whole logs differ in nothing but times, numbers and paths."""
        return not (self.partings or self.missing or self.is_cut)


class RunComparison(NamedTuple):
    """All in which one run differs from another one."""

    timeline_here: StateTimeline = StateTimeline()
    timeline_there: StateTimeline = StateTimeline()
    results: ValueComparison = ValueComparison()
    attributes: ValueComparison = ValueComparison()
    logs: tuple[LogComparison, ...] = ()


def compare_times(here: Mapping[str, float], there: Mapping[str, float]) -> list[TimeRow]:
    """Return how long two runs were in each state, in the order of first entry.

    Args:
        here: State -> seconds in it, of the one run.
        there: The same of the other run.
    """
    rows = [
        TimeRow(state, here.get(state), there.get(state))
        for state in dict.fromkeys([*here, *there])
    ]
    return [row for row in rows if max(row.here or 0.0, row.there or 0.0) >= BRIEF]


def change_of(here: object, there: object) -> float | None:
    """Return by how much a number is larger than another, as a share of that; else None."""
    one, other = _number(here), _number(there)
    if one is None or other is None or not other:
        return None
    return (one - other) / abs(other)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def results_of(results: Values) -> Values:
    """Return those values of a ``results.json`` that the run has measured, or was judged by."""
    return _without_all(results, (*_ATTRIBUTES, *_VARIABLES))


def attributes_of(results: Values, attributes: Values, job: Values, config: Values) -> Values:
    """Return what the files of a run say of where and how it ran.

    Args:
        results: The values of its ``results.json``.
        attributes: Those of its ``attributes``, which repeat the results.
        job: Those of its ``job/info``.
        config: Those of its ``config``.
    """
    rest = results_of(results)
    return {
        **config,
        **{f"job_info.{name}": value for name, value in job.items()},
        **{name: value for name, value in results.items() if name not in rest},
        **_without_all(attributes, ("results", "result")),
    }


def _without_all(values: Values, names: tuple[str, ...]) -> Values:
    for name in names:
        values = without(values, name)
    return values


def compare_values(here: Values, there: Values) -> ValueComparison:
    """Return the values in which two runs differ, but for those that no two runs share."""
    rows = []
    alike = 0
    for name in dict.fromkeys([*here, *there]):
        if name in _ALWAYS_DIFFER:
            continue
        one, other = here.get(name), there.get(name)
        if name in here and name in there and format_value(one) == format_value(other):
            alike += 1
            continue
        rows.append(
            ValueRow(
                name,
                _text(one, other) if name in here else None,
                _text(other, one) if name in there else None,
                change_of(one, other),
            )
        )
    return ValueComparison(tuple(rows[:MAX_ROWS]), alike, max(0, len(rows) - MAX_ROWS))


def _text(value: object, other: object) -> str:
    """Return a value as text; of two lists, only the items that the other does not have."""
    if not isinstance(value, list):
        return format_value(value)[:_MAX_TEXT]
    items = list(map(format_value, value))
    others = list(map(format_value, other)) if isinstance(other, list) else []
    if set(items) != set(others):
        known = frozenset(others)
        items = [item for item in items if item not in known]
    return ", ".join(items)[:_MAX_TEXT]
