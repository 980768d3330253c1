"""Which root a run belongs to where roots overlap."""

from __future__ import annotations

import threading


class RootRegistry:
    """The real places of several roots, told by a thread for each as soon as it knows.

    Each run belongs to the innermost root above it. Of roots that are the same directory the first
    counts.

    Args:
        count: How many roots there are.
    """

    def __init__(self, count: int) -> None:
        """Start without knowing any place."""
        self._missing = count
        self._places: dict[int, str] = {}
        self._condition = threading.Condition()

    def claim(self, number: int, place: str, patience: float) -> None:
        """Tell the real path of a root, and wait until those of the others are known.

        Args:
            number: The root's number, from 0.
            place: Its real path.
            patience: Seconds after which a root that does not answer is no longer waited for.
        """
        with self._condition:
            self._missing -= number not in self._places
            self._places[number] = place
            self._condition.notify_all()
            self._condition.wait_for(lambda: not self._missing, patience)

    def others(self, number: int) -> frozenset[str]:
        """The real paths of the other roots, which are left out below this one."""
        with self._condition:
            mine = self._places.get(number)
            return frozenset(self._places.values()) - {mine or ""}

    def is_taken(self, number: int) -> bool:
        """Whether an earlier root is the same directory."""
        with self._condition:
            mine = self._places[number]
            return any(self._places.get(earlier) == mine for earlier in range(number))
