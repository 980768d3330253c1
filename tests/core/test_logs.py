"""The logs of a run, and which of them tells of a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from statustui.core import documents
from statustui.core.documents import JOB, OWN, Document, signature
from statustui.core.logs import Log, LogTail, find_logs, log_paths, telling_logs
from statustui.core.run import RunDir


def place(path: Path, *, plain: bool = False) -> RunDir:
    """A run at `path`."""
    return RunDir(str(path.parent), str(path), path.name, "plain" if plain else "test")


def read_documents(run: RunDir) -> tuple[Document, ...]:
    """All the JSON files of a run."""
    return documents.read_documents(run, OWN) + documents.read_documents(run, JOB)


@pytest.fixture
def pavilion_24(tmp_path: Path) -> RunDir:
    """A run with its logs where Pavilion 2.4 has them."""
    run, job, build = (tmp_path / name for name in ("12", "jobs/x", "builds/y"))
    for directory in (run / "build", job, build):
        directory.mkdir(parents=True)
    (build / "pav_build_log").write_text("cc\n")
    (run / "build" / "pav_build_log").symlink_to(build / "pav_build_log")
    (run / "build.log").symlink_to("build/pav_build_log")
    (run / "job").symlink_to(job)
    for path in (run / "run.log", job / "kickoff.log", job / "sched.log", run / "results.log"):
        path.write_text("x\n")
    return place(run)


def test_the_logs_of_pavilion_24_are_found_behind_its_links(pavilion_24: RunDir) -> None:
    """Each once, in a fixed order, with the names that Pavilion gives them."""
    logs = find_logs(pavilion_24)
    assert [log.name for log in logs] == ["run", "build", "kickoff", "sched", "results"]
    assert [os.path.relpath(log.path, pavilion_24.path) for log in logs] == [
        "run.log",
        "build.log",
        "job/kickoff.log",
        "job/sched.log",
        "results.log",
    ]
    assert {log.path for log in logs} <= set(log_paths(pavilion_24))


def test_the_logs_of_pavilion_211_are_found(tmp_path: Path) -> None:
    """Below its own names; a link that leads nowhere is listed too."""
    run = tmp_path / "0000012"
    (run / "build").mkdir(parents=True)
    (run / "build" / "pav_build_log").symlink_to("/no/such/log")
    (run / "kickoff.log").write_text("x")
    assert [(log.name, os.path.relpath(log.path, run)) for log in find_logs(place(run))] == [
        ("build", "build/pav_build_log"),
        ("kickoff", "kickoff.log"),
    ]
    (run / "slurm.log").write_text("x")
    assert find_logs(place(run))[-1] == Log("sched", f"{run}/slurm.log")


@pytest.mark.parametrize(
    ("state", "first"),
    [
        ("BUILD_FAILED", "build"),
        ("BUILD_TIMEOUT", "build"),
        ("SCHED_ERROR", "kickoff"),
        ("RUN_TIMEOUT", "run"),
        ("ENV_FAILED", "run"),
        ("COMPLETE", "run"),
        ("RESULTS_ERROR", "results"),
        ("CREATION_ERROR", "kickoff"),
    ],
)
def test_each_phase_has_its_log(pavilion_24: RunDir, state: str, first: str) -> None:
    """Others follow, should that one be empty or missing."""
    logs = find_logs(pavilion_24)
    telling = telling_logs(state, logs)
    assert telling[0].name == first
    without = [log for log in logs if log.name != first]
    assert telling_logs(state, without) == telling[1:]


def test_in_other_trees_it_is_the_log_that_was_written_last(tmp_path: Path) -> None:
    """Any file with the ending of a log."""
    run = tmp_path / "a"
    run.mkdir()
    for number, name in enumerate(("slurm-1.out", "solver.log", "x.err", "notes.txt")):
        (run / name).write_text("x")
        os.utime(run / name, (1000 - number, 1000 - number))
    logs = find_logs(place(run, plain=True))
    assert [log.name for log in logs] == ["slurm-1.out", "solver.log", "x.err"]
    assert telling_logs("RUN_ERROR", logs)[0].name == "slurm-1.out"
    assert log_paths(place(run, plain=True)) == [log.path for log in logs]
    assert find_logs(place(tmp_path / "gone", plain=True)) == []


def test_json_files_are_read_or_it_is_said_why_not(tmp_path: Path) -> None:
    """Missing ones are left out."""
    run = tmp_path / "12"
    (run / "job").mkdir(parents=True)
    (run / "results.json").write_text('{"result": "PASS", "x": NaN}')
    (run / "attributes").write_text("[" * 100_000)
    (run / "config").mkdir()
    (run / "job" / "info").write_text("{")
    found = {one.name: one for one in read_documents(place(run))}
    assert found["results.json"].value["result"] == "PASS"
    assert found["attributes"].trouble == "nested too deeply"
    assert found["config"].trouble == "not a regular file but a directory"
    assert "Expecting" in (found["job/info"].trouble or "")
    assert read_documents(place(tmp_path / "13")) == ()


def test_a_json_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    """Its size is told."""
    with (tmp_path / "results.json").open("wb") as file:
        file.truncate(5 << 30)
    assert read_documents(place(tmp_path))[0].trouble == "5.4 GB are too much to be shown"


def test_a_change_of_a_json_file_is_seen(tmp_path: Path) -> None:
    """By what `stat` says."""
    before = signature(place(tmp_path), OWN)
    (tmp_path / "results.json").write_text("{}")
    changed = signature(place(tmp_path), OWN)
    assert before == ()
    assert [one[0] for one in changed] == ["results.json"]


def test_a_json_file_behind_a_link_is_not_read(tmp_path: Path) -> None:
    """It may lead out of the tree."""
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "results.json").symlink_to("secret")
    assert read_documents(place(tmp_path))[0].trouble == "not a regular file but a link"


def test_logs_have_titles_and_one_that_goes_was_never_written(tmp_path: Path) -> None:
    """Pavilion's by their names, others by those of their files."""
    assert Log("run", "x").title == "run log"
    assert Log("solver.out", "x").title == "solver.out"
    (tmp_path / "b.log").write_text("x")
    there = Log("b.log", str(tmp_path / "b.log"))
    gone = Log("a.log", str(tmp_path / "a.log"))
    assert telling_logs("RUNNING", [gone, there]) == [there, gone]
    assert LogTail(there, ("x",), (1, 2, 3_500_000_000, 4)).modified == 3.5


def test_of_very_many_logs_those_that_were_written_last_are_listed(tmp_path: Path) -> None:
    """By name; the one that tells most is among them."""
    for number in range(150):
        path = tmp_path / f"rank{number:03}.err"
        path.write_text("x")
        os.utime(path, (1000, 1000 + (number == 140) * 50 + number % 7))
    logs = find_logs(place(tmp_path, plain=True))
    assert len(logs) == 100
    assert logs == sorted(logs)
    assert telling_logs("RUN_ERROR", logs)[0].name == "rank140.err"
