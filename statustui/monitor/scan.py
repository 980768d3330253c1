"""Reading the runs of a tree for the first time, and again once they have changed."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from statustui.core.reading import open_to_read
from statustui.core.run import Label, Run, RunDir, Tally, make_run, make_unread_run
from statustui.core.states import STATES
from statustui.core.status_file import (
    MOST_BYTES,
    StatusInfo,
    line_start,
    read_blocks,
    split_statuses,
)
from statustui.core.working_dir import (
    RUN_COMPLETE,
    read_label,
    read_result,
    read_series,
    user_name,
)
from statustui.monitor.batch import Unread
from statustui.monitor.regular import opened

_SMALL = 1 << 16
"""Bytes up to which a changed file is read whole, since that costs no more than reading on."""

_HEAD = 128
"""Bytes at the start of a larger file that tell it from another: they hold its first time."""

_NAMING = 60.0
"""Seconds since the last status for which a missing name is looked for again."""


_UNREADABLE = "The status file cannot be read: "
_NOT_REGULAR = "The status file is not a regular file."
_REFUSED_LINK = f"{_UNREADABLE}{os.strerror(errno.ELOOP)}."
_NOTHING = Tally()
_NAMELESS = Label()


_one_label = lru_cache(maxsize=4096)(Label)
"""One label for all the runs that would have the same."""


class Reading(NamedTuple):
    """What is known of one run, and what tells whether its status file has changed since."""

    run: Run
    label: Label
    """What was found beside the status file; without a name it has to be looked for again."""
    signature: tuple[int, int, int] | None
    """Inode, size in bytes and time of change in nanoseconds; None if there is no such file."""
    device: int = 0
    """Number of the device that the status file is on; 0 if there is none."""
    tally: Tally = _NOTHING
    """What a large file has added up to, to read on from; a small one is read whole again."""
    head: bytes | None = None
    """The first bytes of a large file: another file that has taken its place has others."""


def read(place: RunDir, known: Reading | None = None, *, trust_stat: bool = True) -> Reading:
    """Read the run at `place`, or give `known` back if its status file has not changed.

    Never raises: what cannot be read becomes a run that says why.

    Args:
        place: Where the run is.
        known: What was read of it before.
        trust_stat: Whether `stat` tells of every change. On a network filesystem it may be a
            minute old: there the file is opened, which asks the server, and read on.
    """
    label = known.label if known is not None else _NAMELESS
    try:
        if known is not None:
            if trust_stat and known.signature == _signature(os.lstat(place.status_path)):
                return _named(known)
            if not trust_stat and _is_unchanged_on_server(known):
                return _named(known)
        if not label.name:
            label = read_label(place)
        elif not label.series:
            # Pavilion makes the link to it a moment after the first status.
            label = label._replace(series=read_series(place))
        return _read_file(place, label, known)
    except FileNotFoundError:
        label = label if label.name else read_label(place)
        run = make_unread_run(place, label, "There is no status file.", missing=True)
    except OSError as error:
        # A socket cannot be opened at all.
        is_socket = error.errno == errno.ENXIO
        reason = _NOT_REGULAR if is_socket else f"{_UNREADABLE}{error.strerror}."
        run = make_unread_run(place, label, reason)
    if known is not None and known.run == run:
        return known
    return Reading(run, label, None)


def unread_part(run: Run) -> Unread | None:
    """The status file of a run, if it is there and cannot be read; one that is refused is none.

    A link and what is no regular file are refused.
    """
    error = run.error
    if error is None or not error.startswith(_UNREADABLE) or error == _REFUSED_LINK:
        return None
    return Unread(run.status_path, error.removeprefix(_UNREADABLE).removesuffix("."))


def _is_ended(run: Run) -> bool:
    """Whether Pavilion has marked a run as complete that goes on by its state."""
    return run.kind == "test" and not run.is_over and os.path.lexists(f"{run.path}/{RUN_COMPLETE}")


def _marked(run: Run) -> Run:
    return replace(run, is_marked=True) if _is_ended(run) else run


def _named(known: Reading) -> Reading:
    """The same reading, or with the mark and the name of its run if they have come meanwhile."""
    run = _marked(known.run)
    known = known if run is known.run else known._replace(run=run)
    # Pavilion writes the name a moment after the first status.
    if known.label.name or time.time() - (known.signature or (0, 0, 0))[2] / 1e9 > _NAMING:
        return known
    label = read_label(known.run.place)
    if not label.name:
        return known
    label = label._replace(user=label.user or known.label.user)
    return known._replace(label=label, run=replace(known.run, label=label))


def is_unchanged(known: Reading) -> bool:
    """Whether `stat` says that the files of a run are as they were, and its name is known.

    Raises:
        OSError: There is no such file any more, or it cannot be reached.
    """
    run = known.run
    is_same = known.signature == _signature(os.lstat(run.status_path))
    return is_same and bool(known.label.name) and not _is_ended(run)


def _signature(state: os.stat_result) -> tuple[int, int, int]:
    return state.st_ino, state.st_size, state.st_mtime_ns


def _is_unchanged_on_server(known: Reading) -> bool:
    """Open the file and compare it with what is known; a byte more than that is a change."""
    descriptor = open_to_read(known.run.status_path)
    try:
        signature = _signature(os.fstat(descriptor))
        return signature == known.signature and not os.pread(descriptor, 1, signature[1])
    finally:
        os.close(descriptor)


def read_history(path: str, on_block: Callable[[], object] = lambda: None) -> list[StatusInfo]:
    """Read every status in the status file at `path`, oldest first.

    Args:
        path: The file.
        on_block: Called after each piece that has been read.

    Raises:
        OSError: It cannot be read, or is not a regular file.
    """
    statuses: list[StatusInfo] = []
    with opened(path) as (descriptor, _state):
        for block, _end in read_blocks(descriptor, 0):
            statuses += split_statuses(block)
            on_block()
    return statuses


def _read_file(place: RunDir, label: Label, known: Reading | None) -> Reading:
    """Read a status file: from its start, or on from the last whole line of a large one."""
    descriptor = open_to_read(place.status_path)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            run = make_unread_run(place, label, _NOT_REGULAR)
            return Reading(run, label, _signature(state), state.st_dev)
        if not label.user:
            label = _one_label(label.name, user_name(state.st_uid), label.series)
        tally, torn, head = Tally(), b"", None
        if known is not None and known.head is not None and state.st_size >= known.tally.offset:
            head = os.pread(descriptor, len(known.head), 0)
            tally = known.tally if head == known.head else tally
        if state.st_size - tally.offset > MOST_BYTES:
            tally = Tally(line_start(descriptor, state.st_size - MOST_BYTES))
        for block, offset in read_blocks(descriptor, tally.offset, state.st_size - tally.offset):
            if block.endswith(b"\n"):
                tally = tally.add(block, offset)
            else:
                torn = block
        is_large = tally.offset > _SMALL
        head = os.pread(descriptor, _HEAD, 0) if is_large else None
    finally:
        os.close(descriptor)
    run = make_run(place, label, tally, torn)
    if run.current.state == STATES.COMPLETE and run.result is None:
        run = make_run(place, label, tally, torn, read_result(place.path))
    kept = tally if is_large else _NOTHING
    return Reading(_marked(run), label, _signature(state), state.st_dev, kept, head)
