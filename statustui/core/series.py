"""Judge a series by the runs that it has started.

Every ``pav run`` makes a series. The last state that Pavilion sets for it is ``ALL_STARTED``, until
somebody asks Pavilion for its status: that appends ``COMPLETE``, whether or not its runs passed.
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
"""A file that Pavilion makes in the directory of a series when all its runs have been added."""
SERIES_COMPLETE = "SERIES_COMPLETE"
"""A file that Pavilion makes in the directory of a series that has finished."""

_ALL_STARTED = "ALL_STARTED"
_DEAD = "its process seems to have died"


class SeriesFiles(NamedTuple):
    """What the directory of a series has beside its status file."""

    members: tuple[str, ...] = ()
    """Directories of the runs that the series links to."""
    is_flat: bool = False
    """Whether the links are directly in the directory, as in 2.1.1, which adds no further runs."""
    has_all_started: bool = False
    """Whether there is a file ``ALL_TESTS_STARTED``."""
    has_completed: bool = False
    """Whether there is a file ``SERIES_COMPLETE``."""


class Verdict(NamedTuple):
    """A series judged by its runs."""

    run: Run
    dies_at: float | None
    """When to consider its process dead unless something happens, in seconds since 1970."""


def is_member(run: Run, series: Run) -> bool:
    """Return whether a run that a series links to was started by it.

    The id of a deleted run is used again for another run. Runs of Pavilion 2.4 name their series.
    """
    return not run.series or run.series.lstrip("0") == series.series.lstrip("0")


def judge(
    own: Run,
    files: SeriesFiles,
    runs: Sequence[Run | None],
    *,
    now: float,
    stale_after: StaleAfter,
) -> Verdict:
    """Judge a series by its own statuses and by its runs.

    It is under way while one of its runs is, or while further runs are expected. After that it has
    the most urgent category among its runs and its own final state. A problem of its own takes
    precedence: an error in its status file, or that nothing has happened for too long although
    further runs are expected.

    Args:
        own: The series by its status file alone.
        files: What its directory has beside the status file.
        runs: Its runs, in the order of `files`; None for one that has been deleted.
        now: The time in seconds since 1970.
        stale_after: For how long nothing may happen while further runs are expected.
    """
    has_finished_itself = files.has_completed or own.is_finished
    has_all = (
        has_finished_itself
        or files.has_all_started
        or own.stage == _ALL_STARTED
        # Pavilion 2.1.1 writes no statuses that could announce further runs.
        or (own.is_missing and (files.is_flat or not files.members))
    )
    found = [run for run in runs if run is not None]
    active = [run for run in found if not (run.has_ended or run.is_missing)]
    dies_at = None
    if not (has_all or any(run.category.is_under_way for run in active)):
        dies_at = _dies_at(own, found, stale_after)
    is_dead = dies_at is not None and now >= dies_at
    counts = Counter(run.category for run in found)
    members = Members(
        paths=files.members,
        counts=tuple((category, counts[category]) for category in Category if counts[category]),
        gone=len(runs) - len(found),
        has_all=has_all,
        have_ended=has_finished_itself or is_dead or (has_all and not active),
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


def _dies_at(own: Run, runs: Sequence[Run], stale_after: StaleAfter) -> float | None:
    """Return when to consider a series dead if nothing happens; None without any known time."""
    times = [run.updated_at for run in (own, *runs) if run.updated_at is not None]
    return max(times) + stale_after.of(own.stage) if times else None


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
    """Return the most urgent one of some categories."""
    return min(categories, key=lambda category: category.rank)


def _note(own: Run, members: Members, *, is_dead: bool) -> str:
    """Return one line about a series: the counts of its runs, and its own problem."""
    said = [members.summary] if members.paths else []
    if own.problem is not None:
        state = own.problem.state
        said.append(own.problem.note if state == own.stage else f"{state}: {own.problem.note}")
    elif is_dead:
        said.append(_DEAD)
    elif not said:
        said.append(members.summary if own.is_missing else own.current.note)
    return "; ".join(said)
