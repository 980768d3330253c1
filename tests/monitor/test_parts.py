"""Unit tests of the parts of a poller."""

from __future__ import annotations

import errno
import math
import os
import threading
import time
from collections.abc import Iterable
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statustui.core.run import Run
from statustui.core.working_dir import Folder, Survey, root_folder, survey
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.change_buffer import ChangeBuffer
from statustui.monitor.directories import Directories, DirectoryChange
from statustui.monitor.due_queue import DueQueue
from statustui.monitor.events.check import EventCheck
from statustui.monitor.events.platform import watch_limit
from statustui.monitor.fs.mounts import Reach
from statustui.monitor.poll_policy import Settings, policy_for
from statustui.monitor.publisher import RootPublisher
from statustui.monitor.reader_pool import ReaderPool
from statustui.monitor.root_registry import RootRegistry
from statustui.monitor.schedule import Schedule
from tests.monitor.scanning import move_elsewhere
from tests.runs import make
from tests.waiting import wait_until


@pytest.mark.parametrize("size", [1, 8])
def test_a_reader_pool_does_all_tasks_and_raises_their_exception_last(size: int) -> None:
    """The results of all other tasks come first, and the pool stays usable."""
    pool: ReaderPool[int, float] = ReaderPool(lambda number: 1 / number, size)
    assert sorted(pool.map_unordered([1, 2, 4])) == [0.25, 0.5, 1.0]
    results: list[float] = []
    with pytest.raises(ZeroDivisionError):
        results.extend(pool.map_unordered([4, 0]))
    assert sorted(pool.map_unordered([1, 2])) == [0.5, 1.0]
    pool.close()


def test_a_reader_pool_runs_tasks_in_parallel_and_can_be_closed() -> None:
    """The barrier lets no thread pass before all have a task; closing ends them."""
    barrier = threading.Barrier(8)
    pool: ReaderPool[int, int] = ReaderPool(lambda _number: barrier.wait(20), 8)
    assert sorted(pool.map_unordered(range(8))) == list(range(8))
    pool.close()
    wait_until(lambda: not any("reader" in thread.name for thread in threading.enumerate()))


def test_a_call_that_is_given_up_leaves_no_result_to_the_next() -> None:
    """Its tasks may still be under way."""
    pool: ReaderPool[str, str] = ReaderPool(lambda text: text, 2)
    for _first in pool.map_unordered(["a1", "a2", "a3"]):
        break
    assert sorted(pool.map_unordered(["b1", "b2"])) == ["b1", "b2"]
    assert list(pool.map_unordered(["c1"])) == ["c1"]
    pool.close()


def test_a_root_is_behind_until_all_that_came_before_its_health_is_taken() -> None:
    """What comes later does not matter, nor do the changes of other roots that come later."""
    buffer = ChangeBuffer()
    runs = [make(f"r/{number}", "RUNNING") for number in range(5)]
    buffer.add_batch(Batch(tuple(runs[:3]), health=(RootHealth("r"),)))
    buffer.add_batch(Batch(tuple(runs[3:])))
    assert buffer.behind == {"r"}
    assert buffer.take(2).health == (RootHealth("r"),)
    assert buffer.behind == {"r"}
    buffer.take(1)
    assert len(buffer) == 2
    assert buffer.behind == set()
    buffer.add_batch(Batch(health=(RootHealth("q"),)))
    assert buffer.behind == {"q"}
    buffer.remove_run(runs[4].path)
    assert buffer.behind == {"q"}
    buffer.take(2)
    assert buffer.behind == set()
    buffer.add_batch(Batch((runs[0],), health=(RootHealth("q"),)))
    assert buffer.behind == {"q"}
    buffer.take()
    assert buffer.behind == set()


def test_a_change_buffer_keeps_the_last_change_of_each_run() -> None:
    """Removals are taken before what came after them, and no more at a time than is wanted."""
    buffer = ChangeBuffer()
    first, second, other = (
        make(*run) for run in (("a", "RUNNING x"), ("a", "ABORTED"), ("b", "x"))
    )
    buffer.add_batch(Batch((first, other), (), (RootHealth("r", found=1),)))
    buffer.add_batch(Batch((second,), ("a", "b"), (RootHealth("r", found=2),)))
    assert (bool(buffer), len(buffer)) == (True, 1)
    taken = buffer.take(2)
    assert (taken.changed, taken.removed) == ((), ("a", "b"))
    assert [health.found for health in taken.health] == [2]
    assert buffer.take(2) == Batch((second,))
    assert not buffer


