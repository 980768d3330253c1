"""The lives of the runs of the simulated cluster, planned from a seed.

Series of runs are submitted one after the other. Each run goes through queue, build, run and
results, and some fail in each of the ways that real ones do. The same seed gives the same cluster.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from statustui.core.series import ALL_TESTS_STARTED
from statustui.core.working_dir import SERIES, TEST_RUNS

SUBMIT_EVERY = 45.0
"""Simulated seconds between two series."""

SUITES = {
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
    """Simulated seconds after the step before."""
    state: str
    note: str
    files: tuple[tuple[str, str], ...] = ()
    """Name and text; the text is appended to the file."""
    links: tuple[tuple[str, str], ...] = ()
    """Links that appear with it: path below the working directory, and target."""


@dataclass(frozen=True)
class PlannedRun:
    """A run or a series, and its steps."""

    directory: str
    """Path below the working directory."""
    begin: float
    """When its directory is created, in simulated seconds."""
    steps: tuple[Step, ...]
    links: tuple[tuple[str, str], ...] = ()
    """Links that are created with it: path below the working directory, and target."""


@dataclass(frozen=True)
class PlannedSeries:
    """A series with its runs."""

    begin: float
    itself: PlannedRun
    runs: tuple[PlannedRun, ...]


Life: TypeAlias = Callable[["Maker"], list[Step]]


@dataclass
class Maker:
    """Makes the steps of one run."""

    dice: random.Random
    id: int
    name: str
    host: str

    def span(self, typical: float) -> float:
        """Return a duration that is usually close to `typical` and sometimes far above it."""
        return round(typical * self.dice.lognormvariate(0, 0.35), 6)

    def submitted(self) -> list[Step]:
        """Return the steps of a run that is being made."""
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
        """Return the steps of a build that succeeds."""
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
        """Return the steps of a run in the queue of its scheduler."""
        job = self.dice.randrange(400_000, 500_000)
        kickoff = (("kickoff.log", f"Submitted batch job {job}\n"),)
        return [
            Step(self.span(1), "SCHEDULED", f"In the queue of slurm as job {job}.", kickoff),
            Step(self.span(25), "PREPPING_RUN", f"Making the run script on {self.host}."),
        ]

    def started(self) -> list[Step]:
        """Return the step with which the run script starts."""
        log = (("run.log", f"host {self.host}\nMPI ranks: 64\nstep 1 of 200\n"),)
        return [Step(self.span(0.4), "RUNNING", "The run script is running.", log)]

    def run(self, typical: float = 35) -> list[Step]:
        """Return the steps of a run script that ends well, `typical` seconds after its start."""
        phases = []
        if self.dice.random() < 0.3:  # noqa: PLR2004 - a share of the runs
            phases = [
                Step(self.span(typical / 3), "RUN_USER", "phase 1 of 2: mesh généré ✓"),
                Step(self.span(typical / 3), "RUN_USER", "phase 2 of 2\nsolving on 64 ranks"),
            ]
        log = (("run.log", "step 200 of 200\nwall time 35.1 s\n"),)
        return [*phases, Step(self.span(typical), "RUN_DONE", "The run script has ended.", log)]

    def judged(self, result: str) -> list[Step]:
        """Return the last steps of a run, with its result: PASS, FAIL or ERROR."""
        record = json.dumps({"name": self.name, "id": self.id, "result": result})
        files = (("results.json", record), ("RUN_COMPLETE", "{}"))
        return [
            Step(self.span(0.3), "RESULTS", "Reading 7 results."),
            Step(self.span(0.8), "COMPLETE", f"The test completed with result: {result}", files),
        ]

    def until_started(self) -> list[Step]:
        """Return all steps up to the start of the run script."""
        return [*self.submitted(), *self.built(), *self.queued(), *self.started()]


def passes(maker: Maker) -> list[Step]:
    """Plan a run that passes."""
    return [*maker.until_started(), *maker.run(), *maker.judged("PASS")]


def _fails(maker: Maker) -> list[Step]:
    wrong = f"residual {maker.dice.uniform(1e-3, 9e-1):.3e} above tolerance 1.0e-06\n"
    return [
        *maker.until_started(),
        Step(maker.span(20), "RUN_DONE", "The run script has ended.", (("run.log", wrong),)),
        *maker.judged("FAIL"),
    ]


_PARTS = ("mesh", "halo", "solver", "krylov", "precond", "output", "timer", "main")


def _broken_build() -> str:
    """Return the output of a build that fails, with unrelated output around the error."""
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


def fails_to_build(maker: Maker) -> list[Step]:
    """Plan a run whose build fails."""
    log = (("build.log", _broken_build()),)
    return [
        *maker.submitted(),
        Step(maker.span(3), "BUILDING", "Starting the build."),
        Step(maker.span(8), "BUILD_FAILED", "The build returned a non-zero result.", log),
    ]


def _hides_its_failed_build(maker: Maker) -> list[Step]:
    """``pav status`` was run after the build had failed."""
    return [*fails_to_build(maker), Step(maker.span(12), "BUILD_CREATED", "Build prepared.")]


def _builds_too_long(maker: Maker) -> list[Step]:
    return [
        *maker.submitted(),
        Step(maker.span(3), "BUILDING", "Starting the build."),
        Step(maker.span(60), "BUILD_TIMEOUT", "The build was silent for 60 seconds."),
        Step(0.1, "ABORTED", "Given up: other builds of the series failed."),
    ]


def lacks_its_environment(maker: Maker) -> list[Step]:
    """Plan a run for which a module is missing."""
    module = maker.dice.choice(("gcc/12.2", "cray-mpich/8.1.27"))
    log = (("run.log", f"Lmod: unknown module {module} on {maker.host}\n"),)
    note = f"Module {module} could not be loaded on {maker.host}."
    return [
        *maker.until_started(),
        Step(maker.span(1), "ENV_FAILED", note, log),
        *maker.judged("FAIL"),
    ]


def runs_too_long(maker: Maker) -> list[Step]:
    """Plan a run that falls silent and is ended for it."""
    return [
        *maker.until_started(),
        Step(maker.span(90), "RUN_TIMEOUT", "The run was silent for 90 seconds."),
        Step(0.2, "RESULTS_ERROR", "No result: the run log ends in the middle of a line."),
    ]


def _cannot_run(maker: Maker) -> list[Step]:
    path = f"/scratch/{maker.name}/{maker.id}"
    note = f"[Errno 28] No space left on device: '{path}'"
    return [*maker.until_started(), Step(maker.span(2), "RUN_ERROR", note)]


def _cannot_be_scheduled(maker: Maker) -> list[Step]:
    note = "sbatch: error: Batch job submission failed: Invalid account or partition"
    return [*maker.submitted(), *maker.built(), Step(maker.span(1), "SCHED_ERROR", note)]


def cannot_be_judged(maker: Maker) -> list[Step]:
    """Plan a run with results that cannot be read."""
    note = "Result 'gflops' of 'hpcg.txt':\nexpected a number, got 'nan'"
    return [
        *maker.until_started(),
        *maker.run(),
        Step(0.3, "RESULTS_ERROR", note),
        *maker.judged("ERROR"),
    ]


def _is_cancelled(maker: Maker) -> list[Step]:
    return [*maker.until_started(), Step(maker.span(15), "CANCELLED", "Cancelled by user jonas.")]


def _is_skipped(maker: Maker) -> list[Step]:
    return [*maker.submitted(), Step(0.1, "SKIPPED", "Only for systems with GPUs.")]


def _dies_silently(maker: Maker) -> list[Step]:
    """The node went down, so nothing writes that the run has finished."""
    return maker.until_started()


def _waits_without_end(maker: Maker) -> list[Step]:
    waits = [
        Step(maker.span(20), "BUILD_DEFERRED", "The build waits for a compute node.")
        for _ in range(6)
    ]
    return [*maker.submitted(), *waits]


_LIVES: dict[Life, int] = {
    passes: 62,
    _fails: 8,
    fails_to_build: 2,
    _hides_its_failed_build: 3,
    _builds_too_long: 1,
    lacks_its_environment: 5,
    runs_too_long: 3,
    _cannot_run: 2,
    _cannot_be_scheduled: 2,
    cannot_be_judged: 2,
    _is_cancelled: 3,
    _is_skipped: 4,
    _dies_silently: 2,
    _waits_without_end: 1,
}
"""Kind of life -> how many of a hundred runs have it."""


def plan_series(seed: int) -> Iterator[PlannedSeries]:
    """Plan one series after the other, without end; the same seed gives the same series."""
    dice = random.Random(seed)  # noqa: S311 - not for cryptography
    lives, weights = list(_LIVES), list(_LIVES.values())
    run_ids = itertools.count(1)
    for series_id in itertools.count(1):
        begin = (series_id - 1) * SUBMIT_EVERY
        suite = dice.choice(sorted(SUITES))
        runs: list[PlannedRun] = []
        for run_id in itertools.islice(run_ids, dice.randrange(8, 17)):
            name = f"{suite}.{dice.choice(SUITES[suite])}"
            maker = Maker(dice, run_id, name, dice.choice(_HOSTS))
            steps = tuple(dice.choices(lives, weights)[0](maker))
            start = begin + 1 + len(runs) * 0.3
            directory = os.path.join(TEST_RUNS, str(run_id))
            links = links_to_series(directory, os.path.join(SERIES, str(series_id)), suite)
            runs.append(PlannedRun(directory, start, steps, links))
        itself = plan_itself(series_id, begin, suite, len(runs))
        yield PlannedSeries(begin, itself, tuple(runs))


def plan_itself(
    series_id: int, begin: float, suite: str, runs: int, *, seconds: float = 180
) -> PlannedRun:
    """Plan the statuses of a series itself.

    Args:
        series_id: Its number.
        begin: When it is submitted, in simulated seconds.
        suite: What it runs.
        runs: Number of its runs.
        seconds: Simulated seconds from the start of its runs until all of them have ended.
    """
    all_started = ((ALL_TESTS_STARTED, ""),)
    config = (("config", json.dumps({"name": f"nightly-{suite}"})),)
    steps = (
        Step(0, "STATUS_CREATED", "Created status file."),
        Step(0.1, "RUN", "The series is running.", config),
        Step(0.5, "SET_MAKE", f"Making {runs} runs of {suite}."),
        Step(2, "SET_KICKOFF", f"Starting {runs} runs under slurm."),
        Step(6, "ALL_STARTED", f"All {runs} runs have been started.", all_started),
        Step(seconds, "COMPLETE", f"All {runs} runs have ended or are given up."),
    )
    return PlannedRun(os.path.join(SERIES, str(series_id)), begin, steps)


def links_to_series(run: str, series: str, suite: str) -> tuple[tuple[str, str], ...]:
    """Plan the links between a run and its series, as Pavilion 2.4 creates them."""
    member = os.path.join(series, "test_sets", f"0.{suite}", os.path.basename(run))
    return (
        (os.path.join(run, "series"), os.path.join("..", "..", series)),
        (member, os.path.join("..", "..", "..", "..", run)),
    )
