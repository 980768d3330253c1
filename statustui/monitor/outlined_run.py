"""A run of which no more is known than the outline of its status file, its owner and its times."""

from __future__ import annotations

from typing import NamedTuple

from statustui.core.outline import Outline, build_outlined
from statustui.core.reading import Signature
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.states import STATES
from statustui.core.working_dir import read_metadata, with_owner
from statustui.monitor.marker_files import MARKED_STATES, with_marker_files
from statustui.monitor.snapshot import NO_METADATA, is_racy


class OutlinedRun(NamedTuple):
    """A run with an ordinary status file, read just far enough to be counted and cached."""

    place: RunDir
    outline: Outline
    signature: Signature
    device: int
    owner: int
    """User id of the owner of the status file."""
    metadata: RunMetadata = NO_METADATA
    """What the cache holds of the files beside it; without a name if they have to be read."""
    is_stored: bool = False
    """Whether it comes from a cache."""

    @property
    def is_judged(self) -> bool:
        """Whether the category of the run is that of its status file, whatever is beside that.

        It may not be if `may_be_judged` by its job.
        """
        digest = self.outline.digest
        is_certain = digest.is_final or digest.problem or digest.stage not in MARKED_STATES
        is_open = digest.category.is_under_way or digest.stage == STATES.SCHED_ERROR
        return bool(is_certain) and not is_open and self.place.kind != "series"

    def completed(self, *, with_metadata: bool = True) -> OutlinedRun:
        """Add what the files beside the status file say, unless the cache has the name of the run.

        Args:
            with_metadata: Whether to read more of them than what costs little: the name of a run in
                a plain tree, and the number of a series.
        """
        metadata = self.metadata
        if metadata == NO_METADATA and (with_metadata or self.place.kind != "test"):
            metadata = read_metadata(self.place)
        metadata = with_owner(metadata, self.owner)
        is_stored = self.is_stored and metadata == self.metadata
        return OutlinedRun(*self[:-2], metadata, is_stored)

    def build(self) -> Run | None:
        """Build the run; return None if that takes reading it thoroughly."""
        run = build_outlined(self.place, self.metadata, self.outline)
        if run is None or self.outline.digest.is_final:
            return run
        return with_marker_files(run, self.signature)

    @property
    def is_cacheable(self) -> bool:
        """Whether the run has finished, and its status file proves that and will not change."""
        return (
            self.outline.digest.is_final
            and self.place.kind != "series"
            and not is_racy(self.signature)
        )
