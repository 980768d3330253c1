"""Whether something below a root is there, asked without being misled by a root that moves."""

from __future__ import annotations

import errno
import os

IS_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
"""What the operating system says of what is not there."""
_DIRECTORY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC


class RootLostError(OSError):
    """The root cannot be reached, or another directory has taken its place."""


def failure_below(root: str, identity: tuple[int, int], path: str) -> OSError | None:
    """Why something below a root cannot be reached, if it cannot.

    It is looked for from the directory that the root is: if that is renamed in this very moment,
    what is below it has not gone.

    Args:
        root: The root.
        identity: Device and inode that it had when it was listed.
        path: What is looked for; the path begins with `root`.

    Raises:
        RootLostError: The root itself cannot be reached, or is another directory by now.
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
