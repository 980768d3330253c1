"""The subdirectories of a directory, of which there may be a million."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence


class Children:
    """Paths of subdirectories, and their inodes, in much less memory than a mapping takes.

    Args:
        paths: Their paths.
        inodes: The inode of each.
    """

    __slots__ = ("_inodes", "_paths")

    def __init__(self, paths: Sequence[str] = (), inodes: Sequence[int] = ()) -> None:
        order = sorted(range(len(paths)), key=paths.__getitem__)
        self._paths = list(map(paths.__getitem__, order))
        self._inodes = array("Q", map(inodes.__getitem__, order))

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[str]:
        """Yield the paths."""
        return iter(self._paths)

    def __contains__(self, path: str) -> bool:
        """Return whether there is a subdirectory at `path`."""
        at = bisect_left(self._paths, path)
        return at < len(self._paths) and self._paths[at] == path

    def inodes(self) -> dict[str, int]:
        """Return path of each -> inode."""
        return dict(zip(self._paths, self._inodes, strict=True))


NO_CHILDREN = Children()
"""Those of a directory that has none, or has not been listed."""
