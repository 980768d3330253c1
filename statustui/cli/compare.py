"""`statustui compare`: set two sets of runs side by side, by name."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime

import click

from statustui.cli.comparing import (
    BASE,
    TOLERANCE,
    Filters,
    Selection,
    compare_selection,
    reading_files,
    refuse_follow_options,
    select,
)
from statustui.cli.console import echo_all, open_paper, warn, warn_unread
from statustui.cli.options import (
    ASK,
    FILTER,
    ROOT,
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
from statustui.core.comparison import MEANINGS, Comparison, Item, side_by_side_trees
from statustui.core.recent_results import CLEANED
from statustui.core.text import clean
from statustui.monitor.once import Picture
from statustui.monitor.unread import Unread
from statustui.presentation.comparison import comparison_object, headline
from statustui.presentation.export import literal, markdown_lines
from statustui.presentation.plain_text import Paper, pad, width_of
from statustui.presentation.run_object import JSON_VERSION, dump, incomplete_objects

_MAX_CELLS = 64
"""Width of a column but the last."""
_NONE = "-"
"""Stands before a test that has no result."""


@click.command("compare", short_help="Compare two sets of runs: new failures, fixed, slower.")
@ROOTS
@click.option(
    "--with", "other", metavar="ROOT2", type=ROOT, help="Compare with the runs below ROOT2."
)
@FILTER
@BASE
@TOLERANCE
@ASK
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "md", "json"]),
    default="table",
    help="Print a table (the default), Markdown, or one JSON object.",
)
@click.option("--json", "form", flag_value="json", help="Print one JSON object.")
@watch_options
def command(  # noqa: PLR0913 - click passes one argument for each option
    *,
    roots: tuple[str, ...],
    other: str | None,
    expression: str,
    base: str,
    tolerance: float | None,
    asks: bool,
    form: str,
    watching: WatchOptions,
) -> None:
    """Compare runs below each ROOT by name with earlier ones; exit with 1 if a failure is new.

    By default the last result of each name is compared with the one before; with --base with the
    last of the runs that match EXPR; with --with with the last one below ROOT2.
    """
    if other is not None and len(roots) > 1:
        raise click.UsageError("--with needs one ROOT to compare ROOT2 with.")
    filters = Filters.parse(expression, base)
    refuse_follow_options(watching)
    config = watching.configure()
    for mistake in config.mistakes:
        warn(mistake)
    now = time.time()
    places = [roots] if other is None else [roots, (other,)]
    askers = [make_asker(config) if asks else None for _place in places]
    options = [
        read_options(config, tells_pasts=filters.need_pasts, asker=asker) for asker in askers
    ]
    with ExitStack() as stack:
        trees = [
            stack.enter_context(closing(open_roots(place, now, one)))
            for place, one in zip(places, options, strict=True)
        ]
        pictures = [one.picture for one in trees]
        files = stack.enter_context(reading_files(trees, config))
        selection = _select(pictures, filters, now)
        comparison = compare_selection(selection, tolerance, files)
    incomplete = [*(part for found in pictures for part in found.incomplete), *files.unread]
    every_root = [root for place in places for root in place]
    echo_all(f"{line}\n" for line in _lines(comparison, form, every_root, incomplete))
    for found in pictures:
        warn_unfollowed(found)
        save_caches(found)
    warn_unread(incomplete)
    warn_unanswered(askers)
    if incomplete:
        raise SystemExit(Failure.exit_code)
    if comparison.new:
        raise SystemExit(1)


def _select(pictures: Sequence[Picture], filters: Filters, now: float) -> Selection:
    """Return what to compare: runs of one tree, or of two."""
    runs = pictures[0].runs
    if len(pictures) == 1:
        return select(pictures[0], filters, now)
    query, base = filters
    others = pictures[1].runs
    chosen = [run for run in runs if query.matches(run, now)]
    former = [run for run in others if (base or query).matches(run, now)]
    return Selection(chosen, side_by_side_trees(chosen, former), [*runs, *others])


def _lines(
    comparison: Comparison, form: str, roots: Sequence[str], incomplete: Sequence[Unread]
) -> Iterator[str]:
    """Yield the lines to print."""
    if form == "json":
        yield dump(
            {
                "version": JSON_VERSION,
                "roots": list(roots),
                "generated": datetime.now().astimezone().isoformat(),
                "incomplete": incomplete_objects(incomplete),
                **comparison_object(comparison),
            }
        )
        return
    paper = open_paper()
    said = paper.words(headline(comparison))
    yield literal(said) if form == "md" else said
    write = _markdown if form == "md" else _table
    for name, items in comparison.told.items():
        if items and comparison.has_changed:
            yield ""
            yield from write(name, items, paper)


def _table(name: str, items: Sequence[Item], paper: Paper) -> Iterator[str]:
    """Yield the tests of a list: letter, name, run and cause, in columns."""
    yield f"{MEANINGS[name]}:"
    plain = "NO_COLOR" in os.environ
    rows = [[paper.words(cell) for cell in _cells(item)] for item in items]
    name_width, path_width, _cause = (
        min(_MAX_CELLS, max(map(width_of, column))) for column in zip(*rows, strict=True)
    )
    for item, (test, path, cause) in zip(items, rows, strict=True):
        letter, colour = _sign(item)
        start = f"{letter}  {pad(paper.fit(test, name_width), name_width)}"
        where = pad(paper.fit(path, path_width), path_width)
        line = paper.line(f"{start}  {where}  {cause}".rstrip())
        yield line if plain or not colour else click.style(line, fg=colour)


def _markdown(name: str, items: Sequence[Item], _paper: Paper) -> Iterator[str]:
    yield f"## {MEANINGS[name].capitalize()}"
    yield ""
    rows = iter([["test", "run", "cause"], *([*map(clean, _cells(item))] for item in items)])
    yield "".join(markdown_lines(rows)).rstrip("\n")


def _cells(item: Item) -> list[str]:
    """Return the name of a test, where its run is below the root unless that is its name, cause."""
    run = item.run or item.base
    place = "" if run is None else run.path.removeprefix(run.root).strip("/") or run.path
    if run is not None and run.is_cleaned:
        place = f"{place}, {CLEANED}"
    return [item.name, "" if place == item.name else place, item.cause]


def _sign(item: Item) -> tuple[str, str | None]:
    """Return letter and colour of a test; neutral ones if it has no result."""
    return (
        (_NONE, None) if item.run is None else (item.run.category.letter, item.run.category.colour)
    )
