from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.core.job import GONE, JobStatus
from statustui.core.job_places import (
    JobPlace,
    find_linked_job,
    find_named_job,
    look_for_process,
    read_log_end,
)
from statustui.core.run import Kind, RunDir
from tests.corpora import corpora  # noqa: F401 - a fixture


def place(path: Path, kind: Kind = "test", root: Path | None = None) -> RunDir:
    """The run directory at a path."""
    return RunDir(str(root or path.parent.parent), str(path), path.name, kind)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run directory in a working directory."""
    path = tmp_path / "test_runs" / "12"
    path.mkdir(parents=True)
    return path


def write_job(run: Path, info: object) -> Path:
    """Write what describes the job of a run, behind a link as Pavilion makes it."""
    job = run.parent.parent / "jobs" / "abc"
    job.mkdir(parents=True)
    (job / "info").write_text(json.dumps(info), encoding="utf-8")
    (run / "job").symlink_to("../../jobs/abc")
    return job


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"id": "56", "sys_name": "head"}, ("56", "slurm")),
        ({"id": "36_3"}, ("36_3", "slurm")),
        ({"id": "12.head", "sys_name": "head"}, ("12.head", "pbs")),
        ({"id": "12[]"}, ("12[]", "pbs")),
        ({"jobid": "ƒ2oZkP3x", "sys_name": "x", "name": "y"}, ("ƒ2oZkP3x", "flux")),
        ({"jobid": 1552593348}, ("1552593348", "flux")),
        ({"id": "15032385537", "sys_name": "x"}, ("15032385537", "flux")),
    ],
)
def test_the_job_of_a_run(run: Path, info: object, expected: tuple[str, str]) -> None:
    """The job of a run is described behind its link."""
    write_job(run, info)
    found = find_linked_job(place(run))
    assert found is not None
    assert (found.id, found.scheduler) == expected
    assert found.log == f"{run}/job/sched.log"


def test_a_process_is_described_with_its_host(run: Path) -> None:
    """A process is described with its host and its mark."""
    write_job(run, {"pid": 4099, "uniq_id": "e6495ec2de", "host": "head"})
    log = f"{run}/job/sched.log"
    marks = ("kickoff", "e6495ec2de")
    assert find_linked_job(place(run)) == JobPlace("4099", "raw", log, "head", marks)


@pytest.mark.parametrize(
    "info",
    [
        None,
        [],
        {},
        {"id": "--me"[:0]},
        {"id": "1;2"},
        {"id": "a b"},
        {"pid": 1, "host": "head"},
        {"pid": "x", "host": "head", "uniq_id": "y"},
        {"pid": 1, "host": "head", "uniq_id": ""},
    ],
)
def test_a_damaged_description_names_no_job(run: Path, info: object) -> None:
    """A damaged description names no job."""
    assert find_linked_job(place(run)) is None
    write_job(run, info)
    assert find_linked_job(place(run)) is None


def test_a_job_id_of_pavilion(run: Path) -> None:
    """A job id of pavilion 2 1 1."""
    assert find_named_job(place(run)) is None
    (run / "job_id").write_text("23\n", encoding="utf-8")
    assert find_named_job(place(run)) == JobPlace("23", "slurm", f"{run}/slurm.log")
    (run / "job_id").write_text("head_3121", encoding="utf-8")
    marks = ("kickoff.sh", "-12-")
    assert find_named_job(place(run)) == JobPlace("3121", "raw", "", "head", marks)
    (run / "job_id").write_text("$(reboot)", encoding="utf-8")
    assert find_named_job(place(run)) is None


def test_a_job_id_that_is_a_link(run: Path) -> None:
    """A job id that is a link is not followed."""
    (run / "secret").write_text("23", encoding="utf-8")
    (run / "job_id").symlink_to("secret")
    assert find_named_job(place(run)) is None


def test_the_output_of_a_job(tmp_path: Path) -> None:
    """The output of a job names it in other trees."""
    run = place(tmp_path, "plain", tmp_path)
    assert find_named_job(run) is None
    for name in ("slurm-9.out", "slurm-36_3.out", "slurm-36_12.out", "slurm-x.out"):
        (tmp_path / name).touch()
    assert find_named_job(run) == JobPlace("36_12", "slurm", f"{tmp_path}/slurm-36_12.out")
    (tmp_path / "job_id").write_text("9", encoding="utf-8")
    assert find_named_job(run) == JobPlace("9", "slurm", f"{tmp_path}/slurm-9.out")
    (tmp_path / "job_id").write_text("10", encoding="utf-8")
    assert find_named_job(run) == JobPlace("10", "slurm")


def test_a_series_has_no_job(tmp_path: Path) -> None:
    """A series has no job."""
    assert find_named_job(place(tmp_path, "series")) is None
    assert find_named_job(place(tmp_path / "gone", "plain")) is None


def test_a_log_is_read_once(run: Path) -> None:
    """A log is read once for each version."""
    log = write_job(run, {"id": "22"}) / "sched.log"
    job = find_linked_job(place(run))
    assert job is not None
    with pytest.raises(FileNotFoundError):
        read_log_end(place(run), job, None)
    log.write_text("x" * 100_000, encoding="utf-8")
    found = read_log_end(place(run), job, None)
    assert found is not None
    assert found[0] is None
    assert read_log_end(place(run), job, found[1]) is None
    with log.open("a", encoding="utf-8") as file:
        file.write("\nslurmstepd: error: *** JOB 22 ON n1 CANCELLED AT 2026-11-25T13:28:03 ***\n")
    later = read_log_end(place(run), job, found[1])
    assert later is not None
    assert later[0] is not None
    assert later[0].state == "CANCELLED"


@pytest.mark.parametrize(
    ("run_id", "job", "end"),
    [("24", "22", "TIMEOUT"), ("41", "54", "NODE_FAIL"), ("27", "26", "CANCELLED")],
)
def test_jobs_of_a_working_directory(corpora: Path, run_id: str, job: str, end: str) -> None:  # noqa: F811 - the fixture
    """The traces tell the ends of the jobs of a genuine working directory."""
    run = place(corpora / "pavilion-develop-2024-06" / "test_runs" / run_id)
    found = find_linked_job(run)
    assert found is not None
    assert found.id == job
    told = read_log_end(run, found, None)
    assert told is not None
    assert told[0] is not None
    assert told[0].state == end


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this host whose command line looks like that of a run."""
    program = "import sys; print(flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", program, "kickoff", "e6495ec2de"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        # Right after the start the command line is empty.
        process.stdout.readline()
        yield process
        if process.stdin is not None:
            process.stdin.close()


