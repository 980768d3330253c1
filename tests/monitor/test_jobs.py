"""The jobs of runs under way: found once, looked at again only where something may have changed."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from statustui.core.categories import Category
from statustui.core.job import JobStatus, Verdict
from statustui.core.job_places import JobPlace, find_linked_job
from statustui.core.run import Run, RunDir
from statustui.monitor import job_files as module
from statustui.monitor.job_files import JobFilesAhead
from statustui.monitor.jobs import Jobs, Looks, judge_jobs
from statustui.monitor.monitor import Monitor
from statustui.monitor.once import read_once
from statustui.monitor.poll_policy import Settings
from statustui.monitor.read_options import ReadOptions
from statustui.monitor.run.whole_run import read_run
from statustui.monitor.snapshot import read_snapshot
from statustui.scheduler.answers import Answer, Answers, WantedJob
from statustui.scheduler.asker import Asker
from tests.corpora import corpora  # noqa: F401 - a fixture
from tests.monitor.recorder import Watch
from tests.monitor.surroundings import mirror
from tests.trees import append, read_runs, write_run
from tests.waiting import wait_until

START = 1_795_000_000.0
OWNER = pwd.getpwuid(os.getuid()).pw_name
LAST_WORDS = "slurmstepd-n1: error: *** JOB {job} ON n1 CANCELLED AT {when} DUE TO TIME LIMIT ***\n"


def write_job(root: Path, *runs: Path, info: object = None, name: str = "abc") -> Path:
    """Make the directory of a job that holds some runs."""
    job = root / "jobs" / name
    job.mkdir(parents=True)
    (job / "info").write_text(json.dumps(info or {"id": "22", "sys_name": "head"}))
    for run in runs:
        (run / "job").symlink_to(f"../../jobs/{name}")
    return job


def kill(job: Path, when: float = START + 60) -> None:
    """Write the last words of a job that was killed by its time limit."""
    told = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(when))
    with (job / "sched.log").open("a", encoding="utf-8") as file:
        file.write(LAST_WORDS.format(job=json.loads((job / "info").read_text())["id"], when=told))


class Scene:
    """Runs of one tree as their files have them, and what is made of them by their jobs."""

    def __init__(self, root: Path, asker: Asker | None = None, grace: float = 60.0) -> None:
        self.root = root
        self.now = START + 1000
        self.jobs = Jobs(Looks(grace, lambda: self.now, asker))
        self.runs: dict[str, Run] = {}

    def read(self, path: Path) -> Run:
        """Read a run again, as a monitor does when its file has changed."""
        run = read_snapshot(RunDir(str(self.root), str(path), path.name, "test")).run
        self.jobs.add(run, self.runs.get(str(path)))
        self.runs[str(path)] = run
        return self.jobs.judged(run)

    def review(self, seconds: float = 0.0) -> dict[str, Run]:
        """Let time pass; return the runs of which something else is made now, by their id."""
        self.now += seconds
        return {run.id: run for run in self.jobs.review_due(self.runs.get)}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A working directory without runs."""
    made = Scene(tmp_path)
    yield made
    made.jobs.close()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records each reading of a description or a log of a job."""
    made: list[str] = []

    def record(name: str) -> None:
        work: Callable[..., object] = getattr(module, name)

        def call(*arguments: object) -> object:
            made.append(name)
            return work(*arguments)

        monkeypatch.setattr(module, name, call)

    for name in ("find_linked_job", "find_named_job", "read_log_end"):
        record(name)
    return made


def test_a_job_of_many_runs(scene: Scene, calls: list[str]) -> None:
    """A job of many runs is read once and its log when it changes."""
    paths = [
        write_run(scene.root / "test_runs" / str(number), "RUNNING x", start=START)
        for number in range(1, 6)
    ]
    job = write_job(scene.root, *paths)
    (job / "sched.log").touch()
    for path in paths:
        scene.read(path)
    found = scene.review()
    assert len(found) == 5
    assert calls == ["find_linked_job", "read_log_end"]
    for _ in range(20):
        assert not scene.review(100)
    assert calls == ["find_linked_job", "read_log_end"]
    kill(job, scene.now)
    assert not any(run.is_dead for run in scene.review(100).values())
    dead = scene.review(1000)
    assert len(dead) == 5
    assert all(run.is_dead for run in dead.values())
    assert calls == ["find_linked_job", "read_log_end", "read_log_end"]


def test_a_finished_run_is_never(scene: Scene, calls: list[str]) -> None:
    """A finished run is never looked at."""
    path = write_run(scene.root / "test_runs" / "1", "COMPLETE result: PASS", start=START)
    write_job(scene.root, path)
    assert scene.read(path).job is None
    assert not scene.review()
    assert not calls


def test_a_run_without_a_job(scene: Scene, calls: list[str]) -> None:
    """A run without a job is looked at again only when it changes."""
    path = write_run(scene.root / "test_runs" / "1", "CREATED x", start=START)
    scene.read(path)
    for _ in range(10):
        assert not scene.review(1000)
    assert calls == ["find_named_job"]
    write_job(scene.root, path)
    append(path, "SCHEDULED x")
    scene.read(path)
    found = scene.review()["1"]
    assert found.job is not None
    assert found.job.id == "22"


def test_a_job_that_is_not_described_yet(scene: Scene) -> None:
    """It is looked for again, even if the run has not changed."""
    path = write_run(scene.root / "test_runs" / "1", "SCHEDULED x", start=START)
    job = write_job(scene.root, path)
    described = (job / "info").read_text()
    (job / "info").unlink()
    scene.read(path)
    assert not scene.review()
    (job / "info").write_text(described)
    assert not scene.review(5)
    assert scene.review(100)["1"].job is not None


def test_the_verdict_leaves_when_the_status(scene: Scene) -> None:
    """The verdict leaves when the status file moves on."""
    path = write_run(scene.root / "test_runs" / "1", "RUNNING x", start=START)
    job = write_job(scene.root, path)
    scene.read(path)
    scene.review()
    kill(job, scene.now)
    assert not scene.review(100)["1"].is_dead
    assert scene.review(61)["1"].is_dead
    append(path, "RUNNING again", scene.now)
    assert not scene.read(path).is_dead
    assert not any(run.is_dead for run in scene.review(100).values())


def test_a_log_that_begins_anew(scene: Scene) -> None:
    """A log that begins anew takes its words back."""
    path = write_run(scene.root / "test_runs" / "1", "RUNNING x", start=START)
    job = write_job(scene.root, path)
    scene.read(path)
    kill(job)
    assert scene.review()["1"].is_dead
    (job / "sched.log").write_text("a new beginning\n")
    assert not scene.review(1000)["1"].is_dead


def test_a_run_that_is_gone(scene: Scene) -> None:
    """A run that is gone is forgotten."""
    path = write_run(scene.root / "test_runs" / "1", "RUNNING x", start=START)
    write_job(scene.root, path)
    scene.read(path)
    scene.review()
    scene.jobs.forget(str(path))
    del scene.runs[str(path)]
    assert not scene.review(10_000)
    assert not scene.jobs.wanted
    scene.jobs.forget(str(path))


def test_a_directory_instead_of_a_link(scene: Scene) -> None:
    """A directory instead of a link is a job too."""
    path = write_run(scene.root / "test_runs" / "1", "RUNNING x", start=START)
    (path / "job").mkdir()
    (path / "job" / "info").write_text('{"id": "5"}')
    scene.read(path)
    job = scene.review()["1"].job
    assert job is not None
    assert job.id == "5"


def test_a_process_of_this_host(scene: Scene) -> None:
    """A process of this host that has ended leaves its run dead."""
    path = write_run(scene.root / "test_runs" / "1", "RUNNING x", start=START)
    words = [sys.executable, "-c", "import sys; sys.stdin.read()", "kickoff", "e6495ec2de"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        info = {"pid": process.pid, "uniq_id": "e6495ec2de", "host": os.uname().nodename}
        write_job(scene.root, path, info=info)
        scene.read(path)
        found = scene.review()["1"]
        assert found.job is not None
        assert found.job.status == JobStatus("RUNNING", nodes=os.uname().nodename)
        process.kill()
    assert not scene.review(100)["1"].is_dead
    dead = scene.review(60)["1"]
    assert dead.headline == f"RUNNING, but process {process.pid} is gone"
    assert dead.category is Category.ERROR


def answer(asker: Asker, at: float, **jobs: JobStatus) -> None:
    """Let an asker have learned something of some jobs of Slurm, named ``j22``."""
    found = {
        WantedJob("slurm", name[1:], OWNER, system): Answer(status, at)
        for name, status in jobs.items()
        for system in ("head", "")
    }
    asker.answers = Answers(asker.answers.round + 1, at, found)


def test_the_scheduler_says_why_a_run(tmp_path: Path) -> None:
    """The scheduler says why a run waits and how it ended."""
    asker = Asker()
    scene = Scene(tmp_path, asker)
    path = write_run(tmp_path / "test_runs" / "1", "SCHEDULED x", start=START)
    write_job(tmp_path, path)
    scene.read(path)
    scene.review()
    assert {job.id for job in scene.jobs.wanted} == {"22"}
    answer(asker, scene.now, j22=JobStatus("PENDING", "Resources"), j7=JobStatus("RUNNING"))
    waiting = scene.review(5)["1"]
    assert waiting.job is not None
    assert waiting.job.status == JobStatus("PENDING", "Resources")
    assert waiting.job.asked == START + 1000
    answer(asker, scene.now, j22=JobStatus("CANCELLED", end=START + 900))
    assert not scene.review(5)["1"].is_dead
    assert scene.review(60)["1"].category is Category.CANCELLED
    assert not scene.jobs.wanted
    answer(asker, scene.now)
    assert not scene.review(60)
    scene.jobs.close()


def test_an_answer_becomes_old(tmp_path: Path) -> None:
    """After twice the interval of asking, once, until there is a new one; an end never does."""
    asker = Asker(60.0)
    scene = Scene(tmp_path, asker)
    path = write_run(tmp_path / "test_runs" / "1", "SCHEDULED x", start=START)
    write_job(tmp_path, path)
    scene.read(path)
    waiting = JobStatus("PENDING", "Resources")
    answer(asker, scene.now, j22=waiting)
    assert not is_old(scene.review()["1"])
    answer(asker, scene.now, j22=waiting)
    asker.answers = asker.answers._replace(problem="squeue: no answer within 10 s")
    assert not scene.review(119)
    assert scene.jobs.unanswered == "squeue: no answer within 10 s"
    assert is_old(scene.review(1)["1"])
    for _ in range(20):
        assert not scene.review(100)
    answer(asker, scene.now, j22=waiting)
    assert not is_old(scene.review(1)["1"])
    assert not scene.jobs.unanswered
    answer(asker, scene.now, j22=JobStatus("CANCELLED", end=START + 900))
    assert scene.review(60)["1"].is_dead
    asker.answers = asker.answers._replace(problem="squeue: down")
    assert not any(map(is_old, scene.review(1000).values()))
    assert not scene.jobs.unanswered
    scene.jobs.close()


def is_old(run: Run) -> bool:
    """Whether the scheduler should have been heard again about the job of a run."""
    assert run.job is not None
    return run.job.is_old


def test_a_scheduler_that_knows_of_a_second(tmp_path: Path) -> None:
    """A scheduler that knows of a second start is believed."""
    asker = Asker()
    scene = Scene(tmp_path, asker)
    path = write_run(tmp_path / "test_runs" / "1", "RUNNING x", start=START)
    kill(write_job(tmp_path, path))
    scene.read(path)
    assert scene.review()["1"].is_dead
    answer(asker, scene.now - 500, j22=JobStatus("RUNNING"))
    assert not scene.review(1)
    answer(asker, scene.now, j22=JobStatus("PENDING", "BeginTime"))
    again = scene.review(1)["1"]
    assert again.category is Category.WAITING
    assert again.job is not None
    assert again.job.verdict is Verdict.REQUEUED
    answer(asker, scene.now, j22=JobStatus("REVOKED"))
    assert scene.review(1)["1"].is_dead
    scene.jobs.close()


def test_a_run_that_is_found(tmp_path: Path) -> None:
    """A run that is found later gets the answers at hand."""
    asker = Asker()
    scene = Scene(tmp_path, asker)
    answer(asker, scene.now, j22=JobStatus("PENDING", "JobHeldUser"))
    scene.review()
    path = write_run(tmp_path / "test_runs" / "1", "SCHEDULED x", start=START)
    write_job(tmp_path, path)
    scene.read(path)
    job = scene.review()["1"].job
    assert job is not None
    assert job.is_waiting
    scene.jobs.close()


def test_a_link_to_a_dead(tmp_path: Path, scene: Scene) -> None:
    """A link to a dead mount delays nothing."""
    with mirror(tmp_path / "fuse") as dead:
        (dead.behind / "info").write_text('{"id": "1"}')
        victim = write_run(scene.root / "test_runs" / "1", "RUNNING x", start=START)
        other = write_run(scene.root / "test_runs" / "2", "RUNNING x", start=START)
        (victim / "job").symlink_to(dead.place)
        kill(write_job(scene.root, other))
        dead.hang()
        scene.read(victim)
        scene.read(other)
        scene.review()
        assert scene.review(100)["2"].is_dead
        assert scene.runs[str(victim)].job is None


def test_jobs_of_working_directories(corpora: Path, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    """The traces in genuine trees tell which runs are dead, and why."""
    place = shutil.copytree(corpora / "pavilion-develop-2024-06", tmp_path / "wd", symlinks=True)
    for name in ("24", "41"):
        # `pav status` has written this line.
        status = place / "test_runs" / name / "status"
        lines = status.read_text(encoding="utf-8").splitlines(keepends=True)
        status.write_text("".join(lines[:-1]), encoding="utf-8")
    runs = {run.id: run for run in read_runs(place, now=time.time())}
    assert runs["24"].category is Category.FAILED
    assert runs["24"].headline == "RUNNING, but job 22 ended: TIMEOUT 13:28"
    assert runs["41"].category is Category.ERROR
    assert "NODE_FAIL" in runs["41"].headline
    assert runs["27"].category is Category.CANCELLED
    assert runs["3"].category is Category.ERROR
    assert runs["26"].category is Category.RUNNING
    older = {run.id: run for run in read_runs(corpora / "pavilion-2.1.1-slurm", now=time.time())}
    assert older["0000007"].headline == "RUNNING, but job 55 ended: TIMEOUT 13:35"


def test_a_monitor_and_a_single(tmp_path: Path, watch: Watch) -> None:
    """A monitor and a single look say the same."""
    path = write_run(tmp_path / "test_runs" / "1", "RUNNING x", start=START)
    series = tmp_path / "series" / "2"
    series.mkdir(parents=True)
    (series / "1").symlink_to("../../test_runs/1")
    kill(write_job(tmp_path, path))
    recorder = watch(tmp_path, settings=Settings(job_grace=0.1))

    def seen(name: str) -> Run | None:
        return recorder.runs.get(str(tmp_path / name))

    wait_until(lambda: (run := seen("test_runs/1")) is not None and run.is_dead)
    wait_until(lambda: (run := seen("series/2")) is not None and run.category is Category.FAILED)
    found = read_once([str(tmp_path)], time.time(), ReadOptions(grace=0.1))
    listed = {run.id: run for run in found.runs}
    dead = seen("test_runs/1")
    assert dead is not None
    assert listed["1"].headline == dead.headline
    assert listed["s2"].is_finished
    append(path, "COMPLETE result: PASS", START + 2000)
    wait_until(lambda: (run := seen("test_runs/1")) is not None and run.result == "PASS")
    passed = seen("test_runs/1")
    assert passed is not None
    assert passed.job is None


def test_a_path_that_another_run_has_got(scene: Scene) -> None:
    """It has the job of that run."""
    path = write_run(scene.root / "test_runs" / "1", "RUNNING x", start=START)
    kill(write_job(scene.root, path))
    scene.read(path)
    assert scene.review()["1"].is_dead
    (path / "job").unlink()
    write_run(path, "RUNNING x", start=START + 900)
    write_job(scene.root, path, info={"id": "23"}, name="other")
    assert not scene.read(path).is_dead
    job = scene.review()["1"].job
    assert job is not None
    assert job.id == "23"


def test_runs_leave_a_job_one_by_one(scene: Scene) -> None:
    """It is known until the last one has left."""
    paths = [
        write_run(scene.root / "test_runs" / name, "RUNNING x", start=START) for name in ("1", "2")
    ]
    write_job(scene.root, *paths)
    for path in paths:
        scene.read(path)
    scene.jobs.forget(str(paths[0]))
    assert scene.review().keys() == {"2"}
    scene.read(paths[0])
    assert scene.review().keys() == {"1"}
    scene.jobs.forget(str(paths[0]))
    assert scene.jobs.wanted
    scene.jobs.forget(str(paths[1]))
    assert not scene.jobs.wanted


def test_a_job_without_a_log_is_known_by_its_id(tmp_path: Path) -> None:
    """In a tree other than Pavilion's, and the scheduler can be asked about it once."""
    path = write_run(tmp_path / "a", "RUNNING x", start=START)
    (path / "job_id").write_text("22", encoding="utf-8")
    asker = OneAnswer(JobStatus("NODE_FAIL", end=START + 60))
    found = read_once([str(tmp_path)], START + 9000, ReadOptions(asker=asker))
    assert found.runs[0].headline.startswith("RUNNING, but job 22 ended: NODE_FAIL")
    assert asker.answers.round == 1
    assert not read_once([str(tmp_path)], START).runs[0].is_dead


