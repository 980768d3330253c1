"""What the commands share: arguments, options, the configuration, and how they fail."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial, wraps
from typing import IO, Any

import click

from statustui.core.durations import StaleAfter
from statustui.core.query import FIELDS, FLAGS, QueryError
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.monitor.fs.deadline import PATIENCE, Question
from statustui.monitor.poll_policy import WATCH_MODES, WatchMode
from statustui.presentation.timed_query import SlowQueryError, TimedQuery, TimeLimit
from statustui.settings.config import (
    INTERVAL,
    MAX_CHECKS,
    Config,
    read_config,
    read_number,
    read_patience,
    read_span,
)


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


class _Place(click.Path):
    """A path that is taken as it is: looking at it may take for ever."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,  # noqa: ARG002 - as click has it
        ctx: click.Context | None,  # noqa: ARG002 - as above
    ) -> str:
        """The path as a text."""
        return os.fspath(value)


PLACE = _Place()
ROOTS = click.argument("roots", nargs=-1, metavar="[ROOT]...", type=PLACE)
"""The directories that a command is about."""


_FILTERING = 10.0
"""Seconds that comparing runs with a filter may take in all."""
_MOST_MARKED = 400
"""Characters of a filter that is shown with a mark at its mistake."""


class Failure(click.ClickException):
    """Something that cannot be read or written: a line for each thing, exit status 2.

    Lines that are indented belong to the one before them.
    """

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the lines."""
        for line in self.format_message().split("\n"):
            start = "" if line.startswith(" ") else "statustui: "
            click.echo(f"{start}{line}", file=file, err=file is None)


def path_failure(path: str, error: OSError) -> Failure:
    """Say what is wrong with a file or a directory."""
    return Failure(f"{clean(path)}: {error.strerror or error}")


def checked(
    read: Callable[[Any], Any],
) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """The callback of an option whose text `read` understands, or raises a ValueError about."""

    def callback(_context: click.Context, _option: click.Parameter, value: str | None) -> Any:  # noqa: ANN401 - whatever is read
        try:
            return None if value is None else read(value)
        except ValueError as error:
            raise click.BadParameter(f"{value}: {error}.") from None

    return callback


def number(least: float, most: float) -> Callable[[str], float]:
    """What reads a number, by the rules of the configuration."""

    def read(text: str) -> float:
        try:
            value: object = float(text)
        except ValueError:
            value = text
        return read_number(value, least, most)

    return read


PATIENCE_OPTION = click.option(
    "--patience",
    "patience",
    metavar="SEC",
    callback=checked(read_patience),
    help=f"Give up what has not answered for SEC seconds; by default {PATIENCE:g}.",
)
"""How long a command waits for a filesystem."""

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
        callback=checked(number(*INTERVAL)),
        metavar="SEC",
        help="Seconds between two looks; by default what suits the filesystem.",
    ),
    click.option(
        "--max-checks",
        callback=checked(number(*MAX_CHECKS)),
        metavar="N",
        help="Look at N files a second at the most; by default 500 on network filesystems.",
    ),
    click.option(
        "--stale",
        metavar="TIME",
        callback=checked(lambda text: StaleAfter(read_span(text))),
        help="How long a run sits in a state at least before it counts as stalled; by default 30m.",
    ),
    PATIENCE_OPTION,
)


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """The options that say how to watch, as given on the command line; None where not given."""

    config_path: str | None = None
    watch: WatchMode | None = None
    interval: float | None = None
    max_checks: float | None = None
    stale: StaleAfter | None = None
    patience: float | None = None

    @property
    def say_how(self) -> bool:
        """Whether any option is given that has an effect only while changes are watched."""
        return any(one is not None for one in (self.watch, self.interval, self.max_checks))

    def configure(self, *, limit: float | None = None, **options: Any) -> Config:  # noqa: ANN401 - fields of Config
        """Read the configuration, and put the given options in place of its entries.

        Args:
            limit: Seconds to wait at most for the file.
            options: Further fields of `Config`; None where not given.

        Raises:
            Failure: The file was named, and cannot be read.
        """
        return configure(
            self.config_path,
            limit=limit,
            watch=self.watch,
            interval=self.interval,
            max_checks=self.max_checks,
            stale_after=self.stale,
            patience=self.patience,
            **options,
        )


def watch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say how to watch, as one `WatchOptions` named `watching`."""

    @wraps(command)
    def collect(**given: Any) -> None:  # noqa: ANN401 - click passes one argument for each option
        options = {field.name: given.pop(field.name, None) for field in fields(WatchOptions)}
        command(watching=WatchOptions(**options), **given)

    decorated: Callable[..., None] = collect
    for option in reversed(_WATCH_OPTIONS):
        decorated = option(decorated)
    return decorated


def configure(path: str | None, *, limit: float | None = None, **options: Any) -> Config:  # noqa: ANN401 - fields of Config
    """The user's configuration, and over it those options that are not None.

    Args:
        path: The file; None for the default one.
        limit: Seconds that the configuration is waited for at the most.
        options: Fields of `Config`.

    Raises:
        Failure: The file was named, and cannot be read.
    """
    patience = options.get("patience") or PATIENCE
    try:
        config = read_config(path, patience if limit is None else min(patience, limit))
    except OSError as error:
        raise path_failure(path or "", error) from error
    given = {name: value for name, value in options.items() if value is not None}
    return replace(config, **given)


_AT_ONCE = 1.0
"""Seconds to wait at the most for what is told before the watching begins."""


def check_roots(roots: Sequence[str], patience: float) -> None:
    """Fail if a root cannot be read; one that does not answer may come back.

    Raises:
        Failure: One cannot be read.
    """
    end = time.monotonic() + min(_AT_ONCE, patience)
    questions = [(root, Question(partial(_list, root), f"check {root}")) for root in roots]
    failures = []
    for root, question in questions:
        try:
            question.answer(max(0.0, end - time.monotonic()))
        except TimeoutError:
            continue
        except OSError as error:
            failures.append(path_failure(root, error).message)
    if failures:
        raise Failure("\n".join(failures))


def _list(root: str, _beat: object) -> None:
    os.scandir(root).close()


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

    @property
    def fields(self) -> frozenset[str]:
        """The fields and flags that the filter goes by."""
        return self._timed.query.fields

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
