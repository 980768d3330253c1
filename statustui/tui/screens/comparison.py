"""A run compared with its last pass, or with another run of its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from statustui.core.categories import Category
from statustui.core.recent_results import CLEANED
from statustui.core.run import Run
from statustui.core.text import clean, format_age
from statustui.monitor.batch import Batch
from statustui.monitor.run.comparison import Comparing
from statustui.presentation.glyphs import STYLES
from statustui.tui.messages import ComparisonFound, RunChosen, TabChosen
from statustui.tui.model.help_entries import Section, glyph_section
from statustui.tui.model.peers import (
    LAST_PASS,
    NEXT_PASS,
    RUN_BEFORE,
    Reference,
    find_references,
    runs_of_test,
)
from statustui.tui.model.screen_context import ScreenContext
from statustui.tui.screens.live_screen import LiveScreen
from statustui.tui.widgets.comparison_view import ComparisonView
from statustui.tui.widgets.key_line import KeyLine
from statustui.tui.widgets.painted import Painted
from statustui.tui.widgets.tab_line import TabLine

_MAX_ID, _MAX_NAME = 40, 160
"""Characters that are shown of an id or a state, and of a name."""


_MAX_TITLE = len(RUN_BEFORE) + 2
"""Cells in front of a run, for what it is."""


class ComparisonHeader(Painted):
    """Which runs are compared, and why these.

    Args:
        clock: Gives the current time in seconds since 1970.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES.values())

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__("comparison-header")
        self._clock = clock
        self._runs: list[Reference] = []
        self._remark = ""

    def set_runs(self, run: Run, other: Reference | None, remark: str) -> None:
        """Set the runs, and a sentence on the choice of the other one."""
        self._runs = [Reference("this run", run)] + ([] if other is None else [other])
        self._remark = remark
        self.update()

    def draw(self) -> Text:
        """Draw a line for each run, and one with the remark."""
        lines = [self._draw_run(*one) for one in self._runs]
        if self._remark:
            lines.append(Text(self._remark, "bold"))
        return Text("\n", overflow="fold").join(lines)

    def _draw_run(self, title: str, run: Run) -> Text:
        style = self.get_component_rich_style(STYLES[run.category], partial=True)
        line = Text(f"{title:<{_MAX_TITLE}}", "dim")
        line.append(f"{run.category.glyph} {run.category.value.upper()}", style)
        line.append(f"  {clean(run.id)[:_MAX_ID]}  {clean(run.name)[:_MAX_NAME]}", "bold")
        line.append(f"  {clean(run.current.state)[:_MAX_ID]}")
        line.append(f"  {format_age(run.age(self._clock()))} ago")
        return line


