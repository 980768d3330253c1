"""The commands without a screen: list, wait, history, set and states."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from statustui import report
from statustui.core.durations import DEFAULT_PATIENCE, Patience, end_of
from statustui.core.order import SORT_KEYS, in_order, split_sort
from statustui.core.run import Run
from statustui.core.states import (
    KNOWN_STATES,
    LATER_STATES,
    SERIES_STATES,
    STATES,
    categorise,
)
from statustui.core.status_file import StatusFile, TestStatusError
from statustui.core.text import clean, parse_span
from statustui.core.working_dir import STATUS, root_folder, run_dir
from statustui.look import LOOKS
from statustui.monitor.pace import WatchMode
from statustui.options import (
    FILTER,
    ROOTS,
    Failure,
    check_roots,
    complete_from,
    configure,
    parse_filter,
    path_failure,
    watch_options,
)

_MOST_TOLD = 20
"""Runs that are named at the most when the waiting is over."""
TIMED_OUT = 124
"""Exit status as of ``timeout``."""


@click.command("list", short_help="List runs, once or as they change.")
@ROOTS
@click.option(
    "-s",
    "--sort",
    default="id",
    metavar="[-]KEY",
    show_default=True,
    shell_complete=complete_from([*SORT_KEYS, *(f"-{key}" for key in SORT_KEYS)]),
    help=f"Sort by {', '.join(SORT_KEYS)}; with - in front in reverse.",
)
@FILTER
@click.option("-l", "--limit", type=click.IntRange(0), metavar="N", help="List the first N only.")
@click.option("--json", "form", flag_value="json", help="Print one JSON object.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Print a JSON object for each run.")
@click.option("--summary", is_flag=True, help="Print how many runs are in each category.")
@click.option("--exit-status", is_flag=True, help="Exit with 1 if a listed run has a problem.")
@click.option("--follow", is_flag=True, help="Go on: print every change as it is seen.")
@watch_options
def list_runs(  # noqa: PLR0913, PLR0917 - click passes one argument for each option
    roots: tuple[str, ...],
    expression: str = "",
    sort: str = "id",
    limit: int | None = None,
    form: str | None = None,
    summary: bool = False,  # noqa: FBT001, FBT002 - click passes options by name
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
    _check_sort(sort)
    query = parse_filter(expression)
    config = configure(
        config_path, watch=watch, interval=interval, max_checks=max_checks, patience=stale
    )
    for mistake in config.mistakes:
        click.echo(f"statustui: {mistake}", err=True)
    if follow:
        if form == "json" or limit is not None or exit_status or summary:
            raise click.UsageError("--follow goes with --jsonl or the plain form alone.")
        check_roots(roots)
        from statustui.follow import follow_runs  # noqa: PLC0415 - the screen has no need of it
        from statustui.monitor.monitor import Monitor  # noqa: PLC0415 - as above

        follow_runs(
            Monitor(roots, config.settings),
            lambda run: query.matches(run, time.time()),
            as_json=form == "jsonl",
        )
        return
    from statustui.monitor.stalls import read_trees  # noqa: PLC0415 - the screen comes first

    check_roots(roots)
    now = time.time()
    found = (
        run for run in read_trees(roots, _warn, config.patience, now) if query.matches(run, now)
    )
    runs = in_order(found, sort)[:limit]
    for piece in _print(roots, runs, form, is_summary=summary):
        click.echo(piece, nl=False)
    if exit_status and any(run.category.is_problem for run in runs):
        raise SystemExit(1)


def _print(
    roots: Sequence[str], runs: Sequence[Run], form: str | None, *, is_summary: bool
) -> Iterator[str]:
    """The text to print, in pieces: a table, or JSON if a `form` of it is wanted."""
    generated = datetime.now().astimezone()
    if is_summary:
        said = report.summary_json(roots, runs, generated) if form else report.summary(runs)
        yield f"{said}\n"
    elif form == "json":
        yield from report.list_json(roots, runs, generated)
    elif form == "jsonl":
        yield from (f"{report.dump(report.run_object(run))}\n" for run in runs)
    else:
        plain = "NO_COLOR" in os.environ
        for line, run in report.table(runs, time.time(), _terminal_width()):
            colour = None if run is None or plain else LOOKS[run.category].colour
            yield f"{click.style(line, fg=colour) if colour else line}\n"


def _check_sort(sort: str) -> None:
    if split_sort(sort)[0] not in SORT_KEYS:
        raise click.BadParameter(
            f"'{sort}' is none of {', '.join(SORT_KEYS)}.", param_hint="'--sort'"
        )


def _warn(path: str, error: OSError) -> None:
    click.echo(f"statustui: {clean(path)}: {error.strerror}", err=True)


def _terminal_width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _read_timeout(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> float | None:
    try:
        return None if value is None else parse_span(value)
    except ValueError as error:
        raise click.BadParameter(f"{value}: {error}.") from None


@click.command("wait", short_help="Wait until runs have ended.")
@ROOTS
@FILTER
@click.option(
    "--timeout",
    metavar="TIME",
    callback=_read_timeout,
    help="Wait no longer than TIME, a number of seconds or like 2h, and exit with 124 then.",
)
@click.option("--fail-fast", is_flag=True, help="End at the first problem.")
@watch_options
def wait(  # noqa: PLR0913, PLR0917 - click passes one argument for each option
    roots: tuple[str, ...],
    expression: str,
    timeout: float | None,
    fail_fast: bool,  # noqa: FBT001 - click passes options by name
    config_path: str | None,
    watch: WatchMode | None,
    interval: float | None,
    max_checks: float | None,
    stale: Patience | None,
) -> None:
    """Wait until the runs below each ROOT have ended; exit with 1 if one has a problem.

    A run has ended when its state is a final one, or Pavilion has marked it as complete. A run that
    has matched the filter once is waited for until it has ended.
    """
    from statustui.monitor.monitor import Monitor  # noqa: PLC0415 - the screen has no need of it
    from statustui.wait import tell_progress, wait_for_runs  # noqa: PLC0415 - as above

    roots = roots or (".",)
    query = parse_filter(expression)
    config = configure(
        config_path, watch=watch, interval=interval, max_checks=max_checks, patience=stale
    )
    for mistake in config.mistakes:
        click.echo(f"statustui: {mistake}", err=True)
    check_roots(roots)
    outcome = wait_for_runs(
        Monitor(roots, config.settings),
        roots,
        lambda run: query.matches(run, time.time()),
        timeout=timeout,
        fails_fast=fail_fast,
        tell=tell_progress,
    )
    tell_progress("")
    click.echo(report.summary(outcome.runs))
    if not outcome.runs:
        click.echo("statustui: nothing matches: there was nothing to wait for", err=True)
    late = outcome.has_timed_out
    told = [
        run
        for run in sorted(outcome.runs, key=lambda run: run.is_series)
        if run.category.is_problem or (late and not run.is_over)
    ]
    for line in report.changes((), told[:_MOST_TOLD], time.time(), as_json=False):
        click.echo(line)
    if len(told) > _MOST_TOLD:
        click.echo(f"   and {len(told) - _MOST_TOLD:,} more")
    if outcome.has_timed_out:
        raise SystemExit(TIMED_OUT)
    if outcome.has_problem:
        raise SystemExit(1)


@click.command(short_help="Print every status of a run, and why it failed.")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def history(run: str, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Print every status of RUN, a run directory or its status file, and why it failed."""
    from statustui.core.logs import find_logs, telling_logs  # noqa: PLC0415 - the screen comes first
    from statustui.monitor.history import HistoryFile  # noqa: PLC0415 - as above
    from statustui.monitor.inspection import read_trace  # noqa: PLC0415 - as above
    from statustui.monitor.scan import read, read_history  # noqa: PLC0415 - as above
    from statustui.monitor.series import judge_series  # noqa: PLC0415 - as above

    path = os.path.join(run, STATUS) if os.path.isdir(run) else run
    folder = os.path.dirname(path) or "."
    now = time.time()
    try:
        *_, found = HistoryFile(path).read()
        statuses = read_history(path) if as_json else []
    except OSError as error:
        raise path_failure(path, error) from error
    own = read(run_dir(folder, root_folder(folder))).run
    [picture] = judge_series([own], lambda _path, _error: None, DEFAULT_PATIENCE, now)
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
    if os.path.basename(path) == STATUS:
        click.echo()
        for line in report.summary_lines(picture, found, trace, now, width):
            click.echo(line)


