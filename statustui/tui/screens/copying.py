"""Copy runs to the clipboard, in a format that the user chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.screen import Screen

from statustui.core.run import Run
from statustui.core.text import clean, count
from statustui.tui.model.copy_formats import COPY_FORMATS, export_runs
from statustui.tui.screens.menu import Choice, Menu

_CHOICES = [
    Choice("p", "path", "paths"),
    Choice("i", "id", "ids"),
    Choice("t", "table with tabs", "table"),
    Choice("m", "the columns on show, as Markdown", "md"),
    Choice("c", "the columns on show, as CSV", "csv"),
]


def copy_runs(
    screen: Screen[None],
    runs: list[Run],
    format_name: str,
    *,
    columns: Sequence[str],
    now: float,
) -> None:
    """Copy runs, and notify the user; do nothing without runs.

    Args:
        screen: The screen that the user is on.
        runs: The runs.
        format_name: One of `COPY_FORMATS`, or a format of `export_runs`.
        columns: The columns on show, which an export has.
        now: The time of the ages, in seconds since 1970.
    """
    if not runs:
        return
    if format_name in COPY_FORMATS:
        text = COPY_FORMATS[format_name](runs)
    else:
        text = export_runs(format_name, runs, columns, now)
    try:
        screen.app.copy_to_clipboard(text)
    except ValueError as error:
        screen.notify(f"Not copied: {error}", severity="warning", markup=False)
    else:
        which = clean(runs[0].id) if len(runs) == 1 else f"{len(runs):,} runs"
        screen.notify(f"Copied: {format_name} of {which}", timeout=3, markup=False)


def ask_format(screen: Screen[None], runs: int, copy: Callable[[str], object]) -> None:
    """Open a menu of the formats; `copy` is called with the name of the chosen one.

    Args:
        screen: The screen below the menu.
        runs: How many runs will be copied.
        copy: Copies them.
    """

    def apply(format_name: str | None) -> None:
        if format_name is not None:
            copy(format_name)

    screen.app.push_screen(Menu(f"Copy of {count(runs, 'run')}", _CHOICES), apply)
