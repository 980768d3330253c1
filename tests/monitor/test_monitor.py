"""A monitor of real directories that change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Literal

import pytest

from statustui.core.run import RunDir
from statustui.core.working_dir import Survey, survey
from statustui.monitor.batch import Batch
from statustui.monitor.first_read import FirstReader
from statustui.monitor.monitor import Monitor
from statustui.monitor.poll_policy import Settings
from statustui.monitor.snapshot import RunSnapshot, Steps, read_in_steps
from statustui.monitor.source import Source
from statustui.scheduler.asker import Asker
from tests.monitor.recorder import RunRecorder, Watch
from tests.monitor.test_stalls import HOUR, START, make_tree
from tests.trees import append, write_run
from tests.waiting import DEADLINE, wait_until


def test_runs_that_appear_change_and_vanish(tmp_path: Path, watch: Watch) -> None:
    """Each change is delivered; a run that reuses an id is another run."""
    write_run(tmp_path / "1", "RUNNING")
    recorder = watch(tmp_path)
    wait_until(lambda: recorder.states() == {"1": "RUNNING"})
    write_run(tmp_path / "2", "SCHEDULED")
    append(tmp_path / "1", "RUN_FAILED")
    wait_until(lambda: recorder.states() == {"1": "RUN_FAILED", "2": "SCHEDULED"})
    shutil.rmtree(tmp_path / "1")
    wait_until(lambda: recorder.states() == {"2": "SCHEDULED"})
    write_run(tmp_path / "1", "CREATED")
    wait_until(lambda: recorder.states().get("1") == "CREATED")
    assert recorder.runs[str(tmp_path / "1")].problem is None


def test_every_last_status_of_several_writers_is_seen(tmp_path: Path, watch: Watch) -> None:
    """Processes append while the monitor reads; in the end it knows what is there."""
    recorder = watch(tmp_path)
    program = (
        "import sys; from statustui.core.status_file import StatusFile\n"
        "file = StatusFile(sys.argv[1])\n"
        "for number in range(200): file.set('RUN_USER', str(number))\n"
        "file.set('COMPLETE', 'result: PASS')\n"
    )
    paths = [tmp_path / str(number) for number in range(4)]
    for path in paths:
        path.mkdir()
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(path / "status")]) for path in paths
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    wait_until(lambda: list(recorder.states().values()) == ["COMPLETE"] * 4)
    assert [run.status_count for run in recorder.runs.values()] == [202] * 4


def test_a_missing_root_is_reported_and_read_once_it_exists(tmp_path: Path, watch: Watch) -> None:
    """Another root is watched meanwhile."""
    write_run(tmp_path / "here" / "1", "RUNNING")
    recorder = watch(tmp_path / "here", tmp_path / "later")
    later = str(tmp_path / "later")
    wait_until(lambda: later in recorder.health and recorder.health[later].problem)
    wait_until(lambda: recorder.states() == {"1": "RUNNING"})
    write_run(tmp_path / "later" / "2", "RUNNING")
    wait_until(lambda: "2" in recorder.states())
    wait_until(lambda: recorder.health[later].problem is None)


def test_runs_of_a_root_that_cannot_be_read_any_more_stay(tmp_path: Path, watch: Watch) -> None:
    """The health says since when they are out of date."""
    root = tmp_path / "root"
    write_run(root / "1", "RUNNING")
    recorder = watch(root)
    wait_until(recorder.states)
    root.rename(tmp_path / "away")
    wait_until(lambda: recorder.health[str(root)].unreachable)
    assert recorder.states() == {"1": "RUNNING"}


def test_looking_now_does_not_wait_for_the_interval(tmp_path: Path) -> None:
    """A change is seen although the next sweep is an hour away."""
    write_run(tmp_path / "1", "RUNNING")
    recorder = RunRecorder()
    monitor: Source = Monitor([str(tmp_path)], Settings("poll", interval=3600))
    monitor.start(recorder.apply_batch)
    wait_until(lambda: recorder.health and recorder.health[str(tmp_path)].swept)
    append(tmp_path / "1", "COMPLETE")
    monitor.check_all()
    wait_until(lambda: recorder.states() == {"1": "COMPLETE"})
    monitor.stop()


def test_the_silence_of_a_filesystem_is_reported_until_it_answers(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then its runs are delivered."""
    answers = threading.Event()

    def hang(*given: Any) -> Survey:  # noqa: ANN401 - as `survey` has them
        answers.wait(DEADLINE)
        return survey(*given)

    monkeypatch.setattr("statustui.monitor.directories.survey", hang)
    monkeypatch.setattr("statustui.monitor.monitor._MAX_SILENCE", 0.5)
    write_run(tmp_path / "1", "RUNNING")
    recorder = watch(tmp_path)
    wait_until(lambda: recorder.health and (recorder.health[str(tmp_path)].silent or 0.0) > 0.5)
    assert recorder.runs == {}
    answers.set()
    wait_until(lambda: recorder.states() == {"1": "RUNNING"})
    wait_until(lambda: recorder.health[str(tmp_path)].silent is None)


