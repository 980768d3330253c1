"""What is delivered is shown, whatever happens to timers, threads and the terminal."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.events import Key
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer

from statustui.monitor.batch import Batch, RootHealth
from statustui.tui.services.update_loop import UpdateLoop
from statustui.tui.terminal import driver
from statustui.tui.terminal.background import BackgroundDetected, can_ask
from statustui.tui.terminal.driver import Keystrokes
from tests.runs import make
from tests.tui.stand_in import ROOT, make_app, settle
from tests.tui.test_app import shown
from tests.waiting import DEADLINE


async def test_counts_follow_though_no_timer_that_fires_once_ever_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Textual loses one where the process is held up while it starts it."""

    def lose(self: MessagePump, delay: float, *_: Any, **__: Any) -> Timer:  # noqa: ANN401 - as it is
        return Timer(self, delay)

    monkeypatch.setattr(MessagePump, "set_timer", lose)
    app, source = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        for number in range(3):
            source.deliver((str(number), "a", "RUN_ERROR lost"))
            await settle(pilot)
            await pilot.pause(0.3)
            assert f"▲ {number + 1} error" in shown(app)


async def test_what_comes_from_many_threads_at_once_is_all_shown() -> None:
    """Also when several come while one is being taken in."""
    waiting: list[int] = []
    taken: list[int] = []
    seen: list[int] = []

    def take() -> bool:
        taken.append(waiting.pop())
        return False

    loop = UpdateLoop(take, lambda: bool(waiting), lambda: seen.append(len(taken)))
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(0)

    def flood() -> None:
        for number in range(200):
            waiting.append(number)
            loop.wake()

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + DEADLINE
    while any(thread.is_alive() for thread in threads) or not loop.is_idle:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
    assert len(taken) == 800
    assert seen[-1] == 800
    task.cancel()


async def test_a_backlog_is_taken_in_without_pauses_unless_somebody_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After an input, a share of the time is left for the next one."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)

    def work() -> bool:
        time.sleep(0.03)
        return False

    loop = UpdateLoop(work, lambda: True, lambda: None)
    task = asyncio.create_task(loop.run())
    while len(pauses) < 3:
        await sleep(0)
    assert max(pauses) < 0.01
    loop.make_way()
    del pauses[:]
    while len(pauses) < 3:
        await sleep(0)
    assert min(pauses) >= 0.03 / 4
    task.cancel()


async def test_what_somebody_waits_for_is_drawn_at_once() -> None:
    """Other changes are drawn together, some time after those before."""
    waiting = [False, True, False]
    drawn: list[int] = []
    loop = UpdateLoop(
        lambda: waiting.pop(0), lambda: bool(waiting), lambda: drawn.append(len(waiting))
    )
    task = asyncio.create_task(loop.run())
    while not loop.is_idle:  # noqa: ASYNC110 - what is looked at has no event
        await asyncio.sleep(0.01)
    assert drawn == [2, 1, 0]
    task.cancel()


async def test_a_source_that_is_too_fast_is_told_so() -> None:
    """Once very many changes are waiting, but not while the user holds them back."""
    app, source = make_app(calm=60.0)
    many = Batch(tuple(make(f"{ROOT}/test_runs/{number}", "RUNNING") for number in range(5000)))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert source.send(Batch()) is False
        assert source.send(many) is True
        await settle(pilot)
        await pilot.press("down")
        assert source.send(many) is False


async def test_a_ring_before_the_loop_runs_and_after_it_has_ended_does_no_harm() -> None:
    """A source may be earlier or later than the screen."""
    waiting = [1]
    shows: list[None] = []
    loop = UpdateLoop(lambda: not waiting.pop(), lambda: bool(waiting), lambda: shows.append(None))
    loop.wake()
    task = asyncio.create_task(loop.run())
    while not loop.is_idle:  # noqa: ASYNC110 - what is looked at has no event
        await asyncio.sleep(0.01)
    assert shows == [None]
    task.cancel()
    loop.wake()


async def test_an_error_while_taking_in_ends_the_program_and_is_no_freeze() -> None:
    """With a report of that error, not of what carried it."""
    app, source = make_app()

    async def take_what_is_broken() -> None:
        async with app.run_test() as pilot:
            await settle(pilot)
            source.send(Batch(health=(cast("RootHealth", _BROKEN),)))
            await pilot.pause(0.5)

    with pytest.raises(Exception, match="attribute"):
        await take_what_is_broken()
    assert "AttributeError" in app.last_words[0]