def schedule_of(**runs: tuple[str, float]) -> Schedule:
    """Return a schedule at second 0, of runs written the given number of seconds before."""
    written = {path: -age for path, (_status, age) in runs.items()}
    schedule = Schedule(policy_for(Reach.LOCAL, Settings()), partial(map, written.__getitem__))
    for path, (status, _age) in runs.items():
        schedule.add_run(make(path, status), 0, 0)
    return schedule


def test_active_runs_are_always_due_and_finished_ones_in_rotation() -> None:
    """The interval of a finished run grows with the time since it was written."""
    schedule = schedule_of(
        active=("RUNNING x", 99), new=("COMPLETE x", 20), old=("COMPLETE x", 1e6)
    )
    turns = {
        second: [path for path in schedule.due_runs(9, second, second) if path != "active"]
        for second in range(1, 130)
    }
    assert schedule.active == {"active"}
    assert [second for second, paths in turns.items() if "old" in paths] == [60, 120]
    # Its rest grows with its age.
    assert [second for second, paths in turns.items() if "new" in paths][:5] == [2, 5, 8, 11, 15]


def test_quiet_runs_are_checked_less_often_and_not_all_at_once() -> None:
    """Without events; a run that has no file, or whose file has changed, is due in every sweep."""
    written = {f"quiet{number}": 900.0 for number in range(160)} | {"lively": 999.0, "new": 0.0}
    schedule = Schedule(policy_for(Reach.LOCAL, Settings()), partial(map, written.__getitem__))
    for path in written:
        schedule.add_run(make(path, "RUNNING x"), 0, 1000)
    assert schedule.always_due == len(written)
    assert set(schedule.due_runs(9, 0, 1000)) == set(written)
    assert schedule.always_due == pytest.approx(2 + 160 / 5)
    due = {second: schedule.due_runs(9, second, 1000 + second) for second in range(1, 51)}
    assert all({"lively", "new"} <= set(paths) for paths in due.values())
    for number in range(160):
        seconds = [second for second, paths in due.items() if f"quiet{number}" in paths]
        assert {later - sooner for sooner, later in pairwise(seconds)} <= {5, 6}
        assert len(seconds) >= 9
    assert max(map(len, due.values())) < 50
    written["quiet7"] = 1050.0
    schedule.add_run(make("quiet7", "RUNNING y"), 50, 1050)
    assert all("quiet7" in schedule.due_runs(9, second, 1000 + second) for second in range(51, 99))
    for path in written:
        schedule.remove(path)
    assert schedule.due_runs(9, 200, 1200) == []


def test_a_quiet_run_that_has_finished_rests() -> None:
    """It is active no more."""
    written = {"run": 900.0}
    schedule = Schedule(policy_for(Reach.LOCAL, Settings()), partial(map, written.__getitem__))
    schedule.add_run(make("run", "RUNNING x"), 0, 1000)
    assert schedule.due_runs(9, 0, 1000) == ["run"]
    schedule.add_run(make("run", "COMPLETE x"), 1, 1001)
    assert schedule.quiet_rest is None
    assert [second for second in range(2, 30) if schedule.due_runs(9, second, 1000 + second)] == [
        11,
        21,
    ]


@pytest.mark.parametrize("interval", [0.1, 0.5, 1.0, 3.0])
def test_an_interval_of_the_user_holds_for_quiet_runs_too(interval: float) -> None:
    """They are checked in every sweep, though sweeps last a moment longer than it."""
    for reach in Reach:
        schedule = Schedule(
            policy_for(reach, Settings(interval=interval)), partial(map, {"run": 900.0}.__getitem__)
        )
        assert schedule.policy.tick == interval
        schedule.add_run(make("run", "RUNNING x"), 0, 1000)
        sweeps = [step * 1.003 * interval for step in range(200)]
        assert all(schedule.due_runs(9, now, 1000 + now) == ["run"] for now in sweeps)
        assert (schedule.quiet_rest, schedule.always_due) == (None, 1)


