"""What a scan of a tree finds, one thing at a time, in the order in which it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from statustui.core.run import Run


@dataclass(frozen=True, slots=True)
class RunChanged:
    """A run is new, or its picture has changed."""

    run: Run


@dataclass(frozen=True, slots=True)
class RunRemoved:
    """A run is gone."""

    path: str


@dataclass(frozen=True, slots=True)
class StatusFileChanged:
    """A look at a known run, made without a hint, has found another status file than before."""

    path: str


@dataclass(frozen=True, slots=True)
class PathReleased:
    """A run or a directory is no longer scanned: gone, or another one has taken its place."""

    path: str


@dataclass(frozen=True, slots=True)
class PathRests:
    """A run has finished, or a directory without runs was found: both are scanned in rotation."""

    path: str


Finding: TypeAlias = RunChanged | RunRemoved | StatusFileChanged | PathReleased | PathRests
