"""Read one root once."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from statustui.core.categories import Category
from statustui.core.job_verdict import may_be_judged
from statustui.core.run import Run, RunDir
from statustui.core.working_dir import find_runs
from statustui.monitor.capacity import Capacity
from statustui.monitor.counted_runs import CountedRuns
from statustui.monitor.first_read import FirstReader
from statustui.monitor.fs.deadline import Heartbeat
from statustui.monitor.fs.mounts import Devices
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.poll_policy import Settings, policy_for
from statustui.monitor.read_ahead import Known, ReadAhead
from statustui.monitor.read_options import Details, ReadOptions
from statustui.monitor.reader_pool import ReaderPool
from statustui.monitor.reader_process import Extent
from statustui.monitor.root_memory import Found, RootMemory
from statustui.monitor.root_registry import is_inside
from statustui.monitor.series import check_series, judge_series
from statustui.monitor.snapshot import RunSnapshot, read_snapshot
from statustui.monitor.turns import Turn
from statustui.monitor.unread import Unread

if TYPE_CHECKING:
    from statustui.monitor.job_files import JobFiles
    from statustui.scheduler.answers import WantedJob

_FEW = 16
"""Known runs that are looked at here at a time: so few that it is never silent for long."""

_Result = TypeVar("_Result")
_Built: TypeAlias = "tuple[Run, Found]"
"""A run, and what may be stored of it."""
_Ahead: TypeAlias = "Generator[Sequence[OutlinedRun | RunSnapshot | RunDir], None, None]"


class _Look(NamedTuple):
    """One look at all runs of a root."""

    memory: RootMemory
    first: FirstReader
    run_dirs: Iterator[RunDir]
    """Where the runs are."""
    threads: int
    """How many threads read them."""
    heartbeat: Heartbeat


class RootReader:
    """Reads one root once.

    Args:
        root: The directory, as the user gave it.
        claim: Given the real path of the root, returns the real paths to leave out below it; None
            if another reader reads the same directory.
        now: The time in seconds since 1970.
        options: How to read it.
        capacity: What it shares with other roots.
    """

    def __init__(
        self,
        root: str,
        claim: Callable[[str], frozenset[str] | None],
        now: float,
        options: ReadOptions,
        capacity: Capacity,
    ) -> None:
        self._capacity = capacity
        self.root = root
        self.runs: list[Run] = []
        self.parts: list[Unread] = []
        self.links = 0
        """Number of links that were not followed."""
        self.wanted: frozenset[WantedJob] = frozenset()
        """The jobs that a scheduler can be asked about."""
        self._marked: list[Run] = []
        """The runs, the stalled ones with their reasons, before they are judged."""
        self._threads = 1
        """How many threads read at once."""
        self._job_files: JobFiles | None = None
        """What the files of the jobs of the runs under way say."""
        self._part_count = 0
        """Number of parts that could not be read before that."""
        self._now = now
        self._claim = claim
        self._options = options
        self._real_path = root
        self._skipped: frozenset[str] = frozenset()
        self.memory: RootMemory | None = None
        """What is known of the root from before, and kept for later; None before that is loaded."""
        self._categories: list[Category] = []
        """The categories of runs that are only counted, and are not as the cache has them."""
        self._counted_rows: list[int] = []
        """The rows of the cache with those that are."""

    @property
    def read_count(self) -> int:
        """Number of runs read so far."""
        return len(self.runs) + self._counted_count

    @property
    def _counted_count(self) -> int:
        """Number of runs that are only counted so far."""
        return len(self._categories) + len(self._counted_rows)

    @property
    def counted(self) -> Counter[Category]:
        """How many runs of each category are only counted so far."""
        # Reading may still go on.
        counted, rows = Counter(list(self._categories)), list(self._counted_rows)
        return counted + self.memory.cache.count(rows) if self.memory and rows else counted

    def read(self, heartbeat: Heartbeat) -> None:
        """Read the root, on the thread of a `Question`.

        Raises:
            OSError: The root is not a directory, or cannot be read.
        """
        real_path = os.path.realpath(self.root)
        skipped = self._claim(real_path)
        if skipped is None:
            return
        self._real_path, self._skipped = real_path, skipped
        heartbeat()

        def count_links(links: int) -> None:
            self.links += links
            heartbeat()

        run_dirs = find_runs(self.root, self._add_error, skipped, count_links)
        mount = Devices(self.root, real_path).root_mount
        threads = self._threads = policy_for(mount.reach, Settings()).threads
        memory = self.memory = RootMemory(
            self._options.store, self.root, real_path, self._is_elsewhere
        )
        if threads > 1:
            memory.cache.unpack()
        first = FirstReader(
            with_metadata=self._options.details is not Details.STATUS,
            cache=None if self._options.store is None else memory.cache,
            is_shared=threads > 1,
        )
        # Where several threads read, they wait for the filesystem above all.
        with Turn(self._capacity.turns if threads == 1 else None, heartbeat) as turn:

            def beat() -> None:
                heartbeat()
                turn.pass_on()

            try:
                look = _Look(memory, first, run_dirs, threads, beat)
                if self._options.details is Details.STATUS:
                    self._count_runs(look)
                else:
                    self._read_runs(look)
            finally:
                first.close()
            self._judge(beat)

    def _count_runs(self, look: _Look) -> None:
        """Read runs no further than their categories, if their status files are ordinary ones."""
        memory, first, heartbeat = look.memory, look.first, look.heartbeat

        def read(place: RunDir | Found) -> OutlinedRun | _Built:
            found = _look_at(first, place)
            if isinstance(found, OutlinedRun) and found.is_judged():
                return found
            run, kept = _build(found, with_metadata=False)
            if not kept.metadata.name:
                # Whoever needs the name has to read it.
                kept = kept.without_metadata()._replace(is_stored=found.is_stored)
            return run, kept

        def count(runs: CountedRuns) -> None:
            self._categories += [digest.category for digest in runs.digests]
            if runs.kept is not None:
                memory.counted_ahead.append(runs.kept)
            rows = memory.cache.rows(runs.same)
            memory.rows += rows
            self._counted_rows += rows
            heartbeat()

        extent: Extent = "count" if self._options.store is None else "outline"
        known = Known(memory.cache.signatures)
        ahead = partial(self._read_ahead, look, extent, count, known)
        for found in _map_unordered(read, look.run_dirs, look.threads, ahead):
            if isinstance(found, OutlinedRun):
                self._categories.append(found.outline.digest.category)
                self._keep(found)
            else:
                self._add(*found)
            heartbeat()

    def _read_runs(self, look: _Look) -> None:
        """Read and build runs."""
        memory, first, heartbeat = look.memory, look.first, look.heartbeat

        def read(place: RunDir | Found) -> _Built:
            return _build(_look_at(first, place))

        damaged: list[RunDir] = []
        """Where runs are that cannot be built from the cache."""

        def add_same(runs: CountedRuns) -> None:
            rows = memory.cache.rows(runs.same)
            built = memory.cache.build(rows)
            memory.rows += built
            self.runs += built.values()
            if len(built) < len(rows):
                same = zip(rows, runs.same, strict=True)
                damaged.extend(place for row, place in same if row not in built)
            heartbeat()

        extent: Extent = "snapshot" if self._options.store is None else "run"
        known = Known(partial(memory.cache.signatures, are_built=True))
        ahead = partial(self._read_ahead, look, extent, add_same, known)
        found = _map_unordered(read, look.run_dirs, look.threads, ahead)
        for run, kept in chain(found, map(read, damaged)):
            self._add(run, kept)
            heartbeat()

    def _read_ahead(
        self,
        look: _Look,
        extent: Extent,
        take: Callable[[CountedRuns], object],
        known: Known,
        run_dirs: Iterator[RunDir],
    ) -> _Ahead:
        """Read runs ahead; leave to `take` those that are as the cache has them."""
        ahead = ReadAhead(self._capacity.processes, extent, take, known=known, is_helping=True)
        with contextlib.closing(ahead), contextlib.closing(ahead.read(run_dirs)) as found:
            for some in found:
                # The cache is unpacked to ask processes: these are starting meanwhile.
                if not look.memory.cache:
                    yield some
                    continue
                places = [one for one in some if isinstance(one, RunDir)]
                yield [one for one in some if not isinstance(one, RunDir)]
                for start in range(0, len(places), _FEW):
                    few = places[start : start + _FEW]
                    same, others = look.first.sift(few, known.signatures(few))
                    take(CountedRuns((), same=same))
                    yield others

    def _add(self, run: Run, found: Found) -> None:
        self.runs.append(run)
        self._keep(found)

    def _keep(self, found: Found) -> None:
        if self._options.store is not None and self.memory is not None:
            self.memory.found.append(found)

    def _judge(self, heartbeat: Heartbeat) -> None:
        """Mark the stalled runs, and judge all runs."""
        self._marked = self.runs
        if self._options.details is Details.ALL:
            from statustui.monitor.stalls import mark_stalled  # noqa: PLC0415 - not for a count

            self._marked = []
            for run in mark_stalled(self.runs, self._options.stale_after, self._now):
                self._marked.append(run)
                heartbeat()
        self._part_count = len(self.parts)
        self.judge(heartbeat)

    def judge(self, heartbeat: Heartbeat) -> None:
        """Judge the runs by their jobs and what the scheduler has said, then the series by those.

        Args:
            heartbeat: To be called whenever the filesystem has answered.
        """
        del self.parts[self._part_count :]
        runs = self._marked
        under_way = [run for run in runs if may_be_judged(run)]
        if under_way:
            from statustui.monitor.job_files import JobFilesAhead  # noqa: PLC0415 - for open runs
            from statustui.monitor.jobs import Looks, judge_jobs  # noqa: PLC0415 - for open runs

            options = self._options
            looks = Looks(
                options.grace, lambda: self._now, options.asker, is_single=True, beat=heartbeat
            )
            if self._job_files is None:
                self._job_files = JobFilesAhead(under_way, self._threads, heartbeat)
            runs, self.wanted = judge_jobs(runs, looks, self._job_files)
        if self._counted_count:
            # Series are not counted where there are runs.
            self.runs = runs
            check_series(runs, self._add_error)
            return
        judged = []
        for run in judge_series(runs, self._add_error, self._options.stale_after, self._now):
            judged.append(run)
            heartbeat()
        if self._options.tells_pasts:
            from statustui.monitor.pasts import with_pasts  # noqa: PLC0415 - only where asked for

            former = None if self.memory is None else self.memory.former()
            judged = with_pasts(judged, heartbeat, former)
        self.runs = judged

    def _is_elsewhere(self, path: str) -> bool:
        """Return whether a run is left out, or in a part that could not be read."""
        real = self._real_path + path.removeprefix(self.root)
        if is_inside(real, self._skipped):
            return True
        unread = {part.path for part in self.parts}
        while unread and path not in unread and len(path) > len(self.root):
            path = os.path.dirname(path)
        return path in unread

    def _add_error(self, path: str, error: OSError) -> None:
        self.parts.append(Unread(path, error.strerror or str(error)))


def _build(found: Found, *, with_metadata: bool = True) -> _Built:
    """Return a run, and what may be stored of it."""
    if isinstance(found, OutlinedRun):
        found = found.completed(with_metadata=with_metadata)
        run = found.build()
        if run is not None:
            return run, found
        found = read_snapshot(found.place)
    return found.run, found


def _look_at(first: FirstReader, found: RunDir | Found) -> Found:
    """Return what was read of a run ahead, or read it now."""
    if isinstance(found, RunDir):
        return first.outline(found) or read_snapshot(found)
    return found


def _map_unordered(
    work: Callable[[RunDir | Found], _Result],
    run_dirs: Iterator[RunDir],
    threads: int,
    ahead: Callable[[Iterator[RunDir]], _Ahead],
) -> Iterator[_Result]:
    """Yield the result of each call, for the place of a run or what was read of it ahead.

    Args:
        work: The function.
        run_dirs: Where the runs are.
        threads: How many threads call it; with one, the runs may be read ahead.
        ahead: Reads them ahead, as `ReadAhead` does.
    """
    if threads > 1:
        pool: ReaderPool[RunDir, _Result] = ReaderPool(work, threads)
        try:
            yield from pool.map_unordered(run_dirs)
        finally:
            pool.close()
        return
    with contextlib.closing(ahead(run_dirs)) as found:
        yield from map(work, chain.from_iterable(found))
