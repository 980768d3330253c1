"""`statustui wait`: wait until runs have ended."""

from __future__ import annotations

import time

import click

from statustui.cli import output
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
from statustui.cli.roots import Roots, open_paper, tell, tell_unread
from statustui.cli.waiting import Outcome, tell_progress, wait_for_runs
from statustui.monitor.monitor import Monitor
from statustui.settings.config import read_span

_MOST_TOLD = 20
"""Runs named at most at the end."""
TIMED_OUT = 124
"""Exit status as of ``timeout``."""


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
def command(
    *,
    roots: tuple[str, ...],
    expression: str,
    timeout: float | None,
    fail_fast: bool,
    watching: WatchOptions,
) -> None:
    """Wait until the runs below each ROOT have ended; exit with 1 if one has a problem.

    A run has ended when its state is a final one, or Pavilion has marked it as complete. A run that
    has matched the filter once is waited for until it has ended.
    """
    end = None if timeout is None else time.monotonic() + timeout
    roots = roots or (".",)
    query = Filter(expression)
    config = watching.configure(limit=timeout)
    for mistake in config.mistakes:
        tell(mistake)
    left = _left(end)
    check_roots(roots, config.patience if left is None else left)
    outcome = wait_for_runs(
        Monitor(roots, config.settings),
        Roots(roots, config.patience),
        lambda run: query.matches(run, time.time()),
        timeout=_left(end),
        fails_fast=fail_fast,
        tell=tell_progress,
    )
    tell_progress("")
    _tell_outcome(outcome)
    status = _exit_status(outcome)
    if status:
        raise SystemExit(status)


def _left(end: float | None) -> float | None:
    return None if end is None else max(0.0, end - time.monotonic())


def _tell_outcome(outcome: Outcome) -> None:
    click.echo(output.summary(outcome.runs))
    for root in outcome.unseen:
        tell(f"{root}: not seen whole yet")
    if not outcome.runs and outcome.is_whole and not outcome.unseen:
        tell("nothing matches: there was nothing to wait for")
    named = [
        run
        for run in sorted(outcome.runs, key=lambda run: run.is_series)
        if run.category.is_problem or (outcome.has_timed_out and not run.is_finished)
    ]
    lines = output.changes((), named[:_MOST_TOLD], time.time(), open_paper(), as_json=False)
    for line in lines:
        click.echo(line)
    if len(named) > _MOST_TOLD:
        click.echo(f"   and {len(named) - _MOST_TOLD:,} more")
    tell_unread(outcome.unread)


def _exit_status(outcome: Outcome) -> int:
    if outcome.has_timed_out:
        return TIMED_OUT
    if not outcome.is_whole:
        return Failure.exit_code
    return int(outcome.has_problem)
