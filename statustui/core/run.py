"""The immutable `Run`: all that is known of one run directory at one time."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

from statustui.core.categories import Category
from statustui.core.compact import omit_defaults
from statustui.core.job import Job, Verdict
from statustui.core.members import Members
from statustui.core.recent_results import Past
from statustui.core.states import STATES, categorise
from statustui.core.status_info import StatusInfo

Kind = Literal["test", "series", "plain"]
"""Where a run is: in Pavilion's ``test_runs``, in its ``series``, or in any other directory."""


class RunMetadata(NamedTuple):
    """What the files beside a status file say about a run; empty where they say nothing."""

    name: str = ""
    """Pavilion's name of the test; in a plain tree the path of the run under the root."""
    user: str = ""
    """Who made the run: from Pavilion's record, or the owner of the status file."""
    series: str = ""
    """Number of the series that the run belongs to; of a series, its own."""
    system: str = ""
    """The system that the run is meant for, as Pavilion calls it."""


class Stall(NamedTuple):
    """Why a run is considered stalled."""

    since: float
    """Its last sign of life, in seconds since 1970."""
    basis: str
    """The reason, in words that are safe for a terminal."""


class RunDir(NamedTuple):
    """Where a run is and what its id is, before anything in it has been read."""

    root: str
    """The watched directory, as the user gave it."""
    path: str
    """The run directory: `root` and the path from there."""
    id: str
    kind: Kind

    @property
    def status_path(self) -> str:
        """Path of the status file."""
        return f"{self.path}/status"

    @property
    def own_id(self) -> str:
        """Its id if that is not the name of its directory, else empty."""
        return "" if self.id == self.path.rpartition("/")[2] else self.id


