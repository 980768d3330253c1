"""Finished runs in columns, and runs that another process tells of all at once."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from statustui.core.outline import LineColumns, Outline, StateDigest, UsualLines
from statustui.core.reading import Signature
from statustui.core.run import RunDir, RunMetadata
from statustui.monitor.outlined_run import OutlinedRun


class KeptColumns(NamedTuple):
    """What a cache keeps of finished runs with `UsualLines`: an item of each column for each."""

    places: Sequence[RunDir]
    digests: Sequence[StateDigest]
    metadata: Sequence[RunMetadata]
    signatures: Sequence[Signature]
    notes: Sequence[str]
    times: Sequence[float]
    """In seconds since 1970, as the two that follow."""
    started: Sequence[float]
    began: Sequence[float | None]

    @classmethod
    def of(cls, runs: Sequence[OutlinedRun], lines: LineColumns) -> KeptColumns:
        """Return the columns of runs whose outlines have such lines."""
        return cls(
            [run.place for run in runs],
            [run.outline.digest for run in runs],
            [run.metadata for run in runs],
            [run.signature for run in runs],
            *lines,
        )

    def outlined(self, paths: Container[str]) -> Iterator[OutlinedRun]:
        """Yield those of the runs that are at some paths, without their devices and owners."""
        for place, digest, metadata, signature, *lines in zip(*self, strict=True):
            if place.path in paths:
                outline = Outline(digest, UsualLines(*lines))
                yield OutlinedRun(place, outline, signature, 0, 0, metadata)


class CountedRuns(NamedTuple):
    """Runs whose categories are certain by their status files alone, or that are as they were."""

    digests: Sequence[StateDigest]
    """Those of all of them but `same`."""
    kept: KeptColumns | None = None
    """Those of them that a cache can keep; None if nothing is to be kept."""
    same: Sequence[RunDir] = ()
    """Where the runs are whose status files are as they were."""
