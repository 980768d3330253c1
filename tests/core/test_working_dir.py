"""Where runs are found, and what stands beside their status files."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from statustui.core.run import RunDir, RunMetadata
from statustui.core.working_dir import (
    find_runs,
    read_json,
    read_metadata,
    read_result,
    root_folder,
    survey,
    user_name,
)
from statustui.monitor.once import read_once
from tests.trees import DATA, write_nothing, write_run


def found(root: Path) -> dict[str, tuple[str, str]]:
    """Path under the root -> id and kind of the runs that are found."""
    places = list(find_runs(str(root), write_nothing))
    by_path: dict[str, tuple[str, str]] = {
        os.path.relpath(place.path, root): (place.id, place.kind) for place in places
    }
    assert len(by_path) == len(places)
    return by_path


def test_a_working_directory_of_pavilion_2_4() -> None:
    """Runs and series; a run directory without a status file is one too."""
    runs = found(DATA / "pavilion-2.4")
    tests = {path for path, (_id, kind) in runs.items() if kind == "test"}
    assert tests == {f"test_runs/{number}" for number in range(1, 22) if number != 11}
    assert runs["series/3"] == ("s3", "series")
    assert len(runs) == 29


def test_a_working_directory_of_pavilion_2_1_1() -> None:
    """Its ids have seven digits, and its series no status."""
    runs = found(DATA / "pavilion-2.1.1")
    tests = {f"test_runs/000000{n}": (f"000000{n}", "test") for n in (1, 2, 3)}
    assert runs == tests | {f"series/000000{n}": (f"s{n}", "series") for n in (1, 2)}


def test_a_root_may_be_test_runs_series_or_one_run() -> None:
    """Whatever somebody happens to stand in."""
    working_dir = DATA / "pavilion-2.4"
    assert len(found(working_dir / "test_runs")) == 20
    assert found(working_dir / "series")["3"] == ("s3", "series")
    assert found(working_dir / "test_runs" / "13") == {".": ("13", "test")}
    assert found(working_dir / "series" / "3") == {".": ("s3", "series")}


def test_every_directory_with_a_status_file_is_a_run_of_a_plain_tree(tmp_path: Path) -> None:
    """Named by its path; runs inside of runs are runs too."""
    write_run(tmp_path / "a" / "b", "RUNNING")
    write_run(tmp_path / "c", "RUNNING")
    write_run(tmp_path / "c" / "inside", "RUNNING")
    (tmp_path / "empty").mkdir()
    (tmp_path / "d" / "status").mkdir(parents=True)
    assert found(tmp_path) == {
        "a/b": ("b", "plain"),
        "c": ("c", "plain"),
        "c/inside": ("inside", "plain"),
    }
    assert read_metadata(RunDir(str(tmp_path), str(tmp_path / "a/b"), "b", "plain")).name == "a/b"
    assert read_metadata(RunDir(str(tmp_path), str(tmp_path), "x", "plain")).name == tmp_path.name


def test_a_stray_status_file_hides_nothing(tmp_path: Path) -> None:
    """``pav status > status`` is a slip that anybody makes, in any directory above runs."""
    write_run(tmp_path / "wd" / "test_runs" / "1", "RUN_FAILED")
    write_run(tmp_path / "wd" / "series" / "2", "RUN")
    write_run(tmp_path / "plain" / "3", "RUN_FAILED")
    runs = found(tmp_path)
    for place in ("wd", "wd/test_runs", "wd/series"):
        (tmp_path / place / "status").write_text("output\n")
        assert found(tmp_path) == runs
        assert found(tmp_path / "wd").keys() == {"test_runs/1", "series/2"}
    assert found(tmp_path / "wd" / "test_runs").keys() == {"1"}
    for place in (".", "plain"):
        (tmp_path / place / "status").write_text("output\n")
    assert found(tmp_path) == {
        **runs,
        ".": (tmp_path.name, "plain"),
        "plain": ("plain", "plain"),
    }


def test_inside_a_run_of_pavilion_nothing_is_looked_for(tmp_path: Path) -> None:
    """Neither from above nor where the run itself is the root."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING")
    write_run(run / "build" / "x", "RUNNING")
    assert found(tmp_path).keys() == {"test_runs/1"}
    assert found(run).keys() == {"."}


