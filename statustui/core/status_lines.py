r"""The lines of a status file: one status each, ``<time> <STATE> <note>``.

The package reads and writes every form in which lines are found in real files; `times` has the
forms of a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from statustui.core.states import KNOWN_STATES, LATER_STATES, SERIES_STATES, STATES
from statustui.core.status_info import StatusInfo
from statustui.core.times import Time, parse_time, settle

LINE_MAX = 4096
"""The longest line that is written, in bytes with its newline: POSIX appends it in one piece."""
TIME_LENGTH = 26
"""Characters of a time as it is written."""
NOTE_MAX = LINE_MAX - TIME_LENGTH - 1 - STATES.max_length - 1 - 1
"""The longest note that is written, in bytes."""

STATE_BYTES = 256
"""Bytes kept of the name of a state where the length of what is kept of a line is limited."""
_ELLIPSIS = "…"
"""Replaces the rest of a state or a note that was cut."""

_STATE_NAME = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_STATE_WORDS = {state.encode(): state for state in KNOWN_STATES}
_PREFIX_STATES = frozenset(
    state
    for state in KNOWN_STATES
    if any(other != state and other.startswith(state) for other in KNOWN_STATES)
)
"""States that may also be the beginning of a longer one whose write is not complete."""


def format_line(status: StatusInfo) -> bytes:
    """Return the line that stores `status`, at most `LINE_MAX` bytes with its newline."""
    state, note = status.state, status.note
    if not (STATES.validate(state) or state in LATER_STATES or state in SERIES_STATES):
        state, note = STATES.INVALID, f"({state}) {note}"
    # A lone surrogate has no UTF-8 form: it is stored as its visible escape.
    stored = note.replace("\n", "\\n").encode("utf-8", "backslashreplace")
    stored = stored[:NOTE_MAX].decode("utf-8", "ignore").encode()
    when = status.when or datetime.now()  # noqa: DTZ005 - the format's own local time
    local = when.astimezone().replace(tzinfo=None) if when.tzinfo else when
    time = local.isoformat(timespec="microseconds")
    return b"%s %s %s\n" % (time.encode(), state.encode(), stored)


def parse_line(line: bytes, max_bytes: int | None = None) -> StatusInfo | None:
    """Parse one line, with or without its newline.

    Leading NUL bytes are skipped: NFS leaves them where two hosts append at once. Without a
    readable time, `StatusInfo.when` is None. If no state can be found either, the state is empty
    and the note is the whole line.

    Args:
        line: The line.
        max_bytes: Bytes of a note to keep, with `STATE_BYTES` of the state; an ellipsis replaces
            the rest. None keeps everything.

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
        if status is None or max_bytes is None or len(line) <= STATE_BYTES:
            return status
        return StatusInfo.read(_cut(status.state, STATE_BYTES), _cut(status.note, max_bytes), None)
    if state is None:
        state = name.decode("utf-8", "replace")
        if max_bytes is not None and len(name) > STATE_BYTES:
            state = _cut(state, STATE_BYTES)
    note = words[2].decode("utf-8", "replace").strip() if len(words) > 2 else ""  # noqa: PLR2004
    if "\\" in note:
        note = note.replace("\\n", "\n")
    if max_bytes is not None and len(line) > max_bytes:
        note = _cut(note, max_bytes)
    return StatusInfo.read(state, note, time)


def _cut(text: str, max_bytes: int) -> str:
    """Return at most `max_bytes` bytes of text, followed by an ellipsis if it has more."""
    stored = text.encode("utf-8", "replace")
    if len(stored) <= max_bytes:
        return text
    return stored[:max_bytes].decode("utf-8", "ignore") + _ELLIPSIS


def _parse_damaged(line: bytes) -> StatusInfo | None:
    """Parse a line with neither a time nor a known state in the expected place."""
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


def read_time(line: bytes) -> Time:
    """Return the time in a line; None if it has no readable one."""
    return parse_time(line.strip(b"\0\r\n").partition(b" ")[0])


def settle_statuses(statuses: Sequence[StatusInfo], modified: float | None) -> list[StatusInfo]:
    """Resolve local times that can mean two instants, as `times.settle` does.

    Args:
        statuses: All statuses of a file, oldest first.
        modified: Time of the last write to the file, in seconds since 1970; None if unknown.
    """
    times = settle([status.time for status in statuses], modified)
    return [status.at(time) for status, time in zip(statuses, times, strict=True)]


def split_statuses(block: bytes) -> list[StatusInfo]:
    """Return the statuses in a block of lines, oldest first.

    What follows the last newline counts only if `is_whole_enough` accepts it.
    """
    *lines, torn = block.split(b"\n")
    if torn and is_whole_enough(torn):
        lines.append(torn)
    return [status for line in lines if (status := parse_line(line)) is not None]


def is_whole_enough(torn: bytes) -> bool:
    """Return whether at most the end of the note is missing from a line without its newline.

    Its time must be readable, and its state a known one that is certainly written in full.
    """
    time, _, rest = torn.strip(b"\0").partition(b" ")
    name, space, _ = rest.partition(b" ")
    state = _STATE_WORDS.get(name)
    if state is None or parse_time(time) is None:
        return False
    return bool(space) or state not in _PREFIX_STATES
