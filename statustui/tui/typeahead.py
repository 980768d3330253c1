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

_PATIENCE = 0.5
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

    async def _hand_on_next(self) -> None:
        self._busy_until = float("-inf")
        if not self._waiting:
            return
        self._busy_until = time.monotonic() + _PATIENCE
        screen = self._app.screen
        await self._hand_on(self._waiting.popleft())
        way = (self._app.focused or screen).ancestors_with_self
        self._follow([*way, *way], screen)

    def _follow(self, way: Sequence[MessagePump], screen: Screen[Any]) -> None:
        """Come behind the key on its way up, then behind what was said because of it."""
        if way:
            first, *rest = way
            if not first.call_later(self._follow, rest, screen):
                self._follow(rest, screen)
            return
        app, now = self._app, self._app.screen
        is_new = now is not screen
        if not (is_new and now.call_after_refresh(app.call_later, self._hand_on_next)):
            app.call_later(self._hand_on_next)
