"""The first read of a run has the same result as any other read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from statustui.core.categories import Category
from statustui.core.durations import DEFAULT_STALE_AFTER
from statustui.core.reading import open_regular
from statustui.core.working_dir import find_runs
from statustui.monitor.first_read import read_first
from statustui.monitor.once import Details, read_once
from statustui.monitor.snapshot import RunSnapshot, read_snapshot
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


def test_a_file_that_grows_much_while_it_is_opened_is_left_to_the_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A little more is left for the next look, since the signature does not cover it."""
    run = write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    [place] = find_runs(str(tmp_path), lambda _path, _error: None)

    def read_while_growing(lines: int) -> RunSnapshot | None:
        def grow(path: str, *, state: os.stat_result) -> tuple[int, os.stat_result]:
            opened = open_regular(path, state=state)
            for _ in range(lines):
                append(run, "RUN_USER x")
            return opened

        with monkeypatch.context() as patch:
            patch.setattr("statustui.monitor.first_read.open_regular", grow)
            return read_first(place)

    slightly = read_while_growing(1)
    assert slightly is not None
    assert slightly.run.status_count == 1
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
        [found] = read_once([root], DEFAULT_STALE_AFTER, 1.8e9, details=details).runs
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
    found = [
        {run.path: run.category for run in picture.runs if not run.is_series}
        for details in Details
        for picture in [read_once([str(DATA / name)], DEFAULT_STALE_AFTER, 1.8e9, details=details)]
    ]
    assert found[0] == found[1] == found[2]
