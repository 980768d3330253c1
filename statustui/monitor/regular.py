"""Opening regular files for reading, and nothing else."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from statustui.core.reading import open_to_read

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a link",
}


@contextlib.contextmanager
def opened(path: str, *, follow: bool = False) -> Iterator[tuple[int, os.stat_result]]:
    """Open the regular file at `path`; whatever else is there is not touched.

    Args:
        path: The file.
        follow: Whether it may be behind a link.

    Yields:
        Its descriptor, and what `fstat` says of it.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    _check(path, os.stat(path, follow_symlinks=follow))
    descriptor = open_to_read(path, follow=follow)
    try:
        state = os.fstat(descriptor)
        # Something else may have taken its place meanwhile.
        _check(path, state)
        yield descriptor, state
    finally:
        os.close(descriptor)


def _check(path: str, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        kind = _KINDS.get(stat.S_IFMT(state.st_mode), "of an unknown kind")
        raise OSError(errno.EINVAL, f"not a regular file but {kind}", path)
