"""When to try again what has failed: each time after twice as many ticks."""

from __future__ import annotations


class Backoff:
    """Counts ticks, and tells at which of them to try again.

    Args:
        most: Ticks between two tries at most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = self._wait = 1
        """Ticks until the next try, and between the last one and that."""

    def tick(self, *, has_failed: bool) -> bool:
        """Count a tick, and return whether to try again now.

        Args:
            has_failed: Whether there is anything to try again; if not, the next failure is tried
                again at the first tick after it.
        """
        if not has_failed:
            self._left = self._wait = 1
            return False
        self._left -= 1
        if self._left:
            return False
        self._left = self._wait = min(2 * self._wait, self._most)
        return True
