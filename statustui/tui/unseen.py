"""Problems that the user has not seen yet."""

from __future__ import annotations

from collections.abc import Iterable

_STAYS = 5.0
"""Seconds for which a problem counts as new after a key was pressed with it in view."""


class Unseen:
    """Runs with a problem that is news to the user.

    A problem has been seen when somebody has pressed a key with it in view: what a screen shows
    while nobody is there, or to a terminal that is detached, is seen by nobody.
    """

    def __init__(self) -> None:
        """Start with nothing that is news."""
        self._seen_at: dict[str, float | None] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._seen_at)

    def __contains__(self, path: str) -> bool:
        """Whether the problem of the run at `path` is one of them."""
        return path in self._seen_at

    def add(self, paths: Iterable[str]) -> None:
        """Take note of new problems, given the paths of the runs."""
        self._seen_at.update(dict.fromkeys(paths))

    def discard(self, path: str) -> None:
        """Forget a run: it is gone, or has no problem any more."""
        self._seen_at.pop(path, None)

    def see(self, paths: Iterable[str], now: float) -> None:
        """The user is there, and has these runs in view.

        Args:
            paths: Paths of runs.
            now: The time in seconds.
        """
        for path in paths:
            if self._seen_at.get(path, now) is None:
                self._seen_at[path] = now

    def forget_seen(self, now: float) -> bool:
        """Forget those that were seen some seconds ago.

        Returns:
            Whether there were any.
        """
        old = [
            path
            for path, seen_at in self._seen_at.items()
            if seen_at is not None and now - seen_at >= _STAYS
        ]
        for path in old:
            del self._seen_at[path]
        return bool(old)

    def clear(self) -> None:
        """Count all as seen."""
        self._seen_at.clear()