def test_builds_are_not_entered_where_another_root_is_test_runs(tmp_path: Path) -> None:
    """It is a working directory, although nothing below its `test_runs` is looked for."""
    write_run(tmp_path / "test_runs" / "1", "RUNNING")
    write_run(tmp_path / "builds" / "x", "RUNNING")
    skip = {str(tmp_path / "test_runs")}
    assert list(find_runs(str(tmp_path), write_nothing, skip)) == []


def test_test_runs_and_series_may_be_kept_elsewhere(tmp_path: Path) -> None:
    """Behind a link, as on a scratch filesystem; no other link is followed, and all are counted."""
    write_run(tmp_path / "scratch" / "runs" / "1", "RUNNING")
    write_run(tmp_path / "scratch" / "series" / "2", "RUN")
    working_dir = tmp_path / "wd"
    working_dir.mkdir()
    (working_dir / "test_runs").symlink_to("../scratch/runs")
    (working_dir / "series").symlink_to(tmp_path / "scratch" / "series")
    (working_dir / "again").symlink_to("../scratch/runs")
    assert found(working_dir) == {"test_runs/1": ("1", "test"), "series/2": ("s2", "series")}
    assert survey(root_folder(str(working_dir))).links == 1
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "series").symlink_to(tmp_path / "scratch" / "series")
    assert found(plain) == {}
    assert survey(root_folder(str(plain))).links == 1