@omit_defaults
class Run(NamedTuple):
    """All that is known of one run at one time.

    A tuple, since a hundred thousand of them are made at a time: it takes a quarter of the time of
    a frozen dataclass. Read its fields by their names: those that most runs lack are not stored.
    """

    root: str
    path: str
    metadata: RunMetadata
    kind: Kind
    current: StatusInfo
    """The last status; if there is none, ``UNKNOWN`` with a note that says why."""
    category: Category
    problem: StatusInfo | None
    """The status that explains why the run is in error or failed, wherever it is in the file."""
    result: str | None
    """``PASS``, ``FAIL`` or ``ERROR``; None without a result."""
    status_count: int
    """Number of statuses."""
    seen: frozenset[str]
    """Every state that the run has been in."""
    started: float | None
    """When the first status was set, in seconds since 1970."""
    updated_at: float | None
    """When the current status was set, in seconds since 1970."""
    stage: str
    """The state of the last status that is not a remark."""
    status_result: str | None
    """The result named in the status file."""
    began: float | None
    """When it began to run, after waiting and building, in seconds since 1970; None if it has not,
    or if its states do not tell."""
    recovered: StatusInfo | None = None
    """The last error or failure from which the run recovered: it has worked since."""
    past: Past | None = None
    """The last results of its test; None if unknown, or if the run is older than these."""
    error: str | None = None
    """Why the status file could not be read; None if it could."""
    job: Job | None = None
    """The job of a run under way; None if no file names one, or the run has finished."""
    stall: Stall | None = None
    """Why the run is considered stalled; None if it is not."""
    has_run_complete: bool = False
    """Whether there is a file ``RUN_COMPLETE``: Pavilion considers the run finished."""
    is_abandoned: bool = False
    """Whether Pavilion failed to create the run, so that it will never start."""
    results_file: str | None = None
    """The result in a newer ``results.json`` that contradicts the status file; else None."""
    members: Members | None = None
    """The counted runs of a series; None if it has not been judged by them, or is no series."""
    is_muted: bool = False
    """Whether the user has put its problem aside as known."""
    is_cleaned: bool = False
    """Whether it is no longer in the tree: only its result is known, from an earlier look."""
    own_id: str = ""
    """Its id if that is not the name of its directory, else empty."""

    @property
    def id(self) -> str:
        """The name of its directory; for a series with an ``s`` in front, as Pavilion calls it."""
        # Of very many runs this is asked again and again.
        return self.own_id if len(self) > _OWN_ID else self.path.rpartition("/")[2]

    @property
    def name(self) -> str:
        """Pavilion's name of the test; in a plain tree the path of the run under the root."""
        return self.metadata.name

    @property
    def user(self) -> str:
        """Who made the run; empty if unknown."""
        return self.metadata.user

    @property
    def series(self) -> str:
        """Number of the series that the run belongs to; of a series, its own."""
        return self.metadata.series

    @property
    def system(self) -> str:
        """The system that the run is meant for, as Pavilion calls it; empty if unknown."""
        return self.metadata.system

    @property
    def is_finished(self) -> bool:
        """Whether the run will not go on: by its state, by Pavilion, or by the runs of a series.

        A failed build has finished too: ``pav status`` appends ``BUILD_CREATED`` to it. A run whose
        job was taken for lost, but waits or runs, has not.
        """
        if len(self) <= _UP_TO_JOB:
            return self._has_ended_by_status
        return not self.is_doubtful and (
            self.has_run_complete
            or self.is_abandoned
            or self._has_ended_by_status
            or (self.members is not None and self.members.have_ended)
        )

    @property
    def _has_ended_by_status(self) -> bool:
        return categorise(self.stage, self.result).is_final or (
            self.problem is not None and self.stage == STATES.BUILD_CREATED
        )

    @property
    def is_over(self) -> bool:
        """Whether its status file says that it has finished, and nothing else can change that.

        It is no series, its job cannot make anything of it, and it cannot stall. This is asked of
        very many runs that have just been read.
        """
        return (
            len(self) <= _UP_TO_PAST
            and self.kind != "series"
            and _is_over(self.category, self.stage, self.result, self.problem is not None)
        )

    @property
    def is_dead(self) -> bool:
        """Whether its job has ended without a final status of the run."""
        return self.job is not None and self.job.verdict is Verdict.DEAD

    @property
    def has_ended(self) -> bool:
        """Whether it is not to be waited for: it has finished, its job has ended, or it is gone."""
        return self.is_finished or self.is_dead or self.is_cleaned

    @property
    def job_id(self) -> str:
        """The id of its job; empty if it has none."""
        return "" if self.job is None else self.job.id

    @property
    def job_reason(self) -> str:
        """Why its job waits, in the words of the scheduler; empty if it does not."""
        job = self.job
        return job.status.reason if job is not None and job.status and job.is_waiting else ""

    @property
    def is_doubtful(self) -> bool:
        """Whether its file says that its job is lost, and the job waits or runs."""
        return self.job is not None and self.job.verdict is Verdict.DOUBTFUL

    @property
    def is_series(self) -> bool:
        """Whether it is a series: a container of runs, left out of every count of runs."""
        return self.kind == "series"

    @property
    def is_missing(self) -> bool:
        """Whether the run directory has no status yet."""
        return not self.status_count and (self.category is Category.UNKNOWN or self.is_abandoned)

    @property
    def place(self) -> RunDir:
        """The directory of the run."""
        return RunDir(self.root, self.path, self.id, self.kind)

    @property
    def status_path(self) -> str:
        """Path of its status file."""
        return f"{self.path}/status"

    @property
    def hides_problem(self) -> bool:
        """Whether the status that explains its problem is not the current one."""
        return self.problem is not None and self.problem != self.current and not self.is_dead

    def age(self, now: float) -> float | None:
        """Return the seconds from the current status to `now`; None if its time is unknown."""
        return None if self.updated_at is None else now - self.updated_at

    def failing_for(self, now: float) -> float | None:
        """Return for how many seconds its test has failed as it does now.

        Returns:
            The seconds up to `now`; None unless the run is the last result of its test, has failed,
            and it is known since when.
        """
        since = None if self.past is None else self.past.since
        return None if since is None or since.time is None else now - since.time

    @property
    def headline(self) -> str:
        """One line about the run: its current note, or the failure that a later status hides.

        If ``results.json`` contradicts the status file, the line gives both results. The note of a
        series sums up its runs and its own problem.
        """
        if self.contradiction is not None:
            return self.contradiction
        if self.is_doubtful:
            return f"{self.current.state} is doubtful: {self.current.note}"
        prefix = self.headline_prefix
        return f"{prefix}{self.problem.note}" if prefix and self.problem else self.current.note

    def words(self, gap: str) -> str:
        """Return what a word is searched for in: its id, name, state and headline.

        Args:
            gap: What is put between them.
        """
        current, problem = self.current, self.problem
        if len(self) <= _UP_TO_JOB and (problem is None or problem is current):
            run_id, name = self.path.rpartition("/")[2], self.metadata.name
            return f"{run_id}{gap}{name}{gap}{current.state}{gap}{current.note}"
        return gap.join((self.id, self.name, current.state, self.headline))

    @property
    def headline_prefix(self) -> str:
        """The state in front of the note of a failure in the headline; empty if there is none."""
        if self.problem is None or self.members is not None or self.contradiction is not None:
            return ""
        if self.is_dead:
            return f"{self.problem.state}, but "
        return f"{self.problem.state}: " if self.hides_problem else ""

    @property
    def contradiction(self) -> str | None:
        """A phrase with both results if ``results.json`` contradicts the status file; or None."""
        if self.results_file is None:
            return None
        return f"{self.status_result}, results.json says {self.results_file}"

    @property
    def is_untimed(self) -> bool:
        """Whether there is a current status, and its time is unreadable."""
        return self.updated_at is None and bool(self.status_count)


_OWN_ID = Run._fields.index("own_id")
"""Index of the last item of a run that has an id of its own."""
_UP_TO_JOB = Run._fields.index("job")
"""Items at most of a run that has neither a job nor any of what comes after it in `Run`."""
_UP_TO_PAST = Run._fields.index("past") + 1
"""The same of a run without an error, too."""


@lru_cache(maxsize=1024)
def _is_over(category: Category, stage: str, result: str | None, has_problem: bool) -> bool:  # noqa: FBT001 - by position, for the cache
    """Return whether a run in this category is over; the arguments are fields of `Run`."""
    has_ended = categorise(stage, result).is_final or (
        has_problem and stage == STATES.BUILD_CREATED
    )
    return has_ended and category.is_final and stage != STATES.SCHED_ERROR
