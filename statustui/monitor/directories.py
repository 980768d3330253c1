"""The directories of a tree in which runs are looked for, and what changes in them."""

from __future__ import annotations

import errno
import os
import time
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from statustui.core.working_dir import Folder, Survey, survey
from statustui.monitor.children import NO_CHILDREN, Children
from statustui.monitor.due_queue import DueQueue

_REST_SHARE = 0.1
"""A directory without runs rests for this share of the time since its last change."""
_MAX_REST_WITHOUT_RUNS = 10.0
"""Longest time in seconds between two checks of a directory without runs."""
_MAX_LISTING_SHARE = 0.05
"""Largest share of the time to spend on listing one large directory that keeps changing."""
_CLOCK_GRAIN = 2.0
"""Seconds within which two changes may leave a directory with the same time of change."""


class DirectoryChange(NamedTuple):
    """What has changed in a directory since it was last listed."""

    is_run: bool
    """Whether the directory is a run itself, because it holds a status file."""
    gone: tuple[str, ...]
    """Paths of subdirectories that no longer exist."""
    new: Sequence[Folder]
    """Subdirectories that have been created, but for `new_runs`."""
    new_runs: list[str]
    """Paths of those that are runs even without a status file, of the kind that is looked for; the
    caller may use them up."""
    replaced: tuple[str, ...]
    """Paths of subdirectories whose name now belongs to another directory."""
    of_other_kind: tuple[str, ...] = ()
    """Paths of subdirectories in which runs are to be looked for in another way; once they are
    removed, another listing reports them as new."""


class KnownDirectory(NamedTuple):
    """A directory as it was when it was last listed."""

    folder: Folder
    device: int
    """Number of the device that it is on; 0 before it is first listed."""
    inode: int
    """Its inode; 0 before it is first listed."""


@dataclass(slots=True)
class _DirectoryState:
    folder: Folder
    device: int = 0
    inode: int = 0
    changed: int = -1
    """Its time of change in nanoseconds when it was last listed; -1 to list it unconditionally."""
    not_before: float = 0.0
    """Earliest time of its next check, on the monotonic clock."""
    is_run: bool = False
    links: int = 0
    """Number of links in it that were not followed."""
    children: Children = NO_CHILDREN


