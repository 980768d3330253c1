"""The parts of a poller, each by itself."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import watchfiles
from hypothesis import given
from hypothesis import strategies as st
from watchfiles import Change

from statustui.core.run import Run
from statustui.core.working_dir import root_folder
from statustui.monitor.batch import Batch
from statustui.monitor.crew import Crew
from statustui.monitor.directories import Directories
from statustui.monitor.filesystem import Reach
from statustui.monitor.notify import EventCheck, Notifier, watch_limit
from statustui.monitor.outbox import Outbox
from statustui.monitor.pace import Settings, pace_of
from statustui.monitor.schedule import Schedule
from statustui.monitor.territory import Territory
from tests.monitor.sweeping import move_elsewhere
from tests.runs import make
from tests.trees import append, write_run
from tests.waiting import DEADLINE, wait_until


@pytest.mark.parametrize("size", [1, 8])
def test_a_crew_does_everything_and_passes_a_failure_on(size: int) -> None:
    """All the other results come before it, and the crew goes on afterwards."""
    crew: Crew[int, float] = Crew(lambda number: 1 / number, size)
    assert sorted(crew.do([1, 2, 4])) == [0.25, 0.5, 1.0]
    results: list[float] = []
    with pytest.raises(ZeroDivisionError):
        results.extend(crew.do([4, 0]))
    assert sorted(crew.do([1, 2])) == [0.5, 1.0]
    crew.dismiss()


def test_a_crew_works_at_many_things_at_a_time_and_can_be_dismissed() -> None:
    """Each thread waits here until all are at work."""
    barrier = threading.Barrier(8)
    crew: Crew[int, int] = Crew(lambda _number: barrier.wait(20), 8)
    assert sorted(crew.do(range(8))) == list(range(8))
    crew.dismiss()
    wait_until(lambda: not any("reader" in thread.name for thread in threading.enumerate()))


def schedule_of(**runs: tuple[str, float]) -> Schedule:
    """A schedule made at second 0, of runs that were written to some seconds before."""
    schedule = Schedule(pace_of(Reach.LOCAL, Settings()))
    for path, (status, age) in runs.items():
        schedule.put(make(path, status), -age, 0, 0)
    return schedule


def test_active_runs_are_always_due_and_finished_ones_in_turns() -> None:
    """The less often, the longer ago they were written to."""
    schedule = schedule_of(
        active=("RUNNING x", 99), new=("COMPLETE x", 20), old=("COMPLETE x", 1e6)
    )
    turns = {
        second: [path for path in schedule.due(9, second, second) if path != "active"]
        for second in range(1, 130)
    }
    assert schedule.active == {"active"}
    assert [second for second, paths in turns.items() if "old" in paths] == [60, 120]
    # Its rest grows with its age.
    assert [second for second, paths in turns.items() if "new" in paths][:5] == [2, 5, 8, 11, 15]


def test_finished_runs_wait_when_there_is_no_room() -> None:
    """At least one of them is always looked at, so that each has its turn."""
    schedule = schedule_of(a=("COMPLETE x", 0), b=("COMPLETE x", 10), c=("COMPLETE x", 20))
    assert [schedule.due(room, 9, 9) for room in (2, 0, 0)] == [["a", "b"], ["c"], []]


def test_a_run_that_is_dropped_or_put_again_is_due_once() -> None:
    """Whatever it had been before."""
    schedule = schedule_of(a=("COMPLETE x", 0), b=("COMPLETE x", 0), c=("COMPLETE x", 0))
    schedule.put(make("a", "COMPLETE x"), 0, 1, 1)
    schedule.put(make("b", "RUNNING x"), 0, 1, 1)
    schedule.drop("c")
    assert schedule.due(9, 1.5, 1.5) == ["b"]
    assert schedule.due(9, 2, 2) == ["b", "a"]
    schedule.drop("b")
    assert schedule.due(9, 2, 2) == []


def test_of_roots_that_overlap_each_leaves_the_others_out() -> None:
    """Of those that are the same directory the first counts."""
    territory = Territory(3)
    for number, place in enumerate(["/a", "/a/b", "/a"]):
        territory.claim(number, place, 0)
    assert territory.others(0) == {"/a/b"}
    assert territory.others(1) == {"/a"}
    assert [territory.is_taken(number) for number in range(3)] == [False, False, True]


def test_a_root_that_does_not_tell_where_it_is_is_not_waited_for() -> None:
    """It is left out of account until it does."""
    territory = Territory(2)
    territory.claim(1, "/b", 0.01)
    assert territory.others(1) == frozenset()
    territory.claim(0, "/b/c", 0.01)
    assert territory.others(1) == {"/b/c"}


def test_a_directory_tells_what_has_come_and_gone(tmp_path: Path) -> None:
    """One that was made anew under the same name is both."""
    (tmp_path / "a").mkdir()
    directories = Directories(root_folder(str(tmp_path)))
    first = directories.look(str(tmp_path), frozenset(), trust_stat=True)
    assert first is not None
    assert [folder.name for folder in first.new] == ["a"]
    assert directories.look(str(tmp_path), frozenset(), trust_stat=True) is None
    (tmp_path / "b").mkdir()
    (tmp_path / "a").rename(tmp_path / "kept")
    (tmp_path / "a").mkdir()
    second = directories.look(str(tmp_path), frozenset(), trust_stat=True)
    assert second is not None
    assert second.gone == (str(tmp_path / "a"),)
    assert sorted(folder.name for folder in second.new) == ["a", "b", "kept"]


def test_a_directory_without_runs_is_looked_at_less_often_the_older_it_is(tmp_path: Path) -> None:
    """Unless a run has been found in it."""
    top = root_folder(str(tmp_path))
    directories = Directories(top)
    old = tmp_path / "old"
    old.mkdir()
    os.utime(old, (1, 1))
    directories.add(top._replace(path=str(old)))
    directories.look(str(old), frozenset(), trust_stat=True)
    assert directories.due(0.0) == [str(tmp_path)]
    directories.expect_runs(str(old))
    assert directories.holding_runs() == [str(tmp_path), str(old)]


def test_an_outbox_hands_out_removals_before_what_came_after_them() -> None:
    """And nothing that was gone again before it was told."""
    told: list[Batch] = []
    outbox = Outbox("root", told.append)
    first, second = make("a", "RUNNING x"), make("a", "COMPLETE x")
    outbox.put(first)
    outbox.put(make("b", "RUNNING x"))
    outbox.remove("b")
    outbox.remove("a")
    outbox.put(second)
    outbox.tell(found=2)
    assert told[0].updated == (second,)
    assert told[0].removed == ("b", "a")
    outbox.tell(found=2)
    assert len(told) == 1
    outbox.tell_silence(3.5)
    assert told[1].health[0].silent == 3.5
    outbox.tell(found=2)
    assert told[2].health[0].silent is None
    outbox.close()
    outbox.put(first)
    outbox.tell(found=3)
    assert len(told) == 3


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "RUNNING", "COMPLETE"]))))
def test_whoever_takes_in_every_batch_knows_what_there_is(
    steps: list[tuple[str, str | None]],
) -> None:
    """Whatever is told together."""
    picture: dict[str, Run] = {}

    def take(batch: Batch) -> None:
        for path in batch.removed:
            picture.pop(path, None)
        picture.update({run.path: run for run in batch.updated})

    truth: dict[str, Run] = {}
    outbox = Outbox("root", take)
    for number, (path, state) in enumerate(steps):
        if state is None:
            outbox.remove(path)
            truth.pop(path, None)
        else:
            truth[path] = make(path, f"{state} {number}")
            outbox.put(truth[path])
        if number % 3 == 0:
            outbox.tell()
            assert picture == truth
    outbox.tell()
    assert picture == truth


def test_settings_go_before_what_suits_the_filesystem() -> None:
    """One thread on a local disk, some on a network."""
    local, remote = pace_of(Reach.LOCAL, Settings()), pace_of(Reach.REMOTE, Settings())
    assert (local.tick, local.threads) == (1.0, 1)
    assert (remote.tick, remote.threads, remote.max_checks) == (2.0, 8, 500.0)
    assert [local.rest_after(age) for age in (0, 20, 1e6)] == [1.0, 2.0, 60.0]
    chosen = pace_of(Reach.REMOTE, Settings("auto", 9.0, 70.0))
    assert (chosen.tick, chosen.behind_events, chosen.max_checks) == (9.0, 9.0, 70.0)


def test_events_are_relied_on_as_long_as_most_changes_are_announced() -> None:
    """One that comes late is no failure."""
    check = EventCheck()
    for number in range(5):
        check.changed(str(number), 0.0)
    for number in range(3):
        check.announced(str(number))
    assert not check.fails(1.0)
    assert not check.fails(9.0)
    for number in range(3):
        check.announced(str(number))
        check.changed(f"x{number}", 10.0)
    assert check.fails(19.0)


def no_thread_watches() -> bool:
    """Whether the threads that wait for events have ended."""
    return not any(thread.name == "watch" for thread in threading.enumerate())


def test_a_notifier_hints_at_what_happens_in_its_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in those that are added later; what is not there is left out."""
    monkeypatch.setattr("statustui.monitor.notify._SETTLE_SHARE", 1.0)
    for name in ("a", "b"):
        write_run(tmp_path / name, "RUNNING")
    hinted: set[str] = set()
    failed: list[str] = []
    notifier = Notifier(hinted.update, failed.append)
    notifier.watch({str(tmp_path / "a"), str(tmp_path / "gone")})
    wait_until(notifier.change_over)
    assert notifier.watched == {str(tmp_path / "a")}
    append(tmp_path / "a", "COMPLETE")
    wait_until(lambda: str(tmp_path / "a" / "status") in hinted)
    both = {str(tmp_path / "a"), str(tmp_path / "b")}

    def has_gone_over() -> bool:
        notifier.watch(both)
        return notifier.change_over() == {str(tmp_path / "b")}

    wait_until(has_gone_over)
    append(tmp_path / "b", "COMPLETE")
    wait_until(lambda: str(tmp_path / "b" / "status") in hinted)
    notifier.forget(str(tmp_path / "b"))
    assert notifier.watched == {str(tmp_path / "a")}
    notifier.stop()
    wait_until(no_thread_watches)
    assert failed == []