@click.command("set", short_help="Append a status to a run.")
@click.argument("run")
@click.argument("state", shell_complete=complete_from(sorted(KNOWN_STATES)))
@click.argument("note", default="")
def set_status(run: str, state: str, note: str) -> None:
    """Append a status to RUN: set its STATE, with a NOTE.

    The run directory and its status file are made if need be. What cannot be stored as it is given
    is refused: a STATE that `statustui states` does not list, or a NOTE that is too long.
    """
    if state not in KNOWN_STATES:
        raise Failure(f"{clean(state)}: there is no such state; `statustui states` lists them")
    try:
        size = len(note.replace("\n", "\\n").encode())
    except UnicodeEncodeError:
        raise Failure(f"{clean(run)}: the note is no text in UTF-8") from None
    if size > StatusFile.NOTE_MAX:
        most = StatusFile.NOTE_MAX
        raise Failure(f"{clean(run)}: the note has {size:,} bytes; {most:,} can be stored")
    try:
        os.makedirs(run, exist_ok=True)
        StatusFile(os.path.join(run, STATUS)).set(state, note)
    except OSError as error:
        raise path_failure(run, error) from error
    except TestStatusError as error:
        raise Failure(clean(str(error))) from error


@click.command(short_help="List the known states.")
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


COMMANDS = {
    str(command.name): command for command in (list_runs, wait, history, set_status, states)
}
"""Name of a command -> the command."""
