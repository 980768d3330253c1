"""Decide which root a run belongs to where roots overlap."""

from __future__ import annotations

import threading
from collections.abc import Iterable


class RootRegistry:
    """The real paths of several roots, each registered by the thread of its root.

    A run belongs to the innermost root above it. If several roots are the same directory, the first
    one owns it.

    Args:
        count: How many roots there are.
    """

    def __init__(self, count: int) -> None:
        self._unclaimed = count
        self._real_paths: dict[int, str] = {}
        self._condition = threading.Condition()

    def claim(self, number: int, real_path: str, patience: float) -> None:
        """Register the real path of a root, and wait for those of the other roots.

        Args:
            number: The root's number, from 0.
            real_path: Its real path.
            patience: Seconds to wait at most.
        """
        with self._condition:
            self._unclaimed -= number not in self._real_paths
            self._real_paths[number] = real_path
            self._condition.notify_all()
            self._condition.wait_for(lambda: not self._unclaimed, patience)

    def others(self, number: int) -> frozenset[str]:
        """Return the real paths of the other roots, which are left out below this one."""
        with self._condition:
            mine = self._real_paths.get(number)
            return frozenset(self._real_paths.values()) - {mine or ""}

    def is_taken(self, number: int) -> bool:
        """Return whether an earlier root is the same directory."""
        with self._condition:
            mine = self._real_paths[number]
            return any(self._real_paths.get(earlier) == mine for earlier in range(number))


def is_inside(path: str, places: Iterable[str]) -> bool:
    """Return whether a path is one of some places, or below one."""
    return any(path == place or path.startswith(f"{place}/") for place in places)
