"""Makes the steps of the runs of a simulated campaign, which differ little from night to night."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field

from statustui.core.working_dir import JOBS, RESULTS, RUN_COMPLETE, TEST_RUNS
from statustui.demo.lives import Maker, Step

_SPREAD = 0.03
"""Standard deviation of durations and figures, as a share of them."""
_FIGURES = {
    "hpcg": ("gflops", 31.0),
    "stream": ("bandwidth_gbs", 188.0),
    "osu": ("latency_us", 2.4),
    "lammps": ("steps_per_s", 410.0),
    "io": ("write_mbs", 2900.0),
    "smoke": ("nodes_found", 4.0),
}
"""Suite -> what its tests measure, and about how much."""


@dataclass
class NightMaker(Maker):
    """Makes the steps of one run of a campaign.

    `dice` falls alike in every night for a test of one name, so that a failure that stays is the
    same one.
    """

    luck: random.Random = field(default_factory=random.Random)
    """What differs from night to night."""
    seconds: float = 60.0
    """How long the run script usually takes."""
    value: float = 1.0
    """The figure that it measures, as a multiple of the usual one."""
    modules: tuple[str, ...] = ()
    """The modules that the run loads."""
    worked: float = 0.0
    """How long the run script has run, in seconds."""

    def span(self, typical: float) -> float:
        """Return a duration that is close to `typical`, in seconds."""
        return round(typical * self.luck.lognormvariate(0, _SPREAD), 6)

    def submitted(self) -> list[Step]:
        """Return the steps of a run that is being made."""
        attributes = {
            "name": self.name,
            "id": self.id,
            "user": "amara",
            "sys_name": "demo",
            "cfg_label": "main",
            "build_name": f"{self.dice.getrandbits(64):016x}",
            "modules": self.modules,
        }
        files = (("attributes", json.dumps(attributes)),)
        return [
            Step(0, "STATUS_CREATED", "Created status file."),
            Step(0.02, "CREATED", "Directory and status file are there.", files),
            Step(0.05, "BUILD_CREATED", "Build prepared."),
        ]

    def built(self) -> list[Step]:
        """Return the step of a build that another run has made."""
        log = (("build.log", "cmake -B build\nmake -j 16\n[100%] Built target app\n"),)
        return [Step(self.span(0.4), "BUILD_REUSED", "The build serves this run too.", log)]

    def queued(self) -> list[Step]:
        """Return the steps of a run in the queue, with its job; the last one is when it starts."""
        job = f"{JOBS}/{self.luck.getrandbits(128):032x}"
        pid = self.luck.randrange(2_000, 60_000)
        unique = f"{self.luck.getrandbits(40):010x}"
        info = json.dumps({"pid": pid, "uniq_id": unique, "host": self.host})
        files = ((f"../../{job}/info", info), (f"../../{job}/kickoff.log", "kicked off\n"))
        links = (
            (f"{TEST_RUNS}/{self.id}/job", f"../../{job}"),
            (f"{job}/tests/{self.id}", f"../../../{TEST_RUNS}/{self.id}"),
        )
        variables = {
            "sched": {"nodes": ["1"], "test_node_list": [self.host]},
            "sys": {"sys_name": ["demo"], "host_name": [self.host]},
        }
        prepared = (("variables", json.dumps(variables)),)
        return [
            Step(self.span(1), "SCHEDULED", f"Job {pid} waits for {self.host}.", files, links),
            Step(0, "PREPPING_RUN", f"Making the run script on {self.host}.", prepared),
        ]

    def started(self) -> list[Step]:
        """Return the step with which the run script starts."""
        lines = [f"host {self.host}", *(f"module load {name}" for name in self.modules)]
        log = _log(0.1, [*lines, "MPI ranks: 64"])
        return [Step(self.span(0.4), "RUNNING", "The run script is running.", log)]

    def run(self, typical: float = 0.0) -> list[Step]:
        """Return the step with which a run script ends well, `typical` seconds later than usual."""
        return self._worked(typical, ["residual 8.7e-07 below tolerance 1.0e-06"])

    def run_badly(self) -> list[Step]:
        """Return the step with which a run script ends that has computed something wrong."""
        residual = f"{self.dice.uniform(1e-3, 9e-1):.1e}"
        return self._worked(0.0, [f"residual {residual} above tolerance 1.0e-06"])

    def _worked(self, more: float, end: list[str]) -> list[Step]:
        seconds = self.worked = self.span(self.seconds + more)
        name, figure = self._figure()
        steps = [f"step {number} of 200" for number in range(20, 201, 20)]
        lines = [*steps, *end, f"{name} {figure:.4g}", f"wall time {seconds:.1f} s"]
        log = _log(seconds / len(lines), lines)
        return [Step(seconds, "RUN_DONE", "The run script has ended.", log)]

    def _figure(self) -> tuple[str, float]:
        name, typical = _FIGURES[self.name.partition(".")[0]]
        luck = random.Random(f"{self.id}{self.name}")  # noqa: S311 - not for cryptography
        return name, typical * self.value * luck.lognormvariate(0, _SPREAD / 3)

    def judged(self, result: str) -> list[Step]:
        """Return the last steps of a run, with its result: PASS, FAIL or ERROR."""
        name, figure = self._figure()
        record = {
            "name": self.name,
            "id": self.id,
            "user": "amara",
            "sys_name": "demo",
            "sched": {"nodes": "1", "tasks_per_node": "64", "test_cmd": f"srun -w {self.host}"},
            "var": {"modules": " ".join(self.modules)},
            "duration": self.worked,
            name: round(figure, 4),
            "ranks": 64,
            "return_value": 0,
            "result": result,
        }
        files = ((RESULTS, json.dumps(record)), (RUN_COMPLETE, "{}"))
        return [
            Step(self.span(0.3), "RESULTS", "Reading 7 results."),
            Step(self.span(0.8), "COMPLETE", f"The test completed with result: {result}", files),
        ]


def _log(seconds: float, lines: list[str]) -> tuple[tuple[str, str], ...]:
    """Return lines of a run's log that are so many seconds apart."""
    text = "".join(f"[{seconds * number:8.2f}] {line}\n" for number, line in enumerate(lines, 1))
    return (("run.log", text),)


def fails(maker: NightMaker) -> list[Step]:
    """Plan a run of a campaign that computes something wrong."""
    return [*maker.until_started(), *maker.run_badly(), *maker.judged("FAIL")]
