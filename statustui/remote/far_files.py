"""Read files of many runs for the other side, on this host."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from statustui.core.logs import LogTail
from statustui.monitor.run.tree_files import LocalTreeFiles, Wanted
from statustui.remote.codec import CodecError, decode, encode, read_number
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message

_MAX_PART = 1 << 16
"""Characters after which a part of an answer is sent."""
_BEAT_INTERVAL = 0.5
"""Seconds between two signs that the filesystem answers, at least."""


def answer_for_files(
    message: Message, paths: Paths, answer: Callable[[Message], object]
) -> Callable[[], object]:
    """Return what answers a request for files, by reading them on this host; it may block.

    An answer has several parts of bounded size; a part without anything is a sign of life.

    Args:
        message: The request.
        paths: The names of the roots on this host.
        answer: Sends a message; it may block.

    Raises:
        ValueError: The request is not as it should be.
    """
    runs = decode(tuple[Wanted, ...], message.get("runs"), paths)
    files = LocalTreeFiles(read_number(message.get("patience")))
    beat = _Beat(lambda: answer({"files": []}))
    found: Iterator[Any]
    if message["files"] == "values":
        found = (dict(values) for values in files.values(runs, beat))
    elif message["files"] == "tails":
        tails = files.tails(runs, beat)
        found = (None if tail is None else encode(LogTail, tail, paths) for tail in tails)
    else:
        raise CodecError("a request for files of no known kind")

    def serve() -> None:
        for part in _parts(found):
            answer({"files": part})
            beat.mark()

    return serve


def _parts(items: Iterator[Any]) -> Iterator[list[Any]]:
    """Yield items in lists of about `_MAX_PART` characters of JSON."""
    part: list[Any] = []
    size = 0
    for item in items:
        part.append(item)
        size += len(json.dumps(item))
        if size >= _MAX_PART:
            yield part
            part, size = [], 0
    if part:
        yield part


class _Beat:
    """A heartbeat that is passed on now and then.

    Args:
        tell: Passes it on.
    """

    def __init__(self, tell: Callable[[], object]) -> None:
        self._tell = tell
        self.mark()

    def mark(self) -> None:
        """Remember that something has been sent now."""
        self._told_at = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._told_at > _BEAT_INTERVAL:
            self._tell()
            self.mark()
