"""The findings of a scan, yielded one at a time in the order in which they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from statustui.core.run import Run


@dataclass(frozen=True, slots=True)
class RunChanged:
    """A run is new or has changed."""

    run: Run


@dataclass(frozen=True, slots=True)
class RunRemoved:
    """A run no longer exists."""

    path: str


@dataclass(frozen=True, slots=True)
class StatusFileChanged:
    """A check found that the status file of a known run has changed."""

    path: str


@dataclass(frozen=True, slots=True)
class PathReleased:
    """A run or directory is no longer scanned: it is gone, or its path belongs to another one."""

    path: str


@dataclass(frozen=True, slots=True)
class PathRests:
    """A run has finished, or a directory holds no runs: it needs only occasional checks."""

    path: str


Finding: TypeAlias = RunChanged | RunRemoved | StatusFileChanged | PathReleased | PathRests
