"""The files that name the jobs of runs and tell of their ends, read with a time limit."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple, TypeAlias, TypeVar

from statustui.core.job import JobStatus
from statustui.core.job_places import (
    JOB,
    JobPlace,
    find_linked_job,
    find_named_job,
    read_log_end,
)
from statustui.core.reading import Signature, is_missing, signature_of
from statustui.core.run import Run
from statustui.monitor.fs.prober import CallTarget, Prober, Stuck
from statustui.monitor.reader_pool import ReaderPool

_MAX_PROBE_SECONDS = 0.5
"""Time limit of a call on a file behind a link, in seconds."""

_TOGETHER = 16
"""Jobs whose files are read in one go."""

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

LogEnd: TypeAlias = "tuple[JobStatus | None, Signature]"
"""What a log says of the end of its job, and the signature of the log."""


class JobRead(NamedTuple):
    """What the files of one job say, or why they could not be read."""

    key: str
    run_path: str
    place: JobPlace | OSError | None
    log: LogEnd | OSError | None = None


class JobFiles:
    """Reads the files of jobs; used by one thread.

    Args:
        stuck: The calls that hang.
    """

    def __init__(self, stuck: Stuck | None = None) -> None:
        self._prober = Prober(_MAX_PROBE_SECONDS, stuck)

    def close(self) -> None:
        """End the thread that reads files behind links."""
        self._prober.close()

    def folder_of(self, run: Run) -> str | None:
        """Return the path of the directory of a run's job; None if it has none.

        The path is that to which the link of the run leads, the same for all runs of the job.
        """
        link = f"{run.path}/{JOB}"
        try:
            return os.path.normpath(os.path.join(run.path, os.readlink(link)))
        except OSError:
            pass
        try:
            return link if stat.S_ISDIR(os.lstat(link).st_mode) else None
        except OSError:
            return None

    def find(self, run: Run, folder: str | None) -> JobPlace | None:
        """Return the job of a run; None if no file names one.

        Args:
            run: The run.
            folder: The directory of its job.

        Raises:
            OSError: The directory of the job does not answer.
        """
        if folder is None:
            return find_named_job(run.place)
        return self._prober.call(partial(find_linked_job, run.place), _target(run, folder))

    def read_log(
        self, run: Run, key: str, place: JobPlace, known: Signature | None
    ) -> LogEnd | None:
        """Return what the log of a job says of its end; None if it has not changed.

        Args:
            run: One of its runs.
            key: The directory of the job; the path of the run if it has none.
            place: The job, which has a log.
            known: The signature of the log when it was read last.

        Raises:
            OSError: It cannot be read.
        """
        folder = run.path if key == run.path else f"{run.path}/{JOB}"
        place = place._replace(log=f"{folder}/{os.path.basename(place.log)}")
        # The log may be a link itself, or be behind one.
        return self._prober.call(partial(_read_log, run, place, known), _target(run, key))

    def read(self, jobs: Iterable[tuple[str, Run]]) -> Iterator[JobRead]:
        """Yield what all files of some jobs say.

        Args:
            jobs: The key of each, and one of its runs.
        """
        linked = []
        for key, run in jobs:
            if key == run.path:
                yield self._read_named(run)
            else:
                linked.append((key, run))
        # A call that has been given up may still add to this.
        found: dict[str, JobPlace | None] = {}

        def read(key: str, run: Run) -> LogEnd | None:
            place = found[key] = find_linked_job(run.place)
            self._prober.mark_answered()
            return _read_log(run, place, None) if place and place.log else None

        calls = [(partial(read, key, run), _target(run, key)) for key, run in linked]
        for (key, run), log in zip(linked, self._prober.call_each(calls), strict=True):
            place = found[key] if key in found or not isinstance(log, OSError) else log
            yield JobRead(key, run.path, place, log)

    def _read_named(self, run: Run) -> JobRead:
        """Return the same of a job that a file of its run names."""
        place = self.find(run, None)
        if place is None or not place.log:
            return JobRead(run.path, run.path, place)
        try:
            return JobRead(run.path, run.path, place, self.read_log(run, run.path, place, None))
        except OSError as error:
            return JobRead(run.path, run.path, place, error)


def _target(run: Run, folder: str) -> CallTarget:
    try:
        owner = os.lstat(run.path).st_uid
    except OSError:  # pragma: no cover - a race with its removal
        owner = None
    return CallTarget(folder, owner)


def _read_log(run: Run, place: JobPlace, known: Signature | None) -> LogEnd | None:
    """Return what a log says if it has changed since its signature was `known`.

    Raises:
        OSError: It cannot be read.
    """
    if known is None:
        if is_missing(place.log):
            # A job that has not begun has none: one look spares finding out where that would be.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place.log)
    elif signature_of(os.stat(place.log)) == known:
        return None
    return read_log_end(run.place, place, known)


class JobFilesAhead(JobFiles):
    """The files of the jobs of some runs, all read before by several threads, for single looks.

    Args:
        runs: The runs.
        threads: How many threads to use; with 1 the caller's own thread does the work.
        beat: Called whenever the filesystem has answered.
    """

    def __init__(
        self, runs: Collection[Run], threads: int, beat: Callable[[], object] = lambda: None
    ) -> None:
        self._stuck = Stuck()
        super().__init__(self._stuck)
        self._own = threading.local()
        self._all: list[JobFiles] = []
        self._folders = dict(self._map(_folder_of, runs, threads, beat))
        first: dict[str, Run] = {}
        for run in runs:
            first.setdefault(self._folders[run.path] or run.path, run)
        # Where several threads wait, each waits for one job.
        jobs = list(first.items())
        some = _TOGETHER if threads == 1 else 1
        parts = [jobs[start : start + some] for start in range(0, len(jobs), some)]

        def read(files: JobFiles, jobs: Iterable[tuple[str, Run]]) -> list[JobRead]:
            found = []
            for job in files.read(jobs):
                beat()
                found.append(job)
            return found

        found = list(chain.from_iterable(self._map(read, parts, threads, beat)))
        self._places = {one.run_path: one.place for one in found}
        self._logs = {one.key: one.log for one in found if isinstance(one.place, JobPlace)}
        for files in self._all:
            files.close()

    def folder_of(self, run: Run) -> str | None:
        """Return the path of the directory of a run's job; None if it has none."""
        return self._folders[run.path]

    def find(self, run: Run, folder: str | None) -> JobPlace | None:
        """Return the job of a run; None if no file names one.

        Raises:
            OSError: The directory of the job does not answer.
        """
        if run.path not in self._places:
            # That of another run of the job could not be read.
            return super().find(run, folder)
        return _given(self._places[run.path])

    def read_log(
        self, run: Run, key: str, place: JobPlace, known: Signature | None
    ) -> LogEnd | None:
        """Return what the log of a job says of its end.

        Raises:
            OSError: It cannot be read.
        """
        if key not in self._logs:
            return super().read_log(run, key, place, known)
        return _given(self._logs[key])

    def _map(
        self,
        work: Callable[[JobFiles, _Task], _Result],
        tasks: Iterable[_Task],
        threads: int,
        beat: Callable[[], object],
    ) -> Iterator[_Result]:
        """Yield the result of each call, which is given the files of its thread."""
        pool: ReaderPool[_Task, _Result] = ReaderPool(lambda task: work(self._mine, task), threads)
        try:
            for result in pool.map_unordered(tasks):
                beat()
                yield result
        finally:
            pool.close()

    @property
    def _mine(self) -> JobFiles:
        """The files of this thread."""
        files: JobFiles | None = getattr(self._own, "files", None)
        if files is None:
            files = self._own.files = JobFiles(self._stuck)
            self._all.append(files)
        return files


def _folder_of(files: JobFiles, run: Run) -> tuple[str, str | None]:
    return run.path, files.folder_of(run)


def _given(value: _Result | OSError) -> _Result:
    """Return what was read.

    Raises:
        OSError: It could not be read.
    """
    if isinstance(value, OSError):
        raise value
    return value
