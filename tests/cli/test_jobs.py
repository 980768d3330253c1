"""Commands that go by the jobs of runs, beside a scheduler that is a script."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from statustui.cli.follow_loop import choose_news
from statustui.core.job import Job, JobStatus
from statustui.core.job_verdict import Evidence, RunTimes, judge_by_job
from statustui.core.run import Run
from statustui.monitor.batch import Batch
from tests.commands import run_command
from tests.monitor.test_jobs import kill, write_job
from tests.runs import make
from tests.trees import append, write_run

HELD = "22|22|PENDING|N/A|N/A|{user}||JobHeldUser"
ENDED = "22|22|TIMEOUT|{start}|{end}|{user}|n1|TimeLimit"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in front of the PATH."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")
    fake(path, "sacct", "")
    return path


def fake(path: Path, name: str, line: str) -> None:
    """Put a command on the PATH that notes how it is called, and prints a line."""
    script = f"#!/bin/sh\necho {name} $* >> {path}/calls\n[ -z '{line}' ] || echo '{line}'\n"
    (path / name).write_text(script, encoding="utf-8")
    (path / name).chmod(0o755)


def queue(path: Path, line: str) -> None:
    """Let ``squeue`` print a line about the job of the user of this process."""
    now = time.time()
    user = path.owner()
    fake(path, "squeue", line.format(user=user, start=int(now) - 900, end=int(now) - 800))


def calls(path: Path) -> list[str]:
    """The calls of commands on the PATH."""
    made = path / "calls"
    return made.read_text(encoding="utf-8").splitlines() if made.exists() else []


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run statustui."""
    done = run_command(*arguments)
    assert "Traceback" not in done.stderr
    return done


def listed(*arguments: str) -> dict[str, dict[str, Any]]:
    """Id -> run object of ``list --json``."""
    return {one["id"]: one for one in json.loads(run("list", "--json", *arguments).stdout)["runs"]}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A working directory with a run that is scheduled, and its job."""
    root = tmp_path / "wd"
    path = write_run(root / "test_runs" / "1", "SCHEDULED x", start=time.time() - 1000)
    write_job(root, path)
    return root


def test_a_bare_number_is_a_job_of_the_scheduler_at_hand(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pavilion cuts the server from the ids of PBS."""
    pbs = tmp_path / "pbs"
    pbs.mkdir()
    job = {"job_state": "Q", "comment": "Not Running: Insufficient amount of resource: ncpus"}
    fake(pbs, "qstat", json.dumps({"timestamp": 1, "Jobs": {"22.head": job}}, indent=4))
    monkeypatch.setenv("PATH", str(pbs))
    found = listed("--ask", str(tree))["1"]["job"]
    assert (found["scheduler"], found["state"]) == ("pbs", "PENDING")


def test_list_asks_the_scheduler_once(path: Path, tree: Path) -> None:
    """List asks the scheduler once and only when told."""
    queue(path, HELD)
    plain = listed(str(tree))["1"]
    assert plain["job"]["id"] == "22"
    assert plain["job"]["state"] is None
    assert not calls(path)
    job = listed("--ask", str(tree))["1"]["job"]
    assert (job["state"], job["reason"]) == ("PENDING", "JobHeldUser")
    assert abs(job["asked"] - time.time()) < 60
    assert len(calls(path)) == 1
    assert "1 " in run("list", "--ask", "-F", "reason=JobHeld* job=22", str(tree)).stdout
    table = run("list", "--ask", str(tree)).stdout
    assert "will not start: JobHeldUser (held by its user)" in table
    listed("--ask", "--scheduler", "off", str(tree))
    assert len(calls(path)) == 3


def test_list_says_that_the_scheduler(path: Path, tree: Path) -> None:
    """List says that the scheduler has not answered."""
    fake(path, "squeue", "")
    (path / "squeue").write_text("#!/bin/sh\necho down >&2; exit 1\n", encoding="utf-8")
    done = run("list", "--ask", str(tree))
    assert done.returncode == 0
    assert "squeue: down" in done.stderr
    assert "SCHEDULED" in done.stdout


def test_list_finds_out_that_a_job(path: Path, tree: Path) -> None:
    """List finds out that a job has ended."""
    queue(path, ENDED)
    dead = listed("--ask", str(tree))["1"]
    assert dead["category"] == "failed"
    assert dead["problem"]["state"] == "SCHEDULED"
    assert dead["problem"]["note"].startswith("job 22 ended: TIMEOUT ")
    assert dead["problem"]["timestamp"] == dead["job"]["end"]
    assert dead["state"] == "SCHEDULED"


