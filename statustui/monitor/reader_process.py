"""A process that reads runs for another one: see `read_ahead`.

Requests come on standard input, and answers go to standard output: each is a length of four bytes,
and a value in the format of `marshal`, which is quick and the same in both, as both are the same
Python. Nobody else can write to these pipes.
"""

from __future__ import annotations

import contextlib
import marshal
import struct
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, Literal, TypeAlias

from statustui.core.categories import Category
from statustui.core.outline import (
    Outline,
    OutlinedStatuses,
    StateDigest,
    format_outline,
    make_outlined,
    parse_outline,
)
from statustui.core.reading import PackedSignature, pack_signature, unpack_signature, written_in
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.status_info import StatusInfo
from statustui.core.working_dir import with_owner
from statustui.monitor.first_read import FirstReader
from statustui.monitor.marker_files import with_marker_files
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.snapshot import NO_METADATA, RunSnapshot, is_racy

_MAX_SECONDS = 0.5
"""Seconds after which a request is answered with what has been read by then."""
_LENGTH = struct.Struct("=I")
_Status: TypeAlias = "tuple[str, float | None] | None"
"""Note and time of a status; None if there is none."""
_Built: TypeAlias = "tuple[tuple[str, ...], _Status, _Status, _Status, float | None, float | None]"
"""The metadata of a run, its current status, its problem, from what it recovered, and when it was
made and began to run."""
_Row: TypeAlias = "tuple[int, PackedSignature, int, int, bytes | None, _Built | None]"
"""Number of the digest, signature, device, owner, text of the outline, and what was built."""

Extent: TypeAlias = Literal["outline", "run", "snapshot"]
"""How a run is read: no further than its status file, to its end, or to a snapshot.

A snapshot holds no outline.
"""


def pack(value: Any) -> bytes:  # noqa: ANN401 - as `receive`
    """Return what to write to send a value."""
    data = marshal.dumps(value)
    return _LENGTH.pack(len(data)) + data


def receive(stream: BinaryIO) -> Any:  # noqa: ANN401 - each side knows what the other sends
    """Read the next value.

    Raises:
        EOFError: There is none, or not all of it.
        OSError: It cannot be read.
        ValueError: It is not valid.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    return marshal.loads(stream.read(_LENGTH.unpack(head)[0]))  # noqa: S302 - of our own process


def request(places: Sequence[RunDir]) -> bytes:
    """Return what to send to ask for the runs at some places, of one root."""
    root = places[0].root
    return pack((root, [(place.path[len(root) :], place.id, place.kind) for place in places]))


class Answers:
    """The answers of one process.

    Args:
        stream: Where they come from.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digests: list[StateDigest] = []

    def next(self, places: Sequence[RunDir]) -> list[OutlinedRun | RunSnapshot | RunDir]:
        """Return the runs that were asked for next; the place of each that has to be read here.

        Raises:
            EOFError: The process has ended.
            OSError: Nothing can be read.
            Exception: What has come is no answer.
        """
        digests, rows = receive(self._stream)
        for category, *rest in digests:
            self._digests.append(StateDigest(Category(category), *rest))
        return [
            place if row is None else self._run(place, *row)
            for place, row in zip(places, rows, strict=True)
        ]

    def _run(  # noqa: PLR0913, PLR0917 - what a row has
        self,
        place: RunDir,
        digest_at: int,
        signature: PackedSignature,
        device: int,
        owner: int,
        text: bytes | None,
        built: _Built | None,
    ) -> OutlinedRun | RunSnapshot:
        digest = self._digests[digest_at]
        run = None if built is None else _rebuilt(place, owner, digest, built)
        if text is None:
            if run is None:
                raise ValueError("neither the run nor its outline was sent")
            if not digest.is_final:
                run = with_marker_files(run, written_in(signature))
            return RunSnapshot(run, run.metadata, signature, device)
        metadata = NO_METADATA if run is None else run.metadata
        outline, numbers = Outline(digest, text), unpack_signature(signature)
        return OutlinedRun(place, outline, numbers, device, owner, metadata, False, run)


