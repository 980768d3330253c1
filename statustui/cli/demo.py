"""`statustui demo`: watch a simulated cluster."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from statustui.cli.options import PLACE, Failure, checked, configure, number, path_failure
from statustui.cli.screen import HOME_TIMEOUT, open_monitor
from statustui.core.text import clean
from statustui.monitor.fs.deadline import PATIENCE, ask

if TYPE_CHECKING:
    from statustui.demo.process import Simulation

_RUNS = 200
_TESTS = 40
_DONE = 0.15
"""How much of the last night is over when it is watched."""


@click.command("demo", short_help="Watch a simulated cluster.")
@click.argument("directory", required=False, metavar="[DIR]", type=PLACE)
@click.option(
    "--runs",
    type=click.IntRange(1),
    help="Number of runs at a time (200), or of tests in a night (40).",
)
@click.option(
    "--nights",
    type=click.IntRange(1),
    metavar="N",
    help="Play a campaign of N nights, in which tests break, are mended, flap and become slower.",
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
    runs: int | None,
    nights: int | None,
    speed: float,
    seed: int,
    once: bool,
) -> None:
    """Watch a simulated cluster, in DIR or in a temporary directory.

    A second process writes real status files there. A temporary directory is deleted at the end.
    The last night of a campaign is under way; with --once it has ended.
    """
    from statustui.demo.cluster import Cluster  # noqa: PLC0415 - not needed for --help
    from statustui.demo.nights import Nights  # noqa: PLC0415 - as above
    from statustui.demo.process import background, make_directory  # noqa: PLC0415 - as above

    if directory is not None:
        _check_empty(directory)
    make: Callable[[str], Simulation]
    if nights is None:
        make = partial(Cluster, runs=runs or _RUNS, seed=seed)
    else:
        done = 1.0 if once else _DONE
        make = partial(Nights, nights=nights, runs=runs or _TESTS, seed=seed, done=done)
    if once:
        place = directory or make_directory()
        make(place).fill(time.time())
        click.echo(clean(place))
        return
    if not sys.stdout.isatty():
        raise click.UsageError("Standard output is not a terminal: only --once can be used.")
    with background(make, directory, speed) as place:
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
