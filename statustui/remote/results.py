"""What an inspection of one run finds, as it crosses the line."""

from __future__ import annotations

from typing import Any, NamedTuple

from statustui.core.durations import StateDurations
from statustui.core.history import Entry, History
from statustui.core.timeline import StateTimeline
from statustui.monitor.run.inspection import (
    Documents,
    InspectionResult,
    Logs,
    Matches,
    Search,
    Unreadable,
)
from statustui.monitor.run.log_text import LogPage
from statustui.remote.codec import CodecError, decode, encode, read_items
from statustui.remote.paths import Paths

_MAX_ENTRIES = 20_000
"""Entries of a history that are sent: the newest ones."""
_MAX_MATCHES = 100_000
"""Matches of a search that are sent."""
_KINDS: dict[str, type[Any]] = {
    "logs": Logs,
    "page": LogPage,
    "search": Search,
    "matches": Matches,
    "documents": Documents,
    "durations": StateDurations,
    "unreadable": Unreadable,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_HISTORY = "history"


class _HistoryChange(NamedTuple):
    """What has changed since the last history of the same run."""

    kept: int
    """Number of entries at the start that are the same."""
    entries: tuple[Entry, ...]
    """The others."""
    timeline: StateTimeline
    """The states from `kept_states` on."""
    kept_states: int
    status_count: int
    left_out: int
    skipped: int
    is_whole: bool
    generation: int


class ResultSender:
    """Encodes the results of one inspection; of a history only what has changed.

    Args:
        paths: The names of the roots on the side that sends.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._sent = History()

    def encode(self, result: InspectionResult) -> list[Any]:
        """Return the kind of a result and its content, as what `json` can write."""
        if isinstance(result, History):
            return [_HISTORY, encode(_HistoryChange, self._change(result), self._paths)]
        if isinstance(result, Matches) and len(result.starts) > _MAX_MATCHES:
            result = result._replace(starts=result.starts[:_MAX_MATCHES], is_all=False)
        return [_NAMES[type(result)], encode(type(result), result, self._paths)]

    def _change(self, history: History) -> _HistoryChange:
        entries, before = history.entries[-_MAX_ENTRIES:], self._sent
        left_out = history.left_out + len(history.entries) - len(entries)
        kept = kept_states = 0
        if (left_out, history.generation) == (before.left_out, before.generation):
            kept = _common(entries, before.entries)
            kept_states = _common(history.timeline.starts, before.timeline.starts)
        timeline = history.timeline
        self._sent = History(entries, timeline, left_out=left_out, generation=history.generation)
        return _HistoryChange(
            kept,
            entries[kept:],
            timeline._replace(
                starts=timeline.starts[kept_states:], states=timeline.states[kept_states:]
            ),
            kept_states,
            history.status_count,
            left_out,
            history.skipped,
            history.is_whole,
            history.generation,
        )


def _common(new: tuple[Any, ...], old: tuple[Any, ...]) -> int:
    """Return how many items at the start of two tuples are the same."""
    return next(
        (number for number, (one, other) in enumerate(zip(new, old, strict=False)) if one != other),
        min(len(new), len(old)),
    )


class ResultReceiver:
    """Decodes the results of one inspection.

    Args:
        paths: The names of the roots on the side that receives.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._history = History()

    def decode(self, data: object) -> InspectionResult:
        """Return a result.

        Raises:
            ValueError: It is none.
        """
        kind, content = read_items(data, 2)
        if kind == _HISTORY:
            return self._apply(decode(_HistoryChange, content, self._paths))
        if not isinstance(kind, str) or kind not in _KINDS:
            raise CodecError("a result of unknown kind")
        result: InspectionResult = decode(_KINDS[kind], content, self._paths)
        return result

    def _apply(self, change: _HistoryChange) -> History:
        before, timeline = self._history, change.timeline
        if not (
            0 <= change.kept <= len(before.entries)
            and 0 <= change.kept_states <= len(before.timeline.starts)
            and len(timeline.starts) == len(timeline.states)
            and change.kept + len(change.entries) <= _MAX_ENTRIES
        ):
            raise CodecError("a change of another history")
        kept = before.timeline
        self._history = History(
            before.entries[: change.kept] + change.entries,
            timeline._replace(
                starts=kept.starts[: change.kept_states] + timeline.starts,
                states=kept.states[: change.kept_states] + timeline.states,
            ),
            status_count=change.status_count,
            left_out=change.left_out,
            skipped=change.skipped,
            is_whole=change.is_whole,
            generation=change.generation,
        )
        return self._history
