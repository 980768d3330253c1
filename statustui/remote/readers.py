"""Starts to read the files of runs of another host, for the screens that show them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from statustui.core.run import Run
from statustui.monitor.run.inspection import InspectionResult
from statustui.remote.codec import read_integer
from statustui.remote.inspection import RemoteInspection
from statustui.remote.opened import Line, Opened
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message

if TYPE_CHECKING:
    from statustui.monitor.run.comparison import ComparisonRead
    from statustui.monitor.run.histories import HistoriesRead
    from statustui.remote.comparison import RemoteComparison
    from statustui.remote.histories import RemoteHistories


class RemoteReaders:
    """Has an agent read the files of runs, across lost connections.

    Args:
        paths: The names of the roots on this side.
        send: Sends a message to the agent, and returns at once whether there is a connection.
        silence: Returns the seconds for which the other host has not answered.
        lock: Guards what is open; it is held while the connection changes.
    """

    def __init__(
        self,
        paths: Paths,
        send: Callable[[Message], bool],
        silence: Callable[[], float],
        lock: AbstractContextManager[object],
    ) -> None:
        self._paths = paths
        self._send = send
        self._silence = silence
        self._lock = lock
        self._numbers = itertools.count(1)
        self._opened: dict[int, Opened] = {}
        self._loss: str | None = None
        """Why there is no connection; None if there is one, or was none so far."""

    # Called by the screens.

    def inspect(
        self, run: Run, peers: Sequence[str], deliver: Callable[[InspectionResult], object]
    ) -> RemoteInspection:
        """Start to read the files of a run on that host."""
        line = self._new_line()
        inspection = RemoteInspection(run, peers, deliver, line, self._silence)
        self._add(line, inspection)
        return inspection

    def compare(
        self, run: Run, other: Run, deliver: Callable[[ComparisonRead], object]
    ) -> RemoteComparison:
        """Start to compare two runs on that host."""
        from statustui.remote.comparison import RemoteComparison  # noqa: PLC0415 - rarely needed

        line = self._new_line()
        comparison = RemoteComparison(run, other, deliver, line)
        self._add(line, comparison)
        return comparison

    def read_histories(self, deliver: Callable[[HistoriesRead], object]) -> RemoteHistories:
        """Start a reader of histories on that host."""
        from statustui.remote.histories import RemoteHistories  # noqa: PLC0415 - rarely needed

        line = self._new_line()
        histories = RemoteHistories(deliver, line)
        self._add(line, histories)
        return histories

    def _new_line(self) -> Line:
        return Line(next(self._numbers), self._paths, self._send, self._remove)

    def _add(self, line: Line, opened: Opened) -> None:
        with self._lock:
            self._opened[line.number] = opened
            if self._loss is None:
                opened.open()
            else:
                opened.lose(self._loss)

    def _remove(self, number: int) -> None:
        # Without the lock, which may be held for a while: this is the thread of the screen.
        self._opened.pop(number, None)

    # Called by the source, which holds the lock.

    def open(self) -> None:
        """Have an agent go on with all that is open."""
        self._loss = None
        for opened in list(self._opened.values()):
            opened.open()

    def lose(self, reason: str) -> None:
        """Take notice that there is no connection, and why."""
        self._loss = reason
        for opened in list(self._opened.values()):
            opened.lose(reason)

    def receive(self, message: Message) -> None:
        """Pass a message on, if it is about something that is open.

        Raises:
            ValueError: It is not as it should be.
        """
        if "opened" in message:
            opened = self._opened.get(read_integer(message["opened"]))
            if opened is not None:
                opened.receive(message)
