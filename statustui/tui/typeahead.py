"""Keys that come faster than screens change: each goes to what the one before it has opened."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual.app import App
from textual.events import Key, Paste
from textual.message_pump import MessagePump
from textual.screen import Screen

from statustui.tui.timers import call_after

_PATIENCE = 2.0
"""Seconds after which a key is not waited for any longer."""


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
        self._busy_until = float("-inf")

    async def take(self, key: Key | Paste) -> None:
        """Hand a key, or what was pasted, on when it is its turn."""
        self._waiting.append(key)
        if time.monotonic() > self._busy_until:
            await self._hand_on_next()
        elif len(self._waiting) == 1:
            call_after(self._app, _PATIENCE, self._hand_on_late)

    async def _hand_on_late(self) -> None:
        """Go on if what was to come behind the last key has gone with a widget that was closed."""
        if time.monotonic() > self._busy_until:
            await self._hand_on_next()

    async def _hand_on_next(self) -> None:
        self._busy_until = float("-inf")
        if not self._waiting:
            return
        self._busy_until = time.monotonic() + _PATIENCE
        screen = self._app.screen
        await self._hand_on(self._waiting.popleft())
        if self._waiting:
            call_after(self._app, _PATIENCE, self._hand_on_late)
        way = (self._app.focused or screen).ancestors_with_self
        self._follow(way, lambda: self._follow_again(way, screen))

    def _follow(self, way: Sequence[MessagePump], arrive: Callable[[], object]) -> None:
        """Come behind what goes this way up, and `arrive`."""
        if not way:
            arrive()
            return
        first, *rest = way
        if not first.call_later(self._follow, rest, arrive):
            self._follow(rest, arrive)

    def _follow_again(self, way: Sequence[MessagePump], screen: Screen[Any]) -> None:
        """Come behind what was said because of the key, unless it has closed all that."""
        if screen in self._app.screen_stack:
            self._follow(way, lambda: self._arrive(screen))
        else:
            self._arrive(screen)

    def _arrive(self, screen: Screen[Any]) -> None:
        """Hand the next key on, as soon as the screen is there that is before `screen` now."""
        app = self._app
        for now in app.screen_stack[-1:]:
            is_new = now is not screen
            if not (is_new and now.call_after_refresh(app.call_later, self._hand_on_next)):
                app.call_later(self._hand_on_next)
