"""The subdirectories of a directory, of which there may be a million."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import filterfalse


class Children:
    """Paths of subdirectories, and their inodes, in much less memory than a mapping takes.

    Args:
        paths: Their paths.
        inodes: The inode of each.
    """

    __slots__ = ("_gone", "_inodes", "_paths")

    def __init__(self, paths: Sequence[str] = (), inodes: Sequence[int] = ()) -> None:
        order = sorted(range(len(paths)), key=paths.__getitem__)
        self._paths = list(map(paths.__getitem__, order))
        self._inodes = array("Q", map(inodes.__getitem__, order))
        self._gone: set[str] | None = None
        """Those of the paths that have been discarded; None takes less memory than an empty set."""

    def __len__(self) -> int:
        return len(self._paths) - len(self._gone or ())

    def __iter__(self) -> Iterator[str]:
        """Yield the paths."""
        gone = self._gone
        return filterfalse(gone.__contains__, self._paths) if gone else iter(self._paths)

    def __contains__(self, path: str) -> bool:
        """Return whether there is a subdirectory at `path`."""
        at = bisect_left(self._paths, path)
        is_there = at < len(self._paths) and self._paths[at] == path
        return is_there and (self._gone is None or path not in self._gone)

    def inodes(self) -> dict[str, int]:
        """Return path of each -> inode."""
        inodes = dict(zip(self._paths, self._inodes, strict=True))
        for path in self._gone or ():
            del inodes[path]
        return inodes

    def discard(self, path: str) -> bool:
        """Leave out a subdirectory; return whether there was one at `path`.

        It takes no longer where there are very many, which may all go one after the other.
        """
        if path not in self:
            return False
        self._gone = self._gone or set()
        self._gone.add(path)
        return True


NO_CHILDREN = Children()
"""Those of a directory that has none, or has not been listed."""
