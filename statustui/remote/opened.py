"""What is open on the screen of runs of another host: each has a line of its own to the agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from statustui.remote.paths import Paths
from statustui.remote.protocol import Message


class Opened(Protocol):
    """Something that an agent reads for as long as it is displayed."""

    def open(self) -> None:
        """Have an agent begin, or another one go on after a new connection."""

    def receive(self, message: Message) -> None:
        """Take what the agent has found.

        Raises:
            ValueError: The message is not as it should be.
        """

    def lose(self, reason: str) -> None:
        """Take notice that there is no connection, and why."""


class Line:
    """Sends messages about one thing that is open.

    Args:
        number: Tells the things that are open on one connection apart.
        paths: The names of the roots on this side.
        send: Sends a message to the agent, and returns at once whether there is a connection.
        on_close: Called when the thing is open no more.
    """

    def __init__(
        self,
        number: int,
        paths: Paths,
        send: Callable[[Message], bool],
        on_close: Callable[[int], object],
    ) -> None:
        self.number = number
        self.paths = paths
        self._send = send
        self._on_close = on_close
        self.is_closed = False

    def open(self, kind: str, **arguments: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Have the agent begin; return whether there is a connection."""
        return self._send({"open": self.number, "kind": kind, **arguments})

    def call(self, call: str, **arguments: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Have the agent call one of its functions; return whether there is a connection."""
        return self._send({"opened": self.number, "call": call, **arguments})

    def close(self) -> None:
        """Have the agent end."""
        self.is_closed = True
        self.call("stop")
        self._on_close(self.number)