def test_a_notifier_whose_directories_are_all_gone_watches_nothing(tmp_path: Path) -> None:
    """That is no failure: whoever knows of others may ask for them."""
    failed: list[str] = []
    notifier = Notifier(lambda _paths: None, failed.append)
    notifier.watch({str(tmp_path / "gone")})
    wait_until(no_thread_watches)
    assert notifier.change_over() == set()
    assert notifier.watched == set()
    assert failed == []


def test_a_directory_that_goes_while_watches_are_set_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a look whether it is there and the watch on it."""
    stays, goes = tmp_path / "stays", tmp_path / "goes"
    for path in (stays, goes):
        path.mkdir()
    watch = watchfiles.watch

    def watch_late(*paths: str, **options: Any) -> Iterator[set[tuple[Change, str]]]:  # noqa: ANN401 - handed on
        if goes.exists():
            goes.rmdir()
        return watch(*paths, **options)

    monkeypatch.setattr("watchfiles.watch", watch_late)
    failed: list[str] = []
    notifier = Notifier(lambda _paths: None, failed.append)
    notifier.watch({str(stays), str(goes)})
    wait_until(notifier.change_over)
    assert notifier.watched == {str(stays)}
    notifier.stop()
    wait_until(no_thread_watches)
    assert failed == []


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_failure_to_watch_is_told_unless_nobody_needs_it_any_more(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_stopped: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Nothing is watched then."""
    goes_on = threading.Event()

    def fail(*_paths: str, **_options: object) -> None:
        goes_on.wait(DEADLINE)
        raise RuntimeError("no watcher")

    monkeypatch.setattr("watchfiles.watch", fail)
    failed: list[str] = []
    notifier = Notifier(lambda _paths: None, failed.append)
    notifier.watch({str(tmp_path)})
    if is_stopped:
        notifier.stop()
    goes_on.set()
    wait_until(no_thread_watches)
    assert failed == ([] if is_stopped else ["no events: no watcher"])
    assert notifier.watched == set()


