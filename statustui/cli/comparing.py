"""Compare runs: what `compare`, `report` and `wait --report` share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

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
from statustui.monitor.once import Picture
from statustui.monitor.run.measuring import MeasureReader
from statustui.monitor.run.tree_files import AllFiles
from statustui.remote.reading import Trees
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


class Selection(NamedTuple):
    """The runs that a comparison is about."""

    runs: Sequence[Run]
    """The runs that the filter selects."""
    pairs: Sequence[Pair]
    """Their last results, each with what it is compared with."""
    known: Sequence[Run]
    """All runs, which tell what is usual."""


class Filters(NamedTuple):
    """The filters of a comparison."""

    query: Filter
    """Selects the runs."""
    base: Filter | None
    """Selects what they are compared with; None for the result before each."""

    @classmethod
    def parse(cls, expression: str, base: str) -> Filters:
        """Parse the filters that are given by `FILTER` and `BASE`.

        Raises:
            click.BadParameter: One of them has a mistake; the message marks it.
            Failure: Parsing one takes too long.
        """
        return cls(Filter(expression), Filter(base, "--base") if base else None)

    @property
    def need_pasts(self) -> bool:
        """Whether one of them goes by the pasts of runs."""
        return self.query.needs_pasts or (self.base is not None and self.base.needs_pasts)


def select(picture: Picture, filters: Filters, now: float) -> Selection:
    """Return the runs that match a filter, with those that they are compared with.

    These may be runs that were cleaned away. A run that both filters match is no base: it would be
    compared with itself.

    Args:
        picture: All runs.
        filters: Select the runs, and what they are compared with.
        now: The time in seconds since 1970.
    """
    query, base = filters
    runs = picture.runs
    chosen = [run for run in runs if query.matches(run, now)]
    if base is None:
        return Selection(chosen, with_one_before(chosen, [*runs, *picture.former()]), runs)
    paths = {run.path for run in chosen}
    others = [*(run for run in runs if run.path not in paths), *picture.former()]
    return Selection(
        chosen, side_by_side(chosen, [run for run in others if base.matches(run, now)]), runs
    )


def compare_selection(selection: Selection, tolerance: float | None, files: AllFiles) -> Comparison:
    """Compare runs, and read their results for that.

    Args:
        selection: The runs.
        tolerance: Share by which values may differ; None for `DEFAULT_TOLERANCE`.
        files: Reads the results.

    Returns:
        The comparison. It does not say of runs whose results are not reached what is slower or
        faster; `AllFiles.unread` names their roots.
    """
    share = DEFAULT_TOLERANCE if tolerance is None else tolerance
    reader = MeasureReader(selection.known, share, files.values)
    reader.prepare(selection.pairs)
    return compare(selection.pairs, reader.differ)


@contextmanager
def reading_files(trees: Iterable[Trees], config: Config) -> Iterator[AllFiles]:
    """Return what reads further files of the runs of some trees, with a progress line.

    Args:
        trees: The trees.
        config: How long to wait for a filesystem.
    """
    progress = LateProgress()
    parts = [part for one in trees for part in one.parts(config.patience)]
    try:
        yield AllFiles(parts, config.patience, lambda: progress.show("comparing results"))
    finally:
        progress.clear()


def refuse_follow_options(watching: WatchOptions) -> None:
    """Refuse options that have an effect only while changes are followed.

    Raises:
        click.UsageError: One of them is given.
    """
    if watching.has_follow_options or watching.ask_every is not None:
        raise click.UsageError(
            "--watch, --interval, --max-checks and --ask-every have no effect here."
        )