def test_directories_of_a_working_directory_that_hold_no_runs_are_not_entered(
    tmp_path: Path,
) -> None:
    """A build may hold a whole source tree; elsewhere the names mean nothing."""
    for name in ("builds", "jobs", "users", "downloads"):
        write_run(tmp_path / "working_dir" / name / "x", "RUNNING")
        write_run(tmp_path / "plain" / name / "x", "RUNNING")
    write_run(tmp_path / "working_dir" / "test_runs" / "1", "RUNNING")
    runs = found(tmp_path)
    assert {path.split("/")[1] for path in runs if path.startswith("plain")} == {
        "builds",
        "jobs",
        "users",
        "downloads",
    }
    assert [path for path in runs if path.startswith("work")] == ["working_dir/test_runs/1"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    """They lead in circles and to runs that are found elsewhere; the root itself may be one."""
    run = write_run(tmp_path / "tree" / "test_runs" / "1", "RUNNING")
    write_run(tmp_path / "tree" / "series" / "2", "RUN")
    (run / "series").symlink_to("../../series/2")
    (tmp_path / "tree" / "series" / "2" / "1").symlink_to("../../test_runs/1")
    (tmp_path / "tree" / "test_runs" / "2").symlink_to("1")
    (tmp_path / "tree" / "again").symlink_to(".")
    linked = tmp_path / "tree" / "plain"
    linked.mkdir()
    (linked / "status").symlink_to("../test_runs/1/status")
    (tmp_path / "root").symlink_to("tree")
    assert sorted(found(tmp_path / "root")) == ["series/2", "test_runs/1"]


def test_a_directory_that_goes_meanwhile_is_passed_over(tmp_path: Path) -> None:
    """A root that is not there raises."""
    for name in ("a", "b", "c"):
        write_run(tmp_path / name, "RUNNING")
    finder = find_runs(str(tmp_path), write_nothing)
    first = next(finder)
    for name in {"a", "b", "c"} - {first.id}:
        shutil.rmtree(tmp_path / name)
    assert list(finder) == []
    with pytest.raises(FileNotFoundError):
        list(find_runs(str(tmp_path / "gone"), write_nothing))


def test_names_as_pavilion_writes_them() -> None:
    """2.4 in `attributes`, 2.1.1 as suite and name in `config`, a series in `config`."""
    names = {}
    for corpus, directory, kind in (
        ("pavilion-2.4", "test_runs/13", "test"),
        ("pavilion-2.1.1", "test_runs/0000002", "test"),
        ("pavilion-2.4", "series/1", "series"),
        ("pavilion-2.4", "test_runs/20", "test"),
    ):
        path = str(DATA / corpus / directory)
        names[directory] = read_metadata(
            RunDir(str(DATA), path, "s1", "series" if kind == "series" else "test")
        )
    assert names == {
        "test_runs/13": RunMetadata("nightly.badbuild", "root", "", "vm"),
        "test_runs/0000002": RunMetadata("t.fails"),
        "series/1": RunMetadata("cmdline", "", "1"),
        "test_runs/20": RunMetadata(),
    }


def test_the_series_of_a_run_is_where_its_link_leads(tmp_path: Path) -> None:
    """As Pavilion 2.4 makes it; the series need not be there any more."""
    (tmp_path / "series").symlink_to("../../series/12")
    assert read_metadata(RunDir(str(tmp_path), str(tmp_path), "7", "test")).series == "12"
    (tmp_path / "series").unlink()
    assert not read_metadata(RunDir(str(tmp_path), str(tmp_path), "7", "test")).series


def test_results_as_pavilion_writes_them(tmp_path: Path) -> None:
    """PASS, FAIL or ERROR; anything else is no result."""
    assert read_result(str(DATA / "pavilion-2.4" / "test_runs" / "2")) == "FAIL"
    assert read_result(str(tmp_path)) is None
    (tmp_path / "results.json").write_text(json.dumps({"result": ["PASS"]}))
    assert read_result(str(tmp_path)) is None


@pytest.mark.parametrize("text", ["", "[1]", "{", "nonsense", "[" * 100_000, '{"a": 1}' + "\0"])
def test_damaged_json_is_an_empty_object(tmp_path: Path, text: str) -> None:
    """However it is damaged."""
    path = tmp_path / "attributes"
    path.write_text(text)
    assert read_json(str(path)) == {}


def test_json_is_read_from_regular_files_of_moderate_size_only(tmp_path: Path) -> None:
    """A FIFO does not block, and a link leads nowhere."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "good").write_text('{"a": 1}')
    (tmp_path / "link").symlink_to("good")
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(1 << 30)
    assert read_json(str(tmp_path / "good")) == {"a": 1}
    assert [read_json(str(tmp_path / name)) for name in ("fifo", "link", "large")] == [{}, {}, {}]


def test_overlapping_roots_share_a_tree(tmp_path: Path) -> None:
    """Each run belongs to one of them, whatever links and dots are in their names."""
    for number in (1, 2):
        write_run(tmp_path / "tree" / "test_runs" / str(number), "RUNNING")
    (tmp_path / "link").symlink_to("tree")
    tree, inner = str(tmp_path / "tree"), str(tmp_path / "link" / "test_runs" / "1")
    roots = [tree, str(tmp_path / "link"), f"{tree}/.", inner, tree]
    runs = read_once(roots, 0.0).runs
    assert {run.root for run in runs} == {tree, inner}
    assert sorted(run.path for run in runs) == sorted([f"{tree}/test_runs/2", inner])


def test_a_directory_that_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """One whose path is too long for the kernel; one that goes meanwhile is passed over."""
    write_run(tmp_path / "a", "RUNNING x")
    write_run(tmp_path / "z", "RUNNING x")
    (tmp_path / "goes" / "inner").mkdir(parents=True)
    place = tmp_path / "deep"
    place.mkdir()
    descriptor = os.open(place, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=descriptor)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    told: list[OSError] = []
    found = find_runs(str(tmp_path), lambda _path, error: told.append(error))
    runs = [next(found)]
    shutil.rmtree(tmp_path / "goes")
    runs += found
    assert {run.id for run in runs} == {"a", "z"}
    assert [error.errno for error in told] == [errno.ENAMETOOLONG]
    # What is deeper than paths can be long is taken away from within.
    subprocess.run(["rm", "-rf", place], check=True)  # noqa: S607 - wherever it is


def test_a_user_without_a_name_is_a_number() -> None:
    """As on a node that does not know all users."""
    assert user_name(4_000_123) == "4000123"


def test_a_link_that_somebody_else_has_set_is_not_followed(tmp_path: Path) -> None:
    """The filesystem that it leads to might not answer; one that root or the owner set is."""
    if os.geteuid():
        pytest.skip("only root can give links away")
    elsewhere = write_run(tmp_path / "scratch" / "1", "RUNNING x").parent
    link = tmp_path / "root" / "team" / "test_runs"
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    root = str(tmp_path / "root")
    assert [place.id for place in find_runs(root, write_nothing)] == ["1"]
    os.lchown(link, 12345, 12345)
    assert list(find_runs(root, write_nothing)) == []
    assert survey(root_folder(str(link.parent))).links == 1
    os.chown(root, 12345, 12345)
    assert [place.id for place in find_runs(root, write_nothing)] == ["1"]
