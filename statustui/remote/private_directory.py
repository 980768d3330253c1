"""A short private directory for sockets, which goes with the process that has made it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator

_PREFIX = "statustui-ssh-"
_NEW = f".{_PREFIX}"
_PLAIN = re.compile(r"/[\w./-]{0,40}", re.ASCII)
"""Directories that ssh takes as they stand, and that leave room: the path of a socket has at most
103 bytes, and ssh appends 17 of its own while it makes one."""


class PrivateDirectory:
    """A directory that only this user can enter.

    It is locked for as long as this process lives. Those that others have left behind, because they
    were killed, are removed first.

    Raises:
        OSError: There is no place for one.
    """

    def __init__(self) -> None:
        problem = OSError("no place for sockets")
        for base in _bases():
            _remove_stale(base)
            try:
                self.path, self._lock = _make(base)
            except OSError as error:
                problem = error
            else:
                return
        raise problem

    def close(self) -> None:
        """Remove it, and what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _bases() -> Iterator[str]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if _PLAIN.fullmatch(runtime):
        yield runtime
    yield "/tmp"  # noqa: S108 - the directory in it is private, and its name short


def _make(base: str) -> tuple[str, int]:
    """Make a directory, and return its path and the descriptor that locks it."""
    new = tempfile.mkdtemp(prefix=_NEW, dir=base)
    try:
        lock = os.open(new, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Under this name it is locked from the start.
            path = os.path.join(base, _PREFIX + os.path.basename(new).removeprefix(_NEW))
            os.rename(new, path)
        except BaseException:
            os.close(lock)
            raise
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return path, lock


def _remove_stale(base: str) -> None:
    """Remove directories of this user that no process has locked."""
    with contextlib.suppress(OSError), os.scandir(base) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with contextlib.suppress(OSError):
                    _remove_if_stale(entry.path)


def _remove_if_stale(path: str) -> None:
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(lock).st_uid == os.geteuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(lock)
