"""Messages that cross widgets."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from statustui.core.states import Category
from statustui.monitor.batch import Batch
from statustui.monitor.monitor import History


@dataclass
class BatchArrived(Message):
    """The source has found changes."""

    batch: Batch


@dataclass
class HistoryRead(Message):
    """The history of a run has been read, or cannot be."""

    history: History


@dataclass
class CategoryChosen(Message):
    """Somebody wants to see the runs of one category only."""

    category: Category


@dataclass
class RunChosen(Message):
    """Somebody wants to see the run at `path`."""

    path: str
