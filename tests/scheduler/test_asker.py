from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from statustui.core.job import JobStatus
from statustui.core.job_places import JobPlace
from statustui.scheduler.answers import WantedJob
from statustui.scheduler.asker import Asker
from statustui.scheduler.command import NoAnswerError, Output
from tests.scheduler.samples import read
from tests.waiting import wait_until

WEEK = 7 * 86400.0
SLURM_7 = WantedJob("slurm", "7", "alice")
LINE = "7|7|PENDING|N/A|N/A|alice||JobHeldUser\n"


class World:
    """Time, and a scheduler that answers in it.

    Args:
        unattended: Seconds for which the asker asks without a user.
    """

    def __init__(self, unattended: float = float("inf")) -> None:
        self.now = 0.0
        self.asker = Asker(60.0, unattended, self.run, clock=self.clock, monotonic=lambda: self.now)
        self.output: Output | Exception = Output(0, LINE, "")
        self.cluster = ""
        self.seconds = 0.1
        self.began: list[float] = []

    def clock(self) -> float:
        """The time in seconds since 1970."""
        return 1.8e9 + self.now

    def run(self, words: Sequence[str], _variables: Mapping[str, str]) -> Output:
        """Take some time, and answer."""
        if words[0] == "squeue":
            self.began.append(self.now)
        if words[0] == "scontrol":
            return Output(0, self.cluster, "")
        self.now += self.seconds
        if isinstance(self.output, Exception):
            raise self.output
        return self.output

    def live(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end:
            self.asker.ask_if_due()
            self.now += step


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on the PATH, with commands of Slurm."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("squeue", "sacct"):
        (tmp_path / name).touch(0o755)
    return tmp_path


@pytest.fixture
def world(path: Path) -> World:
    """A world in which Slurm is at hand."""
    assert path
    return World()


def test_a_week_has_a_round(world: World) -> None:
    """A week has a round a minute."""
    world.asker.want("root", [SLURM_7])
    world.live(WEEK, 10.0)
    assert len(world.began) <= WEEK / 60 + 1
    gaps = [after - before for before, after in zip(world.began, world.began[1:], strict=False)]
    assert min(gaps) >= 60


def test_a_screen_that_nobody_uses(path: Path) -> None:
    """It asks for four hours, and goes on when there is somebody."""
    assert path
    world = World(4 * 3600)
    world.asker.want("root", [SLURM_7])
    world.live(WEEK, 10.0)
    assert len(world.began) <= 4 * 60 + 1
    before = len(world.began)
    world.asker.mark_attended()
    world.live(100)
    assert len(world.began) > before


@pytest.mark.parametrize(
    "output",
    [
        NoAnswerError("squeue: no answer within 10 s"),
        Output(1, "", "slurm_load_jobs error: Unable to contact slurm controller"),
        Output(0, "", "error"),
        Output(0, "garbage\n|||||||\n", ""),
    ],
)
def test_a_week_without_answers_has_four(world: World, output: Output | Exception) -> None:
    """A week without answers has four rounds an hour."""
    world.output = output
    world.asker.want("root", [SLURM_7])
    world.live(WEEK, 10.0)
    assert len(world.began) <= WEEK / 900 + 5
    assert not world.asker.answers.by_job


@pytest.mark.slow
def test_a_week_of_an_impatient(world: World) -> None:
    """A week of an impatient user and a moody scheduler."""
    moods = random.Random(1)  # noqa: S311 - no secret
    outputs: list[Output | Exception] = [
        *(Output(0, LINE, ""), Output(1, "", "down"), Output(0, "", "")),
        NoAnswerError("hung"),
    ]
    world.asker.want("root", [SLURM_7])
    for _ in range(20_000):
        world.output, world.seconds = moods.choice(outputs), moods.choice([0.1, 6.0, 10.0])
        world.asker.hurry()
        world.asker.ask_if_due()
        world.now += moods.random() * 5
    gaps = [after - before for before, after in zip(world.began, world.began[1:], strict=False)]
    assert min(gaps) >= 10


def test_nothing_is_asked_while_nothing(world: World) -> None:
    """Nothing is asked while nothing is wanted."""
    world.live(1000)
    world.asker.want("root", [SLURM_7])
    world.live(1)
    world.asker.want("root", [])
    world.live(1000)
    assert len(world.began) == 1


def test_new_jobs_are_asked_about(world: World) -> None:
    """New jobs are asked about in the next minute."""
    world.output = NoAnswerError("down")
    world.asker.want("root", [SLURM_7])
    world.live(5000, 10.0)
    world.asker.want("root", [SLURM_7])
    before = len(world.began)
    world.asker.want("other", [WantedJob("slurm", "8", "alice")])
    world.live(70)
    assert len(world.began) > before


def test_an_answer_has_its_time(world: World) -> None:
    """An answer has its time and a failure leaves it."""
    world.asker.want("root", [SLURM_7])
    world.live(1)
    answers = world.asker.answers
    (known,) = answers.by_job.values()
    assert known.status == JobStatus("PENDING", "JobHeldUser", user="alice")
    assert known.asked == 1.8e9
    world.output = Output(1, "", "slurm_load_jobs error: Unable to contact slurm controller")
    world.live(100)
    assert world.asker.answers.by_job == answers.by_job
    assert "Unable to contact" in world.asker.answers.problem
    world.output = Output(0, LINE, "")
    world.live(200)
    assert not world.asker.answers.problem


def test_the_job_of_somebody_else(world: World) -> None:
    """The job of somebody else is another job."""
    world.asker.want("root", [SLURM_7._replace(user="bob")])
    world.live(1)
    assert not world.asker.answers.by_job


def test_one_id_in_two_systems(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One job has one fate: that of the run of this cluster or host, else of none of them."""
    here = os.uname().nodename.partition(".")[0]
    mine, other, third = (SLURM_7._replace(system=name) for name in ("alpha", "beta", "gamma"))
    local = SLURM_7._replace(system=here)
    told = "Configuration data\nClusterName             = Alpha\n"
    (path / "scontrol").touch(0o755)
    for wanted, answer, answered in (
        ([mine, other], told, {mine}),
        ([mine, other, third._replace(id="8")], told, {mine}),
        ([other, third], told, set()),
        ([other, third], "", set()),
        ([local, other], "", {local}),
        ([other], told, {other}),
        ([other, other._replace(user="bob")], told, {other}),
    ):
        monkeypatch.setattr(world, "cluster", answer)
        asker = Asker(run=world.run)
        asker.ask(wanted)
        assert asker.answers.by_job.keys() == answered
        assert sum(call.command == "scontrol show config" for call in asker.calls) == (
            len({job.system for job in wanted}) > 1
        )


def test_an_id_that_is_a_bare_number(path: Path) -> None:
    """It is one of the scheduler that is at hand, unless a file tells whose it is."""
    bare = JobPlace("7", "slurm", "r/job/sched.log")
    assert Asker().scheduler_of(bare) == "slurm"
    (path / "squeue").unlink()
    assert Asker().scheduler_of(bare) == "slurm"
    (path / "qstat").touch(0o755)
    assert Asker().scheduler_of(bare) == "pbs"
    assert Asker().scheduler_of(bare._replace(log="r/slurm.log")) == "slurm"
    assert Asker().scheduler_of(bare._replace(scheduler="flux")) == "flux"


def test_all_roots_are_asked_for_together(world: World) -> None:
    """All roots are asked for together."""
    world.output = Output(0, read("squeue-mixed.out"), "")
    world.asker.want("a", [SLURM_7])
    world.asker.want("b", [WantedJob("slurm", "8", "alice"), WantedJob("slurm", "-x", "alice")])
    world.live(1)
    assert {job.id for job in world.asker.answers.by_job} == {"7", "8"}
    assert len(world.began) == 1


def test_a_scheduler_that_is_not_at_hand(world: World) -> None:
    """A scheduler that is not at hand is not asked."""
    world.asker.want("root", [WantedJob("flux", "f1", "alice"), WantedJob("pbs", "1.s", "alice")])
    world.live(100)
    assert world.asker.calls == ()


def test_long_texts_are_cut(world: World) -> None:
    """Whatever a command prints, little of it is kept for each job."""
    fields = ("7", "7", "Z" * 9000, "N/A", "N/A", "alice", "n" * 90_000, "R" * 9000)
    world.output = Output(0, "|".join(fields), "")
    world.asker.want("root", [SLURM_7])
    world.live(1)
    assert world.asker.answers.by_job[SLURM_7].status == JobStatus(
        "Z" * 40, "R" * 200, nodes="n" * 16384, user="alice"
    )
    world.output = Output(1, "", "squeue: error: " + "x" * 9000)
    world.live(100)
    assert len(world.asker.answers.problem) < 250


def test_every_call_is_in_the_request(world: World) -> None:
    """Every call is in the request log."""
    world.asker.want("root", [SLURM_7])
    world.live(1)
    world.output = Output(1, "", "down\nfor good")
    world.live(70)
    world.output = NoAnswerError("squeue: no answer within 10 s")
    world.live(200)
    first, second, third = world.asker.calls[:3]
    assert first.command.startswith("squeue -h -t all -o ")
    assert first.at == 1.8e9
    assert first.seconds == pytest.approx(0.1)
    assert first.result == "1 line"
    assert second.result == "exit status 1: down"
    assert third.result == "squeue: no answer within 10 s"


@pytest.fixture
def asker(path: Path) -> Iterator[Asker]:
    """An asker at work."""
    assert path
    made = Asker(0.01)
    made.start()
    yield made
    made.stop()


def fake(path: Path, name: str, script: str) -> None:
    """Put a command on the PATH."""
    new = path / "new"
    new.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    new.chmod(0o755)
    new.rename(path / name)


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "echo garbage; echo 7 >&2",
        "kill -9 $$",
        r"printf '\377\000|||||||||'",
        ": > /dev/full; echo x > /dev/full",
    ],
)
def test_commands_that_fail_or_lie(asker: Asker, path: Path, script: str) -> None:
    """Commands that fail or lie change nothing."""
    fake(path, "squeue", f"printf '{LINE.strip()}\\n'")
    asker.want("root", [SLURM_7])
    wait_until(lambda: asker.answers.by_job)
    fake(path, "squeue", script)
    before = asker.answers.round
    wait_until(lambda: asker.answers.round > before + 2)
    assert all(answer.status.state == "PENDING" for answer in asker.answers.by_job.values())


def test_the_thread_sleeps_while_nothing(asker: Asker, path: Path) -> None:
    """The thread sleeps while nothing is wanted and ends."""
    fake(path, "squeue", f"printf '{LINE.strip()}\\n'")
    asker.want("root", [SLURM_7])
    wait_until(lambda: asker.answers.round > 3)
    asker.hurry()
    asker.stop()
    wait_until(lambda: all(thread.name != "scheduler" for thread in threading.enumerate()))
