"""Reading the runs of a tree for the first time, and again once they have changed."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Generator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from statustui.core.quick_summary import summarise
from statustui.core.reading import (
    MAX_STATUS_BYTES,
    Bookmark,
    NotRegularError,
    Signature,
    line_start,
    open_regular,
    opened,
    read_blocks,
    signature_of,
)
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_builder import make_abandoned, make_run, make_unread_run
from statustui.core.states import STATES
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import settle_statuses, split_statuses
from statustui.core.status_summary import StatusSummary
from statustui.core.working_dir import (
    RESULTS,
    RUN_COMPLETE,
    read_metadata,
    read_result,
    read_series,
    user_name,
)
from statustui.monitor.batch import Unread

MAX_SMALL_BYTES = 1 << 16
"""Bytes up to which a changed file is read whole, since that costs no more than reading on, and
that are read in one step."""
_NAMING = 60.0
"""Seconds since the last status for which a missing name is looked for again."""
_RACY = 3.0
"""Seconds: what is read so soon after it was written may be written once more at the same time."""
_MAKING = 600.0
"""Seconds after which an empty run directory is one that a failed creation has left behind."""
_KICKOFF = 3600.0
"""Seconds after the build for which Pavilion 2.1.1 may take to hand a run to a scheduler."""
_BUILT = frozenset({"BUILD_REUSED", "BUILD_DONE", "BUILD_DEFERRED"})
"""States after which Pavilion 2.1.1 hands a run to a scheduler, which makes a ``job_id``."""

_UNREADABLE = "The status file cannot be read: "
_NOT_REGULAR = "The status file is not a regular file."
_EMPTY = "The run directory is empty: making the run has failed."
_NO_JOB = "The run was built but no job was made for it (no job_id): its kick-off has failed."
_REFUSED_LINK = f"{_UNREADABLE}{os.strerror(errno.ELOOP)}."
_NOTHING = StatusSummary()
NAMELESS = RunMetadata()


_one_label = lru_cache(maxsize=4096)(RunMetadata)
"""One label for all the runs that would have the same; their texts are bounded."""


class RunSnapshot(NamedTuple):
    """What is known of one run, and what tells whether its status file has changed since."""

    run: Run
    label: RunMetadata
    """What was found beside the status file; without a name it has to be looked for again."""
    signature: Signature | None
    """None if there is no such file."""
    device: int = 0
    """Number of the device that the status file is on; 0 if there is none."""
    summary: StatusSummary = _NOTHING
    """What a large file has added up to, to read on from; a small one is read whole again."""
    mark: Bookmark | None = None
    """How far a large file has been read, and what tells it from another in its place."""
    is_racy: bool = False
    """Whether it was written to just before it was read.

    Another change may leave the same signature: it has to be read `anew` a moment later.
    """


Steps: TypeAlias = Generator[int, None, RunSnapshot]
"""The reading of a run, which may be given up by closing it. It yields before the first step if
there are to be several, and the number of bytes behind each; the file is kept open meanwhile."""


def read_snapshot(
    place: RunDir, known: RunSnapshot | None = None, *, trust_stat: bool = True, anew: bool = False
) -> RunSnapshot:
    """Read the run at `place` as `read_in_steps` does, in one go."""
    steps = read_in_steps(place, known, trust_stat=trust_stat, anew=anew)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            snapshot: RunSnapshot = end.value
            return snapshot


def read_in_steps(
    place: RunDir, known: RunSnapshot | None = None, *, trust_stat: bool = True, anew: bool = False
) -> Steps:
    """Read the run at `place`, or give `known` back if its status file has not changed.

    Never raises: what cannot be read becomes a run that says why. Of a file that is written to
    meanwhile nothing is read behind the end that it had.

    Args:
        place: Where the run is.
        known: What was read of it before.
        trust_stat: Whether `stat` tells of every change. On a network filesystem it may be a
            minute old: there the file is opened, which asks the server, and read on.
        anew: Whether to read the file from its start, and what counts beside it, though it seems
            not to have changed.
    """
    label = known.label if known is not None else NAMELESS
    state = None
    try:
        if trust_stat:
            state = os.lstat(place.status_path)
        if known is not None and not anew and _seems_unchanged(known, state):
            return _kept(known)
        if not label.name:
            label = read_metadata(place)
        elif not label.series:
            # Pavilion makes the link to it a moment after the first status.
            label = label._replace(series=read_series(place))
        return (yield from _read_file(place, label, None if anew else known, state))
    except FileNotFoundError:
        label = label if label.name else read_metadata(place)
        run = _missing(place, label)
    except NotRegularError:
        run = make_unread_run(place, label, _NOT_REGULAR)
    except OSError as error:
        # A socket that has just taken the place of a file cannot be opened at all.
        is_socket = error.errno == errno.ENXIO
        reason = _NOT_REGULAR if is_socket else f"{_UNREADABLE}{error.strerror}."
        if state is not None and not label.user:
            label = label._replace(user=user_name(state.st_uid))
        run = make_unread_run(place, label, reason)
    if known is not None and known.run == run:
        return known
    return RunSnapshot(run, label, None)


def _missing(place: RunDir, label: RunMetadata) -> Run:
    """The picture of a run without a status file: about to be made, or never."""
    run = make_unread_run(place, label, "There is no status file.", missing=True)
    if place.kind != "test":
        return run
    try:
        age = time.time() - os.lstat(place.path).st_mtime
        # What NFS leaves of deleted files, and the like, begins with a dot.
        is_empty = all(name.startswith(".") for name in os.listdir(place.path))
    except OSError:
        return run
    return make_abandoned(run, _EMPTY) if is_empty and age > _MAKING else run


def with_current_metadata(snapshot: RunSnapshot) -> RunSnapshot:
    """The same with what the files beside the status file say now."""
    place = snapshot.run.place
    label = read_metadata(place)
    if not label.user:
        with contextlib.suppress(OSError):
            label = label._replace(user=user_name(os.lstat(place.status_path).st_uid))
    return snapshot._replace(label=label, run=snapshot.run._replace(metadata=label))


def unread_part(run: Run) -> Unread | None:
    """The status file of a run, if it is there and cannot be read; one that is refused is none.

    A link and what is no regular file are refused.
    """
    error = run.error
    if error is None or not error.startswith(_UNREADABLE) or error == _REFUSED_LINK:
        return None
    return Unread(run.status_path, error.removeprefix(_UNREADABLE).removesuffix("."))


def _is_ended(run: Run, signature: Signature | None) -> bool:
    """Whether Pavilion has marked a run as complete that goes on by its state.

    Pavilion does that too when it takes a job for lost. A mark that is older than the last status
    of a run that went on after an error is such a one.
    """
    if run.kind != "test" or run.is_finished:
        return False
    try:
        marked = os.lstat(f"{run.path}/{RUN_COMPLETE}")
    except OSError:
        return False
    return run.recovered is None or signature is None or marked.st_mtime_ns > signature[2]


def _is_given_up(run: Run) -> bool:
    """Whether the kick-off of a run of Pavilion 2.1.1 has failed, of which it says nothing."""
    return (
        _may_be_given_up(run)
        and not any(
            os.path.lexists(f"{run.path}/{name}")
            for name in ("job_id", "job", "attributes", "kickoff.log", RUN_COMPLETE)
        )
        and os.path.lexists(f"{run.path}/config")
    )


def _may_be_given_up(run: Run) -> bool:
    return (
        run.kind == "test"
        and run.stage in _BUILT
        and run.problem is None
        and run.updated_at is not None
        and time.time() - run.updated_at > _KICKOFF
    )


def _judged(run: Run, signature: Signature | None) -> Run:
    """The same run, or what the files beside its status file make of it."""
    if run.is_finished:
        return run
    if _is_ended(run, signature):
        return run._replace(has_run_complete=True)
    return make_abandoned(run, _NO_JOB) if _is_given_up(run) else run


def _kept(known: RunSnapshot) -> RunSnapshot:
    """The same reading, or with the mark and the name of its run if they have come meanwhile."""
    run = _judged(known.run, known.signature)
    known = known if run is known.run else known._replace(run=run)
    # Pavilion writes the name a moment after the first status.
    if known.label.name or known.signature is None:
        return known
    if time.time() - known.signature[2] / 1e9 > _NAMING:
        return known
    label = read_metadata(known.run.place)
    if not label.name:
        return known
    label = label._replace(user=label.user or known.label.user)
    return known._replace(label=label, run=known.run._replace(metadata=label))


def is_unchanged(known: RunSnapshot) -> bool:
    """Whether `stat` says that the files of a run are as they were, and its name is known.

    Raises:
        OSError: There is no such file any more, or it cannot be reached.
    """
    run = known.run
    is_same = known.signature == signature_of(os.lstat(run.status_path))
    return is_same and bool(known.label.name) and _judged(run, known.signature) is run


def _seems_unchanged(known: RunSnapshot, looked: os.stat_result | None) -> bool:
    """Compare a file with what is known, by how it `looked` or else by what its server says."""
    if looked is not None:
        return known.signature == signature_of(looked)
    # It is opened for that; a byte more than is known is a change.
    with opened(known.run.status_path) as (descriptor, state):
        return signature_of(state) == known.signature and not os.pread(descriptor, 1, state.st_size)


def read_history(path: str, on_block: Callable[[], object] = lambda: None) -> list[StatusInfo]:
    """Read every status in the status file at `path`, oldest first.

    Args:
        path: The file.
        on_block: Called after each piece that has been read.

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
    place: RunDir, label: RunMetadata, known: RunSnapshot | None, state: os.stat_result | None
) -> Steps:
    """Read a status file: from its start, or on from the last whole line of a large one."""
    descriptor, state = open_regular(place.status_path, state=state)
    try:
        if not label.user:
            label = _one_label(label.name, user_name(state.st_uid), label.series)
        summary, torn = _NOTHING, b""
        if known is not None and known.mark is not None and known.mark.holds(descriptor, state):
            summary = known.summary
        if state.st_size - summary.offset > MAX_STATUS_BYTES:
            summary = StatusSummary(line_start(descriptor, state.st_size - MAX_STATUS_BYTES))
        left = state.st_size - summary.offset
        is_long = left > MAX_SMALL_BYTES
        if is_long:
            yield 0
        for block, offset in read_blocks(descriptor, summary.offset, left):
            if not block.endswith(b"\n"):
                torn = block
                break
            is_first = summary is _NOTHING
            summary = summarise(block, offset) if is_first else summary.add(block, offset)
            if is_long:
                yield len(block)
            if offset >= state.st_size:
                break
        is_large = summary.offset > MAX_SMALL_BYTES
        mark = Bookmark.at(descriptor, state, summary.offset) if is_large else None
    finally:
        os.close(descriptor)
    signature = signature_of(state)
    return RunSnapshot(
        build_run(place, label, summary, torn, signature),
        label,
        signature,
        state.st_dev,
        summary if is_large else _NOTHING,
        mark,
        time.time() - max(signature[2:]) / 1e9 < _RACY,
    )


