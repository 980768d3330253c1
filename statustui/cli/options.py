"""What the commands share: arguments, options, the configuration, and failures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial, wraps
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from statustui.core.address import with_home
from statustui.core.durations import StaleAfter
from statustui.core.job_verdict import DEFAULT_GRACE
from statustui.core.query import OPENINGS, PAST_FIELDS, QueryError
from statustui.core.run import Run
from statustui.core.text import clean
from statustui.monitor.fs.deadline import PATIENCE, Question, ask
from statustui.monitor.poll_policy import WATCH_MODES, WatchMode
from statustui.presentation.timed_query import SlowQueryError, TimedQuery, TimeLimit
from statustui.scheduler.pace import DEFAULT_EVERY, SCHEDULER_MODES, SchedulerMode
from statustui.settings.config import (
    INTERVAL,
    MAX_CHECKS,
    Config,
    read_ask_every,
    read_config,
    read_number,
    read_patience,
    read_span,
)

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from statustui.core.mutes import Mutes


def complete_from(
    words: Iterable[str],
) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return a shell completion that offers `words`."""
    return lambda _context, _parameter, begun: [one for one in words if one.startswith(begun)]


FILTER = click.option(
    "-F",
    "--filter",
    "expression",
    default="",
    metavar="EXPR",
    shell_complete=complete_from(OPENINGS),
    help="Select the runs that match EXPR.",
)
"""The filter that selects the runs of a command."""


ASK = click.option(
    "--ask", "asks", is_flag=True, help="Ask the scheduler once about the jobs of the runs."
)
"""Whether a command that reads once also asks the scheduler."""


class _Place(click.Path):
    """A path that is not checked: a file call may never return."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,  # noqa: ARG002 - as click has it
        ctx: click.Context | None,  # noqa: ARG002 - as above
    ) -> str:
        """Return the path as text."""
        return os.fspath(value)


PLACE = _Place()


class _Root(_Place):
    """A path of this host, or an address of another one, which is checked."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """Return the root as text; the home of a host has a path too."""
        root = super().convert(value, param, ctx)
        try:
            return with_home(root)
        except ValueError as error:
            raise click.BadParameter(f"{clean(root)}: {clean(str(error))}.") from None

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - as click has it
        param: click.Parameter,  # noqa: ARG002 - as above
        incomplete: str,
    ) -> list[CompletionItem]:
        """Complete the hosts of the user's ssh configuration, and directories."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for completion

        from statustui.remote.ssh_hosts import ssh_hosts  # noqa: PLC0415 - as above

        hosts = [] if "/" in incomplete or ":" in incomplete else ssh_hosts(incomplete)
        return [*(CompletionItem(f"{host}:") for host in hosts), CompletionItem(incomplete, "dir")]


ROOT = _Root()


