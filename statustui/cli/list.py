"""`statustui list`: print the runs, once or as they change."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import click

from statustui.cli import output
from statustui.cli.console import echo_all, open_paper, warn, warn_unread
from statustui.cli.options import (
    ASK,
    FILTER,
    ROOTS,
    Failure,
    Filter,
    WatchOptions,
    complete_from,
    watch_options,
)
from statustui.cli.reading import (
    make_asker,
    read_options,
    read_roots,
    save_caches,
    warn_unanswered,
    warn_unfollowed,
)
from statustui.core.order import SORT_KEYS, in_order, split_sort
from statustui.monitor.once import Picture
from statustui.monitor.read_options import Details, ReadOptions
from statustui.presentation.export import EXPORT_COLUMNS, EXPORTS, USUAL_COLUMNS, rows_of
from statustui.presentation.run_object import dump, run_object
from statustui.presentation.summary import summarise
from statustui.settings.config import Config

_OBJECTS = frozenset({"json", "jsonl"})
"""The formats that print whole objects."""


@click.command("list", short_help="List runs, once or as they change.")
@ROOTS
@click.option(
    "-s",
    "--sort",
    metavar="[-]KEY",
    shell_complete=complete_from([*SORT_KEYS, *(f"-{key}" for key in SORT_KEYS)]),
    help=f"Sort by {', '.join(SORT_KEYS)}; - in front reverses; by default id.",
)
@FILTER
@click.option(
    "-l", "--limit", type=click.IntRange(0), metavar="N", help="List only the first N runs."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *EXPORTS, "json", "jsonl"]),
    help="Print a table, comma or tab separated text, Markdown, or JSON.",
)
@click.option(
    "--columns",
    metavar="NAME,...",
    callback=lambda _context, _option, value: parse_columns(value),
    shell_complete=complete_from(EXPORT_COLUMNS),
    help=f"The columns: some of {', '.join(EXPORT_COLUMNS)}.",
)
@click.option("--json", "form", flag_value="json", help="Print one JSON object.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Print a JSON object for each run.")
@click.option("--summary", is_flag=True, help="Print how many runs are in each category.")
@click.option("--exit-status", is_flag=True, help="Exit with 1 if a listed run has a problem.")
@ASK
@click.option("--follow", is_flag=True, help="Continue, and print every change.")
@watch_options
def command(  # noqa: PLR0913 - click passes one argument for each option
    *,
    roots: tuple[str, ...],
    expression: str = "",
    sort: str | None = None,
    limit: int | None = None,
    form: str | None = None,
    columns: tuple[str, ...] = (),
    summary: bool = False,
    exit_status: bool = False,
    asks: bool = False,
    follow: bool = False,
    watching: WatchOptions,
) -> None:
    """List the runs below each ROOT once, or with --follow until interrupted."""
    order = sort or "id"
    form = None if form == "table" else form
    _check_sort(order)
    query = Filter(expression)
    _check_format(form, columns, has_rows=not (follow or summary))
    is_once = form == "json" or limit is not None or exit_status or summary or asks
    if follow and (is_once or sort):
        raise click.UsageError(
            "--follow cannot be used with --json, --sort, --limit, --summary, --ask "
            "or --exit-status."
        )
    if not follow and watching.has_follow_options:
        raise click.UsageError("--watch, --interval and --max-checks need --follow.")
    if summary and sort and limit is None:
        raise click.UsageError("--sort has no effect on --summary without --limit.")
    config = watching.configure()
    for mistake in config.mistakes:
        warn(mistake)
    if follow:
        _follow(roots, config, query, as_json=form == "jsonl")
        return
    is_count = summary and limit is None
    asker = make_asker(config) if asks else None
    has_objects = form in _OBJECTS and not summary
    tells_pasts = "past" in {*(columns or ()), split_sort(order)[0]}
    options = read_options(
        config,
        details=Details.of(query.fields) if is_count and form is None else Details.ALL,
        tells_pasts=tells_pasts or query.needs_pasts or has_objects,
        asker=asker,
    )
    found = _read(roots, query, options)
    runs = found.runs if is_count else in_order(found.runs, order)[:limit]
    pieces = _print(roots, found._replace(runs=runs), form, columns=columns, is_summary=summary)
    echo_all(pieces)
    warn_unfollowed(found)
    warn_unread(found.incomplete)
    warn_unanswered([asker])
    save_caches(found)
    if found.incomplete:
        raise SystemExit(Failure.exit_code)
    if exit_status and any(run.category.is_problem for run in runs):
        raise SystemExit(1)


def _follow(roots: Sequence[str], config: Config, query: Filter, *, as_json: bool) -> None:
    """Print changes until interrupted."""
    from statustui.cli.follow_loop import follow_runs  # noqa: PLC0415 - a list needs no monitor
    from statustui.cli.root_progress import RootProgress  # noqa: PLC0415 - as above
    from statustui.cli.sources import watch_roots  # noqa: PLC0415 - as above

    settings = config.settings._replace(tells_pasts=as_json or query.needs_pasts)
    is_complete = follow_runs(
        watch_roots(roots, settings, config.patience),
        RootProgress(roots, config.patience),
        lambda run: query.matches(run, time.time()),
        open_paper(),
        as_json=as_json,
    )
    if not is_complete:
        raise SystemExit(Failure.exit_code)


def _read(roots: Sequence[str], query: Filter, options: ReadOptions) -> Picture:
    """Read the runs that match."""
    now = time.time()
    found = read_roots(roots, now, options)
    return found._replace(runs=[run for run in found.runs if query.matches(run, now)])


def _print(
    roots: Sequence[str],
    picture: Picture,
    form: str | None,
    *,
    columns: Sequence[str],
    is_summary: bool,
) -> Iterator[str]:
    """Yield the text to print, in pieces: a table, or what the given `form` is."""
    generated = datetime.now().astimezone()
    runs, incomplete = picture.runs, picture.incomplete
    if is_summary and form:
        yield f"{output.summary_json(roots, runs, generated, incomplete)}\n"
    elif is_summary:
        yield f"{summarise(runs, picture.counted)}\n"
    elif form == "json":
        yield from output.list_json(roots, runs, generated, incomplete)
    elif form == "jsonl":
        yield from (f"{dump(run_object(run))}\n" for run in runs)
    elif form is not None:
        if form == "md":
            yield f"{summarise(runs)}\n\n"
        yield from EXPORTS[form](rows_of(runs, columns or USUAL_COLUMNS, time.time()))
    elif runs or not incomplete:
        plain = "NO_COLOR" in os.environ
        shown = columns or output.TABLE_COLUMNS
        for line, run in output.table(runs, time.time(), open_paper(), shown):
            colour = None if run is None or plain else run.category.colour
            yield f"{click.style(line, fg=colour) if colour else line}\n"


def parse_columns(value: str | None) -> tuple[str, ...]:
    """Return the names of columns in a text with commas between them; empty for None.

    Raises:
        click.BadParameter: One of them is not the name of a column.
    """
    names = tuple(name.strip() for name in (value or "").split(",") if name.strip())
    for name in names:
        if name not in EXPORT_COLUMNS:
            raise click.BadParameter(f"'{name}' is not one of {', '.join(EXPORT_COLUMNS)}.")
    return tuple(dict.fromkeys(names))


def _check_format(form: str | None, columns: Collection[str], *, has_rows: bool) -> None:
    """Refuse a format, or columns, of what is not printed in rows."""
    if columns and not (has_rows and form not in _OBJECTS):
        raise click.UsageError("--columns needs a table, csv, tsv or md, without --summary.")
    if form in EXPORTS and not has_rows:
        raise click.UsageError(f"--format {form} cannot be used with --follow or --summary.")


def _check_sort(sort: str) -> None:
    if split_sort(sort)[0] not in SORT_KEYS:
        raise click.BadParameter(
            f"'{sort}' is not one of {', '.join(SORT_KEYS)}.", param_hint="'--sort'"
        )
