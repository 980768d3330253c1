"""Messages that widgets send to their screen or to the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from io import FileIO

    from statustui.core.logs import Log
    from statustui.monitor.run.comparison import ComparisonRead
    from statustui.monitor.run.histories import HistoriesRead
    from statustui.monitor.run.inspection import InspectionResult
    from statustui.monitor.run.log_text import PageRequest, SearchPattern
    from statustui.settings.key_command import KeyCommand
    from statustui.tui.model.view import Subset
    from statustui.tui.terminal.viewers import Viewer


@dataclass(eq=False, repr=False)
class FilterChanged(Message):
    """The text of the filter line has changed."""

    text: str


@dataclass(eq=False, repr=False)
class SearchChanged(Message):
    """The text of the search line has changed."""

    text: str


@dataclass(eq=False, repr=False)
class Warned(Message):
    """Something besides the watching has gone wrong."""

    text: str
    """What, in one clean line."""


@dataclass(eq=False, repr=False)
class CommandDone(Message):
    """A command of the user has ended in the background, without an error."""

    text: str
    """What it has said, in one clean line."""


@dataclass(eq=False, repr=False)
class CommandReady(Message):
    """A command of the user is to be run in the foreground."""

    command: KeyCommand
    words: list[str]
    """The program and its arguments."""
    files: list[FileIO]
    """The open files that it inherits; whoever runs it closes them."""


@dataclass(eq=False, repr=False)
class SubsetChosen(Message):
    """The user wants to list a subset of the runs only, or all again."""

    subset: Subset


@dataclass(eq=False, repr=False)
class SortChosen(Message):
    """The user wants to sort by a key, or in reverse if the list is sorted by it already."""

    key: str


@dataclass(eq=False, repr=False)
class FilterChosen(Message):
    """The user wants to list what matches a filter."""

    text: str


class NewProblemChosen(Message):
    """The user wants to go to the next new problem."""


class SelectionMoved(Message):
    """Another row is under the cursor."""


@dataclass(eq=False, repr=False)
class RunChosen(Message):
    """The user wants to open the run at `path`."""

    path: str


@dataclass(eq=False, repr=False)
class ResultChosen(Message):
    """The user wants to see the run at `path`, another result of the test of the one on show."""

    path: str


@dataclass(eq=False, repr=False)
class RunInspected(Message):
    """An inspection of the run at `path` has a result."""

    path: str
    result: InspectionResult


@dataclass(eq=False, repr=False)
class ComparisonFound(Message):
    """A comparison with the run at `path` has a result."""

    path: str
    found: ComparisonRead


@dataclass(eq=False, repr=False)
class HistoriesFound(Message):
    """Histories of some runs have been read."""

    found: HistoriesRead


@dataclass(eq=False, repr=False)
class ViewerWanted(Message):
    """The user wants an open file in a pager or an editor, which then has the terminal."""

    viewer: Viewer
    file: FileIO


@dataclass(eq=False, repr=False)
class PageWanted(Message):
    """A log view needs another page of its log."""

    request: PageRequest


@dataclass(eq=False, repr=False)
class SearchWanted(Message):
    """A log view searches its log, from offset `start` on or, `backwards`, up to there."""

    pattern: SearchPattern
    start: int
    backwards: bool


@dataclass(eq=False, repr=False)
class TabChosen(Message):
    """The user wants another tab of the run."""

    name: str


@dataclass(eq=False, repr=False)
class LogChosen(Message):
    """The user wants another log."""

    log: Log


class EntryChosen(Message):
    """The user wants to do what the selected entry of the help does."""


class Moved(Message):
    """A pager shows another part of its text, or has started or stopped following its end."""


class BarsMoved(Message):
    """Other bars may be in view, or another one is selected."""


class BarOpened(Message):
    """The user has double-clicked on the selected bar."""
