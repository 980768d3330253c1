"""What is displayed, and how; the same for all runs."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Literal

from statustui.core.status_info import StatusInfo
from statustui.core.text import format_age

Times = Literal["local", "utc", "ago"]
_NEXT: dict[Times, Times] = {"local": "utc", "utc": "ago", "ago": "local"}


class DisplayOptions:
    """What the user has chosen.

    Args:
        shows_campaign: Whether to begin with the line that says what is under way.
    """

    def __init__(self, *, shows_campaign: bool = True) -> None:
        self.times: Times = "local"
        """Local time, UTC, or how long ago."""
        self.wraps = True
        """Whether long lines are wrapped."""
        self.shows_campaign = shows_campaign
        """Whether a line above the list says what is under way."""

    def cycle_times(self) -> None:
        """Switch to the next way of displaying times."""
        self.times = _NEXT[self.times]

    def datetime_of(self, status: StatusInfo) -> datetime | None:
        """Return when a status was set, in the chosen zone; None if its time is unknown."""
        if self.times != "utc" or status.timestamp is None:
            return status.when
        try:
            return datetime.fromtimestamp(status.timestamp or 0.0, timezone.utc)
        except (OverflowError, ValueError, OSError):
            return None

    def format_day(self, status: StatusInfo) -> str:
        """Return the day on which a status was set; empty if days are not displayed."""
        when = None if self.times == "ago" else self.datetime_of(status)
        return "" if when is None else f"{when:%Y-%m-%d}"

    def format_time(self, status: StatusInfo, now: float) -> str:
        """Return when a status was set, in at most eight characters; ``-`` if it is unknown."""
        if self.times == "ago":
            time = status.timestamp
            return "-" if time is None else f"{format_age(now - time)} ago"
        when = self.datetime_of(status)
        return "-" if when is None else f"{when:%H:%M:%S}"
