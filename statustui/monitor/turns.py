"""Turns of the roots at what takes many short calls."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

_SLICE = 0.01
"""Seconds after which a turn is passed on if others wait."""
_LONGEST_TURN = 0.25
"""Seconds after which others go on without waiting: a filesystem may not answer."""


class Turns:
    """Lets one root at a time work, in the order in which they ask for it.

    After each call on a file a thread waits for the interpreter. Several that make many short calls
    wait for it far longer than for their files.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: deque[Turn] = deque()
        """The one at work, and those that wait."""

    def begin(self, turn: Turn) -> None:
        """Join the line, and wait until the turn comes, or has come and gone."""
        with self._lock:
            self._line.append(turn)
        while (first := self._first_before(turn)) is not None:
            if not turn.may_work.wait(_LONGEST_TURN):
                self.end(first)
            turn.on_wait()
        turn.may_work.clear()

    def _first_before(self, turn: Turn) -> Turn | None:
        """Return the one at work for which another one has to wait; None if it need not."""
        with self._lock:
            return None if turn not in self._line or self._line[0] is turn else self._line[0]

    def end(self, turn: Turn) -> None:
        """End the turn of one at work; nothing happens if others have gone on without it."""
        with self._lock:
            if self._line and self._line[0] is turn:
                self._line.popleft()
                if self._line:
                    self._line[0].may_work.set()

    def are_wanted(self, turn: Turn) -> bool:
        """Return whether any other one waits, or works since this one has taken long."""
        with self._lock:
            return any(other is not turn for other in self._line)


class Turn:
    """The turn of one root, used by the thread that works on it.

    Args:
        turns: Those of all roots; None where it need not wait for others.
        on_wait: Called some times a second while it waits, which is no wait for the filesystem.
    """

    def __init__(
        self,
        turns: Turns | None,
        on_wait: Callable[[], object] = lambda: None,
    ) -> None:
        self._turns = turns
        self.on_wait = on_wait
        self.may_work = threading.Event()
        """Set when it is its turn."""
        self._until = float("inf")

    def __enter__(self) -> Turn:  # noqa: PYI034 - `Self` is not in Python 3.10
        if self._turns is not None:
            self._turns.begin(self)
            self._until = time.monotonic() + _SLICE
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        if self._turns is not None:
            self._turns.end(self)

    def pass_on(self) -> None:
        """Let others work if they wait and it has taken a while."""
        if self._turns is None or time.monotonic() < self._until:
            return
        if self._turns.are_wanted(self):
            self._turns.end(self)
            self._turns.begin(self)
        self._until = time.monotonic() + _SLICE
