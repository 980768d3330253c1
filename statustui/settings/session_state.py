"""What is remembered from one session to the next, in the user's XDG state directory."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

from statustui.core.run import Run
from statustui.settings.config import Config, take, user_directory

_SKEW = 60.0
"""Seconds by which the clocks of two hosts may differ."""
_LARGEST = 1 << 26
"""Bytes: a larger file is not one of ours."""


def state_directory() -> str:
    """Where programs keep such things, by the XDG rules."""
    return user_directory("XDG_STATE_HOME", "~/.local/state")


def problem_digest(run: Run) -> str:
    """A few characters that tell one problem of one run from any other below the same root."""
    problem = run.problem
    what = (problem.state, problem.timestamp) if problem is not None else ()
    text = repr((run.path.removeprefix(run.root), *what))
    return _digest(text.encode("utf-8", "surrogateescape"))


class SessionState:
    """The arrangement of the screen that the user has chosen, and the problems that were seen.

    A file that is missing or damaged is one that holds nothing.

    Args:
        directory: Where the files are, and are made once there is something to remember.
        roots: The watched directories.
    """

    def __init__(self, directory: str, roots: Sequence[str]) -> None:
        """Read what there is."""
        self._directory = directory
        self._settings_path = os.path.join(directory, "settings.json")
        self.settings: Mapping[str, Any] = _read(self._settings_path)
        """Name of a setting -> value, as JSON has it."""
        self._seen = {root: _read(self._seen_path(root)) for root in roots}

    @property
    def changed_at(self) -> float:
        """When the settings were saved, in seconds since 1970; 0 if they never were."""
        with contextlib.suppress(OSError):
            return os.stat(self._settings_path).st_mtime
        return 0.0

    def recall(self, config: Config) -> Config:
        """The configuration with what the user has chosen since it was written."""
        if self.changed_at < config.changed_at:
            return config
        for name in ("sort", "group", "theme"):
            with contextlib.suppress(ValueError):
                config = take(config, "", name, self.settings.get(name))
        return config

    def is_news(self, run: Run) -> bool:
        """Whether the problem of a run has come since the last session on its root.

        That goes by the time of its status, with a minute for clocks that differ, where there is
        one. Without such a session nothing is news.
        """
        document = self._seen.get(run.root, {})
        seen, mark, saved_at = _marks(document), problem_digest(run), document.get("at")
        if seen is None or mark in seen:
            return False
        time = None if run.problem is None else run.problem.timestamp
        is_old = isinstance(saved_at, float) and time is not None and time < saved_at - _SKEW
        return not is_old or mark in (_marks(document, "unseen") or ())

    def save_settings(self, settings: Mapping[str, object]) -> None:
        """Remember how the screen is arranged.

        Raises:
            OSError: It cannot be written.
        """
        _write(self._settings_path, settings)

    def save_seen(
        self, root: str, seen: Iterable[Run], unseen: Iterable[Run], now: float | None = None
    ) -> None:
        """Remember which problems below a root have been seen, here or in another session.

        Args:
            root: The watched directory.
            seen: Runs whose problems have been seen.
            unseen: Runs whose problems have not, as far as this session knows.
            now: The time in seconds since 1970, if what is older is to be no news later.

        Raises:
            OSError: It cannot be written.
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
            value = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(path: str, value: Mapping[str, object]) -> None:
    """Put a file in place whole, so that nobody ever reads half of it."""
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
