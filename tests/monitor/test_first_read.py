"""The first read of a run has the same result as any other read."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from statustui.core.categories import Category
from statustui.core.run import RunDir
from statustui.core.working_dir import find_runs
from statustui.monitor.first_read import FirstReader
from statustui.monitor.fs.mounts import Reach
from statustui.monitor.once import read_once
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.poll_policy import Settings, policy_for
from statustui.monitor.read_options import Details, ReadOptions
from statustui.monitor.snapshot import RunSnapshot, read_snapshot
from tests.monitor.reading import read_first
from tests.trees import DATA, append, write_run


@pytest.mark.parametrize("name", ["pavilion-2.1.1", "pavilion-2.4"])
def test_runs_of_genuine_trees_are_read_alike(name: str) -> None:
    """Every field of every run and series is the same."""
    places = list(find_runs(str(DATA / name), lambda _path, _error: None))
    assert len(places) >= 5
    for place in places:
        assert (read_first(place) or read_snapshot(place)).run == read_snapshot(place).run


@pytest.mark.parametrize(
    "make",
    [
        lambda status: status.write_bytes(b"1 RUNNING x\n" * 20_000),
        lambda status: status.write_bytes(b""),
        lambda status: status.write_bytes(b"1 RUNNING x\n2 COMPL"),
        lambda status: status.write_bytes(b"1 RUNNING x"),
        os.mkfifo,
        lambda status: status.symlink_to("elsewhere"),
        lambda status: status.mkdir(),
        lambda _status: None,
    ],
    ids=["long", "empty", "torn", "line", "FIFO", "link", "directory", "missing"],
)
def test_an_unusual_status_file_is_read_alike(tmp_path: Path, make: object) -> None:
    """Or is refused for the same reason."""
    run = tmp_path / "test_runs" / "1"
    run.mkdir(parents=True)
    assert callable(make)
    make(run / "status")
    for place in find_runs(str(tmp_path), lambda _path, _error: None):
        assert (read_first(place) or read_snapshot(place)).run == read_snapshot(place).run


def test_what_is_beside_a_status_file_counts_after_runs_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Directories are looked into as long as nothing else is in them, and then file by file."""
    for number in range(1, 9):
        is_over = number % 2
        life = ("RUNNING x", "COMPLETE result: PASS") if is_over else ("BUILD_DONE x",)
        write_run(tmp_path / "test_runs" / str(number), *life)
    for name in ("3/results.json", "7/results.json"):
        (tmp_path / "test_runs" / name).write_text('{"result": "FAIL"}', encoding="utf-8")
    (tmp_path / "test_runs/4/RUN_COMPLETE").touch()
    (tmp_path / "test_runs/6/config").write_text('{"suite": "s", "name": "n"}', encoding="utf-8")
    (tmp_path / "test_runs/8/series").symlink_to("../../series/12")
    listed: list[str] = []
    list_directory = os.listdir
    monkeypatch.setattr(
        "statustui.monitor.first_read.os.listdir",
        lambda path: listed.append(path) or list_directory(path),  # type: ignore[func-returns-value]
    )
    places = [
        RunDir(str(tmp_path), str(tmp_path / f"test_runs/{n}"), str(n), "test") for n in range(1, 9)
    ]
    first = FirstReader(is_shared=False)
    alone = []
    for place in places:
        found = first.outline(place)
        alone.append(isinstance(found, OutlinedRun) and found.is_alone)
        assert first.read(place) is not None
    runs = [snapshot.run for place in places if (snapshot := first.read(place)) is not None]
    first.close()
    assert alone == [True, True, *[False] * 6]
    assert {os.path.basename(path) for path in listed} == {"1", "2", "3"}
    assert runs == [read_snapshot(place).run for place in places]
    assert [run.id for run in runs if run.is_finished] == ["1", "3", "4", "5", "6", "7"]
    assert (runs[2].result, runs[5].name, runs[7].series) == ("FAIL", "s.n", "12")


def test_a_file_that_grows_much_while_it_is_opened_is_left_to_the_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A little more is read with the rest."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    [place] = find_runs(str(tmp_path), lambda _path, _error: None)

    def read_while_growing(lines: int) -> RunSnapshot | None:
        read = os.read

        def grow(descriptor: int, size: int) -> bytes:
            for _ in range(lines):
                append(run, "RUN_USER x")
            return read(descriptor, size)

        with monkeypatch.context() as patch:
            patch.setattr("statustui.monitor.first_read.os.read", grow)
            return read_first(place)

    slightly = read_while_growing(1)
    assert slightly is not None
    assert slightly.run.status_count == 2
    assert slightly == read_snapshot(place)._replace(is_racy=True)
    assert read_while_growing(100) is None


