"""The findings of a scan, yielded in the order in which they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from statustui.core.run import Run


@dataclass(frozen=True, slots=True)
class RunsChanged:
    """Runs are new or have changed."""

    runs: Sequence[Run]


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
class PathsRest:
    """Runs have finished, or directories hold no runs: they need only occasional checks."""

    paths: Sequence[str]


Finding: TypeAlias = RunsChanged | RunRemoved | StatusFileChanged | PathReleased | PathsRest
