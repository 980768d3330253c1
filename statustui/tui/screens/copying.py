"""Copy runs to the clipboard, in a format that the user chooses."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from statustui.core.run import Run
from statustui.core.text import clean
from statustui.tui.model.copy_formats import COPY_FORMATS
from statustui.tui.screens.menu import Choice, Menu

_CHOICES = [
    Choice("p", "path", "paths"),
    Choice("i", "id", "ids"),
    Choice("t", "table with tabs", "table"),
]


def copy_runs(screen: Screen[None], runs: list[Run], format_name: str) -> None:
    """Copy runs, and notify the user; do nothing without runs."""
    if not runs:
        return
    try:
        screen.app.copy_to_clipboard(COPY_FORMATS[format_name](runs))
    except ValueError as error:
        screen.notify(f"Not copied: {error}", severity="warning", markup=False)
    else:
        which = clean(runs[0].id) if len(runs) == 1 else f"{len(runs):,} runs"
        screen.notify(f"Copied: {format_name} of {which}", timeout=3, markup=False)


def ask_format(screen: Screen[None], count: int, copy: Callable[[str], object]) -> None:
    """Open a menu of the formats; `copy` is called with the name of the chosen one.

    Args:
        screen: The screen below the menu.
        count: How many runs will be copied.
        copy: Copies them.
    """

    def apply(format_name: str | None) -> None:
        if format_name is not None:
            copy(format_name)

    screen.app.push_screen(
        Menu(f"Copy of {count:,} run{'' if count == 1 else 's'}", _CHOICES), apply
    )
