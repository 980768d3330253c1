"""Open and read regular files of a watched tree without leaving a trace of it in the tree."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW
"""``O_NONBLOCK``: never wait for the writer of a FIFO that has just replaced a file."""
_NO_TRACE = getattr(os, "O_NOATIME", 0)
"""Leaves the access time unchanged; the kernel permits it to the owner of the file only."""
_TRIES = (False, False, True)
"""Attempts to open a file that is replaced at the same time: whether each is the last."""
MAX_STATUS_BYTES = 1 << 26
"""Bytes read at the end of a status file: what comes before them in a larger one is skipped."""
_BLOCK = 1 << 16
"""Bytes read at a time."""
_GROWTH = 256
"""Bytes by which a file may have grown between two system calls, to be read with the rest."""
_PRINT = 128
"""Bytes at the start of a file, and before the offset to read on from, that identify it."""
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a link",
}

Signature: TypeAlias = "tuple[int, int, int, int]"
"""Inode, size in bytes, and modification and change times in nanoseconds."""
PackedSignature: TypeAlias = bytes
"""A signature as it is kept of very many files: in a third of the memory."""
_PACKED = struct.Struct("<qqQQ")
_WRITTEN = struct.Struct("<q")
_SIZE_AT = 24
"""Index of the first byte of the size."""
_KEPT = 30
"""How many bytes of it are kept: with 32, Python takes 16 more."""
_LEFT_OUT = b"\0\0"
"""The last bytes of the size: no file has 2**48 bytes."""
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


_CAN_TELL_MISSING = os.access("/", os.F_OK, follow_symlinks=False)
"""Whether the system answers `is_missing`: some sandboxes refuse the call."""


class NotRegularError(OSError):
    """The path is not a regular file; it was not opened."""


def is_missing(path: str, around: int | None = None) -> bool:
    """Return whether there is nothing at a path, not even a link; False where that is not known.

    Most of what runs may have is missing in most trees, and a failed call that raises no exception
    costs a tenth of one that does.

    Args:
        path: The path.
        around: Descriptor of the directory to which it is relative; None for the current one.
    """
    if not _CAN_TELL_MISSING:
        return False
    return not os.access(path, os.F_OK, dir_fd=around, follow_symlinks=False)


def signature_of(state: os.stat_result) -> Signature:
    """Return a value that changes when a file is changed or replaced."""
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def pack_signature(signature: Signature) -> PackedSignature:
    """Pack a signature; times after the year 2262 are packed as the last one that 64 bits hold."""
    inode, size, *times = signature
    try:
        return _PACKED.pack(*times, inode, size)[:_KEPT]
    except struct.error:
        in_range = (min(max(_LEAST, time), _MOST) for time in times)
        return _PACKED.pack(*in_range, inode, size)[:_KEPT]


def pack_signatures(
    inodes: Iterable[int], sizes: Iterable[int], modified: Iterable[int], changed: Iterable[int]
) -> list[PackedSignature]:
    """Pack very many signatures, of columns in which each number has at most 64 bits."""
    packed = map(_PACKED.pack, modified, changed, inodes, sizes)
    return [signature[:_KEPT] for signature in packed]


def packed_signature_of(state: os.stat_result) -> PackedSignature:
    """Return the packed signature of a file; this is done for every run again and again."""
    try:
        return _PACKED.pack(state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_size)[
            :_KEPT
        ]
    except struct.error:
        return pack_signature(signature_of(state))


def unpack_signature(packed: PackedSignature) -> Signature:
    """Return what `pack_signature` has packed."""
    modified, changed, inode, size = _PACKED.unpack(packed + _LEFT_OUT)
    return inode, size, modified, changed


def written_in(packed: PackedSignature) -> int:
    """Return when a file was written, in nanoseconds since 1970, as its packed signature has it."""
    written: int = _WRITTEN.unpack_from(packed)[0]
    return written


def size_in(packed: PackedSignature) -> int:
    """Return the size of a file in bytes, as its packed signature has it."""
    return int.from_bytes(packed[_SIZE_AT:], "little")


def open_regular(path: str, *, state: os.stat_result | None = None) -> tuple[int, os.stat_result]:
    """Open the regular file at `path` for reading, and do not open anything else.

    Links are not followed: `statustui.core.access` does that where it is safe. The access time is
    left unchanged where the kernel permits that.

    Args:
        path: The file.
        state: A fresh result of `os.lstat` for it, if the caller has one.

    Returns:
        Its descriptor, and the result of `os.fstat`.

    Raises:
        NotRegularError: It is not a regular file.
        OSError: It cannot be opened.
    """
    for is_last in _TRIES:
        if state is None:
            state = os.lstat(path)
        if not stat.S_ISREG(state.st_mode):
            raise _not_regular(path, state)
        descriptor = open_checked(path)
        found = os.fstat(descriptor)
        # Some filesystems report another inode each time: the last attempt accepts that.
        if found.st_ino == state.st_ino or is_last:
            if stat.S_ISREG(found.st_mode):
                return descriptor, found
            os.close(descriptor)  # pragma: no cover - it was replaced in this very moment
            raise _not_regular(path, found)  # pragma: no cover - as above
        os.close(descriptor)
        state = None
    raise AssertionError  # pragma: no cover - the last try returns or raises


@contextlib.contextmanager
def opened(path: str) -> Iterator[tuple[int, os.stat_result]]:
    """Open the regular file at `path` as `open_regular` does, and close it after the block.

    Raises:
        NotRegularError: It is not a regular file.
        OSError: It cannot be opened.
    """
    descriptor, state = open_regular(path)
    try:
        yield descriptor, state
    finally:
        os.close(descriptor)


def open_checked(path: str, around: int | None = None) -> int:
    """Open a file of which `os.lstat` has just said that it is a regular one.

    Links are not followed, and nothing that has replaced the file is waited for.

    Args:
        path: The file.
        around: Descriptor of the directory to which `path` is relative.

    Returns:
        Its descriptor.

    Raises:
        OSError: It cannot be opened.
    """
    try:
        return os.open(path, _FLAGS | _NO_TRACE, dir_fd=around)
    except PermissionError:  # pragma: no cover - CI runs as root, who may always do this
        return os.open(path, _FLAGS, dir_fd=around)


def _not_regular(path: str, state: os.stat_result) -> NotRegularError:
    kind = _KINDS.get(stat.S_IFMT(state.st_mode), "of an unknown kind")
    return NotRegularError(errno.EINVAL, f"not a regular file but {kind}", path)


def line_start(descriptor: int, offset: int) -> int:
    """Return the offset of the first line that begins at `offset` or within 64 KiB after it.

    If none does, `offset` itself is returned.

    Raises:
        OSError: The file cannot be read.
    """
    if offset <= 0:
        return 0
    block = os.pread(descriptor, _BLOCK, offset - 1)
    return offset + max(0, block.find(b"\n"))


def read_blocks(
    descriptor: int, offset: int, expected: int = _BLOCK, longest: int = _BLOCK
) -> Iterator[tuple[bytes, int]]:
    """Read an open file from byte `offset` to its end, in blocks of whole lines.

    Args:
        descriptor: The file.
        offset: Where to begin.
        expected: About how many bytes there are: small files are then read with a small buffer.
        longest: Bytes to keep of the beginning of a line that is longer than 64 KiB.

    Yields:
        Blocks of whole lines, each with the offset of its end; at last any bytes after the last
        newline, with the offset of their beginning.

    Raises:
        OSError: The file cannot be read.
    """
    line_start = offset
    rest: list[bytes] = []
    held = 0
    wanted = min(_BLOCK, expected + _GROWTH)
    is_end = False
    while not is_end and (chunk := os.pread(descriptor, wanted, offset)):
        is_end, wanted = len(chunk) < wanted, _BLOCK
        end = chunk.rfind(b"\n") + 1
        if end:
            line_start = offset + end
            yield b"".join([*rest, chunk[:end]]) if rest else chunk[:end], line_start
            rest, held = [chunk[end:]] if end < len(chunk) else [], len(chunk) - end
        elif held < longest:
            rest.append(chunk[: longest - held])
            held += len(rest[-1])
        offset += len(chunk)
    if rest:
        yield b"".join(rest), line_start


class Bookmark(NamedTuple):
    """How far a file has been read, and what identifies it up to there."""

    inode: int
    size: int
    offset: int
    """Where to read on."""
    head: bytes
    """The first bytes."""
    tail: bytes
    """The bytes before `offset`."""

    @classmethod
    def at(cls, descriptor: int, state: os.stat_result, offset: int) -> Bookmark:
        """Make the bookmark of an open file that has been read up to `offset`.

        Raises:
            OSError: It cannot be read.
        """
        head, tail = _prints(descriptor, offset)
        return cls(inode=state.st_ino, size=state.st_size, offset=offset, head=head, tail=tail)

    def holds(self, descriptor: int, state: os.stat_result) -> bool:
        """Return whether the open file is the one that was read, and has only been appended to.

        A file that was written to without growing counts as rewritten.

        Raises:
            OSError: It cannot be read.
        """
        return (
            state.st_ino == self.inode
            and state.st_size > self.size
            and _prints(descriptor, self.offset) == (self.head, self.tail)
        )


def _prints(descriptor: int, offset: int) -> tuple[bytes, bytes]:
    size = min(_PRINT, offset)
    return os.pread(descriptor, size, 0), os.pread(descriptor, size, offset - size)
