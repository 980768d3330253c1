"""The monitor and `wait` beside a real Slurm, started on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.core.categories import Category
from statustui.core.job import JobPhase, Verdict
from statustui.core.run import Run
from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings
from statustui.scheduler.slurm import Slurm
from tests.monitor.recorder import RunRecorder
from tests.scheduler.cluster import Cluster, NotStartedError, missing_reason, running_cluster
from tests.terminal import STATUSTUI
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing_reason()), reason=missing_reason())]

REPORT = "echo $(date +%s.%N) {state} by the job >> {path}/status"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster without jobs."""
    try:
        with running_cluster() as made:
            yield made
    except NotStartedError as error:
        pytest.skip(f"no Slurm: {error}")


@pytest.fixture(autouse=True)
def environment(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the commands of Slurm find the cluster."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)


class Campaign:
    """Runs in a working directory, each in a job of its own."""

    def __init__(self, root: Path, cluster: Cluster) -> None:
        self.root = root
        self.cluster = cluster
        self.jobs: dict[str, str] = {}

    def add(self, name: str, work: str, *options: str, is_held: bool = False) -> str:
        """Submit a job that reports RUNNING and then does some work; return its id."""
        number = str(len(self.jobs) + 1)
        path, job = self.root / "test_runs" / number, self.root / "jobs" / name
        path.mkdir(parents=True)
        job.mkdir(parents=True)
        (path / "job").symlink_to(f"../../jobs/{name}")
        (path / "attributes").write_text(json.dumps({"name": name, "user": "root"}))
        report = REPORT.format(state="RUNNING", path=path)
        done = REPORT.format(state="COMPLETE result: PASS", path=path)
        script = f"{report}; {work}; {done}"
        found = self.cluster.submit(script, "--hold", *options, log=f"{job}/sched.log")
        self.jobs[name] = found
        (job / "info").write_text(json.dumps({"id": found, "sys_name": "test"}))
        (path / "status").write_text(f"{time.time():.6f} SCHEDULED kicked off\n")
        if not is_held:
            self.cluster.run("scontrol", "release", found)
        return found


@pytest.fixture
def campaign(tmp_path: Path, cluster: Cluster) -> Iterator[Campaign]:
    """A working directory without runs; its jobs are cancelled afterwards."""
    made = Campaign(tmp_path / "wd", cluster)
    yield made
    for job in made.jobs.values():
        cluster.run("scancel", "-f", job)


class Watched:
    """The runs of a monitor, by their names."""

    def __init__(self, root: Path) -> None:
        settings = Settings(interval=0.3, scheduler="auto", ask_every=0.5, job_grace=1.0)
        self.recorder = RunRecorder()
        self.monitor = Monitor([str(root)], settings)
        self.monitor.start(self.recorder.apply_batch)

    def run(self, name: str) -> Run:
        """The run of a name, as it was published last."""
        return next(run for run in list(self.recorder.runs.values()) if run.name == name)

    def reason(self, name: str) -> str:
        """Why the job of a run waits."""
        return next(
            (run.job_reason for run in list(self.recorder.runs.values()) if run.name == name), ""
        )


@pytest.fixture
def watched(campaign: Campaign) -> Iterator[Watched]:
    """A monitor of the working directory."""
    campaign.root.mkdir()
    made = Watched(campaign.root)
    yield made
    made.monitor.stop()


def test_the_monitor_tells_why_runs_wait_and_how_they_end(
    campaign: Campaign, watched: Watched
) -> None:
    """Held, dependent, beyond the limit, cancelled, lost; and it runs again when requeued."""
    held = campaign.add("held", "true", is_held=True)
    campaign.add("dependent", "true", f"--dependency=afterok:{held}")
    campaign.add("too-long", "true", "-p", "short", "-t", "10")
    campaign.add("passes", "true")
    cancelled = campaign.add("cancelled", "sleep 300")
    failed = campaign.add("failed", "exit 3")
    again = campaign.add("again", "sleep 300", "--requeue")
    assert failed
    wait_until(lambda: watched.reason("held") == "JobHeldUser")
    wait_until(lambda: watched.reason("dependent") == "Dependency")
    wait_until(lambda: watched.reason("too-long") == "PartitionTimeLimit")
    wait_until(lambda: watched.run("passes").result == "PASS")
    assert watched.run("passes").job is None
    wait_until(lambda: watched.run("failed").category is Category.FAILED)
    assert watched.run("failed").headline.startswith("RUNNING, but job")
    for name in ("cancelled", "again"):
        wait_until(lambda name=name: watched.run(name).current.state == "RUNNING")  # type: ignore[misc]
    campaign.cluster.run("scancel", cancelled)
    wait_until(lambda: watched.run("cancelled").category is Category.CANCELLED)
    assert watched.run("cancelled").is_dead
    campaign.cluster.run("scontrol", "requeuehold", again)
    wait_until(lambda: is_requeued(watched.run("again")))
    assert watched.run("again").category is Category.WAITING
    campaign.cluster.run("scancel", held)
    wait_until(lambda: watched.run("held").category is Category.CANCELLED)
    assert all(call.seconds < 5 for call in watched.monitor.calls)


def is_requeued(run: Run) -> bool:
    """Whether the job of a run waits again."""
    return run.job is not None and run.job.verdict is Verdict.REQUEUED


def test_a_controller_that_hangs_changes_nothing(campaign: Campaign, watched: Watched) -> None:
    """The monitor stays live, and goes on when it answers again."""
    campaign.add("held", "true", is_held=True)
    wait_until(lambda: watched.reason("held") == "JobHeldUser")
    controller = campaign.cluster.pid("slurmctld")
    os.kill(controller, signal.SIGSTOP)
    try:
        later = campaign.root / "test_runs" / "99"
        later.mkdir()
        (later / "status").write_text(f"{time.time():.6f} COMPLETE result: PASS\n")
        wait_until(lambda: str(later) in watched.recorder.runs)
        assert watched.run("held").job_reason == "JobHeldUser"
    finally:
        os.kill(controller, signal.SIGCONT)


def test_wait_ends_when_a_job_has_been_cancelled(campaign: Campaign) -> None:
    """With exit status 1, and the reason."""
    job = campaign.add("cancelled", "sleep 300")
    status = campaign.root / "test_runs" / "1" / "status"
    # The scheduler calls the job running before it does anything.
    wait_until(lambda: " RUNNING" in status.read_text())
    options = ["--interval", "0.3", "--ask-every", "1", "--job-grace", "1", "--timeout", "60"]
    with subprocess.Popen(
        [*STATUSTUI, "wait", str(campaign.root), *options], stdout=subprocess.PIPE, text=True
    ) as waiting:
        campaign.cluster.run("scancel", job)
        out, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 1
    assert f"RUNNING, but job {job} ended: CANCELLED" in out


def test_arrays_and_unknown_ids(cluster: Cluster) -> None:
    """As a real queue shows them."""
    job = cluster.submit("sleep 300", "--array=1-4%1")
    wait_until(lambda: "RUNNING" in cluster.state(job))
    found = Slurm().ask([f"{job}_1", f"{job}_3", job, "999999", f"{job}_9"], ["root"])
    assert {one: status.phase for one, status in found.items()} == {
        f"{job}_1": JobPhase.RUNNING,
        f"{job}_3": JobPhase.WAITING,
        job: JobPhase.RUNNING,
    }
    assert Slurm().ask(["999999"], []) == {}
    assert Slurm().ask_cluster() == "test"
    cluster.run("scancel", job)
