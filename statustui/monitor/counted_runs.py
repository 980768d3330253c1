"""Runs that another process has read for a count, in columns."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from statustui.core.outline import Outline, StateDigest, UsualLines
from statustui.core.reading import Signature
from statustui.core.run import RunDir
from statustui.monitor.outlined_run import OutlinedRun


class KeptColumns(NamedTuple):
    """What a cache keeps of finished runs with `UsualLines`: an item of each column for each."""

    places: Sequence[RunDir]
    digests: Sequence[StateDigest]
    signatures: Sequence[Signature]
    notes: Sequence[str]
    times: Sequence[float]
    """In seconds since 1970, as the two that follow."""
    started: Sequence[float]
    began: Sequence[float | None]

    def outlined(self, paths: Container[str]) -> Iterator[OutlinedRun]:
        """Yield those of the runs that are at some paths, without their devices and owners."""
        for place, digest, signature, *lines in zip(*self, strict=True):
            if place.path in paths:
                outline = Outline(digest, UsualLines(*lines))
                yield OutlinedRun(place, outline, signature, 0, 0)


class CountedRuns(NamedTuple):
    """Runs whose categories are certain by their status files alone."""

    digests: Sequence[StateDigest]
    """Those of all of them."""
    kept: KeptColumns | None = None
    """Those of them that a cache can keep; None if nothing is to be kept."""