def test_metadata_is_read_only_on_request(tmp_path: Path) -> None:
    """The name is in a file of its own; the status is the same without it."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING x", "COMPLETE result: FAIL")
    (run / "attributes").write_text('{"name": "a.b", "user": "mia"}')
    [place] = find_runs(str(tmp_path), lambda _path, _error: None)
    snapshots = read_first(place), read_first(place, with_metadata=False)
    whole, bare = (snapshot.run for snapshot in snapshots if snapshot is not None)
    assert (whole.name, whole.user, bare.name) == ("a.b", "mia", "")
    assert bare._replace(metadata=whole.metadata) == whole


def test_a_series_whose_runs_are_elsewhere_is_counted_as_it_is_listed(tmp_path: Path) -> None:
    """Its number tells which runs are its own, however little else is read."""
    run = write_run(tmp_path / "test_runs" / "1", "COMPLETE result: FAIL")
    series = write_run(tmp_path / "series" / "3", "ALL_STARTED x")
    (series / "ALL_TESTS_STARTED").touch()
    (run / "series").symlink_to("../../series/3")
    (series / "test_sets" / "0.a").mkdir(parents=True)
    (series / "test_sets" / "0.a" / "1").symlink_to("../../../../test_runs/1")
    for details in Details:
        root = str(tmp_path / "series")
        [found] = read_once([root], 1.8e9, ReadOptions(details=details)).runs
        assert (found.category, found.members and found.members.gone) == (Category.FAILED, 0)


@pytest.mark.parametrize(
    ("fields", "details"),
    [
        (set(), Details.STATUS),
        ({"state"}, Details.METADATA),
        ({"name", "id"}, Details.METADATA),
        ({"stalled", "user"}, Details.ALL),
    ],
)
def test_the_fields_of_a_filter_decide_how_much_is_read(fields: set[str], details: Details) -> None:
    """The members of a series depend on metadata, so any field needs it."""
    assert Details.of(fields) is details


@pytest.mark.parametrize("name", ["pavilion-2.1.1", "pavilion-2.4"])
def test_runs_that_are_only_counted_are_in_the_same_categories(name: str) -> None:
    """Although less is read of them."""
    found = []
    for details in Details:
        picture = read_once([str(DATA / name)], 1.8e9, ReadOptions(details=details))
        counts = Counter(run.category for run in picture.runs if not run.is_series)
        found.append(counts + picture.counted)
        assert bool(picture.counted) is (details is Details.STATUS)
    assert found[0] == found[1] == found[2]


def count(root: Path) -> tuple[Counter[Category], list[str]]:
    """How many runs a count finds in each category, and the paths that it cannot read."""
    found = read_once([str(root)], 1.8e9, ReadOptions(details=Details.STATUS))
    counts = Counter(run.category for run in found.runs if not run.is_series)
    return counts + found.counted, [part.path for part in found.incomplete]


def listed(root: Path) -> Counter[Category]:
    """How many runs a list finds in each category."""
    found = read_once([str(root)], 1.8e9, ReadOptions(details=Details.METADATA))
    return Counter(run.category for run in found.runs if not run.is_series)


@pytest.mark.parametrize("reach", [Reach.LOCAL, Reach.REMOTE])
def test_a_count_says_what_a_list_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reach: Reach
) -> None:
    """With one thread and with many, whatever is in the files and beside them."""
    policy = policy_for(reach, Settings())
    monkeypatch.setattr("statustui.monitor.root_reader.policy_for", lambda *_given: policy)
    ends = ["COMPLETE result: PASS", "COMPLETE result: FAIL", "RUNNING x", "BUILD_DONE x", "odd x"]
    for number in range(30):
        run = write_run(tmp_path / "test_runs" / str(number), "CREATED x", ends[number % 5])
        if number % 3 == 0:
            (run / "results.json").write_text('{"result": "ERROR"}')
        if number % 4 == 0:
            (run / "config").write_text('{"name": "a"}')
    times = write_run(tmp_path / "test_runs" / "50", "CREATED x")
    (times / "status").write_text("x CREATED x\ny COMPLETE result: PASS\n")
    write_run(tmp_path / "plain" / "1", "COMPLETE result: FAIL")
    counts, unread = count(tmp_path)
    assert counts == listed(tmp_path)
    assert {Category.PASSED, Category.FAILED, Category.ERROR, Category.RUNNING} <= set(counts)
    assert unread == []


@pytest.mark.parametrize(("error", "is_reported"), [(5, True), (2, False), (20, False)])
def test_a_count_reports_the_series_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, error: int, is_reported: bool
) -> None:
    """But not those that are being deleted."""
    write_run(tmp_path / "test_runs" / "1", "COMPLETE result: PASS")
    series = write_run(tmp_path / "series" / "3", "ALL_STARTED x")
    (series / "test_sets" / "0.a").mkdir(parents=True)
    (series / "test_sets" / "0.a" / "1").symlink_to("../../../../test_runs/1")
    assert count(tmp_path) == ({Category.PASSED: 1}, [])
    scandir = os.scandir

    def fail(path: str) -> object:
        if path.endswith("0.a"):
            raise OSError(error, "x")
        return scandir(path)

    def fail_series(path: str) -> object:
        if path == str(series):
            raise OSError(error, "x")
        return scandir(path)

    for failing in (fail, fail_series):
        with monkeypatch.context() as patch:
            patch.setattr("statustui.monitor.series_links.os.scandir", failing)
            counts, unread = count(tmp_path)
        assert counts == {Category.PASSED: 1}
        assert unread == ([str(series)] if is_reported else [])


def test_a_run_below_a_directory_that_has_just_been_removed_is_left_to_the_slices(
    tmp_path: Path,
) -> None:
    """Its directory cannot be opened."""
    reader = FirstReader(is_shared=False)
    assert reader.outline(RunDir("a", str(tmp_path / "gone" / "1"), "1", "test")) is None
    reader.close()
