"""Messages that widgets send to their screen or to the application."""

from __future__ import annotations

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


class FilterChanged(Message):
    """The text of the filter line has changed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class SearchChanged(Message):
    """The text of the search line has changed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Warned(Message):
    """Something besides the watching has gone wrong."""

    text: str
    """What, in one clean line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class CommandDone(Message):
    """A command of the user has ended in the background, without an error."""

    text: str
    """What it has said, in one clean line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class CommandReady(Message):
    """A command of the user is to be run in the foreground."""

    words: list[str]
    """The program and its arguments."""
    files: list[FileIO]
    """The open files that it inherits; whoever runs it closes them."""

    def __init__(self, command: KeyCommand, words: list[str], files: list[FileIO]) -> None:
        super().__init__()
        self.command, self.words, self.files = command, words, files


class SubsetChosen(Message):
    """The user wants to list a subset of the runs only, or all again."""

    def __init__(self, subset: Subset) -> None:
        super().__init__()
        self.subset = subset


class SortChosen(Message):
    """The user wants to sort by a key, or in reverse if the list is sorted by it already."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class FilterChosen(Message):
    """The user wants to list what matches a filter."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class NewProblemChosen(Message):
    """The user wants to go to the next new problem."""


class SelectionMoved(Message):
    """Another row is under the cursor."""


class RunChosen(Message):
    """The user wants to open the run at `path`."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path


class ResultChosen(Message):
    """The user wants to see the run at `path`, another result of the test of the one on show."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path


class RunInspected(Message):
    """An inspection of the run at `path` has a result."""

    def __init__(self, path: str, result: InspectionResult) -> None:
        super().__init__()
        self.path, self.result = path, result


class ComparisonFound(Message):
    """A comparison with the run at `path` has a result."""

    def __init__(self, path: str, found: ComparisonRead) -> None:
        super().__init__()
        self.path, self.found = path, found


class HistoriesFound(Message):
    """Histories of some runs have been read."""

    def __init__(self, found: HistoriesRead) -> None:
        super().__init__()
        self.found = found


class ViewerWanted(Message):
    """The user wants an open file in a pager or an editor, which then has the terminal."""

    def __init__(self, viewer: Viewer, file: FileIO) -> None:
        super().__init__()
        self.viewer, self.file = viewer, file


class PageWanted(Message):
    """A log view needs another page of its log."""

    def __init__(self, request: PageRequest) -> None:
        super().__init__()
        self.request = request


class SearchWanted(Message):
    """A log view searches its log, from offset `start` on or, `backwards`, up to there."""

    def __init__(self, pattern: SearchPattern, start: int, *, backwards: bool) -> None:
        super().__init__()
        self.pattern, self.start, self.backwards = pattern, start, backwards


class TabChosen(Message):
    """The user wants another tab of the run."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class LogChosen(Message):
    """The user wants another log."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self.log = log


class EntryChosen(Message):
    """The user wants to do what the selected entry of the help does."""


class Moved(Message):
    """A pager shows another part of its text, or has started or stopped following its end."""


class BarsMoved(Message):
    """Other bars may be in view, or another one is selected."""


class BarOpened(Message):
    """The user has double-clicked on the selected bar."""
