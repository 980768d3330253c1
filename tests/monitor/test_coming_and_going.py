"""Roots and parts of roots that vanish and return, with events and without."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from statustui.monitor.change_buffer import ChangeBuffer
from statustui.monitor.fs.mounts import Reach
from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import PollPolicy, Settings, WatchMode
from tests.monitor.recorder import RunRecorder, Watch
from tests.monitor.scanning import ScannerDriver
from tests.trees import append, write_run
from tests.waiting import wait_until

MODES: dict[WatchMode, Settings] = {
    "events": Settings("events"),
    "poll": Settings("poll", interval=0.2),
}


@pytest.fixture(params=MODES)
def settings(request: pytest.FixtureRequest) -> Settings:
    """How to watch: with events, or by polling."""
    return MODES[request.param]


def make_tree(root: Path) -> Path:
    """Create a working directory with an active run, a finished one, a series and a plain tree."""
    write_run(root / "wd" / "test_runs" / "1", "RUNNING")
    write_run(root / "wd" / "test_runs" / "2", "COMPLETE The test completed with result: PASS")
    write_run(root / "plain" / "a" / "x", "RUNNING")
    write_run(root / "plain" / "a" / "y", "COMPLETE The test completed with result: PASS")
    write_run(root / "plain" / "b", "RUN_FAILED boom")
    return root


WHOLE = {"1": "RUNNING", "2": "COMPLETE", "x": "RUNNING", "y": "COMPLETE", "b": "RUN_FAILED"}


def watched(watch: Watch, root: Path, settings: Settings) -> RunRecorder:
    """Watch a tree of `make_tree`, and wait until all of it has been delivered."""
    recorder = watch(make_tree(root), settings=settings)
    wait_until(lambda: recorder.health and recorder.health[str(root)].swept)
    wait_until(lambda: recorder.states() == WHOLE)
    return recorder


def wait_for_loss(recorder: RunRecorder, root: Path) -> None:
    """Wait until the root is reported as unreachable and its runs as out of date."""
    wait_until(lambda: recorder.health[str(root)].unreachable)
    assert recorder.health[str(root)].as_of is not None
    assert [part.path for part in recorder.health[str(root)].incomplete] == [str(root)]


def wait_for_return(recorder: RunRecorder, root: Path) -> None:
    """Wait until the root can be read again."""
    wait_until(lambda: not recorder.health[str(root)].unreachable)


def test_a_root_that_vanishes_and_returns_keeps_its_runs(
    tmp_path: Path, watch: Watch, settings: Settings
) -> None:
    """No run is delivered meanwhile, nor when the root is back unchanged."""
    root = tmp_path / "root"
    recorder = watched(watch, root, settings)
    told = {path: list(states) for path, states in recorder.seen.items()}
    for _ in range(2):
        root.rename(tmp_path / "away")
        wait_for_loss(recorder, root)
        assert recorder.states() == WHOLE
        (tmp_path / "away").rename(root)
        wait_for_return(recorder, root)
    assert recorder.states() == WHOLE
    assert recorder.removed == []
    assert recorder.seen == told
    append(root / "wd" / "test_runs" / "2", "RUNNING once more")
    append(root / "plain" / "a" / "x", "RUN_FAILED")
    wait_until(lambda: recorder.states() == {**WHOLE, "2": "RUNNING", "x": "RUN_FAILED"})


def test_changes_in_a_root_while_it_was_away_are_seen_when_it_is_back(
    tmp_path: Path, watch: Watch, settings: Settings
) -> None:
    """Active and finished runs, new runs, and removed ones."""
    root, away = tmp_path / "root", tmp_path / "away"
    recorder = watched(watch, root, settings)
    root.rename(away)
    wait_for_loss(recorder, root)
    append(away / "wd" / "test_runs" / "1", "RUN_FAILED")
    append(away / "wd" / "test_runs" / "2", "RUNNING once more")
    append(away / "plain" / "a" / "y", "RUNNING once more")
    shutil.rmtree(away / "plain" / "b")
    write_run(away / "plain" / "new", "SCHEDULED")
    away.rename(root)
    wait_until(
        lambda: (
            recorder.states()
            == {
                "1": "RUN_FAILED",
                "2": "RUNNING",
                "x": "RUNNING",
                "y": "RUNNING",
                "new": "SCHEDULED",
            }
        )
    )
    assert recorder.removed == [str(root / "plain" / "b")]


def test_another_tree_at_the_path_of_a_root_is_shown_instead(
    tmp_path: Path, watch: Watch, settings: Settings
) -> None:
    """A run that is in both trees changes without being removed."""
    root = tmp_path / "root"
    recorder = watched(watch, root, settings)
    other = tmp_path / "other"
    write_run(other / "wd" / "test_runs" / "1", "SCHEDULED")
    write_run(other / "plain" / "c", "RUNNING")
    root.rename(tmp_path / "away")
    other.rename(root)
    wait_until(lambda: recorder.states() == {"1": "SCHEDULED", "c": "RUNNING"})
    assert str(root / "wd" / "test_runs" / "1") not in recorder.removed
    append(root / "wd" / "test_runs" / "1", "RUNNING")
    wait_until(lambda: recorder.states() == {"1": "RUNNING", "c": "RUNNING"})


PARTS = ["wd", "wd/test_runs", "wd/test_runs/1", "plain", "plain/a", "plain/a/x"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_vanishes_is_removed_at_once_and_comes_back_whole(
    tmp_path: Path, watch: Watch, settings: Settings, part: str
) -> None:
    """Even if it is the same directory; further changes in it are seen."""
    root, away = tmp_path / "root", tmp_path / "away"
    recorder = watched(watch, root, settings)
    inside = {path for path in recorder.runs if f"{path}/".startswith(f"{root}/{part}/")}
    for _ in range(2):
        (root / part).rename(away)
        wait_until(lambda: not inside & recorder.runs.keys())
        assert recorder.health[str(root)].problem is None
        away.rename(root / part)
        wait_until(lambda: recorder.states() == WHOLE)
    for path in inside:
        append(Path(path), "RUN_TIMEOUT")
    wait_until(lambda: all(recorder.runs[path].current.state == "RUN_TIMEOUT" for path in inside))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_replaced_is_read_again(
    tmp_path: Path, watch: Watch, settings: Settings, part: str
) -> None:
    """Whether or not a sweep falls between the two renames."""
    root = tmp_path / "root"
    # What is renamed onto a watched directory may be found by the next sweep alone.
    recorder = watched(watch, root, settings._replace(interval=0.5))
    other = tmp_path / "other"
    shutil.copytree(root / part, other)
    inside = [path for path in recorder.runs if f"{path}/".startswith(f"{root}/{part}/")]
    for path in inside:
        append(Path(str(other) + path[len(f"{root}/{part}") :]), "RUN_TIMEOUT")
    (root / part).rename(tmp_path / "before")
    other.rename(root / part)

    def all_are(state: str) -> bool:
        found = [recorder.runs.get(path) for path in inside]
        return all(run is not None and run.current.state == state for run in found)

    wait_until(lambda: all_are("RUN_TIMEOUT"))
    wait_until(lambda: len(recorder.states()) == len(WHOLE))
    for path in inside:
        append(Path(path), "RUNNING again")
    wait_until(lambda: all_are("RUNNING"))


def test_directories_that_are_swapped_are_read_again(
    tmp_path: Path, watch: Watch, settings: Settings
) -> None:
    """Each shows the runs that are in its place now."""
    for name, state in (("1", "RUNNING"), ("2", "COMPLETE")):
        write_run(tmp_path / "root" / "test_runs" / name, state)
    place = tmp_path / "root" / "test_runs"
    recorder = watch(tmp_path / "root", settings=settings)
    wait_until(lambda: recorder.states() == {"1": "RUNNING", "2": "COMPLETE"})
    for one, other in (("1", "spare"), ("2", "1"), ("spare", "2")):
        (place / one).rename(place / other)
    wait_until(lambda: recorder.states() == {"1": "COMPLETE", "2": "RUNNING"})


def test_a_stray_status_file_leaves_the_runs_below_it_alone(
    tmp_path: Path, watch: Watch, settings: Settings
) -> None:
    """None of them is removed or delivered again."""
    root = tmp_path / "root"
    recorder = watched(watch, root, settings)
    told = {path: list(states) for path, states in recorder.seen.items()}
    places = [root / "wd", root / "wd" / "test_runs", root / "plain", root / "plain" / "a"]
    for place in places:
        (place / "status").write_text("what some command has printed\n")
    wait_until(lambda: len(recorder.states()) == len(WHOLE) + 2)
    for place in places:
        (place / "status").unlink()
    wait_until(lambda: recorder.states() == WHOLE)
    strays = [str(place) for place in places[2:]]
    assert sorted(recorder.removed) == strays
    assert {path: states for path, states in recorder.seen.items() if path not in strays} == told


def test_a_run_inside_a_run_is_found_and_stays_when_the_outer_one_ends(
    tmp_path: Path, watch: Watch, settings: Settings
) -> None:
    """A campaign may have a status file of its own."""
    outer = write_run(tmp_path / "campaign", "RUNNING")
    recorder = watch(tmp_path, settings=settings)
    wait_until(lambda: recorder.states() == {"campaign": "RUNNING"})
    write_run(outer / "deep" / "one", "RUNNING")
    wait_until(lambda: recorder.states() == {"campaign": "RUNNING", "one": "RUNNING"})
    (outer / "status").unlink()
    wait_until(lambda: recorder.states() == {"one": "RUNNING"})
    append(outer / "deep" / "one", "RUN_FAILED")
    wait_until(lambda: recorder.states() == {"one": "RUN_FAILED"})


@pytest.fixture
def slow_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check finished runs, and sweep, once an hour only."""
    pace = PollPolicy(1.0, 3600.0, 3600.0, 3600.0, 5.0, 1000.0, 4000.0, 400.0, 1)
    monkeypatch.setattr("statustui.monitor.poll_policy._POLICIES", dict.fromkeys(Reach, pace))


