"""Messages that cross widgets."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from statustui.core.states import Category
from statustui.monitor.source import History


class ChangesWait(Message):
    """The inbox is not empty any more."""


@dataclass
class HistoryRead(Message):
    """The history of a run has been read, or cannot be."""

    history: History


@dataclass
class FilterTyped(Message):
    """Somebody has typed into the filter line."""

    words: str


@dataclass
class Trouble(Message):
    """Something beside the watching has gone wrong."""

    text: str
    """What, in one clean line."""


@dataclass
class CategoryChosen(Message):
    """Somebody wants to see the runs of one category only."""

    category: Category


@dataclass
class FilterChosen(Message):
    """Somebody wants to see what matches a filter."""

    text: str


class NewsChosen(Message):
    """Somebody wants to see the next problem that is new."""


@dataclass
class RunChosen(Message):
    """Somebody wants to see the run at `path`."""

    path: str