def test_very_many_quiet_runs_are_checked_less_often() -> None:
    """It is said how often; and if most of them go, the others are checked as often as any."""
    written = {str(number): 900.0 for number in range(12_500)}
    schedule = Schedule(policy_for(Reach.LOCAL, Settings()), partial(map, written.__getitem__))
    for path in written:
        schedule.add_run(make(path, "RUNNING x"), 0, 1000)
    due = [schedule.due_runs(9, second, 1000 + second) for second in range(60)]
    assert len(due[0]) == 12_500
    assert max(map(len, due[1:])) == 1000
    assert schedule.quiet_rest == 13
    for path in ("0", "7", "12499"):
        seconds = [second for second, paths in enumerate(due) if path in paths]
        assert {later - sooner for sooner, later in pairwise(seconds[1:])} <= {12, 13, 14}
    for path in list(written)[5:]:
        schedule.remove(path)
    assert schedule.quiet_rest == 5
    soon = [schedule.due_runs(9, second, 1000 + second) for second in range(60, 67)]
    assert set(chain.from_iterable(soon)) == set("01234")


def test_what_events_announce_is_checked_only_as_often_as_the_policy_allows() -> None:
    """Very many runs under way, and very many finished ones, take 100 checks a second each."""
    runs = {f"active{number}": ("RUNNING x", 99.0) for number in range(1_000)}
    runs |= {f"done{number}": ("COMPLETE x", 0.0) for number in range(10_000)}
    schedule = schedule_of(**runs, unheard=("RUNNING x", 99))
    schedule.is_announced = "unheard".__ne__
    due = {second: schedule.due_runs(1e9, second, second) for second in range(1, 130)}
    assert all("unheard" in paths for paths in due.values())
    assert [second for second, paths in due.items() if "active1" in paths][:4] == [1, 12, 23, 34]
    assert [second for second, paths in due.items() if "done1" in paths] == [1, 101]


def test_runs_that_no_event_announces_any_more_are_due_like_any_others() -> None:
    """Although they would have rested for longer; active ones are due in every sweep again."""
    runs = {f"done{number}": ("COMPLETE x", 1e6) for number in range(10_000)}
    schedule = schedule_of(**runs, active=("RUNNING x", 99))
    schedule.is_announced = lambda _path: True
    assert len(schedule.due_runs(1e9, 100, 100)) == 10_001
    schedule.expect_no_events(["done1", "active", "unknown"], 101, 101)
    assert [schedule.due_runs(1e9, second, second) for second in (110.5, 111)] == [
        ["active"],
        ["active", "done1"],
    ]
    schedule.is_announced = None
    schedule.expect_no_events(list(schedule.resting), 102, 102)
    assert len(schedule.due_runs(1e9, 162, 162)) == 10_001


def test_what_is_checked_in_every_sweep_is_counted() -> None:
    """Of what events announce only the share that a sweep checks."""
    runs = {f"active{number}": ("RUNNING x", 99.0) for number in range(1_000)}
    schedule = schedule_of(**runs, unheard=("RUNNING x", 99))
    assert schedule.always_due == 1_001
    schedule.is_announced = "unheard".__ne__
    schedule.due_runs(1e9, 1, 1)
    assert schedule.always_due == 1 + 500


def test_finished_runs_wait_when_there_is_no_room() -> None:
    """At least one finished run is due at each call, so that none starves."""
    schedule = schedule_of(a=("COMPLETE x", 0), b=("COMPLETE x", 10), c=("COMPLETE x", 20))
    assert [schedule.due_runs(room, 9, 9) for room in (2, 0, 0)] == [["a", "b"], ["c"], []]


def test_a_run_that_is_removed_or_added_again_leaves_no_old_appointment() -> None:
    """An added run is due once, a removed one never."""
    schedule = schedule_of(a=("COMPLETE x", 0), b=("COMPLETE x", 0), c=("COMPLETE x", 0))
    schedule.add_run(make("a", "COMPLETE x"), 1, 1)
    schedule.add_run(make("b", "RUNNING x"), 1, 1)
    schedule.remove("c")
    assert schedule.due_runs(9, 1.5, 1.5) == ["b"]
    assert schedule.due_runs(9, 2, 2) == ["b", "a"]
    schedule.remove("b")
    assert schedule.due_runs(9, 2, 2) == []


def test_each_of_several_overlapping_roots_leaves_out_the_others() -> None:
    """Of several roots that are the same directory, the first one counts."""
    territory = RootRegistry(3)
    for number, place in enumerate(["/a", "/a/b", "/a"]):
        territory.claim(number, place, 0)
    assert territory.others(0) == {"/a/b"}
    assert territory.others(1) == {"/a"}
    assert [territory.is_taken(number) for number in range(3)] == [False, False, True]