class _Broken:
    """A health that lacks everything but the name of its root."""

    root = ROOT


_BROKEN = _Broken()

SEQUENCES = {
    b"\x1b[B": "down",
    b"\x1b[<65;10;10M": "MouseScrollDown",
    b"\x1bOP": "f1",
    "é".encode(): "é",
}


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_sequence_that_comes_in_two_pieces_is_one_wherever_it_is_cut(sequence: bytes) -> None:
    """The second piece may come after seconds for which the process was stopped."""
    for cut in range(1, len(sequence)):
        keystrokes = Keystrokes()
        messages = [*keystrokes.feed(sequence[:cut]), *keystrokes.feed(sequence[cut:])]
        assert [_named(message) for message in messages] == [SEQUENCES[sequence]], cut


@pytest.mark.parametrize("data", [b"j", b"\x1b", b"\x1b[1;"])
def test_nothing_is_waited_for_once_all_keys_are_complete(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys are then read without a timeout, so that an idle terminal costs nothing."""
    now = 0.0
    monkeypatch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: now))
    keystrokes = Keystrokes()
    list(keystrokes.feed(data))
    ticks: list[float] = []
    while keystrokes.is_open:
        now += 0.1
        ticks.append(now)
        list(keystrokes.flush())
    begun = 2.0 if data == b"\x1b[1;" else 0.0
    assert ticks[-1] == pytest.approx(begun + 2.0, abs=0.21)


ANSWERS = {
    b"\x1b]11;rgb:ffff/ffff/dddd\x07": True,
    b"\x1b]11;rgb:28/2c/34\x1b\\": False,
    b"\x1b]11;rgba:f/f/f/f\x07": True,
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_about_the_background_is_no_key_wherever_it_is_cut(answer: bytes) -> None:
    """The keys around it arrive, in their order; a second answer was not asked for."""
    for cut in range(len(answer) + 1):
        keystrokes = Keystrokes()
        keystrokes.expect_background()
        parts = (b"j" + answer[:cut], answer[cut:] + b"k")
        messages = [message for part in parts for message in keystrokes.feed(part)]
        found = [one for one in messages if isinstance(one, BackgroundDetected)]
        assert [one.is_light for one in found] == [ANSWERS[answer]], cut
        assert [_named(one) for one in messages if one not in found] == ["j", "k"], cut


def test_a_late_answer_about_the_background_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours do not change under somebody who reads; the answer is no key either."""
    now = 0.0
    monkeypatch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: now))
    keystrokes = Keystrokes()
    keystrokes.expect_background()
    now = 60.0
    assert list(keystrokes.feed(b"\x1b]11;rgb:ffff/ffff/ffff\x07")) == []


def test_escape_is_escape_soon_while_an_answer_is_awaited() -> None:
    """Although an answer begins with one."""
    keystrokes = Keystrokes()
    keystrokes.expect_background()
    assert list(keystrokes.feed(b"\x1b")) == []
    end = time.monotonic() + DEADLINE
    while not (messages := list(keystrokes.flush())):
        assert time.monotonic() < end
        time.sleep(0.05)
        assert keystrokes.is_open
    assert [_named(message) for message in messages] == ["escape"]


def test_some_terminals_are_not_asked() -> None:
    """They would write the question on the screen."""
    assert can_ask({"TERM": "xterm-256color"})
    assert can_ask({"TERM": "screen-256color", "TMUX": "socket,1,0"})
    assert not can_ask({"TERM": "screen-256color", "STY": "1.pts"})
    assert not can_ask({"TERM": "linux"})


def _named(message: Message) -> str:
    """The character of a key, its name if it has none, or what else somebody has done."""
    if not isinstance(message, Key):
        return type(message).__name__
    return message.character if message.is_printable and message.character else message.key


def test_escape_alone_is_escape_soon_and_a_begun_sequence_waits_for_its_rest() -> None:
    """Nobody types the first two characters of a sequence by hand."""
    keystrokes = Keystrokes()
    assert list(keystrokes.feed(b"\x1b")) == []
    end = time.monotonic() + DEADLINE
    while not (messages := list(keystrokes.flush())):
        assert time.monotonic() < end
        time.sleep(0.05)
        assert keystrokes.is_open
    assert [_named(message) for message in messages] == ["escape"]
    assert list(keystrokes.feed(b"\x1b[<65;1")) == []
    assert list(keystrokes.flush()) == []
    messages = list(keystrokes.feed(b"0;10M"))
    assert [_named(message) for message in messages] == ["MouseScrollDown"]
