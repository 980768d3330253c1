"""The last results of the test of a run: since when it fails, and each with its id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import events

from statustui.core.past import past_at
from statustui.core.recent_results import CLEANED, MAX_RESULTS, Change, Moment
from statustui.core.run import Run
from statustui.core.text import clean, format_age
from statustui.presentation.glyphs import STYLES
from statustui.tui.messages import ResultChosen
from statustui.tui.widgets.painted import Painted
from statustui.tui.widgets.rule import rule

_MAX_ID = 16
"""Characters that are shown of an id."""
_GAP, _MORE = "  ", "…"
_MARGIN = 4
"""Cells that the rule takes beside its title."""


class _Cell(NamedTuple):
    """A result in a line, and the cells of the line that it takes."""

    run: Run
    start: int
    end: int


class PastLine(Painted):
    """What the results of a test add up to, and the last of them, the newest last.

    A click on a result opens its run; one that was cleaned away is in parentheses. The results have
    a line of their own if not all fit behind the words. It is hidden if there are no results but
    the run itself.

    Args:
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__("past")
        self._clock = clock
        self._path = ""
        self._results: Sequence[Run] = ()
        self._cells: list[_Cell] = []
        self._line = 0
        """The line that the results are in."""
        self.add_class("-empty")

    def set_results(self, path: str, results: Sequence[Run]) -> None:
        """Set all results of the test of the run at `path`, in chronological order."""
        self._path, self._results = path, results
        is_other = (run.path != path or run.is_cleaned for run in results)
        self.set_class(not any(is_other), "-empty")
        self.update()

    def draw(self) -> Text:
        """Draw the words, and as many results as fit."""
        if not self._results:
            return Text()
        title = Text.assemble(("past", "bold"), f": {describe_past(self._results, self._clock())}")
        room = self.width - title.cell_len - _MARGIN
        wanted = self._results[self._first(MAX_RESULTS) :][:MAX_RESULTS]
        if sum(map(_width_of, wanted)) <= room:
            self._line = 0
            self._append(title, wanted)
            return rule(title, self.width)
        self._line = 1
        count = MAX_RESULTS
        while count > 1 and sum(map(_width_of, self._shown(count))) > self.width - 2 * len(_MORE):
            count -= 1
        shown, line = self._shown(count), Text()
        if shown[0] is not self._results[0]:
            line.append(_MORE, "dim")
        self._append(line, shown)
        if shown[-1] is not self._results[-1]:
            line.append(f" {_MORE}", "dim")
        return Text.assemble(rule(title, self.width), "\n", line)

    def _shown(self, count: int) -> Sequence[Run]:
        return self._results[self._first(count) :][:count]

    def _first(self, count: int) -> int:
        """Return the first of `count` results to show: the last ones, or from the run on."""
        last = max(0, len(self._results) - count)
        for index, run in enumerate(self._results[:last]):
            if run.path == self._path and not run.is_cleaned:
                return index
        return last

    def _append(self, line: Text, results: Sequence[Run]) -> None:
        """Add results to a line, and note where they are."""
        self._cells = []
        for run in results:
            line.append(_GAP)
            start = line.cell_len
            style = self.get_component_rich_style(STYLES[run.category], partial=True)
            line.append(run.category.glyph, style)
            is_shown = run.path == self._path and not run.is_cleaned
            line.append(f" {_word_of(run)}", "bold underline" if is_shown else "")
            self._cells.append(_Cell(run, start, line.cell_len))

    def on_click(self, event: events.Click) -> None:
        """Open the clicked run."""
        place = event.get_content_offset(self)
        if place is None or place.y != self._line:
            return
        for cell in self._cells:
            if not cell.start <= place.x < cell.end:
                continue
            if cell.run.is_cleaned:
                self.notify(describe_cleaned(cell.run), timeout=5, markup=False)
            else:
                self.post_message(ResultChosen(cell.run.path))


def _id_of(run: Run) -> str:
    return clean(run.id)[:_MAX_ID]


def _word_of(run: Run) -> str:
    """Return the id of a run, in parentheses if it was cleaned away."""
    return f"({_id_of(run)})" if run.is_cleaned else _id_of(run)


def describe_cleaned(run: Run) -> str:
    """Return that a run cannot be opened."""
    return f"{_id_of(run)} was {CLEANED}: nothing but its result is known."


def _width_of(run: Run) -> int:
    """Return the cells that a result takes, with the gap in front of it."""
    return len(_GAP) + 2 + Text(_word_of(run)).cell_len


def describe_past(results: Sequence[Run], now: float) -> str:
    """Return what the results of a test add up to.

    Args:
        results: The results, in chronological order; at least one.
        now: The time in seconds since 1970.
    """
    last = results[-1]
    past = past_at(results, len(results) - 1)
    flaky = "flaky, " if past is not None and past.is_flaky else ""
    if past is None or past.since is None:
        word = "fixed" if past is not None and past.change is Change.FIXED else "passed"
        return f"{flaky}{word} {_told(Moment(last.path, last.updated_at, last.is_cleaned), now)}"
    passed = "never passed" if past.passed is None else f"last passed {_told(past.passed, now)}"
    return f"{flaky}failing since {_told(past.since, now)}, {passed}"


def _told(moment: Moment, now: float) -> str:
    """Return how long ago a run ended, and its id."""
    when = "" if moment.time is None else f"{format_age(now - moment.time)} ago "
    gone = f", {CLEANED}" if moment.is_cleaned else ""
    return f"{when}({clean(moment.path.rpartition('/')[2])[:_MAX_ID]}{gone})"
