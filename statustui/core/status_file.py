r"""Reading and writing status files, with the interface of Pavilion 2.1.1's ``status_file``.

A status file holds one status a line, ``<time> <STATE> <note>``. Two forms of time are found in
real files, also mixed in one file: Pavilion 2.1.1 writes local time without a zone
(``2026-11-23T21:02:00.935696``), Pavilion 2.4 seconds since 1970 (``1795467106.571458``).

What differs from Pavilion's module, and why:

- Content never raises. A damaged line becomes a `StatusInfo` with what could be read of it, whose
  `when` is None if no time could: one bad line must not hide the good ones.
- A last line without its newline counts only when its time and its state can be read whole: it
  may be a write that is still under way.
- More forms of time are read than are written (see `statustui.core.times`), and local times in the
  hour that is repeated when summer time ends are told apart.
- Lines end at a newline byte alone, so a note may hold any other character.
- Newlines in a note are stored as the two characters ``\n`` and read back as newlines, as
  Pavilion 2.4 does: one status stays one line.
- `StatusFile.set` takes the states of later versions too, and a time for the status.
- `StatusFile.read_from` reads on from a byte offset.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from statustui.core.states import (
    KNOWN_STATES,
    LATER_STATES,
    SERIES_STATES,
    STATES,
    TestStatesStruct,
)
from statustui.core.times import Time, parse_time, seconds_of, settle

__all__ = [
    "MOST_BYTES",
    "STATES",
    "StatusFile",
    "StatusInfo",
    "TestStatesStruct",
    "TestStatusError",
    "format_line",
    "is_whole_enough",
    "line_start",
    "parse_line",
    "read_blocks",
    "settle_statuses",
    "split_statuses",
]

_LINE_MAX = 4096
MOST_BYTES = 1 << 26
"""Bytes at the end of a status file that are read at the most."""
_BLOCK = 1 << 16

STATE_BYTES = 256
"""Bytes of a state that are kept where a line is not read whole."""
_CUT = "…"
"""Stands where the rest of a state or a note has been left out."""

_STATE_NAME = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_STATE_WORDS = {state.encode(): state for state in KNOWN_STATES}
_MORE = 256
"""Bytes that a file may have grown by between two system calls, to be read with the rest."""
_CUT_STATES = frozenset(
    state
    for state in KNOWN_STATES
    if any(other != state and other.startswith(state) for other in KNOWN_STATES)
)
"""States that may also be the beginning of a longer one that was not written whole."""


_NO_TIME = datetime.min  # noqa: DTZ901 - local time, as everywhere in the format


class TestStatusError(RuntimeError):
    """A status file could not be read or written."""

    __test__ = False  # pytest collects classes called Test*


class StatusInfo:
    """One status of a run: its state, its note and when it was set.

    Args:
        state: The name of the state.
        note: The note, newlines as newlines.
        when: Local time without a zone; the current time if None.
    """

    __slots__ = ("_time", "note", "state")

    _time: Time
    note: str
    state: str

    def __init__(self, state: str, note: str, when: datetime | None = None) -> None:
        """Make a status that was set at `when`, or just now."""
        self.state = state
        self.note = note
        self._time = datetime.now() if when is None else when  # noqa: DTZ005 - the format's own

    @classmethod
    def read(cls, state: str, note: str, time: Time) -> StatusInfo:
        """Make a status as read from a file: `time` in either form, None if there was none."""
        info = cls(state, note, _NO_TIME)
        info._time = time
        return info

    @property
    def when(self) -> datetime | None:
        """When the status was set, in local time without a zone; None if that is not known."""
        time = self._time
        return datetime.fromtimestamp(time) if isinstance(time, float) else time  # noqa: DTZ006

    @when.setter
    def when(self, when: datetime | None) -> None:
        self._time = when

    @property
    def time(self) -> Time:
        """When the status was set, in the form in which it is kept."""
        return self._time

    def at(self, time: Time) -> StatusInfo:
        """The same status, set at another time."""
        return self if time is self._time else StatusInfo.read(self.state, self.note, time)

    @property
    def timestamp(self) -> float | None:
        """When the status was set, in seconds since 1970; None if that is not known."""
        return seconds_of(self._time)

    def as_dict(self) -> dict[str, str | datetime | None]:
        """The status as a dictionary with the keys ``state``, ``note`` and ``time``."""
        return {"state": self.state, "note": self.note, "time": self.when}

    def __eq__(self, other: object) -> bool:
        """Two statuses are equal when state, note and time are."""
        if not isinstance(other, StatusInfo):
            return NotImplemented
        return (self.state, self.note, self.timestamp) == (other.state, other.note, other.timestamp)

    def __hash__(self) -> int:
        """Go with equality."""
        return hash((self.state, self.note, self.timestamp))

    def __str__(self) -> str:
        """Time, state and note in one line."""
        return f"Status: {self.when} {self.state} {self.note}"

    def __repr__(self) -> str:
        """Time, state and note as they would be written to make it."""
        return f"StatusInfo({self.state!r}, {self.note!r}, {self.when!r})"


class StatusFile:
    """A run's status file.

    Args:
        path: The file. It is created with a ``CREATED`` status if it does not exist.

    Raises:
        TestStatusError: The file does not exist and cannot be created.
    """

    STATES = STATES
    TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"
    TS_LEN = 26
    LOGGER: ClassVar[logging.Logger] = logging.getLogger("statustui.status_file")
    LINE_MAX = _LINE_MAX
    """The longest line, in bytes with its newline: so much is appended in one piece."""
    NOTE_MAX = LINE_MAX - TS_LEN - 1 - STATES.max_length - 1 - 1
    """The longest note, in bytes."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Use the status file at `path`, creating it if need be."""
        self.path = path
        if not os.path.isfile(path):
            self.set(STATES.CREATED, "Created status file.")

    def history(self) -> list[StatusInfo]:
        """Every status in the file, oldest first.

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
            The statuses, oldest first, and the offset to go on from: the end of the last whole
            line. A last line without its newline is read again from there.

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
        """The last status, read from the end of the file.

        An empty file gives an ``INVALID`` status that says so.

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
        """Whether the run ever was in `state`.

        Raises:
            TestStatusError: The file cannot be read.
        """
        return any(status.state == state for status in self.history())

    def set(self, state: str, note: str, *, when: datetime | None = None) -> None:
        r"""Append a status with one write.

        A state that is not known is stored as ``INVALID``, its name in front of the note. A note
        longer than `NOTE_MAX` bytes is cut between two characters. Behind a line that lacks its
        newline, as a full disk leaves it, the status begins on a line of its own.

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
                    # What another write has left unfinished must not swallow this one.
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
        except PermissionError:  # pragma: no cover - root, as whom CI runs, may read everything
            # It may be written and not read.
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
        """Two status files are equal when their paths are."""
        return isinstance(other, StatusFile) and self.path == other.path

    def __hash__(self) -> int:
        """Go with equality."""
        return hash(self.path)


def _is_torn(descriptor: int) -> bool:
    """Whether the last line of an open file lacks its newline, as far as the file can be read."""
    size = os.fstat(descriptor).st_size
    try:
        return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    except OSError:  # pragma: no cover - as above: it may be written and not read
        return False


def format_line(status: StatusInfo) -> bytes:
    """The line that stores `status`, at most `StatusFile.LINE_MAX` bytes with its newline."""
    state, note = status.state, status.note
    if not (STATES.validate(state) or state in LATER_STATES or state in SERIES_STATES):
        state, note = STATES.INVALID, f"({state}) {note}"
    # A lone surrogate has no UTF-8 form: it is stored as its visible escape.
    stored = note.replace("\n", "\\n").encode("utf-8", "backslashreplace")
    stored = stored[: StatusFile.NOTE_MAX].decode("utf-8", "ignore").encode()
    when = status.when or datetime.now()  # noqa: DTZ005 - the format's own local time
    local = when.astimezone().replace(tzinfo=None) if when.tzinfo else when
    time = local.isoformat(timespec="microseconds")
    return b"%s %s %s\n" % (time.encode(), state.encode(), stored)


def parse_line(line: bytes, most: int | None = None) -> StatusInfo | None:
    """Read one line, with or without its newline.

    Runs of NUL bytes in front of a line, as NFS leaves them where two hosts append at once, are
    passed over. Without a time that can be read, `StatusInfo.when` is None. Where even the state
    cannot be told, it is empty and the note is the whole line.

    Args:
        line: The line.
        most: How many bytes of a note are kept, and `STATE_BYTES` of a state; an ellipsis stands
            for the rest. None to keep all.

    Returns:
        The status, or None for a blank line.
    """
    line = line.strip(b"\0\r\n")
    words = line.split(b" ", 2)
    time = parse_time(words[0])
    name = words[1] if len(words) > 1 else b""
    state = _STATE_WORDS.get(name)
    if state is None and time is None:
        status = _parse_damaged(line)
        if status is None or most is None or len(line) <= STATE_BYTES:
            return status
        return StatusInfo.read(_cut(status.state, STATE_BYTES), _cut(status.note, most), None)
    if state is None:
        state = name.decode("utf-8", "replace")
        if most is not None and len(name) > STATE_BYTES:
            state = _cut(state, STATE_BYTES)
    note = words[2].decode("utf-8", "replace").strip() if len(words) > 2 else ""  # noqa: PLR2004
    if "\\" in note:
        note = note.replace("\\n", "\n")
    if most is not None and len(line) > most:
        note = _cut(note, most)
    return StatusInfo.read(state, note, time)


def _cut(text: str, most: int) -> str:
    """Text of at most `most` bytes, followed by an ellipsis where more has been left out."""
    stored = text.encode("utf-8", "replace")
    return text if len(stored) <= most else stored[:most].decode("utf-8", "ignore") + _CUT


def settle_statuses(statuses: Sequence[StatusInfo], modified: float | None) -> list[StatusInfo]:
    """Tell which instants the times of a file's statuses mean.

    Args:
        statuses: All of them, oldest first.
        modified: When the file was written to, in seconds since 1970; None if that is not known.
    """
    times = settle([status.time for status in statuses], modified)
    return [status.at(time) for status, time in zip(statuses, times, strict=True)]


def read_time(line: bytes) -> Time:
    """When the status in a line was set; None if that cannot be told."""
    return parse_time(line.strip(b"\0\r\n").partition(b" ")[0])


def _parse_damaged(line: bytes) -> StatusInfo | None:
    """Read a line that has neither a time nor a known state where they belong."""
    text = line.decode("utf-8", "replace").strip().replace("\\n", "\n")
    if not text.strip("\0 "):
        return None
    first, _, rest = text.partition(" ")
    if first in KNOWN_STATES:
        return StatusInfo.read(first, rest.strip(), None)
    state, _, note = rest.partition(" ")
    if _STATE_NAME.match(state):
        return StatusInfo.read(state, note.strip(), None)
    return StatusInfo.read("", text, None)


def split_statuses(block: bytes) -> list[StatusInfo]:
    """The statuses in a block of lines, oldest first.

    What stands behind the last newline counts only when it can be told that nothing but the end
    of its note is missing: its time can be read, and its state is a known one that is written out.
    """
    *lines, torn = block.split(b"\n")
    if torn and is_whole_enough(torn):
        lines.append(torn)
    return [status for line in lines if (status := parse_line(line)) is not None]


def is_whole_enough(torn: bytes) -> bool:
    """Whether a line without its newline can be taken for a status."""
    time, _, rest = torn.strip(b"\0").partition(b" ")
    name, space, _ = rest.partition(b" ")
    state = _STATE_WORDS.get(name)
    if state is None or parse_time(time) is None:
        return False
    return bool(space) or state not in _CUT_STATES


def line_start(descriptor: int, offset: int) -> int:
    """The first byte of a line at `offset` or somewhat behind it; `offset` in a very long line.

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
    """Read an open status file from byte `offset` to its end.

    Args:
        descriptor: The file.
        offset: Where to begin.
        expected: How many bytes there are about; it spares many small files a large buffer each.
        longest: Bytes of a line that is longer than 64 KiB that are kept, beside its end.

    Yields:
        Blocks of whole lines, each with the offset of its end; last, what stands behind the last
        newline, if anything does, with the offset of its beginning.

    Raises:
        OSError: The file cannot be read.
    """
    line_start = offset
    rest: list[bytes] = []
    held = 0
    wanted = min(_BLOCK, expected + _MORE)
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
