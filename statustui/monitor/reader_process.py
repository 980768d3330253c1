"""A process that reads runs for another one, or looks whether they are as they were.

Requests come on standard input, and answers go to standard output: each is a length of four bytes,
and a value in the format of `marshal`, which is quick and the same in both, as both are the same
Python. Nobody else can write to these pipes.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import struct
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias

from statustui.core.categories import Category
from statustui.core.outline import (
    Outline,
    OutlinedStatuses,
    StateDigest,
    UsualLines,
    UsualText,
    make_outlined,
    parse_outline,
    usual_columns,
    usual_lines,
)
from statustui.core.reading import (
    PackedSignature,
    Signature,
    pack_signature,
    unpack_signature,
)
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_columns import RunColumns, build_all
from statustui.core.status_info import StatusInfo
from statustui.core.working_dir import read_metadata, with_owner
from statustui.monitor.counted_runs import CountedRuns, KeptColumns
from statustui.monitor.first_read import FirstReader
from statustui.monitor.marker_files import with_marker_files
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.snapshot import (
    NO_METADATA,
    RunSnapshot,
    is_racy,
    make_snapshots,
    shared_device,
)

_MAX_SECONDS = 0.5
"""Seconds after which a request is answered with what has been read by then."""
_LENGTH = struct.Struct("=I")
_Status: TypeAlias = "tuple[str, float | None] | None"
"""Note and time of a status; None if there is none."""
_Built: TypeAlias = "tuple[tuple[str, ...], _Status, _Status, _Status, float | None, float | None]"
"""The metadata of a run, its current status, its problem, from what it recovered, and when it was
made and began to run."""
_Lines: TypeAlias = "tuple[str, float, float, float | None] | bytes | None"
"""The lines of an outline: usual ones or their text; None if they are not sent."""
_Row: TypeAlias = "tuple[int, int, PackedSignature, int, int, _Lines, _Built | None]"
"""Place among those asked for, number of the digest, signature, device, owner, lines of the
outline, and what was built."""
_UsualRow: TypeAlias = "tuple[int, int, PackedSignature, int, str, float, float, float | None]"
"""The same of a run for `build_all`; in place of device, owner and what was built, the number of
what it shares with others, and then its `UsualLines`."""
_Shared: TypeAlias = "tuple[tuple[str, ...], int, int]"
"""Metadata, owner and device of many runs."""

_Wanted: TypeAlias = "tuple[str, str, Any, PackedSignature | None]"
"""What follows the part that is common to the paths of all runs in the path of one, its id and
kind, and the signature with which it need not be read."""
_KeptRow: TypeAlias = "tuple[int, int, Signature, UsualText]"
"""Place and number of the digest of a run for `KeptColumns`, its signature and its lines, which are
sent as `LineColumns`."""

Extent: TypeAlias = Literal["count", "outline", "run", "snapshot"]
"""How a run is read: no further than its category, than its status file, to its end, or to a
snapshot, which holds no outline.

