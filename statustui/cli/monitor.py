"""`statustui ROOT`: the live monitor, the default command."""

from __future__ import annotations

import sys

import click

from statustui.cli.options import ROOTS, WatchOptions, check_roots, checked, watch_options
from statustui.cli.screen import HOME_TIMEOUT, open_monitor
from statustui.core.address import is_remote
from statustui.settings.config import read_command, read_gather

_COMMAND = checked(read_command)
"""Splits a command line."""


@click.command("monitor", short_help="Watch runs live; the default command.")
@ROOTS
@watch_options
@click.option(
    "--bell", is_flag=True, help="Ring on a new problem, and when all listed runs have finished."
)
@click.option(
    "--on-problem",
    metavar="CMD",
    callback=_COMMAND,
    help="Run CMD for each run that gets a problem; STATUSTUI_ID, _STATE, _NOTE … describe it.",
)
@click.option(
    "--on-end",
    metavar="CMD",
    callback=_COMMAND,
    help="Run CMD when all listed runs have finished, with these as JSON on its standard input.",
)
@click.option(
    "--gather",
    metavar="TIME",
    callback=checked(read_gather),
    help="Gather runs for TIME, such as 60s, and hand them to one call of CMD.",
)
@click.option(
    "--ascii/--no-ascii",
    "is_ascii",
    default=None,
    help="Send only ASCII characters, or glyphs too; the default depends on the locale.",
)
@click.option("--colorblind", is_flag=True, help="Use colours without red and green.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, to select text.")
@click.pass_context
def command(  # noqa: PLR0913 - click passes one argument for each option
    context: click.Context,
    *,
    roots: tuple[str, ...],
    watching: WatchOptions,
    bell: bool,
    on_problem: tuple[str, ...] | None,
    on_end: tuple[str, ...] | None,
    gather: float | None,
    is_ascii: bool | None,
    colorblind: bool,
    no_mouse: bool,
) -> None:
    """Watch the runs below each ROOT live (the default command).

    If standard output is not a terminal, list the runs instead.
    """
    if not sys.stdout.isatty():
        from statustui.cli import list as list_runs  # noqa: PLC0415 - not needed by the monitor

        context.invoke(
            list_runs.command,
            roots=roots,
            config_path=watching.config_path,
            stale=watching.stale,
            patience=watching.patience,
            job_grace=watching.job_grace,
            no_cache=watching.no_cache,
        )
        return
    config = watching.configure(
        limit=None if watching.config_path else HOME_TIMEOUT,
        bell=bell or None,
        on_problem=on_problem,
        on_end=on_end,
        gather=gather,
        ascii=is_ascii,
        colorblind=colorblind or None,
    )
    check_roots([root for root in roots if not is_remote(root)], config.patience)
    open_monitor(context.obj, roots, config, mouse=not no_mouse)