def _default_roots(
    context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the roots: those given, those of the configuration, or the working directory."""
    if given:
        return given
    try:
        configured = read_config(context.params.get("config_path"), _CHECK_SECONDS).roots
    except OSError:
        # The command reports that it cannot be read.
        configured = ()
    return configured or (".",)


ROOTS = click.argument(
    "roots",
    nargs=-1,
    metavar="[ROOT]...",
    type=ROOT,
    callback=_default_roots,
)
"""The directories that a command is about, on this host or on others (``host:path``).

By default those of the configuration, or else the working directory.
"""


_FILTER_SECONDS = 10.0
"""Processor time that a filter may take for all runs."""
_MAX_MARKED_LENGTH = 400
"""Characters of a filter that is printed with an arrow at its mistake."""


class Failure(click.ClickException):
    """Something that cannot be read or written: one line each, exit status 2.

    Indented lines continue the line before them.
    """

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the lines."""
        for line in self.format_message().split("\n"):
            start = "" if line.startswith(" ") else "statustui: "
            click.echo(f"{start}{line}", file=file, err=file is None)


def path_failure(path: str, error: OSError) -> Failure:
    """Return the failure for an error of a file or directory."""
    return Failure(f"{clean(path)}: {error.strerror or error}")


def checked(
    read: Callable[[Any], Any],
) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """Return an option callback that converts the text with `read`, which may raise ValueError."""

    def callback(_context: click.Context, _option: click.Parameter, value: str | None) -> Any:  # noqa: ANN401 - what `read` returns
        try:
            return None if value is None else read(value)
        except ValueError as error:
            raise click.BadParameter(f"{value}: {error}.") from None

    return callback


def number(minimum: float, maximum: float) -> Callable[[str], float]:
    """Return a converter for numbers within bounds, with the messages of the configuration."""

    def read(text: str) -> float:
        try:
            value: object = float(text)
        except ValueError:
            value = text
        return read_number(value, minimum, maximum)

    return read


PATIENCE_OPTION = click.option(
    "--patience",
    "patience",
    metavar="SEC",
    callback=checked(read_patience),
    help=f"Give up a filesystem that does not answer for SEC seconds; default {PATIENCE:g}.",
)
"""How long a command waits for a filesystem."""

_WATCH_OPTIONS = (
    click.option(
        "--config",
        "config_path",
        metavar="FILE",
        is_eager=True,  # it may name the roots
        help="Read the configuration from FILE.",
    ),
    click.option(
        "--watch",
        type=click.Choice(WATCH_MODES),
        help="Use change events where they are reliable (auto, the default), always, or never.",
    ),
    click.option(
        "--interval",
        callback=checked(number(*INTERVAL)),
        metavar="SEC",
        help="Seconds between two checks; the default depends on the filesystem.",
    ),
    click.option(
        "--max-checks",
        callback=checked(number(*MAX_CHECKS)),
        metavar="N",
        help="Check at most N files a second; default 500 on network filesystems.",
    ),
    click.option(
        "--stale",
        metavar="TIME",
        callback=checked(lambda text: StaleAfter(read_span(text))),
        help="Minimum time in a state before a run counts as stalled; default 30m.",
    ),
    PATIENCE_OPTION,
    click.option(
        "--scheduler",
        type=click.Choice(SCHEDULER_MODES),
        help="Ask the scheduler about the jobs of runs under way (auto, the default), or never.",
    ),
    click.option(
        "--ask-every",
        metavar="TIME",
        callback=checked(read_ask_every),
        help=f"Least time between two questions to the scheduler; default {DEFAULT_EVERY:g} s.",
    ),
    click.option(
        "--job-grace",
        metavar="TIME",
        callback=checked(read_span),
        help=f"Time from the end of its job until a run is dead; default {DEFAULT_GRACE:g} s.",
    ),
    click.option(
        "--no-cache", is_flag=True, help="Read every run, and keep nothing for the next time."
    ),
)


class WatchOptions(NamedTuple):
    """The options on how to watch, as given on the command line; None if not given."""

    config_path: str | None = None
    watch: WatchMode | None = None
    interval: float | None = None
    max_checks: float | None = None
    stale: StaleAfter | None = None
    patience: float | None = None
    scheduler: SchedulerMode | None = None
    ask_every: float | None = None
    job_grace: float | None = None
    no_cache: bool = False

    @property
    def has_follow_options(self) -> bool:
        """Whether an option is given that has an effect only while changes are followed."""
        return any(one is not None for one in (self.watch, self.interval, self.max_checks))

    def configure(self, *, limit: float | None = None, **options: Any) -> Config:  # noqa: ANN401 - fields of Config
        """Read the configuration and override it with the given options.

        Args:
            limit: Seconds to wait at most for the file.
            options: Further fields of `Config`; None if not given.

        Raises:
            Failure: The named file cannot be read.
        """
        return configure(
            self.config_path,
            limit=limit,
            watch=self.watch,
            interval=self.interval,
            max_checks=self.max_checks,
            stale_after=self.stale,
            patience=self.patience,
            scheduler=self.scheduler,
            ask_every=self.ask_every,
            job_grace=self.job_grace,
            cache=False if self.no_cache else None,
            **options,
        )


def watch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options on how to watch to a command, as one `WatchOptions` named `watching`."""

    @wraps(command)
    def collect(**given: Any) -> None:  # noqa: ANN401 - click passes one argument for each option
        options = {name: given.pop(name) for name in WatchOptions._fields if name in given}
        command(watching=WatchOptions(**options), **given)

    decorated: Callable[..., None] = collect
    for option in reversed(_WATCH_OPTIONS):
        decorated = option(decorated)
    return decorated


def configure(path: str | None, *, limit: float | None = None, **options: Any) -> Config:  # noqa: ANN401 - fields of Config
    """Read the user's configuration and override it with those options that are not None.

    Args:
        path: The file; None for the default one.
        limit: Seconds to wait at most for the file.
        options: Fields of `Config`.

    Raises:
        Failure: The named file cannot be read.
    """
    patience = options.get("patience") or PATIENCE
    try:
        config = read_config(path, patience if limit is None else min(patience, limit))
    except OSError as error:
        raise path_failure(path or "", error) from error
    given = {name: value for name, value in options.items() if value is not None}
    return config._replace(**given)


_CHECK_SECONDS = 1.0
"""Seconds to wait at most for roots before watching begins."""


def check_roots(roots: Sequence[str], patience: float) -> None:
    """Check that every root can be read; one that does not answer may come back.

    Raises:
        Failure: A root cannot be read.
    """
    end = time.monotonic() + min(_CHECK_SECONDS, patience)
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

    Args:
        expression: The filter.
        option: The option that it was given by.

    Raises:
        click.BadParameter: The filter has a mistake; the message marks it.
        Failure: Parsing it takes too long.
    """

    def __init__(self, expression: str, option: str = "--filter") -> None:
        self._expression = expression
        self._mutes: dict[str, Mutes] = {}
        """Root -> what is muted below it, if the filter goes by that."""
        try:
            self._timed = TimedQuery(expression, TimeLimit(_FILTER_SECONDS))
        except SlowQueryError as error:
            raise self._failure(error) from None
        except QueryError as error:
            said = clean(str(error)) + self._mark(error.position)
            raise click.BadParameter(said, param_hint=f"'{option}'") from None
        self._needs_mutes = "muted" in self._timed.query.fields

    @property
    def fields(self) -> frozenset[str]:
        """The fields and flags that the filter goes by."""
        return self._timed.query.fields

    @property
    def needs_pasts(self) -> bool:
        """Whether the filter goes by the pasts of runs."""
        return not PAST_FIELDS.isdisjoint(self.fields)

    def matches(self, run: Run, now: float) -> bool:
        """Return whether a run matches at `now`, in seconds since 1970.

        Raises:
            Failure: The filter takes too long, or it goes by what is muted and that cannot be read.
        """
        try:
            return self._timed.matches(self._mark_muted(run), now)
        except SlowQueryError as error:
            raise self._failure(error) from None

    def _mark_muted(self, run: Run) -> Run:
        """Return the run as muted or not, if the filter goes by that."""
        if not self._needs_mutes:
            return run
        mutes = self._mutes.get(run.root)
        if mutes is None:
            mutes = self._mutes[run.root] = _read_mutes(run.root)
        return mutes.mark(run)

    def _failure(self, error: SlowQueryError) -> Failure:
        return Failure(f"the filter is given up: {error}{self._mark(error.position)}")

    def _mark(self, position: int) -> str:
        """Return the filter with an arrow at a position, or the position in a long filter."""
        if len(self._expression) > _MAX_MARKED_LENGTH:
            return f", at character {position + 1:,}"
        before = len(clean(self._expression[:position]))
        return f"\n  {clean(self._expression)}\n  {' ' * before}^"


def _read_mutes(root: str) -> Mutes:
    """Return what the user has muted below a root.

    Raises:
        Failure: It cannot be read.
    """
    from statustui.core.mutes import Mutes  # noqa: PLC0415 - rarely needed
    from statustui.settings.mute_file import read_mutes  # noqa: PLC0415 - as above
    from statustui.settings.session_state import state_directory  # noqa: PLC0415 - as above

    place = state_directory()
    try:
        return Mutes(ask(lambda: list(read_mutes(place, root)), _CHECK_SECONDS))
    except OSError as error:
        raise path_failure(place, error) from error
