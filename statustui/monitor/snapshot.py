"""Read runs: a snapshot of each, and a new one when its status file has changed."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import repeat
from typing import NamedTuple, TypeAlias

from statustui.core.compact import omit_defaults
from statustui.core.reading import (
    MAX_STATUS_BYTES,
    Bookmark,
    NotRegularError,
    PackedSignature,
    Signature,
    is_missing,
    line_start,
    open_regular,
    opened,
    pack_signature,
    packed_signature_of,
    read_blocks,
    signature_of,
    written_in,
)
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_builder import make_run, make_unread_run
from statustui.core.states import STATES
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import settle_statuses, split_statuses
from statustui.core.status_summary import StatusSummary
from statustui.core.working_dir import (
    RESULTS,
    read_metadata,
    read_result,
    read_series,
    with_owner,
)
from statustui.monitor.fs.near import Near
from statustui.monitor.marker_files import missing_run, with_marker_files
from statustui.monitor.unread import Unread

ONE_STEP_BYTES = 1 << 16
"""Bytes that are read in one step. A file of up to this size is read whole when it changes, which
costs no more than reading the addition."""
_MAX_NAMELESS_AGE = 60.0
"""Age of the last status, in seconds, up to which a missing name is searched for again."""
_RACY_AGE = 3.0
"""A file read within this time of its last write may be written again at the same clock tick."""

MAX_PEER_STATUS_BYTES = 1 << 18
"""A larger status file is not read to compare other runs with."""

_UNREADABLE = "The status file cannot be read: "
_NOT_REGULAR = "The status file is not a regular file."
_REFUSED_LINK = f"{_UNREADABLE}{os.strerror(errno.ELOOP)}."
_NO_SUMMARY = StatusSummary()
NO_METADATA = RunMetadata()


@omit_defaults
class RunSnapshot(NamedTuple):
    """What is known of one run, and what it takes to tell whether it has changed since."""

    run: Run
    signature: PackedSignature | None
    """Identifies the status file and its version; None if there is no such file."""
    device: int = 0
    """Number of the device that the status file is on; 0 if there is none."""
    is_stored: bool = False
    """Whether it comes from a cache, which holds it as it is."""
    is_racy: bool = False
    """Whether the file was written just before it was read.

    A further change may leave the same signature: read the run `from_start` a moment later.
    """
    summary: StatusSummary = _NO_SUMMARY
    """Summary of a large file, to continue from; empty for a small one, which is read whole."""
    bookmark: Bookmark | None = None
    """How far a large file has been read, and what identifies it."""

    @property
    def metadata(self) -> RunMetadata:
        """What the files beside the status file say; read again as long as it has no name."""
        return self.run.metadata

    def without_metadata(self) -> RunSnapshot:
        """Return the same without metadata, so that this is read when it is asked for."""
        return self._replace(run=self.run._replace(metadata=NO_METADATA))

    @property
    def written(self) -> int | None:
        """When the status file was written, in nanoseconds since 1970; None if there is none."""
        return None if self.signature is None else written_in(self.signature)


def make_snapshots(
    runs: Iterable[Run], signatures: Iterable[PackedSignature], devices: Iterable[int]
) -> Iterator[RunSnapshot]:
    """Yield the snapshots of very many runs, each of which is on a device."""
    # Three fields are stored, as the last of them has no default value.
    return map(partial(tuple.__new__, RunSnapshot), zip(runs, signatures, devices, strict=True))


def make_stored_snapshots(
    runs: Iterable[Run], signatures: Sequence[PackedSignature], device: int
) -> Iterator[RunSnapshot]:
    """Yield the snapshots of very many runs of a cache, all of which are on one device."""
    count = len(signatures)
    fields = zip(runs, signatures, repeat(device, count), repeat(True, count), strict=True)
    return map(partial(tuple.__new__, RunSnapshot), fields)


@lru_cache(maxsize=64)
def shared_device(device: int) -> int:
    """Return the number of a device, as one object for all runs on it."""
    return device


Steps: TypeAlias = Generator[int, None, RunSnapshot]
"""The reading of a run in steps; close it to give up.

