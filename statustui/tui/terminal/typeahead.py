"""Keys that come faster than screens change: each goes to what the one before it has opened."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from textual.app import App
from textual.events import Key, Paste
from textual.message_pump import MessagePump
from textual.screen import Screen

from statustui.tui.terminal.timers import call_after

_LOOK = 0.1
"""Seconds between two looks whether a key has been dealt with."""
_LOOKS = 20
"""Looks after which it is not waited for any longer: what was to come behind it has gone with a
widget that was closed. A process that is held up looks less often, and has more time so."""


class Typeahead:
    """Hands keys on one at a time.

    A slow connection delivers in one piece what was typed in seconds. A key goes from the widget
    with the focus up to the application, and so does what the widget makes of it; only behind that
    it is known where the next key belongs.

    Args:
        app: The application.
        hand_on: Does what the application does with a key.
    """

    def __init__(self, app: App[Any], hand_on: Callable[[Key | Paste], Awaitable[None]]) -> None:
        """Nothing has been typed yet."""
        self._app = app
        self._hand_on = hand_on
        self._waiting: deque[Key | Paste] = deque()
        self._is_busy = False
        self._turn = 0

    async def take(self, key: Key | Paste) -> None:
        """Hand a key, or what was pasted, on when it is its turn."""
        self._waiting.append(key)
        if not self._is_busy:
            await self._hand_on_next()

    async def _hand_on_next(self) -> None:
        self._is_busy = False
        self._turn += 1
        if not self._waiting:
            return
        self._is_busy = True
        screen, turn = self._app.screen, self._turn
        self._be_patient(turn, _LOOKS)
        await self._hand_on(self._waiting.popleft())
        way = (self._app.focused or screen).ancestors_with_self
        self._follow(way, lambda: self._follow_again(way, screen, turn))

    def _be_patient(self, turn: int, looks: int) -> None:
        """Look some more times whether a key has been dealt with, and go on without it then."""
        if turn == self._turn:
            again = partial(self._be_patient, turn, looks - 1)
            call_after(self._app, _LOOK, again if looks else partial(self._go_on, turn))

    async def _go_on(self, turn: int) -> None:
        """Hand the next key on, if the one of that turn is the last so far."""
        if turn == self._turn:
            await self._hand_on_next()

    def _follow(self, way: Sequence[MessagePump], arrive: Callable[[], object]) -> None:
        """Come behind what goes this way up, and `arrive`."""
        if not way:
            arrive()
            return
        first, *rest = way
        if not first.call_later(self._follow, rest, arrive):
            self._follow(rest, arrive)

    def _follow_again(self, way: Sequence[MessagePump], screen: Screen[Any], turn: int) -> None:
        """Come behind what was said because of the key, unless it has closed all that."""
        if screen in self._app.screen_stack:
            self._follow(way, lambda: self._arrive(screen, turn))
        else:
            self._arrive(screen, turn)

    def _arrive(self, screen: Screen[Any], turn: int) -> None:
        """Hand the next key on, as soon as the screen is there that is before `screen` now."""
        app = self._app
        for now in app.screen_stack[-1:]:
            is_new = now is not screen
            if not (is_new and now.call_after_refresh(app.call_later, self._go_on, turn)):
                app.call_later(self._go_on, turn)
