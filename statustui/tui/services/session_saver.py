"""Saves for the next session what the user has arranged and seen in this one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from functools import partial

from statustui.core.mutes import Mute
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.settings.session_state import SessionState
from statustui.tui.model.store import RunStore
from statustui.tui.services.background_worker import BackgroundWorker

_MAX_WAITING_FILES = 100
_EXIT_TIMEOUT = 0.8
"""Seconds that the end of the program waits for the home directory, to be over within one."""


class SessionSaver:
    """Saves the session state whenever a part of it has changed.

    Args:
        session: Where to save it; None to save nothing.
        arrangement: How the screen is arranged at the start, by the names of the configuration.
        warn: Called once, on another thread, with why it cannot be saved, in one clean line.
        clock: Gives the current time in seconds since 1970.
    """

    def __init__(
        self,
        session: SessionState | None,
        arrangement: Mapping[str, object],
        warn: Callable[[str], object],
        clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._warn = warn
        self._clock = clock
        self._worker = BackgroundWorker(_MAX_WAITING_FILES)
        self._has_warned = False
        self._arrangement = arrangement
        self._compared: frozenset[str] = frozenset()
        """The roots that have been compared with the last session."""
        self._saved: object = None

    def count_session(self) -> None:
        """Count this session, if it shows hints; return at once."""
        if self._session is not None and self._session.wants_hints:
            self._queue_save(self._session.count_session)

    def compare_roots(self, store: RunStore, scanned: Collection[str]) -> None:
        """Mark the problems that are new since the last session, once for each root.

        Args:
            store: The runs.
            scanned: The roots whose runs are all in the store.
        """
        roots = frozenset(scanned) - self._compared
        if not roots:
            return
        self._compared |= roots
        if self._session is not None:
            is_new = self._session.is_news
            store.unread_problems.add(
                run.path
                for run in store.problems
                if run.root in roots and not run.is_muted and is_new(run)
            )

    def save(self, store: RunStore, arrangement: Mapping[str, object]) -> None:
        """Save what has changed since the last call; return at once.

        A root that has not been scanned is left as the last session saved it.

        Args:
            store: The runs.
            arrangement: How the screen is arranged now.
        """
        if self._session is None:
            return
        if arrangement != self._arrangement:
            self._arrangement = arrangement
            self._queue_save(partial(self._session.save_settings, arrangement))
        roots = [root for root in self._compared if store.root_counts[root]]
        problems, unread = list(store.problems), frozenset(store.unread_problems)
        if (roots, problems, unread) != self._saved:
            self._saved = (roots, problems, unread)
            now = self._clock()
            for root in roots:
                self._queue_save(partial(self._save_seen, root, problems, unread, now))

    def save_mutes(self, added: Collection[Mute], removed: Collection[Mute]) -> None:
        """Save changes of the muted failures; return at once."""
        if self._session is None:
            return
        for root in {mute.root for mute in (*added, *removed)}:
            mine = [[one for one in mutes if one.root == root] for mutes in (added, removed)]
            self._queue_save(partial(self._session.save_mutes, root, *mine))

    def wait(self) -> None:
        """Wait until everything is saved, for at most `_EXIT_TIMEOUT` seconds."""
        self._worker.wait(_EXIT_TIMEOUT)

    def _queue_save(self, save: Callable[[], None]) -> None:
        self._worker.queue_task(partial(self._try_save, save))

    def _try_save(self, save: Callable[[], None]) -> None:
        try:
            save()
        except OSError as error:
            if not self._has_warned:
                reason = f"{error.filename}: {error.strerror}"
                self._warn(clean(f"the session cannot be saved: {reason}"))
            self._has_warned = True

    def _save_seen(
        self, root: str, problems: Iterable[Run], unread: Container[str], now: float
    ) -> None:
        """Save which of the problems below a root have been seen.

        Raises:
            OSError: They cannot be saved.
        """
        if self._session is not None:
            seen: list[Run] = []
            unseen: list[Run] = []
            for run in problems:
                if run.root == root:
                    (unseen if run.path in unread else seen).append(run)
            self._session.save_seen(root, seen, unseen, now)