def test_a_directory_that_goes_is_forgotten_before_its_watch_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new one in its place needs a watch of its own."""
    goes_on = threading.Event()
    watch = watchfiles.watch

    def watch_late(*paths: str, **options: Any) -> Iterator[set[tuple[Change, str]]]:  # noqa: ANN401 - handed on
        goes_on.wait(DEADLINE)
        return watch(*paths, **options)

    monkeypatch.setattr("watchfiles.watch", watch_late)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    notifier = Notifier(lambda _paths: None, lambda _reason: None)
    notifier.watch({str(tmp_path / "a"), str(tmp_path / "b")})
    notifier.forget(str(tmp_path / "b"))
    goes_on.set()
    wait_until(notifier.change_over)
    assert notifier.watched == {str(tmp_path / "a")}
    notifier.stop()
    wait_until(no_thread_watches)


def test_a_quarter_of_the_lowest_limit_of_watches_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing or no number sets none."""
    paths = [tmp_path / name for name in ("of the system", "of the namespace", "other", "missing")]
    for path, text in zip(paths, ["1000\n", "401\n", "many\n"], strict=False):
        path.write_text(text)
    monkeypatch.setattr("statustui.monitor.notify._LIMITS", tuple(map(str, paths)))
    assert watch_limit() == 100
    monkeypatch.setattr("statustui.monitor.notify._LIMITS", tuple(map(str, paths[2:])))
    assert watch_limit() is None


