"""Opening files of a run that may be behind links which another user has set.

Pavilion links logs in from elsewhere (``build``, ``job``). Whoever may write to the directory of a
run can have such a link lead anywhere, also to a file that he cannot read himself.
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
"""Directories of a working directory that may be kept elsewhere."""
_ROOT_USER = 0


class LeadsOutError(PermissionError):
    """A link leads out of the tree to a file that does not belong to the owner of the run."""


class Access:
    """Opens the files of one run.

    A file is opened that is inside the working directory, or inside the real place of its
    ``test_runs``, ``series``, ``builds`` or ``jobs``; in a plain tree inside the root. Any other
    one has to belong to the owner of the run's directory, and so has the link that leads to it.

    Any call may wait for a filesystem that does not answer.

    Args:
        place: The run.
    """

    def __init__(self, place: RunDir) -> None:
        """Look at nothing yet."""
        self._root = os.path.abspath(place.root)
        self._path = os.path.abspath(place.path)
        self._is_plain = place.kind == "plain"

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[tuple[int, os.stat_result]]:
        """Open the regular file at `path`, follow links to it, and close it after the block.

        What has been opened is judged, not what the links led to a moment before.

        Args:
            path: A path below the directory of the run.

        Raises:
            LeadsOutError: A link leads to where it must not.
            NotRegularError: It is not a regular file.
            OSError: It cannot be opened.
        """
        real = os.path.realpath(path, strict=True)
        state = os.lstat(real)
        if stat.S_ISREG(state.st_mode):
            self._judge(path, real, state)
        descriptor, state = open_regular(real, state=state)
        try:
            self._judge(path, _path_of(descriptor, real), state)
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
        """The real paths of the directories inside which every file may be opened."""
        if self._is_plain:
            yield os.path.realpath(self._root)
            return
        runs = os.path.dirname(self._path)
        if os.path.basename(runs) not in {TEST_RUNS, SERIES}:
            # The root is a link to where the runs are.
            runs = os.path.realpath(runs)
        working_dir = self._real(os.path.dirname(runs))
        yield working_dir
        for name in _PLACES:
            yield os.path.realpath(f"{working_dir}/{name}")

    def _real(self, path: str) -> str:
        """The real path of a directory that, by the time it was found, had no link below the root.

        One that has got into its place since is not followed.
        """
        if _is_inside(path, self._root):
            return os.path.realpath(self._root) + path[len(self._root.rstrip("/")) :]
        return os.path.realpath(path)

    def _linked_by(self, path: str) -> int | None:
        """Who has set the first link on the way from the run's directory to `path`."""
        way = self._path
        for name in os.path.relpath(os.path.abspath(path), self._path).split("/"):
            way = f"{way}/{name}"
            state = os.lstat(way)
            if stat.S_ISLNK(state.st_mode):
                return state.st_uid
        return None


def _is_inside(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place.rstrip('/')}/")


def _path_of(descriptor: int, path: str) -> str:
    """Where the open file is; `path` where the system does not tell."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:  # pragma: no cover - only where there is no /proc
        return path
