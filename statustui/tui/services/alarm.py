"""The bell of the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from statustui.core.run import Run
from statustui.core.text import clean, shorten

_ALARM_INTERVAL = 5.0
"""Seconds between two alarms, so that a storm of failures causes only one."""
_MAX_DESCRIPTION = 250
"""Bytes of the description of a run."""


class Alarm:
    """Collects reasons to ring the bell, and limits how often it rings.

    Args:
        is_on: Whether to ring at all.
        clock: Gives monotonic seconds.
    """

    def __init__(self, *, is_on: bool, clock: Callable[[], float]) -> None:
        self.is_on = is_on
        self._clock = clock
        self._rang_at = float("-inf")
        self._problems: list[Run] = []
        self._has_finished = False

    def add(self, problems: Sequence[Run], *, has_finished: bool) -> None:
        """Add runs with a new problem, and whether all listed runs have finished."""
        if self.is_on:
            self._problems += problems
            self._has_finished |= has_finished

    def toggle(self) -> None:
        """Turn the alarm on or off."""
        self.is_on = not self.is_on

    def pop_text(self) -> str | None:
        """Return the text of an alarm that is due, in one clean line; None if none is."""
        has_reason = self._problems or self._has_finished
        if not has_reason or self._clock() < self._rang_at + _ALARM_INTERVAL:
            return None
        parts = []
        if self._problems:
            first, count = self._problems[0], len(self._problems)
            what = shorten(clean(f"{first.id} {first.name} {first.headline}"), _MAX_DESCRIPTION)
            parts.append(what if count == 1 else f"{count:,} new problems, first {what}")
        if self._has_finished:
            parts.append("all runs have finished")
        self._rang_at = self._clock()
        self._problems, self._has_finished = [], False
        return "statustui: " + "; ".join(parts)
