"""Watchers of directories: with inotify(7), and with watchfiles."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import watchfiles
from watchfiles import Change

from statustui.monitor.events.inotify import Inotify
from statustui.monitor.events.platform import open_watcher
from statustui.monitor.events.portable import Watchfiles
from statustui.monitor.events.watcher import Watcher
from tests.trees import append, write_run
from tests.waiting import DEADLINE, wait_until


class Received:
    """What a watcher has reported."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.has_lost = False
        self.failed: list[str] = []

    def add_hints(self, paths: set[str]) -> None:
        """Record the paths."""
        self.paths |= paths

    def report_lost_events(self) -> None:
        """Record that events were lost."""
        self.has_lost = True

    def report_failure(self, reason: str) -> None:
        """Record the reason."""
        self.failed.append(reason)


Make = Callable[[Received], Watcher]

WATCHERS: dict[str, Make] = {
    "inotify": lambda told: Inotify({"status"}, told, str),
    "watchfiles": lambda told: Watchfiles(told, str),
}


@pytest.fixture(params=WATCHERS)
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Open a watcher of either kind; close it afterwards."""
    monkeypatch.setattr("statustui.monitor.events.portable._REBUILD_SHARE", 1.0)
    made: list[Watcher] = []

    def make_one(told: Received) -> Watcher:
        made.append(WATCHERS[request.param](told))
        return made[-1]

    yield make_one
    for watcher in made:
        watcher.close()
    wait_until(lambda: not any("watch" in thread.name for thread in threading.enumerate()))


def test_linux_has_inotify() -> None:
    """It needs no package, and one more directory costs microseconds."""
    watcher = open_watcher({"status"}, Received(), str)
    assert isinstance(watcher, Inotify)
    watcher.close()


def test_a_watcher_hints_at_what_happens_in_its_directories(tmp_path: Path, make: Make) -> None:
    """Also in directories added later; one that does not exist is not watched."""
    for name in ("a", "b"):
        write_run(tmp_path / name, "RUNNING")
    told = Received()
    watcher = make(told)
    assert not watcher.add(str(tmp_path / "gone"))
    watcher.add(str(tmp_path / "a"))
    wait_until(lambda: list(watcher.watched) == [str(tmp_path / "a")])
    append(tmp_path / "a", "COMPLETE")
    wait_until(lambda: str(tmp_path / "a" / "status") in told.paths)
    watcher.add(str(tmp_path / "b"))
    wait_until(lambda: str(tmp_path / "b") in watcher.watched)
    append(tmp_path / "b", "COMPLETE")
    wait_until(lambda: str(tmp_path / "b" / "status") in told.paths)
    watcher.discard(str(tmp_path / "b"))
    assert list(watcher.watched) == [str(tmp_path / "a")]
    assert told.failed == []


def test_a_directory_that_comes_goes_or_changes_its_permissions_is_hinted_at(
    tmp_path: Path, make: Make
) -> None:
    """Whatever its name."""
    told = Received()
    watcher = make(told)
    watcher.add(str(tmp_path))
    wait_until(lambda: str(tmp_path) in watcher.watched)
    inner = tmp_path / "inner"

    def is_hinted_at() -> bool:
        return str(inner) in told.paths

    inner.mkdir()
    wait_until(is_hinted_at)
    told.paths.clear()
    inner.chmod(0o700)
    wait_until(is_hinted_at)
    told.paths.clear()
    inner.rmdir()
    wait_until(is_hinted_at)


def test_a_deleted_watched_directory_is_hinted_at_and_forgotten(tmp_path: Path) -> None:
    """A new directory at the same path needs a new watch."""
    told = Received()
    watcher = Inotify({"status"}, told, str)
    place = tmp_path / "a"
    place.mkdir()
    assert watcher.add(str(place))
    place.rmdir()
    wait_until(lambda: str(place) in told.paths and not watcher.watched)
    place.mkdir()
    assert watcher.add(str(place))
    watcher.close()


def test_a_directory_that_was_renamed_is_watched_under_its_new_name(tmp_path: Path) -> None:
    """The kernel keeps one watch for it."""
    told = Received()
    watcher = Inotify({"status"}, told, str)
    run = write_run(tmp_path / "a", "RUNNING")
    watcher.add(str(run))
    renamed = run.rename(tmp_path / "b")
    watcher.add(str(renamed))
    assert list(watcher.watched) == [str(renamed)]
    append(renamed, "COMPLETE")
    wait_until(lambda: str(renamed / "status") in told.paths)
    watcher.close()


def test_files_that_do_not_matter_are_not_hinted_at(tmp_path: Path) -> None:
    """A log that is written all the time costs only its events."""
    told = Received()
    watcher = Inotify({"status"}, told, str)
    run = write_run(tmp_path / "a", "RUNNING")
    watcher.add(str(run))
    (run / "run.log").write_text("step 1\n")
    append(run, "COMPLETE")
    wait_until(lambda: told.paths)
    assert told.paths == {str(run / "status")}
    watcher.close()


@pytest.mark.slow
def test_lost_events_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel drops events when its queue is full."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    goes_on = threading.Event()
    read = os.read

    def read_late(descriptor: int, size: int) -> bytes:
        goes_on.wait(DEADLINE)
        return read(descriptor, size)

    monkeypatch.setattr("statustui.monitor.events.inotify.os.read", read_late)
    told = Received()
    watcher = Inotify({"status"}, told, str)
    names = [tmp_path / "a", tmp_path / "b"]
    watcher.add(str(tmp_path))
    for _ in range(limit // 4 + 1):
        for name in names:
            name.touch()
            name.unlink()
    goes_on.set()
    wait_until(lambda: told.has_lost)
    watcher.close()


def test_more_directories_than_may_be_watched_are_refused(tmp_path: Path) -> None:
    """Directories that were watched before still are."""
    told = Received()
    watcher = Inotify({"status"}, told, str)

    class RefusingLibC:
        """A C library that refuses further watches."""

        def inotify_add_watch(self, *_arguments: object) -> int:
            import ctypes  # noqa: PLC0415 - this stand-in alone needs it

            ctypes.set_errno(errno.ENOSPC)
            return -1

    assert watcher.add(str(tmp_path))
    libc = watcher._libc  # noqa: SLF001 - no machine of a test has so few watches
    watcher._libc = RefusingLibC()  # type: ignore[assignment]  # noqa: SLF001 - as above
    with pytest.raises(OSError, match="No space left"):
        watcher.add(str(tmp_path / "more"))
    watcher._libc = libc  # noqa: SLF001 - as above
    assert list(watcher.watched) == [str(tmp_path)]
    watcher.close()


def test_a_closed_watcher_watches_nothing_more(tmp_path: Path) -> None:
    """Adding a directory afterwards returns False."""
    watcher = Inotify({"status"}, Received(), str)
    watcher.close()
    watcher.close()
    assert not watcher.add(str(tmp_path))
    wait_until(lambda: not watcher.watched)
    watcher.discard(str(tmp_path))


def test_a_directory_deleted_while_watches_are_set_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check that it exists and the watch on it."""
    stays, goes = tmp_path / "stays", tmp_path / "goes"
    for path in (stays, goes):
        path.mkdir()
    watch = watchfiles.watch

    def watch_late(*paths: str, **options: Any) -> Iterator[set[tuple[Change, str]]]:  # noqa: ANN401 - handed on
        if goes.exists():
            goes.rmdir()
        return watch(*paths, **options)

    monkeypatch.setattr("watchfiles.watch", watch_late)
    told = Received()
    watcher = Watchfiles(told, str)
    for path in (stays, goes):
        watcher.add(str(path))
    wait_until(lambda: list(watcher.watched) == [str(stays)])
    watcher.close()
    assert told.failed == []


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_failure_to_watch_is_reported_unless_the_watcher_is_closed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_closed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The poller goes on without events."""
    begun, goes_on = threading.Event(), threading.Event()

    def fail(*_paths: str, **_options: object) -> None:
        begun.set()
        goes_on.wait(DEADLINE)
        raise RuntimeError("no watcher")

    monkeypatch.setattr("watchfiles.watch", fail)
    told = Received()
    watcher = Watchfiles(told, str)
    watcher.add(str(tmp_path))
    wait_until(begun.is_set)
    if is_closed:
        watcher.close()
        wait_until(lambda: not any(one.name == "watches" for one in threading.enumerate()))
    goes_on.set()
    wait_until(lambda: not any(one.name == "watch" for one in threading.enumerate()))
    assert told.failed == ([] if is_closed else ["no events: no watcher"])
    watcher.close()


def test_an_unwatched_directory_can_be_discarded(tmp_path: Path, make: Make) -> None:
    """Adding a watched one again, or closing before the first watch, is fine too."""
    watcher = make(Received())
    watcher.discard(str(tmp_path))
    watcher.add(str(tmp_path))
    wait_until(lambda: str(tmp_path) in watcher.watched)
    assert watcher.add(str(tmp_path))
    make(Received()).close()
