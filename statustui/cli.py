"""The command line."""

from __future__ import annotations

import io
import os
import shlex
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import click
from click.shell_completion import CompletionItem

from statustui import __version__
from statustui.config import Config
from statustui.core.durations import Patience
from statustui.core.text import clean, clean_lines
from statustui.crash import OUT_OF_THREADS, STATUS, is_out_of_threads, report_crash
from statustui.monitor.ask import NO_ANSWER, ask
from statustui.monitor.batch import Deliver
from statustui.monitor.pace import Settings, WatchMode
from statustui.monitor.source import Source
from statustui.options import (
    PLACE,
    ROOTS,
    Failure,
    check_roots,
    checked,
    configure,
    number,
    path_failure,
    watch_options,
)
from statustui.skeleton import SCREENLESS, Skeleton
from statustui.streams import OutputError
from statustui.terminal import has_glyphs, has_keyboard, is_dumb

if TYPE_CHECKING:
    from statustui.memory import Memory

INTERRUPTED, BROKEN_PIPE = 130, 141
"""Exit status after SIGINT and SIGPIPE, as shells have it."""

_AT_ONCE = 1.0
"""Seconds that the screen waits at the most for files of the user's home."""
_ABOUT = ("-h", "--help", "-V", "--version")


class _Commands(click.Group):
    """The commands; where none is named, it is the monitor.

    Those without a screen are imported when one of them is asked for.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({*super().list_commands(context), *SCREENLESS})

    def get_command(self, context: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name in SCREENLESS:
            from statustui.commands import COMMANDS  # noqa: PLC0415 - see above

            return COMMANDS[cmd_name]
        return super().get_command(context, cmd_name)

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Take whatever neither names a command nor asks about the program as the monitor's."""
        first = arguments[0] if arguments else ""
        if first not in {*self.list_commands(context), *_ABOUT} and not context.resilient_parsing:
            arguments = ["monitor", *arguments]
        return super().parse_args(context, arguments)

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names of commands, and the options and roots of the monitor."""
        if incomplete.startswith("-"):
            known = super().shell_complete(context, incomplete)
            return [*known, *monitor.shell_complete(context, incomplete)]
        return [*super().shell_complete(context, incomplete), CompletionItem(incomplete, "dir")]


_EPILOG = """\b
Examples:
  statustui ./working_dir
  statustui list -F 'problem age<1h' -s -time ./working_dir
  statustui list --follow --jsonl ./working_dir
  statustui wait ./working_dir --timeout 2h --fail-fast
  statustui set ./my_run RUNNING "step 3 of 5"

\b
Keys of the monitor (? shows all):
  j k, Enter, q    move, open the run, go back and quit
  /, !, t, s       filter, problems only, group, sort
  e, u             next problem, next one that is new to you

\b
Filters: words, FIELD=PATTERN, FIELD~REGEX, age<1h, has=STATE, problem,
hidden, complete, stalled; with spaces between them, |, ! and ( ).

\b
Exit status:
  0    fine
  1    a run has a problem (wait, list --exit-status)
  2    wrong usage, or something cannot be read or written
  70   a mistake in the program
  124  wait --timeout: time is over

\b
Environment: NO_COLOR, LC_ALL, TERM, XDG_CONFIG_HOME, XDG_STATE_HOME.
Files: ~/.config/statustui/config.toml, ~/.local/state/statustui.
"""


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Watch directory trees of runs, each with a status file, and never write to them.

    `statustui [ROOT]...` opens the live monitor on the trees, by default on the current directory.
    `statustui monitor -h` tells its options. A ROOT that has the name of a command is given as
    ./NAME.
    """


def _split_command(
    _context: click.Context, _option: click.Parameter, value: str
) -> tuple[str, ...]:
    """The words of a command line, as a shell would split them."""
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise click.BadParameter(f"{value}: {error}") from None


@cli.command(short_help="Watch runs live; the default command.")
@ROOTS
@watch_options
@click.option("--bell", is_flag=True, help="Ring on a new problem, and when all has ended.")
@click.option(
    "--on-problem",
    default="",
    metavar="CMD",
    callback=_split_command,
    help="Run CMD for each run that gets a problem; STATUSTUI_ID, _STATE, _NOTE … say which.",
)
@click.option(
    "--ascii/--no-ascii",
    "is_ascii",
    default=None,
    help="Show nothing but ASCII characters, or glyphs too; by default as the locale says.",
)
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
    answer_within: float | None,
    bell: bool,  # noqa: FBT001 - click passes options by name
    on_problem: tuple[str, ...],
    is_ascii: bool | None,  # noqa: FBT001 - click passes options by name
    colorblind: bool,  # noqa: FBT001 - click passes options by name
    no_mouse: bool,  # noqa: FBT001 - click passes options by name
) -> None:
    """Watch the runs below each ROOT live (the default command).

    Where standard output is no terminal, the runs are listed instead.
    """
    if not sys.stdout.isatty():
        from statustui.commands import list_runs  # noqa: PLC0415 - the monitor has no need of it

        context.invoke(
            list_runs,
            roots=roots,
            config_path=config_path,
            stale=stale,
            answer_within=answer_within,
        )
        return
    config = configure(
        config_path,
        limit=None if config_path else _AT_ONCE,
        watch=watch,
        interval=interval,
        max_checks=max_checks,
        patience=stale,
        answer_within=answer_within,
        bell=bell or None,
        on_problem=on_problem or None,
        ascii=is_ascii,
        colorblind=colorblind or None,
    )
    roots = roots or (".",)
    check_roots(roots, config.answer_within)
    _open_monitor(context.obj, roots, config, mouse=not no_mouse)


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

    def look_at(self, path: str) -> None:
        """Look at one run soon."""
        if self._source is not None:
            self._source.look_at(path)

    def stop(self) -> None:
        """End at once."""
        if self._source is not None:
            self._source.stop()