def test_a_root_that_does_not_register_is_not_waited_for() -> None:
    """It is ignored until it registers its real path."""
    territory = RootRegistry(2)
    territory.claim(1, "/b", 0.01)
    assert territory.others(1) == frozenset()
    territory.claim(0, "/b/c", 0.01)
    assert territory.others(1) == {"/b/c"}


def names(folders: Iterable[Folder]) -> list[str]:
    """Return the names of the directories, sorted."""
    return sorted(folder.name for folder in folders)


def list_directory(
    directories: Directories, path: Path, *, trust_stat: bool = True
) -> DirectoryChange | None:
    """List the directory at `path` if it has changed; leave nothing out."""
    return directories.list_if_changed(str(path), frozenset(), trust_stat=trust_stat)


def test_a_listing_reports_what_is_new_gone_and_replaced(tmp_path: Path) -> None:
    """A directory that was deleted and created again counts as replaced."""
    (tmp_path / "a").mkdir()
    directories = Directories(root_folder(str(tmp_path)))
    first = list_directory(directories, tmp_path)
    assert first is not None
    assert names(first.new) == ["a"]
    assert list_directory(directories, tmp_path) is None
    (tmp_path / "b").mkdir()
    (tmp_path / "a").rename(tmp_path / "kept")
    (tmp_path / "a").mkdir()
    second = list_directory(directories, tmp_path)
    assert second is not None
    assert (names(second.new), second.replaced) == (["b", "kept"], (str(tmp_path / "a"),))
    assert second.gone == ()
    (tmp_path / "a").rmdir()
    third = list_directory(directories, tmp_path)
    assert third is not None
    assert third.gone == (str(tmp_path / "a"),)


def test_a_directory_that_a_listing_has_twice_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network filesystems may do so while a directory changes."""
    (tmp_path / "a").mkdir()

    def survey_twice(folder: Folder, *others: Any) -> Survey:  # noqa: ANN401 - as `survey` has them
        found = survey(folder, *others)
        return found._replace(folders=found.folders * 2)

    monkeypatch.setattr("statustui.monitor.directories.survey", survey_twice)
    directories = Directories(root_folder(str(tmp_path)))
    change = list_directory(directories, tmp_path)
    assert change is not None
    assert names(change.new) == ["a"]
    assert list(directories.below(str(tmp_path))) == [str(tmp_path), str(tmp_path / "a")]


def test_a_status_file_makes_a_directory_a_run_but_keeps_its_subdirectories(
    tmp_path: Path,
) -> None:
    """Removing the file makes it an ordinary directory again."""
    (tmp_path / "a").mkdir()
    directories = Directories(root_folder(str(tmp_path)))
    first = list_directory(directories, tmp_path)
    (tmp_path / "status").write_text("")
    second = list_directory(directories, tmp_path)
    (tmp_path / "status").unlink()
    third = list_directory(directories, tmp_path)
    assert [change and change.is_run for change in (first, second, third)] == [False, True, False]
    assert [change and (change.gone, change.replaced) for change in (second, third)] == [
        ((), ()),
        ((), ()),
    ]


def test_a_removed_directory_is_new_when_it_exists_again(tmp_path: Path) -> None:
    """Even if its inode is the same, as after two renames."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    directories = Directories(root_folder(str(tmp_path)))
    found = list_directory(directories, tmp_path)
    assert found is not None
    directories.add(found.new[0])
    list_directory(directories, tmp_path / "a")
    assert directories.remove(str(tmp_path / "a")) == [
        str(tmp_path / "a"),
        str(tmp_path / "a" / "b"),
    ]
    again = list_directory(directories, tmp_path)
    assert again is not None
    assert names(again.new) == ["a"]


def test_a_directory_without_runs_is_checked_less_often_the_older_it_is(tmp_path: Path) -> None:
    """Unless a run has been found in it."""
    top = root_folder(str(tmp_path))
    directories = Directories(top)
    old = tmp_path / "old"
    old.mkdir()
    os.utime(old, (1, 1))
    directories.add(top._replace(path=str(old)))
    list_directory(directories, old)
    now = time.monotonic()
    assert directories.due(9, now) == [str(tmp_path)]
    assert directories.due(9, now + 11) == [str(tmp_path), str(old)]
    directories.expect_runs(str(old))
    assert list(directories.holding_runs) == [str(tmp_path), str(old)]


