"""Open files of a run that may be behind links made by another user.

Pavilion makes links to logs elsewhere (``build``, ``job``). Whoever can write to the directory of a
run can point such a link anywhere, also to files that only the user of this program can read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from statustui.core.reading import open_regular
from statustui.core.run import RunDir
from statustui.core.working_dir import BUILDS, JOBS, SERIES, TEST_RUNS

_PLACES = (TEST_RUNS, SERIES, BUILDS, JOBS)
"""Directories of a working directory that may be links to other places."""
_ROOT_USER = 0
_PLACE_ONLY: int | None = getattr(os, "O_PATH", None)
"""Reaches a file without opening it."""


class LeadsOutError(PermissionError):
    """A link leads out of the tree to a file that does not belong to the owner of the run."""


class Access:
    """Opens the files of one run.

    A file may be inside the working directory, or inside the real path of its ``test_runs``,
    ``series``, ``builds`` or ``jobs``; in a plain tree inside the root. Any other file must belong
    to the owner of the run directory, and so must the link that leads to it.

    Calls may block on a filesystem that does not answer.

    Args:
        place: The run directory.
    """

    def __init__(self, place: RunDir) -> None:
        self._root = os.path.abspath(place.root)
        self._path = os.path.abspath(place.path)
        self._is_plain = place.kind == "plain"

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[tuple[int, os.stat_result]]:
        """Open the regular file at `path`, following links, and close it after the block.

        If what is opened is not the very file that was judged, it is judged, too: the links may
        change in between.

        Args:
            path: A path below the run directory.

        Raises:
            LeadsOutError: A link leads to a file that must not be opened.
            NotRegularError: It is not a regular file.
            OSError: It cannot be opened.
        """
        real = _resolved(path)
        found = os.lstat(real)
        if stat.S_ISREG(found.st_mode):
            self._judge(path, real, found)
        descriptor, state = open_regular(real, state=found)
        try:
            where = _path_of(descriptor, real)
            if (where, *_file_of(state)) != (real, *_file_of(found)):
                self._judge(path, where, state)
            yield descriptor, state
        finally:
            os.close(descriptor)

    def _judge(self, path: str, real: str, state: os.stat_result) -> None:
        if any(_is_inside(real, place) for place in self._places()):
            return
        owner = os.lstat(self._real(self._path)).st_uid
        if state.st_uid != owner or self._linked_by(path) not in {owner, _ROOT_USER}:
            reason = f"leads out of the tree to a file of somebody else: {real}"
            raise LeadsOutError(errno.EACCES, reason, path)

    def _places(self) -> Iterator[str]:
        """Yield the real paths of the directories inside which every file may be opened."""
        if self._is_plain:
            yield _resolved(self._root)
            return
        runs = os.path.dirname(self._path)
        if os.path.basename(runs) not in {TEST_RUNS, SERIES}:
            # The root is a link to a `test_runs` or `series` directory.
            runs = os.path.realpath(runs)
        working_dir = self._real(os.path.dirname(runs))
        yield working_dir
        for name in _PLACES:
            yield os.path.realpath(f"{working_dir}/{name}")

    def _real(self, path: str) -> str:
        """Return the real path of a directory in the tree, without following links below the root.

        When it was found there were none: a link there has replaced a directory since.
        """
        if _is_inside(path, self._root):
            return _resolved(self._root) + path[len(self._root.rstrip("/")) :]
        return os.path.realpath(path)

    def _linked_by(self, path: str) -> int | None:
        """Return the owner of the first link between the run directory and `path`, if any."""
        way = self._path
        for name in os.path.relpath(os.path.abspath(path), self._path).split("/"):
            way = f"{way}/{name}"
            state = os.lstat(way)
            if stat.S_ISLNK(state.st_mode):
                return state.st_uid
        return None


def _is_inside(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place.rstrip('/')}/")


def _resolved(path: str) -> str:
    """Return a path without any links, as `os.path.realpath` does.

    The kernel follows them in one call, in place of one for each directory on the way. What is at
    the path that it tells is another file where a link leads into the mounts of another process.

    Raises:
        OSError: There is nothing, or it cannot be reached.
    """
    if _PLACE_ONLY is None:  # pragma: no cover - only where the kernel has no such call
        return os.path.realpath(path, strict=True)
    descriptor = os.open(path, _PLACE_ONLY | os.O_CLOEXEC)
    try:
        real = _path_of(descriptor, "")
    finally:
        os.close(descriptor)
    return real if real.startswith("/") else os.path.realpath(path, strict=True)


def _file_of(state: os.stat_result) -> tuple[int, int, int]:
    """Return what has to be the same for a judgement to hold: device, inode and owner."""
    return state.st_dev, state.st_ino, state.st_uid


def _path_of(descriptor: int, path: str) -> str:
    """Return the path of an open file; `path` where the system has no ``/proc``."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:  # pragma: no cover - only where there is no /proc
        return path
