"""Series in a live tree whose runs appear, finish and vanish."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from statustui.core.durations import StaleAfter
from statustui.core.run import Run
from statustui.monitor.due_queue import DueQueue
from statustui.monitor.once import read_once
from statustui.monitor.poll_policy import Settings
from statustui.monitor.read_options import ReadOptions
from statustui.monitor.series import AllSeries
from tests.monitor.follower import follower
from tests.monitor.scanning import ScannerDriver, put_on_filesystem
from tests.runs import make
from tests.trees import append, write_run
from tests.waiting import wait_until

PASS = "COMPLETE The test completed with result: PASS"  # noqa: S105 - no password
PATIENT = Settings(stale_after=StaleAfter(1e12))


def start_series(root: Path, number: int = 1) -> Path:
    """Create a series as Pavilion 2.4 does, without runs yet."""
    series = write_run(root / "series" / str(number), "CREATED x", "SET_MAKE x")
    (series / "test_sets" / "0.nightly").mkdir(parents=True)
    (root / "test_runs").mkdir(exist_ok=True)
    return series


def add_run(series: Path, number: int, *statuses: str, test_set: str = "0.nightly") -> Path:
    """Create a run of a series."""
    run = write_run(series.parent.parent / "test_runs" / str(number), *statuses)
    (run / "series").symlink_to(f"../../series/{series.name}")
    folder = series / "test_sets" / test_set
    folder.mkdir(exist_ok=True)
    (folder / str(number)).symlink_to(f"../../../../test_runs/{number}")
    return run


def finish(series: Path) -> None:
    """Mark a series as having all its runs."""
    append(series, "ALL_STARTED x")
    (series / "ALL_TESTS_STARTED").touch()


def last_of(driver: ScannerDriver, series: Path) -> Run:
    """Return a series as it was last reported."""
    runs = (run for batch in driver.batches for run in batch.changed)
    return [run for run in runs if run.path == str(series)][-1]


def summary_of(driver: ScannerDriver, series: Path) -> tuple[str, str, bool]:
    """Return the category and note of a series, and whether it has finished."""
    run = last_of(driver, series)
    return run.category.value, run.headline, run.is_finished


def test_a_series_follows_its_runs(tmp_path: Path) -> None:
    """Runs are added, in a second test set too, finish, fail and vanish; so does the series."""
    series = start_series(tmp_path)
    driver = ScannerDriver(tmp_path, PATIENT)
    driver.sweep_all()
    assert summary_of(driver, series) == ("waiting", "x", False)
    one = add_run(series, 1, "RUNNING x")
    driver.sweep_all()
    assert summary_of(driver, series) == ("running", "0/1 passed, 1 running", False)
    append(one, PASS)
    two = add_run(series, 2, "SCHEDULED x", test_set="1.weekly")
    driver.sweep_all()
    assert summary_of(driver, series) == ("waiting", "1/2 passed, 1 waiting", False)
    finish(series)
    append(two, "RUN_FAILED x")
    driver.sweep_all()
    assert summary_of(driver, series) == ("failed", "1/2 passed, 1 failed", True)
    shutil.rmtree(two)
    driver.sweep_all()
    assert summary_of(driver, series) == ("passed", "1/2 passed, 1 gone", True)
    shutil.rmtree(series)
    driver.sweep_all()
    assert str(series) not in driver.states()
    assert str(series) in driver.batches[-1].removed


def test_checking_one_run_updates_its_series(tmp_path: Path) -> None:
    """Only its own series is judged again, and reported only if that changes it."""
    series, other = start_series(tmp_path, 1), start_series(tmp_path, 2)
    run = add_run(series, 1, "RUNNING x")
    add_run(other, 2, "RUNNING x")
    driver = ScannerDriver(tmp_path, PATIENT)
    driver.sweep_all()
    seen = len(driver.batches)
    append(run, "RUNNING y")
    driver.check(run)
    append(run, PASS)
    driver.check(run)
    changed = [run.path for batch in driver.batches[seen:] for run in batch.changed]
    assert changed == [str(run), str(run), str(series)]


def test_a_series_is_reported_only_after_it_has_been_judged(tmp_path: Path) -> None:
    """What its own status file says is never reported alone."""
    series = start_series(tmp_path)
    add_run(series, 1, PASS)
    finish(series)
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    append(series, "COMPLETE Series has completed.")
    driver.sweep_all()
    told = [run for batch in driver.batches for run in batch.changed if run.is_series]
    assert [(run.current.state, run.headline) for run in told] == [
        ("ALL_STARTED", "1/1 passed"),
        ("COMPLETE", "1/1 passed"),
    ]


def test_a_series_of_2_1_1_is_a_directory_of_links(tmp_path: Path) -> None:
    """Pavilion 2.1.1 writes no status file, and its runs do not name their series."""
    series = tmp_path / "series" / "0000001"
    series.mkdir(parents=True)
    run = write_run(tmp_path / "test_runs" / "0000004", "RUNNING x")
    (series / run.name).symlink_to(f"../../test_runs/{run.name}")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    assert summary_of(driver, series) == ("running", "0/1 passed, 1 running", False)
    driver.sweep_all()
    append(run, PASS)
    driver.sweep_all()
    assert summary_of(driver, series) == ("passed", "1/1 passed", True)
    assert last_of(driver, series).error is None
    assert not any(batch.removed for batch in driver.batches)


def test_a_finished_series_rests(tmp_path: Path) -> None:
    """A series with an active run is checked as often as the run."""
    series = start_series(tmp_path)
    run = add_run(series, 1, "RUNNING x")
    finish(series)
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    assert str(series) in driver.scanner.active
    append(run, PASS)
    driver.sweep_all()
    assert driver.scanner.active == set()


def test_a_series_whose_process_has_died_is_found_without_any_change(tmp_path: Path) -> None:
    """Once nothing has happened for too long."""
    now = [1_795_000_050.0]
    series = start_series(tmp_path)
    add_run(series, 1, PASS)
    driver = ScannerDriver(tmp_path, Settings(stale_after=StaleAfter(100.0), clock=lambda: now[0]))
    driver.sweep_all()
    assert summary_of(driver, series) == ("waiting", "1/1 passed", False)
    now[0] += 100.0
    driver.sweep_all()
    assert summary_of(driver, series)[0] == "error"
    assert "to have died" in summary_of(driver, series)[1]
    append(series, "SET_MAKE y", now[0])
    driver.sweep_all()
    assert summary_of(driver, series) == ("waiting", "1/1 passed", False)


def test_links_lead_only_to_runs_of_the_same_working_directory(tmp_path: Path) -> None:
    """Only the last part of a link's target counts, and no link is followed."""
    series = start_series(tmp_path / "wd")
    write_run(tmp_path / "elsewhere" / "7", "RUN_ERROR secret")
    links = series / "test_sets" / "0.nightly"
    (links / "7").symlink_to(tmp_path / "elsewhere" / "7")
    (links / "up").symlink_to("..")
    (links / "root").symlink_to("/")
    (links / ".gitkeep").touch()
    (series / "test_sets" / "1.link").symlink_to(links)
    finish(series)
    driver = ScannerDriver(tmp_path / "wd")
    driver.sweep_all()
    assert summary_of(driver, series) == ("passed", "0/1 passed, 1 gone", True)


