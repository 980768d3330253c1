"""Change events of Linux, straight from inotify(7).

Directories can be added and taken away one at a time, at a few microseconds each and without
holding the interpreter lock, a queue that has overflowed is told, and an idle watcher never wakes.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from collections.abc import Collection

from statustui.monitor.events.watcher import Listening

_CREATE, _DELETE, _MODIFY, _ATTRIB = 0x100, 0x200, 0x2, 0x4
_MOVED_FROM, _MOVED_TO, _CLOSE_WRITE = 0x40, 0x80, 0x8
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_UNMOUNT, _OVERFLOW, _IGNORED = 0x2000, 0x4000, 0x8000
_ONLY_DIRECTORIES, _IS_DIRECTORY = 0x1000000, 0x40000000
_MASK = (
    _CREATE
    | _DELETE
    | _MODIFY
    | _ATTRIB
    | _MOVED_FROM
    | _MOVED_TO
    | _CLOSE_WRITE
    | _DELETE_SELF
    | _MOVE_SELF
    | _ONLY_DIRECTORIES
)
_ITSELF = _DELETE_SELF | _MOVE_SELF | _UNMOUNT
"""What happens to a watched directory and not in it."""
_EVENT = struct.Struct("iIII")
"""Watch, mask, cookie and length of the name; names follow, padded with NUL bytes."""
_GATHER = 0.02
"""Seconds for which events are gathered before they are told."""
_BUFFER = 1 << 16
_MOST_READS = 16


class Inotify:
    """Watches directories, none of them recursively.

    Args:
        names: The names of files whose changes matter; those of directories always do.
        listening: Is told of events.

    Raises:
        OSError: The user may have no more watchers.
    """

    def __init__(self, names: Collection[str], listening: Listening) -> None:
        self._names = frozenset(map(os.fsencode, names))
        self._listening = listening
        self._libc = _libc()
        self._descriptor = self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:  # pragma: no cover - a test of whole processes sees it
            raise _failure()
        self._waker, self._wake = os.pipe()
        self._lock = threading.Lock()
        self._watch_of: dict[str, int] = {}
        self._path_of: dict[int, str] = {}
        self._is_closed = False
        threading.Thread(target=self._serve, name="watch", daemon=True).start()

    @property
    def watched(self) -> Collection[str]:
        """The directories whose events arrive."""
        return self._watch_of.keys()

    def add(self, path: str) -> bool:
        """Watch the directory at `path` from now on.

        Returns:
            Whether it is watched. One that is not there, or cannot be read, is not.

        Raises:
            OSError: No more directories may be watched.
        """
        with self._lock:
            if self._is_closed:
                return False
            watch = self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), _MASK)
            if watch < 0:
                error = _failure()
                if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
                    return False
                raise error
            # A directory that was renamed is known to the system under its old watch.
            before = self._path_of.get(watch)
            if before is not None and before != path:
                del self._watch_of[before]
            self._path_of[watch] = path
            self._watch_of[path] = watch
            return True

    def discard(self, path: str) -> None:
        """Watch the directory at `path` no longer."""
        with self._lock:
            watch = self._watch_of.pop(path, None)
            if watch is not None:
                self._path_of.pop(watch, None)
                if not self._is_closed:
                    self._libc.inotify_rm_watch(self._descriptor, watch)

    def close(self) -> None:
        """End watching."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                os.write(self._wake, b"x")

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._waker, select.POLLIN)
        while not self._is_closed:
            poll.poll()
            time.sleep(_GATHER)
            paths: set[str] = set()
            has_lost = False
            # A flood of events must not keep those that have come from being told.
            for _ in range(_MOST_READS):
                if self._is_closed or not (data := self._read()):
                    break
                has_lost |= self._take(data, paths)
            if has_lost:
                self._listening.lose()
            if paths:
                self._listening.hint(paths)
        with self._lock:
            for descriptor in (self._descriptor, self._waker, self._wake):
                os.close(descriptor)
            self._watch_of.clear()
            self._path_of.clear()

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _BUFFER)
        except BlockingIOError:
            return b""

    def _take(self, data: bytes, paths: set[str]) -> bool:
        """Add to `paths` what events are about; whether any events have been lost."""
        has_lost = False
        place = 0
        while place < len(data):
            watch, mask, _cookie, length = _EVENT.unpack_from(data, place)
            place += _EVENT.size + length
            path = self._path_of.get(watch)
            if mask & _OVERFLOW:
                has_lost = True
            elif path is None:
                continue
            elif mask & _IGNORED:
                self._forget(watch)
                paths.add(path)
            elif mask & _ITSELF or not length:
                paths.add(path)
            else:
                name = data[place - length : place].rstrip(b"\0")
                if mask & _IS_DIRECTORY or name in self._names:
                    paths.add(f"{path}/{os.fsdecode(name)}")
        return has_lost

    def _forget(self, watch: int) -> None:
        """The system has ended a watch: its directory is gone."""
        with self._lock:
            path = self._path_of.pop(watch, None)
            if path is not None and self._watch_of.get(path) == watch:
                del self._watch_of[path]


def has_inotify() -> bool:
    """Whether the platform has inotify."""
    return hasattr(_libc(), "inotify_add_watch")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
