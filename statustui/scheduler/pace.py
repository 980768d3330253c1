"""Whether and how often a scheduler is asked. Imports nothing that is slow."""

from __future__ import annotations

from typing import Literal, get_args

SchedulerMode = Literal["auto", "off"]
"""Whether schedulers are asked: where their commands are on the PATH, or never."""
SCHEDULER_MODES: tuple[SchedulerMode, ...] = get_args(SchedulerMode)

DEFAULT_EVERY = 60.0
"""Seconds between two rounds of calls: sites ask for no more."""
MAX_EVERY = 900.0
"""Seconds between two rounds of calls after errors, slow or empty answers."""
LEAST_GAP = 10.0
"""Seconds between two rounds of calls however often the user asks for one."""
MAX_UNATTENDED = 4 * 3600.0
"""Seconds for which a screen that nobody uses goes on asking."""
SLOW = 5.0
"""Seconds from which an answer is slow."""


class Pace:
    """Decides when the next round of calls is due. All times: seconds on one clock.

    Args:
        every: Seconds between two rounds.
    """

    def __init__(self, every: float = DEFAULT_EVERY) -> None:
        self._every = every
        self._interval = every
        self._began_at = float("-inf")
        self._due_at = float("-inf")

    @property
    def due_at(self) -> float:
        """When the next round is due."""
        return self._due_at

    def begin(self, now: float) -> None:
        """Record that a round begins."""
        self._began_at = now
        self._due_at = now + self._interval

    def end(self, now: float, *, is_useful: bool) -> None:
        """Record that a round has ended, and double the interval if it was slow or in vain.

        Args:
            now: The time.
            is_useful: Whether there was an answer, and any job was known.
        """
        if is_useful and now - self._began_at < SLOW:
            self._interval = self._every
        else:
            self._interval = max(self._every, min(2 * self._interval, MAX_EVERY))
        self._due_at = self._began_at + self._interval

    def reset(self) -> None:
        """Go back to the usual interval, because there are new jobs."""
        self._interval = self._every
        self._due_at = min(self._due_at, self._began_at + self._every)

    def hurry(self, now: float) -> None:
        """Make a round due as soon as may be, because the user wants one."""
        self._due_at = min(self._due_at, max(now, self._began_at + LEAST_GAP))
