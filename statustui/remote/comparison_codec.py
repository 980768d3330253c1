"""Comparisons and timelines as they cross the line: cut to a size that fits into one frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from statustui.core.log_partings import Parting
from statustui.core.run_comparison import (
    LogComparison,
    RunComparison,
    ValueComparison,
    ValueRow,
)
from statustui.core.timeline import StateTimeline
from statustui.monitor.run.comparison import ComparisonRead
from statustui.remote.codec import CodecError, decode, encode
from statustui.remote.paths import Paths

_MAX_LINE, _MAX_LINES_TEXT = 1000, 1 << 18
"""Characters of a line of a log, and of all of them together."""
_MAX_NAME, _MAX_VALUE = 200, 300
"""Characters of the name of a value, and of its text."""
_MAX_CHANGE = 1e12
"""Share by which a value is said to have changed, at most."""
_MAX_UNREAD = 100
"""Files that could not be read, of which the reason is sent."""
_MAX_TIMELINE = 1 << 16
"""Characters of the states of a timeline."""


def encode_comparison(found: ComparisonRead, paths: Paths) -> Any:  # noqa: ANN401 - JSON
    """Return a comparison as what `json` can write."""
    comparison = found.comparison
    lines = sum(len(_lines(parting)) for log in comparison.logs for parting in log.partings)
    longest = min(_MAX_LINE, _MAX_LINES_TEXT // max(1, lines))
    bounded = RunComparison(
        newest(comparison.timeline_here),
        newest(comparison.timeline_there),
        _bounded_values(comparison.results),
        _bounded_values(comparison.attributes),
        tuple(_bounded_log(log, longest) for log in comparison.logs),
    )
    return encode(ComparisonRead, ComparisonRead(bounded, found.unread[:_MAX_UNREAD]), paths)


def decode_comparison(data: object, paths: Paths) -> ComparisonRead:
    """Return a comparison.

    Raises:
        ValueError: It is none.
    """
    found = decode(ComparisonRead, data, paths)
    for timeline in (found.comparison.timeline_here, found.comparison.timeline_there):
        check_timeline(timeline)
    return found


def check_timeline(timeline: StateTimeline) -> None:
    """Check that each state of a timeline has its start.

    Raises:
        CodecError: One has none.
    """
    if len(timeline.starts) != len(timeline.states):
        raise CodecError("a timeline with other than one start for each state")


def newest(timeline: StateTimeline) -> StateTimeline:
    """Return a timeline without its oldest states, should there be very many of them."""
    kept = sum(1 for _state in _within(reversed(timeline.states)))
    start = len(timeline.states) - kept
    return StateTimeline(
        timeline.starts[start:],
        timeline.states[start:],
        _first(timeline.totals),
        _first(timeline.stays),
    )


def _first(seconds: Mapping[str, float]) -> Mapping[str, float]:
    return {state: seconds[state] for state in _within(seconds)}


def _within(states: Iterable[str]) -> Iterator[str]:
    """Yield the first states that have no more than `_MAX_TIMELINE` characters together.

    Each counts as some more than it has, for the time that comes with it.
    """
    size = 0

    def fits(state: str) -> bool:
        nonlocal size
        size += len(state) + 20
        return size <= _MAX_TIMELINE

    return takewhile(fits, states)


def _lines(parting: Parting) -> tuple[str, ...]:
    return (*parting.before, *parting.here, *parting.there)


def _bounded_log(log: LogComparison, longest: int) -> LogComparison:
    def cut(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_cut(line, longest) for line in lines)

    partings = tuple(
        one._replace(before=cut(one.before), here=cut(one.here), there=cut(one.there))
        for one in log.partings
    )
    return log._replace(title=_cut(log.title, _MAX_NAME), partings=partings)


def _bounded_values(values: ValueComparison) -> ValueComparison:
    rows = tuple(
        ValueRow(
            _cut(row.name, _MAX_NAME),
            None if row.here is None else _cut(row.here, _MAX_VALUE),
            None if row.there is None else _cut(row.there, _MAX_VALUE),
            None if row.change is None else max(-_MAX_CHANGE, min(row.change, _MAX_CHANGE)),
        )
        for row in values.rows
    )
    return values._replace(rows=rows)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
