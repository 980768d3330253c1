"""The listener to the events of one tree."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from statustui.monitor.events.listener import Hints, Listener
from statustui.monitor.events.platform import open_watcher
from statustui.monitor.events.watcher import HintReceiver, Locate, OpenWatcher, Watcher
from tests.monitor.scanning import ScannerDriver, move_elsewhere, put_on_filesystem
from tests.trees import append, write_run
from tests.waiting import wait_until

Listen = Callable[..., Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Listen to the events of a scanner's tree until the end of the test."""
    listeners: list[Listener] = []

    def start(
        driver: ScannerDriver,
        max_watches: int | None = None,
        wake: Callable[[], None] = lambda: None,
        open_watcher: OpenWatcher = open_watcher,
    ) -> Listener:
        listeners.append(Listener(driver.scanner, "events", max_watches, wake, open_watcher))
        driver.attach(listeners[-1])
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


def wait_for_watches(listener: Listener) -> None:
    """Wait until watches are set, so that events can arrive."""

    def has_watches() -> bool:
        listener.update_watches()
        return listener.has_watches

    wait_until(has_watches)


def events_and_fallback(listener: Listener) -> tuple[bool, str | None]:
    """Return whether events are used, and why not."""
    return listener.is_listening, listener.fallback


class SilentWatcher:
    """Watches up to `limit` directories, and never reports an event."""

    def __init__(self, limit: float = float("inf")) -> None:
        self.watched: list[str] = []
        self._limit = limit

    def add(self, path: str) -> bool:
        """Pretend to watch a directory."""
        if len(self.watched) >= self._limit:
            raise OSError(errno.ENOSPC, "no space left")
        self.watched.append(path)
        return True

    def discard(self, path: str) -> None:
        """Stop watching it."""
        if path in self.watched:
            self.watched.remove(path)

    def close(self) -> None:
        """Stop watching all."""


def test_an_event_for_a_file_that_a_run_is_read_from_is_a_hint(
    tmp_path: Path, listen: Listen
) -> None:
    """An event for a log, or any other file, is ignored."""
    run = write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    listener = listen(driver)
    wait_for_watches(listener)
    # What has happened before there was a watch raised no event.
    assert listener.take_hints().runs == {str(run)}
    (run / "run.log").write_text("step 1\n")
    append(run, "COMPLETE")
    wait_until(lambda: listener.has_hints)
    assert listener.take_hints().runs == {str(run)}


def test_more_directories_than_may_be_watched_mean_polling(tmp_path: Path, listen: Listen) -> None:
    """The fallback names the reason."""
    write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    listener = listen(driver, 1)
    listener.update_watches()
    assert events_and_fallback(listener) == (False, "no events: 2 directories, 1 may be watched")


