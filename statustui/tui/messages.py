"""Messages that cross widgets."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from statustui.core.states import Category
from statustui.core.status_file import StatusInfo
from statustui.monitor.monitor import Batch


@dataclass
class BatchArrived(Message):
    """The source has found changes."""

    batch: Batch


@dataclass
class HistoryRead(Message):
    """The history of the run at `path` has been read, or cannot be."""

    path: str
    history: tuple[StatusInfo, ...]
    error: str | None = None


@dataclass
class CategoryChosen(Message):
    """Somebody wants to see the runs of one category only."""

    category: Category


@dataclass
class RunChosen(Message):
    """Somebody wants to see the run at `path`."""

    path: str
