"""How histories and logs are shown; it stays the same from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

from statustui.core.status_info import StatusInfo
from statustui.core.text import format_age

Times = Literal["local", "utc", "ago"]
_NEXT: dict[Times, Times] = {"local": "utc", "utc": "ago", "ago": "local"}


@dataclass
class DisplayOptions:
    """What the user has chosen."""

    times: Times = "local"
    """Local time, UTC, or how long ago."""
    wraps: bool = True
    """Whether long lines go on in the next one."""

    def change_times(self) -> None:
        """Go on to the next way to show times."""
        self.times = _NEXT[self.times]

    def when(self, status: StatusInfo) -> datetime | None:
        """When a status was set, in the zone that times are shown in; None if it is not known."""
        if self.times != "utc" or status.timestamp is None:
            return status.when
        try:
            return datetime.fromtimestamp(status.timestamp or 0.0, timezone.utc)
        except (OverflowError, ValueError, OSError):
            return None

    def day(self, status: StatusInfo) -> str:
        """The day on which a status was set; empty where days are not shown."""
        when = None if self.times == "ago" else self.when(status)
        return "" if when is None else f"{when:%Y-%m-%d}"

    def time(self, status: StatusInfo, now: float) -> str:
        """When a status was set, in eight characters at most; ``-`` if it is not known."""
        if self.times == "ago":
            time = status.timestamp
            return "-" if time is None else f"{format_age(now - time)} ago"
        when = self.when(status)
        return "-" if when is None else f"{when:%H:%M:%S}"
