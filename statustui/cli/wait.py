"""`statustui wait`: wait until runs have finished."""

from __future__ import annotations

import time
from contextlib import closing
from typing import NamedTuple

import click

from statustui.cli import output
from statustui.cli.comparing import Selection, reading_files
from statustui.cli.console import open_paper, show_progress, warn, warn_unread
from statustui.cli.options import (
    FILTER,
    PLACE,
    ROOTS,
    Failure,
    Filter,
    WatchOptions,
    checked,
    watch_options,
)
from statustui.cli.reading import open_roots, read_options
from statustui.cli.reporting import ReportRequest, check_target, make_report, write_report
from statustui.cli.root_progress import RootProgress
from statustui.cli.sources import watch_roots
from statustui.cli.wait_loop import Outcome, has_problem, wait_for_runs
from statustui.core.comparison import with_one_before
from statustui.presentation.report.formats import FORMATS, format_of, render
from statustui.presentation.summary import summarise
from statustui.settings.config import Config, read_span

_MAX_LISTED_RUNS = 20
"""Runs listed at the end."""
TIMED_OUT = 124
"""Exit status, as that of ``timeout``."""


class ReportFile(NamedTuple):
    """Where to write a report."""

    path: str
    form: str
    """The name of the format."""


@click.command("wait", short_help="Wait until runs have finished.")
@ROOTS
@FILTER
@click.option(
    "--timeout",
    metavar="TIME",
    callback=checked(read_span),
    help="Wait at most TIME, in seconds or as in 2h, then exit with 124.",
)
@click.option("--fail-fast", is_flag=True, help="Stop waiting at the first problem.")
@click.option(
    "--report",
    metavar="FILE",
    type=PLACE,
    callback=lambda _context, _option, value: report_file(value),
    help="Write a report to FILE at the end; its ending tells the format, as in `report -o`.",
)
@watch_options
def command(  # noqa: PLR0913 - click passes one argument for each option
    *,
    roots: tuple[str, ...],
    expression: str,
    timeout: float | None,
    fail_fast: bool,
    report: ReportFile | None,
    watching: WatchOptions,
) -> None:
    """Wait until the runs below each ROOT have finished; exit with 1 if one has a problem.

    A run has finished when its state is a final one, or when Pavilion has marked it as complete. A
    run that matched the filter once is waited for until it has finished.
    """
    end = None if timeout is None else time.monotonic() + timeout
    query = Filter(expression)
    config = watching.configure(limit=timeout)
    for mistake in config.mistakes:
        warn(mistake)
    left = _left(end)
    if report is not None:
        check_target(report.path, config.patience)
    has_objects = report is not None and FORMATS[report.form].has_objects
    settings = config.settings._replace(tells_pasts=query.needs_pasts or has_objects)
    monitor = watch_roots(roots, settings, config.patience if left is None else left)
    outcome = wait_for_runs(
        monitor,
        RootProgress(roots, config.patience),
        lambda run: query.matches(run, time.time()),
        timeout=_left(end),
        fail_fast=fail_fast,
        show_progress=show_progress,
        asked_at=lambda: monitor.asked_at,
    )
    show_progress("")
    _print_outcome(outcome)
    status = _exit_status(outcome)
    if report is not None and not _write_report(report, roots, expression, outcome, config):
        status = status if outcome.has_timed_out else Failure.exit_code
    if status:
        raise SystemExit(status)


def _left(end: float | None) -> float | None:
    return None if end is None else max(0.0, end - time.monotonic())


def _print_outcome(outcome: Outcome) -> None:
    click.echo(summarise(outcome.runs))
    for root in outcome.unscanned:
        warn(f"{root}: not completely scanned yet")
    if not outcome.runs and outcome.is_complete and not outcome.unscanned:
        warn("no run matches: nothing to wait for")
    listed = [
        run
        for run in sorted(outcome.runs, key=lambda run: run.is_series)
        if has_problem(run) or (outcome.has_timed_out and not run.is_finished)
    ]
    lines = output.changes((), listed[:_MAX_LISTED_RUNS], time.time(), open_paper(), as_json=False)
    for line in lines:
        click.echo(line)
    if len(listed) > _MAX_LISTED_RUNS:
        click.echo(f"   and {len(listed) - _MAX_LISTED_RUNS:,} more")
    warn_unread(outcome.unread_files)


def report_file(path: str | None) -> ReportFile | None:
    """Return the file of a report, whose ending tells its format.

    Raises:
        click.BadParameter: The ending tells none.
    """
    if path is None:
        return None
    form = format_of(path)
    if form is not None:
        return ReportFile(path, form)
    endings = ", ".join(ending for form in FORMATS.values() for ending in form.endings)
    raise click.BadParameter(f"'{path}' has none of the endings {endings}.")


def _write_report(
    file: ReportFile, roots: tuple[str, ...], expression: str, outcome: Outcome, config: Config
) -> bool:
    """Write a report on the runs that were waited for, and return whether it is whole.

    The trees are read once more: what the runs are compared with may not have been waited for.
    """
    options = read_options(config, tells_pasts=False)
    with (
        closing(open_roots(roots, time.time(), options)) as trees,
        reading_files([trees], config) as files,
    ):
        found = trees.picture
        waited = {run.path for run in outcome.runs}
        known = [*outcome.runs, *(run for run in found.runs if run.path not in waited)]
        counted = [run for run in outcome.runs if not run.is_series]
        left = sum(not run.has_ended for run in counted)
        request = ReportRequest(
            roots=roots,
            form=file.form,
            selection=Selection(
                outcome.runs, with_one_before(outcome.runs, [*known, *found.former()]), known
            ),
            expression=expression,
            incomplete=found.incomplete,
            remark=f"{left:,} of {len(counted):,} had not ended" if left else "",
        )
        report = make_report(request, files)
    if outcome.is_complete:
        warn_unread(report.incomplete)
    try:
        write_report(file.path, render(report, request.form), config.patience)
    except Failure as failure:
        failure.show()
        return False
    return not report.incomplete


def _exit_status(outcome: Outcome) -> int:
    if outcome.has_timed_out:
        return TIMED_OUT
    if not outcome.is_complete:
        return Failure.exit_code
    return int(outcome.has_problem)
