"""Reach many files of one directory without looking up its path for each of them."""

from __future__ import annotations

import contextlib
import os

from statustui.core.run import Kind
from statustui.core.working_dir import STATUS

_PLACE_ONLY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC


class Near:
    """Reaches runs relative to the directory around the last one; close it at the end.

    This spares the kernel most of their paths. It is used by one thread.
    """

    def __init__(self) -> None:
        self._parent = ""
        self._descriptor: int | None = None
        """That directory, if it is open."""

    def close(self) -> None:
        """Close the directory; the next run opens its own."""
        self._parent = ""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def reach(self, path: str, kind: Kind) -> tuple[str, int | None]:
        """Return a path to a run, and the descriptor of the directory to which it is relative.

        Args:
            path: Where the run is.
            kind: Its kind; runs of a plain tree are mostly not beside each other.
        """
        if kind == "plain":
            return path, None
        parent, _, name = path.rpartition("/")
        if parent != self._parent:
            self._enter(parent)
        return (path, None) if self._descriptor is None else (name, self._descriptor)

    def stat(self, path: str, kind: Kind) -> os.stat_result:
        """Return the state of the status file of a run.

        Args:
            path: Where the run is.
            kind: Its kind.

        Raises:
            OSError: There is none, or it cannot be reached.
        """
        near, around = self.reach(path, kind)
        return os.lstat(f"{near}/{STATUS}", dir_fd=around)

    def _enter(self, parent: str) -> None:
        self.close()
        self._parent = parent
        with contextlib.suppress(OSError):
            self._descriptor = os.open(parent, _PLACE_ONLY)
