"""The roots take turns at what takes many short calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from statustui.monitor import turns as module
from statustui.monitor.capacity import Capacity
from statustui.monitor.once import read_once
from statustui.monitor.read_options import ReadOptions
from statustui.monitor.turns import Turn, Turns
from tests.trees import write_run
from tests.waiting import DEADLINE, wait_until


def start(work: Callable[[], object]) -> threading.Thread:
    """A thread that has begun to do some work."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody goes on without a turn on a machine that is slow."""
    monkeypatch.setattr(module, "_LONGEST_TURN", DEADLINE)


def waiting_in(turns: Turns) -> int:
    """How many are in the line, the one at work included."""
    return len(turns._line)  # noqa: SLF001 - nobody else has to know


def test_one_root_works_at_a_time_in_the_order_in_which_they_ask() -> None:
    """Each for as long as it needs."""
    turns = Turns()
    found: list[tuple[int, str]] = []

    def work(number: int) -> None:
        with Turn(turns):
            found.append((number, "begins"))
            found.append((number, "ends"))

    with Turn(turns):
        threads: list[threading.Thread] = []
        for number in range(5):
            threads.append(start(partial(work, number)))
            wait_until(lambda: waiting_in(turns) == len(threads) + 1)
        assert found == []
    for thread in threads:
        thread.join(DEADLINE)
    assert found == [(number, word) for number in range(5) for word in ("begins", "ends")]
    assert waiting_in(turns) == 0


def test_a_turn_is_passed_on_when_it_is_over_and_others_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And comes back after theirs; not before it is over, nor where nobody waits."""
    monkeypatch.setattr(module, "_SLICE", 600.0)
    turns = Turns()
    found: list[str] = []

    def work() -> None:
        with Turn(turns):
            found.append("another one")

    with Turn(turns) as turn:
        turn.pass_on()
        other = start(work)
        wait_until(lambda: waiting_in(turns) == 2)
        turn.pass_on()
        found.append("this one")
        monkeypatch.setattr(module, "_SLICE", 0.0)
    with Turn(turns) as turn:
        other.join(DEADLINE)
        assert found == ["this one", "another one"]
        other = start(work)
        wait_until(lambda: waiting_in(turns) == 2)
        turn.pass_on()
        assert found == ["this one", "another one", "another one"]
    other.join(DEADLINE)


def test_a_root_that_does_not_come_back_keeps_nobody_waiting_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When it does, it waits for the others again."""
    monkeypatch.setattr(module, "_LONGEST_TURN", 0.05)
    monkeypatch.setattr(module, "_SLICE", 0.0)
    turns = Turns()
    has_begun, comes_back, is_back = (threading.Event() for _ in range(3))

    def hang() -> None:
        with Turn(turns) as turn:
            has_begun.set()
            comes_back.wait(DEADLINE)
            turn.pass_on()
            is_back.set()

    hung = start(hang)
    assert has_begun.wait(DEADLINE)
    with Turn(turns):
        monkeypatch.setattr(module, "_LONGEST_TURN", DEADLINE)
        comes_back.set()
        wait_until(lambda: waiting_in(turns) == 2)
        assert not is_back.is_set()
    assert is_back.wait(DEADLINE)
    hung.join(DEADLINE)
    assert waiting_in(turns) == 0


def test_whoever_waits_for_a_turn_is_not_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many roots before it do not come back."""
    monkeypatch.setattr(module, "_LONGEST_TURN", 0.5)
    write_run(tmp_path / "test_runs" / "1", "RUNNING x")
    turns = Turns()
    come_back = threading.Event()

    def hang() -> None:
        with Turn(turns):
            come_back.wait(DEADLINE)

    hung = [start(hang) for _ in range(5)]
    wait_until(lambda: waiting_in(turns) == 5)
    options = ReadOptions(capacity=Capacity.of()._replace(turns=turns), patience=2.0)
    picture = read_once([str(tmp_path)], time.time(), options)
    come_back.set()
    for thread in hung:
        thread.join(DEADLINE)
    assert ([run.id for run in picture.runs], picture.incomplete) == (["1"], [])


def test_what_need_not_wait_for_others_has_no_turn() -> None:
    """It never waits."""
    waits: list[str] = []
    with Turn(None, lambda: waits.append("waits")) as turn:
        turn.pass_on()
    assert waits == []
