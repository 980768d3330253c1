"""The directories in which runs are, and what has changed in them."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from statustui.core.working_dir import Folder, survey

_BARREN_REST = 10.0
"""Seconds between two looks at a directory without runs, unless it is a new one."""
_REST_SHARE = 0.1
"""Such a directory is left alone for this share of the time for which it has not changed."""
_LISTING_SHARE = 0.05
"""Share of the time that goes into listing one large directory again and again."""
_FRESH = 2.0
"""Seconds for which a directory's time of change may miss a further change."""


class Change(NamedTuple):
    """What is different in a directory since the last look."""

    is_run: bool
    """Whether it is a run itself: then nothing below it counts."""
    gone: tuple[str, ...] = ()
    """Paths of what is not there any more; a directory that was made anew is gone and new."""
    new: tuple[Folder, ...] = ()


class Place(NamedTuple):
    """A known directory."""

    folder: Folder
    device: int
    """Number of the device that it is on; 0 before the first look."""


@dataclass(slots=True)
class _Directory:
    folder: Folder
    device: int = 0
    changed: int = -1
    """Its time of change in nanoseconds when it was last listed; -1 to list it in any case."""
    due: float = 0.0
    """When to look at it again, on the monotonic clock."""
    holds_runs: bool = False
    children: dict[str, int] = field(default_factory=dict)
    """Path of each directory in it -> inode."""


class Directories:
    """The directories of one root that are not runs themselves.

    Args:
        top: The root, in which runs are always to be expected.
    """

    def __init__(self, top: Folder) -> None:
        """Start with the root alone."""
        self._known: dict[str, _Directory] = {}
        self._top = top.path
        self.add(top)

    def __contains__(self, path: str) -> bool:
        """Whether `path` is one of the directories."""
        return path in self._known

    def add(self, folder: Folder) -> None:
        """Take in a directory that has been found."""
        expecting = folder.path == self._top or folder.below in {"test", "series"}
        self._known[folder.path] = _Directory(folder, holds_runs=expecting)

    def drop(self, path: str) -> Iterable[str]:
        """Forget a directory.

        Returns:
            The paths of the directories in it.
        """
        directory = self._known.pop(path, None)
        return directory.children if directory is not None else ()

    def __getitem__(self, path: str) -> Place:
        """The directory at `path`, and the device that it was on at the last look."""
        directory = self._known[path]
        return Place(directory.folder, directory.device)

    def due(self, now: float) -> list[str]:
        """Those to look at, the root first; `now` is the time on the monotonic clock."""
        return [path for path, directory in self._known.items() if directory.due <= now]

    def holding_runs(self) -> list[str]:
        """Those in which there are runs, or in which they are to be expected."""
        return [path for path, directory in self._known.items() if directory.holds_runs]

    def expect_runs(self, path: str) -> None:
        """Look at this directory often from now on, if it is one: a run is in it."""
        directory = self._known.get(path)
        if directory is not None:
            directory.holds_runs = True

    def distrust(self, path: str | None = None) -> None:
        """List this directory, or every one, at the next look, whatever its time of change."""
        for directory in self._known.values() if path is None else [self._known[path]]:
            directory.changed = -1
            directory.due = 0.0

    def look(self, path: str, skip: frozenset[str], *, trust_stat: bool) -> Change | None:
        """Look into one of the directories.

        Args:
            path: The directory.
            skip: Real paths of directories that are left out.
            trust_stat: Whether its time of change tells of every change.

        Returns:
            What has changed; None if nothing has.

        Raises:
            OSError: It cannot be read, or what was mounted there is not any more. It is listed in
                any case the next time.
        """
        directory = self._known[path]
        now = time.monotonic()
        before, directory.changed = directory.changed, -1
        state = os.stat(path)
        changed = state.st_mtime_ns
        is_same = changed == before and state.st_dev == directory.device
        if is_same and trust_stat:
            directory.changed = before
            directory.due = now + self._rest(directory, changed)
            return None
        found = survey(directory.folder, skip)
        if state.st_dev != directory.device and directory.children and not found.folders:
            raise OSError(errno.ENODEV, "nothing is mounted there any more")
        directory.device = state.st_dev
        # A second change within the clock's grain would leave the time as it is.
        if time.time() - changed / 1e9 > _FRESH:
            directory.changed = changed
        cost = time.monotonic() - now
        directory.due = now + max(cost / _LISTING_SHARE, self._rest(directory, changed))
        if found.is_run:
            return Change(True, tuple(directory.children))
        return self._compare(directory, found.folders)

    def _rest(self, directory: _Directory, changed: int) -> float:
        """Seconds to leave a directory alone, given its time of change in nanoseconds."""
        if directory.holds_runs:
            return 0.0
        return min(_BARREN_REST, max(0.0, time.time() - changed / 1e9) * _REST_SHARE)

    def _compare(self, directory: _Directory, folders: list[Folder]) -> Change | None:
        before = directory.children
        new = tuple(folder for folder in folders if before.get(folder.path) != folder.inode)
        if not new and len(before) == len(folders):
            return None
        children = {folder.path: folder.inode for folder in folders}
        gone = tuple(path for path, inode in before.items() if children.get(path) != inode)
        directory.children = children
        return Change(False, gone, new)
