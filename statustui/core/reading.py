"""Opening files of a watched tree so that nothing in it shows that they have been read."""

from __future__ import annotations

import os

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Never wait for the other end of a FIFO."""
_NO_TRACE = getattr(os, "O_NOATIME", 0)
"""Leaves the time of access as it is; the kernel allows it to the owner of a file."""


def open_to_read(path: str, *, follow: bool = False) -> int:
    """Open a file for reading, without a new time of access where that is allowed.

    Args:
        path: The file.
        follow: Whether it may be behind a link.

    Returns:
        Its descriptor.

    Raises:
        OSError: It cannot be opened.
    """
    flags = _FLAGS if follow else _FLAGS | os.O_NOFOLLOW
    try:
        return os.open(path, flags | _NO_TRACE)
    except PermissionError:  # pragma: no cover - root, as whom CI runs, may do it with every file
        return os.open(path, flags)
