"""The command line."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import IO, Any

import click

from statustui import __version__, report
from statustui.config import Config, default_path, read_config
from statustui.core.durations import Patience, end_of
from statustui.core.order import SORT_KEYS, sort_key, split_sort
from statustui.core.query import Query, QueryError, parse
from statustui.core.run import Run
from statustui.core.states import LATER_STATES, SERIES_STATES, STATES, Category, categorise
from statustui.core.status_file import StatusFile, TestStatusError
from statustui.core.text import clean, parse_span
from statustui.core.working_dir import STATUS, root_folder, run_dir
from statustui.monitor.batch import Deliver
from statustui.monitor.pace import WATCH_MODES, Settings, WatchMode
from statustui.monitor.source import Source
from statustui.skeleton import Skeleton

_INTERRUPTED, _BROKEN_PIPE = 130, 141
"""Exit status after SIGINT and SIGPIPE, as shells have it."""

_ABOUT = ("-h", "--help", "-V", "--version")

_COLOURS = {
    Category.ERROR: "magenta",
    Category.FAILED: "red",
    Category.RUNNING: "cyan",
    Category.BUILDING: "blue",
    Category.CANCELLED: "yellow",
    Category.PASSED: "green",
}

_ROOTS = click.argument("roots", nargs=-1, metavar="[ROOT]...")


class _Failure(click.ClickException):
    """Something that cannot be read or written: one line, exit status 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the one line."""
        click.echo(f"statustui: {self.format_message()}", file=file, err=file is None)


def _path_failure(path: str, error: OSError) -> _Failure:
    return _Failure(f"{clean(path)}: {error.strerror or error}")


class _Commands(click.Group):
    """The commands; where none is named, it is the monitor."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Take whatever neither names a command nor asks about the program as the monitor's."""
        first = arguments[0] if arguments else ""
        if first not in {*self.commands, *_ABOUT} and not context.resilient_parsing:
            arguments = ["monitor", *arguments]
        return super().parse_args(context, arguments)

    def invoke(self, context: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run a command; end like other programs when nobody reads what it prints."""
        try:
            result = super().invoke(context)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is left to write goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(_BROKEN_PIPE) from None
        return result


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Watch directory trees of runs, each with a status file, and never write to them.

    `statustui [ROOT]...` opens the live monitor on the trees, by default on the current directory.
    A ROOT that has the name of a command is given as ./NAME.
    """


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


def _watch_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in _WATCH_OPTIONS:
        command = option(command)
    return command


def _split_command(
    _context: click.Context, _option: click.Parameter, value: str
) -> tuple[str, ...]:
    """The words of a command line, as a shell would split them."""
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise click.BadParameter(f"{value}: {error}") from None


@cli.command()
@_ROOTS
@_watch_options
@click.option("--bell", is_flag=True, help="Ring on a new problem, and when all has ended.")
@click.option(
    "--on-problem",
    default="",
    metavar="CMD",
    callback=_split_command,
    help="Run CMD for each run that gets a problem; STATUSTUI_ID, _STATE, _NOTE … say which.",
)
@click.option("--ascii", "is_ascii", is_flag=True, help="Show nothing but ASCII characters.")
@click.option("--colorblind", is_flag=True, help="Use colours without red and green.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, to select text.")
@click.pass_context
def monitor(  # noqa: PLR0913, PLR0917 - click passes one argument for each option
    context: click.Context,
    roots: tuple[str, ...],
    config_path: str | None,
    watch: WatchMode | None,
    interval: float | None,
    max_checks: float | None,
    stale: Patience | None,
    bell: bool,  # noqa: FBT001 - click passes options by name
    on_problem: tuple[str, ...],
    is_ascii: bool,  # noqa: FBT001 - click passes options by name
    colorblind: bool,  # noqa: FBT001 - click passes options by name
    no_mouse: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Watch the runs below each ROOT live (the default command).

    Where standard output is no terminal, the runs are listed instead.
    """
    if not sys.stdout.isatty():
        context.invoke(list_runs, roots=roots, config_path=config_path, stale=stale)
        return
    config = _configure(
        config_path,
        watch=watch,
        interval=interval,
        max_checks=max_checks,
        patience=stale,
        bell=bell or None,
        on_problem=on_problem or None,
        ascii=is_ascii or None,
        colorblind=colorblind or None,
    )
    roots = roots or (".",)
    _check_roots(roots)
    _open_monitor(context.obj, roots, config, mouse=not no_mouse)


def _configure(path: str | None, **options: Any) -> Config:  # noqa: ANN401 - fields of Config
    """The user's configuration, and over it those options that are not None."""
    try:
        config = read_config(path)
    except OSError as error:
        raise _path_failure(path or default_path(), error) from error
    given = {name: value for name, value in options.items() if value is not None}
    return replace(config, **given)


class _LateMonitor:
    """A monitor that is imported when it is to start: the first frame has no need of it."""

    def __init__(self, roots: Sequence[str], settings: Settings) -> None:
        """Prepare to watch `roots`."""
        self._roots = roots
        self._settings = settings
        self._source: Source | None = None

    def start(self, deliver: Deliver) -> None:
        """Begin."""
        from statustui.monitor.monitor import Monitor  # noqa: PLC0415 - see above

        self._source = Monitor(self._roots, self._settings)
        self._source.start(deliver)

    def look_now(self) -> None:
        """Look at everything again."""
        if self._source is not None:
            self._source.look_now()

    def stop(self) -> None:
        """End at once."""
        if self._source is not None:
            self._source.stop()


def _open_monitor(
    skeleton: Skeleton,
    roots: Sequence[str],
    config: Config,
    *,
    mouse: bool = True,
    remembers: bool = True,
) -> None:
    """Open the monitor; only now is Textual imported."""
    from statustui.memory import Memory, state_directory  # noqa: PLC0415 - only the monitor has one
    from statustui.tui.app import StatusApp  # noqa: PLC0415 - takes most of a start

    memory = Memory(state_directory(), roots) if remembers else None
    config = config if memory is None else memory.recall(config)
    app = StatusApp(_LateMonitor(roots, config.settings), roots, config=config, memory=memory)
    skeleton.hand_over()
    app.run(mouse=mouse)


def _check_roots(roots: Sequence[str]) -> None:
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
        raise _path_failure(root, error)


@cli.command("list")
@_ROOTS
@click.option(
    "-s",
    "--sort",
    default="id",
    metavar="[-]KEY",
    show_default=True,
    help=f"Sort by {', '.join(SORT_KEYS)}; with - in front in reverse.",
)
@click.option(
    "-F", "--filter", "expression", default="", metavar="EXPR", help="List what matches only."
)
@click.option("-l", "--limit", type=click.IntRange(0), metavar="N", help="List the first N only.")
@click.option("--json", "form", flag_value="json", help="Print one JSON object.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Print a JSON object for each run.")
@click.option("--exit-status", is_flag=True, help="Exit with 1 if a listed run has a problem.")
@click.option("--follow", is_flag=True, help="Go on: print every change as it is seen.")
@_watch_options
def list_runs(  # noqa: PLR0913, PLR0917 - click passes one argument for each option
    roots: tuple[str, ...],
    expression: str = "",
    sort: str = "id",
    limit: int | None = None,
    form: str | None = None,
    exit_status: bool = False,  # noqa: FBT001, FBT002 - click passes options by name
    follow: bool = False,  # noqa: FBT001, FBT002 - click passes options by name
    config_path: str | None = None,
    watch: WatchMode | None = None,
    interval: float | None = None,
    max_checks: float | None = None,
    stale: Patience | None = None,
) -> None:
    """List the runs below each ROOT once, or with --follow for as long as they change."""
    roots = roots or (".",)
    key, is_reverse = _sorter(sort)
    query = _parse_filter(expression)
    config = _configure(
        config_path, watch=watch, interval=interval, max_checks=max_checks, patience=stale
    )
    for mistake in config.mistakes:
        click.echo(f"statustui: {mistake}", err=True)
    if follow:
        if form == "json" or limit is not None or exit_status:
            raise click.UsageError("--follow goes with --jsonl or the plain form alone.")
        _check_roots(roots)
        from statustui.follow import follow_runs  # noqa: PLC0415 - the screen has no need of it
        from statustui.monitor.monitor import Monitor  # noqa: PLC0415 - as above

        follow_runs(
            Monitor(roots, config.settings),
            lambda run: query.matches(run, time.time()),
            as_json=form == "jsonl",
        )
        return
    from statustui.monitor.stalls import read_trees  # noqa: PLC0415 - the screen comes first

    _check_roots(roots)
    now = time.time()
    found = (
        run for run in read_trees(roots, _warn, config.patience, now) if query.matches(run, now)
    )
    runs = sorted(found, key=key, reverse=is_reverse)[:limit]
    if form == "json":
        for piece in report.list_json(roots, runs, datetime.now().astimezone()):
            click.echo(piece, nl=False)
    elif form == "jsonl":
        for run in runs:
            click.echo(report.dump(report.run_object(run)))
    else:
        _echo_table(runs)
    if exit_status and any(run.category.is_problem for run in runs):
        raise SystemExit(1)


def _sorter(sort: str) -> tuple[Callable[[Run], Any], bool]:
    """What to sort by, and whether in reverse."""
    name, is_reverse = split_sort(sort)
    try:
        return sort_key(name), is_reverse
    except KeyError:
        raise click.BadParameter(
            f"'{sort}' is none of {', '.join(SORT_KEYS)}.", param_hint="'--sort'"
        ) from None


def _parse_filter(expression: str) -> Query:
    try:
        return parse(expression)
    except QueryError as error:
        marked = f"  {clean(expression)}\n  {' ' * error.position}^"
        raise click.BadParameter(
            f"{clean(str(error))}\n{marked}", param_hint="'--filter'"
        ) from None


def _warn(path: str, error: OSError) -> None:
    click.echo(f"statustui: {clean(path)}: {error.strerror}", err=True)


def _terminal_width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _echo_table(runs: Sequence[Run]) -> None:
    plain = "NO_COLOR" in os.environ
    for line, run in report.table(runs, time.time(), _terminal_width()):
        colour = None if run is None or plain else _COLOURS.get(run.category)
        click.echo(click.style(line, fg=colour) if colour else line)


@cli.command()
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def history(run: str, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Print every status of RUN, a run directory or its status file, and why it failed."""
    from statustui.core.logs import find_logs, telling_logs  # noqa: PLC0415 - the screen comes first
    from statustui.monitor.history import HistoryFile  # noqa: PLC0415 - as above
    from statustui.monitor.inspection import read_trace  # noqa: PLC0415 - as above
    from statustui.monitor.scan import read, read_history  # noqa: PLC0415 - as above

    path = os.path.join(run, STATUS) if os.path.isdir(run) else run
    folder = os.path.dirname(path) or "."
    now = time.time()
    try:
        *_, found = HistoryFile(path).read()
        statuses = read_history(path) if as_json else []
    except OSError as error:
        raise _path_failure(path, error) from error
    picture = read(run_dir(folder, root_folder(folder))).run
    if as_json:
        times = found.course.times(end_of(picture, found.course, now))
        click.echo(report.history_json(run, statuses, times))
        return
    trace = read_trace(
        telling_logs((picture.problem or picture.current).state, find_logs(picture.place))
    )
    width = _terminal_width()
    for line in report.history_lines(found, width):
        click.echo(line)
    click.echo()
    for line in report.summary_lines(picture, found, trace, now, width):
        click.echo(line)


@cli.command("set")
@click.argument("run")
@click.argument("state")
@click.argument("note", default="")
def set_status(run: str, state: str, note: str) -> None:
    """Append a status to RUN: set its STATE, with a NOTE.

    The run directory is made if need be. A STATE that is not known is stored as INVALID.
    """
    try:
        os.makedirs(run, exist_ok=True)
        StatusFile(os.path.join(run, STATUS)).set(state, note)
    except OSError as error:
        raise _path_failure(run, error) from error
    except TestStatusError as error:
        raise _Failure(clean(str(error))) from error


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def states(as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """List the known states with what they mean and what category they fall into."""
    texts = {state: STATES.help(state) for state in STATES.list()} | LATER_STATES | SERIES_STATES
    if as_json:
        click.echo(
            report.dump(
                {
                    state: {"help": text, "category": categorise(state).value}
                    for state, text in texts.items()
                }
            )
        )
        return
    for state, text in texts.items():
        click.echo(f"{state:<15}  {categorise(state).value:<9}  {text}")


@cli.command("demo")
@click.argument("directory", required=False, metavar="[DIR]")
@click.option(
    "--runs",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="How many runs there are at a time.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.01),
    default=1.0,
    show_default=True,
    metavar="X",
    help="Seconds of the cluster's time that pass in one second.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="What the runs' lives are drawn from."
)
@click.option(
    "--once", is_flag=True, help="Write the tree as it stands at one moment, and leave it."
)
@click.pass_context
def show_demo(  # noqa: PLR0913, PLR0917 - click passes one argument for each option
    context: click.Context,
    directory: str | None,
    runs: int,
    speed: float,
    seed: int,
    once: bool,  # noqa: FBT001
) -> None:
    """Watch a pretend cluster, in DIR or in a temporary directory.

    A second process writes real status files there. A temporary directory is deleted at the end.
    """
    from statustui import demo  # noqa: PLC0415 - no other command needs it

    _check_empty(directory)
    if once:
        place = directory or demo.make_directory()
        demo.Cluster(place, runs, seed).fill(time.time())
        click.echo(place)
        return
    if not sys.stdout.isatty():
        raise click.UsageError("Standard output is no terminal: only --once makes sense here.")
    with demo.background(directory, runs, seed, speed) as place:
        _open_monitor(context.obj, [place], _configure(None), remembers=False)


def _check_empty(directory: str | None) -> None:
    if directory is None or not os.path.lexists(directory):
        return
    try:
        with os.scandir(directory) as entries:
            if any(entries):
                raise _Failure(f"{clean(directory)}: the directory is not empty")
    except OSError as error:
        raise _path_failure(directory, error) from error


def main(skeleton: Skeleton | None = None) -> None:
    """Run the command line, and end with its exit status.

    Args:
        skeleton: What is on screen already.
    """
    skeleton = skeleton or Skeleton()
    try:
        status = cli(prog_name="statustui", standalone_mode=False, obj=skeleton)
    except click.ClickException as error:
        skeleton.remove()
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        status = _INTERRUPTED
    sys.exit(status)
