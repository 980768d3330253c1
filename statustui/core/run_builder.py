"""Build a `Run`: judge what its status file adds up to, and what lies beside it."""

from __future__ import annotations

from functools import lru_cache

from statustui.core.categories import Category
from statustui.core.line_codes import KNOWN_WORDS, category_of, result_in
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.states import STATES, categorise
from statustui.core.status_info import StatusInfo
from statustui.core.status_lines import is_whole_enough
from statustui.core.status_summary import StatusSummary
from statustui.core.times import seconds_of


def make_run(  # noqa: PLR0913 - everything that a run is made of
    place: RunDir,
    metadata: RunMetadata,
    summary: StatusSummary,
    *,
    torn: bytes = b"",
    result: str | None = None,
    overrides: bool = False,
    modified: float | None = None,
) -> Run:
    """Build a run from what was read of it.

    Args:
        place: The directory of the run.
        metadata: What the files beside its status file say.
        summary: What the whole lines of its status file add up to.
        torn: The bytes after the last newline; they count if `is_whole_enough` accepts them.
        result: The result in ``results.json``; it counts if the status file names none.
        overrides: Whether `result` counts even if the status file names another one.
        modified: Time of the last write to the status file, in seconds since 1970; None if unknown.
    """
    if torn and is_whole_enough(torn):
        summary = summary.add(torn, summary.offset)
    summary = summary.settled(modified)
    current, stage = summary.current, summary.stage
    if current is None or stage is None:
        reason = "There is nothing in the status file."
        if summary.offset or torn:
            reason = "There is no status in what can be read of the status file."
        current = current or StatusInfo.read(STATES.UNKNOWN, reason, None)
        return _assemble(place, metadata, summary, current=current, category=Category.UNKNOWN)
    named = counts = filed = None
    if stage.state == STATES.COMPLETE:
        named = result_in(stage.note)
        is_contradicted = overrides and None not in {named, result} and named != result
        counts = result if is_contradicted or named is None else named
        filed = result if is_contradicted else None
    category, problem = _judge(stage, summary.problem, counts)
    return _assemble(
        place,
        metadata,
        summary,
        current=current,
        category=category,
        problem=problem,
        result=counts,
        stage=stage.state,
        status_result=named,
        results_file=filed,
    )


def make_unread_run(
    place: RunDir, metadata: RunMetadata, reason: str, *, missing: bool = False
) -> Run:
    """Build a run whose status file is unreadable, or is `missing`.

    Args:
        place: The directory of the run.
        metadata: What the files beside its status file say.
        reason: Why the file could not be read, in a sentence.
        missing: Whether there is no status file.
    """
    current = StatusInfo.read(STATES.UNKNOWN, reason, None)
    return _assemble(
        place,
        metadata,
        StatusSummary(),
        current=current,
        category=Category.UNKNOWN if missing else Category.ERROR,
        problem=None if missing else current,
        error=reason,
    )


def make_abandoned(run: Run, reason: str) -> Run:
    """Return the run as one that Pavilion failed to create, and that will never start.

    Args:
        run: The run.
        reason: What happened, in a sentence.
    """
    current = run.current
    problem = StatusInfo.read(current.state, reason, current.time)
    if not run.status_count:
        current = problem
    return run._replace(
        current=current, category=Category.ERROR, problem=problem, is_abandoned=True
    )


def _judge(
    stage: StatusInfo, problem: StatusInfo | None, result: str | None
) -> tuple[Category, StatusInfo | None]:
    """Return the category of a run, and the status that explains it if that is a problem."""
    category = categorise(stage.state, result)
    if result == "PASS" or (problem is None and not category.is_problem):
        return category, None
    if problem is None or problem == stage:
        return category, stage
    return category_of(problem.state, problem.note), problem


@lru_cache(maxsize=1024)
def _decode(words: frozenset[bytes]) -> frozenset[str]:
    """Return states as text: one set for all runs that have been in the same states."""
    return frozenset(word.decode("utf-8", "replace") for word in words)


def _states_of(words: frozenset[bytes]) -> frozenset[str]:
    # Unknown names may be long: they are not cached, so that they are freed with their run.
    return _decode(words) if words <= KNOWN_WORDS else _decode.__wrapped__(words)


def _assemble(  # noqa: PLR0913 - everything in which runs differ
    place: RunDir,
    metadata: RunMetadata,
    summary: StatusSummary,
    *,
    current: StatusInfo,
    category: Category,
    problem: StatusInfo | None = None,
    result: str | None = None,
    error: str | None = None,
    stage: str = STATES.UNKNOWN,
    status_result: str | None = None,
    results_file: str | None = None,
) -> Run:
    return Run(
        root=place.root,
        path=place.path,
        metadata=metadata,
        kind=place.kind,
        current=current,
        category=category,
        problem=problem,
        result=result,
        status_count=summary.status_count,
        seen=_states_of(summary.seen),
        started=seconds_of(summary.started),
        began=seconds_of(summary.began),
        updated_at=current.timestamp,
        error=error,
        stage=stage,
        recovered=summary.recovered,
        status_result=status_result,
        results_file=results_file,
        own_id=place.own_id,
    )
