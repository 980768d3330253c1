"""HintReceiver to the events of one tree."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from statustui.monitor.events.listener import Hints, Listener
from statustui.monitor.events.watcher import HintReceiver, OpenWatcher, Watcher, open_watcher
from tests.monitor.scanning import Sweeping, move_elsewhere, put_on
from tests.trees import append, write_run
from tests.waiting import wait_until

Listen = Callable[..., Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Listen to what a sweeper knows until the test is over."""
    listeners: list[Listener] = []

    def start(
        sweeping: Sweeping,
        max_watches: int | None = None,
        wake: Callable[[], None] = lambda: None,
        open_watcher: OpenWatcher = open_watcher,
    ) -> Listener:
        listeners.append(Listener(sweeping.scanner, "events", max_watches, wake, open_watcher))
        sweeping.attach(listeners[-1])
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


def wait_for_watches(listener: Listener) -> None:
    """Take in what has been found, and wait until the first events can arrive."""

    def has_watches() -> bool:
        listener.update_watches()
        return listener.has_watches

    wait_until(has_watches)


def how_it_goes(listener: Listener) -> tuple[bool, str | None]:
    """Whether events are used, and why not."""
    return listener.is_listening, listener.fallback


class Deaf:
    """Watches up to `limit` directories where the operating system tells of no change."""

    def __init__(self, limit: float = float("inf")) -> None:
        self.watched: list[str] = []
        self._limit = limit

    def add(self, path: str) -> bool:
        """Watch as if there were something to hear."""
        if len(self.watched) >= self._limit:
            raise OSError(errno.ENOSPC, "no space left")
        self.watched.append(path)
        return True

    def discard(self, path: str) -> None:
        """Watch it no longer."""
        if path in self.watched:
            self.watched.remove(path)

    def close(self) -> None:
        """End."""


def test_an_event_hints_at_a_run_if_its_picture_may_have_changed(
    tmp_path: Path, listen: Listen
) -> None:
    """A log of it, or any other file, is none of the monitor's business."""
    run = write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    listener = listen(sweeping)
    wait_for_watches(listener)
    # What has happened before there was a watch raised no event.
    assert listener.take_hints().runs == {str(run)}
    (run / "run.log").write_text("step 1\n")
    append(run, "COMPLETE")
    wait_until(lambda: listener.has_hints)
    assert listener.take_hints().runs == {str(run)}


def test_more_directories_than_may_be_watched_mean_polling(tmp_path: Path, listen: Listen) -> None:
    """The reason is told."""
    write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    listener = listen(sweeping, 1)
    listener.update_watches()
    assert how_it_goes(listener) == (False, "no events: 2 directories, 1 may be watched")


