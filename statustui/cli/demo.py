"""`statustui demo`: watch a simulated cluster."""

from __future__ import annotations

import os
import sys
import time
from functools import partial

import click

from statustui.cli.options import PLACE, Failure, checked, configure, number, path_failure
from statustui.cli.screen import HOME_TIMEOUT, open_monitor
from statustui.core.text import clean
from statustui.monitor.fs.deadline import PATIENCE, ask


@click.command("demo", short_help="Watch a simulated cluster.")
@click.argument("directory", required=False, metavar="[DIR]", type=PLACE)
@click.option(
    "--runs",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="Number of runs at a time.",
)
@click.option(
    "--speed",
    default="1",
    show_default=True,
    metavar="X",
    callback=checked(number(0.01, 1e6)),
    help="Simulated seconds per second.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed gives the same runs."
)
@click.option("--once", is_flag=True, help="Write the tree once, print its path, and keep it.")
@click.pass_context
def command(  # noqa: PLR0913 - click passes one argument for each option
    context: click.Context,
    *,
    directory: str | None,
    runs: int,
    speed: float,
    seed: int,
    once: bool,
) -> None:
    """Watch a simulated cluster, in DIR or in a temporary directory.

    A second process writes real status files there. A temporary directory is deleted at the end.
    """
    from statustui.demo.cluster import Cluster  # noqa: PLC0415 - not needed for --help
    from statustui.demo.process import background, make_directory  # noqa: PLC0415 - as above

    if directory is not None:
        _check_empty(directory)
    if once:
        place = directory or make_directory()
        Cluster(place, runs, seed).fill(time.time())
        click.echo(clean(place))
        return
    if not sys.stdout.isatty():
        raise click.UsageError("Standard output is not a terminal: only --once can be used.")
    with background(directory, runs, seed, speed) as place:
        open_monitor(
            context.obj, [place], configure(None, limit=HOME_TIMEOUT, cache=False), remembers=False
        )


def _check_empty(directory: str) -> None:
    """Fail if there is anything in a directory, or it does not answer."""
    try:
        has_entries = ask(partial(_has_entries, directory), PATIENCE)
    except FileNotFoundError:
        return
    except OSError as error:
        raise path_failure(directory, error) from error
    if has_entries:
        raise Failure(f"{clean(directory)}: the directory is not empty")


def _has_entries(directory: str) -> bool:
    with os.scandir(directory) as entries:
        return any(entries)
