"""Keeps for the next session what this one has changed and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from statustui.core.run import Run
from statustui.core.text import clean
from statustui.settings.session_state import SessionState
from statustui.tui.model.store import RunStore
from statustui.tui.services.background_worker import BackgroundWorker

_MOST_WAITING = 100
"""Files that wait to be written at the most."""
_GOODBYE = 1.0
"""Seconds that the end of the program waits for the disk of the user's home."""


class SessionSaver:
    """Saves what is to be remembered, when something of it has changed.

    Args:
        memory: Where to; None for nowhere.
        arrangement: How the screen is arranged at first.
        complain: Called once, on another thread, with why it cannot be saved, in one clean line.
        clock: Gives the current time in seconds since 1970.
    """

    def __init__(
        self,
        memory: SessionState | None,
        arrangement: Mapping[str, object],
        complain: Callable[[str], object],
        clock: Callable[[], float],
    ) -> None:
        """Start with nothing to save."""
        self._memory = memory
        self._complain = complain
        self._clock = clock
        self._chores = BackgroundWorker(_MOST_WAITING)
        self._has_begun = self._has_complained = False
        self._arrangement = arrangement
        self._saved: object = None

    def begin(self, store: RunStore) -> None:
        """Find out, once, what is news since the last session."""
        if not self._has_begun and self._memory is not None:
            store.unseen.add(run.path for run in store.problems if self._memory.is_news(run))
        self._has_begun = True

    def save(self, store: RunStore, arrangement: Mapping[str, object]) -> None:
        """Save what has changed since the last time.

        Args:
            store: The runs, of which some have problems that were seen.
            arrangement: How the screen is arranged now.
        """
        if self._memory is None:
            return
        if arrangement != self._arrangement:
            self._arrangement = arrangement
            self._put(partial(self._memory.save_settings, arrangement))
        seen, unseen = _by_root(store)
        if self._has_begun and (seen, unseen) != self._saved:
            self._saved = (seen, unseen)
            for root, runs in seen.items():
                now = self._clock()
                self._put(partial(self._memory.save_seen, root, runs, unseen[root], now))

    def finish(self) -> None:
        """Wait for a moment until all is saved."""
        self._chores.finish(_GOODBYE)

    def _put(self, save: Callable[[], None]) -> None:
        self._chores.put(partial(self._try, save))

    def _try(self, save: Callable[[], None]) -> None:
        try:
            save()
        except OSError as error:
            if not self._has_complained:
                self._complain(clean(f"cannot remember: {error.filename}: {error.strerror}"))
            self._has_complained = True


def _by_root(store: RunStore) -> tuple[dict[str, list[Run]], dict[str, list[Run]]]:
    """Root -> runs with problems that were seen, and those with problems that were not."""
    seen: dict[str, list[Run]] = {}
    unseen: dict[str, list[Run]] = {}
    for run in store.runs.values():
        if run.root not in seen:
            seen[run.root], unseen[run.root] = [], []
        if run.category.is_problem:
            (unseen if run.path in store.unseen else seen)[run.root].append(run)
    return seen, unseen
