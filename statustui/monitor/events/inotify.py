"""Change events of Linux, directly from inotify(7).

Adding or removing one directory takes a few microseconds and releases the interpreter lock, an
overflow of the event queue is reported, and an idle watcher never wakes up.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from collections.abc import Collection

from statustui.monitor.events.watcher import HintReceiver, Locate

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
_DIRECTORY_ITSELF = _DELETE_SELF | _MOVE_SELF | _UNMOUNT
"""Events about a watched directory itself, not about a name in it."""
_EVENT_HEADER = struct.Struct("iIII")
"""Watch, mask, cookie and length of the name, which follows, padded with NUL bytes."""
_GATHER_SECONDS = 0.02
"""Delay for which events are gathered, so that they are reported together."""
_BLOCK = 1024
"""Numbers of watches that share a list."""
_BUFFER_BYTES = 1 << 16
_MAX_READS_PER_BATCH = 16
"""Events are reported after this many reads, even if more are waiting."""


class Inotify:
    """Watches directories, none of them recursively.

    Args:
        names: Names of the files to report changes of; changes of directories are always reported.
        receiver: Receives the events, on the watcher's thread.
        locate: Returns the absolute path of a directory.

    Raises:
        OSError: The user may not have another inotify instance.
    """

    def __init__(self, names: Collection[str], receiver: HintReceiver, locate: Locate) -> None:
        self._names = frozenset(map(os.fsencode, names))
        self._receiver = receiver
        self._locate = locate
        self._libc = _libc()
        self._descriptor = self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:  # pragma: no cover - a test of whole processes sees it
            raise _failure()
        self._wake_read, self._wake_write = os.pipe()
        self._lock = threading.Lock()
        self._watch_of: dict[str, int] = {}
        self._path_of = _PathsByWatch()
        self._is_closed = False
        threading.Thread(target=self._serve, name="watch", daemon=True).start()

    @property
    def watched(self) -> Collection[str]:
        """Paths of the directories whose events are reported."""
        return self._watch_of.keys()

    def add(self, path: str) -> bool:
        """Watch the directory at `path` from now on.

        Returns:
            Whether it is watched: False if it does not exist or cannot be read.

        Raises:
            OSError: No more directories may be watched.
        """
        with self._lock:
            if self._is_closed:
                return False
            place = os.fsencode(self._locate(path))
            watch = self._libc.inotify_add_watch(self._descriptor, place, _MASK)
            if watch < 0:
                error = _failure()
                if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
                    return False
                raise error
            # A renamed directory keeps its watch in the kernel.
            before = self._path_of[watch]
            if before is not None and before != path:
                del self._watch_of[before]
            self._path_of[watch] = path
            self._watch_of[path] = watch
            return True

    def discard(self, path: str) -> None:
        """Stop watching the directory at `path`."""
        with self._lock:
            watch = self._watch_of.pop(path, None)
            if watch is not None:
                self._path_of[watch] = None
                if not self._is_closed:
                    self._libc.inotify_rm_watch(self._descriptor, watch)

    def close(self) -> None:
        """Stop watching, and end the thread."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                os.write(self._wake_write, b"x")

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        while not self._is_closed:
            poll.poll()
            time.sleep(_GATHER_SECONDS)
            paths: set[str] = set()
            has_lost_events = False
            # Report what has come even if a flood of events never ends.
            for _ in range(_MAX_READS_PER_BATCH):
                if self._is_closed or not (data := self._read()):
                    break
                has_lost_events |= self._parse_events(data, paths)
            if has_lost_events:
                self._receiver.report_lost_events()
            if paths:
                self._receiver.add_hints(paths)
        with self._lock:
            for descriptor in (self._descriptor, self._wake_read, self._wake_write):
                os.close(descriptor)
            self._watch_of.clear()
            self._path_of.clear()

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _BUFFER_BYTES)
        except BlockingIOError:
            return b""

    def _parse_events(self, data: bytes, paths: set[str]) -> bool:
        """Add the paths of events to `paths`; return whether the kernel has dropped events."""
        has_lost_events = False
        place = 0
        while place < len(data):
            watch, mask, _cookie, length = _EVENT_HEADER.unpack_from(data, place)
            place += _EVENT_HEADER.size + length
            path = self._path_of[watch]
            if mask & _OVERFLOW:
                has_lost_events = True
            elif path is None:
                continue
            elif mask & _IGNORED:
                self._forget(watch)
                paths.add(path)
            elif mask & _DIRECTORY_ITSELF or not length:
                paths.add(path)
            else:
                name = data[place - length : place].rstrip(b"\0")
                if mask & _IS_DIRECTORY or name in self._names:
                    paths.add(f"{path}/{os.fsdecode(name)}")
        return has_lost_events

    def _forget(self, watch: int) -> None:
        """Drop a watch that the kernel has ended because its directory is gone."""
        with self._lock:
            path, self._path_of[watch] = self._path_of[watch], None
            if path is not None and self._watch_of.get(path) == watch:
                del self._watch_of[path]


class _PathsByWatch:
    """The paths of watches by their numbers, which the kernel gives one after the other."""

    def __init__(self) -> None:
        self._blocks: dict[int, list[str | None]] = {}
        """The paths of so many numbers each; None for one without a watch."""

    def __getitem__(self, watch: int) -> str | None:
        """Return the path of a watch; None if there is no such watch."""
        block = self._blocks.get(watch // _BLOCK)
        return None if block is None else block[watch % _BLOCK]

    def __setitem__(self, watch: int, path: str | None) -> None:
        number, place = divmod(watch, _BLOCK)
        if number not in self._blocks:
            self._blocks[number] = [None] * _BLOCK
        block = self._blocks[number]
        block[place] = path
        if path is None and not any(block):
            del self._blocks[number]

    def clear(self) -> None:
        """Forget all paths."""
        self._blocks.clear()


def has_inotify() -> bool:
    """Return whether the platform has inotify."""
    return hasattr(_libc(), "inotify_add_watch")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
