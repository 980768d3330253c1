"""A pretend cluster that writes real status files.

Series of runs are submitted one after the other; each run goes through a believable life of
queues, builds, a run and results, and some of them fail in every way that real ones do. The lives
are planned from a seed, so that the same seed gives the same cluster.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import connection
from typing import TypeAlias

from statustui.core.status_file import StatusFile
from statustui.core.working_dir import SERIES, TEST_RUNS

_PATIENCE = 3.0
"""Seconds to wait at the most for the past of a cluster to be written."""
SUBMIT_EVERY = 45.0
"""Pretend seconds between two series."""

_SUITES = {
    "hpcg": ("n4", "n16", "n64"),
    "stream": ("copy", "triad", "numa"),
    "osu": ("latency", "bw", "allreduce"),
    "lammps": ("lj", "eam", "rhodo"),
    "io": ("ior_write", "ior_read", "mdtest"),
    "smoke": ("mpi_hello", "modules", "gpu_probe"),
}
_USERS = ("amara", "jonas", "mei")
_HOSTS = tuple(f"cn{number:04}" for number in (117, 118, 203, 204, 417))


@dataclass(frozen=True)
class Step:
    """One status of a planned life, and the files that appear with it."""

    delay: float
    """Pretend seconds after the step before."""
    state: str
    note: str
    files: tuple[tuple[str, str], ...] = ()
    """Name and text; a text is appended to what the file holds already."""


@dataclass(frozen=True)
class PlannedRun:
    """A run, or a series, and the life ahead of it."""

    directory: str
    """Where it is to be, below the working directory."""
    begin: float
    """When its directory is made, in pretend seconds."""
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class PlannedSeries:
    """A series with its runs."""

    begin: float
    itself: PlannedRun
    runs: tuple[PlannedRun, ...]


Life: TypeAlias = Callable[["_Maker"], list[Step]]


@dataclass
class _Maker:
    """What the life of one run is made of."""

    dice: random.Random
    id: int
    name: str
    host: str

    def span(self, typical: float) -> float:
        """A span of time that is mostly close to `typical` and sometimes far above it."""
        return round(typical * self.dice.lognormvariate(0, 0.35), 6)

    def submitted(self) -> list[Step]:
        attributes = json.dumps(
            {"name": self.name, "id": self.id, "user": self.dice.choice(_USERS), "sys_name": "demo"}
        )
        return [
            Step(0, "STATUS_CREATED", "Created status file."),
            Step(
                0.02,
                "CREATED",
                "Directory and status file are there.",
                (("attributes", attributes),),
            ),
            Step(0.05, "BUILD_CREATED", "Build prepared."),
        ]

    def built(self) -> list[Step]:
        build = f"{self.dice.getrandbits(64):016x}"
        log = (("build.log", "cmake -B build\nmake -j 16\n[100%] Built target app\n"),)
        if self.dice.random() < 0.4:  # noqa: PLR2004 - a share of the builds
            return [Step(self.span(0.4), "BUILD_REUSED", f"Build {build} serves this run too.")]
        return [
            Step(self.span(0.5), "BUILD_WAIT", f"Waiting for the lock of build {build}."),
            Step(self.span(3), "BUILDING", f"Starting build {build}."),
            Step(self.span(18), "BUILD_DONE", "The build is in place.", log),
        ]

    def queued(self) -> list[Step]:
        job = self.dice.randrange(400_000, 500_000)
        kickoff = (("kickoff.log", f"Submitted batch job {job}\n"),)
        return [
            Step(self.span(1), "SCHEDULED", f"In the queue of slurm as job {job}.", kickoff),
            Step(self.span(25), "PREPPING_RUN", f"Making the run script on {self.host}."),
        ]

    def started(self) -> list[Step]:
        log = (("run.log", f"host {self.host}\nMPI ranks: 64\nstep 1 of 200\n"),)
        return [Step(self.span(0.4), "RUNNING", "The run script is running.", log)]

    def run(self, typical: float = 35) -> list[Step]:
        phases = []
        if self.dice.random() < 0.3:  # noqa: PLR2004 - a share of the runs
            phases = [
                Step(self.span(typical / 3), "RUN_USER", "phase 1 of 2: mesh généré ✓"),
                Step(self.span(typical / 3), "RUN_USER", "phase 2 of 2\nsolving on 64 ranks"),
            ]
        log = (("run.log", "step 200 of 200\nwall time 35.1 s\n"),)
        return [*phases, Step(self.span(typical), "RUN_DONE", "The run script has ended.", log)]

    def judged(self, result: str) -> list[Step]:
        record = json.dumps({"name": self.name, "id": self.id, "result": result})
        files = (("results.json", record), ("RUN_COMPLETE", "{}"))
        return [
            Step(self.span(0.3), "RESULTS", "Reading 7 results."),
            Step(self.span(0.8), "COMPLETE", f"The test completed with result: {result}", files),
        ]

    def until_started(self) -> list[Step]:
        return [*self.submitted(), *self.built(), *self.queued(), *self.started()]


def _passes(maker: _Maker) -> list[Step]:
    return [*maker.until_started(), *maker.run(), *maker.judged("PASS")]


def _fails(maker: _Maker) -> list[Step]:
    wrong = f"residual {maker.dice.uniform(1e-3, 9e-1):.3e} above tolerance 1.0e-06\n"
    return [
        *maker.until_started(),
        Step(maker.span(20), "RUN_DONE", "The run script has ended.", (("run.log", wrong),)),
        *maker.judged("FAIL"),
    ]


_PARTS = ("mesh", "halo", "solver", "krylov", "precond", "output", "timer", "main")


def _broken_build() -> str:
    """What a build prints that stops at an error, with the noise of others around it."""
    lines = ["cmake -B build", "-- Found MPI: mpicc (4.1)", "make -j 16"]
    lines += [
        f"[{percent:>3}%] Building C object src/{part}.c.o"
        for percent, part in zip(range(4, 100, 12), _PARTS, strict=True)
    ]
    lines[6:6] = [
        "src/solver.c: In function 'share_residual':",
        "src/solver.c:214:9: error: too few arguments to function 'MPI_Bcast'",
        "  214 |         MPI_Bcast(&residual, 1, MPI_DOUBLE, 0);",
        "      |         ^~~~~~~~~",
        "src/solver.c:301:5: warning: unused variable 'tolerance'",
    ]
    lines += ["make[1]: *** [src/solver.c.o] Error 1", "make: *** [all] Error 2"]
    return "".join(f"{line}\n" for line in lines)


def _fails_to_build(maker: _Maker) -> list[Step]:
    log = (("build.log", _broken_build()),)
    return [
        *maker.submitted(),
        Step(maker.span(3), "BUILDING", "Starting the build."),
        Step(maker.span(8), "BUILD_FAILED", "The build returned a non-zero result.", log),
    ]


def _hides_its_failed_build(maker: _Maker) -> list[Step]:
    """Somebody asked Pavilion for the status of a run whose build had failed."""
    return [*_fails_to_build(maker), Step(maker.span(12), "BUILD_CREATED", "Build prepared.")]


def _builds_too_long(maker: _Maker) -> list[Step]:
    return [
        *maker.submitted(),
        Step(maker.span(3), "BUILDING", "Starting the build."),
        Step(maker.span(60), "BUILD_TIMEOUT", "The build was silent for 60 seconds."),
        Step(0.1, "ABORTED", "Given up: other builds of the series failed."),
    ]


def _lacks_its_environment(maker: _Maker) -> list[Step]:
    module = maker.dice.choice(("gcc/12.2", "cray-mpich/8.1.27"))
    log = (("run.log", f"Lmod: unknown module {module} on {maker.host}\n"),)
    note = f"Module {module} could not be loaded on {maker.host}."
    return [
        *maker.until_started(),
        Step(maker.span(1), "ENV_FAILED", note, log),
        *maker.judged("FAIL"),
    ]


def _runs_too_long(maker: _Maker) -> list[Step]:
    return [
        *maker.until_started(),
        Step(maker.span(90), "RUN_TIMEOUT", "The run was silent for 90 seconds."),
        Step(0.2, "RESULTS_ERROR", "No result: the run log ends in the middle of a line."),
    ]


def _cannot_run(maker: _Maker) -> list[Step]:
    path = f"/scratch/{maker.name}/{maker.id}"
    note = f"[Errno 28] No space left on device: '{path}'"
    return [*maker.until_started(), Step(maker.span(2), "RUN_ERROR", note)]


def _cannot_be_scheduled(maker: _Maker) -> list[Step]:
    note = "sbatch: error: Batch job submission failed: Invalid account or partition"
    return [*maker.submitted(), *maker.built(), Step(maker.span(1), "SCHED_ERROR", note)]


def _cannot_be_judged(maker: _Maker) -> list[Step]:
    note = "Result 'gflops' of 'hpcg.txt':\nexpected a number, got 'nan'"
    return [
        *maker.until_started(),
        *maker.run(),
        Step(0.3, "RESULTS_ERROR", note),
        *maker.judged("ERROR"),
    ]


def _is_cancelled(maker: _Maker) -> list[Step]:
    return [*maker.until_started(), Step(maker.span(15), "CANCELLED", "Cancelled by user jonas.")]


def _is_skipped(maker: _Maker) -> list[Step]:
    return [*maker.submitted(), Step(0.1, "SKIPPED", "Only for systems with GPUs.")]


def _dies_silently(maker: _Maker) -> list[Step]:
    """The node went down: nobody is left to write that the run is over."""
    return maker.until_started()


def _waits_for_ever(maker: _Maker) -> list[Step]:
    waits = [
        Step(maker.span(20), "BUILD_DEFERRED", "The build waits for a compute node.")
        for _ in range(6)
    ]
    return [*maker.submitted(), *waits]


_LIVES: dict[Life, int] = {
    _passes: 62,
    _fails: 8,
    _fails_to_build: 2,
    _hides_its_failed_build: 3,
    _builds_too_long: 1,
    _lacks_its_environment: 5,
    _runs_too_long: 3,
    _cannot_run: 2,
    _cannot_be_scheduled: 2,
    _cannot_be_judged: 2,
    _is_cancelled: 3,
    _is_skipped: 4,
    _dies_silently: 2,
    _waits_for_ever: 1,
}
"""Every kind of life with how many of a hundred runs have it."""


def plan_series(seed: int) -> Iterator[PlannedSeries]:
    """Plan one series after the other, for ever; the same seed gives the same ones."""
    dice = random.Random(seed)  # noqa: S311 - nothing secret
    lives, weights = list(_LIVES), list(_LIVES.values())
    run_ids = itertools.count(1)
    for series_id in itertools.count(1):
        begin = (series_id - 1) * SUBMIT_EVERY
        suite = dice.choice(sorted(_SUITES))
        runs: list[PlannedRun] = []
        for run_id in itertools.islice(run_ids, dice.randrange(8, 17)):
            name = f"{suite}.{dice.choice(_SUITES[suite])}"
            maker = _Maker(dice, run_id, name, dice.choice(_HOSTS))
            steps = tuple(dice.choices(lives, weights)[0](maker))
            start = begin + 1 + len(runs) * 0.3
            runs.append(PlannedRun(os.path.join(TEST_RUNS, str(run_id)), start, steps))
        config = (("config", json.dumps({"name": f"nightly-{suite}"})),)
        itself = PlannedRun(
            os.path.join(SERIES, str(series_id)),
            begin,
            (
                Step(0, "STATUS_CREATED", "Created status file."),
                Step(0.1, "RUN", "The series is running.", config),
                Step(0.5, "SET_MAKE", f"Making {len(runs)} runs of {suite}."),
                Step(2, "SET_KICKOFF", f"Starting {len(runs)} runs under slurm."),
                Step(6, "ALL_STARTED", f"All {len(runs)} runs have been started."),
                Step(180, "COMPLETE", f"All {len(runs)} runs have ended or are given up."),
            ),
        )
        yield PlannedSeries(begin, itself, tuple(runs))


class Cluster:
    """The pretend cluster at work in one working directory.

    Args:
        path: The working directory; it is made if need be.
        runs: How many runs there are; when more are submitted the oldest ones go.
        seed: What the lives are drawn from.
    """

    def __init__(self, path: str, runs: int, seed: int) -> None:
        """Make the empty working directory."""
        self.path = path
        self._runs = runs
        self._plans = plan_series(seed)
        self._next = next(self._plans)
        self._living: deque[PlannedSeries] = deque()
        self._events: list[tuple[float, int, PlannedRun, int]] = []
        self._order = itertools.count()
        self._submitted = 0
        self.clock = 0.0
        """Pretend seconds since the first series was submitted."""
        for name in (TEST_RUNS, SERIES, "builds", "jobs", "users"):
            os.makedirs(os.path.join(path, name), exist_ok=True)

    def fill(self, now: float) -> None:
        """Write the past of the cluster, so that it stands at `now` (seconds since 1970)."""
        series = [self._next]
        while sum(len(one.runs) for one in series) < self._runs:
            series.append(next(self._plans))
        surplus = sum(len(one.runs) for one in series) - self._runs
        last = series[-1]
        series[-1] = PlannedSeries(last.begin, last.itself, last.runs[: len(last.runs) - surplus])
        self._next = next(self._plans)
        for one in series:
            self._submit(one)
        end = last.begin + SUBMIT_EVERY / 3
        self._work_until(end, lambda moment: now - (end - moment))

    def work(self, speed: float, wait: Callable[[float], bool]) -> None:
        """Go on living, `speed` pretend seconds a second, until `wait` returns True.

        Args:
            speed: Pretend seconds a second.
            wait: Waits for so many seconds; returns whether to end.
        """
        begin, started = self.clock, time.monotonic()
        while not wait(min(0.2, self._rest_until_next() / speed)):
            until = begin + (time.monotonic() - started) * speed
            while self._next.begin <= until:
                self._submit(self._next)
                self._next = next(self._plans)
                self._clean()
            self._work_until(until, lambda _moment: time.time())

    def _rest_until_next(self) -> float:
        moments = [self._next.begin] + [event[0] for event in self._events[:1]]
        return max(0.0, min(moments) - self.clock)

    def _submit(self, series: PlannedSeries) -> None:
        self._living.append(series)
        self._submitted += len(series.runs)
        for run in (series.itself, *series.runs):
            heapq.heappush(self._events, (run.begin, next(self._order), run, 0))

    def _work_until(self, end: float, stamp: Callable[[float], float]) -> None:
        """Write what happens up to `end`; `stamp` gives the time to write for a moment."""
        while self._events and self._events[0][0] <= end:
            moment, _, run, index = heapq.heappop(self._events)
            self._write(run, run.steps[index], stamp(moment))
            if index + 1 < len(run.steps):
                following = moment + run.steps[index + 1].delay
                heapq.heappush(self._events, (following, next(self._order), run, index + 1))
        self.clock = end

    def _write(self, run: PlannedRun, step: Step, now: float) -> None:
        directory = os.path.join(self.path, run.directory)
        status_path = os.path.join(directory, "status")
        if step is run.steps[0]:
            os.mkdir(directory)
            # A file that exists gets no status of the present time.
            open(status_path, "x").close()
        elif not os.path.isdir(directory):
            return  # somebody deleted it
        for name, text in step.files:
            path = os.path.join(directory, name)
            with open(path, "a", encoding="utf-8") as file:
                file.write(text)
            os.utime(path, (now, now))
        when = datetime.fromtimestamp(now)  # noqa: DTZ006 - the format's own local time
        StatusFile(status_path).set(step.state, step.note, when=when)

    def _clean(self) -> None:
        """Delete the oldest series for good while there are more runs than asked for."""
        while len(self._living) > 1 and self._submitted - len(self._living[0].runs) >= self._runs:
            series = self._living.popleft()
            self._submitted -= len(series.runs)
            gone = {id(series.itself), *map(id, series.runs)}
            self._events = [event for event in self._events if id(event[2]) not in gone]
            heapq.heapify(self._events)
            for run in (series.itself, *series.runs):
                shutil.rmtree(os.path.join(self.path, run.directory), ignore_errors=True)


def make_directory() -> str:
    """Make a temporary directory for a pretend cluster."""
    return tempfile.mkdtemp(prefix="statustui-demo-")


def serve(  # noqa: PLR0913 - one argument for each thing that clusters differ in
    path: str,
    runs: int,
    seed: int,
    speed: float,
    ready: connection.Connection | None = None,
    *,
    remove: bool,
) -> None:
    """Keep a pretend cluster going at `path`; to be called in a process of its own.

    `ready` is closed once the past of the cluster has been written.

    It ends when the process that started it does, whatever ends that, and then deletes `path` if
    told to `remove` it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    sentinels = [] if parent is None else [parent.sentinel]
    try:
        cluster = Cluster(path, runs, seed)
        cluster.fill(time.time())
        if ready is not None:
            ready.close()
        cluster.work(speed, lambda seconds: bool(connection.wait(sentinels, seconds)))
    finally:
        if remove:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def background(path: str | None, runs: int, seed: int, speed: float) -> Iterator[str]:
    """Have a pretend cluster at work in a process of its own.

    Args:
        path: The working directory; None for a temporary one, which is deleted afterwards.
        runs: How many runs there are at a time.
        seed: What the lives are drawn from.
        speed: Pretend seconds a second.

    Yields:
        The working directory.
    """
    remove = path is None
    place = make_directory() if path is None else path
    os.makedirs(os.path.join(place, TEST_RUNS), exist_ok=True)
    context = multiprocessing.get_context("fork")
    listener, ready = context.Pipe(duplex=False)
    process = context.Process(
        target=serve, args=(place, runs, seed, speed, ready), kwargs={"remove": remove}, daemon=True
    )
    process.start()
    ready.close()
    try:
        # What has gone wrong before the monitor opens is no news.
        connection.wait([listener], _PATIENCE)
        yield place
    finally:
        process.terminate()
        process.join()
        if remove:
            shutil.rmtree(place, ignore_errors=True)