def test_a_job_of_another_cluster_with_the_same_id(path: Path, tree: Path, tmp_path: Path) -> None:
    """In one root or in two, the job of this cluster alone gets the answer."""
    queue(path, ENDED)
    fake(path, "scontrol", "ClusterName = head")
    start = time.time() - 1000
    beside = write_run(tree / "test_runs" / "2", "RUNNING x", start=start)
    write_job(tree, beside, info={"id": "22", "sys_name": "tail"}, name="def")
    other = write_run(tmp_path / "other" / "test_runs" / "3", "RUNNING x", start=start)
    write_job(tmp_path / "other", other, info={"id": "22", "sys_name": "tail"})
    found = listed("--ask", str(tree), str(tmp_path / "other"))
    assert {one: run["category"] for one, run in found.items()} == {
        "1": "failed",
        "2": "running",
        "3": "running",
    }
    assert found["2"]["job"]["state"] is None


def test_a_follower_prints_an_answer_once() -> None:
    """However often the scheduler says the same."""

    def told(reason: str, asked: float) -> Batch:
        evidence = Evidence(JobStatus("PENDING", reason), asked)
        return Batch((judge_by_job(waiting, Job("22", "slurm"), evidence, RunTimes(asked)),))

    waiting, chosen = make("r/1", "SCHEDULED x"), dict[str, Run]()
    batches = [told("Priority", 1), told("Priority", 2), told("Resources", 3), told("Resources", 4)]
    printed = [choose_news(batch, lambda _run: True, chosen)[1] for batch in batches]
    assert [len(runs) for runs in printed] == [1, 0, 1, 0]


def test_compare_and_report_ask_when_told(path: Path, tree: Path) -> None:
    """A run that is known to be dead to the scheduler alone is a failure, as it is for a list."""
    queue(path, ENDED)
    quiet = run("compare", str(tree))
    assert (quiet.returncode, calls(path)) == (0, [])
    assert "1 under way" in quiet.stdout
    told = run("compare", "--ask", str(tree))
    assert told.returncode == 1
    assert "job 22 ended: TIMEOUT" in told.stdout
    assert len(calls(path)) == 1
    for form in ("md", "json"):
        assert "job 22 ended: TIMEOUT" in run("report", "--ask", str(tree), "--format", form).stdout
    made = len(calls(path))
    run("compare", "--ask", "--scheduler", "off", str(tree))
    for command in ("compare", "report"):
        refused = run(command, "--ask-every", "120", str(tree))
        assert refused.returncode == 2
        assert "--ask-every" in refused.stderr
    assert len(calls(path)) == made
    (path / "squeue").write_text("#!/bin/sh\necho down >&2; exit 1\n", encoding="utf-8")
    done = run("compare", "--ask", str(tree), "--with", str(tree))
    assert (done.returncode, done.stderr.count("squeue: down")) == (0, 1)


def test_wait_ends_when_the_job(path: Path, tree: Path) -> None:
    """Wait ends when the job has ended."""
    queue(path, ENDED)
    done = run("wait", str(tree), "--timeout", "50")
    assert done.returncode == 1
    assert "SCHEDULED, but job 22 ended: TIMEOUT" in done.stdout


def test_wait_goes_by_the_log(path: Path, tree: Path) -> None:
    """Wait goes by the log of the job alone."""
    kill(tree / "jobs" / "abc", time.time() - 900)
    queue(path, HELD)
    done = run("wait", str(tree), "--timeout", "50", "--scheduler", "off")
    assert done.returncode == 1
    assert not calls(path)


def test_a_follower_cannot_ask_once(tree: Path) -> None:
    """A follower cannot ask once."""
    done = run("list", "--follow", "--ask", str(tree))
    assert done.returncode == 2
    assert "--follow cannot be used with" in done.stderr


def test_a_summary_counts_dead_runs_as_a_list_does(tree: Path) -> None:
    """Also where runs are only counted."""
    write_run(tree / "test_runs" / "2", "RUNNING x", start=time.time() - 1000)
    write_run(tree / "test_runs" / "3", "COMPLETE result: PASS")
    kill(tree / "jobs" / "abc", time.time() - 900)
    assert run("list", "--summary", str(tree)).stdout == "3 runs: 1 failed, 1 running, 1 passed\n"


def test_wait_does_not_end_on_a_job_that_is_not_lost(path: Path, tree: Path) -> None:
    """However long the scheduler takes to say that the job waits."""
    (tree / "test_runs" / "1" / "RUN_COMPLETE").touch()
    append(tree / "test_runs" / "1", "SCHED_ERROR Could not find job 22", time.time())
    queue(path, HELD)
    slow = (path / "squeue").read_text(encoding="utf-8").replace("#!/bin/sh", "#!/bin/sh\nsleep 3")
    (path / "squeue").write_text(slow, encoding="utf-8")
    done = run("wait", str(tree), "--timeout", "10")
    assert done.returncode == 124
    assert "SCHED_ERROR is doubtful" in done.stdout
    assert run("wait", str(tree), "--timeout", "50", "--scheduler", "off").returncode == 1
