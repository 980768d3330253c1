"""A run of which no more is known than the outline of its status file, its owner and its times."""

from __future__ import annotations

from typing import NamedTuple

from statustui.core.job_verdict import is_open
from statustui.core.outline import Outline, StateDigest, build_outlined
from statustui.core.reading import Signature
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.working_dir import read_metadata, with_owner
from statustui.monitor.marker_files import MARKED_STATES, is_jobless, with_marker_files
from statustui.monitor.snapshot import NO_METADATA, is_racy


def find_metadata(
    place: RunDir, owner: int, known: RunMetadata = NO_METADATA, *, with_metadata: bool = True
) -> RunMetadata:
    """Return what the files beside a status file say, and its owner where they name no user.

    Args:
        place: The directory of the run.
        owner: User id of the owner of the status file.
        known: What the cache holds of these files; `NO_METADATA` if they have to be read.
        with_metadata: Whether to read more of them than what costs little: the name of a run in a
            plain tree, and the number of a series.
    """
    if known == NO_METADATA and (with_metadata or place.kind != "test"):
        known = read_metadata(place)
    return with_owner(known, owner)


def is_certain(digest: StateDigest) -> bool:
    """Return whether nothing beside a status file but a job changes the category of its run."""
    return bool(digest.is_final or digest.problem or digest.stage not in MARKED_STATES)


def is_settled(digest: StateDigest) -> bool:
    """Return whether nothing beside a status file, not even a job, changes the category."""
    return is_certain(digest) and not is_open(digest.category, digest.stage)


class OutlinedRun(NamedTuple):
    """A run with an ordinary status file, read just far enough to be counted and cached."""

    place: RunDir
    outline: Outline
    signature: Signature
    device: int
    owner: int
    """User id of the owner of the status file."""
    metadata: RunMetadata = NO_METADATA
    """What the cache holds of the files beside it; `NO_METADATA` if they have to be read."""
    is_stored: bool = False
    """Whether it comes from a cache."""
    built: Run | None = None
    """The run of its status file and metadata, if that was built with it."""
    is_alone: bool = False
    """Whether nothing is beside the status file; false if that is not known."""

    def is_judged(self) -> bool:
        """Return whether the category of the run is that of its status file.

        It may not be if the run `may_be_judged` by its job; that of a series depends on its runs.
        """
        digest = self.outline.digest
        if self.place.kind == "series":
            return False
        return is_settled(digest) or (is_certain(digest) and is_jobless(self.place))

    def without_metadata(self) -> OutlinedRun:
        """Return the same without metadata, so that this is read when it is asked for."""
        return self._replace(metadata=NO_METADATA, is_alone=False)

    def completed(self, *, with_metadata: bool = True) -> OutlinedRun:
        """Add what the files beside the status file say, unless the cache has that.

        Args:
            with_metadata: As `find_metadata` has it.
        """
        if self.built is not None:
            return self
        place, outline, signature, device, owner, known, is_stored, _built, is_alone = self
        with_metadata = with_metadata and not is_alone
        metadata = find_metadata(place, owner, known, with_metadata=with_metadata)
        is_stored = is_stored and metadata == known
        return OutlinedRun(
            place, outline, signature, device, owner, metadata, is_stored, is_alone=is_alone
        )

    def build(self) -> Run | None:
        """Build the run; return None if that takes reading it thoroughly."""
        run = self.built
        if run is None:
            run = build_outlined(self.place, self.metadata, self.outline)
        if run is None or self.outline.digest.is_final or self.is_alone:
            return run
        return with_marker_files(run, self.signature[2])

    @property
    def is_cacheable(self) -> bool:
        """Whether the run has finished, and its status file proves that and will not change."""
        return (
            self.outline.digest.is_final
            and self.place.kind != "series"
            and not is_racy(self.signature)
        )
