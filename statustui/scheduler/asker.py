"""Ask schedulers about the jobs of runs under way, in a thread, at a gentle pace."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from statustui.core.job import JobStatus, SchedulerName
from statustui.core.job_places import JobPlace
from statustui.core.text import count
from statustui.scheduler.answers import Answer, Answers, Call, WantedJob
from statustui.scheduler.clusters import jobs_of_cluster, systems_of
from statustui.scheduler.command import CommandRunner, NoAnswerError, Output, RunCommand
from statustui.scheduler.flux import Flux
from statustui.scheduler.pace import DEFAULT_EVERY, Pace
from statustui.scheduler.pbs import Pbs
from statustui.scheduler.scheduler import Scheduler, is_at_hand
from statustui.scheduler.slurm import Slurm

_MAX_CALLS = 200
"""Calls that are kept for the request log."""
_MAX_WORD, _MAX_SHOWN, _MAX_NODES = 40, 200, 1 << 14
"""Characters kept of a state, of a command or a reason, and of a list of nodes."""


class Asker:
    """Asks the schedulers at hand about the jobs that are wanted.

    There is one thread, which is a daemon. It asks only while jobs are wanted, and keeps to the
    `Pace`. What it has learned stays in `answers` when a scheduler does not answer any more.

    Args:
        every: Seconds between two rounds of calls.
        unattended: Seconds after the last sign of a user for which to go on asking.
        run: Runs a command.
        schedulers: Makes the schedulers; by default all that are known.
        clock: Returns the time in seconds since 1970.
        monotonic: Returns the time in seconds on a clock that is never set.
    """

    def __init__(  # noqa: PLR0913 - how to ask, and stand-ins for tests
        self,
        every: float = DEFAULT_EVERY,
        unattended: float = float("inf"),
        run: RunCommand | None = None,
        schedulers: Callable[[RunCommand], Sequence[Scheduler]] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.answers = Answers()
        """Replaced as a whole; may be read from any thread."""
        self.every = every
        self._runner = CommandRunner()
        self._run = run or self._runner
        self._clock = clock
        self._monotonic = monotonic
        self._unattended = unattended
        self._attended_at = monotonic()
        self._pace = Pace(every)
        self._schedulers = (schedulers or all_schedulers)(self._record)
        self._at_hand: list[SchedulerName] | None = None
        self._calls: deque[Call] = deque(maxlen=_MAX_CALLS)
        self._lock = threading.Lock()
        self._wanted: dict[object, frozenset[WantedJob]] = {}
        self._wake = threading.Event()
        self._stopped = threading.Event()

    # Called from any thread.

    @property
    def calls(self) -> tuple[Call, ...]:
        """The last calls, oldest first."""
        with self._lock:
            return tuple(self._calls)

    def want(self, owner: object, jobs: Collection[WantedJob]) -> None:
        """Ask about these jobs from now on, instead of those that `owner` has wanted before."""
        with self._lock:
            before = self._wanted.get(owner, frozenset())
            self._wanted[owner] = frozenset(jobs)
            if not self._wanted[owner] <= before:
                self._pace.reset()
        self._wake.set()

    def scheduler_of(self, place: JobPlace) -> SchedulerName:
        """Return whose job a job is: that of another scheduler at hand, if its id may be one there.

        Pavilion cuts the server from the ids of PBS, and what is left looks like an id of Slurm.
        """
        if not place.has_bare_number:
            return place.scheduler
        if self._at_hand is None:
            at_hand = filter(is_at_hand, self._schedulers)
            self._at_hand = [scheduler.name for scheduler in at_hand]
        return self._at_hand[0] if self._at_hand else place.scheduler

    def hurry(self) -> None:
        """Ask as soon as may be, because the user wants it."""
        with self._lock:
            self._pace.hurry(self._monotonic())
        self.mark_attended()

    def mark_attended(self) -> None:
        """Record that there is a user."""
        self._attended_at = self._monotonic()
        self._wake.set()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._serve, name="scheduler", daemon=True).start()

    def stop(self) -> None:
        """Stop, and kill the call that is under way."""
        self._stopped.set()
        self._wake.set()
        self._runner.stop()

    # On the thread.

    def _serve(self) -> None:
        while True:
            self._wake.clear()
            # Whoever stops it later wakes it again.
            if self._stopped.is_set():
                return
            if not self.ask_if_due():
                left = self._pace.due_at - self._monotonic()
                may_ask = self._is_attended and bool(self._all_wanted())
                self._wake.wait(max(0.01, left) if may_ask else None)

    @property
    def _is_attended(self) -> bool:
        return self._monotonic() - self._attended_at <= self._unattended

    def _all_wanted(self) -> frozenset[WantedJob]:
        with self._lock:
            return frozenset().union(*self._wanted.values())

    def ask_if_due(self) -> bool:
        """Make a round of calls if one is due; return whether it was."""
        now = self._monotonic()
        wanted = self._all_wanted()
        if not wanted or now < self._pace.due_at or not self._is_attended:
            return False
        self._pace.begin(now)
        self.ask(wanted)
        with self._lock:
            is_useful = not self.answers.problem and bool(self.answers.by_job)
            self._pace.end(self._monotonic(), is_useful=is_useful)
        return True

    def ask(self, wanted: Collection[WantedJob]) -> None:
        """Ask all schedulers at hand about some jobs, without regard to the pace."""
        asked = self._clock()
        found: dict[WantedJob, Answer] = {}
        problems = []
        for scheduler in self._schedulers:
            jobs = [job for job in wanted if job.scheduler == scheduler.name]
            jobs = [job for job in jobs if scheduler.is_id(job.id)]
            if not jobs or not is_at_hand(scheduler):
                continue
            try:
                found |= self._answers_of(scheduler, jobs)
            except NoAnswerError as error:
                problems.append(str(error))
                before = self.answers.by_job
                found |= {job: before[job] for job in jobs if job in before}
        self.answers = Answers(
            self.answers.round + 1, asked, MappingProxyType(found), "; ".join(problems)
        )

    def _answers_of(
        self, scheduler: Scheduler, jobs: Sequence[WantedJob]
    ) -> dict[WantedJob, Answer]:
        asked = self._clock()
        users = {job.user for job in jobs}
        statuses = scheduler.ask({job.id for job in jobs}, users)
        # A call more, so only where several systems leave doubt.
        cluster = scheduler.ask_cluster() if len(systems_of(jobs)) > 1 else ""
        found = {}
        for job in jobs_of_cluster(jobs, cluster, os.uname().nodename.partition(".")[0]):
            status = statuses.get(job.id)
            is_named = status is not None and bool(status.user and job.user)
            if status is not None and not (is_named and status.user != job.user):
                found[job] = Answer(_cut(status), asked)
        return found

    def _record(self, words: Sequence[str], variables: Mapping[str, str]) -> Output:
        """Run a command, and note it in the request log.

        Raises:
            NoAnswerError: It has not answered.
        """
        at, began = self._clock(), self._monotonic()
        result = ""
        try:
            output = self._run(words, variables)
            result = count(output.out.count("\n"), "line")
            if output.status:
                result = f"exit status {output.status}: {output.complaint}"
        except NoAnswerError as error:
            result = str(error)
            raise
        finally:
            command = " ".join(words)[:_MAX_SHOWN]
            with self._lock:
                self._calls.append(Call(at, command, self._monotonic() - began, result))
        return output


def _cut(status: JobStatus) -> JobStatus:
    """Return a status with texts of a length that is worth keeping."""
    return status._replace(
        state=status.state[:_MAX_WORD],
        reason=status.reason[:_MAX_SHOWN],
        nodes=status.nodes[:_MAX_NODES],
    )


def all_schedulers(run: RunCommand) -> list[Scheduler]:
    """Return every scheduler that can be asked."""
    return [Slurm(run), Flux(run), Pbs(run)]