class OneAnswer(Asker):
    """Answers the same of every job."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__()
        self._status = status

    def ask(self, wanted: Collection[WantedJob]) -> None:
        """Answer."""
        answer(self, START + 9000, **{f"j{job.id}": self._status for job in wanted})


def test_the_scheduler_has_the_last_word_on_an_end(tmp_path: Path) -> None:
    """Also where a trace says something else."""
    asker = Asker()
    scene = Scene(tmp_path, asker)
    path = write_run(tmp_path / "test_runs" / "1", "RUNNING x", start=START)
    kill(write_job(tmp_path, path))
    scene.read(path)
    assert scene.review()["1"].category is Category.FAILED
    answer(asker, scene.now - 500, j22=JobStatus("NODE_FAIL", end=START + 60))
    assert scene.review(100)["1"].category is Category.ERROR
    scene.jobs.close()


def test_history_says_that_a_run_is_dead(tmp_path: Path) -> None:
    """As a list does."""
    path = write_run(tmp_path / "test_runs" / "1", "RUNNING x", start=START)
    kill(write_job(tmp_path, path))
    assert read_run(str(path)).run.headline.startswith("RUNNING, but job 22 ended: TIMEOUT")


def test_a_monitor_without_an_asker() -> None:
    """It has made no calls."""
    assert Monitor(["x"]).calls == ()


@pytest.mark.parametrize("threads", [1, 4])
def test_files_of_jobs_read_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: list[str], threads: int
) -> None:
    """They say what is read one after the other, with as many calls; a run helps out another."""
    paths = {
        name: write_run(tmp_path / "test_runs" / name, "RUNNING x", start=START)
        for name in ("1", "2", "3", "4", "5")
    }
    kill(write_job(tmp_path, paths["1"], paths["2"]))
    write_job(tmp_path, paths["3"], name="def")
    (paths["4"] / "job_id").write_text("23")
    runs = [
        read_snapshot(RunDir(str(tmp_path), str(paths[name]), name, "test")).run for name in paths
    ]
    looks = Looks(60.0, lambda: START + 9000, is_single=True)
    one_by_one = judge_jobs(runs, looks)
    made = sorted(calls)
    calls.clear()
    assert judge_jobs(runs, looks, JobFilesAhead(runs, threads)) == one_by_one
    assert sorted(calls) == made
    assert [run.is_dead for run in one_by_one[0]] == [True, True, False, False, False]
    assert {job.id for job in one_by_one[1]} == {"22", "23"}

    def find_by_the_second(place: RunDir) -> JobPlace | None:
        if place.id == "1":
            raise TimeoutError
        return find_linked_job(place)

    monkeypatch.setattr(module, "find_linked_job", find_by_the_second)
    judged, _ = judge_jobs(runs, looks, JobFilesAhead(runs, threads))
    assert [run.is_dead for run in judged] == [False, True, False, False, False]


@pytest.mark.parametrize("threads", [1, 4])
def test_of_a_job_with_a_log_that_hangs_the_id_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """The scheduler can be asked; the file with the id and the log are read in one call."""
    is_over = threading.Event()

    def hang(*_arguments: object) -> None:
        is_over.wait()

    monkeypatch.setattr(module, "read_log_end", hang)
    monkeypatch.setattr(module, "_MAX_PROBE_SECONDS", 0.05)
    path = write_run(tmp_path / "test_runs" / "1", "RUNNING x", start=START)
    write_job(tmp_path, path)
    run = read_snapshot(RunDir(str(tmp_path), str(path), "1", "test")).run
    looks = Looks(60.0, lambda: START + 9000, is_single=True)
    judged, wanted = judge_jobs([run], looks, JobFilesAhead([run], threads))
    is_over.set()
    assert ([one.is_dead for one in judged], [job.id for job in wanted]) == ([False], ["22"])