def build_run(
    place: RunDir, label: RunMetadata, summary: StatusSummary, torn: bytes, signature: Signature
) -> Run:
    """Build a run from its status file, and from what the files beside it make of that.

    Args:
        place: Where the run is.
        label: What the files beside its status file say of it.
        summary: What the whole lines of its status file add up to.
        torn: What stands behind the last newline.
        signature: The signature of the status file.
    """
    return _judged(_with_result(place, label, summary, torn, signature), signature)


def _with_result(
    place: RunDir, label: RunMetadata, summary: StatusSummary, torn: bytes, signature: Signature
) -> Run:
    """The picture of a run, of one that is complete with what ``results.json`` says."""
    modified = signature[2] / 1e9
    run = make_run(place, label, summary, torn=torn, modified=modified)
    if run.stage != STATES.COMPLETE or run.kind == "series":
        return run
    is_newer = False
    if run.result is not None:
        if not os.access(f"{place.path}/{RESULTS}", os.F_OK):
            return run
        try:
            is_newer = os.lstat(f"{place.path}/{RESULTS}").st_mtime_ns > signature[2]
        except OSError:
            return run
        if not is_newer:
            return run
    result = read_result(place.path)
    if result in {None, run.result}:
        return run
    return make_run(
        place, label, summary, torn=torn, result=result, overrides=is_newer, modified=modified
    )
