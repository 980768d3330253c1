"""Read files of many runs of another host: what commands need beyond the list of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar

from statustui.core.logs import LogTail
from statustui.core.measures import MAX_NAME, MAX_VALUES, Values
from statustui.monitor.fs.deadline import Heartbeat
from statustui.monitor.run.tree_files import Wanted
from statustui.remote.codec import (
    CodecError,
    decode,
    encode,
    read_list,
    read_number,
    read_table,
    read_text,
)
from statustui.remote.link import Link
from statustui.remote.paths import Paths
from statustui.remote.ssh_process import ConnectionFailed

_MAX_WANTED = 1000
"""Runs of one request."""
_MAX_LINES = 100
"""Lines of the end of a log that are taken."""

_Found = TypeVar("_Found")
_Kind = Literal["values", "tails"]


class RemoteTreeFiles:
    """Has an agent read files of many runs.

    Args:
        link: The connection, on which nothing else is asked for meanwhile.
        patience: Seconds that a filesystem there may take to answer.
    """

    def __init__(self, link: Link, patience: float) -> None:
        self._link = link
        self._patience = patience

    def values(self, runs: Sequence[Wanted], beat: Heartbeat) -> Iterator[Values]:
        """Yield for each run the numbers of its results; none where they cannot be read.

        Raises:
            ConnectionFailed: The connection has ended.
        """
        return self._ask("values", runs, beat, lambda data, _paths: _decode_values(data))

    def tails(self, runs: Sequence[Wanted], beat: Heartbeat) -> Iterator[LogTail | None]:
        """Yield for each run the end of the log that explains its failure, if there is one.

        Raises:
            ConnectionFailed: The connection has ended.
        """
        return self._ask("tails", runs, beat, _decode_tail)

    def _ask(
        self,
        kind: _Kind,
        runs: Sequence[Wanted],
        beat: Heartbeat,
        read: Callable[[object, Paths], _Found],
    ) -> Iterator[_Found]:
        paths = self._link.place.paths
        for start in range(0, len(runs), _MAX_WANTED):
            some = runs[start : start + _MAX_WANTED]
            wanted = encode(tuple[Wanted, ...], some, paths)
            self._link.send({"files": kind, "runs": wanted, "patience": self._patience})
            left = len(some)
            try:
                while left:
                    message = self._link.receive()
                    if "files" not in message:
                        # The host lives, which does not mean that its filesystem answers.
                        continue
                    beat()
                    part = read_list(message["files"])
                    left -= len(part)
                    if left < 0:
                        raise CodecError("files of more runs than were asked for")
                    for one in part:
                        yield read(one, paths)
            except ValueError as error:
                raise ConnectionFailed(f"the agent has sent {error}") from None


def _decode_values(data: object) -> Values:
    """Return the numbers of the results of a run, which may be of any magnitude."""
    found = read_table(data)
    if len(found) > MAX_VALUES or any(len(name) > MAX_NAME for name in found):
        raise CodecError("more results than are taken of a run")
    return {read_text(name): _finite(value) for name, value in found.items()}


def _finite(data: object) -> float:
    if isinstance(data, float) and math.isfinite(data):
        return data
    return read_number(data)


def _decode_tail(data: object, paths: Paths) -> LogTail | None:
    if data is None:
        return None
    tail = decode(LogTail, data, paths)
    if len(tail.lines) > _MAX_LINES:
        raise CodecError("more lines than the end of a log has")
    return tail