@pytest.mark.usefixtures("slow_policy")
def test_a_finished_run_that_goes_on_again_is_announced_by_an_event(
    tmp_path: Path, watch: Watch
) -> None:
    """Whatever happens to its file; the next sweep is an hour away."""
    names = ["appended", "rewritten", "replaced", "removed"]
    for name in names:
        write_run(tmp_path / name, "COMPLETE The test completed with result: PASS")
        os.utime(tmp_path / name / "status", (1e9, 1e9))
    recorder = watch(tmp_path, settings=Settings("events"))
    wait_until(lambda: recorder.health and recorder.health[str(tmp_path)].swept)
    wait_until(lambda: recorder.health[str(tmp_path)].rest is None)
    append(tmp_path / "appended", "RUNNING")
    write_run(tmp_path / "rewritten", "RUNNING")
    write_run(tmp_path / "other", "RUNNING")
    (tmp_path / "other" / "status").rename(tmp_path / "replaced" / "status")
    shutil.rmtree(tmp_path / "other")
    (tmp_path / "removed" / "status").unlink()
    wait_until(
        lambda: recorder.states() == dict.fromkeys(["appended", "rewritten", "replaced"], "RUNNING")
    )


def test_reread_reads_a_run_again(tmp_path: Path, stopping: list[Monitor]) -> None:
    """Even if `stat` shows no change and the next sweep is an hour away."""
    run = write_run(tmp_path / "1", "COMPLETE")
    recorder = RunRecorder()
    monitor = Monitor([str(tmp_path)], Settings("poll", interval=3600))
    stopping.append(monitor)
    monitor.start(recorder.apply_batch)
    wait_until(lambda: recorder.health and recorder.health[str(tmp_path)].swept)
    append(run, "RUNNING")
    monitor.reread(str(run))
    wait_until(lambda: recorder.states() == {"1": "RUNNING"})