def test_an_id_that_is_used_again_belongs_to_the_new_series(tmp_path: Path) -> None:
    """The old series counts its run as gone."""
    old, new = start_series(tmp_path, 1), start_series(tmp_path, 2)
    (old / "test_sets" / "0.nightly" / "5").symlink_to("../../../../test_runs/5")
    add_run(new, 5, "RUN_FAILED x")
    finish(old)
    finish(new)
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    assert summary_of(driver, old) == ("passed", "0/1 passed, 1 gone", True)
    assert summary_of(driver, new) == ("failed", "0/1 passed, 1 failed", True)


def test_a_root_may_be_the_directory_of_the_series(tmp_path: Path) -> None:
    """The runs beside it are read to judge it, but not listed."""
    series = start_series(tmp_path)
    run = add_run(series, 1, "RUNNING x")
    finish(series)
    driver = ScannerDriver(tmp_path / "series")
    driver.sweep_all()
    assert summary_of(driver, series) == ("running", "0/1 passed, 1 running", False)
    append(run, PASS)
    driver.sweep_all()
    assert summary_of(driver, series) == ("passed", "1/1 passed", True)
    assert driver.states().keys() == {"1"}


def test_on_a_network_links_are_listed_even_if_no_time_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times of change may be a minute old there."""
    put_on_filesystem(monkeypatch, "nfs4")
    series = start_series(tmp_path)
    add_run(series, 1, "RUNNING x")
    driver = ScannerDriver(tmp_path, PATIENT)
    driver.sweep_all()
    monkeypatch.setattr(
        "statustui.monitor.series_links.SeriesLinks._is_unchanged", lambda _links: True
    )
    add_run(series, 2, "RUNNING x")
    driver.sweep_all()
    assert summary_of(driver, series)[1] == "0/2 passed, 2 running"
    driver.scanner.close()


def test_a_removed_series_leaves_nothing_in_memory(tmp_path: Path) -> None:
    """However many there were."""
    series = start_series(tmp_path)
    run = add_run(series, 1, "RUNNING x")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    [own] = [run for batch in driver.batches for run in batch.changed if run.is_series]
    every = AllSeries(StaleAfter(1.0), time.time, {})
    for _ in range(2000):
        every.add(own)
        assert len(list(every.review_changed(lambda _path: None))) == 1
        every.forget(own.path)
        every.forget(str(run))
    assert len(every) == 0
    kept = [value for value in vars(every).values() if isinstance(value, dict | list | DueQueue)]
    assert sum(map(len, kept)) < 1100


@pytest.mark.parametrize("mode", ["events", "poll"])
def test_following_a_tree_prints_every_change_of_a_series(tmp_path: Path, mode: str) -> None:
    """Runs are added, finish and vanish; by events and by polling."""
    series = start_series(tmp_path)

    options = ("--watch", mode, "--stale", "90000d", "-F", "kind=series")
    with follower(tmp_path, *options) as following:
        wait_until(lambda: "1" in following.runs)
        one = add_run(series, 1, "RUNNING x")
        wait_until(lambda: following.runs["1"]["note"] == "0/1 passed, 1 running")
        append(one, PASS, time.time())
        two = add_run(series, 2, "RUNNING x", test_set="1.weekly")
        wait_until(lambda: following.runs["1"]["note"] == "1/2 passed, 1 running")
        finish(series)
        shutil.rmtree(two)
        wait_until(lambda: following.runs["1"]["note"] == "1/2 passed, 1 gone")
        assert following.runs["1"]["category"] == "passed"
        assert following.runs["1"]["members"]["has_ended"]
        shutil.rmtree(series)
        wait_until(lambda: not following.runs)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_run_of_two_series_stays_in_one_when_the_other_is_removed(
    tmp_path: Path, *, at_once: bool
) -> None:
    """A change of the run still updates the other series, whether it comes alone or with others."""
    every = AllSeries(StaleAfter(1000.0), lambda: 2000.0, {})
    for name in ("1", "2"):
        series = tmp_path / "series" / name
        series.mkdir(parents=True)
        (series / "7").symlink_to("../../test_runs/7")
        every.add(make(str(series), "RUN x", kind="series", start=1500.0))
    assert len(list(every.review_changed(lambda _path: None))) == 2
    every.forget(str(tmp_path / "series" / "1"))
    every.forget(str(tmp_path / "series" / "1"))
    member = make(str(tmp_path / "test_runs" / "7"), "RUNNING x", start=1600.0)
    if at_once:
        every.add_runs([member.path, str(tmp_path / "test_runs" / "8")])
    else:
        every.add(member)
    [other] = every.review_changed({member.path: member}.get)
    assert other.path == str(tmp_path / "series" / "2")


@pytest.mark.parametrize(
    ("failure", "count"),
    [(FileNotFoundError(2, "gone"), 0), (PermissionError(13, "Permission denied"), 1)],
)
def test_an_error_listing_links_is_reported_unless_the_series_is_being_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: OSError, count: int
) -> None:
    """The series keeps its last members."""
    series = start_series(tmp_path)
    errors: dict[str, str] = {}
    every = AllSeries(StaleAfter(1.0), time.time, errors)
    every.add(make(str(series), "RUN x", kind="series"))

    def fail(_links: object, **_how: object) -> bool:
        raise failure

    monkeypatch.setattr("statustui.monitor.series.SeriesLinks.list_if_changed", fail)
    assert len(list(every.review_changed(lambda _path: None))) == 1
    assert len(errors) == count
    assert every.directories("elsewhere") == []


def test_a_member_that_is_not_a_directory_counts_as_gone(tmp_path: Path) -> None:
    """The root is the directory of the series, so its runs are read one by one."""
    series = start_series(tmp_path)
    run = add_run(series, 1, "RUNNING x")
    (run / "series").unlink()
    (run / "status").unlink()
    run.rmdir()
    run.touch()
    driver = ScannerDriver(series.parent, PATIENT)
    driver.sweep_all()
    members = last_of(driver, series).members
    assert members is not None
    assert (members.gone, members.total) == (1, 1)


def test_reading_once_reports_a_series_whose_links_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is listed among the parts that could not be read."""
    series = start_series(tmp_path)

    def fail(_links: object, **_how: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("statustui.monitor.series.SeriesLinks.list_if_changed", fail)
    found = read_once([str(tmp_path)], time.time(), ReadOptions(stale_after=StaleAfter(1.0)))
    assert [tuple(part) for part in found.incomplete] == [(str(series), "Permission denied")]


def test_the_root_may_be_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As typed by a user in the directory of the series."""
    series = start_series(tmp_path)
    add_run(series, 1, "RUNNING x")
    finish(series)
    monkeypatch.chdir(series.parent)
    [run] = [
        one
        for one in read_once(["."], time.time(), ReadOptions(stale_after=StaleAfter(1e9))).runs
        if one.is_series
    ]
    assert (run.category.value, run.headline) == ("running", "0/1 passed, 1 running")