def test_directories_without_runs_wait_when_there_is_no_room(tmp_path: Path) -> None:
    """At least one of them is due at each call, so that none starves."""
    top = root_folder(str(tmp_path))
    directories = Directories(top)
    barren = [str(tmp_path / str(number)) for number in range(5)]
    for path in barren:
        directories.add(top._replace(path=path))
    seen = [directories.due(room, 1.0)[1:] for room in (3, 0, 0, 9)]
    assert seen == [barren[:3], barren[3:4], barren[4:], []]


def test_a_publisher_delivers_removals_before_later_changes() -> None:
    """A run that was added and removed in between is not delivered at all."""
    delivered: list[Batch] = []
    publisher = RootPublisher("root", delivered.append)
    first, second = make("a", "RUNNING x"), make("a", "COMPLETE x")
    publisher.add_runs([first])
    publisher.add_runs([make("b", "RUNNING x")])
    publisher.remove_run("b")
    publisher.remove_run("a")
    publisher.add_runs([second])
    publisher.publish(RootHealth("root", found=2))
    assert delivered[0].changed == (second,)
    assert delivered[0].removed == ("b", "a")
    publisher.publish(RootHealth("root", found=2))
    assert len(delivered) == 1
    publisher.report_silence(3.5)
    assert delivered[1].health[0].silent == 3.5
    publisher.publish(RootHealth("root", found=2))
    assert delivered[2].health[0].silent is None
    publisher.close()
    publisher.add_runs([first])
    publisher.publish(RootHealth("root", found=3))
    assert len(delivered) == 3


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "RUNNING", "COMPLETE"]))))
def test_applying_all_batches_yields_the_current_runs(
    steps: list[tuple[str, str | None]],
) -> None:
    """However changes are grouped into batches."""
    picture: dict[str, Run] = {}

    def take(batch: Batch) -> None:
        for path in batch.removed:
            picture.pop(path, None)
        picture.update({run.path: run for run in batch.changed})

    truth: dict[str, Run] = {}
    publisher = RootPublisher("root", take)
    health = RootHealth("root")
    for number, (path, state) in enumerate(steps):
        if state is None:
            publisher.remove_run(path)
            truth.pop(path, None)
        else:
            truth[path] = make(path, f"{state} {number}")
            publisher.add_runs([truth[path]])
        if number % 3 == 0:
            publisher.publish(health)
            assert picture == truth
    publisher.publish(health)
    assert picture == truth


def test_settings_override_the_policy_of_the_filesystem() -> None:
    """A local disk is read by one thread, a network by several."""
    local, remote = policy_for(Reach.LOCAL, Settings()), policy_for(Reach.REMOTE, Settings())
    assert (local.tick, local.threads) == (1.0, 1)
    assert (remote.tick, remote.threads, remote.max_checks) == (2.0, 8, 500.0)
    assert [local.rest_after(age) for age in (0, 20, 1e6)] == [1.0, 2.0, 60.0]
    assert [local.rest_after(1e6, is_announced=heard) for heard in (True, False)] == [60.0, 10.0]
    assert [local.rest_after(9000, is_announced=heard) for heard in (True, False)] == [60.0, 10.0]
    assert [local.rest_after(9, is_announced=heard) for heard in (True, False)] == [1.0, 1.0]
    assert [remote.rest_after(age) for age in (0, 9000, 1e6)] == [2.0, 60.0, 300.0]
    chosen = policy_for(Reach.REMOTE, Settings("auto", 9.0, 70.0))
    assert (chosen.tick, chosen.behind_events, chosen.max_checks) == (9.0, 9.0, 70.0)
    assert policy_for(Reach.LOCAL, Settings("auto", 9.0, 70.0)).max_announced_checks == 70.0


def test_events_count_as_reliable_while_most_changes_are_announced() -> None:
    """An event that comes late does not count as missing."""
    check = EventCheck()
    for number in range(5):
        check.record_change(str(number), 0.0)
    for number in range(3):
        check.record_event(str(number))
    assert not check.has_failed(1.0)
    assert not check.has_failed(9.0)
    for number in range(3):
        check.record_event(str(number))
        check.record_change(f"x{number}", 10.0)
    assert check.has_failed(19.0)


