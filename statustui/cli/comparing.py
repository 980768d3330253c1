"""Compare runs: what `compare`, `report` and `wait --report` share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import click

from statustui.cli.console import LateProgress
from statustui.cli.options import (
    Filter,
    WatchOptions,
    checked,
    complete_from,
    number,
)
from statustui.core.comparison import Comparison, Pair, compare, side_by_side, with_one_before
from statustui.core.measures import DEFAULT_TOLERANCE
from statustui.core.query import OPENINGS
from statustui.core.run import Run
from statustui.monitor.fs.deadline import Heartbeat, Question
from statustui.monitor.run.measuring import MeasureReader
from statustui.monitor.unread import Unread
from statustui.settings.config import Config

BASE = click.option(
    "--base",
    default="",
    metavar="EXPR",
    shell_complete=complete_from(OPENINGS),
    help="Compare with the runs that match EXPR; by default each name's last run with the one "
    "before.",
)
"""The filter that selects what the runs are compared with."""


def read_share(text: str) -> float:
    """Return a share given in percent, with or without a percent sign.

    Raises:
        ValueError: It is not a number from 0 to 10,000.
    """
    return number(0, 10_000)(text.strip().removesuffix("%").strip()) / 100


TOLERANCE = click.option(
    "--tolerance",
    metavar="PERCENT",
    callback=checked(read_share),
    help="Least difference of a time or a result that counts; "
    f"default {100 * DEFAULT_TOLERANCE:.0f} %.",
)
"""By how much runs and results may differ without being slower or faster."""

_Result = TypeVar("_Result")


class Selection(NamedTuple):
    """The runs that a comparison is about."""

    runs: Sequence[Run]
    """The runs that the filter selects."""
    pairs: Sequence[Pair]
    """Their last results, each with what it is compared with."""
    known: Sequence[Run]
    """All runs, which tell what is usual."""


def select(runs: Sequence[Run], query: Filter, base: Filter | None, now: float) -> Selection:
    """Return the runs that match a filter, with those that they are compared with.

    A run that both filters match is no base: it would be compared with itself.

    Args:
        runs: All runs.
        query: Selects the runs.
        base: Selects what they are compared with; None for the result before each.
        now: The time in seconds since 1970.
    """
    chosen = [run for run in runs if query.matches(run, now)]
    if base is None:
        return Selection(chosen, with_one_before(chosen, runs), runs)
    paths = {run.path for run in chosen}
    former = [run for run in runs if run.path not in paths and base.matches(run, now)]
    return Selection(chosen, side_by_side(chosen, former), runs)


def compare_selection(
    selection: Selection, tolerance: float | None, config: Config
) -> tuple[Comparison, list[Unread]]:
    """Compare runs, and read their results for that.

    Args:
        selection: The runs.
        tolerance: Share by which values may differ; None for `DEFAULT_TOLERANCE`.
        config: How long to wait for the filesystem.

    Returns:
        The comparison, without what is slower or faster if the filesystem does not answer; and
        what could not be read.
    """
    share = DEFAULT_TOLERANCE if tolerance is None else tolerance

    def work(heartbeat: Heartbeat) -> Comparison:
        reader = MeasureReader(selection.known, share, heartbeat)
        return compare(selection.pairs, reader.differ)

    read = [run for pair in selection.pairs for run in (pair.run, pair.base) if run is not None]
    return read_patiently(
        work, lambda: compare(selection.pairs), read, config, what="comparing results"
    )


def read_patiently(
    work: Callable[[Heartbeat], _Result],
    otherwise: Callable[[], _Result],
    runs: Iterable[Run],
    config: Config,
    *,
    what: str,
) -> tuple[_Result, list[Unread]]:
    """Return the result of work on the files of runs, and the roots that may not have answered.

    Args:
        work: The function.
        otherwise: Returns what is known without these files, in case they do not answer.
        runs: The runs.
        config: How long to wait for the filesystem.
        what: What is said if it takes long.
    """
    progress = LateProgress()
    try:
        found = Question(work, what).answer(config.patience, lambda: progress.show(what))
    except OSError as error:
        reason = error.strerror or str(error)
        return otherwise(), [Unread(root, reason) for root in sorted({run.root for run in runs})]
    finally:
        progress.clear()
    return found, []


def refuse_follow_options(watching: WatchOptions) -> None:
    """Refuse options that have an effect only while changes are followed.

    Raises:
        click.UsageError: One of them is given.
    """
    if watching.has_follow_options or watching.ask_every is not None:
        raise click.UsageError(
            "--watch, --interval, --max-checks and --ask-every have no effect here."
        )
