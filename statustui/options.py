"""What the commands share: arguments, options, the configuration, and how they fail."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import IO, Any

import click

from statustui.config import Config, default_path, read_config
from statustui.core.durations import Patience
from statustui.core.query import FIELDS, FLAGS, QueryError
from statustui.core.run import Run
from statustui.core.text import clean, parse_span
from statustui.limit import SlowQueryError, TimedQuery, TimeLimit
from statustui.monitor.pace import WATCH_MODES


def complete_from(
    words: Iterable[str],
) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """What completes a word by those that it can be."""
    return lambda _context, _parameter, begun: [one for one in words if one.startswith(begun)]


FILTER = click.option(
    "-F",
    "--filter",
    "expression",
    default="",
    metavar="EXPR",
    shell_complete=complete_from([*FLAGS, *(f"{name}=" for name in FIELDS)]),
    help="Only runs that match EXPR.",
)
"""Which runs a command is about."""

ROOTS = click.argument("roots", nargs=-1, metavar="[ROOT]...", type=click.Path())
"""The directories that a command is about."""


_FILTERING = 10.0
"""Seconds that comparing runs with a filter may take in all."""
_MOST_MARKED = 400
"""Characters of a filter that is shown with a mark at its mistake."""


class Failure(click.ClickException):
    """Something that cannot be read or written: one line, exit status 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the one line."""
        click.echo(f"statustui: {self.format_message()}", file=file, err=file is None)


def path_failure(path: str, error: OSError) -> Failure:
    """Say what is wrong with a file or a directory."""
    return Failure(f"{clean(path)}: {error.strerror or error}")


def _read_stale(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> Patience | None:
    try:
        return None if value is None else Patience(parse_span(value))
    except ValueError as error:
        raise click.BadParameter(f"{value}: {error}.") from None


_WATCH_OPTIONS = (
    click.option(
        "--config",
        "config_path",
        metavar="FILE",
        help="Read the configuration from FILE.",
    ),
    click.option(
        "--watch",
        type=click.Choice(WATCH_MODES),
        help="Use change events where they can be relied on (auto, the default), always, or never.",
    ),
    click.option(
        "--interval",
        type=click.FloatRange(0.1, 86400),
        metavar="SEC",
        help="Seconds between two looks; by default what suits the filesystem.",
    ),
    click.option(
        "--max-checks",
        type=click.FloatRange(1),
        metavar="N",
        help="Look at N files a second at the most; by default 500 on network filesystems.",
    ),
    click.option(
        "--stale",
        metavar="TIME",
        callback=_read_stale,
        help="How long a run sits in a state at least before it counts as stalled; by default 30m.",
    ),
)


def watch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say how to watch."""
    for option in reversed(_WATCH_OPTIONS):
        command = option(command)
    return command


def configure(path: str | None, **options: Any) -> Config:  # noqa: ANN401 - fields of Config
    """The user's configuration, and over it those options that are not None."""
    try:
        config = read_config(path)
    except OSError as error:
        raise path_failure(path or default_path(), error) from error
    given = {name: value for name, value in options.items() if value is not None}
    return replace(config, **given)


def check_roots(roots: Sequence[str]) -> None:
    """Fail if a root cannot be read; one that does not answer within a second may come back."""
    failures: list[tuple[str, OSError]] = []

    def check() -> None:
        for root in roots:
            try:
                os.scandir(root).close()
            except OSError as error:
                failures.append((root, error))

    checker = threading.Thread(target=check, daemon=True)
    checker.start()
    checker.join(1.0)
    for root, error in failures:
        raise path_failure(root, error)


class Filter:
    """A filter of the command line.

    Raises:
        click.BadParameter: It has a mistake, which is marked.
        Failure: It takes too long to understand.
    """

    def __init__(self, expression: str) -> None:
        """Understand a filter."""
        self._expression = expression
        try:
            self._timed = TimedQuery(expression, TimeLimit(_FILTERING))
        except SlowQueryError as error:
            raise self._failure(error) from None
        except QueryError as error:
            said = clean(str(error)) + self._mark(error.position)
            raise click.BadParameter(said, param_hint="'--filter'") from None

    def matches(self, run: Run, now: float) -> bool:
        """Whether a run matches at a time in seconds since 1970.

        Raises:
            Failure: To find out takes too long.
        """
        try:
            return self._timed.matches(run, now)
        except SlowQueryError as error:
            raise self._failure(error) from None

    def _failure(self, error: SlowQueryError) -> Failure:
        return Failure(f"the filter is given up: {error}{self._mark(error.position)}")

    def _mark(self, position: int) -> str:
        """Show the filter with a mark at a place, or tell the place in a long one."""
        if len(self._expression) > _MOST_MARKED:
            return f", at character {position + 1:,}"
        before = len(clean(self._expression[:position]))
        return f"\n  {clean(self._expression)}\n  {' ' * before}^"


def parse_filter(expression: str) -> Filter:
    """Understand a filter of the command line.

    Raises:
        click.BadParameter: It has a mistake, which is marked.
        Failure: It takes too long to understand.
    """
    return Filter(expression)
