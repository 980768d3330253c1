"""The commands without a screen: list, wait, history, set and states."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from statustui import report
from statustui.config import Config, read_span
from statustui.core.durations import Patience, end_of
from statustui.core.order import SORT_KEYS, in_order, split_sort
from statustui.core.states import (
    KNOWN_STATES,
    LATER_STATES,
    SERIES_STATES,
    STATES,
    categorise,
)
from statustui.core.status_file import StatusFile, TestStatusError
from statustui.core.text import clean
from statustui.core.working_dir import STATUS
from statustui.look import LOOKS
from statustui.monitor.ask import PATIENCE, ask
from statustui.monitor.pace import WatchMode
from statustui.options import (
    ANSWER_WITHIN,
    FILTER,
    PLACE,
    ROOTS,
    Failure,
    check_roots,
    checked,
    complete_from,
    configure,
    parse_filter,
    path_failure,
    watch_options,
)
from statustui.plain import Paper
from statustui.roots import Roots, no_runs, tell, tell_unread
from statustui.streams import charset_of

if TYPE_CHECKING:
    from statustui.monitor.once import Picture

_MOST_TOLD = 20
"""Runs that are named at the most when the waiting is over."""
TIMED_OUT = 124
"""Exit status as of ``timeout``."""


@click.command("list", short_help="List runs, once or as they change.")
@ROOTS
@click.option(
    "-s",
    "--sort",
    metavar="[-]KEY",
    shell_complete=complete_from([*SORT_KEYS, *(f"-{key}" for key in SORT_KEYS)]),
    help=f"Sort by {', '.join(SORT_KEYS)}; with - in front in reverse; by default id.",
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
    sort: str | None = None,
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
    answer_within: float | None = None,
) -> None:
    """List the runs below each ROOT once, or with --follow for as long as they change."""
    roots = roots or (".",)
    order = sort or "id"
    _check_sort(order)
    query = parse_filter(expression)
    if follow and (form == "json" or limit is not None or exit_status or summary or sort):
        raise click.UsageError("--follow goes with --jsonl or the plain form alone.")
    if not follow and any(option is not None for option in (watch, interval, max_checks)):
        raise click.UsageError("--watch, --interval and --max-checks go with --follow alone.")
    if summary and sort and limit is None:
        raise click.UsageError("--summary has no order: --sort goes with --limit there.")
    config = _configure(
        config_path,
        watch=watch,
        interval=interval,
        max_checks=max_checks,
        patience=stale,
        answer_within=answer_within,
    )
    if follow:
        from statustui.follow import follow_runs  # noqa: PLC0415 - the screen has no need of it
        from statustui.monitor.monitor import Monitor  # noqa: PLC0415 - as above

        check_roots(roots, config.answer_within)
        is_whole = follow_runs(
            Monitor(roots, config.settings),
            Roots(roots, config.answer_within),
            lambda run: query.matches(run, time.time()),
            _paper(),
            as_json=form == "jsonl",
        )
        if not is_whole:
            raise SystemExit(Failure.exit_code)
        return
    from statustui.monitor.once import read_once  # noqa: PLC0415 - the screen comes first

    now = time.time()
    found = read_once(roots, config.patience, now, config.answer_within)
    chosen = (run for run in found.runs if query.matches(run, now))
    runs = in_order(chosen, order)[:limit]
    for piece in _print(roots, found._replace(runs=runs), form, is_summary=summary):
        click.echo(piece, nl=False)
    for root, links in found.unfollowed.items():
        tell(no_runs(root, links))
    tell_unread(found.incomplete)
    if found.incomplete:
        raise SystemExit(Failure.exit_code)
    if exit_status and any(run.category.is_problem for run in runs):
        raise SystemExit(1)


def _configure(path: str | None, *, limit: float | None = None, **options: Any) -> Config:  # noqa: ANN401 - fields of Config
    """The configuration, what is wrong with which is told."""
    config = configure(path, limit=limit, **options)
    for mistake in config.mistakes:
        tell(mistake)
    return config


def _print(
    roots: Sequence[str], picture: Picture, form: str | None, *, is_summary: bool
) -> Iterator[str]:
    """The text to print, in pieces: a table, or JSON if a `form` of it is wanted."""
    generated = datetime.now().astimezone()
    runs, incomplete = picture.runs, picture.incomplete
    if is_summary and form:
        yield f"{report.summary_json(roots, runs, generated, incomplete)}\n"
    elif is_summary:
        yield f"{report.summary(runs)}\n"
    elif form == "json":
        yield from report.list_json(roots, runs, generated, incomplete)
    elif form == "jsonl":
        yield from (f"{report.dump(report.run_object(run))}\n" for run in runs)
    elif runs or not incomplete:
        plain = "NO_COLOR" in os.environ
        for line, run in report.table(runs, time.time(), _paper()):
            colour = None if run is None or plain else LOOKS[run.category].colour
            yield f"{click.style(line, fg=colour) if colour else line}\n"


def _check_sort(sort: str) -> None:
    if split_sort(sort)[0] not in SORT_KEYS:
        raise click.BadParameter(
            f"'{sort}' is none of {', '.join(SORT_KEYS)}.", param_hint="'--sort'"
        )


def _paper() -> Paper:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return Paper(width, charset_of(sys.stdout))


@click.command("wait", short_help="Wait until runs have ended.")
@ROOTS
@FILTER
@click.option(
    "--timeout",
    metavar="TIME",
    callback=checked(read_span),
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
    answer_within: float | None,
) -> None:
    """Wait until the runs below each ROOT have ended; exit with 1 if one has a problem.

    A run has ended when its state is a final one, or Pavilion has marked it as complete. A run that
    has matched the filter once is waited for until it has ended.
    """
    from statustui.monitor.monitor import Monitor  # noqa: PLC0415 - the screen has no need of it
    from statustui.wait import tell_progress, wait_for_runs  # noqa: PLC0415 - as above

    begun = time.monotonic()
    roots = roots or (".",)
    query = parse_filter(expression)
    config = _configure(
        config_path,
        limit=timeout,
        watch=watch,
        interval=interval,
        max_checks=max_checks,
        patience=stale,
        answer_within=answer_within,
    )
    left = None if timeout is None else max(0.0, begun + timeout - time.monotonic())
    check_roots(roots, config.answer_within if left is None else left)
    left = None if timeout is None else max(0.0, begun + timeout - time.monotonic())
    outcome = wait_for_runs(
        Monitor(roots, config.settings),
        Roots(roots, config.answer_within),
        lambda run: query.matches(run, time.time()),
        timeout=left,
        fails_fast=fail_fast,
        tell=tell_progress,
    )
    tell_progress("")
    click.echo(report.summary(outcome.runs))
    for root in outcome.unseen:
        tell(f"{root}: not seen whole yet")
    if not outcome.runs and outcome.is_whole and not outcome.unseen:
        tell("nothing matches: there was nothing to wait for")
    late = outcome.has_timed_out
    told = [
        run
        for run in sorted(outcome.runs, key=lambda run: run.is_series)
        if run.category.is_problem or (late and not run.is_over)
    ]
    for line in report.changes((), told[:_MOST_TOLD], time.time(), _paper(), as_json=False):
        click.echo(line)
    if len(told) > _MOST_TOLD:
        click.echo(f"   and {len(told) - _MOST_TOLD:,} more")
    tell_unread(outcome.unread)
    if outcome.has_timed_out:
        raise SystemExit(TIMED_OUT)
    if not outcome.is_whole:
        raise SystemExit(Failure.exit_code)
    if outcome.has_problem:
        raise SystemExit(1)


@click.command(short_help="Print every status of a run, and why it failed.")
@click.argument("run", type=PLACE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@ANSWER_WITHIN
def history(
    run: str,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    answer_within: float | None,
) -> None:
    """Print every status of RUN, a run directory or its status file, and why it failed."""
    from statustui.monitor.once import read_run  # noqa: PLC0415 - the screen comes first

    now = time.time()
    try:
        found = read_run(run, answer_within or PATIENCE, in_full=as_json)
    except OSError as error:
        raise path_failure(error.filename or run, error) from error
    if as_json:
        course = found.history.course
        times = course.times(end_of(found.run, course, now))
        click.echo(report.history_json(run, found.statuses, times))
        return
    paper = _paper()
    for line in report.history_lines(found.history, paper):
        click.echo(line)
    if found.is_status_file:
        click.echo()
        trace, unread = (None, ()) if found.logs is None else (found.logs.trace, found.logs.unread)
        for line in report.summary_lines(found.run, found.history, trace, now, paper, unread):
            click.echo(line)


@click.command("set", short_help="Append a status to a run.")
@click.argument("run", type=PLACE)
@click.argument("state", shell_complete=complete_from(sorted(KNOWN_STATES)))
@click.argument("note", default="")
@ANSWER_WITHIN
def set_status(run: str, state: str, note: str, answer_within: float | None) -> None:
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

    def store() -> None:
        os.makedirs(run, exist_ok=True)
        StatusFile(os.path.join(run, STATUS)).set(state, note)

    try:
        ask(store, answer_within or PATIENCE)
    except TimeoutError as error:
        raise Failure(f"{clean(run)}: {error.strerror}; the status may not be stored") from error
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
