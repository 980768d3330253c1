"""Standard output as tables need it, and lines on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from itertools import islice

import click

from statustui.core.text import clean
from statustui.presentation.plain_text import Paper
from statustui.startup.streams import charset_of

_PIECES = 500
"""Pieces of text, mostly lines, that are printed at a time."""
_PROGRESS_DELAY = 1.0
"""Seconds without a progress line."""


def open_paper() -> Paper:
    """Return standard output with its character set, and its width if it is a terminal."""
    width = None
    if sys.stdout.isatty():
        from shutil import get_terminal_size  # noqa: PLC0415 - slow to import

        width = get_terminal_size().columns
    return Paper(width, charset_of(sys.stdout))


def echo_all(pieces: Iterable[str]) -> None:
    """Print pieces of text, many at a time."""
    rest = iter(pieces)
    while some := list(islice(rest, _PIECES)):
        click.echo("".join(some), nl=False)


def warn(message: str) -> None:
    """Print a sanitised line on standard error."""
    click.echo(f"statustui: {clean(message)}", err=True)


def warn_unread(parts: Iterable[tuple[str, str]]) -> None:
    """Print a line on standard error for path and error of each part that could not be read."""
    for path, error in parts:
        warn(f"{path}: {error}")


def no_runs(root: str, links: int) -> str:
    """Return the message for a root that contains no runs, but links that are not followed."""
    return f"{root}: no runs; {links:,} link{' is' if links == 1 else 's are'} not followed"


class LateProgress:
    """A progress line on standard error for work that takes longer than `_PROGRESS_DELAY`."""

    def __init__(self) -> None:
        self._shows_at = time.monotonic() + _PROGRESS_DELAY
        self._is_shown = False

    def show(self, line: str) -> None:
        """Replace the line, if the work has taken long enough for one."""
        if time.monotonic() >= self._shows_at:
            self._is_shown = True
            show_progress(line)

    def clear(self) -> None:
        """Remove the line."""
        if self._is_shown:
            show_progress("")


def show_progress(line: str) -> None:
    """Replace the progress line on standard error, if that is a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{line}\x1b[K", err=True, nl=False)