def test_a_directory_is_not_listed_as_long_as_its_time_of_change_is_the_same(
    tmp_path: Path,
) -> None:
    """Where that can be trusted, and unless it is distrusted."""
    root = str(tmp_path)
    os.utime(root, (1, 1))
    directories = Directories(root_folder(root))
    assert directories.look(root, frozenset(), trust_stat=True) is None
    (tmp_path / "a").mkdir()
    os.utime(root, (1, 1))
    assert directories.look(root, frozenset(), trust_stat=True) is None
    found = directories.look(root, frozenset(), trust_stat=False)
    assert found is not None
    assert [folder.name for folder in found.new] == ["a"]
    (tmp_path / "b").mkdir()
    os.utime(root, (1, 1))
    assert directories.look(root, frozenset(), trust_stat=True) is None
    directories.distrust(root)
    found = directories.look(root, frozenset(), trust_stat=True)
    assert found is not None
    assert [folder.name for folder in found.new] == ["b"]


def test_a_directory_from_which_a_filesystem_is_taken_away_keeps_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty directory on another device is what is left of a mount point."""
    (tmp_path / "a").mkdir()
    directories = Directories(root_folder(str(tmp_path)))
    directories.look(str(tmp_path), frozenset(), trust_stat=True)
    (tmp_path / "a").rmdir()
    move_elsewhere(monkeypatch)
    with pytest.raises(OSError, match="nothing is mounted") as caught:
        directories.look(str(tmp_path), frozenset(), trust_stat=True)
    assert caught.value.errno == errno.ENODEV
    assert list(directories.drop(str(tmp_path))) == [str(tmp_path / "a")]