def raw(pid: int, host: str = os.uname().nodename, mark: str = "e6495ec2de") -> JobPlace:
    """A process of a run."""
    return JobPlace(str(pid), "raw", "", host, ("kickoff", mark))


def test_a_process_is_there_until(process: subprocess.Popen[bytes]) -> None:
    """A process is there until it ends."""
    here = os.uname().nodename
    assert look_for_process(raw(process.pid)) == JobStatus("RUNNING", nodes=here)
    assert look_for_process(raw(process.pid, mark="other")) == JobStatus(GONE, nodes=here)
    assert look_for_process(raw(process.pid, host="elsewhere")) is None
    process.kill()
    process.wait()
    assert look_for_process(raw(process.pid)) == JobStatus(GONE, nodes=here)


def test_a_process_that_nobody_has_waited(process: subprocess.Popen[bytes]) -> None:
    """A process that nobody has waited for is gone."""
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert look_for_process(raw(process.pid)) == JobStatus(GONE, nodes=os.uname().nodename)


def test_nothing_follows_from_an_impossible_id() -> None:
    """Nothing follows from an impossible id."""
    assert look_for_process(raw(10**30)) is None


def test_nothing_follows_from_a_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing follows from a command line that cannot be read."""

    def refuse(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr("builtins.open", refuse)
    assert look_for_process(raw(os.getpid())) is None
