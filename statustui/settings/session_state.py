"""What is kept from one session to the next, in the user's XDG state directory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from statustui.core.address import identity_of
from statustui.core.mutes import Mute
from statustui.core.run import Run
from statustui.settings.config import Config, with_entry
from statustui.settings.directories import user_directory
from statustui.settings.mute_file import read_mutes, save_mutes
from statustui.settings.state_files import digest, read_file, root_file, write_file

_MAX_CLOCK_SKEW = 60.0
"""Seconds by which the clocks of two hosts may differ."""
_SESSIONS_WITH_HINTS = 3


def state_directory() -> str:
    """Return the directory of the session state and of crash reports, by the XDG rules."""
    return user_directory("XDG_STATE_HOME", "~/.local/state")


def problem_digest(run: Run) -> str:
    """Return a digest that identifies the problem of a run among all below the same root."""
    problem = run.problem
    what = (problem.state, problem.timestamp) if problem is not None else ()
    text = repr((run.path.removeprefix(run.root), *what))
    return digest(text.encode("utf-8", "surrogateescape"))


class _Seen(NamedTuple):
    """What a session has saved of the problems below a root, each as a `problem_digest`."""

    seen: frozenset[str]
    unseen: frozenset[str]
    at: float | None
    """When it was saved, in seconds since 1970, if older problems are not new."""


class SessionState:
    """How the user has arranged the screen, the problems already seen, and the muted ones.

    A missing or damaged file counts as empty.

    Args:
        directory: Where the files are; it is created when something is saved.
        roots: The watched directories.
    """

    def __init__(self, directory: str, roots: Sequence[str]) -> None:
        self._directory = directory
        self._settings_path = os.path.join(directory, "settings.json")
        self.settings: Mapping[str, Any] = read_file(self._settings_path)
        """Name of a setting -> JSON value."""
        self._seen = {root: self._read_seen(root) for root in roots}
        self.mutes = [mute for root in roots for mute in read_mutes(directory, root)]
        """The failures that are muted below these roots."""
        self._hints_path = os.path.join(directory, "hints.json")
        self._sessions = read_file(self._hints_path).get("sessions", 0)

    @property
    def wants_hints(self) -> bool:
        """Whether this is one of the first sessions, which show hints."""
        return not isinstance(self._sessions, int) or self._sessions < _SESSIONS_WITH_HINTS

    def count_session(self) -> None:
        """Count this session as one with hints.

        Raises:
            OSError: The file cannot be written.
        """
        before = self._sessions if isinstance(self._sessions, int) else 0
        write_file(self._hints_path, {"sessions": before + 1})

    @property
    def changed_at(self) -> float:
        """When the settings were last saved, in seconds since 1970; 0 if never."""
        with contextlib.suppress(OSError):
            return os.stat(self._settings_path).st_mtime
        return 0.0

    def recall(self, config: Config) -> Config:
        """Return the configuration with what the user has chosen since it was written."""
        if self.changed_at < config.changed_at:
            return config
        for name in ("sort", "group", "theme", "columns", "campaign"):
            with contextlib.suppress(ValueError):
                config = with_entry(config, "", name, self.settings.get(name))
        return config

    def is_news(self, run: Run) -> bool:
        """Return whether the problem of a run appeared after the last session on its root.

        The time of its status decides, if it has one, with a minute for clocks that differ.
        Without an earlier session no problem is new.
        """
        saved = self._seen.get(run.root)
        if saved is None:
            return False
        time = None if run.problem is None else run.problem.timestamp
        is_old = time is not None and saved.at is not None and time < saved.at - _MAX_CLOCK_SKEW
        if is_old and not saved.unseen:
            return False
        mark = problem_digest(run)
        return mark not in saved.seen and (not is_old or mark in saved.unseen)

    def _read_seen(self, root: str) -> _Seen | None:
        """Return what the last session on a root has saved; None if there was none."""
        document = read_file(root_file(self._directory, "seen", root))
        seen, at = _marks(document, "seen"), document.get("at")
        if seen is None:
            return None
        unseen = _marks(document, "unseen") or frozenset()
        return _Seen(seen, unseen, at if isinstance(at, float) else None)

    def save_settings(self, settings: Mapping[str, object]) -> None:
        """Save how the screen is arranged.

        Raises:
            OSError: The file cannot be written.
        """
        write_file(self._settings_path, settings)

    def save_seen(
        self, root: str, seen: Iterable[Run], unseen: Iterable[Run], now: float | None = None
    ) -> None:
        """Save which problems below a root have been seen, in this or another session.

        Args:
            root: The watched directory.
            seen: Runs whose problems have been seen.
            unseen: Runs whose problems have not, as far as this session knows.
            now: The time in seconds since 1970, if older problems are not new in later sessions.

        Raises:
            OSError: The file cannot be written.
        """
        elsewhere = self._read_seen(root)
        marks = {problem_digest(run) for run in seen}
        unseen_marks = {problem_digest(run) for run in unseen}
        if elsewhere is not None:
            marks |= elsewhere.seen & unseen_marks
        document = {
            "root": identity_of(root),
            "at": now,
            "seen": sorted(marks),
            "unseen": sorted(unseen_marks - marks),
        }
        write_file(root_file(self._directory, "seen", root), document)

    def save_mutes(self, root: str, added: Iterable[Mute], removed: Iterable[Mute]) -> None:
        """Save changes of the muted failures below a root, as `mute_file.save_mutes` does.

        Raises:
            OSError: The file cannot be written.
        """
        save_mutes(self._directory, root, added, removed)


def _marks(document: Mapping[str, Any], key: str) -> frozenset[str] | None:
    marks = document.get(key)
    return frozenset(map(str, marks)) if isinstance(marks, list) else None
