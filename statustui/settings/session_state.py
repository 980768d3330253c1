"""What is kept from one session to the next, in the user's XDG state directory."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

from statustui.core.run import Run
from statustui.settings.config import Config, with_entry
from statustui.settings.directories import user_directory

_MAX_CLOCK_SKEW = 60.0
"""Seconds by which the clocks of two hosts may differ."""
_SESSIONS_WITH_HINTS = 3
_MAX_FILE_SIZE = 1 << 26
"""Bytes read; larger files are cut, and so are not valid."""


def state_directory() -> str:
    """Return the directory of the session state and of crash reports, by the XDG rules."""
    return user_directory("XDG_STATE_HOME", "~/.local/state")


def problem_digest(run: Run) -> str:
    """Return a digest that identifies the problem of a run among all below the same root."""
    problem = run.problem
    what = (problem.state, problem.timestamp) if problem is not None else ()
    text = repr((run.path.removeprefix(run.root), *what))
    return _digest(text.encode("utf-8", "surrogateescape"))


class SessionState:
    """The arrangement of the screen that the user has chosen, and the problems already seen.

    A missing or damaged file counts as empty.

    Args:
        directory: Where the files are; it is created when something is saved.
        roots: The watched directories.
    """

    def __init__(self, directory: str, roots: Sequence[str]) -> None:
        self._directory = directory
        self._settings_path = os.path.join(directory, "settings.json")
        self.settings: Mapping[str, Any] = _read(self._settings_path)
        """Name of a setting -> JSON value."""
        self._seen = {root: _read(self._seen_path(root)) for root in roots}
        self._hints_path = os.path.join(directory, "hints.json")
        self._sessions = _read(self._hints_path).get("sessions", 0)

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
        _write(self._hints_path, {"sessions": before + 1})

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
        for name in ("sort", "group", "theme", "columns"):
            with contextlib.suppress(ValueError):
                config = with_entry(config, "", name, self.settings.get(name))
        return config

    def is_news(self, run: Run) -> bool:
        """Return whether the problem of a run appeared after the last session on its root.

        The time of its status decides, if it has one, with a minute for clocks that differ.
        Without an earlier session no problem is new.
        """
        document = self._seen.get(run.root, {})
        seen, mark, saved_at = _marks(document), problem_digest(run), document.get("at")
        if seen is None or mark in seen:
            return False
        time = None if run.problem is None else run.problem.timestamp
        is_old = (
            isinstance(saved_at, float) and time is not None and time < saved_at - _MAX_CLOCK_SKEW
        )
        return not is_old or mark in (_marks(document, "unseen") or ())

    def save_settings(self, settings: Mapping[str, object]) -> None:
        """Save how the screen is arranged.

        Raises:
            OSError: The file cannot be written.
        """
        _write(self._settings_path, settings)

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
        elsewhere = _marks(_read(self._seen_path(root))) or frozenset()
        marks = {problem_digest(run) for run in seen}
        unseen_marks = {problem_digest(run) for run in unseen}
        marks |= elsewhere & unseen_marks
        document = {
            "root": os.path.abspath(root),
            "at": now,
            "seen": sorted(marks),
            "unseen": sorted(unseen_marks - marks),
        }
        _write(self._seen_path(root), document)

    def _seen_path(self, root: str) -> str:
        name = _digest(os.fsencode(os.path.abspath(root)))
        return os.path.join(self._directory, "seen", f"{name}.json")


def _digest(data: bytes) -> str:
    return f"{crc32(data):08x}{crc32(data[::-1]):08x}"


def _marks(document: Mapping[str, Any], key: str = "seen") -> frozenset[str] | None:
    seen = document.get(key)
    return frozenset(map(str, seen)) if isinstance(seen, list) else None


def _read(path: str) -> Mapping[str, Any]:
    try:
        with open(path, "rb") as file:
            value = json.loads(file.read(_MAX_FILE_SIZE))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(path: str, value: Mapping[str, object]) -> None:
    """Write a file and move it into place, so that a reader never sees a part of it."""
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="ascii") as file:
            json.dump(value, file)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