def test_another_filesystem_at_the_root_means_polling(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its events arrive is not known."""
    put_on(monkeypatch, "ext4")
    write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    listener = listen(sweeping)
    sweeping.look()
    listener.update_watches()
    assert how_it_goes(listener) == (True, None)
    put_on(monkeypatch, "xfs")
    move_elsewhere(monkeypatch)
    sweeping.look()
    listener.update_watches()
    assert how_it_goes(listener) == (False, "no events: the filesystem has changed")


def test_a_refusal_of_the_operating_system_means_polling(tmp_path: Path, listen: Listen) -> None:
    """What it says is told: at the start, for a directory that is needed, and later on."""
    write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()

    def refuse(_names: object, _receiver: HintReceiver) -> Watcher:
        raise OSError(errno.EMFILE, "Too many open files")

    assert how_it_goes(listen(sweeping, open_watcher=refuse)) == (
        False,
        "no events: Too many open files",
    )
    listener = listen(sweeping, open_watcher=lambda _names, _receiver: Deaf(1))
    listener.update_watches()
    assert how_it_goes(listener) == (False, "no events: no space left")
    woken = threading.Event()
    listener = listen(sweeping, wake=woken.set)
    listener.report_failure("no events: no watcher")
    assert woken.is_set()
    listener.update_watches()
    assert how_it_goes(listener) == (False, "no events: no watcher")


def test_events_that_do_not_come_are_given_up(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once they are late, and not for changes that were announced."""
    now = [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("statustui.monitor.events.listener.time", clock)
    runs = [write_run(tmp_path / str(number), "RUNNING") for number in range(5)]
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    listener = listen(sweeping, open_watcher=lambda _names, _receiver: Deaf())
    wait_for_watches(listener)

    def change_all(announced: int) -> None:
        for run in runs:
            append(run, "RUN_USER on")
        listener.expect_changes(str(run) for run in runs[:announced])
        sweeping.look()
        now[0] += 3
        listener.update_watches()

    change_all(announced=3)
    assert how_it_goes(listener) == (True, None)
    change_all(announced=0)
    assert how_it_goes(listener) == (False, "changes came without events")


def finished_tree(root: Path, count: int) -> Sweeping:
    """A sweeper that knows one active run and `count` finished ones, each newer than the last."""
    write_run(root / "active", "RUNNING")
    for number in range(count):
        run = write_run(root / f"over{number}", "COMPLETE")
        os.utime(run / "status", (number + 1000, number + 1000))
    sweeping = Sweeping(root)
    sweeping.look()
    return sweeping


def heard(sweeping: Sweeping, deaf: Deaf) -> list[str]:
    """Names of the finished runs that are watched."""
    names = {Path(path).name for path in deaf.watched}
    return sorted(names - {"active", Path(sweeping.scanner.root).name})


def test_finished_runs_are_watched_too_the_newest_first(tmp_path: Path, listen: Listen) -> None:
    """As many as there may be; the others are looked at more often instead."""
    sweeping = finished_tree(tmp_path, 4)
    deaf = Deaf()
    listener = listen(sweeping, 4, open_watcher=lambda _names, _receiver: deaf)
    listener.update_watches()
    assert heard(sweeping, deaf) == ["over2", "over3"]
    assert (listener.is_listening, listener.watches_all_runs) == (True, False)
    append(write_run(tmp_path / "newest", "RUNNING"), "COMPLETE")
    sweeping.look()
    listener.update_watches()
    assert heard(sweeping, deaf) == ["newest", "over3"]


def test_all_is_heard_once_every_run_is_watched(tmp_path: Path, listen: Listen) -> None:
    """What other programs leave is less than the limit at times."""
    sweeping = finished_tree(tmp_path, 4)
    listener = listen(sweeping, open_watcher=lambda _names, _receiver: Deaf())
    listener.update_watches()
    assert listener.watches_all_runs
    deaf = Deaf(4)
    sweeping = finished_tree(tmp_path, 4)
    listener = listen(sweeping, open_watcher=lambda _names, _receiver: deaf)
    listener.update_watches()
    assert (listener.is_listening, listener.watches_all_runs) == (True, False)
    assert heard(sweeping, deaf) == ["over2", "over3"]


def test_an_event_in_a_run_may_be_about_runs_inside_it(tmp_path: Path, listen: Listen) -> None:
    """Directories in it are looked into."""
    run = write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    listener = listen(sweeping)
    wait_for_watches(listener)
    listener.take_hints()
    (run / "inside").mkdir()
    wait_until(lambda: listener.has_hints)
    assert listener.take_hints() == Hints(set(), {str(run), str(run / "inside")})


def test_lost_events_mean_a_look_at_everything(tmp_path: Path, listen: Listen) -> None:
    """Once."""
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    listener = listen(sweeping)
    listener.report_lost_events()
    assert listener.has_hints
    assert [listener.take_hints().has_lost_events for _ in range(2)] == [True, False]


def test_a_run_that_goes_on_before_it_is_watched_as_a_finished_one_is_watched_once(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was chosen, and is active by the time that its turn comes."""
    sweeping = finished_tree(tmp_path, 1)
    deaf = Deaf()
    listener = listen(sweeping, open_watcher=lambda _names, _receiver: deaf)
    with monkeypatch.context() as patch:
        patch.setattr("statustui.monitor.events.listener._WATCHES_PER_STEP", 0)
        listener.update_watches()
    assert heard(sweeping, deaf) == []
    append(tmp_path / "over0", "RUNNING")
    sweeping.look()
    listener.update_watches()
    assert deaf.watched.count(str(tmp_path / "over0")) == 1
    assert listener.watches_all_runs