def test_checks_of_everything_are_counted(tmp_path: Path, stopping: list[Monitor]) -> None:
    """So that a caller can wait for one that began after a given moment."""
    write_run(tmp_path / "1", "RUNNING")
    recorder = RunRecorder()
    monitor = Monitor([str(tmp_path)], Settings("poll", interval=3600))
    stopping.append(monitor)
    monitor.start(recorder.apply_batch)
    wait_until(lambda: recorder.health and recorder.health[str(tmp_path)].sweeps)
    before = recorder.health[str(tmp_path)].sweeps
    monitor.check_all()
    wait_until(lambda: recorder.health[str(tmp_path)].sweeps > before)


@pytest.fixture
def stopping() -> Iterator[list[Monitor]]:
    """A list of monitors, which are stopped at the end of the test."""
    monitors: list[Monitor] = []
    yield monitors
    for monitor in monitors:
        monitor.stop()


def test_a_rewrite_of_the_same_size_and_time_is_a_change(
    tmp_path: Path, watch: Watch, settings: Settings
) -> None:
    """The time of change of the inode, which nobody can set, shows it."""
    run = write_run(tmp_path / "1", "RUNNING")
    recorder = watch(tmp_path, settings=settings)
    wait_until(lambda: recorder.states() == {"1": "RUNNING"})
    before = (run / "status").stat()
    write_run(run, "ABORTED")
    os.utime(run / "status", ns=(before.st_atime_ns, before.st_mtime_ns))
    after = (run / "status").stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (
        before.st_ino,
        before.st_size,
        before.st_mtime_ns,
    )
    wait_until(lambda: recorder.states() == {"1": "ABORTED"})


def test_a_directory_of_series_is_one_while_there_are_test_runs_beside_it(tmp_path: Path) -> None:
    """Its runs are runs of a plain tree before, and again when those are gone."""
    run = write_run(tmp_path / "wd" / "series" / "1", "RUNNING before")
    beside = tmp_path / "wd" / "test_runs"
    driver = ScannerDriver(tmp_path)
    found: list[tuple[str, str, str, int]] = []
    for has_test_runs in (False, True, False):
        if has_test_runs:
            beside.mkdir()
        elif beside.exists():
            beside.rmdir()
        append(run, f"RUNNING {len(found)}")
        driver.sweep_all()
        driver.sweep_all()
        buffer = ChangeBuffer()
        for batch in driver.batches:
            buffer.add_batch(batch)
        [last] = buffer.take().changed
        found.append((last.path, last.kind, last.id, last.status_count))
    path = str(run)
    assert found == [(path, "plain", "1", 2), (path, "series", "s1", 3), (path, "plain", "1", 4)]
    assert len(driver.scanner) == 1