def test_a_stopped_monitor_ends_its_threads(tmp_path: Path) -> None:
    """It delivers nothing more."""
    monitor = Monitor([str(tmp_path)], Settings("poll", interval=3600))
    told: list[Batch] = []
    monitor.start(told.append)
    wait_until(lambda: told)
    monitor.stop()
    name = f"poll {tmp_path}"
    wait_until(lambda: all(thread.name != name for thread in threading.enumerate()))


def test_runs_are_delivered_while_others_are_being_read(tmp_path: Path) -> None:
    """No batch is larger than a screen can apply at once."""
    for number in range(1200):
        write_run(tmp_path / str(number), "RUNNING")
    batches: list[Batch] = []
    monitor = Monitor([str(tmp_path)], Settings("poll", interval=3600))
    monitor.start(batches.append)
    wait_until(lambda: batches and batches[-1].health[0].swept)
    monitor.stop()
    assert max(len(batch.changed) for batch in batches) <= 500
    assert len({run.path for batch in batches for run in batch.changed}) == 1200


@pytest.mark.parametrize("watch_mode", ["events", "poll"])
def test_nothing_is_lost_with_events_or_without(
    tmp_path: Path, watch: Watch, watch_mode: Literal["events", "poll"]
) -> None:
    """Many runs are created back to back, each directory followed at once by its first line."""
    recorder = watch(tmp_path, settings=Settings(watch_mode, interval=0.2))
    wait_until(lambda: recorder.health and recorder.health[str(tmp_path)].swept)
    for number in range(300):
        write_run(tmp_path / "deep" / "tree" / str(number), "RUNNING")
    wait_until(lambda: len(recorder.states()) == 300)
    for number in range(300):
        append(tmp_path / "deep" / "tree" / str(number), "RUN_TIMEOUT")
    wait_until(lambda: set(recorder.states().values()) == {"RUN_TIMEOUT"})
    assert (
        recorder.health[str(tmp_path)].mode == {"events": "events", "poll": "polling"}[watch_mode]
    )


def test_a_very_deep_tree_is_watched(tmp_path: Path, watch: Watch) -> None:
    """It is deeper than Python's stack, and is removed as a whole."""
    top = tmp_path / "d"
    path = str(top)
    for _level in range(1200):
        os.mkdir(path)
        path += "/d"
    write_run(Path(path), "RUNNING")
    recorder = watch(tmp_path)
    wait_until(lambda: len(recorder.runs) == 1)
    # Python's own removal of trees recurses.
    subprocess.run(["rm", "-r", str(top)], check=True)  # noqa: S607 - the rm of this machine
    wait_until(lambda: not recorder.runs)


def test_a_plain_run_without_its_status_file_is_removed(tmp_path: Path, watch: Watch) -> None:
    """It is a run again when the file is back."""
    run = write_run(tmp_path / "a", "RUNNING")
    recorder = watch(tmp_path)
    wait_until(recorder.states)
    (run / "status").unlink()
    wait_until(lambda: not recorder.states())
    write_run(run, "SCHEDULED")
    wait_until(lambda: recorder.states() == {"a": "SCHEDULED"})


