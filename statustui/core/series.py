"""What a series amounts to: a container, judged by the runs that it has started.

``pav run`` makes one each time. The last state that Pavilion sets for it is ``ALL_STARTED``, until
somebody asks Pavilion, which then appends ``COMPLETE``, whatever came out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from statustui.core.categories import Category
from statustui.core.durations import StaleAfter
from statustui.core.members import Members
from statustui.core.run import Run
from statustui.core.states import categorise
from statustui.core.status_info import StatusInfo

ALL_TESTS_STARTED = "ALL_TESTS_STARTED"
"""A file that Pavilion makes in the directory of a series that no further run will be added to."""
SERIES_COMPLETE = "SERIES_COMPLETE"
"""A file that Pavilion makes in the directory of a series that it will not touch any more."""

_ALL_STARTED = "ALL_STARTED"
_DEAD = "its process seems to have died"


class SeriesFiles(NamedTuple):
    """What is in the directory of a series, beside its status file."""

    members: tuple[str, ...] = ()
    """Directories of the runs that it links to."""
    is_flat: bool = False
    """Whether the links are in the directory itself, as 2.1.1 makes them, which adds no more."""
    has_all_started: bool = False
    """Whether there is a file ``ALL_TESTS_STARTED``."""
    has_completed: bool = False
    """Whether there is a file ``SERIES_COMPLETE``."""


class Verdict(NamedTuple):
    """A series as its runs have it."""

    run: Run
    dies_at: float | None
    """When it counts as dead unless something happens, in seconds since 1970."""


def is_member(run: Run, series: Run) -> bool:
    """Whether the run that a series links to is the one that it has started.

    Ids are used again once their runs have been deleted; a run of 2.4 names its series.
    """
    return not run.series or run.series.lstrip("0") == series.series.lstrip("0")


def judge(
    own: Run, files: SeriesFiles, runs: Sequence[Run | None], now: float, patience: StaleAfter
) -> Verdict:
    """Judge a series by its own statuses and by its runs.

    It is under way while one of its runs is, or while further ones are to come. Then it is in the
    gravest category of its runs and its own final state. A problem of its own comes before all
    else: an error that it tells of, or that nothing has happened although more was to come.

    Args:
        own: What its status file says.
        files: What is beside that.
        runs: Its runs, in the order of `files`; None for one that has been deleted.
        now: The time in seconds since 1970.
        patience: For how long nothing may happen while further runs are to come.
    """
    has_ended_itself = files.has_completed or own.is_finished
    has_all = (
        has_ended_itself
        or files.has_all_started
        or own.stage == _ALL_STARTED
        # Without any status there is nothing that could tell of more: 2.1.1 writes none.
        or (own.is_missing and (files.is_flat or not files.members))
    )
    found = [run for run in runs if run is not None]
    active = [run for run in found if not (run.is_finished or run.is_missing)]
    dies_at = None
    if not (has_all or any(run.category.is_under_way for run in active)):
        signs = [run.updated_at for run in (own, *found) if run.updated_at is not None]
        if signs:
            dies_at = max(signs) + patience.of(own.stage)
    is_dead = dies_at is not None and now >= dies_at
    counts = Counter(run.category for run in found)
    members = Members(
        files.members,
        tuple((category, counts[category]) for category in Category if counts[category]),
        len(runs) - len(found),
        has_all,
        has_ended_itself or is_dead or (has_all and not active),
    )
    category = _category(own, members, active, is_dead=is_dead)
    status = own.current
    current = StatusInfo.read(status.state, _note(own, members, is_dead=is_dead), status.timestamp)
    problem = own.problem
    if is_dead and problem is None:
        problem = current
    run = own._replace(
        current=current,
        category=category,
        problem=problem,
        members=members,
        error=None if own.is_missing else own.error,
    )
    return Verdict(run, None if is_dead else dies_at)


def _category(own: Run, members: Members, active: Sequence[Run], *, is_dead: bool) -> Category:
    if own.problem is not None:
        return own.category
    if is_dead:
        return Category.ERROR
    under_way = [run.category for run in active if run.category.is_under_way]
    if under_way:
        return gravest(under_way)
    if not members.has_all:
        return own.category
    categories = [category for category, _count in members.counts]
    final = categorise(own.stage)
    if final.is_final:
        categories.append(final)
    return gravest(categories or [Category.PASSED])


def gravest(categories: Sequence[Category]) -> Category:
    """The one of these that needs attention most."""
    return min(categories, key=lambda category: category.rank)


def _note(own: Run, members: Members, *, is_dead: bool) -> str:
    """What to say of it in one line: its runs, and what is wrong with itself."""
    said = [members.summary] if members.paths else []
    if own.problem is not None:
        state = own.problem.state
        said.append(own.problem.note if state == own.stage else f"{state}: {own.problem.note}")
    elif is_dead:
        said.append(_DEAD)
    elif not said:
        said.append(members.summary if own.is_missing else own.current.note)
    return "; ".join(said)
