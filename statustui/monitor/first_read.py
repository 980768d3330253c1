"""Read an unknown run with as few system calls as possible."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from typing import TYPE_CHECKING

from statustui.core.outline import read_outline
from statustui.core.reading import (
    PackedSignature,
    open_checked,
    pack_signature,
    packed_signature_of,
    signature_of,
)
from statustui.core.run import Kind, RunDir
from statustui.core.status_summary import StatusSummary
from statustui.core.working_dir import STATUS
from statustui.monitor.fs.near import Near
from statustui.monitor.outlined_run import OutlinedRun, find_metadata
from statustui.monitor.snapshot import (
    NO_METADATA,
    ONE_STEP_BYTES,
    RunSnapshot,
    build_run,
    is_racy,
    results_since,
    shared_device,
)

if TYPE_CHECKING:
    # A process that reads for another one needs neither.
    from statustui.monitor.shown_runs import ShownRuns
    from statustui.monitor.snapshot_cache import SnapshotCache

_GROWTH = 256
"""Bytes that are read beyond the known size, to detect a file that has grown much."""


class FirstReader:
    """Reads unknown runs of one tree; close it at the end.

    The files of runs that are beside each other are opened relative to the directory around them,
    which spares the kernel most of their path.

    Args:
        with_metadata: Whether to read the files beside a status file, for the name of the run, its
            series, and its user if that is not the owner of the status file.
        cache: Runs from an earlier session; None for none.
        shown: The same as they are shown, in place of `cache`; None for none.
        is_shared: Whether several threads use it, which rules out such a directory.
    """

    def __init__(
        self,
        *,
        with_metadata: bool = True,
        cache: SnapshotCache | None = None,
        shown: ShownRuns | None = None,
        is_shared: bool = True,
    ) -> None:
        self._with_metadata = with_metadata
        self._shown = shown
        self._cache = cache
        self.is_shared = is_shared
        self._near = Near()
        self._has_results = False
        """Whether the last run had a ``results.json``."""
        self._looks_around = with_metadata
        """Whether to look into the directories of runs: until one has more than a status file."""

    def close(self) -> None:
        """Close the directory around the last run."""
        self._near.close()

    def read(self, place: RunDir) -> RunSnapshot | None:
        """Read the run at `place`, with the same result as `read_snapshot`.

        Returns:
            The snapshot; None if the status file is long, cannot be read, or is not a regular file.
        """
        found = self.outline(place)
        return self.complete(found) if isinstance(found, OutlinedRun) else found

    @property
    def device(self) -> int | None:
        """Number of the device that the runs that are shown are taken to be on."""
        return None if self._shown is None else self._shown.device

    def shown(self, places: Sequence[RunDir]) -> list[RunSnapshot | None]:
        """Return some runs as they are shown; None for one that is not, or lacks its metadata."""
        if not self._shown:
            return [None] * len(places)
        shown = map(self._shown_at, places)
        # Without a user its metadata is not known.
        return [one if one is not None and one.run.user else None for one in shown]

    def confirm(self, place: RunDir) -> RunSnapshot | None:
        """Return the run at `place` as it is shown, if its status file is the same.

        Returns:
            The snapshot; None if the run has to be read, or is not shown.
        """
        shown = self._shown_at(place)
        if shown is None:
            return None
        try:
            state = self.stat(place)
        except OSError:
            return None
        return self._confirmed(shown, state)

    def _shown_at(self, place: RunDir) -> RunSnapshot | None:
        """Return the run at `place` as it is shown; None if it is not."""
        shown = None if self._shown is None else self._shown.get(place.path)
        return None if shown is None or shown.run.kind != place.kind else shown

    def _confirmed(self, shown: RunSnapshot, state: os.stat_result) -> RunSnapshot | None:
        """Return a run as it is shown, if its status file in this `state` is the same."""
        if packed_signature_of(state) != shown.signature:
            return None
        if shown.device != state.st_dev:
            shown = shown._replace(device=shared_device(state.st_dev))
        # Without a user its metadata is not known.
        return shown if shown.run.user else self._name(shown, state.st_uid)

    def _known(self, place: RunDir, state: os.stat_result) -> OutlinedRun | RunSnapshot | None:
        """Return the run at `place` from a cache, if `state` says that it is the same."""
        if self._cache is None:
            shown = self._shown_at(place)
            return None if shown is None else self._confirmed(shown, state)
        known = self._cache.get(place, state)
        if known is None or known.metadata != NO_METADATA or not self._is_alone(place):
            return known
        return known._replace(is_alone=True)

    def _name(self, shown: RunSnapshot, owner: int) -> RunSnapshot:
        """Return a run with what the files beside its status file say."""
        place, known = shown.run.place, shown.metadata
        is_alone = known == NO_METADATA and self._is_alone(place)
        metadata = find_metadata(
            place, owner, known, with_metadata=self._with_metadata and not is_alone
        )
        if metadata == known:
            return shown
        return shown._replace(run=shown.run._replace(metadata=metadata), is_stored=False)

    def complete(self, found: OutlinedRun) -> RunSnapshot | None:
        """Return the snapshot of an outlined run; None if building it takes reading it again."""
        found = found.completed(with_metadata=self._with_metadata)
        run = found.build()
        if run is None:
            return None
        return RunSnapshot(
            run,
            pack_signature(found.signature),
            shared_device(found.device),
            found.is_stored,
            not found.is_stored and is_racy(found.signature),
        )

    def outline(self, place: RunDir) -> OutlinedRun | RunSnapshot | None:
        """Read the run at `place` no further than its status file.

        Returns:
            The run; its snapshot if the status file holds anything unusual; None as `read` does.
        """
        try:
            path, around = self._reach(place)
            file = f"{path}/{STATUS}"
            state = os.lstat(file, dir_fd=around)
            known = self._known(place, state)
            if known is not None:
                return known
            if not stat.S_ISREG(state.st_mode) or state.st_size > ONE_STEP_BYTES:
                return None
            data, state = _read_whole(file, around, state)
        except OSError:
            return None
        outline = read_outline(data)
        if outline is None:
            return self._build(place, data, state)
        is_alone = self._is_alone(place)
        if outline.digest.result is not None and place.kind != "series" and not is_alone:
            self._has_results, is_newer = results_since(
                path, state.st_mtime_ns, around, is_expected=self._has_results
            )
            if is_newer:
                return self._build(place, data, state)
        signature, device, owner = signature_of(state), state.st_dev, state.st_uid
        return OutlinedRun(place, outline, signature, device, owner, is_alone=is_alone)

    def stat(self, place: RunDir) -> os.stat_result:
        """Return the state of the status file of the run at `place`.

        Raises:
            OSError: There is none, or it cannot be reached.
        """
        if self.is_shared:
            return os.lstat(f"{place.path}/{STATUS}")
        return self._near.stat(place.path, place.kind)

    def is_as(
        self, path: str, kind: Kind, signature: PackedSignature, device: int | None = None
    ) -> bool:
        """Return whether the status file of a run has a signature; not where several threads read.

        Args:
            path: Where the run is.
            kind: Its kind.
            signature: The signature.
            device: Number of the device that it has to be on; None for any.

        Raises:
            OSError: There is no status file, or it cannot be reached.
        """
        state = self._near.stat(path, kind)
        return packed_signature_of(state) == signature and device in {None, state.st_dev}

    def sift(
        self, places: Sequence[RunDir], known: Sequence[PackedSignature | None]
    ) -> tuple[list[RunDir], list[RunDir]]:
        """Return which of some runs are as they are known, and the others, as `is_as` does.

        Args:
            places: Where the runs are.
            known: The signatures of their status files; None for those that are not known.
        """
        same: list[RunDir] = []
        others: list[RunDir] = []
        is_as = self.is_as
        for place, signature in zip(places, known, strict=True):
            try:
                is_same = signature is not None and is_as(place.path, place.kind, signature)
            except OSError:
                is_same = False
            (same if is_same else others).append(place)
        return same, others

    def _is_alone(self, place: RunDir) -> bool:
        """Return whether the status file is all that a run of Pavilion has.

        One look at its directory then spares one for each file that may be there. As soon as a run
        has more, this is no longer worth it, and the result is false.
        """
        if not self._looks_around or place.kind != "test":
            return False
        try:
            is_alone = os.listdir(place.path) == [STATUS]
        except OSError:
            return False
        if not is_alone:
            self._looks_around = False
        return is_alone

    def _reach(self, place: RunDir) -> tuple[str, int | None]:
        """Return how to reach a run, and from which directory."""
        if self.is_shared:
            return place.path, None
        return self._near.reach(place.path, place.kind)

    def _build(self, place: RunDir, data: bytes, state: os.stat_result) -> RunSnapshot:
        """Build a run thoroughly from the content of its status file."""
        metadata = find_metadata(place, state.st_uid, with_metadata=self._with_metadata)
        signature = signature_of(state)
        end = data.rfind(b"\n") + 1
        summary = StatusSummary().add(data[:end], end) if end else StatusSummary()
        run = build_run(place, metadata, summary, torn=data[end:], signature=signature)
        packed = pack_signature(signature)
        return RunSnapshot(run, packed, shared_device(state.st_dev), is_racy=is_racy(signature))


def _read_whole(
    path: str, around: int | None, state: os.stat_result
) -> tuple[bytes, os.stat_result]:
    """Return the content of a status file, and its state.

    Args:
        path: The file.
        around: Descriptor of the directory to which `path` is relative.
        state: Its state a moment ago.

    Raises:
        OSError: It cannot be read, has grown much, or has just been replaced by something else.
    """
    descriptor = open_checked(path, around)
    try:
        data = os.read(descriptor, state.st_size + _GROWTH)
        if len(data) != state.st_size:
            # It has changed, or a network filesystem has only now asked for its size.
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_size > len(data):
                raise OSError(errno.EAGAIN, "changes")
            # Leave out what was appended after `fstat`: the signature does not cover it.
            data = data[: state.st_size]
    finally:
        os.close(descriptor)
    return data, state
