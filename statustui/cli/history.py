"""`statustui history`: print every status of one run."""

from __future__ import annotations

import time

import click

from statustui.cli import output
from statustui.cli.console import LateProgress, echo_all, open_paper, warn
from statustui.cli.options import PATIENCE_OPTION, ROOT, path_failure
from statustui.core.durations import end_of
from statustui.monitor.fs.deadline import PATIENCE
from statustui.remote.reading import read_any_run


@click.command("history", short_help="Print every status of a run, and why it failed.")
@click.argument("run", type=ROOT)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@PATIENCE_OPTION
def command(
    run: str,
    as_json: bool,  # noqa: FBT001 - click passes options by name
    patience: float | None,
) -> None:
    """Print every status of RUN, a run directory or its status file, and why it failed."""
    now = time.time()
    progress = LateProgress()
    try:
        found = read_any_run(
            run,
            patience or PATIENCE,
            in_full=as_json,
            on_wait=lambda: progress.show("reading the status file"),
            tell=warn,
        )
    except OSError as error:
        raise path_failure(error.filename or run, error) from error
    finally:
        progress.clear()
    if as_json:
        timeline = found.history.timeline
        times = timeline.totals_until(end_of(found.run, timeline, now))
        click.echo(output.history_json(run, found.statuses, times))
        return
    paper = open_paper()
    echo_all(f"{line}\n" for line in output.history_lines(found.history, paper))
    if found.is_status_file:
        click.echo()
        log_tail, unread = (
            (None, ()) if found.logs is None else (found.logs.trace, found.logs.unread)
        )
        summary = output.RunSummary(found.run, found.history, log_tail, unread)
        for line in output.summary_lines(summary, now, paper):
            click.echo(line)
