"""Mute the failures of runs, for as many runs as the user chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen
from textual.widgets import OptionList

from statustui.core.mutes import Mute, Scope
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.tui.screens.menu import Choice, Menu
from statustui.tui.services.muting import Muting

_SCOPES = {"run": "run", "name": "every run of", "failure": "every run"}


def toggle_mute(screen: Screen[None], muting: Muting, runs: Sequence[Run], *, alike: bool) -> None:
    """Mute the failures of some runs, or take that back if all of them are muted.

    Args:
        screen: The screen of the runs, below the menu that asks what to mute.
        muting: Mutes them.
        runs: The runs.
        alike: Whether they are all the runs of one failure, so that there is nothing to ask.
    """
    failed = [run for run in runs if run.problem is not None and not run.is_series]
    if not failed:
        screen.notify("There is no failure to mute here.", timeout=3, markup=False)
    elif all(run.is_muted for run in failed):
        removed = muting.unmute(failed)
        screen.notify(f"No longer muted: {_sum_up(removed)}", timeout=5, markup=False)
    elif alike:
        muting.mute(failed, "failure")
    else:
        _ask(screen, muting, failed)


def _ask(screen: Screen[None], muting: Muting, runs: Sequence[Run]) -> None:
    one = len(runs) == 1
    name = f"of {clean(runs[0].name)} " if one else "of these names "
    choices = [
        Choice("m", "this run" if one else f"these {len(runs):,} runs", "run"),
        Choice("n", f"every run {name}that fails so", "name"),
        Choice("f", "every run that fails so", "failure"),
    ]

    def apply(scope: str | None) -> None:
        if scope is not None:
            muting.mute(runs, cast("Scope", scope))

    screen.app.push_screen(Menu("Mute the failure of", choices), apply)


def _sum_up(mutes: Sequence[Mute]) -> str:
    return describe_mute(mutes[0]) if len(mutes) == 1 else f"{len(mutes):,} failures"


def describe_mute(mute: Mute) -> str:
    """Return what a mute holds for, in one clean line."""
    target = mute.target.removeprefix("/") if mute.scope == "run" else mute.target
    words = " ".join(filter(None, [_SCOPES[mute.scope], target]))
    return clean(f"{words}: {mute.signature}")


class MutedFailures(ModalScreen[None]):
    """All mutes, with the number of runs for which each holds; Enter takes one back.

    Args:
        muting: Knows them.
        has_roots: Whether there are several roots to tell apart.
    """

    BINDING_GROUP_TITLE = "Muted failures"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,h", "dismiss", "Back", id="muted.back"),
        Binding("m,delete", "take_back", "Take back", id="muted.take-back"),
        Binding("j", "cursor(1)", "Down", show=False, id="muted.down"),
        Binding("k", "cursor(-1)", "Up", show=False, id="muted.up"),
    ]

    def __init__(self, muting: Muting, *, has_roots: bool) -> None:
        super().__init__()
        self._muting = muting
        self._has_roots = has_roots
        self._mutes = muting.known
        counts = muting.count_runs()
        lines = [self._line(mute, counts[mute]) for mute in self._mutes]
        self._list = OptionList(*lines, id="menu", compact=True)
        self._list.border_title = "Muted failures"
        self._list.border_subtitle = "m takes one back" if lines else "none; m mutes one"

    def compose(self) -> ComposeResult:
        """Show the list."""
        yield self._list

    def _line(self, mute: Mute, runs: int) -> Text:
        where = f"  {clean(mute.root)}" if self._has_roots else ""
        return Text.assemble((f"{runs:>6,}", "bold"), f"  {describe_mute(mute)}", (where, "dim"))

    def action_cursor(self, step: int) -> None:
        """Go to the next line, or (-1) to the one before."""
        if self._mutes:
            row = (self._list.highlighted or 0) + step
            self._list.highlighted = max(0, min(len(self._mutes) - 1, row))

    @on(OptionList.OptionSelected)
    def action_take_back(self) -> None:
        """Take the mute of the line back."""
        row = self._list.highlighted
        if row is not None:
            self._muting.take_back([self._mutes.pop(row)])
            self._list.remove_option_at_index(row)
