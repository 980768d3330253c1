r"""Reading and writing status files, with the interface of Pavilion 2.1.1's ``status_file``.

A status file holds one status a line, ``<time> <STATE> <note>``. Real files have two forms of time,
sometimes both in one file: Pavilion 2.1.1 writes local time without a zone
(``2026-11-23T21:02:00.935696``), Pavilion 2.4 seconds since 1970 (``1795467106.571458``).

Differences from Pavilion's module, with the reasons:

- Content never raises. A damaged line becomes a `StatusInfo` with what could be read of it, whose
  `when` is None without a readable time: one bad line must not hide the good ones.
- A last line without its newline counts only if its time and its state are readable and complete:
  its write may still be in progress.
- More forms of time are read than are written (see `statustui.core.times`), and local times in the
  hour that is repeated at the end of summer time are resolved.
- Only a newline byte ends a line, so a note may hold any other character.
- Newlines in a note are stored as the two characters ``\n`` and read back as newlines, as in
  Pavilion 2.4: one status is always one line.
- `StatusFile.set` accepts the states of later versions too, and a time for the status.
- `StatusFile.read_from` reads on from a byte offset.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from statustui.core.reading import read_blocks
from statustui.core.states import STATES, TestStatesStruct
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import (
    LINE_MAX,
    NOTE_MAX,
    TIME_LENGTH,
    format_line,
    settle_statuses,
    split_statuses,
)

__all__ = ["STATES", "StatusFile", "StatusInfo", "TestStatesStruct", "TestStatusError"]


class TestStatusError(RuntimeError):
    """A status file could not be read or written."""

    __test__ = False  # pytest collects classes called Test*


class StatusFile:
    """A run's status file.

    Args:
        path: The file. It is created with a ``CREATED`` status if it does not exist.

    Raises:
        TestStatusError: The file does not exist and cannot be created.
    """

    STATES = STATES
    TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"
    TS_LEN = TIME_LENGTH
    LOGGER: ClassVar[logging.Logger] = logging.getLogger("statustui.status_file")
    LINE_MAX = LINE_MAX
    NOTE_MAX = NOTE_MAX

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        if not os.path.isfile(path):
            self.set(STATES.CREATED, "Created status file.")

    def history(self) -> list[StatusInfo]:
        """Read every status in the file, oldest first.

        Raises:
            TestStatusError: The file cannot be read.
        """
        statuses = self.read_from(0)[0]
        try:
            modified = os.stat(self.path).st_mtime
        except OSError as error:  # pragma: no cover - gone since it was read
            raise self._failure("read", error) from error
        return settle_statuses(statuses, modified)

    def read_from(self, offset: int) -> tuple[list[StatusInfo], int]:
        """Read the statuses that begin at byte `offset` or later.

        Returns:
            The statuses, oldest first, and the offset to read on from: the end of the last whole
            line. A last line without its newline is read again next time.

        Raises:
            TestStatusError: The file cannot be read.
        """
        statuses: list[StatusInfo] = []
        end = offset
        for block, block_end in self._blocks(offset):
            statuses += split_statuses(block)
            end = block_end
        return statuses, end

    def current(self) -> StatusInfo:
        """Read the last status, from the end of the file.

        An empty file gives an ``INVALID`` status with a note that says so.

        Raises:
            TestStatusError: The file cannot be read.
        """
        window = self.LINE_MAX + 16
        try:
            state = os.stat(self.path)
        except OSError as error:
            raise self._failure("read", error) from error
        while True:
            start = max(0, state.st_size - window)
            data = b"".join(block for block, _ in self._blocks(start))
            # Reading from the middle of the file, the first line may be the end of one.
            statuses = split_statuses(data if start == 0 else data.partition(b"\n")[2])
            if statuses:
                return settle_statuses(statuses, state.st_mtime)[-1]
            if start == 0:
                return StatusInfo(STATES.INVALID, "Status file was empty.")
            window *= 4

    def has_state(self, state: str) -> bool:
        """Return whether any status in the file has the state `state`.

        Raises:
            TestStatusError: The file cannot be read.
        """
        return any(status.state == state for status in self.history())

    def set(self, state: str, note: str, *, when: datetime | None = None) -> None:
        r"""Append a status with one write.

        An unknown state is stored as ``INVALID``, with its name in front of the note. A note longer
        than `NOTE_MAX` bytes is cut at the end of a character. If the last line lacks its newline,
        as a full disk leaves it, a newline is written first.

        Args:
            state: The state.
            note: The note; newlines are stored as the two characters ``\n``.
            when: Local time without a zone; the current time if None.

        Raises:
            TestStatusError: The file cannot be written.
        """
        line = format_line(StatusInfo(state, note, when))
        try:
            descriptor = self._open_to_append()
            try:
                if _is_torn(descriptor):
                    # Otherwise the status would become part of the unfinished line.
                    line = b"\n" + line
                written = os.write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._failure("write", error) from error
        if written != len(line):
            raise TestStatusError(
                f"could not write all of a status to '{os.fspath(self.path)}': no space left"
            )

    def _open_to_append(self) -> int:
        flags = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(self.path, os.O_RDWR | flags, 0o666)
        except PermissionError:  # pragma: no cover - CI runs as root, who may read everything
            # The file may be writable and not readable.
            descriptor = os.open(self.path, os.O_WRONLY | flags, 0o666)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file")
        return descriptor

    def _blocks(self, offset: int) -> Iterator[tuple[bytes, int]]:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                yield from read_blocks(descriptor, offset)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._failure("read", error) from error

    def _failure(self, verb: str, error: OSError) -> TestStatusError:
        return TestStatusError(
            f"could not {verb} status file '{os.fspath(self.path)}': {error.strerror}"
        )

    def __eq__(self, other: object) -> bool:
        """Return whether both are at the same path."""
        return isinstance(other, StatusFile) and self.path == other.path

    def __hash__(self) -> int:
        """Hash what `__eq__` compares."""
        return hash(self.path)


def _is_torn(descriptor: int) -> bool:
    """Return whether the last line of an open file lacks its newline; False if unreadable."""
    size = os.fstat(descriptor).st_size
    try:
        return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    except OSError:  # pragma: no cover - as above: writable and not readable
        return False
