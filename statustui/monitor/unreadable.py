"""The parts of one root that cannot be read, and why."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from statustui.monitor.directories import Directories
from statustui.monitor.fs.presence import RootLostError, failure_below
from statustui.monitor.unread import Unread

_MAX_NAMED_PARTS = 1000
"""Largest number of parts that are named."""


class UnreadableParts:
    """The directories and runs below one root that cannot be read, each with the reason.

    Args:
        root: The root, as the user gave it.
        directories: The known directories below it.
    """

    def __init__(self, root: str, directories: Directories) -> None:
        self.reasons: dict[str, str] = {}
        """Path -> reason, in the words of the operating system."""
        self._root = root
        self._directories = directories

    def __contains__(self, path: str) -> bool:
        """Return whether the part at `path` cannot be read."""
        return path in self.reasons

    @property
    def is_root_lost(self) -> bool:
        """Whether the root itself cannot be read."""
        return self._root in self.reasons

    def add(self, path: str, error: OSError) -> None:
        """Record why `path` cannot be read."""
        self.reasons[path] = error.strerror or str(error)

    def remove(self, path: str) -> bool:
        """Record that `path` can be read; return whether it was unreadable before."""
        return self.reasons.pop(path, None) is not None

    @property
    def parts(self) -> tuple[Unread, ...]:
        """The unreadable parts, sorted by path, the root first."""
        parts = sorted(self.reasons.items())[:_MAX_NAMED_PARTS]
        return tuple(Unread(path, error) for path, error in parts)

    @property
    def description(self) -> str | None:
        """One line on what cannot be read; None if everything can be."""
        if not self.reasons:
            return None
        path = self._root if self.is_root_lost else next(iter(self.reasons))
        more = f" (and {len(self.reasons) - 1} more)" if len(self.reasons) > 1 else ""
        return f"{path}: {self.reasons[path]}{more}"

    def above(self, path: str) -> Iterator[str]:
        """Yield the directories above `path` that cannot be read."""
        while path != self._root and self.reasons:
            path = os.path.dirname(path)
            if path in self.reasons:
                yield path

    def failure_at(self, path: str) -> OSError | None:
        """Return why `path` cannot be reached from the root; None if it can.

        Raises:
            RootLostError: The root itself cannot be reached; its runs stay as they are.
        """
        root = self._directories[self._root]
        try:
            return failure_below(self._root, (root.device, root.inode), path)
        except RootLostError as error:
            if error.errno == errno.ESTALE:
                self._directories.invalidate(self._root)
            else:
                self.add(self._root, error)
            raise
