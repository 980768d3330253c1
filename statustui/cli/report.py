"""`statustui report`: what is new, what is still broken and why, for mails and CI pages."""

from __future__ import annotations

import time
from contextlib import closing

import click

from statustui.cli.comparing import (
    BASE,
    TOLERANCE,
    Filters,
    reading_files,
    refuse_follow_options,
    select,
)
from statustui.cli.console import warn, warn_unread
from statustui.cli.options import (
    ASK,
    FILTER,
    PLACE,
    ROOTS,
    Failure,
    WatchOptions,
    watch_options,
)
from statustui.cli.reading import (
    make_asker,
    open_roots,
    read_options,
    save_caches,
    warn_unanswered,
    warn_unfollowed,
)
from statustui.cli.reporting import ReportRequest, check_target, make_report, write_report
from statustui.presentation.report.formats import FORMATS, format_of, render


@click.command("report", short_help="Write a report: HTML, Markdown, JUnit, CSV, JSON, metrics.")
@ROOTS
@FILTER
@BASE
@TOLERANCE
@ASK
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="The format; by default what the ending of FILE tells, or else Markdown.",
)
@click.option("-o", "--output", metavar="FILE", type=PLACE, help="Write to FILE, as a whole.")
@watch_options
def command(  # noqa: PLR0913 - click passes one argument for each option
    *,
    roots: tuple[str, ...],
    expression: str,
    base: str,
    tolerance: float | None,
    asks: bool,
    form: str | None,
    output: str | None,
    watching: WatchOptions,
) -> None:
    """Report on the runs below each ROOT: what is new, what failed and why, what took longest.

    By default the last result of each name is compared with the one before; with --base with the
    last of the runs that match EXPR.
    """
    filters = Filters.parse(expression, base)
    refuse_follow_options(watching)
    form = form or (format_of(output) if output else None) or "md"
    config = watching.configure()
    for mistake in config.mistakes:
        warn(mistake)
    if output is not None:
        check_target(output, config.patience)
    now = time.time()
    asker = make_asker(config) if asks else None
    tells_pasts = filters.need_pasts or FORMATS[form].has_objects
    options = read_options(config, tells_pasts=tells_pasts, asker=asker)
    with (
        closing(open_roots(roots, now, options)) as trees,
        reading_files([trees], config) as files,
    ):
        found = trees.picture
        request = ReportRequest(
            roots=roots,
            form=form,
            selection=select(found, filters, now),
            expression=expression,
            base=base,
            incomplete=found.incomplete,
            tolerance=tolerance,
        )
        report = make_report(request, files)
    text = render(report, form)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_report(output, text, config.patience)
    warn_unfollowed(found)
    warn_unread(report.incomplete)
    warn_unanswered([asker])
    save_caches(found)
    if report.incomplete:
        raise SystemExit(Failure.exit_code)
