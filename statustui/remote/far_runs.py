"""What is open on the screen of the other side: the files of these runs are read on this host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from statustui.monitor.fs.prober import Stuck
from statustui.remote.codec import CodecError, read_integer, read_text
from statustui.remote.far_inspection import FarInspection
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message

_MAX_OPEN = 64
"""Things that can be open at a time."""
_SILENT_AFTER = 2.0
"""Seconds without an answer from a filesystem after which the other side is told."""


class FarOpened(Protocol):
    """Something that is read for as long as the other side displays it."""

    def call(self, name: str, message: Message) -> None:
        """Call a function; an unknown one does nothing.

        Args:
            name: The name of the function.
            message: Its arguments.

        Raises:
            ValueError: The arguments are not as they should be.
        """

    def stop(self) -> None:
        """Stop reading."""

    @property
    def silent(self) -> float:
        """Seconds for which the filesystem has not answered."""


class OpenRuns:
    """All that is open on one connection.

    Args:
        paths: The names of the roots on this host.
        answer: Sends a message; it may block.
    """

    def __init__(self, paths: Paths, answer: Callable[[Message], object]) -> None:
        self._paths = paths
        self._answer = answer
        self._open: dict[int, FarOpened] = {}
        self._told: dict[int, int] = {}
        """Number of what is open -> whole seconds of silence that were told last."""
        self._stuck = Stuck()

    def handle(self, message: Message) -> None:
        """Do what a message asks for, if it is about something that is open, or is to be.

        Raises:
            ValueError: It is not as it should be.
        """
        if "open" in message:
            number = read_integer(message["open"])
            if len(self._open) >= _MAX_OPEN:
                raise CodecError("too many runs are open")
            self._open[number] = self._start(number, message)
        elif "opened" in message:
            number = read_integer(message["opened"])
            name = read_text(message.get("call"))
            if name == "stop":
                self._stop(number)
            elif number in self._open:
                self._open[number].call(name, message)

    def _start(self, number: int, message: Message) -> FarOpened:
        def answer(found: Message) -> None:
            self._answer({"opened": number, **found})

        kind = read_text(message.get("kind"))
        if kind == "run":
            return FarInspection(message, self._paths, answer, self._stuck)
        # What is imported here is rarely needed, and costs an agent that starts.
        if kind == "comparison":
            from statustui.remote.far_comparison import FarComparison  # noqa: PLC0415 - as above

            return FarComparison(message, self._paths, answer, self._stuck)
        if kind == "histories":
            from statustui.remote.far_histories import FarHistories  # noqa: PLC0415 - as above

            return FarHistories(self._paths, answer, self._stuck)
        raise CodecError("a kind that cannot be opened")

    def _stop(self, number: int) -> None:
        opened = self._open.pop(number, None)
        self._told.pop(number, None)
        if opened is not None:
            opened.stop()

    def silence(self) -> Message | None:
        """Return a message about what gets no answer; None if nothing has changed."""
        for number, opened in list(self._open.items()):
            seconds = opened.silent
            silent = int(seconds) if seconds > _SILENT_AFTER else 0
            if silent != self._told.get(number, 0):
                self._told[number] = silent
                return {"opened": number, "silent": silent}
        return None