def test_half_of_the_lowest_limit_of_watches_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is missing or holds no number sets no limit."""
    paths = [tmp_path / name for name in ("of the system", "of the namespace", "other", "missing")]
    for path, text in zip(paths, ["1000\n", "401\n", "many\n"], strict=False):
        path.write_text(text)
    monkeypatch.setattr("statustui.monitor.events.platform._LIMITS", tuple(map(str, paths)))
    assert watch_limit() == 200
    monkeypatch.setattr("statustui.monitor.events.platform._LIMITS", tuple(map(str, paths[2:])))
    assert watch_limit() is None


def test_a_directory_is_listed_again_only_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless its times cannot be trusted, or it was invalidated."""
    listed: list[str] = []

    def count(folder: Folder, *others: Any) -> Survey:  # noqa: ANN401 - as `survey` has them
        listed.append(folder.path)
        return survey(folder, *others)

    monkeypatch.setattr("statustui.monitor.directories.survey", count)
    monkeypatch.setattr("statustui.monitor.directories._CLOCK_GRAIN", -1.0)
    directories = Directories(root_folder(str(tmp_path)))
    for trust_stat in (True, True, False):
        list_directory(directories, tmp_path, trust_stat=trust_stat)
    assert len(listed) == 2
    directories.invalidate(str(tmp_path))
    list_directory(directories, tmp_path)
    assert len(listed) == 3


def test_a_directory_cannot_hide_a_change_behind_an_old_time(tmp_path: Path) -> None:
    """A user can set the time of modification, but not the time of change."""
    os.utime(tmp_path, (1, 1))
    directories = Directories(root_folder(str(tmp_path)))
    list_directory(directories, tmp_path)
    (tmp_path / "a").mkdir()
    os.utime(tmp_path, (1, 1))
    found = list_directory(directories, tmp_path)
    assert found is not None
    assert names(found.new) == ["a"]


def test_an_unmounted_directory_keeps_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty directory on another device is what remains of a mount point."""
    (tmp_path / "a").mkdir()
    directories = Directories(root_folder(str(tmp_path)))
    directories.list_if_changed(str(tmp_path), frozenset(), trust_stat=True)
    (tmp_path / "a").rmdir()
    move_elsewhere(monkeypatch)
    with pytest.raises(OSError, match="nothing is mounted") as caught:
        directories.list_if_changed(str(tmp_path), frozenset(), trust_stat=True)
    assert caught.value.errno == errno.ENODEV
    assert list(directories.below(str(tmp_path))) == [str(tmp_path), str(tmp_path / "a")]


def test_paths_that_stay_are_in_memory_once(tmp_path: Path) -> None:
    """A later listing, which finds the same directories and another one, makes no copies."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    directories = Directories(root_folder(str(tmp_path)))
    first = list_directory(directories, tmp_path)
    assert first is not None
    (tmp_path / "c").mkdir()
    assert list_directory(directories, tmp_path) is not None
    below = {id(path) for path in directories.below(str(tmp_path))}
    assert below.issuperset(id(folder.path) for folder in first.new)


def test_a_queue_knows_when_the_next_path_is_due() -> None:
    """The last time that was set for a path counts; a removed path has none."""
    queue = DueQueue()
    assert queue.next_due == math.inf
    for path, due in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        queue.schedule(path, due)
    assert queue.next_due == 2.0
    queue.remove("b")
    assert queue.next_due == 3.0
    queue.schedule_no_later("a", 4.0)
    assert queue.pop_due(math.inf, 2.9) == []
    queue.schedule_no_later("a", 2.5)
    assert queue.pop_due(math.inf, 2.9) == ["a"]
    assert queue.pop_due(math.inf, 9.0) == []


def test_a_queue_gives_out_only_as_much_as_there_is_room_for() -> None:
    """Paths that have been removed, or moved to another time, take none of it."""
    queue = DueQueue()
    for path in "abcdef":
        queue.schedule(path, 1.0)
    queue.remove("b")
    queue.schedule("c", 2.0)
    assert [queue.pop_due(2, 1.0) for _ in range(3)] == [["a", "d"], ["e", "f"], []]
    assert (queue.pop_due(2, 2.0), queue.count, len(queue)) == (["c"], 0, 0)


def test_paths_that_are_scheduled_and_removed_for_ever_take_no_memory() -> None:
    """Whichever of the two comes last."""
    queue = DueQueue()
    queue.schedule("kept", 0.5)
    for number in range(5000):
        queue.schedule("again", 1.0 + number)
        queue.schedule(str(number), 1.0)
        queue.remove(str(number))
    assert len(queue) < 1100
    assert queue.pop_next(1.0) == "kept"
    assert queue.next_due == 5000.0
