"""Caches of roots, in the user's XDG cache directory: a file for each part of each root."""

from __future__ import annotations

import contextlib
import json
import os
import time
from zlib import crc32

from statustui.monitor.cache_store import CachePart, RootIdentity
from statustui.settings.directories import user_directory
from statustui.settings.state_files import digest

_MAGIC = b"statustui cache 1\n"
_SUFFIX = ".cache"
_MAX_FILE_SIZE = 1 << 26
"""Bytes; no saved cache is larger."""
_MAX_SAVE_TIME = 3600.0
"""Seconds after which a temporary file is what an interrupted save has left."""
_MAX_AGE = 60 * 86400.0
"""Seconds since the last use after which a cache is deleted."""


def cache_directory() -> str:
    """Return the directory of the caches, by the XDG rules."""
    return user_directory("XDG_CACHE_HOME", "~/.cache")


class CacheDirectory:
    """The files in which caches are kept.

    A file that is missing, damaged, or of another root counts as none; where nothing can be
    written, nothing is kept. No method raises.

    Args:
        directory: Where the files are; it is created when something is saved.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def load(self, root: RootIdentity, part: CachePart = "runs") -> bytes | None:
        """Return what was saved for a root; None if there is nothing."""
        path = self._path(root, part)
        try:
            with open(path, "rb") as file:
                content = file.read(_MAX_FILE_SIZE + 1)
        except OSError:
            return None
        magic, identity, checksum, data = _split(content)
        if (magic, identity, checksum) != (_MAGIC, _identify(root), _checksum(data)):
            return None
        with contextlib.suppress(OSError):
            # The modification time records the last use.
            os.utime(path, follow_symlinks=False)
        return data

    def save(self, root: RootIdentity, data: bytes, part: CachePart = "runs") -> None:
        """Save something for a root, atomically, in a file that only the user can read."""
        path = self._path(root, part)
        temporary = f"{path}.{os.getpid()}"
        content = b"".join([_MAGIC, _identify(root), _checksum(data), data])
        with contextlib.suppress(OSError):
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                with open(os.open(temporary, flags, 0o600), "wb") as file:
                    file.write(content)
                os.replace(temporary, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
            self._delete_old()

    def _path(self, root: RootIdentity, part: CachePart) -> str:
        name = digest(os.fsencode(root.real_path)) + ("" if part == "runs" else f".{part}")
        return os.path.join(self._directory, name + _SUFFIX)

    def _delete_old(self) -> None:
        """Delete what has not been used for long, and what an interrupted save has left."""
        now = time.time()
        with os.scandir(self._directory) as entries:
            for entry in entries:
                _name, is_ours, process = entry.name.partition(_SUFFIX)
                max_age = _MAX_SAVE_TIME if process else _MAX_AGE
                with contextlib.suppress(OSError):
                    if is_ours and entry.stat(follow_symlinks=False).st_mtime < now - max_age:
                        os.unlink(entry.path)


def _identify(root: RootIdentity) -> bytes:
    return json.dumps(root).encode() + b"\n"


def _checksum(data: bytes) -> bytes:
    return b"%08x\n" % crc32(data)


def _split(content: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return magic, identity and checksum, each with its newline, and the rest of a file."""
    magic_end = content.find(b"\n") + 1
    identity_end = content.find(b"\n", magic_end) + 1
    checksum_end = content.find(b"\n", identity_end) + 1
    return (
        content[:magic_end],
        content[magic_end:identity_end],
        content[identity_end:checksum_end],
        content[checksum_end:],
    )