def test_overlapping_roots_deliver_each_run_once(tmp_path: Path, watch: Watch) -> None:
    """It belongs to the inner root."""
    write_run(tmp_path / "test_runs" / "1", "RUNNING")
    write_run(tmp_path / "test_runs" / "2", "RUNNING")
    recorder = watch(tmp_path, tmp_path / "test_runs" / "2", tmp_path)
    wait_until(lambda: len(recorder.health) == 2)
    wait_until(lambda: all(health.swept for health in recorder.health.values()))
    assert sorted(recorder.states()) == ["1", "2"]


def test_an_internal_error_in_one_run_is_reported_and_the_others_go_on(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No thread dies silently."""
    for number in range(3):
        write_run(tmp_path / str(number), "RUNNING")

    read_first = FirstReader.read

    def fail_first(reader: FirstReader, place: RunDir) -> RunSnapshot | None:
        if place.id == "1":
            raise ValueError("boom")
        return read_first(reader, place)

    def fail_later(
        place: RunDir, known: RunSnapshot | None, *, trust_stat: bool, from_start: bool
    ) -> Steps:
        if place.id == "1":
            raise ValueError("boom")
        return read_in_steps(place, known, trust_stat=trust_stat, from_start=from_start)

    monkeypatch.setattr(FirstReader, "read", fail_first)
    monkeypatch.setattr("statustui.monitor.run_reader.read_in_steps", fail_later)
    recorder = watch(tmp_path)
    wait_until(lambda: len(recorder.runs) == 3)
    assert "boom" in str(recorder.runs[str(tmp_path / "1")].error)
    assert recorder.runs[str(tmp_path / "2")].error is None


def test_an_internal_error_is_reported_until_it_is_gone(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the root is watched as before."""
    write_run(tmp_path / "1", "RUNNING")
    with monkeypatch.context() as patch:

        def fail(*_arguments: object, **_options: object) -> None:
            raise ValueError("boom")

        patch.setattr("statustui.monitor.root_scanner.Directories.list_if_changed", fail)
        recorder = watch(tmp_path, settings=Settings("poll", interval=0.1))
        wait_until(
            lambda: recorder.health and "boom" in str(recorder.health[str(tmp_path)].problem)
        )
    wait_until(lambda: recorder.states() == {"1": "RUNNING"})
    wait_until(lambda: recorder.health[str(tmp_path)].problem is None)


def test_the_same_root_twice_is_watched_once(tmp_path: Path, watch: Watch) -> None:
    """The health of the second root says so."""
    write_run(tmp_path / "1", "RUNNING")
    (tmp_path / "again").symlink_to(tmp_path)
    recorder = watch(tmp_path, tmp_path / "again")
    wait_until(lambda: len(recorder.health) == 2)
    wait_until(lambda: all(health.swept for health in recorder.health.values()))
    assert list(recorder.runs) == [str(tmp_path / "1")]
    assert "same directory" in str(recorder.health[str(tmp_path / "again")].fallback)


def test_a_run_counts_as_stalled_until_it_changes(tmp_path: Path, watch: Watch) -> None:
    """At first nothing has changed in the tree."""
    running = make_tree(tmp_path)
    now = [START + HOUR]
    settings = Settings("poll", interval=0.1, clock=lambda: now[0])
    recorder = watch(tmp_path, settings=settings)
    path = str(running)
    wait_until(lambda: path in recorder.runs)
    assert recorder.runs[path].stall is None
    now[0] = START + 7 * HOUR
    wait_until(lambda: recorder.runs[path].stall is not None)
    append(running, "RUN_USER still here", START + 7 * HOUR)
    wait_until(lambda: recorder.runs[path].stall is None)
    assert recorder.runs[path].current.state == "RUN_USER"


def test_who_opens_a_run_or_has_everything_checked_is_there(tmp_path: Path) -> None:
    """The scheduler is asked on, also long after the last sign of a user."""
    path = write_run(tmp_path / "1", "RUNNING x")
    asker = Asker()
    signs: list[str] = []
    asker.mark_attended = lambda: signs.append("opened")  # type: ignore[method-assign]
    asker.hurry = lambda: signs.append("checked")  # type: ignore[method-assign]
    monitor = Monitor([str(tmp_path)], Settings(asker=asker))
    recorder = RunRecorder()
    monitor.start(recorder.apply_batch)
    wait_until(lambda: len(recorder.runs) == 1)
    monitor.reread(str(path))
    monitor.check_all()
    monitor.stop()
    assert signs == ["opened", "checked"]
