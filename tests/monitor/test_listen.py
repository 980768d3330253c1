"""Listening to the events of one tree."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from statustui.monitor.listen import Hints, Listener
from tests.monitor.sweeping import Sweeping, move_elsewhere, put_on
from tests.trees import append, write_run
from tests.waiting import wait_until

Listen = Callable[..., Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Listen to what a sweeper knows until the test is over."""
    listeners: list[Listener] = []

    def start(
        sweeping: Sweeping, max_watches: int | None = None, wake: Callable[[], None] = lambda: None
    ) -> Listener:
        listeners.append(Listener(sweeping.sweeper, "events", max_watches, wake))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


def wait_for_watches(listener: Listener) -> None:
    """Take in what has been found, and wait until the first events can arrive."""
    listener.compare()

    def hears_something() -> bool:
        listener.adjust()
        return listener.hears_something

    wait_until(hears_something)


def how_it_goes(listener: Listener) -> tuple[bool, str | None]:
    """Whether events are used, and why not."""
    return listener.is_listening, listener.fallback


def tell_nothing(
    *_paths: str, stop_event: threading.Event, **_options: object
) -> Iterator[set[str]]:
    """Watch as `watchfiles.watch` does where the operating system tells of no change."""
    while not stop_event.wait(0.01):
        yield set()


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
    assert listener.hints().runs == {str(run)}
    (run / "run.log").write_text("step 1\n")
    wait_until(lambda: listener.has_hints)
    assert listener.hints() == Hints(set(), set())
    append(run, "COMPLETE")
    wait_until(lambda: listener.hints() == Hints({str(run)}, set()))


def test_more_directories_than_may_be_watched_mean_polling(tmp_path: Path, listen: Listen) -> None:
    """The reason is told."""
    write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    listener = listen(sweeping, 1)
    listener.adjust()
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
    listener.adjust()
    assert how_it_goes(listener) == (True, None)
    put_on(monkeypatch, "xfs")
    move_elsewhere(monkeypatch)
    sweeping.look()
    listener.adjust()
    assert how_it_goes(listener) == (False, "no events: the filesystem has changed")


def test_a_refusal_of_the_operating_system_means_polling(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says is told, and the poller woken."""

    def refuse(*_paths: str, **_options: object) -> None:
        raise OSError("too many open files")

    monkeypatch.setattr("watchfiles.watch", refuse)
    write_run(tmp_path / "1", "RUNNING")
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    woken = threading.Event()
    listener = listen(sweeping, wake=woken.set)
    listener.adjust()
    wait_until(woken.is_set)
    listener.adjust()
    assert how_it_goes(listener) == (False, "no events: too many open files")


def test_events_that_do_not_come_are_given_up(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once they are late, and not for changes that were announced."""
    monkeypatch.setattr("watchfiles.watch", tell_nothing)
    now = [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("statustui.monitor.listen.time", clock)
    runs = [write_run(tmp_path / str(number), "RUNNING") for number in range(5)]
    sweeping = Sweeping(tmp_path)
    sweeping.look()
    listener = listen(sweeping)
    wait_for_watches(listener)

    def change_all(announced: int) -> None:
        for run in runs:
            append(run, "RUN_USER on")
        sweeping.look()
        listener.compare({str(run) for run in runs[:announced]})
        now[0] += 3
        listener.adjust()

    change_all(announced=3)
    assert how_it_goes(listener) == (True, None)
    change_all(announced=0)
    assert how_it_goes(listener) == (False, "changes came without events")
