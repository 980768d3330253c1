"""The jobs of the runs under way of one tree: what their files and the scheduler say of them.

The files are looked at for runs under way only, and again only where something may have changed: a
log of a job by one `stat`, a process by its id. A job that holds many runs is looked at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from statustui.core.job import Job, JobPhase, JobStatus
from statustui.core.job_places import JobPlace, look_for_process
from statustui.core.job_verdict import Evidence, RunTimes, judge_by_job, may_be_judged
from statustui.core.reading import Signature
from statustui.core.run import Run
from statustui.monitor.due_queue import DueQueue
from statustui.monitor.job_files import JobFiles
from statustui.scheduler.answers import Answers, WantedJob

if TYPE_CHECKING:
    from statustui.scheduler.asker import Asker

_MIN_RECHECK_SECONDS = 10.0
"""Least time between two checks of a job, in seconds."""
_RECHECK_SHARE = 0.02
"""The same as a share of the time since the last status of its runs."""
_MAX_REVIEW_SECONDS = 0.25
"""Seconds that a review takes at most, besides a call that hangs."""
_OLD_ROUNDS = 2.0
"""An answer is old after so many times the interval at which the scheduler is asked."""
_RETRY_SECONDS = 60.0
"""Seconds until a job behind a link that did not answer is looked for again."""


class _Tracked:
    """A run under way."""

    __slots__ = ("changed_at", "job", "shown")

    def __init__(self) -> None:
        self.job: _KnownJob | None = None
        self.changed_at: float | None = None
        """When its file was seen to change, in seconds since 1970; None if it was not."""
        self.shown: tuple[object, ...] = ()
        """What was made of the run by its job, as it was reported last."""


class _KnownJob:
    """A job of runs under way."""

    __slots__ = ("answer", "checked_at", "key", "paths", "place", "signature", "trace", "user")

    def __init__(self, key: str, place: JobPlace, user: str) -> None:
        self.key = key
        self.place = place
        self.user = user
        self.paths: set[str] = set()
        self.trace: Evidence | None = None
        self.answer: Evidence | None = None
        self.signature: Signature | None = None
        self.checked_at = float("-inf")

    @property
    def evidence(self) -> Evidence | None:
        """What counts: the scheduler, unless a trace of the end came after its answer."""
        answer, trace = self.answer, self.trace
        if answer is None or trace is None:
            return answer or trace
        if answer.status.phase is JobPhase.UNKNOWN:
            return trace
        if answer.status.phase is JobPhase.ENDED or trace.seen is None:
            return answer
        return answer if (answer.asked or 0.0) > trace.seen else trace

    def evidence_at(self, now: float, old_after: float) -> Evidence | None:
        """Return what counts at a time, and whether the scheduler should have been heard since.

        Args:
            now: The time in seconds since 1970.
            old_after: Seconds after which an answer is old; that a job has ended never is.
        """
        found = self.evidence
        if found is None or found.asked is None or found.status.phase is JobPhase.ENDED:
            return found
        return found._replace(is_old=now - found.asked >= old_after)

    @property
    def wanted(self) -> WantedJob:
        """What to ask the scheduler about."""
        return WantedJob(self.place.scheduler, self.place.id, self.user, self.place.system)

    @property
    def is_wanted(self) -> bool:
        """Whether the scheduler is to be asked about it: it has not said that it has ended."""
        has_ended = self.answer is not None and self.answer.status.phase is JobPhase.ENDED
        return self.place.scheduler != "raw" and not has_ended


class Looks(NamedTuple):
    """How to look at jobs."""

    grace: float
    """Seconds after the end of a job in which a status may still be written."""
    clock: Callable[[], float]
    """Returns the time in seconds since 1970."""
    asker: Asker | None = None
    """Asks the scheduler; None to go by the files alone."""
    is_single: bool = False
    """Whether there is one look only: then nothing is seen to change."""
    beat: Callable[[], object] = lambda: None
    """Called whenever the filesystem has answered."""


class Jobs:
    """Judges the runs under way of one tree by their jobs; used by one thread.

    Args:
        looks: How to look.
        files: Reads the files of the jobs.
    """

    def __init__(self, looks: Looks, files: JobFiles | None = None) -> None:
        self._looks = looks
        self._files = files or JobFiles()
        self._runs: dict[str, _Tracked] = {}
        self._jobs: dict[str, _KnownJob] = {}
        self._to_find = DueQueue()
        """The runs whose job is to be looked for, in seconds since 1970."""
        self._due = DueQueue()
        """The jobs to check, by their key, in seconds since 1970."""
        self._answers = Answers()
        asker = looks.asker
        self._old_after = float("inf") if asker is None else _OLD_ROUNDS * asker.every
        self._old_at = float("inf")
        """When to look for answers that have become old, in seconds since 1970."""
        self._has_new_jobs = False
        self._is_asking = False
        """Whether the scheduler is being asked about any job."""

    def close(self) -> None:
        """End the thread that reads files behind links, and want no job any more."""
        self._files.close()
        if self._looks.asker is not None:
            self._looks.asker.want(self, ())

    def add(self, run: Run, before: Run | None = None) -> None:
        """Add a new run, or replace what it was `before`."""
        if not may_be_judged(run):
            self.forget(run.path)
            return
        if before is not None and before.started != run.started:
            # Another run has the path now.
            self.forget(run.path)
        now = self._looks.clock()
        tracked = self._runs.get(run.path)
        is_new = tracked is None
        if tracked is None:
            tracked = self._runs[run.path] = _Tracked()
        elif before is not None and before.current != run.current:
            tracked.changed_at = now
        tracked.shown = ()
        if tracked.job is None:
            # A job is named before the run is in the state of being scheduled.
            if is_new or before is None or before.current.state != run.current.state:
                self._to_find.schedule(run.path, now)
        else:
            self._due.schedule_no_later(
                tracked.job.key, max(now, tracked.job.checked_at + _MIN_RECHECK_SECONDS)
            )

    def forget(self, path: str) -> None:
        """Remove a run that no longer exists, or is not under way any more."""
        tracked = self._runs.pop(path, None)
        if tracked is None:
            return
        self._to_find.remove(path)
        job = tracked.job
        if job is not None:
            job.paths.discard(path)
            if not job.paths:
                del self._jobs[job.key]
                self._due.remove(job.key)
                self._has_new_jobs = True

    def judged(self, run: Run) -> Run:
        """Return a run with its job, and with what is known of that."""
        tracked = self._runs.get(run.path)
        if tracked is None or tracked.job is None:
            return run
        job, place = tracked.job, tracked.job.place
        times = RunTimes(self._looks.clock(), tracked.changed_at)
        evidence = job.evidence_at(times.now, self._old_after)
        return judge_by_job(run, Job(place.id, place.scheduler), evidence, times, self._looks.grace)

    def review_due(
        self, get: Callable[[str], Run | None], seconds: float = _MAX_REVIEW_SECONDS
    ) -> Iterator[Run]:
        """Look for jobs, check those that are due, and take new answers of the scheduler.

        Args:
            get: Returns the known run at a path as its files have it, None if it is gone.
            seconds: How long this may take.

        Yields:
            The runs of which something else is made now, each with its job.
        """
        now, end = self._looks.clock(), time.monotonic() + seconds
        touched = dict.fromkeys((*self._take_answers(now), *self._take_old(now)))
        while time.monotonic() < end and (path := self._to_find.pop_next(now)) is not None:
            run = get(path)
            job = None if run is None else self._find(run, now)
            self._looks.beat()
            if job is not None:
                touched[job.key] = None
        while time.monotonic() < end and (key := self._due.pop_next(now)) is not None:
            self._check(self._jobs[key], get, now)
            self._looks.beat()
            touched[key] = None
        for key in touched:
            yield from self._judge_again(self._jobs[key], get)
        self._tell_wanted()

    def _judge_again(self, job: _KnownJob, get: Callable[[str], Run | None]) -> Iterator[Run]:
        for path in list(job.paths):
            run = get(path)
            if run is None:  # pragma: no cover - a run is forgotten when it goes
                continue
            judged = self.judged(run)
            shown = (judged.job, judged.category, judged.problem)
            tracked = self._runs[path]
            if shown != tracked.shown:
                tracked.shown = shown
                yield judged

    # Finding jobs.

    def _find(self, run: Run, now: float) -> _KnownJob | None:
        """Look for the job of a run, and return it; None if no file names one."""
        folder = self._files.folder_of(run)
        known = self._jobs.get(folder or run.path)
        if known is None:
            try:
                found = self._files.find(run, folder)
            except OSError:
                self._to_find.schedule(run.path, now + _RETRY_SECONDS)
                return None
            if found is None:
                if folder is not None:
                    # It is being described: Pavilion makes the link first.
                    self._to_find.schedule(run.path, _next_look(run, now))
                return None
            asker = self._looks.asker
            if asker is not None:
                found = found._replace(scheduler=asker.scheduler_of(found))
            known = self._jobs[folder or run.path] = _KnownJob(folder or run.path, found, run.user)
            self._has_new_jobs = True
            self._apply_answer(known, now)
            self._due.schedule(known.key, now)
        known.paths.add(run.path)
        self._runs[run.path].job = known
        return known

    # Checking jobs.

    def _check(self, job: _KnownJob, get: Callable[[str], Run | None], now: float) -> None:
        """Look at the traces of a job, and schedule the next check."""
        run = next((run for path in job.paths if (run := get(path)) is not None), None)
        if run is None:  # pragma: no cover - a run is forgotten when it goes
            return
        job.checked_at = now
        status = self._look(job, run)
        if status is not None:
            is_same = job.trace is not None and job.trace.status == status
            if not is_same:
                seen = None if self._looks.is_single else now
                job.trace = Evidence(status, None, seen)
        self._due.schedule(job.key, self._next_check(job, run, now))

    def _next_check(self, job: _KnownJob, run: Run, now: float) -> float:
        due = _next_look(run, now)
        evidence = job.evidence
        if evidence is None or evidence.seen is None:
            return due
        # Look again when no late status is to be expected any more.
        over = evidence.seen + self._looks.grace
        return min(due, over) if over > now else due

    def _look(self, job: _KnownJob, run: Run) -> JobStatus | None:
        """Return what the traces of a job say; None if that is nothing new."""
        place = job.place
        if place.scheduler == "raw":
            return look_for_process(place)
        if not place.log:
            return None
        try:
            told = self._files.read_log(run, job.key, place, job.signature)
        except OSError:
            return None
        if told is None:
            return None
        status, job.signature = told
        if status is None:
            # The log of a job that was requeued begins anew.
            job.trace = None
        return status

    # Asking.

    def _take_answers(self, now: float) -> Iterator[str]:
        """Take new answers, and yield the keys of the jobs that they are about."""
        asker = self._looks.asker
        if asker is None or asker.answers is self._answers:
            return
        self._answers = asker.answers
        for job in self._jobs.values():
            if self._apply_answer(job, now):
                yield job.key

    def _take_old(self, now: float) -> Iterator[str]:
        """Yield the keys of the jobs whose answers are old; those become so at different times."""
        if now < self._old_at:
            return
        self._old_at = float("inf")
        for job in self._jobs.values():
            if job.answer is not None and job.answer.asked is not None:
                old_at = job.answer.asked + self._old_after
                if old_at <= now:
                    yield job.key
                else:
                    self._old_at = min(self._old_at, old_at)

    def _apply_answer(self, job: _KnownJob, now: float) -> bool:
        """Take what the scheduler has said of a job; return whether it has said anything."""
        answer = self._answers.by_job.get(job.wanted)
        if answer is None:
            return False
        before = job.answer
        is_same = before is not None and before.status.state == answer.status.state
        seen = (before.seen or now) if before is not None and is_same else now
        job.answer = Evidence(answer.status, answer.asked, None if self._looks.is_single else seen)
        self._old_at = min(self._old_at, answer.asked + self._old_after)
        if answer.status.phase is JobPhase.ENDED:
            self._has_new_jobs = True
            self._due.schedule_no_later(job.key, max(now, seen + self._looks.grace))
        return True

    def _tell_wanted(self) -> None:
        if self._has_new_jobs and self._looks.asker is not None:
            self._has_new_jobs = False
            wanted = self.wanted
            self._is_asking = bool(wanted)
            self._looks.asker.want(self, wanted)

    @property
    def unanswered(self) -> str:
        """Why the scheduler has not answered when it was asked last; empty if it has."""
        return self._answers.problem if self._is_asking else ""

    @property
    def wanted(self) -> frozenset[WantedJob]:
        """The jobs that a scheduler is to be asked about."""
        return frozenset(job.wanted for job in self._jobs.values() if job.is_wanted)


def _next_look(run: Run, now: float) -> float:
    """Return when to look at the job of a run again, in seconds since 1970."""
    idle = max(0.0, now - (run.updated_at or now))
    return now + max(_MIN_RECHECK_SECONDS, idle * _RECHECK_SHARE)


def judge_jobs(
    runs: Sequence[Run], looks: Looks, files: JobFiles | None = None
) -> tuple[list[Run], frozenset[WantedJob]]:
    """Judge the runs of one tree by their jobs, in a single look.

    Args:
        runs: The runs.
        looks: How to look.
        files: What the files of the jobs say.

    Returns:
        The runs, and the jobs that a scheduler can be asked about.
    """
    jobs = Jobs(looks, files)
    known = {run.path: run for run in runs if may_be_judged(run)}
    try:
        for run in known.values():
            jobs.add(run)
        judged = {run.path: run for run in jobs.review_due(known.get, float("inf"))}
        return [judged.get(run.path, run) for run in runs] if judged else list(runs), jobs.wanted
    finally:
        jobs.close()
