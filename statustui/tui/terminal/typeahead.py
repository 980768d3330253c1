"""Ordering of keys that come faster than screens change."""

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

_CHECK_INTERVAL = 0.1
"""Seconds between two checks whether a key has been handled."""
_MAX_CHECKS = 20
"""Checks after which the next key is sent anyway: the widget that was to report may be closed.

Checks are counted, not seconds, so that a process that is held up gets more time."""


class Typeahead:
    """Sends keys to the application one at a time, each after the one before has taken effect.

    A slow connection delivers the keys of several seconds at once. A key travels from the focused
    widget up to the application, followed by the messages that it causes. Only when these have
    arrived is it known which widget the next key belongs to.

    Args:
        app: The application.
        dispatch: Handles a key as the application does.
    """

    def __init__(self, app: App[Any], dispatch: Callable[[Key | Paste], Awaitable[None]]) -> None:
        self._app = app
        self._dispatch = dispatch
        self._waiting: deque[Key | Paste] = deque()
        self._is_busy = False
        self._turn = 0

    async def handle_key(self, key: Key | Paste) -> None:
        """Send a key, or a paste, to the application in its turn."""
        self._waiting.append(key)
        if not self._is_busy:
            await self._dispatch_next()

    async def _dispatch_next(self) -> None:
        self._is_busy = False
        self._turn += 1
        if not self._waiting:
            return
        self._is_busy = True
        screen, turn = self._app.screen, self._turn
        self._watch_key(turn, _MAX_CHECKS)
        await self._dispatch(self._waiting.popleft())
        way = (self._app.focused or screen).ancestors_with_self
        self._follow(way, lambda: self._follow_again(way, screen, turn))

    def _watch_key(self, turn: int, checks: int) -> None:
        """Send the next key after some more checks, if this one has not been handled by then."""
        if turn == self._turn:
            again = partial(self._watch_key, turn, checks - 1)
            call_after(self._app, _CHECK_INTERVAL, again if checks else partial(self._go_on, turn))

    async def _go_on(self, turn: int) -> None:
        """Send the next key, if no other has been sent since this turn."""
        if turn == self._turn:
            await self._dispatch_next()

    def _follow(self, way: Sequence[MessagePump], arrive: Callable[[], object]) -> None:
        """Queue behind the messages of each node on the way up, then call `arrive`."""
        if not way:
            arrive()
            return
        first, *rest = way
        if not first.call_later(self._follow, rest, arrive):
            self._follow(rest, arrive)

    def _follow_again(self, way: Sequence[MessagePump], screen: Screen[Any], turn: int) -> None:
        """Queue behind the messages that the key has caused, unless it has closed the screen."""
        if screen in self._app.screen_stack:
            self._follow(way, lambda: self._arrive(screen, turn))
        else:
            self._arrive(screen, turn)

    def _arrive(self, screen: Screen[Any], turn: int) -> None:
        """Send the next key once the screen on top is ready, if it is another than `screen`."""
        app = self._app
        for now in app.screen_stack[-1:]:
            is_new = now is not screen
            if not (is_new and now.call_after_refresh(app.call_later, self._go_on, turn)):
                app.call_later(self._go_on, turn)
