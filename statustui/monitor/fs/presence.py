"""Check whether a path below a root exists, without being misled if the root is renamed."""

from __future__ import annotations

import errno
import os

IS_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
"""Error numbers that mean that a path does not exist."""
_DIRECTORY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC


class RootLostError(OSError):
    """The root cannot be reached, or another directory has taken its place."""


def failure_below(root: str, identity: tuple[int, int], path: str) -> OSError | None:
    """Return why a path below a root cannot be reached; None if it can.

    The path is resolved from the open directory of the root, so that renaming the root at the same
    time does not make the path seem gone.

    Args:
        root: The root.
        identity: Device and inode that the root had when it was listed.
        path: The path; it begins with `root`.

    Raises:
        RootLostError: The root itself cannot be reached, or is another directory now.
    """
    try:
        descriptor = os.open(root, _DIRECTORY)
    except OSError as error:
        raise RootLostError(error.errno, error.strerror) from error
    try:
        state = os.fstat(descriptor)
        is_same = (state.st_dev, state.st_ino) == identity
        if is_same:
            os.lstat(path[len(root) :].lstrip(os.sep), dir_fd=descriptor)
    except OSError as error:
        return error
    finally:
        os.close(descriptor)
    if not is_same:
        raise RootLostError(errno.ESTALE, "another directory has taken its place")
    return None