With the first two, runs whose status files alone decide their categories become `CountedRuns`.
"""


def pack(value: Any) -> bytes:  # noqa: ANN401 - as `receive`
    """Return what to write to send a value."""
    data = marshal.dumps(value)
    return _LENGTH.pack(len(data)) + data


class Stream(Protocol):
    """Where values come from."""

    def read(self, size: int, /) -> bytes:
        """Return as many bytes as have come, at most `size`; none at the end.

        Raises:
            OSError: They cannot be read.
        """


def receive(stream: Stream) -> Any:  # noqa: ANN401 - each side knows what the other sends
    """Read the next value.

    Raises:
        EOFError: There is none, or not all of it.
        OSError: It cannot be read.
        ValueError: It is not valid.
    """
    [length] = _LENGTH.unpack(_read(stream, _LENGTH.size))
    return marshal.loads(_read(stream, length))  # noqa: S302 - of our own process


def _read(stream: Stream, size: int) -> bytes:
    """Read so many bytes of a stream, which need not come at once."""
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def request(
    places: Sequence[RunDir], known: Sequence[PackedSignature | None], device: int | None = None
) -> bytes:
    """Return what to send to ask for the runs at some places, of one root.

    Args:
        places: Where they are.
        known: The signature with which each need not be read; None to read it.
        device: Number of the device that it then has to be on; None for any.
    """
    common = os.path.commonprefix([place.path for place in places])  # noqa: RUF071 - of the texts
    start = len(common)
    wanted = zip(places, known, strict=True)
    rows = [(one.path[start:], one.id, one.kind, signature) for one, signature in wanted]
    return pack((places[0].root, common, device, rows))


class Answers:
    """The answers of one process.

    Args:
        stream: Where they come from.
        extent: How the runs are read.
        take: Takes those runs that are only to be counted, and those that are as they were.
    """

    def __init__(
        self, stream: Stream, extent: Extent, take: Callable[[CountedRuns], object]
    ) -> None:
        self._stream = stream
        self._extent = extent
        self._take = take
        self._digests: list[StateDigest] = []

    def next(self, places: Sequence[RunDir]) -> list[OutlinedRun | RunSnapshot | RunDir]:
        """Return those of the runs that were asked for next that `take` does not get.

        In place of a run that has to be read here, it is where the run is.

        Raises:
            EOFError: The process has ended.
            OSError: Nothing can be read.
            Exception: What has come is no answer.
        """
        new, same, counted, kept, shared, usual, rows = receive(self._stream)
        for category, *others in new:
            self._digests.append(StateDigest(Category(category), *others))
        if len(same) == len(places):
            self._take(CountedRuns((), same=places))
            return []
        found: list[OutlinedRun | RunSnapshot | RunDir] = [*places]
        if usual:
            self._add_usual(found, places, shared, usual)
        for at, *row in rows:
            found[at] = self._run(places[at], *row)
        if not (same or counted or kept):
            return found
        own = {at for at, _number in counted}.union(same, kept[0] if kept else ())
        all_digests = [self._digests[number] for _at, number in counted]
        columns = None
        if kept:
            kept_at, numbers, *rest = kept
            digests = [self._digests[number] for number in numbers]
            metadata = [NO_METADATA] * len(digests)
            columns = KeptColumns([places[at] for at in kept_at], digests, metadata, *rest)
            all_digests += digests
        # Nothing may go wrong after this: these runs would be read again, and counted twice.
        self._take(CountedRuns(all_digests, columns, [places[at] for at in same]))
        return [one for at, one in enumerate(found) if at not in own]

    def _add_usual(
        self,
        found: list[OutlinedRun | RunSnapshot | RunDir],
        places: Sequence[RunDir],
        shared: list[_Shared],
        usual: list[tuple[Any, ...]],
    ) -> None:
        """Add usual runs, in the columns of `_UsualRow`, to what has been found."""
        at, digest_at, signatures, shared_at, *lines = usual
        notes, times, started, began = lines
        # Runs with the same metadata share one object.
        known = [with_owner(RunMetadata(*words), owner) for words, owner, _device in shared]
        devices = [shared_device(device) for _words, _owner, device in shared]
        wanted = [places[number] for number in at]
        digests = [self._digests[number] for number in digest_at]
        columns = RunColumns(
            paths=[place.path for place in wanted],
            kinds=[place.kind for place in wanted],
            metadata=[known[number] for number in shared_at],
            digests=digests,
            notes=notes,
            times=times,
            started=started,
            began=began,
        )
        runs = build_all(wanted[0].root, columns)
        own_devices = [devices[number] for number in shared_at]
        if self._extent == "snapshot":
            snapshots = make_snapshots(runs, signatures, own_devices)
            for number, snapshot in zip(at, snapshots, strict=True):
                found[number] = snapshot
            return
        rows = zip(at, runs, digests, signatures, shared_at, own_devices, *lines, strict=True)
        for number, run, digest, signature, owned, device, *own_lines in rows:
            found[number] = OutlinedRun(
                places[number],
                Outline(digest, UsualLines(*own_lines)),
                unpack_signature(signature),
                device,
                shared[owned][1],
                run.metadata,
                False,
                run,
            )

    def _run(  # noqa: PLR0913, PLR0917 - what a row has
        self,
        place: RunDir,
        digest_at: int,
        signature: PackedSignature,
        device: int,
        owner: int,
        lines: _Lines,
        built: _Built | None,
    ) -> OutlinedRun | RunSnapshot:
        digest = self._digests[digest_at]
        run = None if built is None else _rebuilt(place, owner, digest, built)
        if lines is None:
            if run is None:
                raise ValueError("neither the run nor its outline was sent")
            return RunSnapshot(run, signature, shared_device(device))
        metadata = NO_METADATA if run is None else run.metadata
        outline = Outline(digest, UsualLines(*lines) if isinstance(lines, tuple) else lines)
        numbers = unpack_signature(signature)
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


class _Block:
    """The runs of one answer."""

    def __init__(self) -> None:
        self.shared: dict[tuple[RunMetadata, int, int], int] = {}
        """What many of the usual runs share -> its number."""
        self.same: list[int] = []
        """Place of each run that is as it was."""
        self.counted: list[tuple[int, int]] = []
        """Place and number of the digest of each run that is only to be counted."""
        self.kept: list[_KeptRow] = []
        self.usual: list[_UsualRow] = []
        self.rows: list[_Row] = []


class _Server:
    """Reads what it is asked for.

    Args:
        extent: How to read it.
    """

    def __init__(self, extent: Extent) -> None:
        self._first = FirstReader(with_metadata=extent in {"run", "snapshot"}, is_shared=False)
        self._extent = extent
        self._numbers: dict[int, int] = {}
        """Id of a digest -> its number."""
        self._digests: list[StateDigest] = []
        """Those that have a number, all of which are kept, so that their ids stay theirs."""
        self._new: list[tuple[object, ...]] = []
        """Those that the other side does not know."""

    def close(self) -> None:
        self._first.close()

    def answer(self, root: str, common: str, device: int | None, wanted: list[_Wanted]) -> bytes:
        """Return the answer to a request."""
        block = _Block()
        end = time.monotonic() + _MAX_SECONDS
        for at, (rest, run_id, kind, known) in enumerate(wanted):
            # On a slow disk the other side, which says how far it is, reads the rest itself.
            if time.monotonic() > end:
                break
            try:
                path = common + rest
                if known is not None and self._first.is_as(path, kind, known, device):
                    block.same.append(at)
                else:
                    self._read(block, at, RunDir(root, path, run_id, kind))
            except Exception:  # noqa: BLE001, S112 - the other side meets and reports it
                continue
        # Another directory may have the same path next time.
        self._first.close()
        new, self._new = self._new, []
        shared = [(tuple(metadata), *others) for metadata, *others in block.shared]
        usual = list(zip(*block.usual, strict=True))
        kept: list[Sequence[Any]] = list(zip(*block.kept, strict=True))
        if kept:
            kept[-1:] = usual_columns(kept[-1])
        return pack((new, block.same, block.counted, kept, shared, usual, block.rows))

    def _read(self, block: _Block, at: int, place: RunDir) -> None:
        """Read a run; leave to the other side whatever is unusual, or may change soon."""
        found = self._first.outline(place)
        if not isinstance(found, OutlinedRun) or is_racy(found.signature):
            return
        digest = found.outline.digest
        number = self._number(digest)
        is_counted = self._extent in {"count", "outline"}
        if is_counted and found.is_judged():
            if self._extent == "count" or not digest.is_final:
                block.counted.append((at, number))
                return
            lines = found.outline.lines
            if isinstance(lines, UsualText):
                block.kept.append((at, number, found.signature, lines))
                return
        if is_counted:
            block.rows.append((at, number, *_outlined(found), None))
        else:
            self._build(block, at, number, found)

    def _build(self, block: _Block, at: int, number: int, found: OutlinedRun) -> None:
        """Send what a run is built of."""
        place, outline, numbers, device, owner, *_others = found
        digest = outline.digest
        metadata = NO_METADATA if found.is_alone else read_metadata(place)
        signature = pack_signature(numbers)
        usual = usual_lines(outline) if digest.is_final and not place.own_id else None
        if usual is not None:
            shared_at = block.shared.setdefault((metadata, owner, device), len(block.shared))
            block.usual.append((at, number, signature, shared_at, *usual))
            return
        statuses = parse_outline(outline)
        if statuses is None or not _can_be_sent(statuses):
            block.rows.append((at, number, *_outlined(found), None))
            return
        sent = None if self._extent == "snapshot" else _sent_lines(outline)
        if not (sent or digest.is_final or found.is_alone):
            run = make_outlined(place, metadata, digest, statuses)
            if with_marker_files(run, numbers[2]) is not run:
                return
        built = _built(tuple(metadata), statuses)
        block.rows.append((at, number, signature, device, owner, sent, built))

    def _number(self, digest: StateDigest) -> int:
        """Return the number of a digest, which the other side gets to know."""
        number = self._numbers.get(id(digest))
        if number is None:
            number = self._numbers[id(digest)] = len(self._digests)
            self._digests.append(digest)
            category, *rest = digest
            self._new.append((category.value, *rest))
        return number


def _outlined(found: OutlinedRun) -> tuple[PackedSignature, int, int, _Lines]:
    """Return the signature, the device, the owner and the outline of a run."""
    lines = _sent_lines(found.outline)
    return pack_signature(found.signature), found.device, found.owner, lines


def _sent_lines(outline: Outline) -> _Lines:
    if isinstance(outline.lines, bytes):
        return outline.lines
    usual = usual_lines(outline)
    return None if usual is None else (usual.note, usual.time, usual.started, usual.began)


def _can_be_sent(statuses: OutlinedStatuses) -> bool:
    """Return whether no time is a `datetime`, for which `marshal` has no form."""
    current, problem, recovered, *_times = statuses
    return not (
        isinstance(current.time, datetime)
        or (problem is not None and isinstance(problem.time, datetime))
        or (recovered is not None and isinstance(recovered.time, datetime))
    )


def _built(metadata: tuple[str, ...], statuses: OutlinedStatuses) -> _Built:
    """Return what a run is built of."""
    current, problem, recovered, started, began = statuses
    flat = _flat(current)
    return (
        metadata,
        flat,
        flat if problem is current else _flat(problem),
        _flat(recovered),
        started,
        began,
    )


def _flat(status: StatusInfo | None) -> _Status:
    if status is None:
        return None
    assert not isinstance(status.time, datetime)  # noqa: S101 - such a run is not sent
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