class Directories:
    """The directories of one root in which runs are looked for.

    Directories that hold runs are checked in every sweep, the others in rotation.

    Args:
        top: The root; it always counts as a directory that holds runs.
    """

    def __init__(self, top: Folder) -> None:
        self._known: dict[str, _DirectoryState] = {}
        self._top = top.path
        self._holding: dict[str, None] = {}
        self._due = DueQueue()
        self._path_of: Callable[[str], str] = str
        self.add(top)

    def share_paths(self, path_of: Callable[[str], str]) -> None:
        """Let the paths of runs that are known before they are found be in memory once.

        Args:
            path_of: Returns the path of a run as it is in memory already.
        """
        self._path_of = path_of

    def __contains__(self, path: str) -> bool:
        """Return whether `path` is one of the directories."""
        return path in self._known

    def __getitem__(self, path: str) -> KnownDirectory:
        """Return the directory at `path` as it was when it was last listed."""
        directory = self._known[path]
        return KnownDirectory(directory.folder, directory.device, directory.inode)

    @property
    def holding_runs(self) -> Collection[str]:
        """Paths of the directories that hold runs or are expected to; the root is the first."""
        return self._holding.keys()

    @property
    def links(self) -> int:
        """Number of symbolic links that were not followed."""
        return sum(directory.links for directory in self._known.values())

    def add(self, folder: Folder) -> None:
        """Add a new directory; it is due at once."""
        self._known[folder.path] = _DirectoryState(folder)
        if folder.path == self._top or folder.below in {"test", "series"}:
            self._holding[folder.path] = None
        else:
            self._due.schedule(folder.path, 0.0)

    def remove(self, top: str) -> list[str]:
        """Remove a directory, or the directory of a run, and everything below it.

        Returns:
            The removed paths, `top` first.
        """
        paths = list(self.below(top))
        for path in paths:
            if self._known.pop(path, None) is not None:
                self._holding.pop(path, None)
                self._due.remove(path)
        # The next listing reports it as new if it exists again.
        above = self._known.get(os.path.dirname(top))
        if above is not None and above.children.discard(top):
            above.changed = -1
        return paths

    def reset_run(self, path: str) -> None:
        """Forget that the directory at `path` is a run, so that a listing can report it again."""
        directory = self._known.get(path)
        if directory is not None:
            directory.is_run = False
            self.invalidate(path)

    def forget_children(self, path: str) -> None:
        """Have a directory listed as if nothing in it were known."""
        directory = self._known.get(path)
        if directory is not None:
            directory.children = NO_CHILDREN
            self.invalidate(path)

    def below(self, path: str) -> Iterator[str]:
        """Yield `path` and the paths of all known directories and runs below it."""
        paths = [path]
        while paths:
            path = paths.pop()
            yield path
            directory = self._known.get(path)
            if directory is not None:
                paths += directory.children

    def is_same(self, path: str, state: os.stat_result) -> bool:
        """Return whether `state` describes the directory that was listed at `path`."""
        directory = self._known[path]
        return (state.st_dev, state.st_ino) == (directory.device, directory.inode)

    def due(self, room: float, now: float) -> list[str]:
        """Return the directories that are due, the root first.

        Args:
            room: How many directories without runs may be checked; one always may.
            now: The time on the monotonic clock.
        """
        due = [path for path in self._holding if self._known[path].not_before <= now]
        for path in self._due.pop_due(max(1.0, room), now):
            due.append(path)
            self._due.schedule(path, now + _MAX_REST_WITHOUT_RUNS)
        return due

    def expect_runs(self, path: str) -> None:
        """Check the directory at `path` in every sweep from now on, if it is known."""
        if path in self._known:
            self._holding[path] = None
            self._due.remove(path)

    def invalidate(self, path: str | None = None) -> None:
        """Have one directory, or all, listed at the next check even if `stat` shows no change."""
        for one, directory in self._known.items() if path is None else [(path, self._known[path])]:
            directory.changed = -1
            directory.not_before = 0.0
            if one not in self._holding:
                self._due.schedule(one, 0.0)

    def list_if_changed(
        self, path: str, skip: frozenset[str], *, trust_stat: bool
    ) -> DirectoryChange | None:
        """List a directory unless its time of change shows that nothing has changed.

        Args:
            path: The directory.
            skip: Real paths of directories to leave out.
            trust_stat: Whether every change updates the time of change that `stat` returns.

        Returns:
            What has changed since the last listing; None if nothing has.

        Raises:
            OSError: The directory cannot be read, or a filesystem that was mounted there is no
                longer mounted. The next check lists it unconditionally.
        """
        directory = self._known[path]
        now = time.monotonic()
        before, directory.changed = directory.changed, -1
        state = os.stat(path)
        # Unlike the time of modification, a user cannot set this one back.
        changed = state.st_ctime_ns
        if changed == before and self.is_same(path, state) and trust_stat:
            directory.changed = before
            self._let_rest(path, directory, now, state.st_mtime)
            return None
        found = survey(directory.folder, skip, self._path_of)
        is_empty = not (found.folders or found.runs)
        if state.st_dev != directory.device and directory.children and is_empty:
            raise OSError(errno.ENODEV, "nothing is mounted there any more")
        is_first = not directory.inode
        directory.device, directory.inode = state.st_dev, state.st_ino
        if time.time() - max(changed, state.st_mtime_ns) / 1e9 > _CLOCK_GRAIN:
            directory.changed = changed
        directory.not_before = now + (time.monotonic() - now) / _MAX_LISTING_SHARE
        self._let_rest(path, directory, now, state.st_mtime)
        directory.links = found.links
        change = _apply_survey(directory, found, self._of_other_kind(found))
        if change is None and is_first:
            return DirectoryChange(found.is_run, (), (), [], ())
        return change

    def _of_other_kind(self, found: Survey) -> tuple[str, ...]:
        """Return the known ones of some directories in which runs were looked for another way.

        A directory ``series`` becomes one of Pavilion once there is a ``test_runs`` beside it.
        """
        known = ((folder, self._known.get(folder.path)) for folder in found.folders)
        return tuple(
            folder.path
            for folder, directory in known
            if directory is not None and directory.folder.below != folder.below
        )

    def _let_rest(self, path: str, directory: _DirectoryState, now: float, modified: float) -> None:
        """Schedule the next check of a directory without runs.

        Args:
            path: The directory.
            directory: What is known of it.
            now: The time on the monotonic clock.
            modified: When it was modified, in seconds since 1970.
        """
        if path not in self._holding:
            rest = min(_MAX_REST_WITHOUT_RUNS, max(0.0, time.time() - modified) * _REST_SHARE)
            self._due.schedule(path, max(directory.not_before, now + rest))


def _apply_survey(
    directory: _DirectoryState, found: Survey, of_other_kind: tuple[str, ...]
) -> DirectoryChange | None:
    """Store what was found in a directory; return what has changed, None if nothing has."""
    before = directory.children.inodes()
    folders = {folder.path: folder for folder in found.folders}
    paths: Sequence[str] = [*folders, *found.runs]
    inodes = array("Q", (folder.inode for folder in folders.values()))
    inodes.extend(found.inodes)
    other = [path for path, inode in zip(paths, inodes, strict=True) if before.get(path) != inode]
    is_same = len(before) == len(paths) and found.is_run == directory.is_run
    if is_same and not (other or of_other_kind):
        return None
    gone: tuple[str, ...] = ()
    if before:
        now = dict(zip(paths, inodes, strict=True))
        gone = tuple(path for path in before if path not in now)
        # The known runs have the paths of the listing before.
        now = {path: now[path] for path in before if path in now} | now
        paths, inodes = list(now), array("Q", now.values())
    directory.is_run = found.is_run
    directory.children = Children(paths, inodes) if paths else NO_CHILDREN
    new = [path for path in other if path not in before]
    return DirectoryChange(
        found.is_run,
        gone,
        [folders[path] for path in new if path in folders],
        [path for path in new if path not in folders],
        tuple(path for path in other if path in before),
        of_other_kind,
    )
