"""One status of a run."""

from __future__ import annotations

from datetime import datetime

from statustui.core.times import Time, seconds_of


class StatusInfo:
    """One status of a run: its state, its note and when it was set.

    Args:
        state: The name of the state.
        note: The note, with its newlines as newlines.
        when: Local time without a zone; the current time if None.
    """

    __slots__ = ("_time", "note", "state")

    _time: Time
    note: str
    state: str

    def __init__(self, state: str, note: str, when: datetime | None = None) -> None:
        self.state = state
        self.note = note
        self._time = datetime.now() if when is None else when  # noqa: DTZ005 - the format's own

    @classmethod
    def read(cls, state: str, note: str, time: Time) -> StatusInfo:
        """Make a status that was read from a file; `time` is None if it has no readable one."""
        info = cls.__new__(cls)
        info.state, info.note = state, note
        info._time = time  # noqa: SLF001 - of the same class
        return info

    @property
    def when(self) -> datetime | None:
        """When the status was set, in local time without a zone; None if unknown."""
        time = self._time
        return datetime.fromtimestamp(time) if isinstance(time, float) else time  # noqa: DTZ006

    @when.setter
    def when(self, when: datetime | None) -> None:
        self._time = when

    @property
    def time(self) -> Time:
        """When the status was set, in the form in which the file has it."""
        return self._time

    def at(self, time: Time) -> StatusInfo:
        """Return the same status, set at another time."""
        return self if time is self._time else StatusInfo.read(self.state, self.note, time)

    @property
    def timestamp(self) -> float | None:
        """When the status was set, in seconds since 1970; None if unknown."""
        return seconds_of(self._time)

    def as_dict(self) -> dict[str, str | datetime | None]:
        """Return a dictionary with the keys ``state``, ``note`` and ``time``."""
        return {"state": self.state, "note": self.note, "time": self.when}

    def __eq__(self, other: object) -> bool:
        """Return whether state, note and time are equal."""
        if self is other:
            # Mostly the problem of a run is its current status.
            return True
        if not isinstance(other, StatusInfo):
            return NotImplemented
        return (self.state, self.note, self.timestamp) == (other.state, other.note, other.timestamp)

    def __hash__(self) -> int:
        """Hash what `__eq__` compares."""
        return hash((self.state, self.note, self.timestamp))

    def __str__(self) -> str:
        return f"Status: {self.when} {self.state} {self.note}"

    def __repr__(self) -> str:
        return f"StatusInfo({self.state!r}, {self.note!r}, {self.when!r})"