class Crash(Exception):  # noqa: N818 - not an error of its own
    """The screen has crashed.

    Attributes:
        words: What to tell the user.
    """

    def __init__(self, words: list[str]) -> None:
        """Take what there is to tell."""
        super().__init__(*words)
        self.words = words


def _open_monitor(
    skeleton: Skeleton,
    roots: Sequence[str],
    config: Config,
    *,
    mouse: bool = True,
    remembers: bool = True,
) -> None:
    """Open the monitor; only now is Textual imported.

    Raises:
        Failure: The terminal is none that the monitor can be shown on.
    """
    if is_dumb(os.environ):
        raise Failure("this terminal shows no screen (TERM); `statustui list` prints the runs")
    if not has_keyboard():
        raise Failure("there is no terminal to read keys from; `statustui list` prints the runs")
    # The size of the terminal is what the terminal says, whatever a shell has exported once.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    if config.ascii is None:
        config = replace(config, ascii=not has_glyphs(os.environ))
    from statustui.tui.app import StatusApp  # noqa: PLC0415 - takes most of a start

    config, memory = _recall(config, roots) if remembers else (config, None)
    app = StatusApp(_LateMonitor(roots, config.settings), roots, config=config, memory=memory)
    skeleton.hand_over()
    app.run(mouse=mouse)
    if app.failure is not None:
        raise Failure(app.failure)
    if app.last_words:
        raise Crash(app.last_words)
    if app.return_code:
        raise SystemExit(app.return_code)


def _recall(config: Config, roots: Sequence[str]) -> tuple[Config, Memory | None]:
    """What is remembered of earlier sessions, and the configuration with it."""
    from statustui.memory import Memory, state_directory  # noqa: PLC0415 - only the monitor has one

    place = state_directory()
    try:
        memory = ask(partial(Memory, place, roots), _AT_ONCE)
    except OSError as error:
        trouble = clean(f"{place}: {error.strerror or NO_ANSWER}: nothing is remembered")
        return replace(config, mistakes=(*config.mistakes, trouble)), None
    return memory.recall(config), memory


@cli.command("demo", short_help="Watch a pretend cluster.")
@click.argument("directory", required=False, metavar="[DIR]", type=PLACE)
@click.option(
    "--runs",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="How many runs there are at a time.",
)
@click.option(
    "--speed",
    default="1",
    show_default=True,
    metavar="X",
    callback=checked(number(0.01, 1e6)),
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
        click.echo(clean(place))
        return
    if not sys.stdout.isatty():
        raise click.UsageError("Standard output is no terminal: only --once makes sense here.")
    with demo.background(directory, runs, seed, speed) as place:
        _open_monitor(context.obj, [place], configure(None, limit=_AT_ONCE), remembers=False)


def _check_empty(directory: str | None) -> None:
    if directory is None or not os.path.lexists(directory):
        return
    try:
        with os.scandir(directory) as entries:
            if any(entries):
                raise Failure(f"{clean(directory)}: the directory is not empty")
    except OSError as error:
        raise path_failure(directory, error) from error


def main(skeleton: Skeleton | None = None) -> NoReturn:
    """Run the command line, and end with its exit status.

    Args:
        skeleton: What is on screen already.
    """
    skeleton = skeleton or Skeleton()
    try:
        status = _run(skeleton)
    except Exception as error:  # noqa: BLE001 - nobody has expected it: it is told with a report
        skeleton.remove()
        if is_out_of_threads(error):
            words, status = [f"statustui: {OUT_OF_THREADS}"], Failure.exit_code
        else:
            words = error.words if isinstance(error, Crash) else report_crash(error)
            status = STATUS
        click.echo("\n".join(words), err=True)
    _leave(status)


def _run(skeleton: Skeleton) -> int:
    """Run the command line; its exit status."""
    try:
        status = cli(prog_name="statustui", standalone_mode=False, obj=skeleton)
        sys.stdout.flush()
    except click.ClickException as error:
        skeleton.remove()
        _show(error)
        return error.exit_code
    except OutputError as error:
        if error.is_unread:
            return BROKEN_PIPE
        _show(Failure(f"standard output: {error.reason}"))
        return Failure.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as end:
        skeleton.remove()
        status = end.code
    return status if isinstance(status, int) else 0


def _show(error: click.ClickException) -> None:
    """Tell what is wrong; what the user has typed is in it."""
    words = io.StringIO()
    error.show(words)
    click.echo("\n".join(clean_lines(words.getvalue())), err=True, nl=False)


def _leave(status: int) -> NoReturn:
    """End, without waiting for a thread that is stuck in a file call."""
    try:
        sys.stdout.flush()
    except OutputError:
        status = status or Failure.exit_code
    if threading.active_count() > 1:
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
