"""The command line: find the command, run it, and exit with its status."""

from __future__ import annotations

import gc
import io
import os
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from statustui import __version__
from statustui.cli.options import ROOT, Failure
from statustui.cli.registry import SCREENLESS, WITH_SCREEN
from statustui.core.text import clean_lines
from statustui.startup.crash_report import (
    OUT_OF_THREADS,
    STATUS,
    Crash,
    is_out_of_threads,
    report_crash,
)
from statustui.startup.splash import Splash
from statustui.startup.streams import OutputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

INTERRUPTED, BROKEN_PIPE = 130, 141
"""Exit statuses after SIGINT and SIGPIPE, as in shells."""

_DEFAULT = "monitor"
_ABOUT = ("-h", "--help", "-V", "--version")


class _Commands(click.Group):
    """The commands; the monitor is the default.

    The module of a command is imported only when that command is used.
    """

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(SCREENLESS | WITH_SCREEN)

    def get_command(self, _context: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        if cmd_name not in SCREENLESS | WITH_SCREEN:
            return None
        command: click.Command = import_module(f"statustui.cli.{cmd_name}").command
        return command

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Run the monitor if the arguments neither name a command nor ask for help."""
        first = arguments[0] if arguments else ""
        if first not in {*self.list_commands(context), *_ABOUT} and not context.resilient_parsing:
            arguments = [_DEFAULT, *arguments]
        return super().parse_args(context, arguments)

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names of commands, and roots and options of the monitor."""
        known = super().shell_complete(context, incomplete)
        if not incomplete.startswith("-"):
            argument = click.Argument(["roots"], type=ROOT)
            return [*known, *ROOT.shell_complete(context, argument, incomplete)]
        monitor = self.get_command(context, _DEFAULT)
        return known if monitor is None else [*known, *monitor.shell_complete(context, incomplete)]


_EPILOG = """\b
Examples:
  statustui ./working_dir
  statustui list -F 'problem age<1h' -s -time ./working_dir
  statustui list --follow --jsonl ./working_dir
  statustui wait ./working_dir --timeout 2h --fail-fast
  statustui compare ./working_dir -F 'age<12h' --base 'age>12h age<36h'
  statustui report ./working_dir -o night.html
  statustui set ./my_run RUNNING "step 3 of 5"

\b
Keys of the monitor (? shows all):
  j k, Enter, q    move, open the run, go back and quit
  /, !, t, s       filter, problems only, group, sort
  e, u             next problem, next new problem

\b
Filters: words, FIELD=PATTERN, FIELD~REGEX, age<1h, has=STATE, problem,
hidden, complete, stalled; with spaces between them, |, ! and ( ).

\b
Exit status:
  0    success
  1    a run has a problem (wait, list --exit-status), or a new one (compare)
  2    wrong usage, or something cannot be read or written
  70   internal error
  124  wait --timeout timed out

\b
Environment: NO_COLOR, LC_ALL, TERM, XDG_CONFIG_HOME, XDG_STATE_HOME,
  XDG_CACHE_HOME.
Files: ~/.config/statustui/config.toml, ~/.local/state/statustui,
  ~/.cache/statustui.
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
    `statustui monitor -h` lists its options. Write a ROOT that has the name of a command as ./NAME.
    """


def main(splash: Splash | None = None) -> NoReturn:
    """Run the command line, and exit with its status.

    Args:
        splash: The first frame, if it is on screen already.
    """
    splash = splash or Splash()
    try:
        status = _run(splash)
    except Exception as error:  # noqa: BLE001 - an internal error is reported
        splash.remove()
        if is_out_of_threads(error):
            words, status = [f"statustui: {OUT_OF_THREADS}"], Failure.exit_code
        else:
            words = error.words if isinstance(error, Crash) else report_crash(error)
            status = STATUS
        click.echo("\n".join(words), err=True)
    _leave(status)


def _run(splash: Splash) -> int:
    """Run the command line, and return its exit status."""
    try:
        status = cli(prog_name="statustui", standalone_mode=False, obj=splash)
        sys.stdout.flush()
    except click.ClickException as error:
        splash.remove()
        _print_error(error)
        return error.exit_code
    except OutputError as error:
        if error.is_unread:
            return BROKEN_PIPE
        _print_error(Failure(f"standard output: {error.reason}"))
        return Failure.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as end:
        splash.remove()
        status = end.code
    return status if isinstance(status, int) else 0


def _print_error(error: click.ClickException) -> None:
    """Print an error, sanitised: it may contain what the user has typed."""
    words = io.StringIO()
    error.show(words)
    click.echo("\n".join(clean_lines(words.getvalue())), err=True, nl=False)


def _leave(status: int) -> NoReturn:
    """Exit without waiting for threads that hang in a file call, nor for a search for garbage."""
    # Python would look through everything that is left, which takes longer than a short command.
    gc.freeze()
    try:
        sys.stdout.flush()
    except OutputError:
        status = status or Failure.exit_code
    if threading.active_count() > 1:
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