def _rebuilt(place: RunDir, owner: int, digest: StateDigest, built: _Built) -> Run:
    texts, current, problem, recovered, started, began = built
    # Runs with the same metadata share one object.
    metadata = with_owner(RunMetadata(*texts), owner)
    status = _status(digest.last, current)
    if status is None:
        raise ValueError("a run was sent without its status")
    is_problem = (digest.problem, problem) == (digest.last, current)
    statuses = OutlinedStatuses(
        status,
        status if is_problem else _status(digest.problem, problem),
        _status(digest.recovered, recovered),
        started,
        began,
    )
    return make_outlined(place, metadata, digest, statuses)


def _status(state: str | None, status: _Status) -> StatusInfo | None:
    return None if status is None or state is None else StatusInfo.read(state, *status)


class _Server:
    """Reads what it is asked for.

    Args:
        extent: How to read it.
    """

    def __init__(self, extent: Extent) -> None:
        self._first = FirstReader(is_shared=False)
        self._extent = extent
        self._numbers: dict[int, int] = {}
        """Id of a digest -> its number."""
        self._digests: list[StateDigest] = []
        """Those that have a number, all of which are kept, so that their ids stay theirs."""
        self._new: list[tuple[object, ...]] = []
        """Those that the other side does not know."""

    def close(self) -> None:
        self._first.close()

    def answer(self, root: str, wanted: list[tuple[str, str, Any]]) -> bytes:
        """Return the answer to a request."""
        rows: list[_Row | None] = []
        end = time.monotonic() + _MAX_SECONDS
        for below, run_id, kind in wanted:
            if time.monotonic() > end:
                break
            try:
                rows.append(self._read(RunDir(root, root + below, run_id, kind)))
            except Exception:  # noqa: BLE001 - the other side meets it too, and reports it
                rows.append(None)
        # On a slow disk the other side, which says how far it is, reads the rest itself.
        rows += [None] * (len(wanted) - len(rows))
        new, self._new = self._new, []
        return pack((new, rows))

    def _read(self, place: RunDir) -> _Row | None:
        """Read a run; leave to the other side whatever is unusual, or may change soon."""
        found = self._first.outline(place)
        if not isinstance(found, OutlinedRun) or is_racy(found.signature):
            return None
        built = None if self._extent == "outline" else _build(found)
        digest, text = found.outline.digest, format_outline(found.outline)
        number = self._numbers.get(id(digest))
        if number is None:
            number = self._numbers[id(digest)] = len(self._digests)
            self._digests.append(digest)
            category, *rest = digest
            self._new.append((category.value, *rest))
        sent = None if built is not None and self._extent == "snapshot" else text
        return number, pack_signature(found.signature), found.device, found.owner, sent, built


def _build(found: OutlinedRun) -> _Built | None:
    """Return what a run is built of; None if that takes more than can be sent."""
    statuses = parse_outline(found.outline)
    if statuses is None:
        return None
    current, problem, recovered, started, began = statuses
    if any(one is not None and isinstance(one.time, datetime) for one in statuses[:3]):
        # `marshal` has no form for a `datetime`.
        return None
    flat = _flat(current)
    return (
        tuple(found.completed(with_metadata=True).metadata),
        flat,
        flat if problem is current else _flat(problem),
        _flat(recovered),
        started,
        began,
    )


def _flat(status: StatusInfo | None) -> _Status:
    if status is None:
        return None
    assert not isinstance(status.time, datetime)  # noqa: S101 - such a run is not built here
    return status.note, status.time


def serve(requests: BinaryIO, answers: BinaryIO, extent: Extent) -> None:
    """Answer all requests.

    Args:
        requests: Where they come from.
        answers: Where the answers go.
        extent: How the runs are read.
    """
    with (
        contextlib.closing(_Server(extent)) as server,
        contextlib.suppress(EOFError, BrokenPipeError),
    ):
        while True:
            answers.write(server.answer(*receive(requests)))
            answers.flush()