class ComparisonScreen(LiveScreen):
    """The differences of a run from its last pass; all of it is kept current.

    Where it has not passed before, the run before it takes that place. Other runs that are worth a
    comparison are offered.

    Args:
        run: The run.
        context: What all screens share.
    """

    BINDING_GROUP_TITLE = "Comparison"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,l", "open", "Open the other", id="comparison.open"),
        Binding("tab", "other(1)", "Other run", key_display="Tab", id="comparison.next"),
        Binding("shift+tab", "other(-1)", "Previous run", show=False, id="comparison.previous"),
        Binding("j,down", "move(1)", "Down", show=False, id="comparison.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="comparison.up"),
        Binding("g,home", "first", "First", show=False, id="comparison.first"),
        Binding("G,end", "last", "Last", show=False, id="comparison.last"),
        Binding("pagedown", "page(1.0)", "Page down", show=False, id="comparison.page-down"),
        Binding("pageup", "page(-1.0)", "Page up", show=False, id="comparison.page-up"),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="comparison.half-down"),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="comparison.half-up"),
        Binding("escape,h,q,=", "leave", "Back", key_display="q", id="comparison.leave"),
    ]

    def __init__(self, run: Run, context: ScreenContext) -> None:
        super().__init__()
        self._run = run
        self._shared = context
        self._references: list[Reference] = []
        self._chosen: Reference | None = None
        self._is_stale = False
        """Whether there may be another run to compare with since the last look."""
        self._comparing: Comparing | None = None
        self._header = ComparisonHeader(context.clock)
        self._tabs = TabLine(lambda index: TabChosen(self._references[index].run.path), "others")
        self._view = ComparisonView(context.clock)

    @property
    def targets(self) -> list[Run]:
        """The displayed run."""
        return [self._run]

    def compose(self) -> ComposeResult:
        """Make the widgets, from top to bottom."""
        yield self._header
        yield self._tabs
        yield self._view
        yield KeyLine()

    def on_mount(self) -> None:
        """Compare with the first reference, and update ages every second."""
        self.set_focus(self._view)
        self._find_references()
        self.set_interval(1.0, self._update_ages)

    def on_unmount(self) -> None:
        """Stop reading."""
        self._stop()

    def _stop(self) -> None:
        if self._comparing is not None:
            self._comparing.stop()
            self._comparing = None

    def _update_ages(self) -> None:
        self._header.update()
        self._view.draw()

    # What to compare with.

    def _find_references(self) -> None:
        """Find the runs to compare with, and keep to the chosen one if it is still one of them."""
        self._is_stale = False
        self._references = find_references(self._shared.store.runs.values(), self._run)
        path = None if self._chosen is None else self._chosen.run.path
        kept = (one for one in self._references if one.run.path == path)
        self._choose(next(kept, self._references[0] if self._references else None))

    def _choose(self, reference: Reference | None) -> None:
        """Compare with a run; go on with it if it is the chosen one."""
        before, self._chosen = self._chosen, reference
        if reference is None:
            self._stop()
            self._view.set_nothing()
        elif self._comparing is None or before is None or before.run.path != reference.run.path:
            self._stop()
            path = reference.run.path
            self._comparing = self._shared.compare(
                self._run,
                reference.run,
                lambda found: self.post_message(ComparisonFound(path, found)),
            )
        elif before.run is not reference.run:
            self._comparing.check()
        self._draw()

    def _draw(self) -> None:
        chosen = self._chosen
        self._header.set_runs(self._run, chosen, self._remark)
        self._tabs.display = len(self._references) > 1
        if chosen is not None:
            self._view.set_runs(self._run, chosen.run, chosen.title)
            names = [f"{one.title} {clean(one.run.id)[:_MAX_ID]}" for one in self._references]
            self._tabs.set_names(names, self._references.index(chosen))
        self.refresh_bindings()

    @property
    def _remark(self) -> str:
        """Say so if the run is gone, or if there is no pass to compare with."""
        name = clean(self._run.name)[:_MAX_NAME]
        if self._run.path not in self._shared.store.runs:
            return "This run is gone."
        if any(one.title == LAST_PASS for one in self._references):
            return ""
        if not self._references:
            if self._run.kind != "test":
                return "Only test runs of Pavilion can be compared by their name."
            gone = self._cleaned_pass
            none = f"There is no other finished run of {name} to compare with."
            return f"{gone}. {none}" if gone else none
        is_next = self._chosen is not None and self._chosen.title == NEXT_PASS
        chosen = "the first pass after it" if is_next else "the run before it"
        why = self._cleaned_pass or f"No run of {name} before this one has passed"
        return f"{why}; this is {chosen}."

    @property
    def _cleaned_pass(self) -> str:
        """Say which run was the last to pass before this one, if it was cleaned away."""
        past, name = self._run.past, clean(self._run.name)[:_MAX_NAME]
        here = self._run.started or float("inf")
        for one in reversed(() if past is None else past.cleaned):
            if one.category is Category.PASSED and (one.started or 0.0) < here:
                gone = clean(os.path.basename(one.path))[:_MAX_ID]
                return f"The last pass of {name} ({gone}) was {CLEANED}"
        return ""

    # Changes.

    def apply_batch(self, batch: Batch) -> None:
        """Note whether there may be another run to compare with."""
        paths = {self._run.path, *(one.run.path for one in self._references)}
        self._is_stale = (
            self._is_stale
            or bool(runs_of_test(batch.changed, self._run))
            or not paths.isdisjoint(batch.removed)
        )

    def refresh_view(self) -> None:
        """Draw what the store knows of the runs now."""
        run = self._shared.store.runs.get(self._run.path, self._run)
        if run is not self._run:
            self._run, self._is_stale = run, True
            if self._comparing is not None:
                self._comparing.check()
        if self._is_stale:
            self._find_references()

    @on(ComparisonFound)
    def _show_found(self, message: ComparisonFound) -> None:
        if self._chosen is not None and message.path == self._chosen.run.path:
            self._view.set_found(message.found)

    # Keys.

    @on(TabChosen)
    def _choose_other(self, message: TabChosen) -> None:
        for reference in self._references:
            if reference.run.path == message.name:
                self._choose(reference)

    def action_other(self, step: int) -> None:
        """Compare with the next of the runs that are offered, or (-1) the one before."""
        if self._chosen is not None:
            index = self._references.index(self._chosen) + step
            self._choose(self._references[index % len(self._references)])

    def action_open(self) -> None:
        """Open the run that this one is compared with."""
        if self._chosen is not None:
            self.post_message(RunChosen(self._chosen.run.path))

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()

    def action_move(self, rows: int) -> None:
        """Scroll by a number of rows."""
        self._view.scroll_relative(y=rows, animate=False, immediate=True)

    def action_page(self, pages: float) -> None:
        """Scroll by a number of pages."""
        self.action_move(round(pages * self._view.size.height))

    def action_first(self) -> None:
        """Scroll to the top."""
        self._view.scroll_home(animate=False, immediate=True)

    def action_last(self) -> None:
        """Scroll to the end."""
        self._view.scroll_end(animate=False, immediate=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002
        """Offer an action only where it does something."""
        if action == "other":
            return len(self._references) > 1
        return action != "open" or self._chosen is not None

    # Help.

    def help_sections(self) -> Iterator[Section]:
        """Return what the glyphs mean."""
        yield glyph_section(lambda _category: None)
