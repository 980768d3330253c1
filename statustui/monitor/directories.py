"""The directories in which runs are, and what has changed in them."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from statustui.core.working_dir import Folder, Survey, survey
from statustui.monitor.schedule import Rotation

_REST_SHARE = 0.1
"""A directory without runs is left alone for this share of the time since its last change."""
_BARREN_REST = 10.0
"""Seconds after which such a directory is looked at again at the latest."""
_LISTING_SHARE = 0.05
"""Share of the time that may go into listing one large directory again and again."""
_GRAIN = 2.0
"""Seconds within which a second change may leave a directory's time of change as it is."""
_NO_CHILDREN: Mapping[str, int] = MappingProxyType({})


class Change(NamedTuple):
    """What is different in a directory since the last look."""

    is_run: bool
    """Whether a status file makes the directory itself a run."""
    gone: tuple[str, ...] = ()
    """Paths of what is no longer there."""
    new: tuple[Folder, ...] = ()
    replaced: tuple[Folder, ...] = ()
    """Directories that have taken the place of others of the same name."""


class Place(NamedTuple):
    """A known directory."""

    folder: Folder
    device: int
    """Number of the device that it is on; 0 before the first look."""
    inode: int
    """Its inode; 0 before the first look."""


@dataclass(slots=True)
class _Directory:
    folder: Folder
    device: int = 0
    inode: int = 0
    changed: int = -1
    """Its time of change in nanoseconds when it was last listed; -1 to list it in any case."""
    not_before: float = 0.0
    """When it may be looked at again, on the monotonic clock."""
    is_run: bool = False
    links: int = 0
    """Number of links in it that were not followed."""
    children: Mapping[str, int] = field(default_factory=lambda: _NO_CHILDREN)
    """Path of each directory in it -> inode."""


class Directories:
    """The directories of one root in which runs are looked for.

    Those that hold runs are due at every look, the others in rotation.

    Args:
        top: The root, in which runs are always expected.
    """

    def __init__(self, top: Folder) -> None:
        self._known: dict[str, _Directory] = {}
        self._top = top.path
        self._holding: dict[str, None] = {}
        self._rotation = Rotation()
        self.add(top)

    def __contains__(self, path: str) -> bool:
        """Whether `path` is one of the directories."""
        return path in self._known

    def __getitem__(self, path: str) -> Place:
        """The directory at `path`, and where it was at the last look."""
        directory = self._known[path]
        return Place(directory.folder, directory.device, directory.inode)

    @property
    def holding_runs(self) -> Collection[str]:
        """Paths of those in which there are runs, or in which they are expected, root first."""
        return self._holding.keys()

    @property
    def links(self) -> int:
        """Number of links that were not followed."""
        return sum(directory.links for directory in self._known.values())

    def add(self, folder: Folder) -> None:
        """Add a directory that has been found."""
        self._known[folder.path] = _Directory(folder)
        if folder.path == self._top or folder.below in {"test", "series"}:
            self._holding[folder.path] = None
        else:
            self._rotation.put(folder.path, 0.0)

    def drop(self, top: str) -> list[str]:
        """Forget a directory, or the directory of a run, and everything below it.

        Returns:
            The paths of all that is forgotten, `top` first.
        """
        paths = list(self.below(top))
        for path in paths:
            if self._known.pop(path, None) is not None:
                self._holding.pop(path, None)
                self._rotation.drop(path)
        # Should it come back, it is found as if it had never been there.
        above = self._known.get(os.path.dirname(top))
        if above is not None and top in above.children:
            above.children = {path: one for path, one in above.children.items() if path != top}
            above.changed = -1
        return paths

    def drop_run(self, path: str) -> None:
        """Take note that the run that a directory was is forgotten: it may be found anew."""
        directory = self._known.get(path)
        if directory is not None:
            directory.is_run = False
            self.distrust(path)

    def below(self, path: str) -> Iterator[str]:
        """Paths of everything that is known at and below `path`, runs included."""
        paths = [path]
        while paths:
            path = paths.pop()
            yield path
            directory = self._known.get(path)
            if directory is not None:
                paths += directory.children

    def is_same(self, path: str, state: os.stat_result) -> bool:
        """Whether `state` is of the directory that was at `path` at the last look."""
        directory = self._known[path]
        return (state.st_dev, state.st_ino) == (directory.device, directory.inode)

    def due(self, room: float, now: float) -> list[str]:
        """Those to look at, the root first, as long as there is `room`.

        Args:
            room: How many directories without runs may be looked at.
            now: The time on the monotonic clock.
        """
        due = [path for path in self._holding if self._known[path].not_before <= now]
        for path in self._rotation.due(max(1.0, room), now):
            due.append(path)
            self._rotation.put(path, now + _BARREN_REST)
        return due

    def expect_runs(self, path: str) -> None:
        """Look at this directory often from now on, if it is one: a run is in it."""
        if path in self._known:
            self._holding[path] = None
            self._rotation.drop(path)

    def distrust(self, path: str | None = None) -> None:
        """List this directory, or every one, at the next look, whatever its time of change."""
        for one, directory in self._known.items() if path is None else [(path, self._known[path])]:
            directory.changed = -1
            directory.not_before = 0.0
            if one not in self._holding:
                self._rotation.put(one, 0.0)

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
        # The time of modification can be set to what it was; this one cannot.
        changed = state.st_ctime_ns
        if changed == before and self.is_same(path, state) and trust_stat:
            directory.changed = before
            self._let_rest(path, directory, now, state.st_mtime)
            return None
        found = survey(directory.folder, skip)
        if state.st_dev != directory.device and directory.children and not found.folders:
            raise OSError(errno.ENODEV, "nothing is mounted there any more")
        is_first = not directory.inode
        directory.device, directory.inode = state.st_dev, state.st_ino
        if time.time() - max(changed, state.st_mtime_ns) / 1e9 > _GRAIN:
            directory.changed = changed
        directory.not_before = now + (time.monotonic() - now) / _LISTING_SHARE
        self._let_rest(path, directory, now, state.st_mtime)
        directory.links = found.links
        change = _compare(directory, found)
        return Change(found.is_run) if change is None and is_first else change

    def _let_rest(self, path: str, directory: _Directory, now: float, modified: float) -> None:
        """Say when a directory without runs is due again; it was modified then, since 1970."""
        if path not in self._holding:
            rest = min(_BARREN_REST, max(0.0, time.time() - modified) * _REST_SHARE)
            self._rotation.put(path, max(directory.not_before, now + rest))


def _compare(directory: _Directory, found: Survey) -> Change | None:
    """Take what has been found in a directory, and tell what is different."""
    before = directory.children
    other = [folder for folder in found.folders if before.get(folder.path) != folder.inode]
    if not other and len(before) == len(found.folders) and found.is_run == directory.is_run:
        return None
    children = {folder.path: folder.inode for folder in found.folders}
    directory.is_run, directory.children = found.is_run, children or _NO_CHILDREN
    return Change(
        found.is_run,
        tuple(path for path in before if path not in children),
        tuple(folder for folder in other if folder.path not in before),
        tuple(folder for folder in other if folder.path in before),
    )