def test_another_filesystem_at_the_root_means_polling(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is unknown whether the new one raises events."""
    put_on_filesystem(monkeypatch, "ext4")
    write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    listener = listen(driver)
    driver.sweep_all()
    listener.update_watches()
    assert events_and_fallback(listener) == (True, None)
    put_on_filesystem(monkeypatch, "xfs")
    move_elsewhere(monkeypatch)
    driver.sweep_all()
    listener.update_watches()
    assert events_and_fallback(listener) == (False, "no events: the filesystem has changed")


def test_a_refusal_of_the_operating_system_means_polling(tmp_path: Path, listen: Listen) -> None:
    """At the start, for a directory that must be watched, and later."""
    write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()

    def refuse(_names: object, _receiver: HintReceiver, _locate: Locate) -> Watcher:
        raise OSError(errno.EMFILE, "Too many open files")

    assert events_and_fallback(listen(driver, open_watcher=refuse)) == (
        False,
        "no events: Too many open files",
    )
    listener = listen(driver, open_watcher=lambda _names, _receiver, _locate: SilentWatcher(1))
    listener.update_watches()
    assert events_and_fallback(listener) == (False, "no events: no space left")
    woken = threading.Event()
    listener = listen(driver, wake=woken.set)
    listener.report_failure("no events: no watcher")
    assert woken.is_set()
    listener.update_watches()
    assert events_and_fallback(listener) == (False, "no events: no watcher")


def test_missing_events_mean_polling(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once they are late, and not for changes that had been announced."""
    now = [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("statustui.monitor.events.listener.time", clock)
    runs = [write_run(tmp_path / str(number), "RUNNING") for number in range(5)]
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    listener = listen(driver, open_watcher=lambda _names, _receiver, _locate: SilentWatcher())
    wait_for_watches(listener)

    def change_all(announced: int) -> None:
        for run in runs:
            append(run, "RUN_USER on")
        listener.expect_changes(str(run) for run in runs[:announced])
        driver.sweep_all()
        now[0] += 3
        listener.update_watches()

    change_all(announced=3)
    assert events_and_fallback(listener) == (True, None)
    change_all(announced=0)
    assert events_and_fallback(listener) == (False, "changes came without events")


def finished_tree(root: Path, count: int) -> ScannerDriver:
    """Return a scanner of one active and `count` finished runs, each newer than the last."""
    write_run(root / "active", "RUNNING")
    for number in range(count):
        run = write_run(root / f"over{number}", "COMPLETE")
        os.utime(run / "status", (number + 1000, number + 1000))
    driver = ScannerDriver(root)
    driver.sweep_all()
    return driver


def watched_finished(driver: ScannerDriver, deaf: SilentWatcher) -> list[str]:
    """Return the names of the finished runs that are watched."""
    names = {Path(path).name for path in deaf.watched}
    return sorted(names - {"active", Path(driver.scanner.root).name})


def test_finished_runs_are_watched_too_the_newest_first(tmp_path: Path, listen: Listen) -> None:
    """As many as the limit allows; the others are checked more often instead."""
    driver = finished_tree(tmp_path, 4)
    deaf = SilentWatcher()
    listener = listen(driver, 4, open_watcher=lambda _names, _receiver, _locate: deaf)
    listener.update_watches()
    assert watched_finished(driver, deaf) == ["over2", "over3"]
    assert (listener.is_listening, listener.watches_all_runs) == (True, False)
    append(write_run(tmp_path / "newest", "RUNNING"), "COMPLETE")
    driver.sweep_all()
    listener.update_watches()
    assert watched_finished(driver, deaf) == ["newest", "over3"]


def test_what_is_no_longer_watched_is_checked_soon(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finished run that gives way to a newer one, and all of them once there are no events."""
    driver = finished_tree(tmp_path, 4)
    listener = listen(driver, 4, open_watcher=lambda _names, _receiver, _locate: SilentWatcher())
    listener.update_watches()
    unheard: list[set[str]] = []
    monkeypatch.setattr(
        type(driver.scanner),
        "expect_no_events",
        lambda _self, paths: unheard.append({Path(path).name for path in paths}),
    )
    append(write_run(tmp_path / "newest", "RUNNING"), "COMPLETE")
    driver.sweep_all()
    listener.update_watches()
    listener.close()
    assert unheard == [{"over2"}, {"over0", "over1", "over2", "over3", "newest"}]


def test_runs_that_cannot_be_watched_take_no_watch(tmp_path: Path, listen: Listen) -> None:
    """Nor do they count as needing one: Pavilion makes the directory of a run before its file."""
    write_run(tmp_path / "test_runs" / "1", "RUNNING")
    for number in range(2, 12):
        (tmp_path / "test_runs" / str(number)).mkdir()
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    assert len(driver.scanner.active) == 11
    listener = listen(driver, 5, open_watcher=lambda _names, _receiver, _locate: SilentWatcher())
    for _ in range(2):
        listener.update_watches()
        assert (listener.is_listening, listener.fallback) == (True, None)


def test_all_runs_are_watched_as_soon_as_the_limit_allows(tmp_path: Path, listen: Listen) -> None:
    """Other programs may leave less than the limit for a while."""
    driver = finished_tree(tmp_path, 4)
    listener = listen(driver, open_watcher=lambda _names, _receiver, _locate: SilentWatcher())
    listener.update_watches()
    assert listener.watches_all_runs
    deaf = SilentWatcher(4)
    driver = finished_tree(tmp_path, 4)
    listener = listen(driver, open_watcher=lambda _names, _receiver, _locate: deaf)
    listener.update_watches()
    assert (listener.is_listening, listener.watches_all_runs) == (True, False)
    assert watched_finished(driver, deaf) == ["over2", "over3"]


def test_a_watch_on_a_run_has_only_that_run_checked(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the directory around it: that would be listed again for each step of many watches."""
    run = write_run(tmp_path / "test_runs" / "1", "COMPLETE")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    monkeypatch.setattr("statustui.monitor.events.listener._WATCHES_PER_STEP", 0)
    listener = listen(driver, open_watcher=lambda _names, _receiver, _locate: SilentWatcher())
    listener.update_watches()
    assert listener.take_hints().runs == set()
    monkeypatch.undo()
    listener.add_pending_watches()
    assert listener.take_hints() == Hints({str(run)}, {str(run)})


def test_an_event_in_a_run_hints_at_directories_inside_it(tmp_path: Path, listen: Listen) -> None:
    """They may hold further runs."""
    run = write_run(tmp_path / "1", "RUNNING")
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    listener = listen(driver)
    wait_for_watches(listener)
    listener.take_hints()
    (run / "inside").mkdir()
    wait_until(lambda: listener.has_hints)
    assert listener.take_hints() == Hints(set(), {str(run), str(run / "inside")})


def test_lost_events_mean_a_check_of_everything(tmp_path: Path, listen: Listen) -> None:
    """They are reported once."""
    driver = ScannerDriver(tmp_path)
    driver.sweep_all()
    listener = listen(driver)
    listener.report_lost_events()
    assert listener.has_hints
    assert [listener.take_hints().has_lost_events for _ in range(2)] == [True, False]


def test_a_resting_run_that_becomes_active_before_it_is_watched_is_watched_once(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was pending, and is active by the time its turn comes."""
    driver = finished_tree(tmp_path, 1)
    deaf = SilentWatcher()
    listener = listen(driver, open_watcher=lambda _names, _receiver, _locate: deaf)
    with monkeypatch.context() as patch:
        patch.setattr("statustui.monitor.events.listener._WATCHES_PER_STEP", 0)
        listener.update_watches()
    assert watched_finished(driver, deaf) == []
    append(tmp_path / "over0", "RUNNING")
    driver.sweep_all()
    listener.update_watches()
    assert deaf.watched.count(str(tmp_path / "over0")) == 1
    assert listener.watches_all_runs
