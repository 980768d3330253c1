"""`statustui wait`: wait until runs have finished."""

from __future__ import annotations

import time
from dataclasses import replace

import click

from statustui.cli import output
from statustui.cli.console import open_paper, show_progress, warn, warn_unread
from statustui.cli.options import (
    FILTER,
    ROOTS,
    Failure,
    Filter,
    WatchOptions,
    check_roots,
    checked,
    watch_options,
)
from statustui.cli.root_progress import RootProgress
from statustui.cli.wait_loop import Outcome, has_problem, wait_for_runs
from statustui.monitor.monitor import Monitor
from statustui.settings.config import read_span

_MAX_LISTED_RUNS = 20
"""Runs listed at the end."""
TIMED_OUT = 124
"""Exit status, as that of ``timeout``."""


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
@watch_options
def command(
    *,
    roots: tuple[str, ...],
    expression: str,
    timeout: float | None,
    fail_fast: bool,
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
    check_roots(roots, config.patience if left is None else left)
    monitor = Monitor(roots, replace(config.settings, tells_pasts=query.needs_pasts))
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
    if status:
        raise SystemExit(status)


def _left(end: float | None) -> float | None:
    return None if end is None else max(0.0, end - time.monotonic())


def _print_outcome(outcome: Outcome) -> None:
    click.echo(output.summary(outcome.runs))
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


def _exit_status(outcome: Outcome) -> int:
    if outcome.has_timed_out:
        return TIMED_OUT
    if not outcome.is_complete:
        return Failure.exit_code
    return int(outcome.has_problem)