If there is more than one step, it yields 0 before the first one, and the number of bytes read after
each. The file stays open in between.
"""


def is_racy(signature: Signature) -> bool:
    """Return whether a file was written so short a time ago that its signature proves little."""
    _inode, _size, modified, changed = signature
    return time.time() - max(modified, changed) / 1e9 < _RACY_AGE


def read_snapshot(
    place: RunDir,
    known: RunSnapshot | None = None,
    *,
    trust_stat: bool = True,
    from_start: bool = False,
) -> RunSnapshot:
    """Read the run at `place` in one go; the arguments are those of `read_in_steps`."""
    steps = read_in_steps(place, known, trust_stat=trust_stat, from_start=from_start)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            snapshot: RunSnapshot = end.value
            return snapshot


def read_in_steps(
    place: RunDir,
    known: RunSnapshot | None = None,
    *,
    trust_stat: bool = True,
    from_start: bool = False,
) -> Steps:
    """Read the run at `place`, or return `known` if its status file has not changed.

    Never raises: an unreadable run becomes a snapshot with the error. If the file grows meanwhile,
    it is read up to the end that it had when it was opened.

    Args:
        place: Where the run is.
        known: The last snapshot of it.
        trust_stat: Whether `stat` shows every change. On a network filesystem its answer may be a
            minute old; opening the file there asks the server for the current state.
        from_start: Whether to read the whole file and the files beside it again, even if nothing
            seems to have changed.
    """
    metadata = known.metadata if known is not None else NO_METADATA
    state = None
    try:
        if trust_stat:
            state = os.lstat(place.status_path)
        if known is not None and not from_start and _seems_unchanged(known, state):
            return _with_late_files(known)
        if not metadata.name:
            metadata = read_metadata(place)
        elif not metadata.series:
            # Pavilion creates the link to the series a moment after the first status.
            metadata = metadata._replace(series=read_series(place))
        return (yield from _read_file(place, metadata, None if from_start else known, state))
    except FileNotFoundError:
        metadata = metadata if metadata.name else read_metadata(place)
        run = missing_run(place, metadata)
    except NotRegularError:
        run = make_unread_run(place, metadata, _NOT_REGULAR)
    except OSError as error:
        # ENXIO: a socket has just replaced the file.
        is_socket = error.errno == errno.ENXIO
        reason = _NOT_REGULAR if is_socket else f"{_UNREADABLE}{error.strerror}."
        if state is not None:
            metadata = with_owner(metadata, state.st_uid)
        run = make_unread_run(place, metadata, reason)
    if known is not None and known.run == run:
        return known
    return RunSnapshot(run, None)


def with_current_metadata(snapshot: RunSnapshot) -> RunSnapshot:
    """Return `snapshot` with what the files beside the status file say now."""
    place = snapshot.run.place
    metadata = read_metadata(place)
    if not metadata.user:
        with contextlib.suppress(OSError):
            metadata = with_owner(metadata, os.lstat(place.status_path).st_uid)
    return snapshot._replace(run=snapshot.run._replace(metadata=metadata))


def unread_part(run: Run) -> Unread | None:
    """Return the status file of a run as an unreadable part; None if it is not one.

    A link, or anything else that is not a regular file, is never opened and does not count.
    """
    error = run.error
    if error is None or not error.startswith(_UNREADABLE) or error == _REFUSED_LINK:
        return None
    return Unread(run.status_path, error.removeprefix(_UNREADABLE).removesuffix("."))


def _with_late_files(known: RunSnapshot) -> RunSnapshot:
    """Return the snapshot of an unchanged file, with marker files and a name that came later."""
    run = with_marker_files(known.run, known.written)
    known = known if run is known.run else known._replace(run=run)
    if not _awaits_name(run, known.written):
        return known
    metadata = read_metadata(known.run.place)
    if not metadata.name:
        return known
    metadata = metadata._replace(user=metadata.user or known.metadata.user)
    return known._replace(run=known.run._replace(metadata=metadata))


def _awaits_name(run: Run, written_ns: int | None) -> bool:
    """Return whether a run has no name yet: Pavilion writes it a moment after the first status."""
    if run.metadata.name or written_ns is None:
        return False
    return time.time() - written_ns / 1e9 <= _MAX_NAMELESS_AGE


def is_unchanged(known: RunSnapshot, *, may_go_on: bool = True, near: Near | None = None) -> bool:
    """Return whether `stat` shows no change of the files of a run, and no name is awaited.

    Args:
        known: The last snapshot of the run.
        may_go_on: Whether it has not finished, so that the files beside its status file count.
        near: Reaches the run; None to use its path.

    Raises:
        OSError: The status file no longer exists, or cannot be reached.
    """
    run = known.run
    state = os.lstat(run.status_path) if near is None else near.stat(run.path, run.kind)
    if known.signature != packed_signature_of(state) or _awaits_name(run, state.st_mtime_ns):
        return False
    return not may_go_on or with_marker_files(run, state.st_mtime_ns) is run


def _seems_unchanged(known: RunSnapshot, current: os.stat_result | None) -> bool:
    """Return whether a file is as it was, by `current`, or else by opening it to ask the server."""
    if current is not None:
        return known.signature == packed_signature_of(current)
    # A byte behind the known end is a change, whatever size the client has cached.
    with opened(known.run.status_path) as (descriptor, state):
        is_same = known.signature == packed_signature_of(state)
        return is_same and not os.pread(descriptor, 1, state.st_size)


def read_history(path: str, on_block: Callable[[], object] = lambda: None) -> list[StatusInfo]:
    """Return every status in the status file at `path`, oldest first.

    Args:
        path: The file.
        on_block: Called after each block of the file.

    Raises:
        OSError: It cannot be read, or is not a regular file.
    """
    statuses: list[StatusInfo] = []
    with opened(path) as (descriptor, state):
        for block, _end in read_blocks(descriptor, 0, longest=MAX_STATUS_BYTES):
            statuses += split_statuses(block)
            on_block()
    return settle_statuses(statuses, state.st_mtime)


def _read_file(
    place: RunDir, metadata: RunMetadata, known: RunSnapshot | None, state: os.stat_result | None
) -> Steps:
    """Read a status file from its start, or a large one from the end of its last whole line."""
    descriptor, state = open_regular(place.status_path, state=state)
    try:
        metadata = with_owner(metadata, state.st_uid)
        summary, torn = _NO_SUMMARY, b""
        if (
            known is not None
            and known.bookmark is not None
            and known.bookmark.holds(descriptor, state)
        ):
            summary = known.summary
        if state.st_size - summary.offset > MAX_STATUS_BYTES:
            summary = StatusSummary(line_start(descriptor, state.st_size - MAX_STATUS_BYTES))
        left = state.st_size - summary.offset
        is_long = left > ONE_STEP_BYTES
        if is_long:
            yield 0
        for block, offset in read_blocks(descriptor, summary.offset, left):
            if not block.endswith(b"\n"):
                torn = block
                break
            summary = summary.add(block, offset)
            if is_long:
                yield len(block)
            if offset >= state.st_size:
                break
        is_large = summary.offset > ONE_STEP_BYTES
        bookmark = Bookmark.at(descriptor, state, summary.offset) if is_large else None
    finally:
        os.close(descriptor)
    signature = signature_of(state)
    return RunSnapshot(
        run=build_run(place, metadata, summary, torn=torn, signature=signature),
        signature=pack_signature(signature),
        device=shared_device(state.st_dev),
        summary=summary if is_large else _NO_SUMMARY,
        bookmark=bookmark,
        is_racy=is_racy(signature),
    )


def build_run(
    place: RunDir,
    metadata: RunMetadata,
    summary: StatusSummary,
    *,
    torn: bytes,
    signature: Signature,
) -> Run:
    """Build a run from its status file, and from what the files beside it make of that.

    The result of a complete run may come from ``results.json``.

    Args:
        place: Where the run is.
        metadata: What the files beside its status file say.
        summary: What its whole lines add up to.
        torn: Its last line, if that has no newline yet.
        signature: The signature of the status file.
    """
    written_ns = signature[2]
    make = partial(make_run, place, metadata, summary, torn=torn, modified=written_ns / 1e9)
    run = make()
    if run.stage == STATES.COMPLETE and not run.is_series:
        is_newer = run.result is not None and has_newer_results(run, written_ns)
        result = read_result(place.path) if run.result is None or is_newer else None
        if result not in {None, run.result}:
            run = make(result=result, overrides=is_newer)
    return with_marker_files(run, written_ns)


def has_newer_results(run: Run, written_ns: int) -> bool:
    """Return whether the ``results.json`` of a run is newer than its status file.

    Args:
        run: The run.
        written_ns: When the status file was written, in nanoseconds since 1970.
    """
    return results_since(run.path, written_ns)[1]


def results_since(
    path: str, written_ns: int, around: int | None = None, *, is_expected: bool = False
) -> tuple[bool, bool]:
    """Return whether a run has a ``results.json``, and whether that is newer than its status file.

    Args:
        path: The directory of the run.
        written_ns: When the status file was written, in nanoseconds since 1970.
        around: Descriptor of the directory to which `path` is relative.
        is_expected: Whether there is probably one.
    """
    name = f"{path}/{RESULTS}"
    if not is_expected and is_missing(name, around):
        return False, False
    try:
        state = os.stat(name, dir_fd=around, follow_symlinks=False)
    except OSError:
        return False, False
    return True, state.st_mtime_ns > written_ns
