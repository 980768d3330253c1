"""Messages that cross widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from statustui.core.categories import Category

if TYPE_CHECKING:
    from statustui.core.logs import Log
    from statustui.monitor.run.inspection import InspectionResult
    from statustui.monitor.run.log_text import SearchPattern, Turn


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


class SelectionMoved(Message):
    """Another row is under the cursor."""


@dataclass
class RunChosen(Message):
    """Somebody wants to see the run at `path`."""

    path: str


@dataclass
class Found(Message):
    """An inspection has found something out about the run at `path`."""

    path: str
    finding: InspectionResult


@dataclass
class PageWanted(Message):
    """Somebody wants to see more of the log on show."""

    turn: Turn


@dataclass
class SearchWanted(Message):
    """Somebody looks for something in the log on show, from offset `start` on or up to there."""

    wanted: SearchPattern
    start: int
    backwards: bool


@dataclass
class TabChosen(Message):
    """Somebody wants to see another part of what is known of a run."""

    name: str


@dataclass
class LogChosen(Message):
    """Somebody wants to see another log."""

    log: Log


class Moved(Message):
    """Another part of a text has come into view, or it is followed now, or no longer."""
